"""Changes of an identity provider, which ministack 1.5.33, which is pinned, does not know.

Operations and errors: IAM API reference, AddClientIDToOpenIDConnectProvider and its like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_Change = Callable[[dict[str, Any], Any], None]


def mend_identity_providers() -> None:
    """Teach the API the operations."""
    from ministack.services import iam

    def changed(name: str, p: Any, change: _Change) -> Any:
        arn = iam._p(p, "OpenIDConnectProviderArn")
        provider = iam._oidc_providers.get(arn)
        if not provider:
            return iam._error(404, "NoSuchEntity", f"OIDC provider {arn} not found.", ns="iam")
        change(provider, p)
        return iam._xml(200, f"{name}Response", "", ns="iam")

    def listed(p: Any, name: str) -> list[str]:
        found: list[str] = []
        while item := iam._p(p, f"{name}.member.{len(found) + 1}"):
            found.append(item)
        return found

    def add(provider: dict[str, Any], p: Any) -> None:
        client = iam._p(p, "ClientID")
        if client not in provider["ClientIDList"]:
            provider["ClientIDList"].append(client)

    def remove(provider: dict[str, Any], p: Any) -> None:
        client = iam._p(p, "ClientID")
        provider["ClientIDList"] = [item for item in provider["ClientIDList"] if item != client]

    def thumbprint(provider: dict[str, Any], p: Any) -> None:
        provider["ThumbprintList"] = listed(p, "ThumbprintList")

    def tag(provider: dict[str, Any], p: Any) -> None:
        new = iam._extract_tags(p)
        names = {item["Key"] for item in new}
        kept = [item for item in provider.get("Tags", []) if item["Key"] not in names]
        provider["Tags"] = [*kept, *new]

    def untag(provider: dict[str, Any], p: Any) -> None:
        gone = listed(p, "TagKeys")
        provider["Tags"] = [item for item in provider.get("Tags", []) if item["Key"] not in gone]

    changes: dict[str, _Change] = {
        "AddClientIDToOpenIDConnectProvider": add,
        "RemoveClientIDFromOpenIDConnectProvider": remove,
        "UpdateOpenIDConnectProviderThumbprint": thumbprint,
        "TagOpenIDConnectProvider": tag,
        "UntagOpenIDConnectProvider": untag,
    }
    for name, change in changes.items():
        iam._IAM_HANDLERS[name] = lambda p, name=name, change=change: changed(name, p, change)
