"""Which cluster a provider of the package `kubernetes` speaks to, by the inputs that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prodfirst.adapters.pulumi.programhost.unknowns import LATER
from prodfirst.providers.kubernetes.kubeconfig import Access, InvalidKubeconfig, access_of
from prodfirst.resources.values import SECRET, UNKNOWN, Value

_AFTER_APPLY = "its cluster is known only after apply"
_HIDDEN = "the `kubeconfig` of its provider is secret, and a plan holds no secret"
_NOT_GIVEN = "its provider is given no `kubeconfig`: which cluster it is depends on who runs it"


@dataclass(frozen=True, slots=True)
class Destination:
    """One provider instance."""

    kubeconfig: str
    """Contents or path; never empty, which would mean the files of whoever runs this."""
    context: str
    cluster: str
    """Chosen over the context's."""
    namespace: str

    def access(self, environment: Mapping[str, str]) -> Access:
        """As the provider reads it in a run with this environment. Raises InvalidKubeconfig.

        `~` is the run's home: in a rehearsal an empty one, and not that of whoever runs this.
        """
        kubeconfig = self.kubeconfig
        if kubeconfig == "~" or kubeconfig.startswith("~/"):
            if not (home := environment.get("HOME")):
                raise InvalidKubeconfig(
                    f"the kubeconfig `{kubeconfig}` is in a home that the run does not have"
                )
            kubeconfig = str(Path(home, kubeconfig[2:]))
        return access_of(kubeconfig, self.context, self.cluster)


def destination_of(provider: Mapping[str, Value]) -> Destination | str:
    """By a provider's inputs; or why it is not known, in words."""
    kubeconfig = provider.get("kubeconfig")
    if kubeconfig is UNKNOWN or kubeconfig == LATER:
        return _AFTER_APPLY
    if kubeconfig is SECRET:
        return _HIDDEN
    if not isinstance(kubeconfig, str) or not kubeconfig.strip():
        return _NOT_GIVEN
    context, cluster, namespace = (_text(provider, key) for key in ("context", "cluster", "namespace"))
    return Destination(kubeconfig, context, cluster, namespace)


def known_access(provider: Mapping[str, Value], environment: Mapping[str, str]) -> Access | None:
    """None where the inputs do not say which cluster it is."""
    where = destination_of(provider)
    if isinstance(where, str):
        return None
    try:
        return where.access(environment)
    except InvalidKubeconfig:
        return None


def _text(inputs: Mapping[str, Value], key: str) -> str:
    value = inputs.get(key)
    return value if isinstance(value, str) else ""
