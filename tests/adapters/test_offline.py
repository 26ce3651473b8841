"""A program's resource graph with no credentials and no network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine_fixtures import Deployment

from prodfirst.adapters.pulumi.host import Answered
from prodfirst.adapters.pulumi.offline import Answer, Incomplete, packages_of, preview_offline
from prodfirst.adapters.pulumi.running import EngineRun
from prodfirst.adapters.recorded_invokes import answers_for, record
from prodfirst.kernel.errors import Refused
from prodfirst.planning.steps import Operation
from prodfirst.resources.values import UNKNOWN

AWS = """
import pulumi_aws as aws
vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block=vpc.cidr_block, tags={"vpc": vpc.arn})
Thing("of-a-package-that-is-not-installed", size=1)
"""
ASKS = """
import pulumi_aws as aws
who = aws.get_caller_identity()
aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", tags={"account": who.account_id})
"""
WHO = Answer(
    "aws:index/getCallerIdentity:getCallerIdentity",
    {},
    {"accountId": "111122223333", "arn": "a", "id": "i", "userId": "u"},
)


@pytest.fixture
def nowhere(unborn: Deployment) -> EngineRun:
    """A run that has no backend, no key and no provider."""
    (unborn.folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    return replace(
        unborn.run,
        backend_url="s3://bucket-of-nobody",
        config_file=unborn.folder / "Pulumi.dev.yaml",
        engine_environment={"AWS_ACCESS_KEY_ID": "AKIAUSERSOWN"},
        providers=(),
    )


def test_any_package_is_answered_and_what_only_the_cloud_knows_is_unknown(
    unborn: Deployment, nowhere: EngineRun
) -> None:
    unborn.program(AWS)
    preview = preview_offline(unborn.engine, nowhere, ())
    made = {item.name: item for item in preview.graph.resources}
    assert {step.operation for step in preview.steps} == {Operation.CREATE}
    assert made["of-a-package-that-is-not-installed"].inputs["size"] == 1
    subnet = made["a"]
    assert (subnet.inputs["vpcId"], subnet.inputs["cidrBlock"]) == (UNKNOWN, "10.0.0.0/16")
    assert subnet.property_dependencies["vpcId"] == {made["main"].urn}
    assert str(subnet.source[0]) == "program/__main__.py:4:1"
    assert preview.graph.incomplete == ()


def test_a_question_to_the_cloud_makes_the_graph_incomplete(unborn: Deployment, nowhere: EngineRun) -> None:
    unborn.program(ASKS)
    with pytest.raises(Incomplete) as refused:
        preview_offline(unborn.engine, nowhere, ())
    (problem,) = refused.value.problems
    assert "aws:index/getCallerIdentity:getCallerIdentity" in problem.what
    assert str(problem.where).endswith("program/__main__.py:3")
    assert "permissions record" in problem.fix


def test_a_recorded_answer_makes_it_whole(unborn: Deployment, nowhere: EngineRun) -> None:
    unborn.program(ASKS)
    preview = preview_offline(unborn.engine, nowhere, (WHO,))
    (vpc,) = (item for item in preview.graph.resources if item.name == "main")
    assert vpc.inputs["tags"] == {"account": "111122223333"}


def test_what_a_program_was_told_is_recorded_for_the_next_time(
    unborn: Deployment, nowhere: EngineRun, tmp_path: Path
) -> None:
    unborn.program(ASKS)
    told = preview_offline(unborn.engine, nowhere, (WHO,)).answers
    assert record(tmp_path / "permissions", "dev", told, whole=True) == 1
    assert answers_for(tmp_path / "permissions", "dev") == (WHO,)
    assert answers_for(tmp_path / "permissions", "production") == ()
    again = preview_offline(unborn.engine, nowhere, answers_for(tmp_path / "permissions", "dev"))
    assert again.graph.invokes == (WHO.token,)


@pytest.mark.parametrize(
    "told",
    [
        Answered("aws:ec2/getVpc:getVpc", {}, None, secret=True),
        Answered("aws:ssm/getParameter:getParameter", {}, {"value": "hunter2"}, secret=False),
    ],
)
def test_a_secret_answer_is_never_recorded(told: Answered, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not recorded"):
        record(tmp_path, "dev", (told,), whole=True)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_passes_over_the_refusal_is_incomplete_all_the_same(
    unborn: Deployment, nowhere: EngineRun
) -> None:
    unborn.program("import pulumi_aws as aws\ntry:\n    aws.get_region()\nexcept Exception:\n    pass\n")
    with pytest.raises(Incomplete, match="getRegion"):
        preview_offline(unborn.engine, nowhere, ())


def test_the_packages_of_a_program_are_those_of_its_interpreter(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: acme\nruntime: {name: python, options: {virtualenv: venv}}\n"
    )
    packages = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    for package, content in {
        "pulumi_azure_native": '{"resource": true, "name": "azure-native"}',
        "pulumi_random": '{"resource": true}',
    }.items():
        (packages / package).mkdir(parents=True)
        (packages / package / "pulumi-plugin.json").write_text(content)
    (tmp_path / "venv" / "bin").mkdir()
    (tmp_path / "venv" / "bin" / "python").touch()
    assert packages_of(tmp_path) == ("azure-native", "random")
