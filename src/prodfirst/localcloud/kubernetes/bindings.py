"""Keeps a cluster's role bindings in step with the access policies that its access entries have."""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

from prodfirst.localcloud.kubernetes.access import AccessEntry
from prodfirst.localcloud.kubernetes.api_client import ApiClient, ApiFailure
from prodfirst.localcloud.kubernetes.policies import RULES

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_LABEL = "eks.prodfirst.dev/access-policy"
_AGAIN_SECONDS = 1.0
_ROUND_SECONDS = 30.0
_GONE = frozenset({403, 404, 409})
"""Answers for a namespace or a binding that ended in the meantime."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One group bound to one policy's role, in a namespace or (empty) everywhere."""

    policy: str
    group: str
    namespace: str = ""

    @property
    def name(self) -> str:
        """Follows from what it binds, so that a binding never has to change."""
        return "eks:" + hashlib.sha256(f"{self.policy}\0{self.group}".encode()).hexdigest()[:24]

    @property
    def path(self) -> str:
        """Of the object in the API."""
        if self.namespace:
            return f"{_RBAC}/namespaces/{self.namespace}/rolebindings/{self.name}"
        return f"{_RBAC}/clusterrolebindings/{self.name}"

    def manifest(self) -> Mapping[str, Any]:
        """The object."""
        namespaced = {"namespace": self.namespace} if self.namespace else {}
        return {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding" if self.namespace else "ClusterRoleBinding",
            "metadata": {"name": self.name, **namespaced, "labels": {_LABEL: self.policy}},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": _role_name(self.policy),
            },
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": self.group}],
        }


def wanted(entries: Iterable[AccessEntry], namespaces: Iterable[str]) -> frozenset[Binding]:
    """The bindings that make the entries' policies true for the namespaces that exist."""
    existing = tuple(namespaces)
    found = set()
    for entry in entries:
        for association in entry.policies:
            if not association.namespaces:
                found.add(Binding(association.policy, entry.policy_group))
            for pattern in association.namespaces:
                matching = (name for name in existing if fnmatch.fnmatchcase(name, pattern))
                found.update(Binding(association.policy, entry.policy_group, name) for name in matching)
    return frozenset(found)


class Bindings:
    """Of one cluster; `entries` reads its access entries."""

    def __init__(
        self,
        api: ApiClient,
        entries: Callable[[], tuple[AccessEntry, ...]],
        report: Callable[[str], None],
    ) -> None:
        self._api = api
        self._entries = entries
        self._report = report
        self._alone = asyncio.Lock()
        self._doubtful = asyncio.Event()

    async def begin(self) -> None:
        """Make the roles of the policies, and the bindings."""
        for policy, rules in RULES.items():
            role = {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": _role_name(policy), "labels": {_LABEL: policy}},
                "rules": list(rules),
            }
            await self._api.apply(f"{_RBAC}/clusterroles/{_role_name(policy)}", role)
        await self.bring_in_step()

    async def bring_in_step(self) -> None:
        """Make what is missing, delete what is too much."""
        async with self._alone:
            namespaces = await self._api.items("/api/v1/namespaces")
            active = [item["metadata"]["name"] for item in namespaces if item["status"]["phase"] == "Active"]
            there, should = await self._there(), wanted(self._entries(), active)
            for binding in should - there:
                await self._unless_gone(self._api.apply(binding.path, binding.manifest()))
            for binding in there - should:
                await self._unless_gone(self._api.delete(binding.path))

    def look_again(self) -> None:
        """Have the loop of `follow` bring it in step soon."""
        self._doubtful.set()

    async def follow(self) -> None:
        """Bring in step whenever a namespace comes or goes, and now and then; runs until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._settle())

    async def _watch(self) -> None:
        while True:
            try:
                async for event in self._api.changes("/api/v1/namespaces"):
                    if event["type"] in ("ADDED", "DELETED"):
                        self.look_again()
            except (aiohttp.ClientError, TimeoutError) as error:
                self._report(f"namespaces cannot be watched: {error or type(error).__name__}; trying again")
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _settle(self) -> None:
        """Many namespaces at once are one round; what somebody took away comes back with the next."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._doubtful.wait(), _ROUND_SECONDS)
            self._doubtful.clear()
            try:
                await self.bring_in_step()
            except (aiohttp.ClientError, TimeoutError, ApiFailure) as error:
                self._report(f"access policies: {error or type(error).__name__}; trying again")
                await asyncio.sleep(_AGAIN_SECONDS)
                self.look_again()

    async def _there(self) -> frozenset[Binding]:
        found = []
        for kind in ("clusterrolebindings", "rolebindings"):
            for item in await self._api.items(f"{_RBAC}/{kind}", labelSelector=_LABEL):
                meta, subjects = item["metadata"], item.get("subjects") or [{"name": ""}]
                found.append(Binding(meta["labels"][_LABEL], subjects[0]["name"], meta.get("namespace", "")))
        return frozenset(found)

    async def _unless_gone(self, call: Any) -> None:
        try:
            await call
        except ApiFailure as error:
            if error.status not in _GONE:
                raise


def _role_name(policy: str) -> str:
    return f"eks:{policy}"
