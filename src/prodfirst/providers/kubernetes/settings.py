"""What a provider instance is configured with; names as in the original."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from prodfirst.providers import protocol
from prodfirst.providers.kubernetes.objects import Data
from prodfirst.providers.properties import UNKNOWN

KEYS = frozenset(
    {
        "kubeconfig", "context", "cluster", "namespace", "enableServerSideApply", "enablePatchForce",
        "enableConfigMapMutable", "enableSecretMutable", "suppressDeprecationWarnings",
        "suppressHelmHookWarnings", "deleteUnreachable", "skipUpdateUnreachable", "upsertExistingObjects",
        "clusterIdentifier", "kubeClientSettings", "helmReleaseSettings", "strictMode", "version",
    }
)  # fmt: skip
UNSUPPORTED = ("renderYamlToDirectory", "alwaysRender")
"""The original's; they write files in place of a cluster, which no estate uses."""
LATER = "prodfirst:known-after-apply"
"""Stands in a preview for a kubeconfig that is not known yet: the engine would not ask a provider whose
configuration is unknown, and the plan would lack names, namespaces and defaults."""
WITHOUT_NODES = "PRODFIRST_KUBERNETES_WITHOUT_NODES"
"""Environment: `true` where the cluster has no nodes, so that no pod ever starts (the local cloud)."""
GONE = "PRODFIRST_KUBERNETES_GONE"
"""Environment: servers (`https://host:port`, separated by spaces) of clusters that are known to be deleted.
What was in those counts as deleted where they do not answer; `deleteUnreachable` is for every cluster."""

_ENVIRONMENT = {
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "suppressDeprecationWarnings": "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One provider instance."""

    kubeconfig: str | None = None
    """Contents or path; None for the user's own."""
    known: bool = True
    """False in a preview, where the cluster does not exist yet."""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    server_side_apply: bool = True
    patch_force: bool = False
    config_map_mutable: bool = False
    secret_mutable: bool = False
    suppress_warnings: bool = False
    delete_unreachable: bool = False
    skip_unreachable: bool = False
    upsert: bool = False
    without_nodes: bool = False
    gone: frozenset[str] = frozenset()
    """Servers of clusters that are known to be deleted."""


def settings_of(given: Data) -> Settings:
    """From the engine's configuration; a switch that is not given comes from its environment variable."""
    kubeconfig = given.get("kubeconfig")
    if isinstance(kubeconfig, dict):
        kubeconfig = protocol.encoded(kubeconfig)
    later = kubeconfig in (UNKNOWN, LATER)
    return Settings(
        kubeconfig=kubeconfig if isinstance(kubeconfig, str) and not later else None,
        known=not later,
        context=_text(given, "context"),
        cluster=_text(given, "cluster"),
        namespace=_text(given, "namespace"),
        server_side_apply=_switch(given, "enableServerSideApply", default=True),
        patch_force=_switch(given, "enablePatchForce"),
        config_map_mutable=_switch(given, "enableConfigMapMutable"),
        secret_mutable=_switch(given, "enableSecretMutable"),
        suppress_warnings=_switch(given, "suppressDeprecationWarnings"),
        delete_unreachable=_switch(given, "deleteUnreachable"),
        skip_unreachable=_switch(given, "skipUpdateUnreachable"),
        upsert=_switch(given, "upsertExistingObjects"),
        without_nodes=os.environ.get(WITHOUT_NODES) == "true",
        gone=frozenset(os.environ.get(GONE, "").split()),
    )


def _text(given: Data, key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""


def _switch(given: Data, key: str, default: bool = False) -> bool:
    value: Any = given.get(key)
    if value is None:
        value = os.environ.get(_ENVIRONMENT[key])
    return default if value is None else str(value).lower() == "true"
