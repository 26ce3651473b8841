"""The EKS API of a cluster: its settings, their changes, and what EKS refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cluster_fixtures import NAME, create_cluster, make_role, role_arn
from local_callers import ACCOUNT, Caller

from prodfirst.localcloud.lifecycle import LocalCloud


def _update(administrator: Caller, **changes: Any) -> Mapping[str, Any]:
    eks = administrator.client("eks")
    begun = eks.update_cluster_config(name=NAME, **changes)["update"]
    assert begun["status"] == "InProgress"
    update: Mapping[str, Any] = eks.describe_update(name=NAME, updateId=begun["id"])["update"]
    assert update["status"] == "Successful"
    assert update["id"] in eks.list_updates(name=NAME)["updateIds"]
    return update


def test_what_a_cluster_was_made_with_is_shown(cluster: Mapping[str, Any]) -> None:
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["deletionProtection"] is False
    assert cluster["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert cluster["version"] == "1.37"
    assert "health" not in cluster


def test_settings_change_by_updates(cluster: Mapping[str, Any], administrator: Caller) -> None:
    network = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
    logs = {"clusterLogging": [{"types": ["audit"], "enabled": True}]}

    assert _update(administrator, resourcesVpcConfig=network)["type"] == "EndpointAccessUpdate"
    assert _update(administrator, logging=logs)["type"] == "LoggingUpdate"
    _update(administrator, upgradePolicy={"supportType": "STANDARD"})

    shown = administrator.client("eks").describe_cluster(name=NAME)["cluster"]
    assert shown["resourcesVpcConfig"] == {**cluster["resourcesVpcConfig"], **network}
    assert shown["logging"] == logs
    assert shown["upgradePolicy"] == {"supportType": "STANDARD"}
    assert shown["endpoint"] == cluster["endpoint"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"deletionProtection": True, "upgradePolicy": {"supportType": "EXTENDED"}}, "one type of update"),
        ({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, "Unsupported authentication mode update"),
        ({"accessConfig": {"authenticationMode": "API"}}, "already at the desired configuration"),
    ],
)
def test_an_update_that_eks_refuses(
    cluster: Mapping[str, Any], administrator: Caller, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ClientError, match=why):
        administrator.client("eks").update_cluster_config(name=NAME, **changes)


def test_a_protected_cluster_is_not_deleted(cluster: Mapping[str, Any], administrator: Caller) -> None:
    eks = administrator.client("eks")
    assert _update(administrator, deletionProtection=True)["type"] == "DeletionProtectionUpdate"
    with pytest.raises(eks.exceptions.InvalidRequestException, match="deletion protection"):
        eks.delete_cluster(name=NAME)
    assert eks.describe_cluster(name=NAME)["cluster"]["status"] == "ACTIVE"
    _update(administrator, deletionProtection=False)


def test_an_update_needs_its_own_permission(cluster: Mapping[str, Any], administrator: Caller) -> None:
    nobody = administrator.assuming(make_role(administrator, "no-updates"))
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.client("eks").update_cluster_config(name=NAME, deletionProtection=True)


def test_an_update_of_no_cluster(administrator: Caller) -> None:
    eks = administrator.client("eks")
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.update_cluster_config(name="absent", deletionProtection=True)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"kubernetesGroups": ["system:masters"]}, "cannot start with system:"),
        ({"username": "system:admin"}, "cannot start with system:"),
    ],
)
def test_an_entry_cannot_name_what_is_the_systems(
    cluster: Mapping[str, Any], administrator: Caller, entry: dict[str, Any], why: str
) -> None:
    eks = administrator.client("eks")
    with pytest.raises(eks.exceptions.InvalidParameterException, match=why):
        eks.create_access_entry(clusterName=NAME, principalArn=role_arn("any"), **entry)


def test_an_entry_shows_the_name_that_its_sessions_get(
    cluster: Mapping[str, Any], administrator: Caller
) -> None:
    made = administrator.client("eks").create_access_entry(clusterName=NAME, principalArn=role_arn("named"))
    name = made["accessEntry"]["username"]
    assert name == f"arn:aws:sts::{ACCOUNT}:assumed-role/named/{{{{SessionName}}}}"


def test_a_policy_that_does_not_exist_is_refused(cluster: Mapping[str, Any], administrator: Caller) -> None:
    eks = administrator.client("eks")
    eks.create_access_entry(clusterName=NAME, principalArn=role_arn("mistaken"))
    with pytest.raises(eks.exceptions.InvalidParameterException, match="AmazonEKSViewPolicy"):
        eks.associate_access_policy(
            clusterName=NAME,
            principalArn=role_arn("mistaken"),
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewingPolicy",
            accessScope={"type": "cluster"},
        )


def test_a_newer_version_than_there_is_is_refused(administrator: Caller) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameter.*newest is"):
        create_cluster(administrator, "future", version="1.99")


def test_without_access_entries_the_creator_alone_enters_until_the_mode_is_changed(
    cloud: LocalCloud, administrator: Caller
) -> None:
    """AWS's default for a cluster made by the API, and what it says of it."""
    eks = administrator.client("eks")
    create_cluster(administrator, "old", version="1.36", accessConfig={})
    entry = {"clusterName": "old", "principalArn": role_arn("any")}
    with pytest.raises(eks.exceptions.InvalidRequestException, match="authentication mode must be set"):
        eks.create_access_entry(**entry)
    eks.update_cluster_config(name="old", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    eks.create_access_entry(**entry)

    with pytest.raises(eks.exceptions.InvalidParameterException, match="minor version update"):
        eks.update_cluster_version(name="old", version="1.36")
    eks.update_cluster_version(name="old", version="1.37")
    assert eks.describe_cluster(name="old")["cluster"]["version"] == "1.37"

    eks.delete_cluster(name="old")
    assert "old" not in eks.list_clusters()["clusters"]
    assert [c.name for c in cloud.clusters() if c.name == "old"] == []
