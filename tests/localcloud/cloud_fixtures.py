"""A local cloud for the tests of this folder: one that runs for all of them, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from prodfirst.localcloud.lifecycle import LocalCloud

ACCOUNT = "210987654321"
REGION = "eu-central-1"


@dataclass(frozen=True)
class Caller:
    """Somebody with credentials, behind the front, with no endpoint option anywhere."""

    environment: Mapping[str, str]
    key: str
    secret: str
    token: str | None = None

    def client(self, service: str, region: str = REGION, **config: Any) -> Any:
        session = boto3.Session(self.key, self.secret, self.token, region_name=region)
        settings = Config(
            proxies={"https": self.environment["HTTPS_PROXY"]}, retries={"total_max_attempts": 1}, **config
        )
        return session.client(service, verify=self.environment["AWS_CA_BUNDLE"], config=settings)

    def assuming(self, role: str, **more: Any) -> Caller:
        made = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
        return Caller(self.environment, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


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
    return caller(cloud)


def caller(cloud: LocalCloud) -> Caller:
    environment = cloud.environment()
    return Caller(environment, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
