"""What clusters said of the objects of a plan, for people: counted by reason, or each by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prodfirst.planning.checks import ObjectCheck, Verdict
from prodfirst.rendering.plain import paragraph, printable
from prodfirst.resources.graph import urn_name, urn_type

_REASONS = 3
"""Reasons beyond this are counted, unless they are refusals."""
_SEEN = (
    (Verdict.PASSED, "tried by the API server"),
    (Verdict.READ, "read, and not tried"),
)


def checks_text(checks: tuple[ObjectCheck, ...], width: int, *, verbose: bool) -> Iterator[str]:
    """Rows: a line of counts, a line for each reason why something was not checked, refusals in full."""
    if not checks:
        return
    seen = [f"{count} {words}" for verdict, words in _SEEN if (count := _count(checks, verdict))]
    missing = [item for item in checks if item.verdict in (Verdict.DEFERRED, Verdict.UNCHECKED)]
    left = [f"{len(missing)} not checked"] if missing else []
    objects = f"{len(checks)} object{'s' if len(checks) > 1 else ''} of a cluster"
    counts = f"{objects}: {', '.join([*seen, *left]) or 'none taken'}"
    if not verbose and (why := _only_reason(checks)):
        yield from _row(f"{counts}: {why}", width)
        return
    yield from _row(counts, width)
    for item in checks:
        if item.verdict is Verdict.REFUSED:
            yield from _row(f"would fail now: {_named(item)}: {item.why}", width, "  ")
    if verbose:
        for item in checks:
            if item.verdict is not Verdict.REFUSED:
                yield from _row(f"{_named(item)}: {_said(item)}", width, "  ")
        return
    yield from _reasons(checks, width)


def _only_reason(checks: tuple[ObjectCheck, ...]) -> str:
    """The one that holds for all; empty where there are more, or none, or a refusal."""
    reasons = {item.why for item in checks}
    refused = any(item.verdict is Verdict.REFUSED for item in checks)
    return reasons.pop() if len(reasons) == 1 and not refused else ""


def _reasons(checks: tuple[ObjectCheck, ...], width: int) -> Iterator[str]:
    counted: dict[str, list[ObjectCheck]] = {}
    for item in checks:
        if item.why and item.verdict is not Verdict.REFUSED:
            counted.setdefault(item.why, []).append(item)
    listed = sorted(counted.items(), key=lambda entry: -len(entry[1]))
    for why, items in listed[:_REASONS]:
        yield from _row(f"{_listed(items)}: {why}", width, "  ")
    if more := sum(len(items) for _, items in listed[_REASONS:]):
        yield from _row(f"… and {more} more; `--verbose` lists them", width, "  ")


def _listed(items: list[ObjectCheck]) -> str:
    """By name where it is one, else counted."""
    return _named(items[0]) if len(items) == 1 else f"{len(items)} objects"


def _said(item: ObjectCheck) -> str:
    return "; ".join(part for part in (item.checked, item.why) if part)


def _named(item: ObjectCheck) -> str:
    return f"{urn_type(item.urn).rpartition(':')[2]} {urn_name(item.urn)}"


def _count(checks: Iterable[ObjectCheck], verdict: Verdict) -> int:
    return sum(item.verdict is verdict for item in checks)


def _row(text: str, width: int, more: str = "") -> Iterator[str]:
    first = f"     {more}"
    return iter(paragraph(printable(text), width=width, first=first, rest=f"{first}  "))
