"""Where the lock files of the example and the calls that the local cloud sees differ, and why.

Locks follow the original provider's documented calls, never what was seen here; each difference has a reason.
"""

from __future__ import annotations

SEEN_ALONE = {
    "kms:Decrypt": "the engine's, for the secrets of its state: permissions/state_aws.py grants it by key",
    "kms:ListKeys": "finds a key after a kill: permissions/aws/documents.py grants it beside the lock",
    "s3:ListAllMyBuckets": "finds a bucket after a kill: granted beside the lock as well",
    "sts:GetCallerIdentity": "the provider asks for its account; AWS asks no permission for that",
}
"""Seen, and in no lock."""

_ALL_SETTINGS = "the original reads every setting of a bucket on each read; ours reads what the program set"
_TAGS_APART = "the original asks for tags by a call of its own; ours takes them from the description"
_DETAILS = "the original fills outputs with it that our provider does not have"
_IMPLIED = "AWS checks it while it carries out another call; the local cloud sees that other call alone"
_CHANGES = "only for a change of an input that no test of the example makes"

HELD_ALONE = {
    "ec2:AuthorizeSecurityGroupEgress": "the original gives a group the egress rule of AWS's default back; "
    "ours leaves rules to their own resources",
    "ec2:DeleteTags": _CHANGES,
    "ec2:DescribeNetworkInterfaces": _DETAILS,
    "ec2:DescribePrefixLists": _DETAILS,
    "ec2:DescribeTags": _TAGS_APART,
    "ec2:ModifySubnetAttribute": _CHANGES,
    "ec2:ModifyVpcEndpoint": _CHANGES,
    "ec2:ModifyVpcTenancy": _CHANGES,
    "ec2:RevokeSecurityGroupIngress": "the original empties a group that it adopts; in a new VPC of the "
    "local cloud there is nothing to revoke, and it is called when a rule is removed",
    "ec2:ReplaceRoute": _CHANGES,
    "ec2:ReplaceRouteTableAssociation": _CHANGES,
    "kms:DisableKey": _CHANGES,
    "kms:DisableKeyRotation": _CHANGES,
    "kms:EnableKey": _CHANGES,
    "kms:PutKeyPolicy": _CHANGES,
    "kms:TagResource": _IMPLIED,
    "kms:UntagResource": _CHANGES,
    "kms:UpdateAlias": _CHANGES,
    "kms:UpdateKeyDescription": _CHANGES,
    "logs:CreateLogDelivery": _IMPLIED,
    "logs:DeleteLogDelivery": _IMPLIED,
    "rds:DescribeGlobalClusters": _DETAILS,
    "rds:ModifyDBCluster": _CHANGES,
    "rds:ModifyDBInstance": _CHANGES,
    "rds:RebootDBInstance": "after a change of an instance's certificate authority or parameter group",
    "rds:ResetDBClusterParameterGroup": _CHANGES,
    "route53:AssociateVPCWithHostedZone": _IMPLIED,
    "s3:DeleteBucketPolicy": "only for a bucket with an inline policy; else when the policy is removed",
    "s3:GetAccelerateConfiguration": _ALL_SETTINGS,
    "s3:GetBucketAcl": _ALL_SETTINGS,
    "s3:GetBucketCORS": _ALL_SETTINGS,
    "s3:GetBucketLogging": _ALL_SETTINGS,
    "s3:GetBucketObjectLockConfiguration": _ALL_SETTINGS,
    "s3:GetBucketRequestPayment": _ALL_SETTINGS,
    "s3:GetBucketVersioning": _ALL_SETTINGS,
    "s3:GetBucketWebsite": _ALL_SETTINGS,
    "s3:GetEncryptionConfiguration": _ALL_SETTINGS,
    "s3:GetLifecycleConfiguration": _ALL_SETTINGS,
    "s3:GetReplicationConfiguration": _ALL_SETTINGS,
    "s3:ListTagsForResource": _TAGS_APART,
    "s3:TagResource": "only for a bucket with attribute-based access control, which the local API lacks",
    "ssm:AddTagsToResource": _IMPLIED,
    "ssm:RemoveTagsFromResource": _CHANGES,
    "s3:UntagResource": "only for a bucket with attribute-based access control, which the local API lacks",
}
"""In a lock, called by the original when something is made or read, and not seen then."""
