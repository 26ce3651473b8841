"""The example's cluster: applied by its own identity, with the defaults that SAFE-DEFAULTS.md asks for."""

from __future__ import annotations

from typing import Any

import pytest
from acme_estate import Acme

NAME = "acme-local-cluster-main"


@pytest.fixture(scope="module")
def cluster(whole: Acme) -> Any:
    """As the EKS API describes it."""
    return whole.aws("eks", "describe-cluster", "--name", NAME)["cluster"]


def test_an_applied_estate_has_nothing_to_do_and_no_drift(whole: Acme) -> None:
    plan = whole.json("plan", "--detailed-exitcode")
    assert {step["operation"] for item in plan["deployments"] for step in item["steps"]} == {"same"}
    assert all(not item["steps"] for item in whole.json("drift")["deployments"])


def test_the_cluster_has_the_defaults_of_production(cluster: Any) -> None:
    assert cluster["status"] == "ACTIVE"
    assert cluster["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    assert cluster["resourcesVpcConfig"]["endpointPrivateAccess"] is True
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False
    (encryption,) = cluster["encryptionConfig"]
    assert encryption["resources"] == ["secrets"]
    (logging,) = [item for item in cluster["logging"]["clusterLogging"] if item["enabled"]]
    assert set(logging["types"]) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    assert cluster["deletionProtection"] is True
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}


def test_its_secrets_are_under_a_key_of_the_stack_that_rotates(whole: Acme, cluster: Any) -> None:
    key = cluster["encryptionConfig"][0]["provider"]["keyArn"]
    assert whole.aws("kms", "get-key-rotation-status", "--key-id", key)["KeyRotationEnabled"] is True


def test_its_nodes_are_of_a_kind_that_takes_imdsv2_alone_and_enforce_network_policies(whole: Acme) -> None:
    group = whole.aws("eks", "describe-nodegroup", "--cluster-name", NAME, "--nodegroup-name", NAME)
    assert group["nodegroup"]["amiType"] == "AL2023_x86_64_STANDARD"
    addons = whole.aws("eks", "list-addons", "--cluster-name", NAME)["addons"]
    assert set(addons) == {"coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"}
    network = whole.aws("eks", "describe-addon", "--cluster-name", NAME, "--addon-name", "vpc-cni")["addon"]
    assert '"enableNetworkPolicy": "true"' in network["configurationValues"]


@pytest.mark.parametrize(
    ("role", "service", "policies"),
    [
        ("control-plane", "eks.amazonaws.com", {"AmazonEKSClusterPolicy"}),
        (
            "nodes",
            "ec2.amazonaws.com",
            {"AmazonEC2ContainerRegistryReadOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"},
        ),
    ],
)
def test_identity_made_the_roles_that_the_cluster_passes_and_bounded_them(
    whole: Acme, cluster: Any, role: str, service: str, policies: set[str]
) -> None:
    name = f"acme-local-cluster-{role}"
    found = whole.aws("iam", "get-role", "--role-name", name)["Role"]
    assert found["Path"] == "/prodfirst/acme/local/service/"
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("/acme-local-boundary.service")
    (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": service}
    attached = whole.aws("iam", "list-attached-role-policies", "--role-name", name)["AttachedPolicies"]
    assert {item["PolicyName"] for item in attached} == policies
    if role == "control-plane":
        assert cluster["roleArn"] == found["Arn"]


def test_a_protected_cluster_is_not_removed_by_a_plan(whole: Acme) -> None:
    told = whole.run("destroy", "cluster", "--yes", code=3)
    assert "protect" in told
    assert whole.aws("eks", "describe-cluster", "--name", NAME)["cluster"]["status"] == "ACTIVE"


def test_nobody_but_its_own_identity_and_its_team_changes_the_cluster(whole: Acme) -> None:
    attempts = whole.json("isolation")["attempts"]
    assert [item for item in attempts if item["allowed"] != item["expected"]] == []
    changed = f"eks:UntagResource on cluster/{NAME}, of cluster"
    tried = [item for item in attempts if item["what"] == changed]
    assert {item["identity"] for item in tried if item["allowed"]} == {"cluster/apply", "team:platform"}
    assert {"cluster/plan", "network/apply", "identity/apply"} <= {item["identity"] for item in tried}
    taken = [item for item in attempts if item["what"].startswith("take on the service role ")]
    roles = {item["what"].rpartition(" ")[2] for item in taken}
    assert {"acme-local-cluster-control-plane", "acme-local-cluster-nodes"} <= roles
    assert {item["identity"] for item in taken} >= {"cluster/apply", "team:platform"}
