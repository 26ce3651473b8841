"""`prodfirst init`: a new estate, from what can be found out and from a template, or around what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prodfirst.adapters import git
from prodfirst.adapters.aws import profile
from prodfirst.adapters.new_files import check_free, write_new
from prodfirst.adapters.pulumi.projects import find_projects
from prodfirst.estate.begun import Begun, Fact
from prodfirst.estate.ci import UNKNOWN_OWNER
from prodfirst.estate.reading import FILE_NAME, load
from prodfirst.estate.writing import Facts, name_from
from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.usecases import templates
from prodfirst.usecases.adopting import adoption

_ACCOUNT = "111122223333"
"""AWS's own example account; on the local cloud any will do."""
_REGION = "us-east-1"
"""Where AWS's own tools go when nobody says."""


@dataclass(frozen=True)
class Prospect:
    """An estate that can be written."""

    begun: Begun
    """As it will be."""
    files: Mapping[Path, str]

    def write(self) -> Begun:
        """All of it, or nothing at all. Raises InvalidInput where it is not valid."""
        write_new(self.begun.file.parent, self.files, lambda: load(self.begun.file))
        return self.begun


def prospect(folder: Path, template: str | None, name: str | None) -> Prospect:
    """What would be written into `folder`; nothing is.

    Raises InvalidInput where there is one, where a file is in the way, where projects are there and none can
    be taken on, for an unknown template, and for a name that cannot be one.
    """
    if os.path.lexists(folder / FILE_NAME):
        fix = "go on with `prodfirst validate`, or choose another folder"
        raise InvalidInput(Problem("there is an estate already", str(folder / FILE_NAME), fix=fix))
    if name is not None and name != name_from(name):
        what = f"`{name}` cannot be an estate's name"
        why = "it becomes part of names in the cloud: lower case letters, digits and dashes, at most 20"
        raise InvalidInput(Problem(what, "--name", why, f"write `--name {name_from(name)}`"))
    known = tuple(_facts(folder, name))
    facts = Facts(**{fact.what: fact.value for fact in known})
    found = find_projects(folder) if template is None and folder.is_dir() else None
    if found and found.others and not found.projects:
        fix = f"begin with an example all the same: `prodfirst init --template {templates.SMALLEST}`"
        raise InvalidInput(
            *found.others, Problem("there are projects here, and none can be taken on", fix=fix)
        )
    adopted = adoption(folder, found.projects) if found and found.projects else None
    chosen = "" if adopted else template or templates.SMALLEST
    files = adopted.files(facts) if adopted else templates.files(chosen, facts)
    check_free(folder, files)
    notes = (*(found.others if found else ()), *(adopted.notes() if adopted else ()))
    stacks = tuple(adopted.stacks) if adopted else ()
    return Prospect(Begun(folder / FILE_NAME, chosen, known, tuple(files), stacks, notes), files)


def _facts(folder: Path, name: str | None) -> Iterator[Fact]:
    repository = git.repository(_existing(folder))
    source = "`--name`" if name else "the repository's name" if repository else "the folder's name"
    name = name or name_from(repository.rpartition("/")[2] if repository else folder.name)
    yield Fact("name", name, source)
    if repository:
        yield Fact("repository", repository, "git remote `origin`")
    else:
        why = "no git remote yet; write it before CI deploys"
        yield Fact("repository", f"github.com/{UNKNOWN_OWNER}/{name}", why, True)
    account, region = profile.account(), profile.region()
    if account and account.value:
        yield Fact("account", account.value, account.source)
    else:
        yield Fact("account", _ACCOUNT, "any will do on the local cloud", True)
    if region and region.value:
        yield Fact("region", region.value, region.source)
    else:
        yield Fact(
            "region", _REGION, region.source if region else "neither AWS_REGION nor a profile says", True
        )


def _existing(folder: Path) -> Path:
    return folder if folder.is_dir() else _existing(folder.parent)
