"""Calls of the local cloud's own, with the API's root key: inside this process alone, never over a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from prodfirst.localcloud.aws.api import Api
from prodfirst.localcloud.aws.operation import Operation, answer, model


class RootFailure(Exception):
    """The API refused a call of its own root; `code` is AWS's word for why."""

    def __init__(self, operation: Operation, status: int, code: str) -> None:
        super().__init__(f"{operation.service}:{operation.name} failed: {status} {code}")
        self.code = code


class Root:
    """The root of one account."""

    def __init__(self, api: Api, account: str) -> None:
        self._api = api
        self._account = account

    async def call(
        self, service: str, action: str, parameters: Mapping[str, Any], region: str = ""
    ) -> Mapping[str, Any]:
        """The parsed answer of one call of a query or JSON service; no region is the global endpoint.

        Raises RootFailure.
        """
        host = f"{service}.{region}.amazonaws.com" if region else f"{service}.amazonaws.com"
        scope = f"{self._account}/20260101/{region or 'us-east-1'}/{service}/aws4_request"
        content, body = _payload(service, action, parameters)
        headers = {
            "host": host,
            **content,
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}",
            "x-amz-date": "20260101T000000Z",
        }
        response = await self._api.call("POST", host, "/", headers, body)
        called = Operation(service, action)
        parsed = dict(answer(called, response.status, dict(response.headers), response.body))
        if response.status != 200:
            raise RootFailure(called, response.status, str(parsed.get("Error", {}).get("Code", "")))
        return parsed


def _payload(service: str, action: str, parameters: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call, in the service's protocol."""
    described = model(service).metadata
    if described["protocol"] == "json":
        target = f"{described['targetPrefix']}.{action}"
        kind = f"application/x-amz-json-{described.get('jsonVersion', '1.1')}"
        return {"content-type": kind, "x-amz-target": target}, json.dumps(dict(parameters)).encode()
    form = {"Action": action, "Version": described["apiVersion"], **parameters}
    return {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(form).encode()
