"""Resources with generated ids, which policies tell by their tags: one of each type of each stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prodfirst.adapters.aws.calling import ServiceCall
from prodfirst.usecases.isolation_calls import PROBE
from prodfirst.usecases.site import Site

_OWNER = "prodfirst:stack"
_PURPOSE = "prodfirst:purpose"
_ARN_TYPES = {"flow-log": "vpc-flow-log"}
"""Where a type has another name in ARNs (Service Authorization Reference, EC2)."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """One resource, and a call that removes a tag of it that is not there."""

    stack: str
    """By its tag."""
    what: str
    pattern: str
    """ARN pattern that a lock holds the action on."""
    call: ServiceCall
    bootstraps: bool = False
    """Whether it is no stack's to change: the key under a stack's state."""

    @property
    def action(self) -> str:
        """By its IAM name."""
        return f"{self.call.service}:{self.call.operation}"


def tagged(site: Site) -> tuple[Tagged, ...]:
    """As the administrator sees them."""
    return (*_of_ec2(site), *_keys(site))


def _of_ec2(site: Site) -> Iterator[Tagged]:
    ec2, seen = site.operator.client("ec2"), set()
    filters = [{"Name": "key", "Values": [_OWNER]}]
    ours = _ids(ec2, [{"Name": "key", "Values": ["prodfirst:estate"]},
                      {"Name": "value", "Values": [site.estate.name]}])  # fmt: skip
    ours &= _ids(ec2, [{"Name": "key", "Values": ["prodfirst:environment"]},
                       {"Name": "value", "Values": [site.environment.name]}])  # fmt: skip
    for page in ec2.get_paginator("describe_tags").paginate(Filters=filters):
        for item in page["Tags"]:
            stack, kind, id = item["Value"], item["ResourceType"], item["ResourceId"]
            if id in ours and (stack, kind) not in seen:
                seen.add((stack, kind))
                call = ServiceCall("ec2", "DeleteTags", {"Resources": [id], "Tags": [{"Key": PROBE}]})
                place = f"arn:aws:ec2:{site.environment.region}:{site.environment.account}"
                pattern = f"{place}:{_ARN_TYPES.get(kind, kind)}/*"
                yield Tagged(stack, f"ec2:DeleteTags on a {kind} of {stack}", pattern, call)


def _ids(ec2: Any, filters: list[dict[str, Any]]) -> set[str]:
    pages = ec2.get_paginator("describe_tags").paginate(Filters=filters)
    return {item["ResourceId"] for page in pages for item in page["Tags"]}


def _keys(site: Site) -> Iterator[Tagged]:
    kms = site.operator.client("kms")
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            tags = {item["TagKey"]: item["TagValue"]
                    for item in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}  # fmt: skip
            ours = (tags.get("prodfirst:estate"), tags.get("prodfirst:environment"))
            if ours == (site.estate.name, site.environment.name) and _OWNER in tags:
                state = tags.get(_PURPOSE) == "state"
                what = f"kms:UntagResource on the {'state ' if state else ''}key of {tags[_OWNER]}"
                call = ServiceCall("kms", "UntagResource", {"KeyId": key["KeyId"], "TagKeys": [PROBE]})
                pattern = f"{key['KeyArn'].rpartition('/')[0]}/*"
                yield Tagged(tags[_OWNER], what, pattern, call, bootstraps=state)
