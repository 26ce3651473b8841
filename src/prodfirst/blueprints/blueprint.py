"""What every blueprint is: a component with safe defaults, which a team overrides by name.

A setting is named `PART.PROPERTY`, such as `cluster.backup_retention_period`. A protection is a setting that
is turned off only with a written reason; the plan shows it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from prodfirst.kernel.role_names import RoleNames


@dataclass(frozen=True, slots=True)
class Protection:
    """A setting that keeps something from being lost or opened."""

    on: Any
    off: Any
    removal: bool = False
    """Whether it stands in the way of the removal of what it protects."""


class Blueprint(pulumi.ComponentResource):
    """A component. A subclass has a token, its defaults and protections, and makes its parts."""

    token: ClassVar[str]
    """Such as `prodfirst:aws:Database`."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    protections: ClassVar[Mapping[str, Protection]] = {}

    def __init__(
        self,
        name: str,
        *,
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`overrides`: setting → another value. `unprotected`: protection or part → why it is off.

        The configuration `prodfirst:removable` is a reason to turn off what stands in the way of a removal.
        Raises ValueError for names that do not exist and for reasons that are missing.
        """
        off = self._off(unprotected or {})
        self._settings = {
            **self.defaults,
            **{key: item.off if key in off else item.on for key, item in self.protections.items()},
            **self._checked(overrides or {}),
        }
        said = {"overrides": sorted(overrides or {}), "unprotected": off, **self.declared()}
        super().__init__(self.token, name, said, opts)

    def declared(self) -> Mapping[str, Any]:
        """What else the component says of itself in the resource graph; called before anything is made."""
        return {}

    def settings(self, part: str) -> dict[str, Any]:
        """The properties of one part, as its resource takes them; those that are None are left out."""
        return {
            key.partition(".")[2]: value
            for key, value in self._settings.items()
            if key.partition(".")[0] == part and value is not None and key.partition(".")[2] != "protect"
        }

    def options(self, part: str, *, after: Iterable[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """The options of one part: it belongs to the blueprint, protected where `PART.protect` says so."""
        return pulumi.ResourceOptions(
            parent=self, protect=self._settings.get(f"{part}.protect"), depends_on=list(after)
        )

    def _checked(self, overrides: Mapping[str, Any]) -> Mapping[str, Any]:
        for key in overrides:
            if key in self.protections:
                raise ValueError(
                    f"`{key}` is a protection: turn it off with `unprotected={{{key!r}: 'the reason'}}`"
                )
            if key not in self.defaults:
                raise ValueError(_no_such("setting", key, self.defaults))
        return overrides

    def _off(self, unprotected: Mapping[str, str]) -> dict[str, str]:
        """The protections that are off, each with its reason."""
        off: dict[str, str] = {}
        if reason := pulumi.Config("prodfirst").get("removable"):
            off.update((key, reason) for key, item in self.protections.items() if item.removal)
        for key, reason in unprotected.items():
            matching = [item for item in self.protections if item == key or item.partition(".")[0] == key]
            if not matching:
                raise ValueError(_no_such("protection", key, self.protections))
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(f"turning `{key}` off needs a written reason")
            off.update(dict.fromkeys(matching, reason.strip()))
        return off


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is deployed, as prodfirst configures it."""

    prefix: str
    """What names begin with: `ESTATE-ENVIRONMENT-STACK`."""
    account: str
    region: str
    zones: tuple[str, ...]


def place() -> Place:
    """From the configuration `prodfirst:*`, which `prodfirst bootstrap` writes."""
    settings = pulumi.Config("prodfirst")
    return Place(
        prefix=settings.require("prefix"),
        account=settings.require("account"),
        region=settings.require("region"),
        zones=tuple(settings.require_object("zones")),
    )


def role_names() -> RoleNames:
    """What the roles of this environment are called."""
    settings = pulumi.Config("prodfirst")
    return RoleNames(settings.require("estate"), settings.require("environment"), settings.require("account"))


def _no_such(kind: str, key: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(names)}"
    return f"no {kind} `{key}`: {hint}"
