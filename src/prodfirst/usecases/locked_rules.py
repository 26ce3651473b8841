"""What a committed lock says of verbs in clusters."""

from __future__ import annotations

from prodfirst.permissions import lock as locks
from prodfirst.permissions.kubernetes import RbacRule, rules_of
from prodfirst.usecases.site import Site


def locked_rules(site: Site, stack: str, phase: str) -> tuple[RbacRule, ...]:
    """Of a stack's identity in a phase; nothing where it has no lock file."""
    lock = locks.read(locks.path_of(site.estate.root, stack))
    return rules_of(lock.phase(phase), site.ground.facts) if lock else ()
