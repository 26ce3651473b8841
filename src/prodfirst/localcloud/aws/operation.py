"""Which operation a request calls, by botocore's service models: never by searching in a body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.session
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.signature import Request

_MODELS = {"logs": "logs", "ssm": "ssm"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, as far as the model tells."""

    service: str
    name: str
    """Empty where no operation of the model fits."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Top-level scalar parameters; for the audit and for the credentials' registry."""


@cache
def model(service: str) -> ServiceModel:
    """The model of a service, by its signing name."""
    return botocore.session.get_session().get_service_model(_MODELS.get(service, service))


def identify(request: Request, host: Host) -> Operation:
    """The operation of a request to a served host."""
    service = model(host.service)
    match service.metadata["protocol"]:
        case "query" | "ec2":
            return _from_form(service, request, host)
        case "json":
            return _from_target(service, request, host)
        case _:
            return _from_path(request, host)


def is_rest(service: str) -> bool:
    """Whether method and path name the operation, not a field."""
    return str(model(service).metadata["protocol"]).startswith("rest")


def answer(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The parsed answer of a call."""
    service = model(operation.service)
    parser = create_parser(service.metadata["protocol"])
    shape = service.operation_model(operation.name).output_shape
    parsed: Mapping[str, Any] = parser.parse(
        {"status_code": status, "headers": dict(headers), "body": body}, shape
    )
    return parsed


def _from_form(service: ServiceModel, request: Request, host: Host) -> Operation:
    """The action stands in the form or, for a GET, in the query; where in both, they must agree.

    A call in the newer JSON form is none: the API would obey its header instead of the form.
    """
    if "x-amz-target" in request.headers or "json" in request.headers.get("content-type", ""):
        return Operation(host.service, "")
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    body = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True) if form else []
    actions = {value for key, value in (*query, *body) if key == "Action"}
    name = actions.pop() if len(actions) == 1 else ""
    parameters = {key: value for key, value in (*query, *body) if not key.startswith("X-Amz-")}
    return Operation(host.service, name if name in service.operation_names else "", parameters)


def _from_target(service: ServiceModel, request: Request, host: Host) -> Operation:
    name = request.headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        data = {}
    scalars = data.items() if isinstance(data, dict) else ()
    parameters = {key: str(value) for key, value in scalars if isinstance(value, (str, int))}
    return Operation(host.service, name if name in service.operation_names else "", parameters)


def _from_path(request: Request, host: Host) -> Operation:
    parts = urlsplit(request.url)
    path = parts.path
    if host.bucket:
        path = f"/{host.bucket}{path}"
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    present = set(query)
    for method, pattern, required, name in _routes(host.service):
        found = pattern.fullmatch(path) if method == request.method and required <= present else None
        if found and _variant_fits(name, request, present):
            parameters = {key: unquote(value) for key, value in found.groupdict().items()}
            if "prefix" in query:
                parameters["PrefixName"] = query["prefix"]
            return Operation(host.service, name, parameters)
    return Operation(host.service, "")


def _variant_fits(name: str, request: Request, present: set[str]) -> bool:
    """Operations that share method and path, and differ by a header or by parameters of the query."""
    copies = "x-amz-copy-source" in request.headers
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
        name = match[1]
        return (
            f"(?P<{re.sub('[^A-Za-z0-9_]', '_', name.rstrip('+'))}>{'.+' if name.endswith('+') else '[^/]+'})"
        )

    escaped = re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\+", "+")
    return re.compile(re.sub(r"\{([^}]+)\}", group, escaped) + "/?")
