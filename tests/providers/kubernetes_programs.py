"""Programs of the kubernetes package, on the real engine, with our provider and a real API server."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from control_plane_fixtures import ControlPlane
from engine_fixtures import Deployment

from prodfirst.adapters.pulumi.drifting import Drift
from prodfirst.adapters.pulumi.engine import Outcome
from prodfirst.adapters.pulumi.providers import ProviderCommand
from prodfirst.planning.steps import Operation


@dataclass(frozen=True)
class KubernetesProgram(Deployment):
    """A deployment into one namespace of one cluster, by our provider."""

    plane: ControlPlane
    namespace: str

    def program(self, source: str) -> None:
        super().program(_HEAD + textwrap.dedent(source).strip() + "\n")

    def as_user(self, user: str, token: str | None = None, server: str = "") -> KubernetesProgram:
        self.write_kubeconfig(self.plane.kubeconfig(user, token, server))
        return self

    def write_kubeconfig(self, text: str) -> None:
        (self.folder / "program" / "kubeconfig.json").write_text(text)

    def with_environment(self, environment: Mapping[str, str]) -> KubernetesProgram:
        (provider,) = self.run.providers
        return replace(self, run=replace(self.run, providers=(replace(provider, environment=environment),)))

    def update(self, source: str) -> Outcome:
        self.program(source)
        return self.engine.update(self.run)

    def refused(self, source: str) -> str:
        """What an update says that fails."""
        problems = self.update(source).problems
        assert problems
        return "\n".join(map(str, problems))

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

    def told(self, source: str) -> str:
        """What a preview tells beside its steps."""
        self.program(source)
        return "\n".join(
            f"{item.severity}: {item.message}" for item in self.engine.preview(self.run).diagnostics
        )

    def drift(self) -> dict[str, Drift]:
        """What a refresh finds, by resource name."""
        return {item.name: item for item in self.engine.refresh(self.run)}

    def recorded(self, name: str) -> dict[str, Any]:
        listed = self.state()["checkpoint"]["latest"]["resources"]
        (found,) = [r for r in listed if r["urn"].endswith(f"::{name}")]
        return dict(found)

    def live(self, api_version: str, kind: str, name: str) -> Any:
        return self.plane.get(api_version, kind, self.namespace, name)


_HEAD = """
import pathlib
import pulumi_kubernetes as k8s

cluster = k8s.Provider(
    "cluster",
    kubeconfig=pathlib.Path(__file__).with_name("kubeconfig.json").read_text(),
    namespace=pathlib.Path(__file__).with_name("namespace").read_text(),
)
here = ResourceOptions(provider=cluster)
"""


@pytest.fixture
def shop(deployment: Deployment, control_plane: ControlPlane, namespace: str) -> KubernetesProgram:
    """A deployment as the cluster's administrator."""
    provider = ProviderCommand("aws", (sys.executable, "-m", "prodfirst.providers"), others=("kubernetes",))
    run = replace(deployment.run, providers=(provider,))
    made = KubernetesProgram(deployment.folder, deployment.engine, run, control_plane, namespace)
    made.write_kubeconfig(control_plane.kubeconfig())
    (made.folder / "program" / "namespace").write_text(namespace)
    return made
