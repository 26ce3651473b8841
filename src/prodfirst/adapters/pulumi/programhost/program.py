"""Runs the program as `pulumi-language-python-exec` does, and turns its end into the answer to `Run`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
import pulumi
from pulumi.runtime import reset_options, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2

from . import source, watch
from .channel import Channel

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
_SDK_FOLDER = os.path.dirname(os.path.abspath(pulumi.__file__))
_ENGINE_IS_GONE = "Resource monitor has terminated"
"""The SDK's words for an engine that shuts down because a step failed: not the program's fault."""
_THREADS_PER_STEP = 4
"""As the SDK's own executors do."""


def run(raw: bytes, channel: Channel, root: str, contracts: Mapping[str, Any], learned: set[str]) -> bytes:
    """Run the program that the engine names; the answer is a serialized `RunResponse`.

    `contracts` are the fields of other stacks that it may read (prodfirst/contracts/program.py), `learned`
    the modules that are imported already because another program imported them.
    """
    try:
        request = language_pb2.RunRequest.FromString(raw)
        _configure(request, contracts)
        source.never_cached(root)
        files = source.opened_files(root)
        watch.install(channel, root)
        watch.keep_secret(channel, (request.config[key] for key in request.configSecretKeys))
        _run_to_the_end(request, learned)
        channel.send("files", files=sorted(files))
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.UNAVAILABLE:  # otherwise the engine is shutting down
            return _failed(channel, "engine", str(error.details()))
    except pulumi.RunError as error:
        if not str(error).startswith(_ENGINE_IS_GONE):
            return _failed(channel, "raised", str(error))
    except SystemExit as error:
        return _failed(channel, "exited", f"sys.exit({error.code!r})")
    except BaseException as error:  # noqa: BLE001 - whatever ended the program is reported to its author
        return _failed(channel, "raised", own_traceback(error))
    return _answer()


def refusal(why: str) -> bytes:
    """The answer that stops the engine before the first registration."""
    return _answer(error=why)


def _failed(channel: Channel, how: str, text: str) -> bytes:
    channel.send("failed", how=how, text=text)
    return _answer(error="the program failed")


def _answer(error: str = "") -> bytes:
    answer: bytes = language_pb2.RunResponse(error=error).SerializeToString()
    return answer


def _configure(request: Any, contracts: Mapping[str, Any]) -> None:
    reset_options(
        project=request.project,
        stack=request.stack,
        root_directory=request.info.root_directory,
        parallel=request.parallel,
        engine_address=request.args[0] if request.args else "",
        monitor_address=request.monitor_address,
        preview=request.dryRun,
        organization=request.organization or "organization",
    )
    config = {**request.config, "prodfirst:contracts": json.dumps(contracts)}
    set_all_config(config, list(request.configSecretKeys))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def _run_to_the_end(request: Any, learned: set[str]) -> None:
    program = os.path.normpath(os.path.join(request.info.program_directory, request.info.entry_point))
    source.forget(learned, program if os.path.isdir(program) else os.path.dirname(program))
    os.chdir(request.pwd)
    sys.argv = [program]
    if not os.path.isdir(program):  # of a folder, runpy does this itself
        sys.path.insert(0, os.path.dirname(program))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(request.parallel, 1) * _THREADS_PER_STEP))
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(program)))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        sys.stdout.flush()
        sys.stderr.flush()


def _execute(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def own_traceback(error: BaseException) -> str:
    """The error as its author would see it: without the frames of the host, `runpy` and the SDK's loop."""
    whole = traceback.TracebackException(type(error), error, _after_the_host(error.__traceback__))
    return "".join(whole.format()).rstrip()


def _after_the_host(entry: TracebackType | None) -> TracebackType | None:
    """The first frame that is the program's own, or the whole traceback where there is none."""
    first = entry
    while first is not None and _is_ours(first.tb_frame.f_code.co_filename):
        first = first.tb_next
    return first or entry


def _is_ours(file: str) -> bool:
    machinery = (_OWN_FOLDER, _SDK_FOLDER, os.path.dirname(asyncio.__file__), "<frozen ", runpy.__file__)
    return file.startswith(machinery)
