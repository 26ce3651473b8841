"""Operations on one resource without an engine: as fast as the API server."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from typing import Any

from control_plane_fixtures import ControlPlane

from prodfirst.providers.kubernetes import operations
from prodfirst.providers.kubernetes.instance import Instance
from prodfirst.providers.kubernetes.objects import Data, kind_of
from prodfirst.providers.kubernetes.operations import Partial, Resource, Updating
from prodfirst.providers.kubernetes.settings import Settings
from prodfirst.providers.protocol import EngineLog


class Told(EngineLog):
    """Keeps what the engine would be told."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []
        self.infos: list[str] = []

    def warn(self, urn: str, message: str) -> None:
        self.warnings.append(message)

    def tell(self, urn: str, message: str) -> None:
        self.infos.append(message)


@dataclass
class Subject:
    """One resource of one user."""

    inputs: Data
    instance: Instance
    told: Told
    token: str
    id: str = ""
    state: Data = field(default_factory=dict)

    @property
    def resource(self) -> Resource:
        return Resource(self.instance, "urn::x", self.token, kind_of(self.token, self.inputs))

    def create(self, timeout: float = 0) -> Subject:
        try:
            self.id, self.state = operations.create(self.resource, self.inputs, timeout, preview=False)
        except Partial as error:
            self.id, self.state = error.id, error.state
            raise
        return self

    def preview(self) -> Data:
        return operations.create(self.resource, self.inputs, 0, preview=True)[1]

    def update(self, inputs: Data, preview: bool = False) -> Data:
        asked = Updating(self.id, self.state, self.state["__inputs"], inputs, (), 0, preview)
        return operations.update(self.resource, asked)

    def read(self) -> Data | None:
        return operations.read(self.resource, self.id, self.state["__inputs"], self.state)

    def delete(self, timeout: float = 0) -> None:
        operations.delete(self.resource, self.id, self.state, timeout)


def subject(
    plane: ControlPlane, namespace: str, thing: Data, user: str = "administrator", **settings: Any
) -> Subject:
    """`thing` in a namespace, as a user sees it through our provider."""
    given = {"kubeconfig": plane.kubeconfig(user), "namespace": namespace, **settings}
    told = Told()
    instance = Instance(Settings(**given), told, threading.Event())
    inputs = copy.deepcopy(thing)
    inputs.setdefault("metadata", {}).setdefault("name", "x")
    token = f"kubernetes:{inputs['apiVersion']}:{inputs['kind']}"
    if instance.is_namespaced(kind_of(token, inputs)):
        inputs["metadata"].setdefault("namespace", namespace)
    return Subject(inputs, instance, told, token)
