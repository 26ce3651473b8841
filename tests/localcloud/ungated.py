"""Sends requests straight to the AWS API, with no gateway before it: shows that each hole was one.

Run as a process of its own: the API reads its settings when it is imported. Standard input holds a JSON list
of requests, standard output gets the list of their statuses.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from prodfirst.localcloud.aws.api import Api, configure


async def _statuses() -> list[int]:
    api = Api()
    await api.start()
    statuses = []
    for method, host, path, headers, body in json.load(sys.stdin):
        answer = await api.call(method, host, path, {"host": host, **headers}, body.encode())
        statuses.append(answer.status)
    await api.stop()
    return statuses


if __name__ == "__main__":
    configure(Path(sys.argv[1]), "210987654321", "eu-central-1")
    print(json.dumps(asyncio.run(_statuses())))
