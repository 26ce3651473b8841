"""The local AWS API's own decision on a call: noted beside ours, and no longer the one that counts.

ministack decides IAM where it can; the gateway has decided before it calls (`authorization/`). So its
`enforce` and its look at trust policies are wrapped: what they say is noted, and for an action that the
gateway allowed the answer is yes. Its no stands for every other action, and a failure to authenticate stays
one; a request that it would answer as another service than the gateway decided about is not answered.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the API says of one action on one resource."""

    action: str
    resource: str
    allowed: bool


class Misrouted(Exception):
    """The API would answer the request as another service's."""


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What the gateway allowed, and what the API says of it."""

    service: str
    actions: frozenset[str]
    """In lower case."""
    notes: list[Opinion] = field(default_factory=list)


_heard: contextvars.ContextVar[_Allowed | None] = contextvars.ContextVar("_heard", default=None)
_original: dict[str, Any] = {}


def install() -> None:
    """Wrap the API's own decisions; once, before its first call."""
    from ministack import app
    from ministack.core import iam_evaluator

    _original["route"] = app.detect_service
    app.detect_service = _route
    _original["enforce"] = iam_evaluator.enforce
    _original["trust"] = iam_evaluator.evaluate_trust_policy
    iam_evaluator.enforce = _enforce
    iam_evaluator.evaluate_trust_policy = _trust


@contextmanager
def heard(service: str, actions: Iterable[str]) -> Iterator[list[Opinion]]:
    """Within it the API's own decisions on `actions` of `service` are noted and overruled.

    Raises Misrouted within where the API takes the request for another service's.
    """
    allowed = _Allowed(service, frozenset(action.lower() for action in actions))
    token = _heard.set(allowed)
    try:
        yield allowed.notes
    finally:
        _heard.reset(token)


def asked(
    key: str, account: str, region: str, action: str, resource: str, keys: Mapping[str, tuple[str, ...]]
) -> Opinion:
    """What the API would say of one action on one resource, with the same context; nothing is called."""
    context = {name: values[0] if len(values) == 1 else list(values) for name, values in keys.items()}

    def ask() -> Any:
        from ministack.core.responses import request_scope

        with request_scope(account, region):
            return _original["enforce"](
                key, action, action.partition(":")[0], region, resource, service_context=context
            )

    # a context of its own: nothing of an earlier request on this connection counts
    return Opinion(action, resource, contextvars.Context().run(ask) is None)


def _enforce(
    key: str,
    action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    from ministack.core.iam_evaluator import AuthError

    result = _original["enforce"](key, action, service, region, resource_arn, service_context)
    allowed = _heard.get()
    if allowed is None or isinstance(result, AuthError):
        return result
    allowed.notes.append(Opinion(action, resource_arn, result is None))
    return None if action.lower() in allowed.actions else result


def _trust(document: Any, caller: str, context: Any = None) -> bool:
    allowed: bool = _original["trust"](document, caller, context)
    heard = _heard.get()
    if heard is None or context is None:
        return allowed
    heard.notes.append(Opinion(context.action, context.resource_arn, allowed))
    return allowed or context.action.lower() in heard.actions


def _route(method: str, path: str, headers: dict[str, str], query: dict[str, Any]) -> str:
    service: str = _original["route"](method, path, headers, query)
    allowed = _heard.get()
    if allowed is not None and service != allowed.service:
        raise Misrouted(f"the request is for `{allowed.service}`, and would be answered as `{service}`")
    return service
