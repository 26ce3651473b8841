"""One local cloud that runs for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from held_policies import Made, holding_of
from local_callers import ACCOUNT, REGION, Caller, administrator_of

from prodfirst.localcloud.lifecycle import LocalCloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud that runs."""
    cloud = LocalCloud(tmp_path_factory.mktemp("installation") / "local")
    cloud.up(ACCOUNT, REGION)
    yield cloud
    cloud.down()


@pytest.fixture(scope="session")
def administrator(cloud: LocalCloud) -> Caller:
    """The installation's administrator."""
    return administrator_of(cloud)


@pytest.fixture
def holding(administrator: Caller) -> Made:
    """Makes callers under a new role that holds some statements."""
    return holding_of(administrator)
