"""The local issuer, as a relying party and a job see it."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from job_tokens import AUDIENCE, ISSUER, ask, claims_of, request_of, start, token_of
from local_callers import ACCOUNT, REGION

from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.lifecycle import LocalCloud
from prodfirst.localcloud.oidc.jobs import Work
from prodfirst.localcloud.oidc.runner import Runner


def test_discovery_leads_to_the_keys_that_verify_a_token(cloud: LocalCloud) -> None:
    token = token_of(cloud, start(cloud, "local-shop-apply"))

    _, found = ask(cloud, f"{ISSUER}/.well-known/openid-configuration")
    _, published = ask(cloud, found["jwks_uri"])

    key = next(
        key
        for key in jwt.PyJWKSet.from_dict(published).keys
        if key.key_id == jwt.get_unverified_header(token)["kid"]
    )
    claims = jwt.decode(token, key, ["RS256"], audience=AUDIENCE, issuer=found["issuer"])
    assert sorted(claims) == found["claims_supported"]
    assert all(set(key) == {"kty", "key_ops", "kid", "use", "alg", "n", "e"} for key in published["keys"])


def test_a_token_says_what_github_says(cloud: LocalCloud) -> None:
    work = Work("acme/estate", "production-shop-apply", sha="a" * 40)
    with Runner(cloud).job(work) as job:
        claims = claims_of(token_of(cloud, job))

    assert claims["iss"] == ISSUER
    assert claims["sub"] == "repo:acme/estate:environment:production-shop-apply" == job.subject
    assert claims["aud"] == AUDIENCE
    assert (claims["repository"], claims["repository_owner"]) == ("acme/estate", "acme")
    assert (claims["environment"], claims["ref"]) == ("production-shop-apply", "refs/heads/main")
    assert claims["sha"] == "a" * 40
    assert claims["job_workflow_ref"] == "acme/estate/.github/workflows/prodfirst.yml@refs/heads/main"
    assert claims["nbf"] <= claims["iat"] < claims["exp"] <= claims["iat"] + 600
    assert claims["run_id"].isdigit()


def test_the_audience_is_the_jobs_choice_and_the_owner_by_default(cloud: LocalCloud) -> None:
    job = start(cloud, "local-shop-apply")
    url, request = request_of(job)

    assert claims_of(ask(cloud, url, request)[1]["value"])["aud"] == "https://github.com/acme"
    assert claims_of(token_of(cloud, job, "other"))["aud"] == "other"
    assert claims_of(token_of(cloud, job))["jti"] != claims_of(token_of(cloud, job))["jti"]
    assert ask(cloud, f"{url}&audience=a&audience=b", request)[0] == 400


@pytest.mark.parametrize("asked", ["sub=repo:acme/estate:environment:x", "environment=x", "subject=x"])
def test_a_job_cannot_ask_for_another_subject(cloud: LocalCloud, asked: str) -> None:
    url, request = request_of(start(cloud, "local-shop-apply"))

    status, answer = ask(cloud, f"{url}&{asked}", request)

    assert status == 400
    assert "is not for a job to choose" in answer["message"]


def test_a_request_token_is_of_one_job_alone(cloud: LocalCloud) -> None:
    _, request = request_of(start(cloud, "local-shop-plan"))
    url, _ = request_of(start(cloud, "local-shop-apply"))

    assert ask(cloud, url, request)[0] == 403
    assert ask(cloud, url, "made-up")[0] == 401
    assert ask(cloud, url)[0] == 401


def test_an_ended_job_gets_no_token(cloud: LocalCloud) -> None:
    with Runner(cloud).job(Work("acme/estate", "local-shop-apply")) as job:
        url, request = request_of(job)
        assert ask(cloud, url, request)[0] == 200

    status, answer = ask(cloud, url, request)

    assert status == 401
    assert "has ended" in answer["message"]


def test_a_job_that_nobody_ends_runs_out(cloud: LocalCloud) -> None:
    url, request = request_of(start(cloud, "local-shop-apply", seconds=0.2))
    time.sleep(0.4)

    assert ask(cloud, url, request)[0] == 401


def test_only_the_runner_service_starts_and_ends_jobs(cloud: LocalCloud) -> None:
    job = start(cloud, "local-shop-plan")
    _, request = request_of(job)
    runner = "https://pipelines.actions.githubusercontent.com/runner"

    for bearer in ("", "made-up", request):
        assert ask(cloud, f"{runner}/jobs", bearer, "POST")[0] == 401
        assert ask(cloud, f"{runner}/jobs/{job.id}", bearer, "DELETE")[0] == 401
        assert ask(cloud, f"{runner}/keys", bearer, "POST")[0] == 401
    assert ask(cloud, f"{ISSUER}/runner/jobs", "", "POST")[0] == 404


@pytest.mark.parametrize(
    ("repository", "environment"),
    [("acme/estate:environment:x", "y"), ("acme", "x"), ("acme/estate", "x:y"), ("acme/estate", "")],
)
def test_one_subject_cannot_be_written_as_another(
    cloud: LocalCloud, repository: str, environment: str
) -> None:
    with pytest.raises(Failure, match="not a job"):
        start(cloud, environment, repository)


def test_the_keys_are_private_files(cloud: LocalCloud) -> None:
    files = [*(cloud.home / "oidc").iterdir(), cloud.home / "runner.json"]

    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_started_job_does_not_show_its_request_token(cloud: LocalCloud) -> None:
    job = start(cloud, "local-shop-plan")

    assert request_of(job)[1] not in repr(job)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own, whose keys it may change."""
    cloud = LocalCloud(tmp_path / "local")
    cloud.up(ACCOUNT, REGION)
    yield cloud
    cloud.down()


def test_a_new_key_signs_while_the_one_before_it_still_verifies(own: LocalCloud) -> None:
    before = token_of(own, start(own, "local-shop-apply"))
    rotated = Runner(own).rotate()
    after = token_of(own, start(own, "local-shop-apply"))

    def published() -> list[str]:
        return [key["kid"] for key in ask(own, f"{ISSUER}/.well-known/jwks")[1]["keys"]]

    old = jwt.get_unverified_header(before)["kid"]
    assert jwt.get_unverified_header(after)["kid"] == rotated
    assert published() == [old, rotated]
    own.down()
    own.up(ACCOUNT, REGION)
    assert published() == [old, rotated]
    newest = Runner(own).rotate()
    assert published() == [rotated, newest]
    assert sorted(path.stem for path in (own.home / "oidc").iterdir()) == [rotated, newest]
