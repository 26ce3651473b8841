"""The calls by which isolation is tried, each harmless by construction: what it would change is not there.

An object is written only over one with an entity tag that none has, a field is made without a type, a role is
made under a name that is taken, a tag is removed that nothing carries, and what IAM would change does not
exist. AWS decides before it looks at any of that, so the decision is the real one, and a call that is let
through ends in an error or changes nothing. Reads and encryptions change nothing anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

from prodfirst.adapters.aws.calling import ServiceCall
from prodfirst.contracts.publication import parameter_name
from prodfirst.estate.definition import Stack
from prodfirst.usecases.site import Site

PROBE = "prodfirst-isolation-probe"
LET_THROUGH = frozenset(
    {"", "DBClusterNotFoundFault", "DBClusterParameterGroupNotFound", "DBInstanceNotFound",
     "DBSubnetGroupNotFoundFault", "EntityAlreadyExists", "InvalidResourceId", "NoSuchBucket", "NoSuchEntity",
     "NoSuchKey", "NoSuchTagSet", "ParameterAlreadyExists", "ParameterNotFound", "PreconditionFailed",
     "ResourceNotFoundException",
     "ValidationException"}
)  # fmt: skip
"""The call was looked at, so it had been let through."""
_NO_TAG = f'"{PROBE}"'
"""An entity tag that no object has: S3 writes over one alone that has it (S3 API, `If-Match`)."""
_NOBODY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}'


@dataclass(frozen=True)
class Things:
    """What is tried on the things of one stack."""

    site: Site
    stack: Stack

    def read_state(self) -> ServiceCall:
        """The checkpoint itself."""
        return ServiceCall("s3", "GetObject", {"Bucket": self.site.ground.bucket, "Key": self._state})

    def write_state(self) -> ServiceCall:
        """Over the checkpoint."""
        return self._write(self._state)

    def list_history(self) -> ServiceCall:
        """The names of all earlier checkpoints."""
        return ServiceCall(
            "s3", "ListObjectsV2", {"Bucket": self.site.ground.bucket, "Prefix": self._key("history")}
        )

    def write_history(self) -> ServiceCall:
        """Another earlier checkpoint."""
        return self._write(f"{self._key('history')}/{PROBE}")

    def lock(self) -> ServiceCall:
        """A lock, as the engine makes it."""
        return self._write(f"{self._key('locks/organization')}/{PROBE}.json")

    def use_key(self) -> ServiceCall:
        """The key under the secrets of the state."""
        given = {"KeyId": self.site.key(self.stack).alias, "Plaintext": b"probe"}
        return ServiceCall("kms", "Encrypt", given)

    def publish(self, field: str) -> ServiceCall:
        """A field of the contract."""
        return ServiceCall("ssm", "PutParameter", {"Name": self._parameter(field), "Value": "probe"})

    def read_field(self, field: str) -> ServiceCall:
        """A field of the contract."""
        return ServiceCall("ssm", "GetParameter", {"Name": self._parameter(field)})

    @property
    def _state(self) -> str:
        return self.site.state_object(self.stack)

    def _key(self, folder: str) -> str:
        return self.site.state_object(self.stack, folder, suffix="")

    def _write(self, key: str) -> ServiceCall:
        given = {"Bucket": self.site.ground.bucket, "Key": key, "Body": b"{}", "IfMatch": _NO_TAG}
        return ServiceCall("s3", "PutObject", given)

    def _parameter(self, field: str) -> str:
        ground = self.site.ground
        return parameter_name(ground.estate, ground.environment, self.stack.name, field)


def assume(role: str) -> ServiceCall:
    """A session of the role, which nobody keeps."""
    return ServiceCall("sts", "AssumeRole", {"RoleArn": role, "RoleSessionName": "isolation"})


def upwards(site: Site, role: str, boundary: str, taken: str) -> dict[str, ServiceCall]:
    """What would make an identity more than it is: the name of its role, the ARN of its boundary.

    `taken`: the name of another role that exists. What is named and is not there lies where identity's own
    conditions allow such things, so that nothing but a denial stops the call.
    """
    policies = f"arn:aws:iam::{site.environment.account}:policy{site.ground.path}"

    def iam(operation: str, **given: object) -> ServiceCall:
        return ServiceCall("iam", operation, given)

    return {
        "change a policy of its own role": iam("DeleteRolePolicy", RoleName=role, PolicyName=PROBE),
        "attach another policy to its own role": iam(
            "AttachRolePolicy", RoleName=role, PolicyArn=f"{policies}{PROBE}"
        ),
        "change the tags of its own role": iam("UntagRole", RoleName=role, TagKeys=[PROBE]),
        "exchange its own boundary": iam(
            "PutRolePermissionsBoundary", RoleName=role, PermissionsBoundary=f"{policies}boundary/{PROBE}"
        ),
        "loosen its own boundary": iam("DeletePolicyVersion", PolicyArn=boundary, VersionId="v999"),
        "make a role without a boundary": iam(
            "CreateRole", RoleName=taken, Path=site.ground.path, AssumeRolePolicyDocument=_NOBODY
        ),
        "make a long-lived key": iam("CreateAccessKey", UserName=PROBE),
    }


def touch(action: str, arn: str) -> ServiceCall | None:
    """A call of `action` on a resource that is named in full; None where no harmless one is known."""
    service, _, operation = action.partition(":")
    name = arn.rpartition(":")[2]
    match action:
        case "rds:RemoveTagsFromResource":
            return ServiceCall(service, operation, {"ResourceName": arn, "TagKeys": [PROBE]})
        case "ssm:RemoveTagsFromResource":
            given = {"ResourceType": "Parameter", "ResourceId": name.removeprefix("parameter")}
            return ServiceCall(service, operation, {**given, "TagKeys": [PROBE]})
        case "eks:UntagResource" | "logs:UntagResource":
            return ServiceCall(service, operation, {"resourceArn": arn, "tagKeys": [PROBE]})
        case "s3:GetBucketTagging" if "/" not in name:
            return ServiceCall(service, operation, {"Bucket": name})
    return None
