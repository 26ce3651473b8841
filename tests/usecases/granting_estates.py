"""Small estates with an identity stack, on one local cloud that enforces what it grants."""

from __future__ import annotations

import itertools
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cascade_estates import HEADER, Estate

from prodfirst.estate.definition import EnvironmentName
from prodfirst.estate.reading import load
from prodfirst.permissions.keeping_aws import PlacedRole, placed_role
from prodfirst.permissions.lock import path_of, read
from prodfirst.permissions.roles_aws import IDENTITY_LAYER, stack_roles
from prodfirst.usecases.site import Site

IDENTITY = """\
from pathlib import Path
from prodfirst.blueprints.aws.identity import Identity

Identity("identity", locks=Path(__file__).parents[1] / "permissions")
"""
PREFIX = 'prefix = pulumi.Config("prodfirst").require("prefix")\n'


def parameters(*names: str) -> str:
    """A program with an SSM parameter of each name."""
    return PREFIX + "".join(
        f'aws.ssm.Parameter("{name}", name=f"/{{prefix}}/{name}", type="String", value="1")\n'
        for name in names
    )


@dataclass(frozen=True)
class Granting(Estate):
    """An estate whose roles are made by its own identity stack."""

    def stacks(self, *names: str, **programs: str) -> None:
        """Write the estate's file: `identity`, and infrastructure stacks that read nothing.

        Each has a program in the folder of its name, or in the one that `programs` says.
        """
        folders = {"identity": "identity", **{name: name for name in names}, **programs}
        rows = [
            f"  {name}: {{ layer: {'identity' if name == 'identity' else 'infrastructure'}, "
            f"owner: platform, program: {folder} }}\n"
            for name, folder in folders.items()
        ]
        (self.folder / "prodfirst.yaml").write_text(HEADER.format(name=self.folder.name) + "".join(rows))

    def program(self, name: str, text: str) -> None:
        """Write or rewrite a program, and its lock."""
        self.stack(name, textwrap.dedent(text))
        self.lock(name)

    @property
    def site(self) -> Site:
        """The estate as its file says now."""
        estate = load(self.folder / "prodfirst.yaml")
        return Site(estate, estate.environments[EnvironmentName("local")])

    def locked(self) -> dict[str, list[str]]:
        """What each role of a stack must hold: the statements that follow from the committed locks."""
        site, found = self.site, list[PlacedRole]()
        for stack in site.ground.stacks:
            lock = read(path_of(self.folder, stack.name))
            if stack.layer != IDENTITY_LAYER and lock is not None:
                found += (placed_role(site.ground, role) for role in stack_roles(site.ground, stack, lock))
        return {role.name: _plain(role.policies.values()) for role in found}

    def held(self) -> dict[str, list[str]]:
        """What each role of a stack outside of identity holds in IAM: attached, inline, all of it."""
        iam, found = self.site.operator.client("iam"), dict[str, list[str]]()
        for role in iam.list_roles(PathPrefix=self.site.ground.path)["Roles"]:
            name = role["RoleName"]
            if "-identity-" not in name and "." not in name:
                found[name] = _plain(_documents(iam, name))
        return found

    def granted(self, role: str) -> set[str]:
        """The actions that a role of a stack is allowed now, such as `store-apply`."""
        statements = self.held()[f"{self.folder.name}-local-{role}"]
        return {action for text in statements for action in json.loads(text).get("Action", ())}

    def policies(self) -> set[str]:
        """Names of all managed policies that the identity stack made."""
        path = self.site.ground.path
        pages = self.site.operator.client("iam").get_paginator("list_policies").paginate(PathPrefix=path)
        return {item["PolicyName"] for page in pages for item in page["Policies"] if item["Path"] == path}

    def names(self) -> set[str]:
        """The parameters that stand, without the estate's prefix."""
        ssm = self.site.operator.client("ssm")
        pages = ssm.get_paginator("describe_parameters").paginate()
        found = [item["Name"] for page in pages for item in page["Parameters"]]
        prefix = f"/{self.folder.name}-local-"
        return {name.removeprefix(prefix) for name in found if name.startswith(prefix)}


def _documents(iam: Any, role: str) -> Iterator[Any]:
    for item in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        default = iam.get_policy(PolicyArn=item["PolicyArn"])["Policy"]["DefaultVersionId"]
        yield iam.get_policy_version(PolicyArn=item["PolicyArn"], VersionId=default)["PolicyVersion"][
            "Document"
        ]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


def _plain(documents: Any) -> list[str]:
    """Statements as canonical JSON, without their names."""
    found = [dict(item) for document in documents for item in document["Statement"]]
    return sorted(json.dumps({**item, "Sid": ""}, sort_keys=True) for item in found)


_NUMBERS = itertools.count()
"""Every estate has a name of its own: they share one local cloud."""


@pytest.fixture(scope="session")
def granting(cascade_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Granting]:
    """Makes an estate of an identity stack and the given programs, all of it applied."""

    def make(**programs: str) -> Granting:
        folder = tmp_path_factory.mktemp("granting") / f"g{next(_NUMBERS)}"
        folder.mkdir()
        estate = Granting(folder, cascade_home)
        estate.stacks(*programs)
        estate.stack("identity", "")
        (folder / "identity" / "__main__.py").write_text(IDENTITY)
        for name, text in programs.items():
            estate.stack(name, text)
        estate.lock()
        estate.run("bootstrap")
        estate.run("apply", "--stack", "identity", "--yes")
        estate.run("apply", "--yes")
        return estate

    return make


@pytest.fixture(scope="session")
def granted(granting: Callable[..., Granting]) -> Granting:
    """One estate for the tests of several files, each with a stack of its own in it."""
    return granting(
        store=parameters("one", "two"),
        stuck=parameters("one", "two"),
        calm=parameters("one"),
        gone=parameters("one"),
        before=parameters("one"),
        slow=parameters("first"),
    )


def urns(steps: list[Mapping[str, Any]], operation: str) -> set[str]:
    """Names of the resources of steps of an operation."""
    return {step["urn"].rsplit("::", 1)[1] for step in steps if step["operation"] == operation}
