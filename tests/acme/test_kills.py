"""The campaign of kills itself: kills in named windows are recovered from; without recovery it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from campaign import Campaign
from kills import without
from windows import WINDOWS, Window, chances

_SEED = 7
_NAMED = {window.name: window for window in WINDOWS}
_MAKING = _NAMED["contract half published"]
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


@pytest.mark.parametrize(
    ("part", "window", "says"),
    [
        ("locks", _NAMED["lock written, not released"], "locked"),
        ("operations", _NAMED["made in the cloud, not in the checkpoint"], "too many"),
    ],
)
def test_without_a_part_of_recovery_the_campaign_fails(
    campaign: Campaign,
    part: str,
    window: Window,
    says: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", "")  # what is set below is taken back
        without(part, tmp_path_factory.mktemp("without"))
        assert says in campaign.made(window).wrong
    campaign.estate.run("apply", "--stack", "storage", "--yes")  # with recovery, all is well again
    campaign.estate.run("destroy", "storage", "--yes")
