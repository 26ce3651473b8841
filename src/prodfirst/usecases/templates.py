"""The example estates that come with prodfirst, as templates of new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import prodfirst
from prodfirst.adapters.pulumi.project import described
from prodfirst.estate.explaining import nearest
from prodfirst.estate.reading import FILE_NAME
from prodfirst.estate.writing import Facts, from_template
from prodfirst.kernel.errors import InvalidInput, Problem

SMALLEST = "starter"
_MADE = frozenset({"permissions", "__pycache__"})
"""Lock files hold the estate's names, so they are made again."""
_OWN = frozenset({FILE_NAME, "Pulumi.yaml"})
"""Besides programs; what a run left in an example's folder is none of it."""


def names() -> tuple[str, ...]:
    """What there is."""
    return tuple(sorted(path.parent.name for path in _root().glob(f"*/{FILE_NAME}")))


def example(name: str) -> Path:
    """The folder of an example. Raises InvalidInput where there is none of that name."""
    if name not in names():
        raise InvalidInput(Problem(f"no template `{name}`", fix=nearest(name, names())))
    return _root() / name


def files(name: str, facts: Facts) -> Mapping[Path, str]:
    """The files of a new estate, by their path in it."""
    folder = example(name)
    return {path.relative_to(folder): _text(path, folder.name, facts) for path in _files(folder)}


def _root() -> Path:
    """In the installed package; in a checkout beside its sources."""
    inside = Path(prodfirst.__file__).parent / "examples"
    return inside if inside.is_dir() else Path(prodfirst.__file__).parents[2] / "examples"


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _MADE:
            yield from _files(path)
        elif path.name in _OWN or path.suffix == ".py":
            yield path


def _text(path: Path, example: str, facts: Facts) -> str:
    """The names of an example's projects begin with its own name."""
    text = path.read_text()
    if path.name == FILE_NAME:
        return from_template(text, facts)
    if path.name != "Pulumi.yaml":
        return text
    project, _ = described(path)
    return text.replace(f"name: {project}", f"name: {facts.name}{project.removeprefix(example)}", 1)
