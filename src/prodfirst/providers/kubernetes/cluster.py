"""One cluster: where the objects of a kind live, and the calls on them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from prodfirst.providers.kubernetes.client import Answer, ApiError, Client
from prodfirst.providers.kubernetes.objects import CLUSTER_SCOPED, Data, Kind

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"


class UnknownKind(Exception):
    """The server does not serve this kind: its CustomResourceDefinition is missing, or not ready yet."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(
            f"the server has no `{kind.kind}` in `{kind.api_version}`: is its CustomResourceDefinition there?"
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """Where the objects of a kind live."""

    kind: Kind
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        """The address of the collection in a namespace, or of one object."""
        group = f"/apis/{self.kind.group}" if self.kind.group else "/api"
        where = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced else ""
        return f"{group}/{self.kind.version}{where}/{self.plural}" + (
            f"/{quote(name, safe='')}" if name else ""
        )


class Cluster:
    """Calls on objects of any kind. All raise ApiError, Unreachable, NoCredentials, UnknownKind."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._lock = threading.Lock()
        self._served: dict[str, Mapping[str, tuple[str, bool]]] = {}
        self._allowed: dict[tuple[str, ...], bool] = {}

    def collection(self, kind: Kind) -> Collection:
        """Plural and scope, by the server's discovery; asked again where a kind is not in it."""
        with self._lock:
            served = self._served.get(kind.api_version)
            if served is None or kind.kind not in served:
                served = self._served[kind.api_version] = self._discovered(kind)
        if kind.kind not in served:
            raise UnknownKind(kind)
        plural, namespaced = served[kind.kind]
        return Collection(kind, plural, namespaced)

    def _discovered(self, kind: Kind) -> Mapping[str, tuple[str, bool]]:
        path = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
        try:
            listed = self.client.request("GET", path).data.get("resources") or []
        except ApiError as error:
            if error.gone:
                return {}
            raise
        return {
            item["kind"]: (item["name"], item["namespaced"]) for item in listed if "/" not in item["name"]
        }

    def get(self, kind: Kind, namespace: str, name: str, insisting: float = 0) -> Data:
        """The live object; `insisting`: asked for so many seconds, though the server was silent just now."""
        path = self.collection(kind).path(namespace, name)
        return self.client.request("GET", path, seconds=insisting or None, insisting=insisting > 0).data

    def find(self, kind: Kind, namespace: str, name: str, insisting: float = 0) -> Data | None:
        """The live object, as `get` gives it; None where it, or its kind, is not there."""
        try:
            return self.get(kind, namespace, name, insisting)
        except UnknownKind:
            return None
        except ApiError as error:
            if error.gone:
                return None
            raise

    def create(self, kind: Kind, thing: Data, options: Mapping[str, str]) -> Answer:
        """POST it; `options` such as `fieldManager`, `dryRun`."""
        path = self.collection(kind).path(thing["metadata"].get("namespace", ""))
        return self.client.request("POST", path, options, thing)

    def apply(self, kind: Kind, thing: Data, options: Mapping[str, str]) -> Answer:
        """Server-side apply; JSON is YAML."""
        path = self.collection(kind).path(thing["metadata"].get("namespace", ""), thing["metadata"]["name"])
        return self.client.request("PATCH", path, options, thing, APPLY)

    def replace(self, kind: Kind, thing: Data, options: Mapping[str, str]) -> Answer:
        """PUT it over the version that its `resourceVersion` names."""
        path = self.collection(kind).path(thing["metadata"].get("namespace", ""), thing["metadata"]["name"])
        return self.client.request("PUT", path, options, thing)

    def patch(
        self, kind: Kind, namespace: str, name: str, steps: list[Data], options: Mapping[str, str]
    ) -> Answer:
        """A JSON patch (RFC 6902)."""
        path = self.collection(kind).path(namespace, name)
        return self.client.request("PATCH", path, options, steps, JSON_PATCH)

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        propagation: str,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Ask for deletion; it may take until finalizers are done."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        self.client.request("DELETE", self.collection(kind).path(namespace, name), options, body)

    def listed(self, kind: Kind, namespace: str, selector: str) -> list[Data]:
        """The objects of a namespace with these labels."""
        path = self.collection(kind).path(namespace)
        found: list[Data] = self.client.request("GET", path, {"labelSelector": selector}).data["items"]
        return found

    def may(self, verb: str, kind: Kind, namespace: str, name: str = "") -> bool:
        """Whether the identity may, as the server's authorizers say; the answer is kept."""
        place = self.collection(kind)
        question: Data = {
            "verb": verb,
            "group": kind.group,
            "version": kind.version,
            "resource": place.plural,
        }
        question |= {"namespace": namespace} if place.namespaced else {}
        question |= {"name": name} if name else {}
        key = tuple(sorted(map(str, question.items())))
        if key not in self._allowed:
            body = {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": question},
            }
            path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            status: dict[str, Any] = self.client.request("POST", path, None, body).data["status"]
            self._allowed[key] = bool(status.get("allowed"))
        return self._allowed[key]


def namespaced_without_server(kind: Kind) -> bool:
    """A guess where no server can be asked: custom kinds are taken for namespaced, as the original does."""
    return not kind.built_in or kind.kind not in CLUSTER_SCOPED
