"""Which operation a request calls, by botocore's service models: never by searching in a body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser

from prodfirst.localcloud.aws import parameters
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.signature import Request

_ROOT = ("", "/")
"""The path of the protocols that name the operation elsewhere."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, as far as the model tells."""

    service: str
    name: str
    """Empty where no operation of the model fits."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Top-level scalar parameters; for the audit and for the credentials' registry."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """All parameters, as the model has them (`parameters.py`); empty where they could not be read."""
    unreadable: str = ""
    """Why they could not be read; empty where they could."""


@cache
def model(service: str) -> ServiceModel:
    """The model of a service, by its signing name or, for S3 Control, its own."""
    return botocore.session.get_session().get_service_model(service)


def protocol(host: Host) -> str:
    """The protocol of a served host's requests."""
    return str(model(host.model).metadata["protocol"])


def identify(request: Request, host: Host) -> Operation:
    """The operation of a request to a served host."""
    match protocol(host):
        case "query" | "ec2":
            return _from_form(request, host)
        case "json":
            return _from_target(request, host)
        case _:
            return _from_path(request, host)


def answer(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The parsed answer of a call."""
    service = model(operation.service)
    parser = create_parser(service.metadata["protocol"])
    shape = service.operation_model(operation.name).output_shape
    parsed: Mapping[str, Any] = parser.parse(
        {"status_code": status, "headers": dict(headers), "body": body}, shape
    )
    return parsed


def _read(
    host: Host, name: str, scalars: Mapping[str, str], read: Callable[[OperationModel], Any]
) -> Operation:
    """The operation with its parameters; without a name where the model has none such."""
    service = model(host.model)
    if name not in service.operation_names:
        return Operation(host.service, "", scalars)
    try:
        return Operation(host.service, name, scalars, read(service.operation_model(name)))
    except parameters.Unreadable as error:
        return Operation(host.service, name, scalars, unreadable=str(error))


def _from_form(request: Request, host: Host) -> Operation:
    """The action stands in the form or, for a GET, in the query; where in both, they must agree.

    A call in the newer JSON form is none: the API would obey its header instead of the form.
    """
    json_form = "x-amz-target" in request.headers or "json" in request.headers.get("content-type", "")
    if json_form or urlsplit(request.url).path not in _ROOT:
        return Operation(host.service, "")
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    body = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True) if form else []
    actions = {value for key, value in (*query, *body) if key == "Action"}
    name = actions.pop() if len(actions) == 1 else ""
    given = (*query, *body)
    scalars = {key: value for key, value in given if not key.startswith("X-Amz-")}
    return _read(host, name, scalars, lambda found: parameters.from_form(found, given))


def _from_target(request: Request, host: Host) -> Operation:
    """The header names service and operation; the API would obey another service's, and a path or a query."""
    parts = urlsplit(request.url)
    prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
    told = [key for key, _ in parse_qsl(parts.query, keep_blank_values=True) if not key.startswith("X-Amz-")]
    if prefix != model(host.model).metadata["targetPrefix"] or told or parts.path not in _ROOT:
        return Operation(host.service, "")
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        data = {}
    items = data.items() if isinstance(data, dict) else ()
    scalars = {key: str(value) for key, value in items if isinstance(value, (str, int))}
    return _read(host, name, scalars, lambda found: parameters.from_json(found, request.body))


def _from_path(request: Request, host: Host) -> Operation:
    parts = urlsplit(request.url)
    if "x-amz-target" in request.headers:  # the API would obey it before the path
        return Operation(host.service, "")
    # S3's API takes paths apart decoded; elsewhere a part may hold an encoded slash
    decoded = host.service == "s3"
    path = unquote(parts.path) if decoded else parts.path
    if host.bucket:
        path = f"/{host.bucket}{path}"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = dict(pairs)
    headers = _with_hoisted(request.headers, query)
    for method, pattern, required, name in _routes(host.model):
        found = pattern.fullmatch(path) if method == request.method and required <= set(query) else None
        if found and _variant_fits(name, headers, set(query)):
            labels = {key: value if decoded else unquote(value) for key, value in found.groupdict().items()}
            scalars = labels | ({"PrefixName": query["prefix"]} if "prefix" in query else {})
            if others := _others(host.model, name, required, set(query)):
                return Operation(
                    host.service, name, scalars, unreadable=f"{others} belong to other operations"
                )
            return _read(
                host,
                name,
                scalars,
                lambda model, given=labels: parameters.from_rest(  # type: ignore[misc]
                    model, given, pairs, headers, request.body
                ),
            )
    return Operation(host.service, "")


def _others(service: str, name: str, required: frozenset[str], present: set[str]) -> str:
    """Keys of the query that choose another operation: the API might follow them instead."""
    choosing = frozenset[str]().union(*(route[2] for route in _routes(service)))
    shape = model(service).operation_model(name).input_shape
    own = {
        member.serialization.get("name")
        for member in (shape.members.values() if shape else ())
        if member.serialization.get("location") == "querystring"
    }
    return ", ".join(f"`{key}`" for key in sorted((present & choosing) - required - own))


def _with_hoisted(headers: Mapping[str, str], query: Mapping[str, str]) -> Mapping[str, str]:
    """With the headers that a presigned URL carries in its query, as S3 reads them; a real header wins."""
    hoisted = {key.lower(): value for key, value in query.items() if key.lower().startswith("x-amz-")}
    return {**hoisted, **headers}


def _variant_fits(name: str, headers: Mapping[str, str], present: set[str]) -> bool:
    """Operations that share method and path, and differ by a header or by parameters of the query."""
    copies = "x-amz-copy-source" in headers
    if name in ("CopyObject", "UploadPartCopy"):
        return copies
    if name in ("PutObject", "UploadPart"):
        return not copies
    return name != "ListParts" or "uploadId" in present


@cache
def _routes(service: str) -> tuple[tuple[str, re.Pattern[str], frozenset[str], str], ...]:
    """Method, path, required query keys and name; the most particular first."""
    routes = []
    for name in model(service).operation_names:
        operation = model(service).operation_model(name)
        path, _, query = operation.http["requestUri"].partition("?")
        required = {item.partition("=")[0] for item in query.split("&") if item}
        shape = operation.input_shape
        for member in shape.required_members if shape else ():
            part = shape.members[member].serialization
            if part.get("location") == "querystring":
                required.add(part["name"])
        if service == "s3" and not path.startswith("/{Bucket}") and path != "/":
            path = "/{Bucket}" + path
        routes.append((operation.http["method"], _pattern(path), frozenset(required), name))
    return tuple(sorted(routes, key=lambda route: (-len(route[2]), -route[1].pattern.count("/"), route[3])))


def _pattern(path: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        return f"(?P<{parameters.label(match[1])}>{'.+' if match[1].endswith('+') else '[^/]+'})"

    escaped = re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\+", "+")
    return re.compile(re.sub(r"\{([^}]+)\}", group, escaped) + "/?")
