"""The peer of the cascade: the engine runs of an estate one after another, and nothing else of prodfirst.

`python serial.py preview|update|destroy FOLDER STACK...`: the same engine, providers, state and identities;
no plan file, no guards, no early cut-off, nothing side by side.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.pulumi.engine import Engine, Result
from prodfirst.adapters.pulumi.scratch import scratch
from prodfirst.cli.options import open_site, selected
from prodfirst.estate.definition import Stack
from prodfirst.usecases.contracts import reads_of
from prodfirst.usecases.engine import open_engine
from prodfirst.usecases.recorded import recorded_version
from prodfirst.usecases.site import Site


def main() -> int:
    """0, or 1 where an engine run did not succeed."""
    verb, folder, *names = sys.argv[1:]
    os.chdir(folder)
    site = open_site(Path("prodfirst.yaml"), None)
    engine = open_engine(site, lambda _text: None)
    stacks = selected(site, tuple(names))
    ordered = reversed(stacks) if verb == "destroy" else stacks
    return 0 if all(_one(verb, site, engine, stack) for stack in ordered) else 1


def _one(verb: str, site: Site, engine: Engine, stack: Stack) -> bool:
    _, access = site.identity(stack, "plan" if verb == "preview" else "apply")
    if verb == "preview":
        _preview(site, engine, stack, access)
        return True
    reads = () if verb == "destroy" else reads_of(site, stack, access, {})
    with site.engine_run(stack, access, reads) as run:
        if verb == "update" and not engine.exists(run):
            engine.init(run)
        return engine.update(run, empty=verb == "destroy").result is Result.SUCCEEDED


def _preview(site: Site, engine: Engine, stack: Stack, access: AwsAccess) -> None:
    """What is not there yet is previewed against an empty backend, as the cascade does."""
    with site.engine_run(stack, access, reads_of(site, stack, access, {})) as run:
        if recorded_version(site, stack, access) is not None:
            engine.preview(run)
            return
        with scratch(engine, run) as nowhere:
            engine.preview(nowhere)


if __name__ == "__main__":
    sys.exit(main())
