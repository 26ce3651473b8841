"""Callers of a local cloud: production clients, with no endpoint option anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from prodfirst.localcloud.lifecycle import LocalCloud

ACCOUNT = "210987654321"
REGION = "eu-central-1"


@dataclass(frozen=True)
class Caller:
    """Somebody with credentials, behind the front."""

    environment: Mapping[str, str]
    key: str
    secret: str
    token: str | None = None

    def client(self, service: str, region: str = REGION, **config: Any) -> Any:
        """A boto3 client that tries once."""
        session = boto3.Session(self.key, self.secret, self.token, region_name=region)
        settings = Config(
            proxies={"https": self.environment["HTTPS_PROXY"]}, retries={"total_max_attempts": 1}, **config
        )
        return session.client(service, verify=self.environment["AWS_CA_BUNDLE"], config=settings)

    def assuming(self, role: str, **more: Any) -> Caller:
        """The same somebody under a role."""
        made = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
        return Caller(self.environment, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@dataclass(frozen=True)
class KeptCaller(Caller):
    """One that asks often: one client per service, for one thread."""

    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, region: str = REGION, **config: Any) -> Any:
        """A boto3 client that tries once; without `config` the one of the last time."""
        if config or region != REGION:
            return super().client(service, region, **config)
        if service not in self.clients:
            self.clients[service] = super().client(service)
        return self.clients[service]


def administrator_of(cloud: LocalCloud) -> Caller:
    """The administrator of a running installation."""
    environment = cloud.environment()
    return Caller(environment, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])


def trusting(principal: str = f"arn:aws:iam::{ACCOUNT}:root") -> dict[str, Any]:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}
