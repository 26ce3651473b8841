"""`prodfirst plan` of one stack, whole process, against interpreter, imports and program with no engine."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cycle import PROGRAM, entry, estate_file, run
from measuring import Case

RUNS = 10
_SIZES = (30, 74)
_STACK = """\
import pulumi_aws as aws

vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
for index in range(SIZE - 1):
    if index % 2:
        aws.ec2.RouteTable(f"table-{index}", vpc_id=vpc.id, tags={"Name": str(index)})
    else:
        aws.ec2.Subnet(f"subnet-{index}", vpc_id=vpc.id, cidr_block=f"10.0.{index}.0/24")
"""
_FLOOR = """\
import runpy
import sys

import pulumi


class Nothing(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return args.name, args.inputs

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Nothing())
pulumi.runtime.run_in_stack(lambda: runpy.run_path(sys.argv[1], run_name="__main__"))
"""


@contextmanager
def cases() -> Iterator[Sequence[Case]]:
    """An estate with one applied stack of each size and one change in it, on a local cloud of its own.

    A plan without changes would be remembered, and not be run again.
    """
    with tempfile.TemporaryDirectory(prefix="bench-plan-") as folder:
        root = Path(folder)
        variables = {"PRODFIRST_HOME": str(root / "home")}
        _write(root)
        try:
            for command in (("permissions", "sync"), ("local", "up"), ("bootstrap",), ("apply", "--yes")):
                run(root, variables, *command)
            _change(root)
            yield [case for size in _SIZES for case in _of(size, root, variables)]
        finally:
            run(root, variables, "local", "down")


def _of(size: int, root: Path, variables: dict[str, str]) -> tuple[Case, Case]:
    floor = f"floor, {size} resources"
    program = root / f"s{size}" / "__main__.py"
    return (
        Case(floor, (sys.executable, str(root / "floor.py"), str(program)), root),
        Case(
            f"plan, {size} resources",
            (PROGRAM, "plan", f"s{size}", "--json"),
            root,
            variables,
            floor=floor,
            aim_ratio=1.4,
        ),
    )


def _write(root: Path) -> None:
    stacks = []
    for size in _SIZES:
        folder = root / f"s{size}"
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(f"name: bench-{size}\nruntime: python\n")
        (folder / "__main__.py").write_text(_STACK.replace("SIZE", str(size)))
        stacks.append(entry(f"s{size}"))
    (root / "prodfirst.yaml").write_text(estate_file("bench", stacks))
    (root / "floor.py").write_text(_FLOOR)


def _change(root: Path) -> None:
    for size in _SIZES:
        program = root / f"s{size}" / "__main__.py"
        text = program.read_text()
        program.write_text(text.replace('"10.0.0.0/16")', '"10.0.0.0/16", tags={"bench": "changed"})'))
