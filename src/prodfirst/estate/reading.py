"""Reads `prodfirst.yaml`: every error at once, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from prodfirst.estate import document
from prodfirst.estate.ci import check_names, check_trust
from prodfirst.estate.definition import (
    Environment,
    EnvironmentName,
    Estate,
    Read,
    Stack,
    StackName,
    Team,
    TeamName,
)
from prodfirst.estate.document import Document, Location
from prodfirst.estate.explaining import explain, nearest
from prodfirst.estate.law import check_law
from prodfirst.estate.schema import EstateFile
from prodfirst.kernel.errors import InvalidInput, Position, Problem

FILE_NAME = "prodfirst.yaml"


def find(start: Path) -> Path:
    """The nearest `prodfirst.yaml` at or above `start`, as git finds its folder."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise InvalidInput(
        Problem(
            f"no `{FILE_NAME}` here or in a folder above",
            str(start),
            fix="begin one with `prodfirst init`, go to the estate's folder, or name the file with `--file`",
        )
    )


def load(path: Path) -> Estate:
    """Read, check and link the whole estate. Raises InvalidInput with all problems, in the file's order."""
    # programs are compared with the estate's folder, so both are named without links
    path = path.absolute().parent.resolve() / path.name
    source = document.read(path, path.name)
    parsed = _parse(source)
    linker = _Linker(source, parsed, path.parent)
    estate = linker.link()
    problems = [*linker.problems, *check_law(estate), *check_names(estate), *check_trust(estate)]
    if problems:
        raise InvalidInput(*_in_order(problems))
    return estate


def _parse(source: Document) -> EstateFile:
    try:
        return EstateFile.model_validate(source.data)
    except ValidationError as error:
        problems = [explain(source, item) for item in error.errors(include_url=False, include_context=False)]
        raise InvalidInput(*_in_order(problems)) from None


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    def key(problem: Problem) -> tuple[int, int]:
        where = problem.where
        return (where.line, where.column) if isinstance(where, Position) else (0, 0)

    return sorted(problems, key=key)


class _Linker:
    """Turns the parsed file into the estate and checks what refers to what."""

    def __init__(self, source: Document, parsed: EstateFile, root: Path) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._parsed = parsed
        self._root = root
        self._projects: dict[str, str] = {}

    def link(self) -> Estate:
        parsed = self._parsed
        return Estate(
            name=parsed.name,
            repository=parsed.repository,
            root=self._root,
            environments=MappingProxyType(
                {EnvironmentName(n): self._environment(n) for n in parsed.environments}
            ),
            teams=MappingProxyType(
                {
                    TeamName(name): Team(TeamName(name), entry.group, self._source.at(("teams", name)))
                    for name, entry in parsed.teams.items()
                }
            ),
            stacks=MappingProxyType({StackName(name): self._stack(name) for name in parsed.stacks}),
        )

    def _environment(self, name: str) -> Environment:
        entry = self._parsed.environments[name]
        for index, zone in enumerate(entry.zones):
            place: Location = ("environments", name, "zones", index)
            if not zone.startswith(entry.region):
                self._add(
                    f"zone `{zone}` is not in region `{entry.region}`", place, "use zones of the region"
                )
            if zone in entry.zones[:index]:
                self._add(f"zone `{zone}` stands twice", place, "name each zone once")
        return Environment(
            name=EnvironmentName(name),
            cloud=entry.cloud,
            account=entry.account,
            region=entry.region,
            zones=tuple(entry.zones),
            backend=entry.backend,
            local=entry.local,
            operator=entry.operator,
            position=self._source.at(("environments", name)),
        )

    def _stack(self, name: str) -> Stack:
        entry = self._parsed.stacks[name]
        place: Location = ("stacks", name)
        if entry.owner not in self._parsed.teams:
            self._add(f"no team `{entry.owner}`", (*place, "owner"), nearest(entry.owner, self._parsed.teams))
        for read, fields in entry.reads.items():
            for index, field in enumerate(fields):
                if field in fields[:index]:
                    self._add(f"`{field}` stands twice", (*place, "reads", read, index), "name it once")
            if read not in self._parsed.stacks:
                self._add(f"no stack `{read}`", (*place, "reads", read), nearest(read, self._parsed.stacks))
        program = (self._root / entry.program).resolve()
        return Stack(
            name=StackName(name),
            layer=entry.layer,
            owner=TeamName(entry.owner),
            program=program,
            project=self._project(name, program),
            stateful=entry.stateful,
            reads=tuple(
                Read(
                    StackName(read),
                    tuple(fields),
                    self._source.at((*place, "reads", read)),
                    tuple(self._source.at((*place, "reads", read, i)) for i in range(len(fields))),
                )
                for read, fields in entry.reads.items()
                if read in self._parsed.stacks
            ),
            position=self._source.at(place),
        )

    def _project(self, name: str, program: Path) -> str:
        """The name in the program's `Pulumi.yaml`; adds a problem and returns "" where there is none."""
        place: Location = ("stacks", name, "program")
        shown = self._parsed.stacks[name].program
        if not program.is_relative_to(self._root):
            self._add(f"program `{shown}` is outside the estate's folder", place, "move it inside")
            return ""
        file = program / "Pulumi.yaml"
        if not file.is_file():
            self._add(
                f"program `{shown}` has no `Pulumi.yaml`",
                place,
                "make one with `pulumi new`, or correct the path",
            )
            return ""
        data = document.read(file, str(file.relative_to(self._root))).data
        data = data if isinstance(data, dict) else {}
        runtime = data.get("runtime")
        runtime = runtime.get("name") if isinstance(runtime, dict) else runtime
        if runtime != "python":
            self._add(
                f"program `{shown}` has the runtime `{runtime}`",
                place,
                "only Python programs are supported yet",
            )
        project = str(data.get("name") or "")
        if project in self._projects:
            other = self._projects[project]
            self._add(
                f"stacks `{other}` and `{name}` have one project `{project}`",
                place,
                "give each a name of its own",
            )
        self._projects[project] = name
        return project

    def _add(self, what: str, location: Location, fix: str) -> None:
        self.problems.append(Problem(what, self._source.at(location), fix=fix))
