"""Kubernetes objects as plain JSON data, and what can be said of them without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.providers.properties import UNKNOWN

Data = dict[str, Any]

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
PATCH_FORCE = "pulumi.com/patchForce"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
WAIT_FOR = "pulumi.com/waitFor"
"""Annotations of the original provider that a program may set."""

CLUSTER_SCOPED = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole",
        "ClusterRoleBinding", "ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition",
        "DeviceClass", "FlowSchema", "IPAddress", "IngressClass", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
        "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass",
        "SelfSubjectAccessReview", "SelfSubjectReview", "SelfSubjectRulesReview", "ServiceCIDR",
        "StorageClass", "StorageVersion", "SubjectAccessReview", "TokenReview",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment", "VolumeAttributesClass",
    }
)  # fmt: skip
"""Built-in kinds without a namespace, for when no server can be asked (`kubectl api-resources`, v1.37)."""

_CRD_KEYS = (
    "embedded-resource", "int-or-string", "list-map-keys", "list-type", "map-type", "preserve-unknown-fields",
    "validations",
)  # fmt: skip
_TO_API = {f"x_kubernetes_{key.replace('-', '_')}": f"x-kubernetes-{key}" for key in _CRD_KEYS}
_FROM_API = {there: here for here, there in _TO_API.items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """What an object is."""

    group: str
    """Empty for the core group."""
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """As it stands in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def built_in(self) -> bool:
        """Whether the group belongs to Kubernetes itself."""
        return "." not in self.group or self.group.endswith(".k8s.io")

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


def kind_of(token: str, inputs: Mapping[str, Any]) -> Kind:
    """The kind behind a Pulumi type such as `kubernetes:apps/v1:Deployment`.

    The inputs decide where they say it: a custom resource's token is written by its program.
    """
    _, where, name = token.split(":", 2)
    api_version, kind = inputs.get("apiVersion"), inputs.get("kind")
    if not isinstance(api_version, str) or not api_version:
        group, _, version = where.rpartition("/")
        api_version = version if group in ("", "core") else where
    if not isinstance(kind, str) or not kind:
        kind = name.removesuffix("Patch") if is_patch(token) else name
    group, _, version = api_version.rpartition("/")
    return Kind("" if group == "core" else group, version, kind)


def is_patch(token: str) -> bool:
    """Whether the type changes a few fields of an object that others own, such as `NamespacePatch`."""
    return token.endswith("Patch") and len(token.rsplit(":", 1)[-1]) > len("Patch")


def metadata(thing: Mapping[str, Any]) -> Data:
    """The metadata; empty where it is missing or not known yet."""
    found = thing.get("metadata")
    return found if isinstance(found, dict) else {}


def annotation(thing: Mapping[str, Any], key: str) -> str:
    """An annotation's text; empty where it is missing or not known yet."""
    found = metadata(thing).get("annotations")
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


def is_true(thing: Mapping[str, Any], key: str) -> bool:
    """Whether an annotation says `true`."""
    return annotation(thing, key).lower() == "true"


def name_of(thing: Mapping[str, Any]) -> str:
    """The object's name; empty where there is none, or none yet."""
    name = metadata(thing).get("name")
    return name if isinstance(name, str) else ""


def namespace_of(thing: Mapping[str, Any]) -> str:
    """The object's namespace; empty where there is none, or none yet."""
    namespace = metadata(thing).get("namespace")
    return namespace if isinstance(namespace, str) else ""


def is_named(thing: Mapping[str, Any]) -> bool:
    """Whether a name is given, be it unknown yet."""
    return bool(name_of(thing)) or metadata(thing).get("name") is UNKNOWN


def object_id(thing: Mapping[str, Any]) -> str:
    """Pulumi's id of an object: `namespace/name`, or the name."""
    namespace, name = namespace_of(thing), name_of(thing)
    return f"{namespace}/{name}" if namespace else name


def id_parts(id: str) -> tuple[str, str]:
    """Namespace (or empty) and name of an id."""
    namespace, _, name = id.rpartition("/")
    return namespace, name


def to_api(inputs: Data) -> Data:
    """Inputs as the API wants them: no internal keys, and a CRD's `x_kubernetes_` keys with dashes."""
    found = {key: value for key, value in inputs.items() if not key.startswith("__")}
    return _renamed(found, _TO_API) if found.get("kind") == "CustomResourceDefinition" else found


def from_api(thing: Data) -> Data:
    """The inverse of `to_api`."""
    return _renamed(thing, _FROM_API) if thing.get("kind") == "CustomResourceDefinition" else thing


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value
