"""What `isolation` prints: one line an identity, every wrong decision, all of it on demand."""

from __future__ import annotations

import io

from prodfirst.access.attempts import Attempt
from prodfirst.rendering.console import PlainConsole
from prodfirst.rendering.isolation_text import isolation_text

_ATTEMPTS = (
    Attempt("shop/plan", "read the state of blog", allowed=False, expected=False, audit="a1"),
    Attempt("shop/plan", "list secrets in blog", allowed=True, expected=False, audit="a2"),
    Attempt("team:shop", "read its own", allowed=True, expected=True, audit="a3"),
)


def _printed(*, verbose: bool) -> str:
    out = io.StringIO()
    isolation_text(_ATTEMPTS, PlainConsole(out, 100), verbose=verbose)
    return out.getvalue()


def test_right_decisions_are_counted_and_wrong_ones_named() -> None:
    assert _printed(verbose=False).splitlines() == [
        "shop/plan  1 denied, 1 allowed",
        "  ALLOWED  list secrets in blog",
        "team:shop  0 denied, 1 allowed",
        "3 attempts, 1 decided otherwise than they must be",
        "`--verbose` lists each call with its audit id",
    ]


def test_all_calls_with_their_audit_ids_on_demand() -> None:
    said = _printed(verbose=True)
    assert "denied   read the state of blog  a1" in said
    assert "allowed  read its own  a3" in said
