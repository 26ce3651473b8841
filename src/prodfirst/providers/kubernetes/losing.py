"""Creations whose answer is lost: which may have been done, and whether what is there comes from one.

Every stack creates under the same field manager, the original's, so the manager alone is no proof: an object
of another stack may hold the name. What is older than the request cannot come from it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from prodfirst.providers.kubernetes.client import ApiError, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster
from prodfirst.providers.kubernetes.objects import Data, Kind, metadata, name_of, namespace_of
from prodfirst.providers.kubernetes.ownership import CREATOR, owners

_FINDING_SECONDS = 20.0
"""How long a server that lost an answer is asked what became of the request; one of several servers behind an
address takes over within that time."""
_LOOK_SECONDS = 5.0
_COMING_SECONDS = 65.0
"""How long a request may still be carried out: the server's own limit is 60 s (`--request-timeout`)."""
_PAUSES = (0.2, 2.0)


class Lost(Exception):
    """A creation was asked for, and nobody knows whether it was done; the text says why."""

    def __init__(self, why: str, sent: str) -> None:
        super().__init__(f"whether it was made is not known: {why}. Next: run it again, which finds out")
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Doubt:
    """A creation that may have been done."""

    sent: str
    """When it was asked for, by the server's clock, in the API's format; empty where not on record."""
    manager: str
    """The field manager on record, which has the fields once an update took them over."""
    upsert: bool = False
    """Whether it was a server-side apply, which finds an object that is older."""


def stamp(moment: datetime) -> str:
    """A moment of UTC as the API writes it (RFC 3339, whole seconds): such texts sort as their moments do."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def may_be_done(error: ApiError | Unreachable) -> bool:
    """Whether the write may have come to pass, or may yet.

    A status of 500 and more is no refusal: it is the server's own time limit, its store's, or a balancer's.
    """
    return error.code >= 500 if isinstance(error, ApiError) else error.sent


def is_from(live: Data, doubt: Doubt) -> bool:
    """Whether an object comes from the creation in doubt."""
    applied = any(
        owner.manager == doubt.manager and owner.operation == "Apply" and _since(owner.time, doubt)
        for owner in owners(live)
    )
    if doubt.upsert:
        return applied
    made = any(owner.manager == CREATOR and owner.operation == "Update" for owner in owners(live))
    return (made or applied) and _since(metadata(live).get("creationTimestamp"), doubt)


def _since(moment: object, doubt: Doubt) -> bool:
    return bool(doubt.sent) and isinstance(moment, str) and moment >= doubt.sent


def check_over(what: str, doubt: Doubt, now: datetime) -> None:
    """Raises Lost where what is not there may still come; `now` is the server's time."""
    if doubt.sent and stamp(now - timedelta(seconds=_COMING_SECONDS)) < doubt.sent:
        limit = f"{_COMING_SECONDS:g} s"
        raise Lost(f"{what} was asked for at {doubt.sent}, and may come within {limit}", doubt.sent)


def after(cluster: Cluster, kind: Kind, thing: Data, sent: str, error: ApiError | Unreachable) -> Data | None:
    """What is there, as soon as the server says so. Raises Lost where it does not."""
    end = time.monotonic() + _FINDING_SECONDS
    pause, longest = _PAUSES
    while True:
        try:
            return cluster.find(kind, namespace_of(thing), name_of(thing), insisting=_LOOK_SECONDS)
        except (Unreachable, ApiError) as last:
            refused = isinstance(last, ApiError) and last.code < 500
            if refused or time.monotonic() + pause > end:
                raise Lost(f"{error}; after that, {last}", sent) from last
        time.sleep(pause)
        pause = min(pause * 2, longest)
