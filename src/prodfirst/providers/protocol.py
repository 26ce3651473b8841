"""What every provider of ours says to the engine in the same way: serving, failing, logging."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import Struct
from google.rpc.status_pb2 import Status
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.engine_pb2_grpc import EngineStub
from pulumi.runtime.proto.provider_pb2_grpc import (
    ResourceProviderServicer,
    add_ResourceProviderServicer_to_server,
)

_THREADS = 32
_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes; the engine's own limit (sdk/go/common/util/rpcutil)."""
_LOG_SECONDS = 5.0

_T = TypeVar("_T")


def serve(servicer: ResourceProviderServicer) -> tuple[grpc.Server, int]:
    """Start a server on a free port of 127.0.0.1; returns it with its port."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_THREADS),
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.so_reuseport", 0)],
    )
    add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def run(servicer: ResourceProviderServicer) -> None:
    """Print the port, and serve until standard input ends (with the parent) or SIGTERM comes."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    server, port = serve(servicer)
    print(port, flush=True)

    def watch() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    ended.wait()
    server.stop(grace=None)


def urn_type(urn: str) -> str:
    """The type of a resource, without its parents'."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def urn_name(urn: str) -> str:
    """The name that the program gave."""
    return urn.split("::", 3)[-1]


def decoded(value: Any) -> Any:
    """Nested configuration reaches a provider as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def encoded(value: Any) -> str:
    """The inverse of `decoded`."""
    return json.dumps(value, sort_keys=True)


def abort(context: grpc.ServicerContext, message: str) -> NoReturn:
    """Fail the call; the engine shows the message at the resource."""
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")


def guarded(context: grpc.ServicerContext, act: Callable[[], _T], told: Callable[[Exception], str]) -> _T:
    """What `act` returns; what it raises fails the call, in the words of `told`."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - told to the engine, which tells the user
        abort(context, told(error))


def partial(
    context: grpc.ServicerContext, id: str, properties: Struct, inputs: Struct, reasons: list[str]
) -> NoReturn:
    """The resource exists, and is not as it should be: the engine records it and tries again next time."""
    failed = messages.ErrorResourceInitFailed(id=id, properties=properties, inputs=inputs, reasons=reasons)
    detail = AnyMessage()
    detail.Pack(failed)
    message = "; ".join(reasons)
    status = Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    abort(context, message)


class EngineLog:
    """Messages to the engine, which shows them at a resource or at the stack."""

    def __init__(self) -> None:
        self._stub: EngineStub | None = None

    def connect(self, address: str) -> None:
        """`address` comes with Handshake or Attach; the engine's is on loopback."""
        if address:
            channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
            self._stub = EngineStub(channel)

    def warn(self, urn: str, message: str) -> None:
        """Something that a user must know; it does not fail the run."""
        self._log(engine_pb2.WARNING, urn, message)

    def tell(self, urn: str, message: str) -> None:
        """Something that a user may want to know."""
        self._log(engine_pb2.INFO, urn, message)

    def _log(self, severity: Any, urn: str, message: str) -> None:
        if self._stub is not None:
            request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message)
            try:
                self._stub.Log(request, timeout=_LOG_SECONDS)
                return
            except grpc.RpcError as error:
                # the engine may be gone: a message must not undo what was done
                print(f"the engine does not listen: {error}", file=sys.stderr, flush=True)
        print(message, file=sys.stderr, flush=True)
