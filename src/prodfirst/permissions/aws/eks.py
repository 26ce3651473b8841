"""EKS: everything lies below a cluster's name; ids of what lies below are generated."""

from __future__ import annotations

from collections.abc import Mapping

from prodfirst.permissions.aws.entry import REFERENCE, Entry, Prerequisite, Rule, calls, given, needs, rule
from prodfirst.permissions.aws.iam import linked_role, pass_role, role_path
from prodfirst.permissions.aws.kms import key_of
from prodfirst.permissions.aws.scope import Scope, Target, arn, of, tags_of
from prodfirst.permissions.aws.subject import Subject
from prodfirst.permissions.grants import Slot, conditions
from prodfirst.resources.values import Value

_GUIDE = "Amazon EKS user guide"


def _below(kind: str, name: str | None = None) -> Scope:
    """What lies below the cluster in `clusterName`, named by an input or not at all."""

    def path(subject: Subject) -> str:
        own = f"/{subject.name(name)}" if name else ""
        return f"{kind}/{subject.named('clusterName')}{own}/*"

    return arn("eks", path)


_CLUSTER = arn("eks", lambda subject: f"cluster/{subject.name()}")
_OF_CLUSTER = arn("eks", lambda subject: f"cluster/{subject.named('clusterName')}")


def _tagging(scope: Scope) -> tuple[Rule, ...]:
    return rule("ListTagsForResource", scope), rule("TagResource UntagResource", scope)


def _tagged_at_creation(scope: Scope, action: str) -> Prerequisite:
    why = f"{REFERENCE}: `{action}` with tags needs `eks:TagResource`"
    return needs("eks:TagResource", scope, slots=(Slot.CREATE,), why=why)


def _passes(prop: str, service: str) -> tuple[Prerequisite, ...]:
    return (
        needs(
            "iam:PassRole",
            pass_role(prop, service),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{_GUIDE}: the role in `{prop}` is passed",
            when=given(prop),
        ),
        needs(
            "iam:GetRole",
            arn("iam", lambda subject: role_path(subject, prop), regional=False),
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{_GUIDE}: EKS looks at the role in the caller's name",
            when=given(prop),
        ),
    )


def _new_cluster(subject: Subject) -> list[Target]:
    tags = tags_of(subject.own, subject.environment, "aws:RequestTag")
    equals = conditions({"StringEquals": {**tags, "aws:RequestedRegion": subject.region}})
    return [Target("*", equals, "a cluster that is being made has no ARN; only with this stack's tags")]


def _encryption_key(subject: Subject) -> Value:
    found = subject.value("encryptionConfig")
    provider = found.get("provider") if isinstance(found, Mapping) else None
    return provider.get("keyArn") if isinstance(provider, Mapping) else None


def _secrets_key(subject: Subject) -> list[Target]:
    known = _encryption_key(subject)
    if isinstance(known, str):
        return [Target(known)]
    return list(key_of("encryptionConfig")(subject))


CLUSTER = Entry(
    "aws:eks/cluster:Cluster",
    "aws_eks_cluster",
    "eks",
    calls(
        create="CreateCluster DescribeCluster",
        read="DescribeCluster",
        update="AssociateEncryptionConfig DescribeCluster DescribeUpdate UpdateClusterConfig"
        " UpdateClusterVersion",
        delete="DeleteCluster DescribeCluster",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("CreateCluster", _new_cluster),
        rule("DescribeCluster DescribeUpdate", _CLUSTER),
        rule("UpdateClusterConfig UpdateClusterVersion DeleteCluster", _CLUSTER),
        rule("AssociateEncryptionConfig", _CLUSTER, when=given("encryptionConfig")),
        *_tagging(_CLUSTER),
    ),
    (
        _tagged_at_creation(_CLUSTER, "CreateCluster"),
        *_passes("roleArn", "eks.amazonaws.com"),
        needs(
            "iam:CreateServiceLinkedRole",
            linked_role("eks.amazonaws.com"),
            slots=(Slot.CREATE,),
            why=f"{_GUIDE}: the first cluster of an account makes `AWSServiceRoleForAmazonEKS`",
        ),
        needs(
            "kms:CreateGrant kms:DescribeKey",
            _secrets_key,
            slots=(Slot.CREATE, Slot.UPDATE),
            why=f"{_GUIDE}: encryption of Kubernetes secrets",
            when=given("encryptionConfig"),
        ),
    ),
)


def _principal(subject: Subject) -> str | None:
    """`role/ACCOUNT/NAME` as an access entry's ARN holds it."""
    if not subject.given("principalArn"):
        return None
    path = role_path(subject, "principalArn")
    kind, name = path.split("/", 1)[0], path.rsplit("/", 1)[-1]
    return f"{kind}/{subject.account}/{name}"


_ENTRY = arn(
    "eks", lambda subject: f"access-entry/{subject.named('clusterName')}/{_principal(subject) or '*'}/*"
)


def _admitted(subject: Subject) -> list[Target]:
    """Only the principal that the program lets in, in the groups that it names."""
    limits: dict[str, dict[str, str | tuple[str, ...]]] = {}
    principal, groups = subject.value("principalArn"), subject.value("kubernetesGroups")
    if isinstance(principal, str):
        limits["ArnEquals"] = {"eks:principalArn": principal}
    if isinstance(groups, tuple) and all(isinstance(item, str) for item in groups):
        limits["ForAllValues:StringEquals"] = {"eks:kubernetesGroups": tuple(map(str, groups))}
    return list(of(_OF_CLUSTER, **limits)(subject))


def _granted(subject: Subject) -> list[Target]:
    """Only the policy that the program associates, on the scope that it names."""
    limits: dict[str, str] = {}
    policy, scope = subject.value("policyArn"), subject.value("accessScope")
    kind = scope.get("type") if isinstance(scope, Mapping) else None
    if isinstance(policy, str):
        limits["eks:policyArn"] = policy
    if isinstance(kind, str):
        limits["eks:accessScope"] = kind
    return list(of(_ENTRY, StringEquals=limits)(subject) if limits else _ENTRY(subject))


ACCESS_ENTRY = Entry(
    "aws:eks/accessEntry:AccessEntry",
    "aws_eks_access_entry",
    "eks",
    calls(
        create="CreateAccessEntry DescribeAccessEntry",
        read="DescribeAccessEntry",
        update="DescribeAccessEntry UpdateAccessEntry",
        delete="DeleteAccessEntry",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("CreateAccessEntry", _admitted),
        rule("DescribeAccessEntry UpdateAccessEntry DeleteAccessEntry", _ENTRY),
        *_tagging(_ENTRY),
    ),
    (_tagged_at_creation(_ENTRY, "CreateAccessEntry"),),
)

ACCESS_POLICY_ASSOCIATION = Entry(
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws_eks_access_policy_association",
    "eks",
    calls(
        create="AssociateAccessPolicy ListAssociatedAccessPolicies",
        read="ListAssociatedAccessPolicies",
        delete="DisassociateAccessPolicy",
    ),
    (
        rule("AssociateAccessPolicy", _granted),
        rule("DisassociateAccessPolicy ListAssociatedAccessPolicies", _ENTRY),
    ),
)

_ASSOCIATION = _below("podidentityassociation")
POD_IDENTITY = Entry(
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws_eks_pod_identity_association",
    "eks",
    calls(
        create="CreatePodIdentityAssociation",
        read="DescribePodIdentityAssociation",
        update="UpdatePodIdentityAssociation",
        delete="DeletePodIdentityAssociation",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("CreatePodIdentityAssociation", _OF_CLUSTER),
        rule("DescribePodIdentityAssociation", _ASSOCIATION),
        rule("UpdatePodIdentityAssociation DeletePodIdentityAssociation", _ASSOCIATION),
        *_tagging(_ASSOCIATION),
    ),
    (
        _tagged_at_creation(_ASSOCIATION, "CreatePodIdentityAssociation"),
        *_passes("roleArn", "pods.eks.amazonaws.com"),
    ),
)

_NODES = _below("nodegroup", "nodeGroupName")
NODE_GROUP = Entry(
    "aws:eks/nodeGroup:NodeGroup",
    "aws_eks_node_group",
    "eks",
    calls(
        create="CreateNodegroup DescribeNodegroup",
        read="DescribeNodegroup",
        update="DescribeNodegroup DescribeUpdate UpdateNodegroupConfig UpdateNodegroupVersion",
        delete="DeleteNodegroup DescribeNodegroup",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("CreateNodegroup", _OF_CLUSTER),
        rule("DescribeNodegroup", _NODES),
        rule("DescribeUpdate", _NODES, _OF_CLUSTER),
        rule("UpdateNodegroupConfig UpdateNodegroupVersion DeleteNodegroup", _NODES),
        *_tagging(_NODES),
    ),
    (
        _tagged_at_creation(_NODES, "CreateNodegroup"),
        *_passes("nodeRoleArn", "eks.amazonaws.com"),
        needs(
            "iam:CreateServiceLinkedRole",
            linked_role("eks-nodegroup.amazonaws.com"),
            slots=(Slot.CREATE,),
            why=f"{_GUIDE}: the first node group makes `AWSServiceRoleForAmazonEKSNodegroup`",
        ),
    ),
)

_ADDON = _below("addon", "addonName")
ADDON = Entry(
    "aws:eks/addon:Addon",
    "aws_eks_addon",
    "eks",
    calls(
        create="CreateAddon DescribeAddon DescribePodIdentityAssociation",
        read="DescribeAddon DescribePodIdentityAssociation",
        update="DescribeAddon DescribePodIdentityAssociation DescribeUpdate UpdateAddon",
        delete="DeleteAddon DescribeAddon",
        tags="ListTagsForResource",
        retags="TagResource UntagResource",
    ),
    (
        rule("CreateAddon", _OF_CLUSTER),
        rule("DescribeAddon", _ADDON),
        rule("UpdateAddon DeleteAddon", _ADDON),
        rule("DescribeUpdate", _ADDON, _OF_CLUSTER),
        rule("DescribePodIdentityAssociation", _ASSOCIATION),
        *_tagging(_ADDON),
    ),
    (
        _tagged_at_creation(_ADDON, "CreateAddon"),
        *_passes("serviceAccountRoleArn", "eks.amazonaws.com"),
    ),
)

ENTRIES = (CLUSTER, ACCESS_ENTRY, ACCESS_POLICY_ASSOCIATION, POD_IDENTITY, NODE_GROUP, ADDON)
