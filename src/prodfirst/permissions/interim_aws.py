"""What a stack identity may do on AWS until its lock file says it exactly.

Until the identity stack turns lock files into roles, a stack identity holds whole services (admitted in
docs/critiques.md), but never another deployment's state or key; limits_aws.py has the boundary around it.
"""

from __future__ import annotations

from collections.abc import Sequence

from prodfirst.permissions.contracts_aws import ContractObjects, contract_statements
from prodfirst.permissions.policies import Policy, policy, statement
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
