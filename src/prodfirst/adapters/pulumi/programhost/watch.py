"""Reports what the program registers: who asks, from which line, depending on what.

The engine's stubs keep their class (the SDK asks for it); single methods of the two instances are replaced.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import settings
from pulumi.runtime.proto import engine_pb2, source_pb2

from .channel import Channel
from .source import is_the_teams
from .unknowns import stand_in

_ROOT_TYPE = "pulumi:pulumi:Stack"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the SDK's marker
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_SHORTEST_SECRET = 4
"""Shorter ones are not masked in text: every `1` of an output would become asterisks."""
_SDK_FOLDER = os.path.dirname(os.path.abspath(pulumi.__file__)) + os.sep


def install(channel: Channel, root: str) -> None:
    """Watch the monitor that the SDK is configured with; `root` is the repository's folder."""
    monitor = settings.get_monitor()
    if monitor is None:
        raise RuntimeError("the SDK has no engine to talk to")
    # read here: the SDK keeps them in context variables, which the threads that register do not have
    deployment = f"{settings.get_stack()}::{settings.get_project()}"
    for name, kind in [("RegisterResource", "resource"), ("ReadResource", "read")]:
        setattr(monitor, name, _watched(getattr(monitor, name), kind, channel, deployment))
    for name in ("Invoke", "Call"):
        setattr(monitor, name, _announced(getattr(monitor, name), channel))
    _silence_debug(settings.get_engine())
    sdk_resource._get_stack_trace = lambda: _trace(root)


def keep_secret(channel: Channel, values: Iterable[str]) -> None:
    """Tell the parent what to mask in whatever the program prints."""
    for value in values:
        if len(value) >= _SHORTEST_SECRET:
            channel.send("secret", value=value)


def _watched(call: Callable[..., Any], kind: str, channel: Channel, deployment: str) -> Callable[..., Any]:
    def watched(request: Any, *rest: Any, **named: Any) -> Any:
        sent = request.object if kind == "resource" else request.properties
        keep_secret(channel, _secrets(sent))
        # before the call: where a step fails, the engine may end without an answer
        expected, registration = _urn(request, deployment), _registration(request)
        channel.send(kind, urn=expected, **registration)
        if kind == "resource" and settings.is_dry_run():
            stand_in(request)
        response = call(request, *rest, **named)
        keep_secret(channel, _secrets(response.object if kind == "resource" else response.properties))
        if response.urn not in ("", expected):
            channel.send(kind, urn=response.urn, instead_of=expected, **registration)
        return response

    return watched


def _urn(request: Any, deployment: str) -> str:
    """As the engine makes it; `deployment` is `STACK::PROJECT`."""
    kinds = [request.type]
    if request.parent:
        kind_of_parent = request.parent.split("::")[2]
        kinds = [request.type] if kind_of_parent == _ROOT_TYPE else [kind_of_parent, request.type]
    return f"urn:pulumi:{deployment}::{'$'.join(kinds)}::{request.name}"


def _registration(request: Any) -> dict[str, Any]:
    properties = getattr(request, "propertyDependencies", {})
    return {
        "custom": getattr(request, "custom", True),
        "remote": getattr(request, "remote", False),
        "parent": request.parent,
        "dependencies": sorted(request.dependencies),
        "property_dependencies": {key: sorted(value.urns) for key, value in sorted(properties.items())},
        "source": [[_path(frame.pc.uri), frame.pc.line] for frame in request.stackTrace.frames],
        "in_apply": (request.type, request.name) in _MADE_IN_APPLY,
    }


def _path(uri: str) -> str:
    return _PATHS.get(uri, uri)


def _announced(call: Callable[..., Any], channel: Channel) -> Callable[..., Any]:
    def announced(request: Any, *rest: Any, **named: Any) -> Any:
        channel.send("invoke", token=request.tok)
        response = call(request, *rest, **named)
        answer = getattr(response, "return")  # a keyword of Python
        hidden = tuple(_secrets(answer))
        keep_secret(channel, hidden)
        if not response.failures:
            given = {"arguments": MessageToDict(request.args), "secret": bool(hidden)}
            told = None if hidden else MessageToDict(answer)
            channel.send("answer", token=request.tok, answer=told, **given)
        return response

    return announced


def _silence_debug(engine: Any) -> None:
    """Debug lines carry inputs in clear, and cost a round trip each; nobody reads them."""
    if engine is None:
        return
    send = engine.Log

    def log(request: Any, *rest: Any, **named: Any) -> Any:
        return None if request.severity == engine_pb2.DEBUG else send(request, *rest, **named)

    engine.Log = log
    pulumi.log.debug = lambda *_, **__: None


def _secrets(struct: Any) -> Iterable[str]:
    """The secret strings in a serialized property bag; cheap where there are none."""
    for value in struct.fields.values():
        yield from _secrets_in(value, inside=False)


def _secrets_in(value: Any, inside: bool) -> Iterable[str]:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        inside = inside or _marks_secret(fields)
        for key, item in fields.items():
            if key != _SIGNATURE:
                yield from _secrets_in(item, inside)
    elif kind == "list_value":
        for item in value.list_value.values:
            yield from _secrets_in(item, inside)
    elif kind == "string_value" and inside:
        yield value.string_value


def _marks_secret(fields: Any) -> bool:
    if _SIGNATURE not in fields:
        return False
    signature = fields[_SIGNATURE].string_value
    return bool(signature == _SECRET or (signature == _OUTPUT and fields["secret"].bool_value))


_APPLY_FILE = os.path.join(_SDK_FOLDER, "output.py")
_MADE_IN_APPLY: set[tuple[str, str]] = set()
"""Type and name of the resources made by a callback of `apply`: a preview with unknown values lacks them."""
_PATHS: dict[str, str] = {}
"""File of each URI."""
_URIS: dict[str, str] = {}
"""URI of each file of the team's; empty for libraries, which may lie inside the repository too."""


def _trace(root: str) -> Any:
    """The stack from the line that makes the resource outwards, inside the repository.

    The SDK's own walk reads every source file on the stack, and records the machine's paths in the state.
    """
    frame: FrameType | None = sys._getframe(2)
    known = frame.f_locals if frame else {}
    resource = known.get("res")
    while frame is not None and _belongs_to(frame, resource):
        frame = frame.f_back
    frames = []
    while frame is not None:
        file = frame.f_code.co_filename
        if file == _APPLY_FILE and frame.f_code.co_name == "run":
            _MADE_IN_APPLY.add((known.get("ty", ""), known.get("name", "")))
        if uri := _team_uri(file, root):
            frames.append(source_pb2.StackFrame(pc=source_pb2.SourcePosition(uri=uri, line=frame.f_lineno)))
        frame = frame.f_back
    return source_pb2.StackTrace(frames=frames)


def _belongs_to(frame: FrameType, resource: Any) -> bool:
    """Whether the frame is the SDK's, or the constructor of the very resource that is being made."""
    code = frame.f_code
    if code.co_filename.startswith(_SDK_FOLDER):
        return True
    return code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is resource


def _team_uri(file: str, root: str) -> str:
    if file not in _URIS:
        _URIS[file] = Path(file).as_uri() if is_the_teams(file, root) else ""
        _PATHS[_URIS[file]] = file
    return _URIS[file]
