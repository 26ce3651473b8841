"""Programs of the aws package, on the real engine, with our provider and the local cloud."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from engine_fixtures import PASSPHRASE, Deployment

from prodfirst.adapters.pulumi.providers import ProviderCommand
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.planning.steps import Operation

HEAD = "import json\nimport pulumi_aws as aws\n"
_PROVIDER = ProviderCommand("aws", (sys.executable, "-m", "prodfirst.providers.aws"))


@dataclass(frozen=True)
class AwsProgram(Deployment):
    """A deployment whose provider is ours."""

    def steps(self, source: str) -> dict[str, Operation]:
        """What a preview would do, by resource name."""
        self.program(source)
        steps = self.engine.preview(self.run).steps
        return {step.name: step.operation for step in steps if not step.type.startswith("pulumi:")}

    def changes(self, source: str, name: str) -> dict[str, bool]:
        """Changed path → whether it forces the replacement."""
        self.program(source)
        (step,) = [step for step in self.engine.preview(self.run).steps if step.name == name]
        return {change.path: change.replaces for change in step.changes}

    def output(self, name: str) -> Any:
        resources = self.state()["checkpoint"]["latest"]["resources"]
        return next(r for r in resources if r["type"] == "pulumi:pulumi:Stack")["outputs"][name]

    def unsettled(self, source: str) -> list[Any]:
        """What a preview or a refresh has to do; empty where the estate is as the program says."""
        self.program(source)
        steps = [step for step in self.engine.preview(self.run).steps if step.operation is not Operation.SAME]
        return [*steps, *self.engine.refresh(self.run)]

    def destroy(self) -> None:
        if self.resources():
            self.up("")
        assert self.resources() == []

    def resources(self) -> list[dict[str, Any]]:
        """What stands in the state, without the stack and the providers."""
        listed = self.state()["checkpoint"]["latest"].get("resources", [])
        return [item for item in listed if not item["type"].startswith("pulumi:")]


def aws_program(deployment: Deployment, environment: Mapping[str, str]) -> AwsProgram:
    """A deployment under some credentials."""
    secret = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
    settings = {**environment, **secret}
    made = deployment.with_run(providers=(_PROVIDER,), engine_environment=settings, timeout=300.0)
    return AwsProgram(made.folder, made.engine, made.run)


@pytest.fixture
def aws(deployment: Deployment, cloud: LocalCloud) -> Iterator[AwsProgram]:
    """A deployment as the local cloud's administrator; the cloud is shared, so it is destroyed afterwards."""
    program = aws_program(deployment, cloud.environment())
    yield program
    program.destroy()
