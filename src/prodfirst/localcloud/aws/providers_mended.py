"""Changes of an identity provider's audiences, which ministack 1.5.33, which is pinned, does not know.

Operations and errors: IAM API reference, AddClientIDToOpenIDConnectProvider and its counterpart.
"""

from __future__ import annotations

from typing import Any


def mend_identity_providers() -> None:
    """Teach the API both operations."""
    from ministack.services import iam

    def changed(name: str, p: Any, change: Any) -> Any:
        arn, client = iam._p(p, "OpenIDConnectProviderArn"), iam._p(p, "ClientID")
        provider = iam._oidc_providers.get(arn)
        if not provider:
            return iam._error(404, "NoSuchEntity", f"OIDC provider {arn} not found.", ns="iam")
        change(provider["ClientIDList"], client)
        return iam._xml(200, f"{name}Response", "", ns="iam")

    def add(known: list[str], client: str) -> None:
        if client not in known:
            known.append(client)

    def remove(known: list[str], client: str) -> None:
        if client in known:
            known.remove(client)

    for name, change in (
        ("AddClientIDToOpenIDConnectProvider", add),
        ("RemoveClientIDFromOpenIDConnectProvider", remove),
    ):
        iam._IAM_HANDLERS[name] = lambda p, name=name, change=change: changed(name, p, change)
