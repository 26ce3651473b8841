"""The language protocol, served to the engine on loopback.

The program itself runs on the main thread, as it does under plain `pulumi`.
"""

from __future__ import annotations

import os
import queue
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import grpc

from . import program
from .channel import Channel
from .source import libraries

_FROM_THE_START = frozenset(sys.modules)
"""What was imported before any program ran; all else that a fork begins with was learned from programs."""
_SERVICE = "pulumirpc.LanguageRuntime"
_EMPTY_MESSAGE = b""
_FLUSH_SECONDS = 5.0

Call = tuple[bytes, "Future[bytes]"]


def main(arguments: Sequence[str]) -> None:
    """Serve the language protocol for one run; `arguments`: descriptor, FIFO, root folder, mode."""
    descriptor, fifo, root, mode = arguments
    learned = set(sys.modules) - _FROM_THE_START
    channel = Channel(int(descriptor), fifo)
    calls: queue.Queue[Call] = queue.Queue()
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, _handlers(calls)),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel.send("port", port=port)
    try:
        _answer_one(calls, channel, root, mode, learned)
    except BaseException:  # noqa: BLE001 - a server thread would keep a broken host alive
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    server.stop(_FLUSH_SECONDS).wait()
    sys.exit(0)


def _handlers(calls: queue.Queue[Call]) -> dict[str, Any]:
    """Raw bytes in and out: every answer but the one to `Run` is an empty message."""

    def run(request: bytes, context: Any) -> bytes:
        answer: Future[bytes] = Future()
        calls.put((request, answer))
        return answer.result()

    def nothing(request: bytes, context: Any) -> bytes:
        return _EMPTY_MESSAGE

    silent = ("GetRequiredPackages", "GetRequiredPlugins", "GetPluginInfo", "About", "Cancel")
    return {
        name: grpc.unary_unary_rpc_method_handler(function)
        for name, function in [("Run", run), *((name, nothing) for name in silent)]
    }


def _answer_one(calls: queue.Queue[Call], channel: Channel, root: str, mode: str, learned: set[str]) -> None:
    """Run the program once, when the engine asks for it."""
    request, answer = calls.get()
    known = set(sys.modules)
    verdict = channel.ask("approve")
    if not verdict["go"]:
        answer.set_result(program.refusal(str(verdict["why"])))
    elif mode == "run":
        answer.set_result(program.run(request, channel, root, verdict["contracts"], learned))
    else:
        answer.set_result(_EMPTY_MESSAGE)
    channel.send("done", modules=sorted(libraries(set(sys.modules) - known, root)))
