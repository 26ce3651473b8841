"""What a preview finds out from the server, and what it says it could not.

A dry run goes through admission: Pod Security, quotas, escalation, webhooks. It needs the permission to
write, which an identity that only plans does not have. A preview that could not ask says so at the resource.
"""

from __future__ import annotations

from collections.abc import Callable

from prodfirst.providers.kubernetes.applying import Change, Conflict
from prodfirst.providers.kubernetes.client import Answer, ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import UnknownKind
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.instance import UNKNOWN_CLUSTER, Instance, NoCluster
from prodfirst.providers.kubernetes.objects import Data, name_of, namespace_of
from prodfirst.providers.properties import is_known

_SURE = frozenset({400, 422})
"""The object itself is wrong: no other change of the plan can make it right."""
_WEBHOOK = 'admission webhook "'
"""How the server begins to tell what a webhook refused; a webhook that names no code refuses with 400."""


def dry_run(
    instance: Instance, urn: str, change: Change, verb: str, act: Callable[[], Answer]
) -> Data | None:
    """What the server would make of it; None where it could not be asked, or would refuse for now.

    Raises ApiError where the object is wrong in itself, and Conflict.
    """
    if not is_known(change.inputs):
        _unchecked(instance, urn, "unknown", "it holds values that are known only after apply")
        return None
    name = name_of(change.inputs) if verb == "patch" else ""
    try:
        if not change.cluster.may(verb, change.kind, namespace_of(change.inputs), name):
            _unchecked(
                instance, urn, "forbidden", f"this identity may not `{verb}` it, not even in a dry run"
            )
            return None
        answer = act()
    except UnknownKind as error:
        _unchecked(instance, urn, str(error), str(error))
        return None
    except (Unreachable, NoCredentials) as error:
        _unchecked(instance, urn, "unreachable", str(error))
        return None
    except ApiError as error:
        return _refused(instance, urn, change, error)
    except Conflict as error:
        instance.log.warn(urn, f"the server would refuse this now: {error}")
        return None
    for warning in answer.warnings if not instance.settings.suppress_warnings else ():
        instance.log.warn(urn, f"the server warns: {warning}")
    return answer.data


def without_cluster(instance: Instance, urn: str, error: NoCluster) -> None:
    """Say that nothing was checked."""
    _unchecked(
        instance, urn, UNKNOWN_CLUSTER if str(error) == UNKNOWN_CLUSTER else "configuration", str(error)
    )


def _refused(instance: Instance, urn: str, change: Change, error: ApiError) -> Data | None:
    if error.code == 401:
        why = f"the API server {change.cluster.client.access.server} does not accept the credentials"
        _unchecked(instance, urn, "unauthorized", f"{why}: {error}")
    elif error.code in _SURE and not error.message.startswith(_WEBHOOK):
        raise error
    elif error.gone:
        _unchecked(instance, urn, str(error), f"what it needs is not there yet: {error}")
    elif error.reason == "AlreadyExists" and instance.is_replacing(urn):
        _unchecked(instance, urn, "replaced", "the object that it replaces is still there")
    else:
        instance.log.warn(urn, f"the server would refuse this now: {error}")
    return None


def _unchecked(instance: Instance, urn: str, topic: str, why: str) -> None:
    instance.warn_once(topic, urn, f"not checked by the server: {why}")
