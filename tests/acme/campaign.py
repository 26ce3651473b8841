"""Kills at random, aimed at named windows: after the next run nothing is orphaned, doubled or locked."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from account_contents import held
from acme_estate import Acme, removable
from killing import killed_at
from local_callers import Caller, KeptCaller, administrator_of
from windows import Left, Window, left

from prodfirst.localcloud.lifecycle import LocalCloud

STACKS = ("network", "storage")


class NotRecoveredError(Exception):
    """After the next run something is orphaned, doubled, in flight or locked, or that run failed."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill that was followed by a run to the end."""

    window: Window
    stack: str
    nth: int
    """At which call of the window it came."""
    left: Left
    fates: Counter[str]
    """What became of the operations in flight, as the next run says it."""
    wrong: str
    """Why the next run did not recover it; empty where it did."""
    met: bool
    """Whether the kill came within its window, by what it left; else it came too late."""
    seconds: float
    """All of it: the killed run, the next one and the looks."""

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "window": self.window.name,
            "stack": self.stack,
            "nth": self.nth,
            "met": self.met,
            "left": self.left.data(),
            "fates": dict(self.fates),
            "wrong": self.wrong,
            "seconds": round(self.seconds, 1),
        }


@dataclass
class Campaign:
    """On stacks of the example, one of which at a time is made and removed again."""

    estate: Acme
    chance: random.Random
    stacks: tuple[str, ...]
    _before: frozenset[str] = frozenset()
    _there: dict[str, Counter[str]] = field(default_factory=dict)
    """What a stack makes when nobody kills it."""

    @classmethod
    def copy(cls, folder: Path, chance: random.Random, stacks: tuple[str, ...] = STACKS) -> Campaign:
        """Without the stack of identities: `bootstrap` makes the roles from the lock files."""
        estate = Acme.copy(folder, stacks)
        for stack in stacks:
            removable(estate.folder / "stacks" / stack)
        return cls(estate, chance, stacks)

    def begin(self) -> None:
        """One round without a kill says what must be there after each other one."""
        for command in (("local", "up"), ("bootstrap",)):
            self.estate.run(*command)
        self._before = self._account()
        for stack in self.stacks:
            self._apply(stack)
            self._there[stack] = _kinds(self._account() - self._before)
            self._destroy(stack)
            if self._account() != self._before:
                raise NotRecoveredError(f"`{stack}` was not removed, and nobody killed anything")

    def made(self, window: Window) -> Kill:
        """A kill while a stack is made, and the run after it."""
        stack = self.chance.choice(self.stacks)
        return self._kill(window, stack, "apply", "--stack", stack, "--yes")

    def removed(self, window: Window) -> Kill:
        """A kill while that stack is removed, and the run after it."""
        (stack,) = (name for name in self.stacks if self._holds(name))
        return self._kill(window, stack, "destroy", stack, "--yes")

    def _kill(self, window: Window, stack: str, *command: str) -> Kill:
        begin = time.monotonic()
        nth = self.chance.randint(1, window.latest)
        hit = killed_at(self.estate, window.at, *command, nth=nth)
        found = left(self._administrator, stack)
        fates, wrong = Counter[str](), ""
        try:
            fates = self._destroy(stack) if window.removing else self._apply(stack)
            self._whole(stack, there=not window.removing)
        except (AssertionError, NotRecoveredError) as error:
            wrong = str(error)
        seconds = time.monotonic() - begin
        return Kill(window, stack, nth, found, fates, wrong, hit and window.met(found), seconds)

    def _apply(self, stack: str) -> Counter[str]:
        return _fates(self.estate.json("apply", "--stack", stack, "--yes"))

    def _destroy(self, stack: str) -> Counter[str]:
        return _fates(self.estate.json("destroy", stack, "--yes"))

    def _whole(self, stack: str, *, there: bool) -> None:
        """Nothing is orphaned or doubled, nothing is in flight, nothing is locked."""
        account = self._account()
        found = _kinds(account - self._before)
        wanted = self._there[stack] if there else Counter()
        if found != wanted or self._before - account:
            many, few = dict(found - wanted), dict(wanted - found)
            raise NotRecoveredError(f"too many: {many}; too few: {few}; gone: {self._before - account}")
        after = left(self._administrator, stack)
        if after.pending or after.locks:
            raise NotRecoveredError(f"still there: {after.data()}")
        if there and "no drift" not in self.estate.run("drift", stack):
            raise NotRecoveredError("the state is not what is there")

    def _holds(self, stack: str) -> bool:
        return left(self._administrator, stack).published > 0

    def _account(self) -> frozenset[str]:
        return held(self._administrator)

    @cached_property
    def _administrator(self) -> Caller:
        found = administrator_of(LocalCloud(self.estate.home / "local"))
        return KeptCaller(found.environment, found.key, found.secret)


def _fates(result: Any) -> Counter[str]:
    """Fates of the operations that were in flight: `adopted`, `gone`, and so on."""
    return Counter(entry["fate"] for item in result["deployments"] for entry in item["interrupted"])


def _kinds(contents: frozenset[str]) -> Counter[str]:
    """How many of each kind: names and ids differ from one time to the next."""
    return Counter(item.partition(":")[0] for item in contents)
