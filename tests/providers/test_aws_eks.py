"""A cluster as a cluster stack declares it, on the real control plane of the local cloud."""

from __future__ import annotations

from aws_programs import HEAD, AwsProgram
from local_callers import Caller

from prodfirst.planning.steps import Operation

_ESTATE = (
    HEAD
    + """
vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16")
subnets = [
    aws.ec2.Subnet(f"s{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=f"eu-central-1{z}")
    for i, z in enumerate("ab")
]
key = aws.kms.Key("k")
def role(name, service, action="sts:AssumeRole"):
    statement = {"Effect": "Allow", "Principal": service, "Action": action}
    return aws.iam.Role(name, name=f"eks-{name}",
                        assume_role_policy={"Version": "2012-10-17", "Statement": [statement]})
control = role("control", {"Service": "eks.amazonaws.com"})
nodes = role("nodes", {"Service": "ec2.amazonaws.com"})
team = role("team", {"AWS": "arn:aws:iam::210987654321:root"})
pods = role("pods", {"Service": "pods.eks.amazonaws.com"})
cluster = aws.eks.Cluster(
    "c",
    name="acme",
    role_arn=control.arn,
    vpc_config={
        "subnet_ids": [s.id for s in subnets],
        "endpoint_private_access": True,
        "endpoint_public_access": False,
    },
    access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
    encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
    enabled_cluster_log_types=["api", "audit"],
    deletion_protection=True,
    upgrade_policy={"support_type": "STANDARD"},
    bootstrap_self_managed_addons=False,
    tags={"a": "1"},
)
entry = aws.eks.AccessEntry(
    "e", cluster_name=cluster.name, principal_arn=team.arn, kubernetes_groups=["acme:devs"], tags={"a": "1"}
)
policy = aws.eks.AccessPolicyAssociation(
    "p", cluster_name=cluster.name, principal_arn=entry.principal_arn,
    policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    access_scope={"type": "namespace", "namespaces": ["shop"]},
)
identity = aws.eks.PodIdentityAssociation(
    "i", cluster_name=cluster.name, namespace="shop", service_account="shop", role_arn=pods.arn,
    tags={"a": "1"},
)
group = aws.eks.NodeGroup(
    "n", cluster_name=cluster.name, node_group_name="blue", node_role_arn=nodes.arn,
    subnet_ids=[s.id for s in subnets], scaling_config={"desired_size": 2, "min_size": 1, "max_size": 3},
    labels={"pool": "blue"}, tags={"a": "1"},
)
addon = aws.eks.Addon(
    "a", cluster_name=cluster.name, addon_name="vpc-cni", addon_version="v1.19.0-eksbuild.1", tags={"a": "1"}
)
pulumi.export("endpoint", cluster.endpoint)
pulumi.export("issuer", cluster.identities[0].oidcs[0].issuer)
pulumi.export("authority", cluster.certificate_authority.data)
pulumi.export("vpc", [vpc.id, cluster.vpc_config.vpc_id])
pulumi.export("association", identity.association_id)
"""
)


def test_a_cluster_from_the_first_up_to_nothing(aws: AwsProgram, administrator: Caller) -> None:
    eks = administrator.client("eks")
    aws.up(_ESTATE)
    shown = eks.describe_cluster(name="acme")["cluster"]
    assert aws.output("endpoint") == shown["endpoint"]
    assert aws.output("issuer") == shown["identity"]["oidc"]["issuer"]
    assert aws.output("authority") == shown["certificateAuthority"]["data"]
    assert len(set(aws.output("vpc"))) == 1
    assert aws.unsettled(_ESTATE) == []

    changed = _ESTATE
    for old, new in (
        ('["api", "audit"]', '["api", "authenticator"]'),
        ('"endpoint_public_access": False', '"endpoint_public_access": True'),
        ("deletion_protection=True", "deletion_protection=False"),
        ('"STANDARD"', '"EXTENDED"'),
        ('["acme:devs"]', '["acme:ops"]'),
        ('"namespaces": ["shop"]', '"namespaces": ["shop", "web"]'),
        ("role_arn=pods.arn", "role_arn=team.arn"),
        ("v1.19.0-eksbuild.1", "v1.19.2-eksbuild.1"),
        ('"desired_size": 2', '"desired_size": 3'),
        ('labels={"pool": "blue"}', 'labels={"pool": "dark-blue"}'),
        ('"a": "1"', '"a": "2"'),
    ):
        assert old in changed
        changed = changed.replace(old, new)
    steps = {name: step for name, step in aws.steps(changed).items() if step is not Operation.SAME}
    assert steps == {**dict.fromkeys("ceina", Operation.UPDATE), "p": Operation.REPLACE}
    aws.up(changed)
    shown = eks.describe_cluster(name="acme")["cluster"]
    assert shown["resourcesVpcConfig"]["endpointPublicAccess"]
    assert shown["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert shown["tags"] == {"a": "2"}
    assert eks.describe_addon(clusterName="acme", addonName="vpc-cni")["addon"]["addonVersion"].startswith(
        "v1.19.2"
    )
    assert aws.unsettled(changed) == []

    boot = changed.replace('creator_admin_permissions": False', 'creator_admin_permissions": True')
    assert aws.changes(boot, "c") == {"accessConfig.bootstrapClusterCreatorAdminPermissions": True}

    aws.destroy()
    assert "acme" not in eks.list_clusters()["clusters"]


def test_a_protected_cluster_stays_and_what_is_there_is_imported(
    aws: AwsProgram, administrator: Caller
) -> None:
    eks = administrator.client("eks")
    short = _ESTATE.split("entry = ")[0]
    aws.up(short)
    aws.program("")
    assert "deletion protection" in str(aws.engine.update(aws.run).problems)
    team = administrator.client("iam").get_role(RoleName="eks-team")["Role"]["Arn"]
    eks.create_access_entry(clusterName="acme", principalArn=team)
    made = eks.create_pod_identity_association(
        clusterName="acme", namespace="web", serviceAccount="web", roleArn=team
    )["association"]["associationId"]
    source = (
        short
        + f'''
aws.eks.AccessEntry("e", cluster_name="acme", principal_arn="{team}",
                    opts=ResourceOptions(import_="acme:{team}", depends_on=[cluster]))
aws.eks.PodIdentityAssociation("i", cluster_name="acme", namespace="web", service_account="web",
                               role_arn="{team}",
                               opts=ResourceOptions(import_="acme,{made}", depends_on=[cluster]))
'''
    )
    steps = aws.steps(source)
    assert (steps["e"], steps["i"]) == (Operation.IMPORT, Operation.IMPORT)
    aws.up(source)
    assert aws.unsettled(source) == []
    aws.up(source.replace("deletion_protection=True", "deletion_protection=False"))
    aws.destroy()
