"""What all types of EC2 share: one way to tag, one way to ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from prodfirst.providers.aws.locating import CannotTell, best, listed
from prodfirst.providers.aws.resource import Call, ResourceType, changed_tags, ignoring, tag_list, tag_map
from prodfirst.providers.schema import Data


class Ec2Type(ResourceType):
    """A type whose API has `describe_X` with a list of ids, and `delete_X` with one."""

    kind: ClassVar[str]
    """As in `TagSpecifications`, such as `vpc`."""
    describe: ClassVar[tuple[str, str, str]]
    """Method, parameter for ids, key of the answer."""
    remove: ClassVar[tuple[str, str]] = ("", "")
    """Method, parameter for the id."""
    missing: ClassVar[tuple[str, ...]]
    """Error codes that say that it does not exist."""
    filters: ClassVar[str] = "Filters"
    """The parameter of `describe` for filters."""

    def specification(self, call: Call, inputs: Data) -> list[dict[str, Any]]:
        """Tags at creation, so that no resource is ever without."""
        tags = call.tags(inputs)
        return [{"ResourceType": self.kind, "Tags": tag_list(tags)}] if tags else []

    def find(self, call: Call, id: str) -> dict[str, Any] | None:
        """The live description, or None."""
        method, parameter, key = self.describe
        with ignoring(*self.missing):
            found: list[dict[str, Any]] = getattr(call.client("ec2"), method)(**{parameter: [id]})[key]
            return found[0] if found else None
        return None

    def update(self, call: Call, id: str, old: Data, new: Data) -> None:
        added, removed = changed_tags(old.get("tagsAll") or {}, call.tags(new))
        if removed:
            call.client("ec2").delete_tags(Resources=[id], Tags=[{"Key": key} for key in removed])
        if added:
            call.client("ec2").create_tags(Resources=[id], Tags=tag_list(added))

    def delete(self, call: Call, id: str, state: Data) -> None:
        method, parameter = self.remove
        with ignoring(*self.missing):
            getattr(call.client("ec2"), method)(**{parameter: id})

    def located(self, call: Call, inputs: Data, since: datetime | None) -> tuple[str, ...]:
        """By its tags: they come with the create, so nothing of ours is ever without."""
        tags = call.tags(inputs)
        if not tags:
            raise CannotTell(f"a `{self.token}` without tags cannot be told from others")
        method, parameter, key = self.describe
        chosen = [{"Name": f"tag:{name}", "Values": [value]} for name, value in sorted(tags.items())]
        pages = call.client("ec2").get_paginator(method).paginate(**{self.filters: chosen})
        ids = [str(item[parameter.removesuffix("s")]) for item in listed(pages, key)]
        found = ((id, self.read(call, id, inputs)) for id in ids)
        return best(self.schema, tags, inputs, ((id, live) for id, live in found if live is not None))

    def arn(self, call: Call, owner: str, id: str) -> str:
        """The ARN of a resource of this kind."""
        return f"arn:aws:ec2:{call.region}:{owner}:{self.kind}/{id}"


def live_tags(found: dict[str, Any]) -> Data:
    """The tags of a description, as the server splits them into `tags` and `tagsAll`."""
    return {"tagsAll": tag_map(found.get("Tags"))}
