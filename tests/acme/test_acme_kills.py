"""Two kills of the campaign (`make kills`): it must work when it is needed."""

from __future__ import annotations

from pathlib import Path

from acme_estate import Acme
from kills import STACKS, WINDOWS, Campaign, chances, windows


def test_a_round_of_kills_leaves_nothing_orphaned_doubled_or_locked(tmp_path: Path) -> None:
    campaign = Campaign(Acme.copy(tmp_path, ("identity", *STACKS)), chances(7))
    try:
        campaign.begin()
        campaign.round(WINDOWS[0], WINDOWS[4])
    finally:
        campaign.estate.run("local", "down")
    assert campaign.hit.total() + campaign.missed.total() == 2
    assert campaign.hit[WINDOWS[0].name] == 1


def test_every_window_gets_its_share() -> None:
    found = [item.name for half in (False, True) for item in windows(50, chances(1), removing=half)]
    assert min(map(found.count, {window.name for window in WINDOWS})) >= 10
