"""Types of published fields: what fits, what breaks a reader, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodfirst.contracts.publication import Publication, decode, encode, version
from prodfirst.contracts.shapes import Kind, Shape, broken, misfits, shape_from_json, shape_to_json

_VALUES = {
    Kind.STRING: st.text(max_size=20),
    Kind.SECRET_REFERENCE: st.text(max_size=20),
    Kind.NUMBER: st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
}
_SHAPES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(Kind),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


def _values(shape: Shape) -> st.SearchStrategy[Any]:
    if isinstance(shape, Kind):
        return _VALUES[shape]
    if isinstance(shape, tuple):
        return st.tuples(*map(_values, shape)).map(list)
    return st.fixed_dictionaries({key: _values(part) for key, part in shape.items()})


_FIELDS = _SHAPES.flatmap(lambda shape: st.tuples(st.just(shape), _values(shape)))


@given(_FIELDS)
def test_what_is_published_comes_back_with_its_type(field: tuple[Shape, Any]) -> None:
    shape, value = field
    found = decode(encode(Publication(shape, value)))
    assert (shape_to_json(found.shape), found.value) == (shape_to_json(shape), value)


@given(_FIELDS)
def test_equal_content_is_one_version(field: tuple[Shape, Any]) -> None:
    text = encode(Publication(*field))
    again = encode(decode(text))
    assert (again, version(again)) == (text, version(text))


@given(_SHAPES)
def test_a_type_does_not_break_itself(shape: Shape) -> None:
    assert list(broken(shape, shape_from_json(shape_to_json(shape)))) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("string", "number", ["string became number"]),
        ("string", ["string"], ["string became list of 1"]),
        (["string", "string"], ["string"], ["the list has 1 entries instead of 2"]),
        (["string"], ["string", "string"], []),
        ({"a": "string"}, {"a": "string", "b": "number"}, []),
        ({"a": "string", "b": ["string"]}, {"b": ["number"]}, ["key `a` is gone", "at `b[0]`"]),
        ("string", "secret reference", ["string became secret reference"]),
    ],
)
def test_what_breaks_a_reader(old: Any, new: Any, says: list[str]) -> None:
    found = list(broken(shape_from_json(old), shape_from_json(new)))
    assert len(found) == len(says)
    assert all(part in text for part, text in zip(says, found, strict=True))


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ("number", True),
        ("number", "1"),
        ("boolean", 1),
        ("string", None),
        (["string"], "a"),
        ({"a": "string"}, {}),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_place(shape: Any, value: Any) -> None:
    (problem,) = misfits(shape_from_json(shape), value)
    assert "is not a" in problem
    with pytest.raises(ValueError, match="is not a"):
        encode(Publication(shape_from_json(shape), value))


def test_a_field_that_no_parameter_can_hold_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match="a field may take 4096"):
        encode(Publication(Kind.STRING, "x" * 5000))


@pytest.mark.parametrize("text", ["", "7", "{}", '{"type":"text","value":1}', '{"type":"string","value":1}'])
def test_what_no_contract_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)
