"""Access to AWS under one identity, for our own calls and for the child processes of one run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SELECTORS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")

SESSION_SECONDS = 3600
"""How long credentials of a role live: the roles' `max_session_duration`."""


_ONE_AT_A_TIME = threading.Lock()


@cache
def _session(profile: str | None) -> Any:
    """Shared: what it has read of a service's model and endpoints serves every identity."""
    from botocore.session import Session

    return Session(profile=profile)


@dataclass(frozen=True)
class AwsAccess:
    """One identity in one region."""

    region: str
    environment: Mapping[str, str] = field(repr=False)
    """What a child process needs to act as this identity; holds credentials, so it is never shown."""

    def client(self, service: str, *, signed: bool = True) -> Any:
        """A botocore client of `service`, with the proxy and certificate authority of the environment.

        Made once; a client may be used by many threads, a session may not.
        """
        with _ONE_AT_A_TIME:
            if (service, signed) not in self._clients:
                self._clients[service, signed] = self._made(service, signed=signed)
            return self._clients[service, signed]

    def _made(self, service: str, *, signed: bool) -> Any:
        from botocore import UNSIGNED
        from botocore.config import Config

        proxy = self.environment.get("HTTPS_PROXY")
        return _session(self.environment.get("AWS_PROFILE")).create_client(
            service,
            region_name=self.region,
            aws_access_key_id=self.environment.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self.environment.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=self.environment.get("AWS_SESSION_TOKEN"),
            verify=self.environment.get("AWS_CA_BUNDLE"),
            config=Config(
                signature_version=None if signed else UNSIGNED,
                proxies={"https": proxy} if proxy else None,
                retries={"mode": "standard", "max_attempts": 5},
                connect_timeout=10,
                read_timeout=60,
            ),
        )

    def credentials(self) -> Any:
        """What signs for this identity: botocore's, with `access_key`, `secret_key` and `token`.

        Raises botocore's NoCredentialsError where the environment has none.
        """
        from botocore.credentials import Credentials
        from botocore.exceptions import NoCredentialsError

        held = [self.environment.get(name) for name in _CREDENTIALS]
        if held[0] and held[1]:
            return Credentials(*held)
        with _ONE_AT_A_TIME:
            found = _session(self.environment.get("AWS_PROFILE")).get_credentials()
        if found is None:
            raise NoCredentialsError
        return found.get_frozen_credentials()

    @cached_property
    def _clients(self) -> dict[tuple[str, bool], Any]:
        return {}

    def whoami(self) -> str:
        """The ARN of the identity."""
        return str(self.client("sts").get_caller_identity()["Arn"])

    def assume(self, role_arn: str, session: str, seconds: int = SESSION_SECONDS) -> AwsAccess:
        """This access as another role, for at most `seconds`."""
        answer = self.client("sts").assume_role(
            RoleArn=role_arn, RoleSessionName=session, DurationSeconds=seconds
        )
        return self._with(answer["Credentials"])

    def with_token(
        self, role_arn: str, session: str, token: str, seconds: int = SESSION_SECONDS
    ) -> AwsAccess:
        """Access under a role by a web identity token; what this access itself holds plays no part."""
        answer = self.client("sts", signed=False).assume_role_with_web_identity(
            RoleArn=role_arn, RoleSessionName=session, WebIdentityToken=token, DurationSeconds=seconds
        )
        return self._with(answer["Credentials"])

    def _with(self, answer: Mapping[str, Any]) -> AwsAccess:
        kept = {k: v for k, v in self.environment.items() if k not in (*_CREDENTIALS, *_SELECTORS)}
        taken = {
            "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
            "AWS_SESSION_TOKEN": answer["SessionToken"],
        }
        return AwsAccess(self.region, MappingProxyType(kept | taken))


def ambient(region: str, source: Mapping[str, str]) -> AwsAccess:
    """The access that the user's own environment gives, for an environment that is not local.

    Only the AWS variables and the proxy settings of `source` are passed on.
    """
    wanted = {
        k: v for k, v in source.items() if k.startswith("AWS_") or k.upper() in ("HTTPS_PROXY", "NO_PROXY")
    }
    return AwsAccess(region, MappingProxyType(wanted | {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}))


def without_credentials(source: Mapping[str, str]) -> Mapping[str, str]:
    """What of the user's own environment leads to AWS, and says nothing of who asks."""
    kept = ambient("", source).environment
    return MappingProxyType({k: v for k, v in kept.items() if k not in (*_CREDENTIALS, *_SELECTORS)})
