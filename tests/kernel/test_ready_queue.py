"""The ready queue: order, parallel work, errors and Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodfirst.kernel.ready import run_ready, workers


@st.composite
def _graphs(draw: st.DrawFn) -> dict[int, frozenset[int]]:
    size = draw(st.integers(0, 7))
    return {
        node: frozenset(draw(st.sets(st.integers(0, node - 1), max_size=3))) if node else frozenset()
        for node in range(size)
    }


@given(_graphs(), st.integers(1, 4))
def test_every_node_is_done_once_after_all_that_it_waits_for(
    graph: dict[int, frozenset[int]], count: int
) -> None:
    seen: list[int] = []

    def work(node: int, done: Mapping[int, int]) -> int:
        assert graph[node] <= done.keys()
        seen.append(node)
        return node

    assert run_ready(graph, work, workers=count) == {node: node for node in graph}
    assert sorted(seen) == sorted(graph)


def test_nodes_that_wait_for_nothing_run_at_once() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def work(node: str, _done: Mapping[str, int]) -> int:
        return meeting.wait()

    assert set(run_ready({"a": frozenset(), "b": frozenset()}, work, workers=2).values()) == {0, 1}


def test_what_is_outside_of_the_graph_counts_as_done() -> None:
    assert run_ready({"b": frozenset({"a"})}, lambda node, done: node, workers=1) == {"b": "b"}


def test_after_an_error_nothing_new_begins_and_what_runs_goes_on_to_its_end() -> None:
    begun = threading.Event()
    ended = []

    def work(node: str, _done: Mapping[str, None]) -> None:
        if node == "slow":
            begun.set()
            threading.Event().wait(0.2)
        elif node == "bad":
            begun.wait(10)
            raise LookupError("bad")
        ended.append(node)

    graph = {"slow": frozenset[str](), "bad": frozenset[str](), "next": frozenset({"slow"})}
    with pytest.raises(LookupError, match="bad"):
        run_ready(graph, work, workers=2)
    assert ended == ["slow"]


def test_ctrl_c_is_passed_on_and_the_work_decides_how_it_ends() -> None:
    stop = threading.Event()

    def work(node: str, _done: Mapping[str, str]) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "stopped" if stop.wait(10) else "never heard of it"

    assert run_ready({"a": frozenset()}, work, workers=1, interrupted=stop.set) == {"a": "stopped"}


def test_at_least_one_run_whatever_the_machine_says() -> None:
    assert workers() >= 1
    assert workers(0) == 1
    assert workers(5) == 5
