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
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prodfirst.localcloud.authority import Authority
from prodfirst.localcloud.aws.additions import Addition
from prodfirst.localcloud.aws.api import Api, configure
from prodfirst.localcloud.aws.audit import Audit
from prodfirst.localcloud.aws.credentials import Credential, Registry
from prodfirst.localcloud.aws.decisions import Decisions
from prodfirst.localcloud.aws.ec2 import Ec2
from prodfirst.localcloud.aws.eks import Eks
from prodfirst.localcloud.aws.eks_issuers import Issuers
from prodfirst.localcloud.aws.eks_settings import EksSettings
from prodfirst.localcloud.aws.eks_tokens import ClusterAccess
from prodfirst.localcloud.aws.gateway import Gateway
from prodfirst.localcloud.aws.held import Held
from prodfirst.localcloud.aws.pod_identity import PodIdentity
from prodfirst.localcloud.aws.pod_identity_server import HOSTS as POD_IDENTITY_HOSTS
from prodfirst.localcloud.aws.pod_identity_server import PodIdentityServer
from prodfirst.localcloud.aws.rds import Rds
from prodfirst.localcloud.aws.rds_settings import RdsSettings
from prodfirst.localcloud.aws.root import Root
from prodfirst.localcloud.aws.webidentity import WebIdentities
from prodfirst.localcloud.expiring import EXPIRE
from prodfirst.localcloud.front import AWS, Front, Route
from prodfirst.localcloud.kubernetes.clusters import Clusters
from prodfirst.localcloud.kubernetes.discovery import HOSTS as CLUSTER_ISSUER_HOSTS
from prodfirst.localcloud.kubernetes.discovery import Discovery
from prodfirst.localcloud.oidc.issuer import HOSTS as ISSUER_HOSTS
from prodfirst.localcloud.oidc.issuer import Issuer
from prodfirst.localcloud.oidc.jobs import ISSUER_HOST
from prodfirst.localcloud.postgres.databases import Databases

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
    asyncio.get_running_loop().add_signal_handler(EXPIRE, registry.expire_sessions)
    root = Root(api, settings.account)
    await _administrator(api, root, registry, settings)
    issuer = Issuer(folder)
    audit = Audit(folder / "audit.jsonl")
    held = Held(folder / "held.json")
    clusters = Clusters(folder / "kubernetes", ClusterAccess(api, registry, audit), _log)
    identities = WebIdentities(root, settings.account, Issuers(clusters, {ISSUER_HOST: issuer}))
    pods = PodIdentityServer(
        PodIdentity(api, root, registry, clusters, settings.account), registry, audit, settings.account
    )
    eks = Eks(settings.account, clusters, EksSettings(folder / "eks.json"))
    discovery = Discovery(clusters)
    databases = Databases(folder / "databases", _log)
    await databases.restore()
    additions: dict[str, Addition] = {
        "ec2": Ec2(held),
        "eks": eks,
        "rds": Rds(databases, RdsSettings(held), root),
    }
    gateway = Gateway(api, registry, audit, additions, identities, Decisions(settings.account))
    context = authority.server_context()
    pods_port, agent_port = await pods.start(context)
    routes = (
        Route(POD_IDENTITY_HOSTS, pods_port),
        Route(CLUSTER_ISSUER_HOSTS, await discovery.start(context)),
        Route(AWS, await gateway.start(context)),
        Route(ISSUER_HOSTS, await issuer.start(context)),
    )
    front = Front(routes, folder / "refused.jsonl")
    try:
        front_port = await front.start(settings.port)
    except OSError:
        front_port = await front.start(0)
    eks.restore()
    _publish(folder, {"pid": os.getpid(), "port": front_port, "account": settings.account,
                      "region": settings.region, "agent": agent_port})  # fmt: skip
    await stop.wait()
    await front.stop()
    await issuer.stop()
    await gateway.stop()
    await discovery.stop()
    await pods.stop()
    await clusters.stop()
    await databases.close()
    await api.stop()


async def _administrator(api: Api, root: Root, registry: Registry, settings: Settings) -> None:
    """Make the installation's administrator once, with the API's root key: this process alone has it."""
    folder = settings.folder
    if (folder / "administrator.json").exists():
        return
    for action, parameters in (
        ("CreateUser", {"UserName": ADMINISTRATOR}),
        (
            "AttachUserPolicy",
            {"UserName": ADMINISTRATOR, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        ),
        ("CreateAccessKey", {"UserName": ADMINISTRATOR}),
    ):
        answer = await root.call("iam", action, parameters)
    api.keep("iam", "CreateAccessKey")  # before anybody is told of it
    made = answer["AccessKey"]
    arn = f"arn:aws:iam::{settings.account}:user/{ADMINISTRATOR}"
    registry.add(Credential(made["AccessKeyId"], made["SecretAccessKey"], principal=arn))
    _publish(folder, {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}, "administrator.json")


def _log(text: str) -> None:
    """Standard output is the daemon's log."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _publish(folder: Path, data: dict[str, Any], name: str = "running.json") -> None:
    partial = folder / f"{name}.new"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(data, stream)
    partial.replace(folder / name)


if __name__ == "__main__":
    main()
