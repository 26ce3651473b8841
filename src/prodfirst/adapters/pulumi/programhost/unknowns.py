"""A provider's configuration that is not known yet, in a preview.

The engine does not ask a provider whose configuration is unknown: the plan then lacks names, namespaces and
defaults (ENGINE: `provider_plugin.go`, `Configure`). So a kubeconfig of a cluster that does not exist yet
reaches the engine as this text, which the provider takes for unknown, and everybody else is told as unknown.
"""

from __future__ import annotations

from typing import Any

LATER = "prodfirst:known-after-apply"
"""Our kubernetes provider knows it; the ordinary one takes it for a cluster out of reach."""

_PROVIDER = "pulumi:providers:kubernetes"
_KEY = "kubeconfig"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The SDK's marks (`pulumi.runtime.rpc`)."""


def stand_in(request: Any) -> None:
    """Put the text in place of an unknown kubeconfig of a `RegisterResource` request."""
    if request.type == _PROVIDER and _KEY in request.object.fields:
        value = request.object.fields[_KEY]
        if _is_unknown(value):
            value.string_value = LATER


def _is_unknown(value: Any) -> bool:
    if value.WhichOneof("kind") == "struct_value":
        fields = value.struct_value.fields
        marked = _SIGNATURE in fields and fields[_SIGNATURE].string_value == _OUTPUT
        return marked and ("value" not in fields or _is_unknown(fields["value"]))
    return bool(value.string_value == _UNKNOWN)
