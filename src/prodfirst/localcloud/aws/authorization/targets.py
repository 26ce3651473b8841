"""The resources of an action, from the ARNs that a call names and the catalogue's resource types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prodfirst.access.aws import catalogue
from prodfirst.access.aws.catalogue import Action
from prodfirst.access.aws.requests import NO_RESOURCE
from prodfirst.localcloud.aws.authorization.calls import Call, Keys, Use

Bound = Mapping[str, Sequence[str]]
"""Resource type → ARNs."""
_CREATES = ("Allocate", "Copy", "Create", "Import", "Register", "Restore", "Run")


def uses(
    call: Call, bound: Bound, *, action: str = "", tags: Keys | None = None, keys: Keys | None = None
) -> Iterator[Use]:
    """One use for each resource of an action.

    `tags` are the keys of the request's tags: they exist where the catalogue says so; `keys` everywhere.
    """
    name = action or call.operation
    entry = catalogue.service(call.service).actions.get(name)
    plain = dict(keys or {})
    full = f"{call.service}:{name}"
    found = False
    for type, resource in resources(call, entry, bound):
        found = True
        target = entry.target(type) if entry else None
        tagged = entry is not None and (entry.request_tags or (target is not None and target.request_tags))
        yield Use(full, resource, {**plain, **(tags or {})} if tagged else plain)
    if not found:
        yield Use(full, NO_RESOURCE, {**plain, **(tags or {})})


def resources(call: Call, entry: Action | None, bound: Bound) -> Iterator[tuple[str, str]]:
    """Type and ARN of every resource of an action.

    A type that the action requires and the call does not name is what it makes or what it reads all of: its
    ARN ends in `*`, which only a policy for all of them covers.
    """
    if entry is None:
        return
    named = {target.type: bound.get(target.type, ()) for target in entry.targets}
    nothing = not any(named.values())
    creates = call.operation.startswith(_CREATES)
    for target in entry.targets:
        for arn in dict.fromkeys(named[target.type]):
            yield target.type, arn
        if not named[target.type] and target.required and (creates or nothing):
            yield target.type, any_of(call, target.type)
    if nothing and entry.targets and not any(target.required for target in entry.targets):
        # tags of a type that the catalogue leaves out
        yield from ((type, resource) for type, found in bound.items() for resource in found)


def any_of(call: Call, type: str) -> str:
    """The ARN that stands for every resource of a type."""
    return catalogue.service(call.service).resources[type].arn(call.region, call.account)


def arn(call: Call, type: str, *names: str) -> str:
    """The ARN of a resource; a name that is an ARN already stays one."""
    if names and names[-1].startswith("arn:"):
        return names[-1]
    return catalogue.service(call.service).resources[type].arn(call.region, call.account, *names)
