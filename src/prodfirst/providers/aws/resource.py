"""A resource type of AWS: its table, and the calls that create, read, update and delete it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any, ClassVar

from prodfirst.providers.aws.locating import CannotTell, may_be
from prodfirst.providers.schema import Data, Schema

DEFAULT_TIMEOUT = 600.0
_POLL_SECONDS = (0.05, 2.0)
"""The first and the longest pause of a wait."""


class TimedOut(Exception):
    """A resource did not reach its state in time."""


_ONE_AT_A_TIME = threading.Lock()
"""A client may be used by many threads; what makes it may not."""


@cache
def sdk() -> Any:
    """The botocore session behind all clients of this process."""
    from botocore.session import get_session

    return get_session()


@dataclass
class Session:
    """What a configured provider instance has: region, default tags, clients made when first used."""

    region: str
    default_tags: dict[str, str] = field(default_factory=dict)
    allowed_accounts: tuple[str, ...] = ()
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str | None = None) -> Any:
        """A client; throttled calls are tried again with jitter, by botocore's standard mode."""
        where = region or self.region
        with _ONE_AT_A_TIME:
            if (service, where) not in self._clients:
                self._clients[service, where] = self._made(service, where)
            return self._clients[service, where]

    def _made(self, service: str, region: str) -> Any:
        from botocore.config import Config

        config = Config(retries={"mode": "standard", "total_max_attempts": 10}, read_timeout=60)
        return sdk().create_client(service, region_name=region, config=config)

    @cached_property
    def account(self) -> str:
        """The account of the credentials. Raises ValueError where the estate does not allow it."""
        account = str(self.client("sts").get_caller_identity()["Account"])
        if self.allowed_accounts and account not in self.allowed_accounts:
            raise ValueError(f"account {account} is not one of {', '.join(self.allowed_accounts)}")
        return account


@dataclass(frozen=True)
class Call:
    """One operation on one resource."""

    session: Session
    region: str
    timeout: float = DEFAULT_TIMEOUT

    def client(self, service: str) -> Any:
        """A client in the resource's region."""
        return self.session.client(service, self.region)

    @property
    def account(self) -> str:
        """The account; checked against the allowed ones."""
        return self.session.account

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Ask until `done`. Raises TimedOut, which says what was waited for."""
        pause, longest = _POLL_SECONDS
        end = time.monotonic() + self.timeout
        while not done():
            if time.monotonic() > end:
                raise TimedOut(
                    f"{what}: not reached within {self.timeout:.0f} s; the next apply goes on with it, and "
                    "`custom_timeouts` of the resource gives it longer"
                )
            time.sleep(pause)
            pause = min(pause * 2, longest)

    def tags(self, inputs: Data) -> dict[str, str]:
        """The resource's own tags over the provider's default ones."""
        return {**self.session.default_tags, **(inputs.get("tags") or {})}


class ResourceType:
    """One type. A subclass has a token, a table and the calls; `providers/aws/server.py` does the rest."""

    token: ClassVar[str]
    schema: ClassVar[Schema]
    named: ClassVar[str] = ""
    """The input that is its id, such as a bucket's name; empty where the cloud makes up an id."""

    def imported(self, id: str) -> tuple[str, Data]:
        """What a user imports by → the resource's id, and what must be known to read it."""
        return id, {}

    def create(self, call: Call, inputs: Data) -> str:
        """Make it; returns its id as soon as it exists."""
        raise NotImplementedError

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        """What is left to do after `create`: settings, waits. A failure here leaves a partial resource."""

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        """What the cloud says, named as inputs and outputs are; None where it is gone.

        `known` is the recorded state; empty on import.
        """
        raise NotImplementedError

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        """Change it in place; only what differs is called for."""

    def delete(self, call: Call, id: str, state: Data) -> None:
        """Remove it. `missing` errors count as done."""
        raise NotImplementedError

    def id_from(self, call: Call, inputs: Data) -> str:
        """Its id, where that follows from its inputs. Raises CannotTell."""
        if not self.named:
            raise CannotTell(f"how to find a `{self.token}` is not known")
        return str(inputs[self.named])

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """The ids of what exists and may have been made from `inputs`, by a create whose answer never came.

        Several, where the cloud has several that look alike. `since` is when the run that was cut off began.
        Raises CannotTell.
        """
        id = self.id_from(call, inputs)
        live = self.read(call, id, inputs)
        if live is None:
            return ()
        if not may_be(self.schema, call.tags(inputs), inputs, live):
            raise CannotTell(f"`{id}` exists, but is not as it was to be made: it may be somebody else's")
        return (id,)


def requested(inputs: Data, names: Mapping[str, str]) -> dict[str, Any]:
    """The given inputs as parameters of a call; `names` says how the call names each."""
    return {parameter: inputs[key] for key, parameter in names.items() if inputs.get(key) is not None}


def changed(old: Data, new: Data, names: Mapping[str, str]) -> dict[str, Any]:
    """As `requested`, for what an update has to say."""
    return {
        parameter: value
        for parameter, value in requested(new, names).items()
        if value != requested(old, names).get(parameter)
    }


def error_code(error: Exception) -> str:
    """AWS's own word for what went wrong; empty where it is no answer of AWS."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


@contextmanager
def ignoring(*codes: str) -> Iterator[None]:
    """Pass over an answer of AWS that says what is wanted already, such as `InvalidVpcID.NotFound`."""
    try:
        yield
    except Exception as error:
        if error_code(error) not in codes:
            raise


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """As most APIs want them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag_map(tags: list[dict[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """The tags that a person set; AWS's own are left out."""
    return {item[key]: item[value] for item in tags or [] if not item[key].startswith("aws:")}


def changed_tags(old: dict[str, str], new: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove."""
    return {key: value for key, value in new.items() if old.get(key) != value}, sorted(set(old) - set(new))
