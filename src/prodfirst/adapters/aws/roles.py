"""Roles of stack identities, made by bootstrap until the identity stack makes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import SESSION_SECONDS, AwsAccess
from prodfirst.adapters.aws.state_store import error_code
from prodfirst.permissions.aws.placing import placed
from prodfirst.permissions.policies import Policy, text


@dataclass(frozen=True)
class Roles:
    """The roles of one environment, all below one path."""

    access: AwsAccess
    account: str
    path: str
    """Such as `/prodfirst/acme/local/`."""

    def arn(self, name: str) -> str:
        """The ARN of a role below the path."""
        return f"arn:aws:iam::{self.account}:role{self.path}{name}"

    def policy_arn(self, name: str) -> str:
        """The ARN of a policy below the path."""
        return f"arn:aws:iam::{self.account}:policy{self.path}{name}"

    def provider_arn(self, host: str) -> str:
        """The ARN of the identity provider of the issuer at `host`; an account has one for each."""
        return f"arn:aws:iam::{self.account}:oidc-provider/{host}"

    def ensure_provider(self, host: str, audience: str) -> bool:
        """Make the identity provider of the issuer at `host`, or let it take `audience` too. True if new."""
        iam = self.access.client("iam")
        arn = self.provider_arn(host)
        try:
            iam.create_open_id_connect_provider(Url=f"https://{host}", ClientIDList=[audience])
        except ClientError as error:
            if error_code(error) != "EntityAlreadyExists":
                raise
            found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]
            if audience not in found:
                iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=audience)
            return False
        return True

    def ensure_policy(self, name: str, document: Policy) -> str:
        """Make or update a policy below the path; returns its ARN."""
        iam = self.access.client("iam")
        arn = self.policy_arn(name)
        try:
            iam.create_policy(PolicyName=name, Path=self.path, PolicyDocument=text(document))
        except ClientError as error:
            if error_code(error) != "EntityAlreadyExists":
                raise
            self._update(iam, arn, document)
        return arn

    def retire_policies(self, needed: Collection[str], roles: str) -> tuple[str, ...]:
        """Delete the policies right below the path that nobody needs any more; returns their names.

        One that still is the boundary of a role below the path `roles` stays.
        """
        iam = self.access.client("iam")
        pages = iam.get_paginator("list_policies").paginate(Scope="Local", PathPrefix=self.path)
        found = {item["Arn"] for page in pages for item in page["Policies"] if item["Path"] == self.path}
        spare = found - {self.policy_arn(name) for name in needed}
        if spare:
            spare -= set(_boundaries(iam, roles))
        for arn in sorted(spare):
            self._delete(iam, arn)
        return tuple(sorted(arn.rpartition("/")[2] for arn in spare))

    def ensure(
        self,
        name: str,
        *,
        trusted: Policy,
        boundary: str,
        documents: Sequence[Policy],
        tags: dict[str, str],
        managed: Sequence[str] = (),
    ) -> bool:
        """Make or update one role with the trust policy `trusted`. True if new.

        `managed` are ARNs of policies of AWS's own.
        """
        iam = self.access.client("iam")
        trust = text(trusted)
        made = True
        try:
            iam.create_role(
                RoleName=name,
                Path=self.path,
                AssumeRolePolicyDocument=trust,
                PermissionsBoundary=boundary,
                MaxSessionDuration=SESSION_SECONDS,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        except ClientError as error:
            if error_code(error) != "EntityAlreadyExists":
                raise
            made = False
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        self._grant(iam, name, documents, managed)
        return made

    def _grant(self, iam: Any, name: str, documents: Sequence[Policy], others: Sequence[str]) -> None:
        """Inline where they fit together, else as managed policies of the role's own.

        New grants come first, so that a run that is under way loses nothing that it holds by both.
        """
        place = placed(name, documents)
        inline = place.inline
        managed = [*others, *(self.ensure_policy(policy, item) for policy, item in place.managed.items())]
        for policy, document in inline.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text(document))
        for arn in managed:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            if policy not in inline:
                iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for item in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            if item["PolicyArn"] not in managed:
                iam.detach_role_policy(RoleName=name, PolicyArn=item["PolicyArn"])
                if item["PolicyName"].startswith(f"{name}-"):
                    self._delete(iam, item["PolicyArn"])

    def _delete(self, iam: Any, arn: str) -> None:
        """A policy of ours that nothing needs any more; its other versions go first."""
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        iam.delete_policy(PolicyArn=arn)

    def _update(self, iam: Any, arn: str, document: Policy) -> None:
        """A new default version where the document differs; the oldest goes first (AWS keeps five)."""
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        default = next(item for item in versions if item["IsDefaultVersion"])
        current = iam.get_policy_version(PolicyArn=arn, VersionId=default["VersionId"])["PolicyVersion"][
            "Document"
        ]
        if (json.loads(current) if isinstance(current, str) else current) == document:
            return
        spare = [item for item in versions if not item["IsDefaultVersion"]]
        if len(versions) >= 5:
            oldest = min(spare, key=lambda item: int(item["VersionId"].removeprefix("v")))
            iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text(document), SetAsDefault=True)


def _boundaries(iam: Any, path: str) -> Iterator[str]:
    """ARNs of the boundaries of all roles below a path; a list of roles leaves them out."""
    for page in iam.get_paginator("list_roles").paginate(PathPrefix=path):
        for role in page["Roles"]:
            limit = iam.get_role(RoleName=role["RoleName"])["Role"].get("PermissionsBoundary") or {}
            yield str(limit.get("PermissionsBoundaryArn", ""))
