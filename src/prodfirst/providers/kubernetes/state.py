"""The checkpoint of an object, in the original's shape, and what a preview may know of it.

The live object, with `__inputs`, `__initialApiVersion` and `__fieldManager` beside its fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

from prodfirst.providers import properties
from prodfirst.providers.kubernetes.losing import Doubt
from prodfirst.providers.kubernetes.objects import Data, from_api, metadata
from prodfirst.providers.properties import UNKNOWN, Secrets

INPUTS = "__inputs"
INITIAL = "__initialApiVersion"
MANAGER = "__fieldManager"
SENT = "__createSent"
"""When a creation was asked for that got no answer, by the server's clock; the original has no such key."""
_INTERNAL = frozenset({INPUTS, INITIAL, MANAGER, SENT})
_THROWAWAY_METADATA = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_SERVICE_OWN = ("clusterIP", "clusterIPs", "healthCheckNodePort")
_SECRET_FIELDS = ("data", "stringData")


def checkpoint(inputs: Data, live: Data, initial: str, manager: str) -> Data:
    """What is recorded."""
    return {**from_api(live), INPUTS: inputs, INITIAL: initial, MANAGER: manager}


def live_of(state: Data) -> Data:
    """The live object of a checkpoint."""
    return {key: value for key, value in state.items() if key not in _INTERNAL}


def was_seen(state: Mapping[str, Any]) -> bool:
    """Whether a checkpoint has a live object, and not what was asked for: an object is born with a uid."""
    given = state.get("metadata")
    return isinstance(given, Mapping) and bool(given.get("uid"))


def uncertain(inputs: Data, initial: str, manager: str, sent: str) -> Data:
    """What is recorded of an object of which nobody knows whether it was made."""
    return {**checkpoint(inputs, inputs, initial, manager), SENT: sent}


def doubt_of(state: Mapping[str, Any], upsert: bool) -> Doubt | None:
    """Its creation, where that got no answer: nobody has seen the object, which is born with a uid."""
    if INPUTS not in state or was_seen(state):
        return None
    return Doubt(str(state.get(SENT) or ""), str(state.get(MANAGER) or ""), upsert)


def written(data: Data, hidden: Secrets) -> Struct:
    """For the engine, with all secrets marked: those of the program, and every Secret's content."""
    marked = _marked(data)
    if isinstance(marked.get(INPUTS), dict):
        marked[INPUTS] = _marked(marked[INPUTS])
    return properties.write_secret(marked, hidden)


def planned_creation(inputs: Data, answer: Data | None) -> Data:
    """What a preview knows of a new object; `answer` is what a dry run said.

    What the server makes up anew each time is unknown: it must not reach other stacks as known.
    """
    found = dict(from_api(answer)) if answer else dict(inputs)
    uid = metadata(answer or {}).get("uid")
    if isinstance(uid, str) and uid:
        found = _without(found, uid)
    given = found.get("metadata")
    if isinstance(given, dict):
        found["metadata"] = {**given, **dict.fromkeys(_THROWAWAY_METADATA, UNKNOWN)}
    found["status"] = UNKNOWN
    if found.get("kind") == "Service" and isinstance(found.get("spec"), dict):
        found["spec"] = _planned_service(found["spec"], inputs.get("spec"))
    return found


def planned_update(state: Data, old: Data, new: Data, answer: Data | None) -> Data:
    """What a preview knows of an object that changes; `answer` is what a dry run said."""
    live = live_of(state)
    found = dict(from_api(answer)) if answer else _merged(live, old, new)
    given = found.get("metadata")
    if isinstance(given, dict):
        unsure = dict.fromkeys(("resourceVersion", "generation", "managedFields"), UNKNOWN)
        found["metadata"] = {**given, **unsure}
    return found


def _planned_service(spec: Data, given: Any) -> Data:
    """Addresses and ports that the server allocates."""
    own = given if isinstance(given, dict) else {}
    found = {**spec, **{key: UNKNOWN for key in _SERVICE_OWN if key not in own}}
    ports, wanted = spec.get("ports"), own.get("ports")
    if isinstance(ports, list) and own.get("type") in ("NodePort", "LoadBalancer"):
        asked = wanted if isinstance(wanted, list) else []
        found["ports"] = [_planned_port(port, asked[i : i + 1]) for i, port in enumerate(ports)]
    return found


def _planned_port(port: Any, given: list[Any]) -> Any:
    kept = not isinstance(port, dict) or any(isinstance(item, dict) and "nodePort" in item for item in given)
    return port if kept else {**port, "nodePort": UNKNOWN}


def _without(value: Any, uid: str) -> Any:
    """A throwaway identity may stand in labels and selectors too, as a Job's does."""
    if isinstance(value, dict):
        return {key: _without(item, uid) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, uid) for item in value]
    return UNKNOWN if isinstance(value, str) and uid in value else value


def _merged(live: Any, old: Any, new: Any) -> Any:
    """The live value with what the program changes; what it no longer sets is gone."""
    if not isinstance(live, dict) or not isinstance(new, dict):
        return new
    before = old if isinstance(old, dict) else {}
    kept = {key: value for key, value in live.items() if key in new or key not in before}
    return {**kept, **{key: _merged(live.get(key), before.get(key), value) for key, value in new.items()}}


def _marked(data: Data) -> Data:
    if data.get("kind") != "Secret":
        return dict(data)
    return {
        key: properties.secret(value) if key in _SECRET_FIELDS and value is not None else value
        for key, value in data.items()
    }
