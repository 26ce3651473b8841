"""Functions of the original that programs ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from prodfirst.providers.kubernetes.checking import with_namespace
from prodfirst.providers.kubernetes.instance import Instance
from prodfirst.providers.kubernetes.objects import Data, kind_of


class InvalidManifest(Exception):
    """The text is no YAML; says where."""


def decoded(text: str) -> list[Data]:
    """The objects of a manifest; documents without kind or version are left out, as in the original.

    YAML 1.1, as Kubernetes reads it: `defaultMode: 0644` is 420. Raises InvalidManifest.
    """
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    try:
        documents = list(reader.load_all(text))
    except YAMLError as error:
        raise InvalidManifest(f"the manifest is not valid YAML: {error}") from error
    return [
        item for item in documents if isinstance(item, dict) and item.get("kind") and item.get("apiVersion")
    ]


def _decode(instance: Instance, arguments: Data) -> Data:
    namespace = str(arguments.get("defaultNamespace") or "")
    return {
        "result": [_placed(instance, item, namespace) for item in decoded(str(arguments.get("text") or ""))]
    }


def _placed(instance: Instance, thing: Data, namespace: str) -> Any:
    namespaced = bool(namespace) and instance.is_namespaced(kind_of("kubernetes:yaml:Manifest", thing))
    return with_namespace(thing, namespace) if namespaced else thing


INVOKES: Mapping[str, Callable[[Instance, Data], Data]] = {"kubernetes:yaml:decode": _decode}
"""Token → function."""
