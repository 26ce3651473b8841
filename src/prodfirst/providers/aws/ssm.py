"""Parameters of the Systems Manager: what one stack publishes for another."""

from __future__ import annotations

from typing import Any

from prodfirst.providers.aws.resource import Call, ResourceType, changed_tags, ignoring, tag_list, tag_map
from prodfirst.providers.properties import is_known
from prodfirst.providers.schema import Data, Failure, Prop, Schema

_MISSING = ("ParameterNotFound",)
_LIMITS = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
"""Bytes of a value per tier (SSM API reference, PutParameter)."""
_KINDS = ("String", "StringList", "SecureString")
_PUT = {
    "type": "Type",
    "description": "Description",
    "allowedPattern": "AllowedPattern",
    "dataType": "DataType",
    "keyId": "KeyId",
    "tier": "Tier",
}
"""Input → parameter of PutParameter."""


def _is_kind(value: Any) -> str | None:
    return None if value in _KINDS else f"not one of {', '.join(_KINDS)}"


def _is_tier(value: Any) -> str | None:
    return None if value in _LIMITS else f"not one of {', '.join(_LIMITS)}"


def _one_value(inputs: Data) -> Failure | None:
    if ("value" in inputs) == ("insecureValue" in inputs):
        return Failure("value", "one of `value` and `insecureValue` must be given, and only one")
    return None


def _short_enough(inputs: Data) -> Failure | None:
    """AWS refuses it when it is applied; known before, it is refused in the plan."""
    value = inputs.get("value", inputs.get("insecureValue", ""))
    tier = inputs.get("tier", "Standard")
    limit = _LIMITS.get(tier, 0) if is_known(tier) else 0
    if is_known(value) and limit and len(str(value).encode()) > limit:
        wider = "; tier `Advanced` takes 8192" if tier == "Standard" else ""
        return Failure("value", f"longer than the {limit} bytes of tier `{tier}`{wider}")
    return None


class Parameter(ResourceType):
    token = "aws:ssm/parameter:Parameter"
    named = "name"
    schema = Schema(
        inputs={
            "name": Prop(replace=True, autoname=True),
            "type": Prop(required=True, check=_is_kind),
            "value": Prop(computed=True, secret=True),
            "insecureValue": Prop(computed=True),
            "description": Prop(),
            "allowedPattern": Prop(),
            "dataType": Prop(computed=True),
            "keyId": Prop(computed=True),
            "overwrite": Prop(),
            # a parameter cannot go back from Advanced to Standard
            "tier": Prop(
                computed=True,
                check=_is_tier,
                replace=lambda old, new: (old, new) == ("Advanced", "Standard"),
                same=lambda left, right: "Intelligent-Tiering" in (left, right),
            ),
        },
        outputs=("arn", "hasValueWo", "tagsAll", "version"),
        stable=("arn",),
        tagged=True,
        follows={
            "version": (*_PUT, "value", "insecureValue"),
            "value": ("insecureValue",),
            "insecureValue": ("value",),
        },
        checks=(_one_value, _short_enough),
    )

    def create(self, call: Call, inputs: Data) -> str:
        overwrite = bool(inputs.get("overwrite"))
        tags = call.tags(inputs)
        # the API takes tags and Overwrite never in one call
        with_tags = {"Tags": tag_list(tags)} if tags and not overwrite else {}
        call.client("ssm").put_parameter(**_request(inputs), Overwrite=overwrite, **with_tags)
        return str(inputs["name"])

    def settle(self, call: Call, id: str, inputs: Data) -> None:
        if inputs.get("overwrite"):
            self._tag(call, id, self._tags(call, id), call.tags(inputs))

    def read(self, call: Call, id: str, known: Data) -> Data | None:
        ssm = call.client("ssm")
        found: dict[str, Any] = {}
        with ignoring(*_MISSING):
            found = ssm.get_parameter(Name=id, WithDecryption=True)["Parameter"]
        chosen = [{"Key": "Name", "Option": "Equals", "Values": [id]}]
        described = ssm.describe_parameters(ParameterFilters=chosen)["Parameters"] if found else []
        if not described:
            return None
        more = described[0]
        clear = "insecureValue" in known and found["Type"] != "SecureString"
        return {
            "name": found["Name"],
            "type": found["Type"],
            "insecureValue" if clear else "value": found["Value"],
            "description": more.get("Description") or None,
            "allowedPattern": more.get("AllowedPattern") or None,
            "dataType": found.get("DataType", "text"),
            "keyId": more.get("KeyId") or None,
            "overwrite": known.get("overwrite"),
            "tier": more.get("Tier", "Standard"),
            "arn": found["ARN"],
            "hasValueWo": False,
            "version": found["Version"],
            "tagsAll": self._tags(call, id),
        }

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        changing = (*_PUT, "value", "insecureValue", "overwrite")
        if any(key in new and old.get(key) != new[key] for key in changing) or _left_out(old, new):
            request = {**_request(new), **_left_out(old, new)}
            call.client("ssm").put_parameter(**request, Overwrite=new.get("overwrite", True))
        self._tag(call, id, old.get("tagsAll") or {}, call.tags(new))

    def delete(self, call: Call, id: str, state: Data) -> None:
        with ignoring(*_MISSING):
            call.client("ssm").delete_parameter(Name=id)

    def _tags(self, call: Call, id: str) -> dict[str, str]:
        found = call.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=id)
        return tag_map(found.get("TagList"))

    def _tag(self, call: Call, id: str, old: dict[str, str], new: dict[str, str]) -> None:
        added, removed = changed_tags(old, new)
        named = {"ResourceType": "Parameter", "ResourceId": id}
        if removed:
            call.client("ssm").remove_tags_from_resource(**named, TagKeys=removed)
        if added:
            call.client("ssm").add_tags_to_resource(**named, Tags=tag_list(added))


def _request(inputs: Data) -> dict[str, Any]:
    value = inputs["value"] if "value" in inputs else inputs["insecureValue"]
    given = {parameter: inputs[key] for key, parameter in _PUT.items() if inputs.get(key) is not None}
    return {"Name": inputs["name"], "Value": value, **given}


def _left_out(old: Data, new: Data) -> dict[str, str]:
    """What the program does not say any more; the API keeps what it is not told."""
    return {_PUT[key]: "" for key in ("description", "allowedPattern") if old.get(key) and not new.get(key)}
