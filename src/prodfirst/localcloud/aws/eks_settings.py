"""Settings of clusters that the AWS API behind the gateway forgets or cannot change, and their updates.

Members and defaults: EKS API reference, CreateCluster, UpdateClusterConfig, UpdateClusterVersion, Update.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from prodfirst.kernel.paths import write_private
from prodfirst.localcloud.kubernetes.binaries import VERSION
from prodfirst.localcloud.kubernetes.cluster import Key

HELD = frozenset(
    {"accessConfig", "computeConfig", "deletionProtection", "kubernetesNetworkConfig", "logging",
     "remoteNetworkConfig", "resourcesVpcConfig", "storageConfig", "upgradePolicy", "version",
     "zonalShiftConfig"}
)  # fmt: skip
"""Members of a cluster that a request sets."""
_DEFAULTS: Mapping[str, Any] = {
    "accessConfig": {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": True},
    "deletionProtection": False,
    "upgradePolicy": {"supportType": "EXTENDED"},
    "version": VERSION.rpartition(".")[0],
}
_MERGED = frozenset({"accessConfig", "kubernetesNetworkConfig", "resourcesVpcConfig"})
"""An update of these names only what it changes."""
_KINDS: Mapping[str, str] = {
    "accessConfig": "AccessConfigUpdate",
    "computeConfig": "AutoModeUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "logging": "LoggingUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
    "resourcesVpcConfig": "VpcConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "version": "VersionUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
}
_VPC_KINDS = (("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"), "EndpointAccessUpdate")


class EksSettings:
    """In a file of mode 0600: of each cluster its settings, and its updates by id."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def begin(self, key: Key, request: Mapping[str, Any]) -> None:
        """A new cluster, as its request sets it."""
        settings = json.loads(json.dumps(_DEFAULTS))
        for name in HELD & set(request):
            merged = name in _MERGED and isinstance(settings.get(name), dict)
            settings[name] = {**settings[name], **request[name]} if merged else request[name]
        self._known[_name(key)] = {"settings": settings, "updates": {}}
        self._save()

    def of(self, key: Key) -> Mapping[str, Any]:
        """The settings of a cluster; the defaults where it was made before they were held."""
        found: Mapping[str, Any] = self._known.get(_name(key), {"settings": _DEFAULTS})["settings"]
        return found

    def change(self, key: Key, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take changes over; returns the update, in EKS's shape. It is done at once."""
        known = self._known[_name(key)]
        settings = known["settings"]
        for name, value in changes.items():
            merged = name in _MERGED and isinstance(settings.get(name), dict)
            settings[name] = {**settings[name], **value} if merged else value
        return self.note(key, _update(changes))

    def note(self, key: Key, update: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep an update, so that DescribeUpdate finds it."""
        known = self._known.setdefault(_name(key), {"settings": dict(_DEFAULTS), "updates": {}})
        known["updates"][update["id"]] = {**update, "status": "Successful"}
        self._save()
        return {**update, "status": "InProgress"}

    def updates(self, key: Key) -> Mapping[str, Mapping[str, Any]]:
        """By id."""
        found: Mapping[str, Mapping[str, Any]] = self._known.get(_name(key), {"updates": {}})["updates"]
        return found

    def forget(self, key: Key) -> None:
        """The cluster is deleted."""
        if self._known.pop(_name(key), None) is not None:
            self._save()

    def keep_only(self, keys: Iterable[Key]) -> None:
        """Forget clusters that went while nobody looked."""
        kept = {_name(key) for key in keys}
        self._known = {name: known for name, known in self._known.items() if name in kept}
        self._save()

    def _save(self) -> None:
        write_private(self._path, json.dumps(self._known).encode())


def _update(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = next(_kind(name, value) for name, value in changes.items())
    params = [
        {"type": name[0].upper() + name[1:], "value": value if isinstance(value, str) else json.dumps(value)}
        for changed in changes.values()
        for name, value in (changed.items() if isinstance(changed, dict) else (("value", changed),))
    ]
    return {"id": str(uuid4()), "type": kind, "params": params, "createdAt": time.time(), "errors": []}


def _kind(name: str, value: Any) -> str:
    members, kind = _VPC_KINDS
    if name == "resourcesVpcConfig" and set(value) & set(members):
        return kind
    return _KINDS.get(name, "ConfigUpdate")


def _name(key: Key) -> str:
    return f"{key.account}/{key.region}/{key.name}"
