"""`prodfirst permissions`: lock files made from programs, compared with what is committed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from prodfirst.adapters.pulumi.engine import Engine
from prodfirst.estate.definition import Estate, Layer, Stack
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.permissions import lock as locks
from prodfirst.permissions.difference import Change, Difference, difference
from prodfirst.permissions.explaining import limits_of, needed_by
from prodfirst.permissions.grants import Conditions, Reason
from prodfirst.permissions.lock import Lock, Permission
from prodfirst.permissions.synthesis import lock_of
from prodfirst.planning.progress import Listener
from prodfirst.rendering.permissions_text import GrantsView, LockView
from prodfirst.usecases.offline import offline_graphs


class Standing(StrEnum):
    """How a committed lock file stands to what the program needs."""

    CURRENT = "current"
    MISSING = "missing"
    STALE = "stale"
    EDITED = "edited by hand"


@dataclass(frozen=True, slots=True)
class LockAnswer:
    """One stack's lock as it is committed and as it must be."""

    stack: str
    path: Path
    standing: Standing
    committed: Lock | None
    """None where there is none, or where it cannot be read."""
    needed: Lock

    @property
    def text(self) -> str:
        """What the file must hold."""
        return locks.text_of(self.needed)


def compare(
    estate: Estate, stacks: tuple[Stack, ...], engine: Engine, listen: Listener
) -> tuple[LockAnswer, ...]:
    """The lock of each stack, computed and compared. Raises with all problems of all stacks.

    The identity layer has none: bootstrap makes its identities, which hold what makes roles.
    """
    stacks = tuple(stack for stack in stacks if stack.layer is not Layer.IDENTITY)
    graphs = offline_graphs(estate, stacks, engine, listen)
    found: list[LockAnswer] = []
    problems: list[Problem] = []
    for stack in stacks:
        try:
            found.append(_answer(estate, stack, lock_of(estate, stack, graphs[stack.name])))
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(*problems)
    return tuple(found)


def write(answers: tuple[LockAnswer, ...]) -> None:
    """Write every lock file that is not as it must be, whole or not at all."""
    for answer in answers:
        if answer.standing is not Standing.CURRENT:
            answer.path.parent.mkdir(exist_ok=True)
            partial = answer.path.with_name(answer.path.name + ".new")
            partial.write_text(answer.text)
            partial.replace(answer.path)


def views(answers: tuple[LockAnswer, ...], *, written: bool) -> tuple[LockView, ...]:
    """What is said of compared locks; of a new one only how much it holds."""
    return tuple(_compared(answer, written) for answer in answers)


def committed_views(estate: Estate, stacks: tuple[Stack, ...]) -> tuple[LockView, ...]:
    """What the committed lock files hold. Raises InvalidInput where one is missing, edited or none."""
    holding = [stack for stack in stacks if stack.layer is not Layer.IDENTITY]
    found = [(stack, locks.read(locks.path_of(estate.root, stack.name))) for stack in holding]
    missing = [_no_lock(stack) for stack, lock in found if lock is None]
    if missing:
        raise InvalidInput(*missing)
    return tuple(
        LockView(
            stack.name,
            _shown(locks.path_of(estate.root, stack.name)),
            "committed",
            _counted(lock),
            held=(
                *_held("plan", lock.plan),
                *_held("apply", lock.apply),
                *_held("workload", lock.workload),
            ),
        )
        for stack, lock in found
        if lock is not None
    )


def _compared(answer: LockAnswer, written: bool) -> LockView:
    changed = difference(answer.committed, answer.needed)
    said = {
        Standing.CURRENT: "current",
        Standing.MISSING: f"{'made' if written else 'missing'}: {_counted(answer.needed)}",
        Standing.STALE: _gains(changed, "updated" if written else "stale"),
        Standing.EDITED: f"{'made again, ' if written else ''}was edited by hand",
    }[answer.standing]
    told = changed if answer.standing is Standing.STALE else Difference((), ())
    return LockView(
        answer.stack,
        _shown(answer.path),
        answer.standing.value,
        said,
        added=_changes(told.added),
        removed=_changes(told.removed),
    )


def _gains(changed: Difference, word: str) -> str:
    if not changed.added and not changed.removed:
        return f"{word}: no permission differs, only who needs it"
    return f"{word}: {len(changed.added)} added, {len(changed.removed)} removed"


def _counted(lock: Lock) -> str:
    reads = sum(len(list(item.grants())) for item in lock.plan)
    changes = sum(len(list(item.grants())) for item in lock.apply)
    stars = sum(len(item.actions) for item in (*lock.plan, *lock.apply) if item.unscopable)
    unscopable = f"{stars} action{' takes' if stars == 1 else 's take'} no resource"
    return f"{reads} to plan, {changes} more to apply; {unscopable}"


def _changes(changes: tuple[Change, ...]) -> tuple[GrantsView, ...]:
    alike: dict[tuple[str, str, Conditions, tuple[Reason, ...]], list[str]] = {}
    for item in changes:
        key = item.phase, item.grant.resource, item.grant.conditions, item.reasons
        alike.setdefault(key, []).append(item.grant.action)
    return tuple(
        GrantsView(phase, resource, limits_of(held), tuple(sorted(actions)), needed_by(reasons))
        for (phase, resource, held, reasons), actions in alike.items()
    )


def _held(phase: str, permissions: tuple[Permission, ...]) -> tuple[GrantsView, ...]:
    return tuple(
        GrantsView(
            phase,
            ", ".join(item.resources),
            (*limits_of(item.conditions), *(f"in {name} only" for name in item.environments)),
            item.actions,
            needed_by(item.reasons),
            item.unscopable,
        )
        for item in permissions
    )


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _no_lock(stack: Stack) -> Problem:
    return Problem(
        f"stack `{stack.name}` has no lock file",
        stack.position,
        fix=f"run `prodfirst permissions sync {stack.name}`",
    )


def _answer(estate: Estate, stack: Stack, needed: Lock) -> LockAnswer:
    path = locks.path_of(estate.root, stack.name)
    try:
        committed = locks.read(path)
    except InvalidInput:
        return LockAnswer(stack.name, path, Standing.EDITED, None, needed)
    if committed is None:
        return LockAnswer(stack.name, path, Standing.MISSING, None, needed)
    same = path.read_text() == locks.text_of(needed)
    return LockAnswer(stack.name, path, Standing.CURRENT if same else Standing.STALE, committed, needed)
