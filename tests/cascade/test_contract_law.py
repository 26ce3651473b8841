"""What others read must stay: removing or retyping a field fails the plan and names the reader's line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cascade_estates import Estate, bootstrapped, known, operations

from prodfirst.adapters.pulumi.providers import attached
from prodfirst.adapters.pulumi.tool import find_engine
from prodfirst.cli.options import open_site
from prodfirst.estate.definition import StackName
from prodfirst.usecases.site import LOCAL_PROVIDERS

PUBLISHER = "publish({fields})\n"
READER = """
fields = read("publisher")
aws.kms.Key("k", deletion_window_in_days=7, description={use})
"""
READS = {"publisher": {}, "reader": {"publisher": ["name", "sizes"]}}


@pytest.fixture(scope="module")
def estate(cascade_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """A publisher and a reader, applied; tests change the publisher and put it back."""
    made = bootstrapped(
        tmp_path_factory.mktemp("law"),
        cascade_home,
        READS,
        {
            "publisher": PUBLISHER.format(fields='name="a", sizes=[1, 2]'),
            "reader": READER.format(use="fields.name"),
        },
    )
    made.apply("--yes")
    return made


@pytest.mark.parametrize(
    ("fields", "rule", "says"),
    [
        ("sizes=[1, 2]", "contract-field-missing", "does not publish `name` any more"),
        ('name="a", sizes=[1]', "contract-field-retyped", "the list has 1 entries instead of 2"),
        ("name=7, sizes=[1, 2]", "contract-field-retyped", "string became number"),
    ],
)
def test_a_broken_contract_fails_the_plan_with_the_readers_line(
    estate: Estate, fields: str, rule: str, says: str
) -> None:
    before = (estate.folder / "publisher" / "__main__.py").read_text()
    estate.stack("publisher", PUBLISHER.format(fields=fields))
    try:
        deployment = estate.plan("publisher", code=1)["publisher"]
    finally:
        (estate.folder / "publisher" / "__main__.py").write_text(before)
    (finding,) = [item for item in deployment["findings"] if item["rule"] == rule]
    assert says in finding["what"]
    assert "`reader` reads it" in finding["why"]
    line = (estate.folder / "prodfirst.yaml").read_text().splitlines()[finding["where"]["line"] - 1]
    assert finding["where"]["file"] == "prodfirst.yaml"
    assert line.strip().startswith("reader:")


def test_a_longer_list_breaks_nobody_and_is_planned_downstream(estate: Estate) -> None:
    before = (estate.folder / "publisher" / "__main__.py").read_text()
    estate.stack("publisher", PUBLISHER.format(fields='name="b", sizes=[1, 2, 3]'))
    try:
        plan = estate.plan()
    finally:
        (estate.folder / "publisher" / "__main__.py").write_text(before)
    assert not [item for item in plan["publisher"]["findings"] if item["severity"] == "mandatory"]
    assert set(known(plan["reader"]).values()) == {"planned"}
    assert operations(plan["reader"]) == {"k": "update"}


def test_a_field_that_the_file_does_not_name_cannot_be_read(estate: Estate) -> None:
    before = (estate.folder / "reader" / "__main__.py").read_text()
    estate.stack("reader", READER.format(use="fields.other"))
    try:
        told = estate.run("plan", "reader", code=3)
    finally:
        (estate.folder / "reader" / "__main__.py").write_text(before)
    assert "`other` of `publisher` is not among the fields that this stack reads" in told
    assert "add it under `reads` in prodfirst.yaml" in told


def test_a_contract_that_somebody_reads_is_not_removed_under_them(estate: Estate) -> None:
    told = estate.run("plan", "publisher", "--destroy", code=1)
    assert "`reader` reads it" in told
    assert "first remove it from the reads of `reader`" in " ".join(told.split())
    assert estate.plan("--destroy")["publisher"]["findings"] == []


def test_a_secret_is_refused_by_name_and_its_reference_is_not(make_estate: Callable[..., Estate]) -> None:
    program = "publish(token={value})\n"
    secret = 'pulumi.Output.secret("canary-" + "5d1c")'
    estate = make_estate({"publisher": {}}, publisher=program.format(value='"plain"'))
    estate.stack("publisher", program.format(value=secret))
    told = estate.run("plan", code=3)
    assert "`token` is a secret, and contracts hold none" in " ".join(told.split())
    assert "canary-5d1c" not in told
    estate.stack("publisher", program.format(value='secret_reference("arn:aws:secretsmanager:x")'))
    assert operations(estate.plan()["publisher"]) == {}


def test_an_unknown_that_turns_out_to_be_secret_is_admitted(make_estate: Callable[..., Estate]) -> None:
    """ENGINE.md lists it among what works; it must go on working through our admission."""
    reads = {"publisher": {}, "reader": {"publisher": ["id"]}}
    estate = make_estate(
        reads,
        publisher='key = aws.kms.Key("k", deletion_window_in_days=7)\npublish(id=key.key_id)\n',
        reader="""
        secret = pulumi.Output.secret(read("publisher").id)
        aws.kms.Key("k", deletion_window_in_days=7, description=secret)
        """,
    )
    estate.plan("--out", "plan.json")
    results = estate.apply("plan.json")
    assert {item["result"] for item in results.values()} == {"applied"}


def test_what_was_never_published_is_unknown_and_is_not_applied(make_estate: Callable[..., Estate]) -> None:
    estate = make_estate(
        READS,
        publisher=PUBLISHER.format(fields='name="a", sizes=[1, 2]'),
        reader=READER.format(use="fields.name"),
    )
    estate.run("plan", "reader", "--out", "plan.json")
    plan = estate.plan("reader")["reader"]
    assert known(plan) == {"publisher.name": "unknown", "publisher.sizes": "unknown"}
    told = estate.run("apply", "plan.json", code=1)
    assert "`publisher` has not published `name` yet" in told
    assert "prodfirst.yaml:" in told
    assert "apply `publisher` first" in told


def test_a_blueprint_takes_a_list_that_was_never_published(make_estate: Callable[..., Estate]) -> None:
    """Its length is not known either: a program that counts it would fail."""
    network = """
    subnets = [aws.ec2.Subnet(f"s{i}", vpc_id="vpc-1", cidr_block=f"10.0.{i}.0/24") for i in range(2)]
    publish(vpc_id=subnets[0].vpc_id, cidr="10.0.0.0/16", private_subnet_ids=[item.id for item in subnets])
    """
    database = """
    from prodfirst.blueprints.aws import Database
    network = read("network")
    Database("main", vpc_id=network.vpc_id, subnet_ids=network.private_subnet_ids, allow_from=[network.cidr])
    """
    reads = {"network": {}, "database": {"network": ["vpc_id", "cidr", "private_subnet_ids"]}}
    estate = make_estate(reads, network=network, database=database)
    plan = estate.plan("database")["database"]
    assert set(known(plan).values()) == {"unknown"}
    (group,) = [step for step in plan["steps"] if "rds/subnetGroup:" in step["urn"]]
    assert group["inputs"]["subnetIds"] == {"$prodfirst": "unknown"}


def test_plain_pulumi_reads_and_publishes_without_prodfirst(
    make_estate: Callable[..., Estate], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lock-in: the same programs, under each stack's own identity, by Pulumi's Automation API."""
    estate = make_estate(
        READS,
        publisher=PUBLISHER.format(fields='name="a", sizes=[1, 2]'),
        reader=READER.format(use='pulumi.Output.format("{}/{}", fields.name, fields.sizes[1])'),
    )
    monkeypatch.setenv("PRODFIRST_HOME", str(estate.home))
    assert _plain(estate, "publisher") == {"name": "a", "sizes": [1, 2]}
    name = f"/prodfirst/{estate.folder.name}/local/publisher/name"
    parameter = estate.aws("ssm", "get-parameter", "--name", name)["Parameter"]
    assert parameter["Value"] == '{"type":"string","value":"a"}'
    assert _plain(estate, "reader") == {}
    keys = [item["KeyId"] for item in estate.aws("kms", "list-keys")["Keys"]]
    shown = [estate.aws("kms", "describe-key", "--key-id", key)["KeyMetadata"] for key in keys]
    assert "a/2" in {key["Description"] for key in shown}


def _plain(estate: Estate, stack: str) -> Any:
    """The outputs after `pulumi up` of a program with the configuration that its stack file would hold."""
    site = open_site(estate.folder / "prodfirst.yaml", None)
    state = estate.folder / "plain-state"
    state.mkdir(exist_ok=True)
    settings = estate.folder / f"{stack}.json"
    settings.write_text(json.dumps(site.managed_config(site.estate.stacks[StackName(stack)])))
    identity = estate.identity(f"{stack}/apply")
    (command,) = LOCAL_PROVIDERS
    engine = find_engine(lambda _text: None)
    variables = {
        **identity,
        "PATH": f"{engine.path.parent}{os.pathsep}{identity['PATH']}",
        "PULUMI_HOME": str(state / "home"),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    program = Path(__file__).parent / "plain_pulumi.py"
    with attached((command,), identity) as reachable:
        done = subprocess.run(
            [sys.executable, str(program), str(estate.folder / stack), str(state), str(settings)],
            env={**variables, **reachable.environment()},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
