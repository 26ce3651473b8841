"""The shape of the table: what the original provider calls for a type, and where each call may work.

Facts: the calls, as SDK operations, of terraform-provider-aws 6.60.0, which the classic Pulumi provider
bridges (call-graph analysis of its source; for types that the analysis lacks, reading). They are more than is
ever called at once, as call graphs are. What is left out, or needed under a condition only, is said with its
reason; tests/permissions checks that nothing is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from prodfirst.permissions.aws.scope import Scope
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot

CALL_GRAPH = "call graph of terraform-provider-aws 6.60.0"
READING = "source of terraform-provider-aws 6"
REFERENCE = "AWS service authorization reference"

Gate = Callable[[Subject], bool]
CHANGES = (Slot.CREATE, Slot.UPDATE, Slot.DELETE)
ALWAYS = tuple(Slot)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where the actions of some operations may work."""

    operations: tuple[str, ...]
    """SDK operations, such as `CreateSubnet`, or `service:Operation` of another service."""
    scopes: tuple[Scope, ...]
    actions: tuple[str, ...] = ()
    """IAM actions where they are not named as the operation is."""
    when: Gate | None = None


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """An action that no call of the provider names: AWS checks it while it carries out another one."""

    actions: tuple[str, ...]
    scopes: tuple[Scope, ...]
    slots: tuple[Slot, ...]
    why: str
    when: Gate | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource type."""

    type: str
    """Pulumi's token."""
    origin: str
    """Terraform's name of it."""
    service: str
    """Prefix of its operations."""
    calls: Mapping[Slot, tuple[str, ...]]
    rules: tuple[Rule, ...]
    prerequisites: tuple[Prerequisite, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Operation → why no permission follows from it."""
    provenance: str = CALL_GRAPH

    def rule(self, operation: str) -> Rule | None:
        """The rule of one of its operations."""
        return next((rule for rule in self.rules if operation in rule.operations), None)

    def qualified(self, operation: str) -> str:
        """`service:Operation`."""
        return operation if ":" in operation else f"{self.service}:{operation}"

    def operations(self) -> Iterator[tuple[Slot, str]]:
        """Every call, with its slot."""
        for slot, names in self.calls.items():
            for name in names:
                yield slot, name


def calls(
    *, create: str = "", read: str = "", update: str = "", delete: str = "", tags: str = "", retags: str = ""
) -> Mapping[Slot, tuple[str, ...]]:
    """Operations by slot, each a text of names; `tags` lists the tags, `retags` changes them."""
    return MappingProxyType(
        {
            Slot.CREATE: tuple(create.split()),
            Slot.READ: tuple((read + " " + tags).split()),
            Slot.UPDATE: tuple((update + " " + retags).split()),
            Slot.DELETE: tuple(delete.split()),
        }
    )


def rule(operations: str, *scopes: Scope, actions: str = "", when: Gate | None = None) -> Rule:
    """A rule for operations given as a text of names."""
    return Rule(tuple(operations.split()), scopes, tuple(actions.split()), when)


def needs(
    actions: str, *scopes: Scope, slots: tuple[Slot, ...], why: str, when: Gate | None = None
) -> Prerequisite:
    """A prerequisite for actions given as a text of names."""
    return Prerequisite(tuple(actions.split()), scopes, slots, why, when)


def given(*properties: str) -> Gate:
    """Whether the program sets one of the inputs."""
    return lambda subject: subject.given(*properties)


def omitted(table: Mapping[str, str]) -> Mapping[str, str]:
    """`left_out` from `{"Operation Operation": WHY}`."""
    return MappingProxyType({name: why for names, why in table.items() for name in names.split()})
