"""The ready queue: work on the nodes of a graph, each as soon as all that it waits for is done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeVar

K = TypeVar("K")
R = TypeVar("R")

_BYTES_PER_RUN = 600 * 1024 * 1024
"""What one engine run takes with its program and providers (measured: 350 to 550 MB)."""


def run_ready(
    waits_for: Mapping[K, frozenset[K]],
    work: Callable[[K, Mapping[K, R]], R],
    *,
    workers: int,
    interrupted: Callable[[], None] = lambda: None,
) -> dict[K, R]:
    """Call `work(node, results so far)` for every node, in the given order, at most `workers` at a time.

    Nodes outside of the mapping count as done. Where a call raises, no other is begun, those that run go on
    to their end, and the first error is raised. Ctrl-C calls `interrupted`, and goes on waiting: what runs
    decides how it stops.
    """
    sorter: TopologicalSorter[K] = TopologicalSorter(
        {node: [other for other in before if other in waits_for] for node, before in waits_for.items()}
    )
    sorter.prepare()
    place = {node: index for index, node in enumerate(waits_for)}
    results: dict[K, R] = {}
    running: dict[Future[R], K] = {}
    waiting: list[K] = []
    error: BaseException | None = None
    with _interrupts(interrupted), ThreadPoolExecutor(max_workers=workers) as pool:
        while sorter.is_active() and (error is None or running):
            waiting = sorted([*waiting, *sorter.get_ready()], key=place.__getitem__)
            while waiting and len(running) < workers and error is None:
                node = waiting.pop(0)
                running[pool.submit(work, node, dict(results))] = node
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                node = running.pop(future)
                if (failure := future.exception()) is not None:
                    error = error or failure
                else:
                    results[node] = future.result()
                    sorter.done(node)
    if error is not None:
        raise error
    return results


def workers(wanted: int | None = None) -> int:
    """How many engine runs this machine takes at once: by cores and by free memory."""
    if wanted is not None:
        return max(1, wanted)
    return max(1, min(os.cpu_count() or 1, _free_bytes() // _BYTES_PER_RUN))


@contextmanager
def _interrupts(interrupted: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C as a call instead of an exception, which could come between any two lines of the loop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: interrupted())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _free_bytes() -> int:
    """Memory that can be had without swapping; where the kernel does not tell, enough for two runs."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except FileNotFoundError:
        pass
    return 2 * _BYTES_PER_RUN
