"""What a stack identity may do on AWS where the estate has no identity stack to make it exact.

Without an identity stack, which turns lock files into roles, an identity holds whole services (admitted in
docs/critiques.md), but never another deployment's state or key; limits_aws.py has the boundary around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prodfirst.permissions.contracts_aws import ContractObjects, contract_statements
from prodfirst.permissions.ground_aws import Ground, GroundStack
from prodfirst.permissions.policies import Policy, policy, statement
from prodfirst.permissions.roles_aws import PHASES, RoleData, job_trust
from prodfirst.permissions.state_aws import StateLocation, state_statements

_READS = {
    "ec2": ("Describe*", "Get*"),
    "kms": ("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "List*"),
    "logs": ("Describe*", "List*"),
    "s3": (
        "GetAccelerateConfiguration",
        "GetBucket*",
        "GetEncryptionConfiguration",
        "GetLifecycleConfiguration",
        "GetReplicationConfiguration",
        "ListAllMyBuckets",
        "ListTagsForResource",
    ),
}
"""Read and List actions alone: no object, no secret value."""

_WRITES = ("ec2:*", "kms:*", "logs:*")


def plan_policy(location: StateLocation, buckets: str, contracts: ContractObjects) -> Policy:
    """The plan identity: reads, its own state and the fields it reads; `buckets` as in `apply_policy`."""
    reads = [f"{service}:{action}" for service, actions in _READS.items() for action in actions]
    # HeadBucket, by which the provider sees whether a bucket exists, needs ListBucket
    listing = statement("OwnBuckets", ["s3:ListBucket"], [f"arn:aws:s3:::{buckets}*"])
    return policy(
        *state_statements(location, write=False),
        *contract_statements(contracts, write=False),
        statement("Read", reads, ["*"]),
        listing,
    )


def apply_policy(
    location: StateLocation, buckets: str, foreign_aliases: Sequence[str], contracts: ContractObjects
) -> Policy:
    """The apply identity: reads, changes, its own state, the fields it reads and those it publishes.

    `buckets` is the prefix of the names of the stack's own buckets; `foreign_aliases` are the ARNs of the
    aliases of the keys under other deployments' state.
    """
    reads = [f"{service}:{action}" for service, actions in _READS.items() for action in actions]
    own = f"arn:aws:s3:::{buckets}*"
    statements = [
        *state_statements(location, write=True),
        *contract_statements(contracts, write=True),
        statement("Read", reads, ["*"]),
        statement("Work", _WRITES, ["*"]),
        statement("OwnBuckets", ["s3:*"], [own, f"{own}/*"]),
    ]
    if foreign_aliases:
        statements.append(statement("NoForeignAliases", ["kms:*"], foreign_aliases, effect="Deny"))
    return policy(*statements)


def interim_roles(ground: Ground, stack: GroundStack) -> Iterator[RoleData]:
    """The plan and the apply identity of a stack."""
    location, contracts, buckets = ground.state(stack), ground.contracts(stack), f"{ground.name(stack.name)}-"
    policies = {
        "plan": plan_policy(location, buckets, contracts),
        "apply": apply_policy(location, buckets, _foreign_aliases(ground, stack), contracts),
    }
    for phase in PHASES:
        yield RoleData(
            name=ground.role_name(stack.name, phase),
            description=f"{phase} identity of stack {stack.name}",
            trust=job_trust(ground, stack.name, phase),
            boundary=ground.boundary_name(stack.name),
            policies=(policies[phase],),
            acts_for=stack.name,
        )


def _foreign_aliases(ground: Ground, stack: GroundStack) -> list[str]:
    """Of the state keys of all others: who may point an alias elsewhere decides which key is used."""
    others = [other.name for other in ground.stacks if other.name != stack.name]
    return [ground.key_alias_arn(other) for other in others]
