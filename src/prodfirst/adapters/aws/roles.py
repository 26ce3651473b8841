"""Roles of stack identities, made by bootstrap until the identity stack makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import SESSION_SECONDS, AwsAccess
from prodfirst.adapters.aws.state_store import error_code
from prodfirst.permissions.policies import Policy, text

_POLICY_NAME = "prodfirst"


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

    def ensure(
        self,
        name: str,
        *,
        trusted: Policy,
        boundary: str,
        documents: tuple[Policy, ...],
        tags: dict[str, str],
    ) -> bool:
        """Make or update one role with the trust policy `trusted`. True if new."""
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
        for number, document in enumerate(documents, 1):
            iam.put_role_policy(
                RoleName=name, PolicyName=f"{_POLICY_NAME}-{number}", PolicyDocument=text(document)
            )
        return made

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
