"""`prodfirst init`: a new estate, from what can be found out and from a template, or around what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from prodfirst.adapters import git
from prodfirst.adapters.aws.profile import profile
from prodfirst.adapters.pulumi.projects import Project, find_projects
from prodfirst.estate.begun import Begun, Fact
from prodfirst.estate.reading import FILE_NAME, load
from prodfirst.estate.writing import Entry, Facts, around, name_from, settings_text
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.usecases import templates

_ACCOUNT = "111122223333"
"""AWS's own example account; on the local cloud any will do."""
_REGION = "us-east-1"
"""Where AWS's own tools go when nobody says."""
_TEAM = "platform"
_ENVIRONMENT = "local"
_IDENTITY = '''\
"""Who may do what: an identity for every stack, a role for every team."""

from pathlib import Path

from prodfirst.blueprints.aws.identity import Identity

Identity("identity", locks=Path(__file__).parents[1] / "permissions")
'''


def begin(folder: Path, template: str | None, name: str | None) -> Begun:
    """Write an estate into `folder`, or nothing at all.

    Raises InvalidInput where there is one, where a file is in the way, and for an unknown template.
    """
    if (folder / FILE_NAME).exists():
        fix = "go on with `prodfirst validate`, or choose another folder"
        raise InvalidInput(Problem("there is an estate already", str(folder / FILE_NAME), fix=fix))
    known = tuple(_facts(folder, name))
    facts = Facts(**{fact.what: fact.value for fact in known})
    found = find_projects(folder) if template is None and folder.is_dir() else None
    projects = found.projects if found else ()
    notes = (*found.others, *_notes(folder, projects)) if found else ()
    chosen = "" if projects else template or templates.SMALLEST
    wanted = _around(folder, projects, facts) if projects else templates.files(chosen, facts)
    written = _write(folder, wanted)
    adopted = tuple(_names(folder, projects))
    return Begun(folder / FILE_NAME, chosen, known, written, adopted, notes)


def _facts(folder: Path, name: str | None) -> Iterator[Fact]:
    repository, user = git.repository(_existing(folder)), profile()
    if name is None:
        name = name_from(repository.rpartition("/")[2] if repository else folder.name)
        yield Fact("name", name, "the repository's name" if repository else "the folder's name")
    else:
        yield Fact("name", name, "`--name`")
    if repository:
        yield Fact("repository", repository, "git remote `origin`")
    else:
        yield Fact(
            "repository", f"github.com/owner/{name}", "no git remote yet; CI jobs are trusted by it", True
        )
    source = f"AWS profile `{user.name}`"
    if user.account:
        yield Fact("account", user.account, source)
    else:
        yield Fact("account", _ACCOUNT, "any will do on the local cloud", True)
    if user.region:
        yield Fact("region", user.region, source)
    else:
        yield Fact("region", _REGION, "neither AWS_REGION nor an AWS profile says", True)


def _existing(folder: Path) -> Path:
    return folder if folder.is_dir() else _existing(folder.parent)


def _around(folder: Path, projects: tuple[Project, ...], facts: Facts) -> Mapping[Path, str]:
    names = dict(zip(_names(folder, projects), projects, strict=True))
    identity = "identity" if not (folder / "identity").exists() and "identity" not in names else "identities"
    entries = [Entry(identity, "identity", identity)]
    entries += [
        Entry(name, "infrastructure", project.folder.relative_to(folder).as_posix())
        for name, project in names.items()
    ]
    files = {
        Path(FILE_NAME): around(entries, facts, _TEAM),
        Path(identity, "Pulumi.yaml"): f"name: {facts.name}-identity\nruntime: python\n",
        Path(identity, "__main__.py"): _IDENTITY,
    }
    for project in projects:
        path = project.folder.relative_to(folder) / f"Pulumi.{_ENVIRONMENT}.yaml"
        if project.settings and not (folder / path).exists():
            files[path] = settings_text(project.settings)
    return files


def _names(folder: Path, projects: tuple[Project, ...]) -> Iterator[str]:
    """By their folders; where two are called alike, by the path."""
    own = [name_from(project.folder.relative_to(folder).name or project.name) for project in projects]
    for name, project in zip(own, projects, strict=True):
        path = name_from("-".join(project.folder.relative_to(folder).parts) or project.name)
        yield path if own.count(name) > 1 else name


def _notes(folder: Path, projects: tuple[Project, ...]) -> Iterator[Problem]:
    for project in projects:
        shown = str(project.folder.relative_to(folder))
        for key in project.secrets:
            fix = f"set it for this machine after `prodfirst bootstrap`: `pulumi config set --secret {key}`"
            yield Problem(
                f"the secret setting `{key}` of `{project.settings_of}` is not taken over", shown, fix=fix
            )
        for position in project.references:
            yield Problem(
                "the program reads another stack's outputs by a StackReference",
                position,
                "it needs the other's whole state, and the key to its secrets",
                "publish the field there, declare it under `reads`, and `read` it (docs: adopt a project)",
            )


def _write(folder: Path, files: Mapping[Path, str]) -> tuple[Path, ...]:
    """Write all, and see that the estate is valid; where it is not, none stays."""
    if taken := [path for path in files if (folder / path).exists()]:
        fix = "move it away, or choose another folder"
        raise InvalidInput(*(Problem("a file is in the way", str(folder / path), fix=fix) for path in taken))
    written = []
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
            written.append(path)
        load(folder / FILE_NAME)
    except BaseException:
        for path in written:
            (folder / path).unlink()
        raise
    return tuple(written)
