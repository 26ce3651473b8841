"""YAML 1.2 as plain data, with the position of every key and value.

Nothing is constructed but mappings, lists, strings, numbers, booleans and null. Anchors, aliases, tags,
duplicate keys and more than one document are refused; size and depth are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from prodfirst.kernel.errors import InvalidInput, Position, Problem

SIZE_LIMIT = 1024 * 1024
"""Bytes."""
DEPTH_LIMIT = 20
"""Levels of nesting; the estate's own shape has five."""

Location: TypeAlias = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"
_MAX_PROBLEMS = 100


@dataclass(frozen=True)
class Document:
    """Data, and where each part of it stands."""

    data: Any
    positions: dict[Location, Position]
    """Of values; a mapping's entry has the position of its key."""
    file: str

    def at(self, location: Location) -> Position:
        """The position of a part, or of the nearest thing around it."""
        while location and location not in self.positions:
            location = location[:-1]
        return self.positions.get(location, Position(self.file, 1))


def read(path: Path, shown: str) -> Document:
    """Read one document; `shown` is the file's name in messages. Raises InvalidInput with all problems."""
    text = _text(path, shown)
    try:
        _check_nesting(text, shown)
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(shown, mark.line + 1, mark.column + 1) if mark else Position(shown, 1)
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise InvalidInput(Problem(f"not YAML: {said}", position, fix="correct the syntax")) from error
    except YAMLError as error:
        raise InvalidInput(
            Problem(f"not YAML: {error}", Position(shown, 1), fix="correct the syntax")
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(Problem(f"not YAML: {error}", Position(shown, 1), fix="correct it")) from error
    reader = _Reader(shown)
    data = reader.convert(node, ()) if node is not None else None
    if reader.problems:
        raise InvalidInput(*reader.problems[:_MAX_PROBLEMS])
    return Document(data, reader.positions, shown)


def _text(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise InvalidInput(
            Problem(
                f"`{shown}` cannot be read", why=(error.strerror or str(error)).lower(), fix="check the path"
            )
        ) from error
    if len(raw) > SIZE_LIMIT:
        raise InvalidInput(
            Problem(
                f"`{shown}` is larger than {SIZE_LIMIT} bytes",
                fix="split the estate, or remove what is not one",
            )
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidInput(Problem("not UTF-8", Position(shown, line), fix="save it as UTF-8")) from error


def _check_nesting(text: str, shown: str) -> None:
    """Over the events, before any tree is built: depth, and everything that makes one node stand twice."""
    depth = 0
    problems = []
    for event in YAML(typ="rt", pure=True).parse(text):
        kind = type(event).__name__
        position = Position(shown, event.start_mark.line + 1, event.start_mark.column + 1)
        if kind.endswith("StartEvent") and kind not in ("StreamStartEvent", "DocumentStartEvent"):
            depth += 1
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
        if depth > DEPTH_LIMIT:
            raise InvalidInput(
                Problem(f"nested deeper than {DEPTH_LIMIT} levels", position, fix="flatten it")
            )
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            name = event.anchor
            problems.append(
                Problem(f"anchors and aliases are not allowed: `{name}`", position, fix="write it out")
            )
    if problems:
        raise InvalidInput(*problems[:_MAX_PROBLEMS])


class _Reader:
    def __init__(self, shown: str) -> None:
        self.problems: list[Problem] = []
        self.positions: dict[Location, Position] = {}
        self._shown = shown

    def convert(self, node: Node, location: Location) -> Any:
        self.positions.setdefault(location, self._position(node))
        match node:
            case MappingNode():
                return dict(self._entries(node, location))
            case SequenceNode():
                return [self.convert(item, (*location, index)) for index, item in enumerate(node.value)]
            case ScalarNode():
                return self._scalar(node)
        raise AssertionError(type(node).__name__)

    def _entries(self, node: MappingNode, location: Location) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Position] = {}
        for key_node, value_node in node.value:
            position = self._position(key_node)
            if not isinstance(key_node, ScalarNode):
                self.problems.append(Problem("a key must be a plain name", position, fix="write a name"))
                continue
            key = str(key_node.value)
            if key in seen:
                why = f"it stands on line {seen[key].line} already"
                self.problems.append(Problem(f"duplicate key `{key}`", position, why, "keep one of them"))
                continue
            seen[key] = position
            self.positions[(*location, key)] = position
            yield key, self.convert(value_node, (*location, key))

    def _scalar(self, node: ScalarNode) -> Any:
        tag = str(node.tag)
        text = str(node.value)
        try:
            match tag.removeprefix(_TAG):
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return int(text.replace("_", ""), 0 if text[:2].lower() in ("0x", "0o") else 10)
                case "float":
                    return float(text.replace("_", ""))
                case "timestamp":
                    return text
        except ValueError:
            pass
        self.problems.append(
            Problem(
                f"`{text}` has the tag `{tag}`, which is not allowed",
                self._position(node),
                fix="write plain data",
            )
        )
        return None

    def _position(self, node: Node) -> Position:
        return Position(self._shown, node.start_mark.line + 1, node.start_mark.column + 1)
