"""A prepared interpreter: it has imported what is slow, and runs Python command lines in forks of itself.

Started by path (`python forking.py DESCRIPTOR PREPARATION`) with any interpreter, so it imports the standard
library alone and keeps to Python 3.10's syntax. The parent's side is `prepared.py`. Requests and answers are
lines of JSON; descriptors come along with a request (unix(7), SCM_RIGHTS).

Of the standard library, `multiprocessing.forkserver` does the same for functions of one and the same program;
a program host has another interpreter, and is told by its command line alone.

A fork is safe as long as there is one thread: nothing that is prepared may start another.
"""

import contextlib
import ctypes
import fcntl
import gc
import importlib
import importlib.util
import json
import os
import runpy
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

_STEP = 65536
_DESCRIPTORS = 16
_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): orphans among the descendants become our children."""
_ROUNDS = 100
"""As often orphans are looked for; each may have left some behind."""


class Child(Exception):
    """Raised in the fork, and caught where the stack is empty: nothing of the parent's is left below."""

    def __init__(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        super().__init__("a fork")
        self.request = request
        self.descriptors = descriptors


def serve(line: socket.socket) -> None:
    """Answer requests until the parent is gone. Raises Child in each fork."""
    forked: set[int] = set()
    while received := _request(line):
        request, descriptors = received
        answer: int | None
        if request["do"] == "start":
            answer = _fork(line, request, descriptors)
            forked.add(answer)
        else:
            answer = _code(request["pid"], os.WNOHANG if request["do"] == "poll" else 0)
            if answer is not None:
                forked.discard(request["pid"])
                _end_orphans(forked)
        line.sendall(json.dumps(answer).encode() + b"\n")


def _request(line: socket.socket) -> "tuple[Mapping[str, Any], list[int]] | None":
    """One line of JSON, and the descriptors that came with it; None when the parent is gone."""
    text, descriptors = b"", []
    while not text.endswith(b"\n"):
        part, came, _, _ = socket.recv_fds(line, _STEP, _DESCRIPTORS)
        if not part:
            return None
        text += part
        descriptors += came
    return json.loads(text), descriptors


def prepare(modules: Sequence[str]) -> None:
    """Import; what cannot be imported is left to the fork that needs it.

    A package is used before its modules: one that loads itself at its first use (`importlib.util.LazyLoader`,
    and the SDKs of Pulumi's packages) would lack what its first module brings along.
    """
    for name in modules:
        parts = name.split(".")
        try:
            for end in range(1, len(parts)):
                getattr(importlib.import_module(".".join(parts[:end])), "__all__", None)
            # not used itself: an SDK leaves hundreds of modules unloaded, which nobody may ever need
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - who needs it meets the same error, and tells it
            print(f"{name}: {error!r}", file=sys.stderr, flush=True)


def package(name: str, folder: str) -> None:
    """Import a folder as the package `name`, without its parent on the module path."""
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(folder)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


def _fork(line: socket.socket, request: Mapping[str, Any], descriptors: Sequence[int]) -> int:
    prepare(request["modules"])
    gc.freeze()  # otherwise each fork's first collection copies all that was imported
    pid = os.fork()
    if pid == 0:
        line.close()
        raise Child(request, descriptors)
    # here and in the fork: whoever comes second finds it done
    _lead_a_group(pid)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _lead_a_group(pid: int) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        os.setpgid(pid, pid)


def _code(pid: int, options: int) -> "int | None":
    """The exit code as `subprocess` has it; None while it runs."""
    found, status = os.waitpid(pid, options)
    return os.waitstatus_to_exitcode(status) if found else None


def _end_orphans(forked: "set[int]") -> None:
    """End what a fork that is gone has left behind, whatever group or session it went to (Linux)."""
    spared = set(forked)
    for _ in range(_ROUNDS):
        orphans = [pid for pid in _children() if pid not in spared]
        if not orphans:
            return
        for pid in orphans:
            try:
                os.kill(pid, signal.SIGKILL)
            except PermissionError:  # another user's, such as one that `sudo` started
                spared.add(pid)
            else:
                os.waitpid(pid, 0)


def _children() -> "list[int]":
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:
        return []


def _adopt() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _become(request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Give this fork what an `exec` would have given it; `descriptors` get the numbers that are wished."""
    _lead_a_group(os.getpid())
    _adopt()
    above = max([*request["numbers"], *descriptors]) + 1
    moved = [_moved(descriptor, above) for descriptor in descriptors]
    for descriptor, wished in zip(moved, request["numbers"], strict=True):
        os.dup2(descriptor, wished)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    tempfile.tempdir = None  # it is read from the environment once


def _moved(descriptor: int, above: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, above)
    os.close(descriptor)
    return moved


def run(arguments: Sequence[str]) -> None:
    """As `python ARGUMENTS` does: `-m MODULE ...` or a path."""
    if arguments[0] == "-m":
        sys.argv = list(arguments[1:])
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(arguments)
        runpy.run_path(arguments[0], run_name="__main__")


def main() -> None:
    """Serve the parent; in a fork, run what it was made for."""
    sys.path.pop(0)  # this folder: its modules are no top-level ones
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    _adopt()
    preparation = json.loads(sys.argv[2])
    for name, folder in preparation["packages"].items():
        package(name, folder)
    prepare(preparation["modules"])
    try:
        serve(line)
        return
    except Child as child:
        request, descriptors = child.request, child.descriptors
    _become(request, descriptors)
    run(request["arguments"])


if __name__ == "__main__":
    main()
