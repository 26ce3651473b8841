"""What EKS refuses (EKS API reference and user guide), as rules over a call and a cluster's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prodfirst.localcloud.aws import eks_records
from prodfirst.localcloud.aws.eks_settings import HELD
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.kubernetes.binaries import VERSION
from prodfirst.localcloud.kubernetes.cluster import Key
from prodfirst.localcloud.kubernetes.policies import RULES

_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""A cluster goes from one to the next and never back."""
_READS_ENTRIES = frozenset({"DescribeAccessEntry", "ListAccessEntries", "ListAssociatedAccessPolicies"})
CHANGES_ACCESS = frozenset(
    {"CreateAccessEntry", "UpdateAccessEntry", "DeleteAccessEntry", "AssociateAccessPolicy",
     "DisassociateAccessPolicy"}
)  # fmt: skip
_POLICY = re.compile(r"arn:aws:eks::aws:cluster-access-policy/(\w+)")
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
_AUTO_MODE = frozenset({"computeConfig", "kubernetesNetworkConfig", "storageConfig"})
"""These are changed together."""


class Refused(Exception):
    """EKS refuses the call; `code` is its word for why, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def check(called: Operation, body: Mapping[str, Any], settings: Mapping[str, Any], key: Key) -> None:
    """Raises Refused."""
    match called.name:
        case "CreateCluster":
            _check_version(str(body.get("version", "")))
        case "DeleteCluster":
            _check_deletion(settings, key)
        case "CreateAccessEntry" | "UpdateAccessEntry":
            _check_names(body)
        case "AssociateAccessPolicy":
            _check_policy(str(body.get("policyArn", "")))
    if called.name in CHANGES_ACCESS | _READS_ENTRIES and _mode(settings) == _MODES[0]:
        wanted = f"[{_MODES[2]}, {_MODES[1]}]"
        raise Refused(
            "InvalidRequestException",
            f"The cluster's authentication mode must be set to one of {wanted} to perform this operation.",
        )


def config_changes(body: Mapping[str, Any], settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an UpdateClusterConfig changes. Raises Refused."""
    asked = {name: value for name, value in body.items() if name in HELD}
    if unknown := sorted(set(body) - HELD - {"clientRequestToken", "name"}):
        raise _invalid(f"the local cloud does not change `{unknown[0]}`")
    if len(asked) != 1 and not set(asked) <= _AUTO_MODE:
        raise _invalid("Only one type of update can be allowed.")
    changed = {name: value for name, value in asked.items() if _differs(settings.get(name), value)}
    if not changed:
        raise _invalid("Cluster is already at the desired configuration.")
    access = changed.get("accessConfig", {})
    if "bootstrapClusterCreatorAdminPermissions" in access:
        raise _invalid("bootstrapClusterCreatorAdminPermissions cannot be changed.")
    old, new = _mode(settings), access.get("authenticationMode", _mode(settings))
    if new not in _MODES or _MODES.index(new) < _MODES.index(old):
        raise _invalid(f"Unsupported authentication mode update from {old} to {new}")
    return changed


def version_change(body: Mapping[str, Any], settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an UpdateClusterVersion changes: one minor version. Raises Refused."""
    old, new = str(settings["version"]), str(body.get("version", ""))
    _check_version(new)
    if _minor(new) != _minor(old) + 1:
        raise _invalid(f"Unsupported Kubernetes minor version update from {old} to {new}")
    return {"version": new}


def _check_version(version: str) -> None:
    newest = VERSION.rpartition(".")[0]
    if version and (not re.fullmatch(r"1\.\d+", version) or _minor(version) > _minor(newest)):
        raise _invalid(f"unsupported Kubernetes version {version}; the newest is {newest}")


def _check_deletion(settings: Mapping[str, Any], key: Key) -> None:
    if settings.get("deletionProtection"):
        raise Refused(
            "InvalidRequestException",
            f"Cannot delete cluster {key.name} because deletion protection is enabled; "
            "disable it with UpdateClusterConfig first.",
        )
    if eks_records.has_nodegroups(key):
        raise Refused("ResourceInUseException", "Cluster has nodegroups attached", 409)


def _check_names(body: Mapping[str, Any]) -> None:
    for group in body.get("kubernetesGroups") or ():
        if str(group).startswith("system:"):
            raise _invalid(f"The kubernetes group name {group} is invalid, it cannot start with system:")
    username = str(body.get("username") or "")
    if username.startswith(_RESERVED):
        raise _invalid(f"The username {username} is invalid, it cannot start with {', '.join(_RESERVED)}")


def _check_policy(arn: str) -> None:
    match = _POLICY.fullmatch(arn)
    if match is None or match[1] not in RULES:
        raise _invalid(f"The policyArn {arn} is not valid; the local cloud has {', '.join(RULES)}")


def _differs(old: Any, new: Any) -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return any(old.get(name) != value for name, value in new.items())
    return bool(old != new)


def _mode(settings: Mapping[str, Any]) -> str:
    return str(settings["accessConfig"].get("authenticationMode", _MODES[0]))


def _minor(version: str) -> int:
    return int(version.partition(".")[2] or 0)


def _invalid(message: str) -> Refused:
    return Refused("InvalidParameterException", message)
