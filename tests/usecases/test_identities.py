"""How a run takes on the identity of a stack: by a token of its CI job, and what happens otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import token_estates

from prodfirst.estate.definition import StackName
from prodfirst.kernel.errors import Failure, InvalidInput
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.localcloud.oidc.jobs import Work
from prodfirst.localcloud.oidc.runner import Runner
from prodfirst.usecases.bootstrap import bootstrap
from prodfirst.usecases.site import Site

_ROLE = "arn:aws:iam::210987654321:role/prodfirst/acme"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The estate's file and an installation, on which every environment is bootstrapped."""
    folder = tmp_path_factory.mktemp("identities")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRODFIRST_HOME", str(folder / "home"))
        file = token_estates.make(folder / "estate")
        cloud = token_estates.ready(token_estates.site(file, "local"))
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        for environment in ("production", "laptop"):
            bootstrap(token_estates.site(file, environment), lambda _text: None)
        yield file, folder / "home"
        cloud.down()


@pytest.fixture
def cloud(installation: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> LocalCloud:
    """The running local cloud; the test is in its installation."""
    monkeypatch.setenv("PRODFIRST_HOME", str(installation[1]))
    return LocalCloud(installation[1] / "local")


def _site(installation: tuple[Path, Path], environment: str) -> Site:
    return token_estates.site(installation[0], environment)


def _who(site: Site, stack: str, phase: str) -> str:
    return site.identity(site.estate.stacks[StackName(stack)], phase)[1].whoami()


def _job(cloud: LocalCloud, environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the test runs as a job of the CI system, with no AWS credentials."""
    for name, value in Runner(cloud).start(Work("acme/estate", environment)).variables.items():
        monkeypatch.setenv(name, value)


def test_on_the_local_cloud_a_stacks_identity_is_opened_by_a_token(
    cloud: LocalCloud, installation: tuple[Path, Path]
) -> None:
    site = _site(installation, "local")

    assert _who(site, "shop", "apply").endswith(":assumed-role/acme-local-shop-apply/prodfirst-apply")

    taken = [
        entry
        for entry in map(json.loads, cloud.audit.read_text().splitlines())
        if entry["operation"].startswith("AssumeRole")
    ]
    assert {entry["operation"] for entry in taken} == {"AssumeRoleWithWebIdentity"}
    assert taken[-1]["principal"].endswith(":repo:acme/estate:environment:local-shop-apply")
    assert taken[-1]["parameters"]["RoleArn"] == f"{_ROLE}/local/acme-local-shop-apply"


def test_the_administrator_cannot_take_on_a_stacks_identity(
    cloud: LocalCloud, installation: tuple[Path, Path]
) -> None:
    operator = _site(installation, "local").operator

    with pytest.raises(Exception, match="AccessDenied"):
        operator.assume(f"{_ROLE}/local/acme-local-shop-apply", "attempt")


def test_in_ci_the_jobs_own_token_opens_the_jobs_own_identity(
    cloud: LocalCloud, installation: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _job(cloud, "production-shop-apply", monkeypatch)

    who = _who(_site(installation, "production"), "shop", "apply")

    assert who.endswith(":assumed-role/acme-production-shop-apply/prodfirst-apply")


@pytest.mark.parametrize(
    ("environment", "stack", "phase"),
    [("production", "network", "apply"), ("production", "shop", "plan"), ("laptop", "shop", "apply")],
    ids=["another stack", "another phase", "another environment"],
)
def test_in_ci_a_job_opens_no_other_identity_and_is_told_why(
    cloud: LocalCloud,
    installation: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    stack: str,
    phase: str,
) -> None:
    _job(cloud, "production-shop-apply", monkeypatch)

    with pytest.raises(Failure) as raised:
        _who(_site(installation, environment), stack, phase)

    (problem,) = raised.value.problems
    assert "`repo:acme/estate:environment:production-shop-apply`" in problem.what
    assert f"may not take on `acme-{environment}-{stack}-{phase}`" in problem.what
    assert problem.why.startswith("AccessDenied")
    assert "CI environment that the role trusts" in problem.fix


def test_a_job_that_has_ended_gets_no_token(
    cloud: LocalCloud, installation: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Runner(cloud).job(Work("acme/estate", "production-shop-apply")) as job:
        for name, value in job.variables.items():
            monkeypatch.setenv(name, value)

    with pytest.raises(Failure, match="the CI system gave no identity token") as raised:
        _who(_site(installation, "production"), "shop", "apply")

    assert job.variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] not in str(raised.value)
    assert "id-token: write" in raised.value.problems[0].fix


def test_on_a_laptop_only_a_declared_operator_takes_on_an_identity(
    cloud: LocalCloud, installation: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)

    assert "assumed-role/acme-laptop-shop-apply" in _who(_site(installation, "laptop"), "shop", "apply")
    with pytest.raises(InvalidInput, match="nobody may take on the stack identities of `production`"):
        _who(_site(installation, "production"), "shop", "apply")


def test_credentials_of_a_run_never_show(cloud: LocalCloud, installation: tuple[Path, Path]) -> None:
    site = _site(installation, "local")
    _, access = site.identity(site.estate.stacks[StackName("shop")], "apply")

    assert access.environment["AWS_SECRET_ACCESS_KEY"] not in repr(access)
    assert not {name for name in access.environment if name.startswith("ACTIONS_")}


def test_a_second_bootstrap_changes_nothing(cloud: LocalCloud, installation: tuple[Path, Path]) -> None:
    assert not [item for item in bootstrap(_site(installation, "local"), lambda _text: None) if item.made]
