"""The life of a generated estate of 50 small stacks: seven that publish, and 43 that read one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cycle import Life, entry, estate_file, replacing, run
from measuring import Case

RUNS = 1
_STACKS = 50
_BASES = 7
_BASE = """\
import pulumi_aws as aws
from prodfirst.contracts.program import publish

vpc = aws.ec2.Vpc("main", cidr_block="10.NUMBER.0.0/16", tags={"bench": "first"})
publish(vpc_id=vpc.id)
"""
_READER = """\
import pulumi_aws as aws
from prodfirst.contracts.program import read

vpc_id = read("sBASE").vpc_id
aws.ec2.Subnet("main", vpc_id=vpc_id, cidr_block="10.BASE.NUMBER.0/24", tags={"bench": "first"})
aws.ec2.RouteTable("main", vpc_id=vpc_id, tags={"bench": "first"})
"""


@contextmanager
def cases() -> Iterator[Sequence[Case]]:
    """On a local cloud of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-many-") as folder:
        root = Path(folder) / "many"
        variables = {"PRODFIRST_HOME": str(Path(folder) / "home")}
        _write(root)
        program = root / f"s{_STACKS - 1}" / "__main__.py"
        change = replacing(program, '"first"', '"changed"')
        restore = replacing(program, '"changed"', '"first"')
        try:
            for command in (("permissions", "sync"), ("local", "up"), ("bootstrap",)):
                run(root, variables, *command)
            yield Life(root, variables, tuple(f"s{i}" for i in range(_STACKS)), change, restore).cases()
        finally:
            run(root, variables, "local", "down")


def _write(root: Path) -> None:
    entries = []
    for number in range(_STACKS):
        folder = root / f"s{number}"
        folder.mkdir(parents=True)
        base = number % _BASES
        text = _BASE if number < _BASES else _READER
        (folder / "Pulumi.yaml").write_text(f"name: many-{number}\nruntime: python\n")
        (folder / "__main__.py").write_text(text.replace("NUMBER", str(number)).replace("BASE", str(base)))
        reads = "" if number < _BASES else f", reads: {{ s{base}: [vpc_id] }}"
        entries.append(entry(f"s{number}", reads))
    (root / "prodfirst.yaml").write_text(estate_file("many", entries))
