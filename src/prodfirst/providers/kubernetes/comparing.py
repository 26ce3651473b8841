"""What differs between two inputs of an object, and whether it can be changed in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.providers.kubernetes.defaults import is_default, is_same_amount, with_text_as_data
from prodfirst.providers.kubernetes.objects import AUTONAMED, Data, Kind, is_named, is_true, metadata

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One innermost property that differs."""

    path: Path
    how: str
    """`add`, `delete` or `update`."""
    replaces: bool

    @property
    def text(self) -> str:
        """As Pulumi writes property paths."""
        return path_text(self.path)


_SELECTOR = (("spec", "selector"),)
_PRIVATE_POD = (
    "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases",
    "hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector",
    "overhead", "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy",
    "runtimeClassName", "schedulerName", "securityContext", "serviceAccount", "serviceAccountName",
    "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "volumes",
)  # fmt: skip
_PRIVATE_CONTAINER = (
    "args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports",
    "readinessProbe", "resources", "securityContext", "stdin", "stdinOnce", "terminationMessagePath",
    "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
)  # fmt: skip
_VOLUME_SOURCES = (
    "awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume",
    "flocker", "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs",
    "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
)  # fmt: skip
_FIXED: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "StatefulSet"): tuple(
        ("spec", name)
        for name in (
            "podManagementPolicy",
            "revisionHistoryLimit",
            "selector",
            "serviceName",
            "volumeClaimTemplates",
        )
    ),
    ("batch", "Job"): tuple(
        ("spec", name) for name in ("completions", "parallelism", "selector", "template")
    ),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (("parameters",), ("provisioner",)),
    ("", "PersistentVolume"): tuple(("spec", name) for name in _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): tuple(
        ("spec", name) for name in ("accessModes", "selector", "storageClassName", "volumeName")
    ),
    ("", "Pod"): (
        *(("spec", name) for name in _PRIVATE_POD),
        *(
            ("spec", where, "*", name)
            for where in ("containers", "initContainers")
            for name in _PRIVATE_CONTAINER
        ),
    ),
    ("", "ResourceQuota"): (("spec", "scopes"),),
    ("", "Secret"): (("type",),),
    ("", "Service"): (("spec", "clusterIP"),),
}
"""Group and kind → what only a replacement changes; the original's rules (4.34, `diff.go`)."""
_CONTENT: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ConfigMap": (("binaryData",), ("data",)),
    "Secret": (("type",), ("stringData",), ("data",)),
}
"""Replaced on any change of content, unless the provider says that they are mutable."""
_IDENTITY = (("metadata", "name"), ("metadata", "namespace"))


def changes(
    kind: Kind, old: Data, new: Data, *, mutable: frozenset[str] = frozenset(), patch: bool = False
) -> tuple[Change, ...]:
    """By path. `mutable` are kinds whose content is changed in place; a patch is replaced by name alone."""
    if kind.kind == "Secret" and ("stringData" in old) != ("stringData" in new):
        old, new = with_text_as_data(old), with_text_as_data(new)
    fixed = _IDENTITY if patch else _fixed(kind, new, mutable)
    return tuple(
        Change(path, how, any(_covers(rule, path) for rule in fixed))
        for path, how in _differences((), _placed(old), _placed(new))
    )


def is_exclusive(old_live: Data, new: Data) -> bool:
    """Whether a replacement must delete first: the new one has the old one's name, and not by chance."""
    old, wanted = metadata(old_live), metadata(new)
    return (
        is_named(new)
        and not is_true(new, AUTONAMED)
        and wanted.get("name") == old.get("name")
        and (wanted.get("namespace") or "default") == (old.get("namespace") or "default")
    )


def path_text(path: Path) -> str:
    """`spec.containers[0].image`, `metadata.labels["a/b"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def _fixed(kind: Kind, new: Data, mutable: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    rules = _FIXED.get((kind.group, kind.kind), ())
    content = (
        ()
        if kind.group or (kind.kind in mutable and not new.get("immutable"))
        else _CONTENT.get(kind.kind, ())
    )
    return (*_IDENTITY, *rules, *content)


def _covers(rule: tuple[str, ...], path: Path) -> bool:
    """Whether a change is at a fixed field, or below it."""
    return len(path) >= len(rule) and all(
        wanted == ("*" if isinstance(step, int) else step) for wanted, step in zip(rule, path, strict=False)
    )


def _placed(inputs: Data) -> Data:
    """A namespace that is not given is `default`; internal keys do not count."""
    found = {key: value for key, value in inputs.items() if not key.startswith("__")}
    given = found.get("metadata")
    if isinstance(given, dict) and given.get("namespace") in (None, "", "default"):
        found["metadata"] = {key: value for key, value in given.items() if key != "namespace"}
    return found


def _differences(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, str]]:
    if old == new or is_same_amount(path, old, new):
        return
    if new is None and path and is_default(str(path[-1]), old):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if key == "targetPort" and key not in new and old[key] == new.get("port"):
                continue  # a Service's port leads to the same one, where nothing is said
            yield from _differences((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else None
            right = new[index] if index < len(new) else None
            yield from _differences((*path, index), left, right)
    else:
        yield path, "add" if old is None else "delete" if new is None else "update"
