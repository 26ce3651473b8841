"""Reads the local API's own state: tags, names, keys and policies of resources.

ministack runs in this process (see `api.py`) and is pinned exactly; its stores are read here and in
`identities.py` alone, never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prodfirst.access.aws.documents import Document
from prodfirst.access.aws.policies import Kind, ResourcePolicy
from prodfirst.localcloud.aws.authorization import parsed
from prodfirst.localcloud.aws.authorization.access_entries import as_at_aws, as_held
from prodfirst.localcloud.aws.authorization.calls import Key, Tags, pairs

_DEFAULT_REGION = "us-east-1"


class State:
    """The state of one account."""

    def __init__(self, account: str) -> None:
        self._account = account

    @contextmanager
    def scope(self, region: str) -> Iterator[None]:
        """The stores show what belongs to the account in a region."""
        from ministack.core.responses import request_scope

        with request_scope(self._account, region or _DEFAULT_REGION):
            yield

    def tags(self, arn: str) -> Tags:
        """The tags of a resource; none where it does not exist."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or arn.endswith("*"):
            return {}
        with self.scope(parts[3]):
            return dict(pairs(_tags(parts[2], parts[5], arn)))

    def identity(self, kind: str, name: str) -> str | None:
        """The ARN of a user, group, role or instance profile by its name."""
        found = self._iam(kind, name)
        return str(found["Arn"]) if found else None

    def boundary(self, arn: str) -> str | None:
        """The ARN of the permissions boundary of a user or role."""
        kind, _, path = arn.rpartition(":")[2].partition("/")
        held = (self._iam(kind, path.rpartition("/")[2]) or {}).get("PermissionsBoundary")
        return str(held) if held else None

    def longest_session(self, role: str) -> int:
        """`MaxSessionDuration` of a role by its ARN, in seconds."""
        return int((self._iam("role", role.rpartition("/")[2]) or {}).get("MaxSessionDuration", 3600))

    def factor_seed(self, serial: str, user: str) -> str | None:
        """The seed (base 32) of a virtual MFA device, where it is enabled for the user with this ARN."""
        from ministack.services import iam

        with self.scope(_DEFAULT_REGION):
            device = iam._mfa_devices.get(serial)
        if device is None or self.identity("user", str(device["User"])) != user:
            return None
        return str(device["Base32StringSeed"])

    def profile_roles(self, name: str) -> tuple[str, ...]:
        """The ARNs of the roles in an instance profile."""
        roles = (self._iam("instance-profile", name) or {}).get("Roles", [])
        named = (role if isinstance(role, str) else role["RoleName"] for role in roles)
        return tuple(arn for role in named if (arn := self.identity("role", role)))

    def key(self, region: str, reference: str) -> Key | None:
        """A KMS key by id, ARN or alias."""
        from ministack.services import kms

        with self.scope(region):
            found = kms._resolve_key(reference)
            if found is None:
                return None
            aliases = [arn for arn, key in kms._aliases.items() if key == found["KeyId"]]
        return Key(found["Arn"], tuple(sorted(f"alias/{arn.partition(':alias/')[2]}" for arn in aliases)))

    def secret(self, region: str, reference: str) -> tuple[str, str] | None:
        """ARN and KMS key of a secret by name, ARN or part of it."""
        from ministack.services import secretsmanager

        with self.scope(region):
            _, found = secretsmanager._resolve(reference, use_arn_scope=True)
        return (found["ARN"], found.get("KmsKeyId") or "") if found else None

    def parameter_key(self, region: str, name: str) -> str:
        """The KMS key of an encrypted parameter; empty where it is none or AWS's own key."""
        from ministack.services import ssm

        with self.scope(region):
            found = ssm._parameters.get(name) or {}
        key = str(found.get("KeyId") or "")
        return "" if found.get("Type") != "SecureString" or key == "alias/aws/ssm" else key

    def eks(self, region: str, kind: str, cluster: str, name: str) -> str | None:
        """The ARN of a part of a cluster."""
        from ministack.services import eks

        stores = {
            "nodegroup": (eks._nodegroups, f"{cluster}/{name}", "nodegroupArn"),
            "addon": (eks._addons, f"{cluster}/{name}", "addonArn"),
            "access-entry": (eks._access_entries, f"{cluster}\x00{name}", "accessEntryArn"),
            "podidentityassociation": (
                eks._pod_identity_associations, f"{cluster}\x00{name}", "associationArn",
            ),
        }  # fmt: skip
        if kind not in stores:
            return None
        store, key, field = stores[kind]
        with self.scope(region):
            found: str | None = (store.get(key) or {}).get(field)
        return as_at_aws(found, name) if found and kind == "access-entry" else found

    def access_entry(self, region: str, held: str) -> str:
        """The ARN that AWS gives the access entry which the API knows by `held`; `held` where it has none."""
        from ministack.services import eks

        with self.scope(region):
            entries = [item for item in eks._access_entries.values() if item["accessEntryArn"] == held]
        return as_at_aws(held, entries[0]["principalArn"]) if entries else held

    def associated(self, region: str, association: str) -> tuple[str, ...]:
        """The ids that an association of EC2 binds together."""
        from ministack.services import ec2

        stores = {
            "eipassoc": ec2._addresses,
            "rtbassoc": ec2._route_tables,
            "aclassoc": ec2._network_acls,
            "subnet": ec2._subnets,
            "vpc": ec2._vpcs,
            "iip": ec2._iam_instance_profile_associations,
        }
        with self.scope(region):
            for key, record in stores[association.partition("-")[0]].items():
                if found := _holding(record, association):
                    return (key, *found)
        return ()

    def policy(self, arn: str) -> ResourcePolicy | None:
        """The policy of a resource, with its kind; a role's is its trust policy, a key's is required."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return None
        if parts[2] == "iam" and parts[5].startswith("role/"):
            role = self._iam("role", arn.rpartition("/")[2])
            if role is None or role["Arn"] != arn:
                return ResourcePolicy(Document(arn, ()), required=True, kind=Kind.TRUST)
            return ResourcePolicy(parsed.document(arn, role["AssumeRolePolicyDocument"]), True, Kind.TRUST)
        with self.scope(parts[3]):
            text = _policy(parts[2], parts[5], arn)
        if text is None:
            return None
        return ResourcePolicy(parsed.document(arn, text), required=parts[2] == "kms")

    def _iam(self, kind: str, name: str) -> Mapping[str, Any] | None:
        from ministack.services import iam

        stores = {
            "user": iam._users,
            "group": iam._groups,
            "role": iam._roles,
            "instance-profile": iam._instance_profiles,
        }
        with self.scope(_DEFAULT_REGION):
            found: Mapping[str, Any] | None = stores[kind].get(name) if kind in stores else None
        return found


def _holding(record: Any, association: str) -> tuple[str, ...]:
    """The other ids beside an association's, in the record that holds it."""
    if isinstance(record, Mapping):
        values = [value for value in record.values() if isinstance(value, str)]
        if association in values:
            return tuple(value for value in values if value != association)
        record = list(record.values())
    if isinstance(record, list):
        for inner in record:
            if found := _holding(inner, association):
                return found
    return ()


def _tags(service: str, resource: str, arn: str) -> Any:
    """The tags of a resource as its service keeps them."""
    match service:
        case "ec2":
            from ministack.services import ec2

            return ec2._tags.get(resource.rpartition("/")[2])
        case "iam":
            return _iam_tags(resource, arn)
        case "rds":
            from ministack.services import rds

            return rds._tags.get(arn)
        case "eks":
            from ministack.services import eks

            return eks._tags.get(as_held(arn))
        case "s3":
            from ministack.services import s3

            bucket, _, key = resource.partition("/")
            found = [
                tags for (where, what, _), tags in s3._object_tags.items() if (where, what) == (bucket, key)
            ]
            return found[-1] if found else None
        case "logs":
            from ministack.services import cloudwatch_logs

            name = resource.removeprefix("log-group:").partition(":")[0]
            return (cloudwatch_logs._log_groups.get(name) or {}).get("tags")
        case _:
            return _collected(service, arn)


def _iam_tags(resource: str, arn: str) -> Any:
    from ministack.services import iam

    kind, _, path = resource.partition("/")
    match kind:
        case "user" | "role" | "instance-profile":
            stores = {"user": iam._users, "role": iam._roles, "instance-profile": iam._instance_profiles}
            return (stores[kind].get(path.rpartition("/")[2]) or {}).get("Tags")
        case "policy":
            return (iam._policies.get(arn) or {}).get("Tags")
        case "oidc-provider":
            return (iam._oidc_providers.get(arn) or {}).get("Tags")
        case _:
            return None


def _collected(service: str, arn: str) -> Any:
    from ministack.services import tagging

    collect = {**tagging._RESOURCE_TAG_COLLECTORS, "events": tagging._collect_eventbridge}.get(service)
    return next((tags for candidate, tags in collect() if candidate == arn), None) if collect else None


def _policy(service: str, resource: str, arn: str) -> Any:
    """The resource's own policy as its service keeps it; None where it has none."""
    match service:
        case "s3":
            from ministack.services import s3

            return s3._bucket_policies.get(resource.partition("/")[0])
        case "kms" if resource.startswith("key/"):
            from ministack.services import kms

            return (kms._keys.get(resource.removeprefix("key/")) or {}).get("Policy")
        case "secretsmanager":
            from ministack.services import secretsmanager

            return secretsmanager._resource_policies.get(arn)
        case "sns":
            from ministack.services import sns

            topic = sns._topics.get(arn) or {}
            return (topic.get("attributes") or {}).get("Policy")
        case _:
            return None
