"""Kills at random, each aimed at a named window: after the next run nothing is orphaned, doubled or locked.

`make kills` runs a hundred. `python kills.py 100 [--seed N] [--unrecovered]`:
the last switches recovery off, to see that the checks then fail.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from account_contents import held
from acme_estate import Acme, removable
from killing import Call, killed_at, operation
from local_callers import administrator_of

from prodfirst.localcloud.lifecycle import LocalCloud

STACKS = ("network", "storage")
_MADE = ("CreateVpc", "CreateSubnet", "CreateRouteTable", "CreateSecurityGroup", "CreateVpcEndpoint",
         "CreateFlowLogs", "CreateInternetGateway", "CreateBucket", "CreateKey", "CreateAlias")  # fmt: skip
_REMOVED = ("DeleteVpc", "DeleteSubnet", "DeleteRouteTable", "DeleteSecurityGroup", "DeleteVpcEndpoints",
            "DeleteFlowLogs", "DeleteInternetGateway", "DeleteBucket", "DeleteAlias")  # fmt: skip
_LATEST = 4
"""The kill comes at the first to the fourth call of its window."""
_UNRECOVERED = """\
from prodfirst.usecases.recovery import Recovery

Recovery.release = lambda self: None
Recovery.take_up = lambda self, run, journal: ()
"""
"""What every process of an installation without recovery imports first."""


@dataclass(frozen=True)
class Window:
    """Where a kill is aimed."""

    name: str
    removing: bool
    at: Callable[[Call], bool]


def _state(name: str, folder: str) -> Callable[[Call], bool]:
    return lambda call: call["operation"] == name and f"/{folder}/" in str(call["parameters"].get("Key", ""))


def _published(call: Call) -> bool:
    name = str(call["parameters"].get("Name", ""))
    return call["operation"] == "PutParameter" and name.startswith("/prodfirst/")


WINDOWS = (
    Window("made in the cloud, not in the checkpoint", False, operation(*_MADE)),
    Window("contract half published", False, _published),
    Window("lock written, not released", False, _state("PutObject", "locks")),
    Window("checkpoint just written", False, _state("PutObject", "stacks")),
    Window("removed in the cloud, not in the checkpoint", True, operation(*_REMOVED)),
    Window("lock written for a removal", True, _state("PutObject", "locks")),
    Window("checkpoint just written by a removal", True, _state("PutObject", "stacks")),
    Window("lock just released", True, _state("DeleteObject", "locks")),
)


@dataclass
class Campaign:
    """On the example's network and storage, which are made and removed again and again."""

    estate: Acme
    chance: random.Random
    hit: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    """The command ended before it came to its window."""
    _before: frozenset[str] = frozenset()
    _there: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Identities are there; one round without a kill says what must be there afterwards."""
        for command in (("local", "up"), ("bootstrap",), ("apply", "--stack", "identity", "--yes")):
            self.estate.run(*command)
        for stack in STACKS:
            removable(self.estate.folder / "stacks" / stack)
        self._before = self._account()
        self._apply()
        self._there = _kinds(self._account())
        self._destroy()
        assert self._account() == self._before

    def round(self, making: Window, removing: Window) -> None:
        """A kill while the stacks are made, one while they are removed; each is followed by the next run."""
        self._killed(making, "apply", *(f"--stack={name}" for name in STACKS), "--yes")
        self._apply()
        self._whole(making, _kinds(self._account()) == self._there)
        assert "no drift" in self.estate.run("drift", *STACKS)
        self._killed(removing, "destroy", *STACKS, "--yes")
        self._destroy()
        self._whole(removing, self._account() == self._before)

    def _killed(self, window: Window, *command: str) -> None:
        nth = self.chance.randint(1, _LATEST)
        hit = killed_at(self.estate, window.at, *command, nth=nth)
        (self.hit if hit else self.missed)[window.name] += 1

    def _apply(self) -> None:
        self.estate.run("apply", *(f"--stack={name}" for name in STACKS), "--yes")

    def _destroy(self) -> None:
        self.estate.run("destroy", *STACKS, "--yes")

    def _whole(self, window: Window, right: bool) -> None:
        """Nothing is orphaned or doubled, nothing is in flight, nothing is locked."""
        found = _kinds(self._account())
        assert right, f"{window.name}: {found - self._there} too many, {self._there - found} too few"
        status = self.estate.json("status", *STACKS)["deployments"]
        assert not any(item["pending"] for item in status), window.name
        assert self._locks() == [], window.name

    def _locks(self) -> list[str]:
        s3 = self._administrator().client("s3")
        listed = s3.list_objects_v2(Bucket="acme-local-state", Prefix=".pulumi/locks/")
        return [item["Key"] for item in listed.get("Contents", ())]

    def _account(self) -> frozenset[str]:
        return held(self._administrator())

    def _administrator(self) -> Any:
        return administrator_of(LocalCloud(self.estate.home / "local"))


def _kinds(contents: frozenset[str]) -> Counter[str]:
    """How many of each kind: names and ids differ from one time to the next."""
    return Counter(item.partition(":")[0] for item in contents)


def chances(seed: int) -> random.Random:
    """What is random in a campaign."""
    return random.Random(seed)  # noqa: S311 - it must be repeatable, and is no secret


def windows(count: int, chance: random.Random, *, removing: bool) -> list[Window]:
    """`count` windows, each as often as the others, in no order."""
    own = [window for window in WINDOWS if window.removing == removing]
    found = [own[number % len(own)] for number in range(count)]
    chance.shuffle(found)
    return found


def main() -> int:
    """0 where everything held; a histogram goes to standard output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--unrecovered", action="store_true", help="with recovery switched off: must fail")
    options = parser.parse_args()
    print(f"{options.kills} kills, seed {options.seed}", flush=True)
    chance = chances(options.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        if options.unrecovered:
            (Path(folder) / "sitecustomize.py").write_text(_UNRECOVERED)
            os.environ["PYTHONPATH"] = folder
        campaign = Campaign(Acme.copy(Path(folder), ("identity", *STACKS)), chance)
        try:
            campaign.begin()
            rounds = options.kills // 2
            for making, removing in zip(
                windows(rounds, chance, removing=False), windows(rounds, chance, removing=True), strict=True
            ):
                campaign.round(making, removing)
                print(f"{sum(campaign.hit.values())} kills", flush=True)
        finally:
            campaign.estate.run("local", "down")
            _histogram(campaign)
    return 0


def _histogram(campaign: Campaign) -> None:
    for window in WINDOWS:
        hit, missed = campaign.hit[window.name], campaign.missed[window.name]
        late = f", {missed} came too late" if missed else ""
        print(f"{window.name:<46} {'#' * hit} {hit}{late}")


if __name__ == "__main__":
    sys.exit(main())
