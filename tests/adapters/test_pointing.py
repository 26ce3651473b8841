"""An input that is wrong is named where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodfirst.adapters.pulumi.pointing import argument
from prodfirst.kernel.errors import Position

PROGRAM = """\
import pulumi_aws as aws
vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/33")
key = aws.kms.Key(
    "k",
    policy=document(
        policy="inner",
    ),
    tags={"a": "1"},
)
aws.ec2.Subnet("s", aws.ec2.SubnetArgs(vpc_id=vpc.id))
aws.ec2.Subnet("t", {"vpcId": vpc.id})
things = [aws.ec2.Vpc(name, cidr_block=block) for name, block in blocks]
"""


@pytest.mark.parametrize(
    ("line", "type_name", "path", "found"),
    [
        (2, "Vpc", "cidrBlock", "2:24"),
        (2, "Vpc", "instanceTenancy", "2:7"),
        (3, "Key", "policy", "5:5"),
        (3, "Key", 'tags["a"]', "8:5"),
        (3, "Key", "tags.a", "8:5"),
        (10, "Subnet", "vpcId", "10:40"),
        (11, "Subnet", "vpcId", "11:22"),
        (12, "Vpc", "cidrBlock", "12:29"),
        (1, "Vpc", "cidrBlock", "1:1"),
    ],
)
def test_the_argument_else_the_call_else_the_line(
    tmp_path: Path, line: int, type_name: str, path: str, found: str
) -> None:
    (tmp_path / "p.py").write_text(PROGRAM)
    assert str(argument(tmp_path, Position("p.py", line), type_name, path)) == f"p.py:{found}"


@pytest.mark.parametrize("content", [None, "def broken(:\n"])
def test_a_file_that_is_not_there_any_more_keeps_the_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "p.py").write_text(content)
    assert str(argument(tmp_path, Position("p.py", 1), "Vpc", "x")) == "p.py:1:1"
