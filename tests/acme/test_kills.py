"""The campaign of kills itself: kills in named windows are recovered from; without recovery it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from campaign import Campaign
from kills import without
from windows import WINDOWS, chances

_SEED = 7
_NAMED = {window.name: window for window in WINDOWS}
_MAKING = _NAMED["contract half published"]
"""In the cloud a name is taken once: what was made and is not in the state cannot be made again."""
_REMOVING = _NAMED["removed in the cloud, not in the checkpoint"]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """On the smallest stack of the example, which is not there when it begins."""
    found = Campaign.copy(tmp_path_factory.mktemp("kills"), chances(_SEED), ("storage",))
    try:
        found.begin()
        yield found
    finally:
        found.estate.run("local", "down")


def test_after_a_kill_in_a_named_window_the_next_run_leaves_nothing_behind(campaign: Campaign) -> None:
    for kill in (campaign.made(_MAKING), campaign.removed(_REMOVING)):
        assert kill.wrong == ""
        assert kill.met, kill.left
        assert kill.fates.total() > 0


def test_without_recovery_the_campaign_fails(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")  # what is set in the next line is taken back at the end
    without("operations", tmp_path)
    assert "ParameterAlreadyExists" in campaign.made(_MAKING).wrong
