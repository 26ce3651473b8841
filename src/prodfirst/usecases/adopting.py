"""An estate around Pulumi projects that are there: their files stay as they are, and so does their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prodfirst.adapters.pulumi.projects import Project
from prodfirst.estate.reading import FILE_NAME
from prodfirst.estate.writing import Entry, Facts, around, name_from, settings_text
from prodfirst.kernel.errors import Problem

_TEAM = "platform"
_ENVIRONMENT = "local"
_IDENTITY = '''\
"""Who may do what: an identity for every stack, a role for every team."""

from pathlib import Path

from prodfirst.blueprints.aws.identity import Identity

Identity("identity", locks=Path(__file__).parents[1] / "permissions")
'''


@dataclass(frozen=True)
class Adoption:
    """Projects below a folder, as stacks."""

    folder: Path
    stacks: Mapping[str, Project]

    def files(self, facts: Facts) -> Mapping[Path, str]:
        """What is written beside them, by its path in the folder."""
        identity = _free("identity", {*self.stacks, *(path.name for path in self.folder.iterdir())})
        entries = [Entry(identity, "identity", identity)]
        entries += [
            Entry(name, "infrastructure", project.folder.relative_to(self.folder).as_posix())
            for name, project in self.stacks.items()
        ]
        projects = {project.name for project in self.stacks.values()}
        own = _free(f"{facts.name}-identity", projects)
        found = {
            Path(FILE_NAME): around(entries, facts, _TEAM),
            Path(identity, "Pulumi.yaml"): f"name: {own}\nruntime: python\n",
            Path(identity, "__main__.py"): _IDENTITY,
        }
        for project in self.stacks.values():
            path = project.folder.relative_to(self.folder) / f"Pulumi.{_ENVIRONMENT}.yaml"
            if project.settings and not (self.folder / path).exists():
                found[path] = settings_text(project.settings)
        return found

    def notes(self) -> Iterator[Problem]:
        """What was not taken over, and what keeps a program from being planned by itself."""
        for project in self.stacks.values():
            shown = str(project.folder.relative_to(self.folder))
            for key in project.secrets:
                what = f"the secret setting `{key}` of `{project.settings_of}` is not taken over"
                fix = (
                    f"set it for this machine after `prodfirst bootstrap`: `pulumi config set --secret {key}`"
                )
                yield Problem(what, shown, fix=fix)
            for position in project.references:
                yield Problem(
                    "the program reads another stack's outputs by a StackReference",
                    position,
                    "it needs the other's whole state, and the key to its secrets",
                    "publish the field there, declare it under `reads`, `read` it (docs: adopt a project)",
                )


def adoption(folder: Path, projects: tuple[Project, ...]) -> Adoption:
    """Each project under a name of its own: its folder's; where that is taken, its path's, or numbered."""
    stacks: dict[str, Project] = {}
    names = [name_from(_parts(folder, project)[-1]) for project in projects]
    for name, project in zip(names, projects, strict=True):
        wanted = name if names.count(name) == 1 else name_from("-".join(_parts(folder, project)))
        stacks[_free(wanted, stacks)] = project
    return Adoption(folder, stacks)


def _parts(folder: Path, project: Project) -> tuple[str, ...]:
    return project.folder.relative_to(folder).parts or (project.name,)


def _free(name: str, taken: Mapping[str, object] | set[str]) -> str:
    """`name`, or the first of `name-2`, `name-3` that nobody has."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
