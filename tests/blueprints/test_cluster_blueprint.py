"""What the blueprint of a cluster refuses to make."""

from __future__ import annotations

import pytest
from aws_programs import AwsProgram
from local_callers import ACCOUNT, REGION
from ruamel.yaml import YAML

from prodfirst.kernel.errors import Failure

_SETTINGS = {
    "aws:region": REGION,
    "prodfirst:account": ACCOUNT,
    "prodfirst:environment": "local",
    "prodfirst:estate": "acme",
    "prodfirst:prefix": "acme-local-cluster",
    "prodfirst:region": REGION,
    "prodfirst:stack": "cluster",
    "prodfirst:zones": [f"{REGION}a"],
}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            'overrides={"endpoint.public_access": True}',
            "`endpoint.public_access` is a protection: turn it off with",
        ),
        ('unprotected={"endpoint.public_access": " "}', "needs a written reason"),
        (
            'unprotected={"endpoint.public_access": "hosted runners"}',
            "a public endpoint needs `endpoint.public_access_cidrs`: who may reach it",
        ),
        ('overrides={"cluster.verson": "1.34"}', "did you mean `cluster.version`?"),
    ],
)
def test_an_opening_needs_a_reason_and_says_to_whom(aws: AwsProgram, given: str, told: str) -> None:
    yaml, file = YAML(), aws.run.config_file
    settings = yaml.load(file.read_text())
    settings["config"] = _SETTINGS
    with file.open("w") as stream:
        yaml.dump(settings, stream)
    aws.program(
        f'from prodfirst.blueprints.aws import Cluster\nCluster("main", subnet_ids=["subnet-1"], {given})\n'
    )
    with pytest.raises(Failure) as raised:
        aws.engine.preview(aws.run)
    assert told in str(raised.value)
