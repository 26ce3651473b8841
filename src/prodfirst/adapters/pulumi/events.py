"""The engine's event stream, read from a FIFO: never a file, and free of debug lines and secrets after this.

The debug lines of SDKs and plugins hold inputs in clear text (ENGINE.md); they are dropped unread.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from prodfirst.adapters.pulumi.masking import Masker, values_of
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import Value


class Severity(StrEnum):
    """Of a diagnostic, as the engine names them; debug ones never get here."""

    INFO = "info"
    INFO_ERROR = "info#err"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class State:
    """A resource before or after a step."""

    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    custom: bool
    parent: str
    provider: str
    protect: bool
    pending_delete: bool


@dataclass(frozen=True, slots=True)
class PropertyDiff:
    """One entry of the engine's detailed diff."""

    path: str
    kind: str
    """`add`, `delete` or `update`, with `-replace` where it forces a replacement."""
    of_inputs: bool


@dataclass(frozen=True, slots=True)
class StepEvent:
    """One of the engine's own steps; a replacement has up to three."""

    op: str
    """The engine's word, such as `create-replacement`."""
    urn: Urn
    old: State | None
    new: State | None
    diffs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Top-level properties that force the replacement."""
    detailed: tuple[PropertyDiff, ...] | None = None


@dataclass(frozen=True, slots=True)
class Started:
    step: StepEvent


@dataclass(frozen=True, slots=True)
class Finished:
    step: StepEvent


@dataclass(frozen=True, slots=True)
class Failed:
    step: StepEvent


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of the engine, a provider or the program (`pulumi.log`), with known secrets masked."""

    severity: Severity
    message: str
    urn: Urn | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The engine's own totals; it comes last."""

    changes: Mapping[str, int]
    result: str
    """`succeeded`, `failed` or `canceled`."""
    seconds: int


Event: TypeAlias = Started | Finished | Failed | Diagnostic | Summary
OnEvent: TypeAlias = Callable[[Event], None]


def parse(line: bytes, masker: Masker) -> Event | None:
    """One line of the log; None for what nobody needs. Raises ValueError if it is no JSON object."""
    raw = json.loads(line)
    if "resourcePreEvent" in raw:
        return Started(_step(raw["resourcePreEvent"]["metadata"]))
    if "resOutputsEvent" in raw:
        return Finished(_step(raw["resOutputsEvent"]["metadata"]))
    if "resOpFailedEvent" in raw:
        return Failed(_step(raw["resOpFailedEvent"]["metadata"]))
    if "diagnosticEvent" in raw:
        return _diagnostic(raw["diagnosticEvent"], masker)
    if "errorEvent" in raw:
        return Diagnostic(Severity.ERROR, masker(raw["errorEvent"]["error"]))
    if "summaryEvent" in raw:
        summary = raw["summaryEvent"]
        changes = summary.get("resourceChanges") or {}
        return Summary(dict(changes), summary.get("result", ""), summary["durationSeconds"])
    return None


def _diagnostic(raw: Mapping[str, Any], masker: Masker) -> Diagnostic | None:
    if raw["severity"] == "debug" or raw.get("ephemeral"):
        return None
    urn = Urn(raw["urn"]) if raw.get("urn") else None
    return Diagnostic(Severity(raw["severity"]), masker(raw["message"]).strip(), urn)


def _step(raw: Mapping[str, Any]) -> StepEvent:
    detailed = raw.get("detailedDiff")
    return StepEvent(
        op=raw["op"],
        urn=Urn(raw["urn"]),
        old=_state(raw.get("old")),
        new=_state(raw.get("new")),
        diffs=tuple(raw.get("diffs") or ()),
        keys=tuple(raw.get("keys") or ()),
        detailed=None
        if detailed is None
        else tuple(_diff(path, detailed[path]) for path in sorted(detailed)),
    )


def _diff(path: str, raw: Mapping[str, Any]) -> PropertyDiff:
    return PropertyDiff(path, raw["diffKind"], raw["inputDiff"])


def _state(raw: Mapping[str, Any] | None) -> State | None:
    if raw is None:
        return None
    return State(
        inputs=values_of(raw.get("inputs")),
        outputs=values_of(raw.get("outputs")),
        custom=raw.get("custom", False),
        parent=raw.get("parent", ""),
        provider=raw.get("provider", ""),
        protect=raw.get("protect", False),
        pending_delete=raw.get("delete", False),
    )


@dataclass(slots=True)
class EventStream:
    """Reads a FIFO in a thread, from before the engine starts until `finish`."""

    path: Path
    masker: Masker
    on_event: OnEvent
    events: list[Event] = field(default_factory=list)
    error: BaseException | None = None
    _writer: int = -1
    _thread: threading.Thread | None = None

    def open(self) -> None:
        """Make the FIFO and start to read. Our own write end keeps it open until `finish` closes it."""
        os.mkfifo(self.path, 0o600)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self._writer = os.open(self.path, os.O_WRONLY)
        os.set_blocking(reader, True)
        self._thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """After the engine has ended: read the rest, close, and raise what the listener raised."""
        self.close()
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Read the rest and end the thread; harmless when done before."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _read(self, reader: int) -> None:
        with os.fdopen(reader, "rb") as lines:
            for line in lines:
                if self.error is None:
                    self._take(line)

    def _take(self, line: bytes) -> None:
        """A listener that raises must not stall the engine: keep reading, raise in `finish`."""
        try:
            if (event := parse(line, self.masker)) is not None:
                self.events.append(event)
                self.on_event(event)
        except Exception as error:  # noqa: BLE001 - raised again in `finish`
            self.error = error
