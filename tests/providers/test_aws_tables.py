"""The types' tables, held against the SDK that programs use and against each other."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from prodfirst.providers.aws.resource import ResourceType
from prodfirst.providers.aws.types import TYPES
from prodfirst.providers.schema import Prop, Schema, check, diff

_TAKEN_BY_US = {"tags", "tagsAll", "region"}


def _sdk_inputs(token: str) -> set[str]:
    """The inputs that pulumi_aws offers for a type, by the names that it sends."""
    _, module, name = token.split(":")
    sdk = importlib.import_module(f"pulumi_aws.{module.split('/')[0]}")
    # where a nested type has taken the name, the resource's own is `…InitArgs`
    arguments = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    source = inspect.getsource(arguments)
    return {_camel(item) for item in re.findall(r"^    def (\w+)\(self\) ->", source, re.MULTILINE)}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


@pytest.mark.parametrize("type_", TYPES.values(), ids=TYPES)
def test_every_input_of_a_table_is_one_of_the_sdk(type_: ResourceType) -> None:
    assert set(type_.schema.inputs) - _sdk_inputs(type_.token) == set()


@pytest.mark.parametrize("type_", TYPES.values(), ids=TYPES)
def test_what_the_sdk_offers_and_we_do_not_know_is_refused_by_name(type_: ResourceType) -> None:
    unsupported = _sdk_inputs(type_.token) - set(type_.schema.inputs) - _TAKEN_BY_US
    given = dict.fromkeys(unsupported, "x")
    _, failures = check(type_.schema, "n", b"seed", given, {})
    assert unsupported <= {failure.path for failure in failures}


def test_what_the_cloud_chose_is_no_change() -> None:
    schema = Schema(inputs={"zone": Prop(computed=True, replace=True), "name": Prop()})
    assert diff(schema, {"zone": "a", "name": "n"}, {"name": "n"}).paths == {}
    assert diff(schema, {"zone": "a"}, {"zone": "b"}).paths == {"zone": ("update", True)}


def test_absent_false_and_empty_are_one_and_zero_is_a_value() -> None:
    schema = Schema(inputs={"on": Prop(), "words": Prop(), "port": Prop()})
    assert diff(schema, {"on": False, "words": []}, {}).paths == {}
    assert diff(schema, {"port": 0}, {}).paths == {"port": ("delete", False)}


def test_a_set_has_no_order_and_a_list_has_one() -> None:
    schema = Schema(inputs={"set": Prop(sort=True), "list": Prop()})
    assert diff(schema, {"set": ["a", "b"]}, {"set": ["b", "a"]}).paths == {}
    assert diff(schema, {"list": ["a", "b"]}, {"list": ["b", "a"]}).paths == {"list": ("update", False)}


@pytest.mark.parametrize("type_", TYPES.values(), ids=TYPES)
def test_what_a_killed_run_has_made_can_be_found_again(type_: ResourceType) -> None:
    """By the input that is its id, or in a way of its own."""
    own = type(type_)
    special = own.located is not ResourceType.located or own.id_from is not ResourceType.id_from
    assert special or type_.named in type_.schema.inputs
