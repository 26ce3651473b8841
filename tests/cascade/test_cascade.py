"""A change upstream shows downstream in one plan, without mocks; the cases that ENGINE.md says go wrong."""

from __future__ import annotations

from collections.abc import Callable

from cascade_estates import Estate, known, operations

NETWORK = """
vpc = aws.ec2.Vpc("main", cidr_block="{cidr}", tags={{"Name": "{tag}"}})
publish(vpc_id=vpc.id, cidr=vpc.cidr_block, name=vpc.tags["Name"])
"""
READER = """
network = read("network")
aws.ec2.Subnet("inner", vpc_id=network.vpc_id, cidr_block="10.0.1.0/24")
aws.ec2.SecurityGroup(
    "group", name="group", description="d", vpc_id=network.vpc_id, tags={"of": network.name}
)
"""
READS = {"network": {}, "reader": {"network": ["vpc_id", "name"]}}


def test_what_does_not_exist_yet_is_unknown_downstream_and_applies_in_one_go(
    make_estate: Callable[..., Estate],
) -> None:
    estate = make_estate(READS, network=NETWORK.format(cidr="10.0.0.0/16", tag="a"), reader=READER)
    plan = estate.plan("--out", "plan.json")
    assert known(plan["reader"]) == {"network.vpc_id": "unknown", "network.name": "planned"}
    group = next(step for step in plan["reader"]["steps"] if step["urn"].endswith("::group"))
    assert group["inputs"]["vpcId"] == {"$prodfirst": "unknown"}
    assert group["inputs"]["tags"]["of"] == "a"
    results = estate.apply("plan.json")
    assert {name: item["result"] for name, item in results.items()} == {
        "network": "applied",
        "reader": "applied",
    }
    vpc = estate.json("outputs", "network")["outputs"]["vpc_id"]
    subnets = estate.aws("ec2", "describe-subnets", "--filters", f"Name=vpc-id,Values={vpc}")["Subnets"]
    assert [subnet["CidrBlock"] for subnet in subnets] == ["10.0.1.0/24"]
    again = estate.plan()
    assert all(not set(operations(item).values()) - {"same"} for item in again.values())
    assert set(known(again["reader"]).values()) == {"known"}


def test_a_changed_value_travels_and_a_replacement_wipes_downstream_in_the_same_plan(
    make_estate: Callable[..., Estate],
) -> None:
    estate = make_estate(READS, network=NETWORK.format(cidr="10.0.0.0/16", tag="a"), reader=READER)
    estate.apply("--yes")
    estate.change("network", NETWORK.format(cidr="10.0.0.0/16", tag="b"))
    plan = estate.plan()
    assert known(plan["reader"]) == {"network.vpc_id": "known", "network.name": "planned"}
    assert operations(plan["reader"]) == {"inner": "same", "group": "update"}

    estate.change("network", NETWORK.format(cidr="10.0.0.0/15", tag="a"))
    text = estate.run("plan", "--out", "plan.json")
    assert "reads network.vpc_id unknown (after apply)" in text
    plan = estate.plan()
    assert operations(plan["network"])["main"] == "replace"
    assert operations(plan["reader"]) == {"inner": "replace", "group": "replace"}
    results = estate.apply("plan.json")
    assert {item["result"] for item in results.values()} == {"applied"}
    assert set(operations(estate.plan()["reader"]).values()) == {"same"}


def test_an_unknown_that_comes_out_the_same_is_within_the_approved_replacement(
    make_estate: Callable[..., Estate],
) -> None:
    """ENGINE.md: the engine's own plan fails then, after all steps have run."""
    program = """
    key = aws.kms.Key("k", description="{text}", deletion_window_in_days=7)
    publish(name=key.{output}.apply(lambda _: "steady"))
    """
    reader = """
    aws.ec2.SecurityGroup("group", name=read("keys").name, description="d")
    """
    reads = {"keys": {}, "reader": {"keys": ["name"]}}
    estate = make_estate(reads, keys=program.format(text="a", output="key_id"), reader=reader)
    estate.apply("--yes")
    # a new key: its id, and so the field, is unknown until it is there
    estate.change("keys", program.format(text="a", output="key_id").replace('"k"', '"other"'))
    plan = estate.plan("--out", "plan.json")
    assert known(plan["reader"]) == {"keys.name": "unknown"}
    assert operations(plan["reader"]) == {"group": "replace"}
    results = estate.apply("plan.json")
    assert results["keys"]["result"] == "applied"
    assert results["reader"]["result"] == "unchanged"


def test_provider_configuration_that_is_unknown_at_plan_time(make_estate: Callable[..., Estate]) -> None:
    upstream = """
    key = aws.kms.Key("k", deletion_window_in_days=7)
    publish(region=key.arn.apply(lambda arn: arn.split(":")[3]))
    """
    reader = """
    # the stack's own tags: without them its identity may make nothing
    tags = pulumi.Config("aws").require_object("defaultTags")
    elsewhere = aws.Provider("elsewhere", region=read("keys").region, default_tags=tags)
    aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=elsewhere))
    """
    estate = make_estate({"keys": {}, "reader": {"keys": ["region"]}}, keys=upstream, reader=reader)
    plan = estate.plan("--out", "plan.json")
    assert operations(plan["reader"]) == {"main": "create"}
    results = estate.apply("plan.json")
    assert {name: item["result"] for name, item in results.items()} == {
        "keys": "applied",
        "reader": "applied",
    }


def test_a_resource_made_inside_apply_of_an_unknown_is_refused_with_what_to_write(
    make_estate: Callable[..., Estate],
) -> None:
    reader = """
    read("network").vpc_id.apply(
        lambda vpc: aws.ec2.SecurityGroup("hidden", name="hidden", description="d", vpc_id=vpc)
    )
    """
    estate = make_estate(READS, network=NETWORK.format(cidr="10.0.0.0/16", tag="a"), reader=reader)
    estate.plan("--out", "plan.json")
    results = estate.apply("plan.json", code=1)
    assert results["network"]["result"] == "applied"
    assert results["reader"]["result"] == "refused"
    (finding,) = results["reader"]["findings"]
    assert finding["rule"] == "resource-in-apply"
    assert finding["where"]["file"] == "reader/__main__.py"
    assert "outside of `.apply`" in finding["fix"]


def test_a_failed_deployment_stops_its_dependents_and_nothing_else(
    make_estate: Callable[..., Estate],
) -> None:
    reads = {"bad": {}, "below": {"bad": ["vpc_id"]}, "deep": {"below": ["vpc_id"]}, "apart": {}}
    passing = 'vpc = read("{}").vpc_id\npublish(vpc_id=vpc)\n'
    vpc = 'vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")\npublish(vpc_id=vpc.id)\n'
    estate = make_estate(
        reads,
        bad=vpc,
        below=passing.format("bad"),
        deep=passing.format("below"),
        apart='aws.ec2.Vpc("main", cidr_block="10.1.0.0/16")\n',
    )
    # its lock has the bucket, and its role does not yet: no bootstrap after it
    estate.stack("bad", vpc + 'aws.s3.Bucket("late", bucket="acme-made-late")\n')
    estate.run("permissions", "sync", "bad")
    estate.plan("--out", "plan.json")
    results = estate.apply("plan.json", code=3)
    assert {name: item["result"] for name, item in results.items()} == {
        "bad": "failed",
        "below": "not reached",
        "deep": "not reached",
        "apart": "applied",
    }
    assert "`bad/local`" in results["below"]["why"]


def test_a_deployment_that_cannot_be_planned_does_not_keep_the_others(
    make_estate: Callable[..., Estate],
) -> None:
    reads = {"bad": {}, "below": {"bad": ["vpc_id"]}, "apart": {}}
    estate = make_estate(
        reads,
        bad='vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")\npublish(vpc_id=vpc.id)\n',
        below='read("bad")\n',
        apart='aws.ec2.Vpc("main", cidr_block="10.1.0.0/16")\n',
    )
    estate.stack("bad", 'raise LookupError("a mistake")\n')
    told = estate.run("plan", "--out", "plan.json", code=3)
    assert "LookupError: a mistake" in told
    assert "`below` was not planned" in told
    assert "create  aws:ec2:Vpc main" in told
    assert not (estate.folder / "plan.json").exists()


def test_a_run_ends_by_naming_the_hosts_that_were_refused(make_estate: Callable[..., Estate]) -> None:
    """The local cloud reaches no other host: a cluster elsewhere is named, and nothing went out to it."""
    program = """
    import json, pulumi_kubernetes as k8s
    cluster = {"clusters": [{"name": "c", "cluster": {"server": "https://k8s.example.com"}}],
               "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
               "users": [{"name": "u", "user": {"token": "t"}}], "current-context": "c"}
    elsewhere = k8s.Provider("elsewhere", kubeconfig=json.dumps(cluster))
    k8s.core.v1.Namespace("n", opts=pulumi.ResourceOptions(provider=elsewhere))
    """
    estate = make_estate({"a": {}}, a='publish(name="a")\n')
    estate.stack("a", program)
    out, errors = estate.both("plan", code=3)
    assert "its cluster does not answer" in errors
    assert "refused by the local cloud, which reaches no other host: k8s.example.com:443" in out + errors
    assert "next: prodfirst" not in out + errors, "a plan that is refused has no next step"
