"""The local cloud's one process: front, gateway and API in one event loop.

Started as `python -m prodfirst.localcloud.daemon` by `lifecycle.py`; reads its settings as one line of JSON
from standard input; writes `running.json` when it is ready. Nothing it starts can outlive it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodfirst.localcloud.authority import Authority
from prodfirst.localcloud.aws.api import Api, configure
from prodfirst.localcloud.aws.audit import Audit
from prodfirst.localcloud.aws.credentials import Credential, Registry
from prodfirst.localcloud.aws.gateway import Gateway
from prodfirst.localcloud.aws.held import Held
from prodfirst.localcloud.front import Front

ADMINISTRATOR = "prodfirst-administrator"


@dataclass(frozen=True)
class Settings:
    """What the daemon is told."""

    folder: Path
    account: str
    region: str
    port: int
    """The front's wished port; 0 for any."""


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    told = json.loads(sys.stdin.readline())
    settings = Settings(Path(told["folder"]), told["account"], told["region"], told["port"])
    os.umask(0o077)
    configure(settings.folder, settings.account, settings.region)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    folder = settings.folder
    authority = Authority(folder / "authority")
    api = Api()
    await api.start()
    registry = Registry(folder / "credentials.json")
    await _administrator(api, registry, folder, settings)
    gateway = Gateway(api, registry, Audit(folder / "audit.jsonl"), Held(folder / "held.json"))
    port = await gateway.start(authority.server_context())
    front = Front(lambda: port, folder / "refused.jsonl")
    try:
        front_port = await front.start(settings.port)
    except OSError:
        front_port = await front.start(0)
    _publish(folder, {"pid": os.getpid(), "port": front_port, "account": settings.account,
                      "region": settings.region})  # fmt: skip
    await stop.wait()
    await front.stop()
    await gateway.stop()
    await api.stop()


async def _administrator(api: Api, registry: Registry, folder: Path, settings: Settings) -> None:
    """Make the installation's administrator once, with the API's root key: this process alone has it."""
    path = folder / "administrator.json"
    if path.exists():
        return
    for action, parameters in (
        ("CreateUser", {"UserName": ADMINISTRATOR}),
        (
            "AttachUserPolicy",
            {"UserName": ADMINISTRATOR, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        ),
        ("CreateAccessKey", {"UserName": ADMINISTRATOR}),
    ):
        answer = await _as_root(api, action, parameters, settings)
    api.keep("iam", "CreateAccessKey")  # before anybody is told of it
    made = answer["AccessKey"]
    arn = f"arn:aws:iam::{settings.account}:user/{ADMINISTRATOR}"
    registry.add(Credential(made["AccessKeyId"], made["SecretAccessKey"], principal=arn))
    _publish(folder, {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}, "administrator.json")


async def _as_root(api: Api, action: str, parameters: dict[str, str], settings: Settings) -> dict[str, Any]:
    from urllib.parse import urlencode

    from prodfirst.localcloud.aws.operation import Operation, answer

    scope = f"{settings.account}/20260101/us-east-1/iam/aws4_request"
    headers = {
        "host": "iam.amazonaws.com",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}",
        "x-amz-date": "20260101T000000Z",
    }
    body = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    response = await api.call("POST", "iam.amazonaws.com", "/", headers, body)
    if response.status != 200:
        raise RuntimeError(f"{action} of the administrator failed: {response.status} {response.body[:500]!r}")
    return dict(answer(Operation("iam", action), response.status, dict(response.headers), response.body))


def _publish(folder: Path, data: dict[str, Any], name: str = "running.json") -> None:
    partial = folder / f"{name}.new"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(data, stream)
    partial.replace(folder / name)


if __name__ == "__main__":
    main()
