"""The database behind a local Aurora cluster, as an application and an operator meet it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pg8000.dbapi
import pytest
from botocore.exceptions import ClientError
from local_callers import ACCOUNT, REGION, Caller, administrator_of
from test_local_lifecycle import wait_for_end

from prodfirst.localcloud.lifecycle import LocalCloud


def connect(endpoint: str, port: int, user: str, password: str) -> Any:
    """As an application does."""
    return pg8000.dbapi.connect(user, host=endpoint, port=port, password=password, database="app", timeout=20)


def make(caller: Caller, identifier: str, **more: Any) -> dict[str, Any]:
    """A cluster with one instance."""
    rds = caller.client("rds")
    settings = {"ManageMasterUserPassword": True, "DatabaseName": "app", **more}
    made: dict[str, Any] = rds.create_db_cluster(
        DBClusterIdentifier=identifier, Engine="aurora-postgresql", EngineVersion="16.8",
        MasterUsername="boss", **settings,
    )["DBCluster"]  # fmt: skip
    rds.create_db_instance(
        DBInstanceIdentifier=f"{identifier}-1",
        DBClusterIdentifier=identifier,
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
    )
    return made


def secret(caller: Caller, cluster: dict[str, Any]) -> str:
    """The managed master password."""
    arn = cluster["MasterUserSecret"]["SecretArn"]
    found = caller.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return str(json.loads(found)["password"])


def server_of(cloud: LocalCloud, cluster: dict[str, Any]) -> int:
    """Process id of the server that listens at a cluster's port."""
    for file in (cloud.home / "databases").glob("*/postmaster.pid"):
        lines = file.read_text().splitlines()
        if lines[3] == str(cluster["Port"]):
            return int(lines[0])
    raise AssertionError("no server at this port")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own."""
    cloud = LocalCloud(tmp_path / "local")
    cloud.up(ACCOUNT, REGION)
    yield cloud
    cloud.down()


def test_the_managed_password_opens_it_and_stands_nowhere_else(own: LocalCloud) -> None:
    caller = administrator_of(own)
    made = make(caller, "main")
    password = secret(caller, made)
    rds = caller.client("rds")

    (shown,) = rds.describe_db_clusters(DBClusterIdentifier="main")["DBClusters"]
    (instance,) = rds.describe_db_instances()["DBInstances"]

    assert (shown["Endpoint"], shown["ReaderEndpoint"]) == ("127.0.0.1", "127.0.0.1")
    assert shown["Port"] == made["Port"] == instance["Endpoint"]["Port"]
    with connect(shown["Endpoint"], shown["Port"], "boss", password) as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (a int)")
        cursor.execute("create role application login password 'of-the-application'")
        cursor.execute("select rolsuper from pg_roles where rolname = current_user")
        assert cursor.fetchone() == [False]
    with pytest.raises(pg8000.dbapi.DatabaseError, match="password authentication failed"):
        connect(shown["Endpoint"], shown["Port"], "boss", "wrong")
    with pytest.raises(pg8000.dbapi.DatabaseError, match=r"pg_hba\.conf rejects"):
        connect(shown["Endpoint"], shown["Port"], "rdsadmin", password)
    rds.modify_db_cluster(DBClusterIdentifier="main", BackupRetentionPeriod=7)
    holders = [path.name for path in own.home.rglob("*") if path.is_file() and password in _text(path)]
    assert holders == ["secretsmanager.json"]


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


def test_data_and_endpoint_survive_down_a_kill_and_up(own: LocalCloud) -> None:
    caller = administrator_of(own)
    made = make(caller, "kept", MasterUserPassword="given-by-hand", ManageMasterUserPassword=False)
    where = ("127.0.0.1", made["Port"], "boss", "given-by-hand")
    with connect(*where) as connection:
        connection.cursor().execute("create table t as select 7 as a")
        connection.commit()

    own.down()
    with pytest.raises(pg8000.exceptions.InterfaceError):
        connect(*where)
    running = own.up(ACCOUNT, REGION)
    server = server_of(own, made)
    os.kill(running.pid, signal.SIGKILL)
    wait_for_end(running.pid)
    end = time.monotonic() + 5
    while Path(f"/proc/{server}/exe").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{server}/exe").exists()
    own.up(ACCOUNT, REGION)

    with connect(*where) as connection:
        cursor = connection.cursor()
        cursor.execute("select a from t")
        assert cursor.fetchone() == [7]


def test_a_rotated_or_changed_password_is_the_one_that_opens_it(own: LocalCloud) -> None:
    caller = administrator_of(own)
    made = make(caller, "turned")
    old = secret(caller, made)

    caller.client("rds").modify_db_cluster(
        DBClusterIdentifier="turned", RotateMasterUserPassword=True, ApplyImmediately=True
    )

    new = secret(caller, made)
    assert new != old
    connect("127.0.0.1", made["Port"], "boss", new).close()
    with pytest.raises(pg8000.dbapi.DatabaseError, match="password authentication failed"):
        connect("127.0.0.1", made["Port"], "boss", old)


def test_it_goes_with_its_cluster_and_leaves_the_final_snapshot(own: LocalCloud) -> None:
    caller = administrator_of(own)
    rds = caller.client("rds")
    make(caller, "gone", DeletionProtection=True)

    def refused(code: str, **how: Any) -> None:
        with pytest.raises(ClientError, match=code):
            rds.delete_db_cluster(DBClusterIdentifier="gone", **how)

    refused("FinalDBSnapshotIdentifier is required")
    refused("DeletionProtection", FinalDBSnapshotIdentifier="last")
    rds.modify_db_cluster(DBClusterIdentifier="gone", DeletionProtection=False)
    refused("contains DB instances", FinalDBSnapshotIdentifier="last")
    assert rds.describe_db_cluster_snapshots()["DBClusterSnapshots"] == []
    rds.delete_db_instance(DBInstanceIdentifier="gone-1", SkipFinalSnapshot=True)
    folders = own.home / "databases"
    assert not list(folders.glob("*/postmaster.pid"))
    rds.delete_db_cluster(DBClusterIdentifier="gone", FinalDBSnapshotIdentifier="last")

    assert [item["DBClusterSnapshotIdentifier"]
            for item in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]] == ["last"]  # fmt: skip
    (kept,) = [path for path in folders.iterdir() if path.is_dir()]
    assert kept.name.startswith("snapshot-")
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="last")
    assert [path for path in folders.iterdir() if path.is_dir()] == []


def test_two_clusters_can_ask_for_one_port(own: LocalCloud) -> None:
    caller = administrator_of(own)
    made = [make(caller, name, Port=15999) for name in ("one", "two")]

    assert {item["Port"] for item in made} == {15999}
    assert len({item["Endpoint"] for item in made}) == 2
    for item in made:
        connect(item["Endpoint"], 15999, "boss", secret(caller, item)).close()


def test_a_cluster_with_no_password_is_refused_as_at_aws(own: LocalCloud) -> None:
    with pytest.raises(ClientError, match="MasterUserPassword must be provided"):
        make(administrator_of(own), "open", ManageMasterUserPassword=False)
    assert administrator_of(own).client("rds").describe_db_clusters()["DBClusters"] == []
