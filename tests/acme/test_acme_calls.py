"""What the local cloud saw of each identity, against its lock file: every difference has a written reason."""

from __future__ import annotations

import json

import pytest
from acme_estate import BASE, EXAMPLE, Acme
from call_differences import HELD_ALONE, SEEN_ALONE

from prodfirst.permissions.aws.s3 import ACTIONS
from prodfirst.permissions.aws.table import TABLE
from prodfirst.permissions.grants import Slot
from prodfirst.permissions.lock import Permission, path_of, read

STACKS = sorted({*BASE} - {"identity"})
PHASES = ("plan", "apply")


def _held(stack: str, phase: str) -> tuple[Permission, ...]:
    lock = read(path_of(EXAMPLE, stack))
    assert lock is not None
    return lock.phase(phase)


def _actions(permissions: tuple[Permission, ...]) -> set[str]:
    return {action for item in permissions for action in item.actions}


def _seen(acme: Acme, stack: str, phase: str) -> set[str]:
    """IAM actions of the calls that were allowed, but for those on the state; tests also try what is not."""
    found = set()
    for line in (acme.home / "local" / "audit.jsonl").read_text().splitlines():
        call = json.loads(line)
        own = f":assumed-role/acme-local-{stack}-{phase}/" in call["principal"]
        if call["decision"] == "deny":
            continue
        if own and "acme-local-state" not in json.dumps(call.get("parameters", {})):
            operation = call["operation"]
            name = ACTIONS.get(operation, operation) if call["service"] == "s3" else operation
            found.add(f"{call['service']}:{name}")
    return found


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("stack", STACKS)
def test_no_call_is_made_that_the_lock_does_not_hold(acme: Acme, stack: str, phase: str) -> None:
    seen = _seen(acme, stack, phase)
    assert seen
    assert seen - _actions(_held(stack, phase)) - set(SEEN_ALONE) == set()


def _called_when(permissions: tuple[Permission, ...], slots: set[Slot]) -> set[str]:
    """Actions that the table says the original calls at these times for the types of a lock."""
    entries = [TABLE[name] for name in {reason.type for item in permissions for reason in item.reasons}]
    return {
        action
        for entry in entries
        for slot, operation in entry.operations()
        if slot in slots and (rule := entry.rule(operation)) is not None
        for action in (rule.actions or (entry.qualified(operation),))
    }


@pytest.mark.parametrize("stack", STACKS)
def test_what_the_original_calls_and_ours_does_not_has_a_reason(acme: Acme, stack: str) -> None:
    acme.run("drift", stack)
    for phase, slots in (("plan", {Slot.READ}), ("apply", {Slot.CREATE, Slot.READ})):
        permissions = _held(stack, phase)
        called = _actions(permissions) & _called_when(permissions, slots)
        assert called - _seen(acme, stack, phase) - set(HELD_ALONE) == set(), phase


def test_every_reason_is_for_something() -> None:
    held = {action for stack in STACKS for action in _actions(_held(stack, "apply"))}
    assert set(HELD_ALONE) - held == set()
    assert set(SEEN_ALONE) & set(HELD_ALONE) == set()
