"""Parameters, as a stack that publishes something and one that reads it see them."""

from __future__ import annotations

import pytest
from aws_programs import HEAD, AwsProgram
from local_callers import Caller

from prodfirst.kernel.errors import Failure
from prodfirst.planning.steps import Operation

_NAME = "/prodfirst/acme/network"
_PARAMETER = HEAD + (
    f'p = aws.ssm.Parameter("p", name="{_NAME}", type="String", value="first-value", description="d",\n'
    '                      tags={"a": "1"})\n'
    'pulumi.export("version", p.version)\n'
    'pulumi.export("arn", p.arn)\n'
)


@pytest.fixture
def parameter(aws: AwsProgram) -> AwsProgram:
    """With one parameter."""
    aws.up(_PARAMETER)
    return aws


def test_it_is_there_for_others_and_shows_no_drift(parameter: AwsProgram, administrator: Caller) -> None:
    ssm = administrator.client("ssm")
    assert ssm.get_parameter(Name=_NAME)["Parameter"]["Value"] == "first-value"
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=_NAME)["TagList"]
    assert tags == [{"Key": "a", "Value": "1"}]
    assert parameter.unsettled(_PARAMETER) == []
    assert parameter.output("version") == 1


def test_its_value_is_never_in_clear_in_the_state(parameter: AwsProgram) -> None:
    assert "first-value" not in str(parameter.state())


def test_an_insecure_value_is_in_clear(aws: AwsProgram) -> None:
    source = _PARAMETER.replace("value=", "insecure_value=")
    aws.up(source)
    (resource,) = [r for r in aws.state()["checkpoint"]["latest"]["resources"] if "ssm" in r["type"]]
    assert resource["outputs"]["insecureValue"] == "first-value"
    assert aws.unsettled(source) == []


def test_a_new_value_description_and_tag_are_an_update_with_a_new_version(
    parameter: AwsProgram, administrator: Caller
) -> None:
    source = _PARAMETER.replace("first-value", "second").replace('description="d",', "").replace('"1"', '"2"')
    assert parameter.changes(source, "p") == {"value": False, "description": False, "tags.a": False}
    parameter.up(source)
    ssm = administrator.client("ssm")
    assert ssm.get_parameter(Name=_NAME)["Parameter"]["Value"] == "second"
    assert parameter.output("version") == 2
    assert parameter.unsettled(source) == []


def test_another_name_is_another_parameter(parameter: AwsProgram, administrator: Caller) -> None:
    source = _PARAMETER.replace(_NAME, f"{_NAME}2")
    assert parameter.changes(source, "p") == {"name": True}
    parameter.up(source)
    ssm = administrator.client("ssm")
    assert ssm.get_parameters(Names=[_NAME, f"{_NAME}2"])["InvalidParameters"] == [_NAME]


def test_from_advanced_to_standard_is_a_replacement(aws: AwsProgram) -> None:
    source = _PARAMETER.replace('type="String"', 'type="String", tier="Advanced"').replace(
        '"first-value"', '"x" * 8192'
    )
    aws.up(source)
    assert aws.unsettled(source) == []
    back = _PARAMETER.replace('type="String"', 'type="String", tier="Standard"')
    assert aws.changes(back, "p") == {"tier": True, "value": False}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('"x" * 4097', "longer than the 4096 bytes of tier `Standard`; tier `Advanced` takes 8192"),
        ('"x" * 8193, tier="Advanced"', "longer than the 8192 bytes of tier `Advanced`"),
        ('"x", insecure_value="x"', "and only one"),
        ('"x", tier="Huge"', "not one of Standard, Advanced, Intelligent-Tiering"),
    ],
)
def test_what_aws_would_refuse_is_refused_in_the_plan(aws: AwsProgram, given: str, says: str) -> None:
    aws.program(_PARAMETER.replace('"first-value"', given))
    with pytest.raises(Failure) as caught:
        aws.engine.preview(aws.run)
    assert says in str(caught.value)


def test_a_parameter_of_somebody_else_is_not_overwritten_unless_asked(
    aws: AwsProgram, administrator: Caller
) -> None:
    ssm = administrator.client("ssm")
    ssm.put_parameter(Name="/theirs", Type="String", Value="theirs")
    source = _PARAMETER.replace(_NAME, "/theirs")
    aws.program(source)
    assert "ParameterAlreadyExists" in str(aws.engine.update(aws.run).problems)
    assert ssm.get_parameter(Name="/theirs")["Parameter"]["Value"] == "theirs"
    asked = source.replace('description="d"', 'description="d", overwrite=True')
    aws.up(asked)
    assert ssm.get_parameter(Name="/theirs")["Parameter"]["Value"] == "first-value"
    assert aws.unsettled(asked) == []


def test_one_that_is_there_is_imported(aws: AwsProgram, administrator: Caller) -> None:
    administrator.client("ssm").put_parameter(Name="/there", Type="String", Value="v-there")
    source = HEAD + (
        'aws.ssm.Parameter("p", name="/there", type="String", value="v-there",\n'
        '                  opts=ResourceOptions(import_="/there"))\n'
    )
    assert aws.steps(source) == {"p": Operation.IMPORT}
    aws.up(source)
    assert aws.unsettled(source) == []


def test_deleted_it_is_gone_also_where_somebody_was_faster(
    parameter: AwsProgram, administrator: Caller
) -> None:
    administrator.client("ssm").delete_parameter(Name=_NAME)
    (gone,) = parameter.engine.refresh(parameter.run)
    assert gone.gone
    parameter.destroy()
    assert administrator.client("ssm").get_parameters(Names=[_NAME])["Parameters"] == []
