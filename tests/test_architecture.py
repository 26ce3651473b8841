"""What the code base keeps to, checked on every file that belongs to it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LINES_AT_MOST = 400
NAMES_FOR_NOTHING = {"base", "common", "helpers", "misc", "models", "types_", "util", "utils"}
"""A module with such a name collects what has no place (STYLE.md)."""


def _tracked(*suffixes: str) -> list[Path]:
    """The files that belong to the repository; a checkout without git has none to check."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    paths = (ROOT / name for name in listed if name)
    return sorted(path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes))


SOURCES = [path for path in _tracked(".py") if ROOT / "src" in path.parents]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_too_long() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in _tracked(".py")}
    assert {name: length for name, length in lengths.items() if length > LINES_AT_MOST} == {}


def test_no_module_is_named_for_nothing() -> None:
    assert [_name(path) for path in SOURCES if path.stem in NAMES_FOR_NOTHING] == []
    assert [_name(path) for path in SOURCES if path.parent.name in NAMES_FOR_NOTHING] == []


# with brackets in them, so that this file keeps to its own rule
MACHINE = re.compile(r"(?<![\w.~}])/(?:[w]ork|[r]oot|home/\w+)/\w")
REGISTRY = re.compile(r"[p]ypi\.org|[p]ythonhosted|[p]roxy\.golang|[r]egistry\.npmjs")


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["paths of a machine", "hosts of a registry"])
def test_no_file_knows_the_machine_it_was_written_on(pattern: re.Pattern[str]) -> None:
    found = [
        f"{_name(path)}:{number}: {line.strip()}"
        for path in _tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def _public_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield node


def test_every_module_says_what_it_is_for() -> None:
    parsed = {_name(path): ast.parse(path.read_text()) for path in SOURCES}
    silent = [name for name, tree in parsed.items() if tree.body and ast.get_docstring(tree) is None]
    assert silent == []


def test_every_public_function_says_what_it_does() -> None:
    silent = [
        f"{_name(path)}:{node.lineno}: {node.name}"
        for path in SOURCES
        for node in _public_functions(path)
        if ast.get_docstring(node) is None
    ]
    assert silent == []


def test_no_part_patches_or_mocks() -> None:
    mocks = re.compile(r"\bunittest\.mock\b|\bmock\.patch\b|\bMagicMock\b|\bmocker\b")
    own = Path(__file__)
    assert [_name(path) for path in _tracked(".py") if path != own and mocks.search(path.read_text())] == []


def _pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def _needed() -> dict[str, str]:
    """Every distribution that the project and its extras need here, and the version that is installed."""
    found: dict[str, str] = {}
    waiting = [("prodfirst", frozenset({"aws", "kubernetes", "local", "dev"}))]
    while waiting:
        name, extras = waiting.pop()
        for text in distribution(name).requires or ():
            needed = Requirement(text)
            wanted = needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in (*extras, "")
            )
            key = canonicalize_name(needed.name)
            if wanted and key not in found:
                found[key] = distribution(needed.name).version
                waiting.append((needed.name, frozenset(needed.extras)))
    return found


def test_the_constraints_pin_exactly_what_is_needed() -> None:
    assert _pinned() == _needed()


def test_no_constraint_names_a_place() -> None:
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", f"{name}=={version}") for name, version in _pinned().items())


def test_nothing_else_is_installed() -> None:
    """What is installed without being declared is missing on the next machine."""
    installed = {canonicalize_name(item.name) for item in distributions()}
    assert installed - set(_pinned()) <= {"pip", "prodfirst", "setuptools", "wheel"}
