"""A campaign of kills, each aimed at a named window, until there were enough.

`make kills` runs a hundred. `--without PART` takes a part of recovery away, to see that it then fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from campaign import STACKS, Campaign, Kill, NotRecoveredError
from windows import WINDOWS, Window, chances, windows

WITHOUT = {
    "locks": "Recovery.release = lambda self: None",
    "operations": """\
@contextlib.contextmanager
def _as_it_is(self, run):
    yield Recovered(run, {}, ())

Recovery.on_a_copy = _as_it_is
Recovery.take_up = lambda self, run, journal: ()
""",
}
"""What every process of an installation without that part of recovery does first."""
_FIRST = """\
import contextlib
import sys

if any(word.endswith("/bin/prodfirst") for word in sys.orig_argv):
    from prodfirst.adapters.pulumi.recovering import Recovered
    from prodfirst.usecases.recovery import Recovery

"""


def without(part: str, folder: Path) -> None:
    """Take a part of recovery away from all processes that are started from here on."""
    (folder / "sitecustomize.py").write_text(
        _FIRST + "".join(f"    {line}\n" for line in WITHOUT[part].splitlines())
    )
    os.environ["PYTHONPATH"] = str(folder)


def main() -> int:
    """0 where everything held, 1 where something was not recovered; a histogram goes to standard output."""
    options = _options()
    print(f"{options.kills} kills, seed {options.seed}", flush=True)
    chance = chances(options.seed)
    hits: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        if options.without:
            without(options.without, Path(folder))
        campaign = Campaign.copy(Path(folder), chance, tuple(options.stacks))
        try:
            campaign.begin()
            _run(campaign, chance, options, hits)
        except NotRecoveredError as error:
            print(f"not recovered: {error}", file=sys.stderr)
            return 1
        finally:
            campaign.estate.run("local", "down")
            for window in WINDOWS:
                print(f"{window.name:<46} {'#' * hits[window.name]} {hits[window.name]}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument(
        "--stacks", nargs="+", choices=STACKS, default=STACKS, help="kill runs of these alone"
    )
    parser.add_argument("--out", type=Path, help="append a line of JSON for each kill to this file")
    parser.add_argument(
        "--without", choices=sorted(WITHOUT), help="take this part of recovery away: must fail"
    )
    options = parser.parse_args()
    options.commit = _commit()
    return options


def _run(campaign: Campaign, chance: random.Random, options: argparse.Namespace, hits: Counter[str]) -> None:
    """Rounds of one kill of each kind, each kind's windows in a new order, until there were enough."""
    making: list[Window] = []
    removing: list[Window] = []
    while hits.total() < options.kills:
        making = making or windows(4, chance, removing=False)
        removing = removing or windows(4, chance, removing=True)
        _tell(campaign.made(making.pop()), options, hits)
        _tell(campaign.removed(removing.pop()), options, hits)


def _tell(kill: Kill, options: argparse.Namespace, hits: Counter[str]) -> None:
    """Count it and write it down. Raises NotRecoveredError where the campaign ends with it."""
    hits[kill.window.name] += kill.met
    data = kill.data()
    print(f"{hits.total()} kills: {json.dumps(data)}", flush=True)
    if options.out:
        told = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": options.commit,
            "seed": options.seed,
        }
        with options.out.open("a") as file:
            file.write(json.dumps({**told, **data}) + "\n")
    if kill.wrong:
        raise NotRecoveredError(kill.wrong)


def _commit() -> str:
    """The last one that changed the product."""
    folder = Path(__file__).parents[2]
    command = ["git", "log", "-1", "--format=%h", "--", "src"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
