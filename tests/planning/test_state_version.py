"""When two checkpoints are the same state."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prodfirst.planning.state import EMPTY, state_version

_resources = st.lists(
    st.fixed_dictionaries(
        {"urn": st.sampled_from("abcd"), "delete": st.booleans(), "outputs": st.integers()}
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda item: (item["urn"], item["delete"]),
)


def _export(resources: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {"time": "t1"}, "resources": resources, **other}}


@given(_resources, st.randoms())
def test_time_and_order_do_not_count(resources: list[dict[str, Any]], random: Any) -> None:
    other = [dict(item, modified="later") for item in resources]
    random.shuffle(other)
    stored = {"version": 3, "checkpoint": {"latest": {"manifest": {"time": "t2"}, "resources": other}}}
    assert state_version(_export(resources)) == state_version(stored)


def test_the_order_of_dependencies_does_not_count() -> None:
    def version(*urns: str) -> str:
        both = {"dependencies": list(urns), "propertyDependencies": {"x": list(urns)}}
        return state_version(_export([{"urn": "a", **both}]))

    assert version("b", "c") == version("c", "b")
    assert version("b", "c") != version("b")


@given(_resources)
def test_everything_else_counts(resources: list[dict[str, Any]]) -> None:
    changed = [dict(resources[0], outputs=resources[0]["outputs"] + 1), *resources[1:]]
    version = state_version(_export(resources))
    assert version != state_version(_export(changed))
    assert version != state_version(_export(resources[1:]))
    assert version != state_version(_export(resources, pending_operations=[{"type": "creating"}]))


def test_no_state_is_empty_state() -> None:
    assert state_version({}) == state_version(_export([])) == EMPTY
