"""One environment of one estate, with everything that a command needs to work on it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prodfirst.adapters.aws import taking_on
from prodfirst.adapters.aws.access import SESSION_SECONDS, AwsAccess, ambient, without_credentials
from prodfirst.adapters.aws.people import Member
from prodfirst.adapters.aws.roles import Roles
from prodfirst.adapters.aws.state_store import StateBucket, StateKey
from prodfirst.adapters.aws.workloads import as_pod
from prodfirst.adapters.ci_token import IdToken, IdTokenRequest
from prodfirst.adapters.pulumi import stack_file
from prodfirst.adapters.pulumi.providers import ProviderCommand
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.pulumi.stack_file import StackFile
from prodfirst.estate import ci
from prodfirst.estate.definition import Environment, Estate, Layer, Stack, Team
from prodfirst.kernel.errors import Failure, InvalidInput, Problem
from prodfirst.kernel.paths import home, private_dir
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.localcloud.oidc.jobs import Work
from prodfirst.localcloud.oidc.runner import Runner
from prodfirst.permissions.ground_aws import GROUP_TAG, Ground, GroundStack
from prodfirst.planning.contracts import ReadField, injected

Phase = str
"""`plan` or `apply`."""

RUN_SECONDS = 3600.0
"""The longest one engine run may take: as long as its credentials live."""


@dataclass(frozen=True)
class Site:
    """One environment of one estate."""

    estate: Estate
    environment: Environment
    session_seconds: int = SESSION_SECONDS
    """How long the credentials of one run live."""

    @cached_property
    def cloud(self) -> LocalCloud:
        """The local cloud of this installation; only for a local environment."""
        return LocalCloud(home() / "local")

    @cached_property
    def operator(self) -> AwsAccess:
        """Whoever runs prodfirst: the local administrator, or the user's own AWS credentials."""
        region = self.environment.region
        if not self.environment.local:
            return ambient(region, os.environ)
        variables = {**self.cloud.environment(), "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        return AwsAccess(region, variables)

    def identity(self, stack: Stack, phase: Phase) -> tuple[str, AwsAccess]:
        """The ARN of a stack's identity, and access under it for one run. Raises Failure."""
        return self.identity_of(stack.name, phase)

    def identity_of(self, stack: str, phase: Phase) -> tuple[str, AwsAccess]:
        """The same by the stack's name: one that left the estate may still have its identities.

        A CI job's token opens it. On a local environment the local CI plays that job, which ends as soon as
        the credentials are there. On a laptop the environment's declared operator takes it on.
        """
        arn = self.roles.arn(self.ground.role_name(stack, phase))
        session, nobody = f"prodfirst-{phase}", AwsAccess(self.environment.region, self._reach())
        if self.environment.local:
            name = ci.ci_environment(self.environment.name, stack, phase)
            with Runner(self.cloud).job(Work(ci.repository(self.estate), name)) as job:
                token = _token(job.variables)
                return arn, taking_on.by_token(nobody, arn, session, token, self.session_seconds)
        if IdTokenRequest.of(os.environ) is not None:
            token = _token(os.environ)
            return arn, taking_on.by_token(nobody, arn, session, token, self.session_seconds)
        if self.environment.operator is None:
            raise _no_operator(self.environment)
        return arn, taking_on.by_credentials(
            self.operator, arn, taking_on.OPERATOR, session, self.session_seconds
        )

    def member(self, team: Team) -> tuple[str, AwsAccess]:
        """The ARN of a team's role, and access under it for one of the team; on a local environment alone.

        Elsewhere people come by the identity provider. Raises Failure where the role is not there.
        """
        roles = self.roles.arn(self.ground.names.team("*"))
        member = Member(
            operator=self.operator,
            reach=self._reach(),
            name=self.ground.people_name(f"member-{team.name}"),
            path=f"/people/{self.estate.name}/{self.environment.name}/",
            tags={GROUP_TAG: team.group},
            roles=roles,
        )
        arn = self.roles.arn(self.team_role_name(team))
        return arn, member.take_on(arn, f"member-of-{team.name}", self.session_seconds)

    def workload(self, stack: Stack) -> tuple[str, AwsAccess]:
        """The ARN of the role of an application's pods, and access by the token of one of them.

        On a local environment alone, where nothing runs in a pod. Raises Failure where there is no pod.
        """
        role = self.ground.names.service_arn(stack.name, "workload")
        return role, as_pod(self.cloud, self.operator, self._reach(), role)

    def _reach(self) -> Mapping[str, str]:
        """How a child process reaches the cloud as nobody."""
        region = {"AWS_REGION": self.environment.region, "AWS_DEFAULT_REGION": self.environment.region}
        if self.environment.local:
            return {**self.cloud.reach(), **region}
        return {**without_credentials(os.environ), **region}

    @cached_property
    def ground(self) -> Ground:
        """Names and places of this environment's identities."""
        name, _, prefix = self.environment.backend.removeprefix("s3://").partition("/")
        return Ground(
            estate=self.estate.name,
            environment=self.environment.name,
            account=self.environment.account,
            region=self.environment.region,
            repository=ci.repository(self.estate),
            bucket=name,
            prefix=f"{prefix.rstrip('/')}/" if prefix else "",
            operator=self.environment.operator,
            stacks=tuple(map(_ground_stack, self.estate.stacks.values())),
            teams={team.name: team.group for team in self.estate.teams.values()},
        )

    @property
    def roles(self) -> Roles:
        """The roles of this environment."""
        return self.roles_in("")

    def roles_in(self, folder: str) -> Roles:
        """Those in a folder below the environment's path, such as `service/`."""
        return Roles(self.operator, self.environment.account, f"{self.ground.path}{folder}")

    @property
    def boundaries(self) -> Roles:
        """The boundaries of this environment: a path of their own, out of reach of its identities."""
        return Roles(self.operator, self.environment.account, f"{self.ground.path}boundary/")

    def role_name(self, stack: Stack, phase: Phase) -> str:
        """Unique in the account, as IAM demands whatever the path."""
        return self.ground.role_name(stack.name, phase)

    def team_role_name(self, team: Team) -> str:
        """Of a team's people."""
        return self.ground.names.team(team.name)

    def prefix(self, stack: Stack) -> str:
        """What names of a stack's cloud resources begin with."""
        return self.ground.name(stack.name)

    def bucket(self, access: AwsAccess) -> StateBucket:
        """The state bucket as `access` sees it."""
        return StateBucket(access, self.ground.bucket, self.ground.prefix)

    def state_object(self, stack: Stack, folder: str = "stacks", suffix: str = ".json") -> str:
        """The key of a deployment's state in the bucket, or of what the engine keeps beside it."""
        place = f"{folder}/{stack.project}/{self.environment.name}"
        return f"{self.ground.prefix}.pulumi/{place}{suffix}"

    def key(self, stack: Stack) -> StateKey:
        """The key under the secrets in a stack's state."""
        return StateKey(self.operator, self.ground.key_alias(stack.name))

    def tags(self, stack: Stack) -> dict[str, str]:
        """What every resource of a stack carries (DESIGN.md section 5)."""
        return self.ground.tags(stack.layer.value, stack.name)

    @property
    def journal_folder(self) -> Path:
        """Where the applies of this environment are written down."""
        return home() / "journal" / self.estate.name / self.environment.name

    def stack_file_path(self, stack: Stack) -> Path:
        """In the program's folder; for a local environment outside the checkout, which stays clean."""
        if not self.environment.local:
            return stack.program / f"Pulumi.{self.environment.name}.yaml"
        folder = home() / "local" / "stacks" / self.estate.name / self.environment.name
        return folder / f"Pulumi.{stack.project}.yaml"

    def stack_file(self, stack: Stack) -> StackFile:
        """What a run is given: the team's configuration under the environment's own values."""
        own = stack_file.read(self.stack_file_path(stack))
        if own is None or not own.encrypted_key:
            what = f"environment `{self.environment.name}` is not ready for stack `{stack.name}`"
            raise InvalidInput(self.not_ready(what))
        if not self.environment.local:
            return own.with_config(self.managed_config(stack))
        committed = self._committed(stack)
        return StackFile(own.secrets_provider, own.encrypted_key).with_config(
            committed.config, own.config, self.managed_config(stack)
        )

    def is_bootstrapped(self, stack: Stack) -> bool:
        """Whether bootstrap has made the stack's key; it wrote that down where runs of the stack read it."""
        own = stack_file.read(self.stack_file_path(stack))
        return own is not None and own.encrypted_key is not None

    def not_ready(self, what: str) -> Problem:
        """`what`, which bootstrap mends."""
        who = "" if self.environment.local else " with an administrator's credentials"
        return Problem(
            what,
            self.environment.position,
            "its state bucket, keys and first identities have not been made",
            f"run `prodfirst bootstrap {self.environment.name}`{who}",
        )

    def managed_config(self, stack: Stack) -> Mapping[str, Any]:
        """Configuration that follows from the estate."""
        identities = {"prodfirst:identities": self.ground.to_json()} if stack.layer is Layer.IDENTITY else {}
        return {
            **identities,
            "aws:region": self.environment.region,
            "aws:allowedAccountIds": [self.environment.account],
            "aws:defaultTags": {"tags": self.tags(stack)},
            "prodfirst:account": self.environment.account,
            "prodfirst:environment": self.environment.name,
            "prodfirst:estate": self.estate.name,
            "prodfirst:prefix": self.prefix(stack),
            "prodfirst:region": self.environment.region,
            "prodfirst:stack": stack.name,
            "prodfirst:zones": list(self.environment.zones),
        }

    @contextmanager
    def engine_run(
        self,
        stack: Stack,
        access: AwsAccess,
        reads: tuple[ReadField, ...] = (),
        *,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> Iterator[EngineRun]:
        """What one engine run of a stack is given; its configuration lies in a private folder.

        `more` is configuration of this run alone.
        """
        file = self.stack_file(stack).with_config(more)
        with tempfile.TemporaryDirectory(prefix="run-", dir=private_dir(home() / "tmp")) as folder:
            path = Path(folder) / f"Pulumi.{self.environment.name}.yaml"
            file.write(path)
            yield EngineRun(
                program=stack.program,
                project=stack.project,
                stack=self.environment.name,
                root=self.estate.root,
                config_file=path,
                backend_url=f"{self.environment.backend}?region={self.environment.region}",
                secrets_provider=file.secrets_provider,
                engine_environment=_with_tools(access) if self.environment.local else access.environment,
                providers=LOCAL_PROVIDERS if self.environment.local else (),
                contracts=injected(reads),
                timeout=RUN_SECONDS,
            )

    def _committed(self, stack: Stack) -> StackFile:
        path = stack.program / f"Pulumi.{self.environment.name}.yaml"
        committed = stack_file.read(path) or StackFile()
        if committed.has_secrets:
            raise InvalidInput(
                Problem(
                    f"`{path.name}` of stack `{stack.name}` holds secret configuration",
                    str(path),
                    "a local environment has a key of its own on each machine, so nobody else can decrypt it",
                    "set it on this machine with `pulumi config set --secret --config-file "
                    f"{self.stack_file_path(stack)}`",
                )
            )
        return committed


LOCAL_PROVIDERS = (
    ProviderCommand(
        "aws",
        (sys.executable, "-m", "prodfirst.providers"),
        # the local clusters have no nodes: pods stay pending, and are not waited for
        {"PRODFIRST_KUBERNETES_WITHOUT_NODES": "true"},
        others=("kubernetes",),
        imports=("prodfirst.providers.preparation",),
    ),
)
"""What answers for the clouds' packages in a local environment."""


def _with_tools(access: AwsAccess) -> Mapping[str, str]:
    """With the installation's own commands: a kubeconfig names `aws`, which gives a cluster its tokens."""
    return {
        **access.environment,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
    }


def _ground_stack(stack: Stack) -> GroundStack:
    reads = tuple((read.stack, field) for read in stack.reads for field in read.fields)
    return GroundStack(stack.name, stack.layer.value, stack.owner, stack.project, reads)


def _token(variables: Mapping[str, str]) -> IdToken:
    request = IdTokenRequest.of(variables)
    if request is None:
        raise Failure(Problem("the job has no variables to ask for an identity token with"))
    return request.fetch(ci.AUDIENCE)


def _no_operator(environment: Environment) -> InvalidInput:
    return InvalidInput(
        Problem(
            f"nobody may take on the stack identities of `{environment.name}` from a laptop",
            environment.position,
            "its roles trust CI jobs alone, and this is none",
            "run it in CI, or name who may in `operator` of the environment and apply its identity stack",
        )
    )
