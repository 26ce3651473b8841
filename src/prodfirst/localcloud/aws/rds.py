"""RDS at the gateway: a real PostgreSQL behind every Aurora PostgreSQL cluster, and what the API forgets.

Rules and messages: RDS API reference, CreateDBCluster, ModifyDBCluster, DeleteDBCluster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.aws import operation
from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.rds_settings import RdsSettings
from prodfirst.localcloud.aws.refusals import refusal
from prodfirst.localcloud.aws.root import Root, RootFailure
from prodfirst.localcloud.aws.signature import Request
from prodfirst.localcloud.aws.xmlanswers import XmlAnswer
from prodfirst.localcloud.postgres.databases import Databases
from prodfirst.localcloud.postgres.server import DatabaseError

_ENGINE = "aurora-postgresql"
_ELSEWHERE = ("GlobalClusterIdentifier", "ReplicationSourceIdentifier")
"""With these, the master user comes from another cluster."""


class Rds:
    """The RDS API."""

    def __init__(self, databases: Databases, settings: RdsSettings, root: Root) -> None:
        self._databases = databases
        self._settings = settings
        self._root = root

    async def refuse(self, host: Host, called: Operation, request: Request) -> Response | None:
        """What RDS refuses and the API would not; a final snapshot is taken here, while the cluster is."""
        given = called.parameters
        match called.name:
            case "CreateDBCluster" if given.get("Engine") == _ENGINE and not _has_master(given):
                return _no("InvalidParameterValue", "The parameter MasterUserPassword must be provided.")
            case "ModifyDBCluster" if "ManageMasterUserPassword" in given:
                return await self._refuse_managing(host, given)
            case "DeleteDBCluster" if given.get("SkipFinalSnapshot") != "true":
                return await self._begin_final_snapshot(host, given)
        return None

    async def complete(self, host: Host, called: Operation, request: Request, response: Response) -> Response:
        """The answer with real endpoints; what the call means for a database is done."""
        name = _name(host, called.parameters)
        if response.status != 200:
            if called.name == "DeleteDBCluster":
                await self._drop_final_snapshot(host, called.parameters)
            return response
        try:
            await self._follow(host, called, name, response)
        except (DatabaseError, Failure) as error:
            await self._undo(host, called)
            return _no("InternalFailure", f"the database behind the cluster: {error}")
        self._settings.note(host, called)
        return replace(response, body=self._shown(host, response.body))

    async def _follow(self, host: Host, called: Operation, name: str, response: Response) -> None:
        given = called.parameters
        known = self._databases.find(name) is not None
        match called.name:
            case "CreateDBCluster" if given.get("Engine") == _ENGINE:
                await self._create(host, called, name, response)
            case "ModifyDBCluster" if known:
                await self._modify(host, called, name, response)
            case "DeleteDBCluster" if known:
                if snapshot := given.get("FinalDBSnapshotIdentifier"):
                    await self._databases.snapshot(name, f"{host.region}/{snapshot}")
                await self._databases.delete(name)
            case "CreateDBClusterSnapshot" if known:
                await self._databases.snapshot(name, f"{host.region}/{given['DBClusterSnapshotIdentifier']}")
            case "DeleteDBClusterSnapshot":
                await self._databases.remove_snapshot(f"{host.region}/{given['DBClusterSnapshotIdentifier']}")
            case "CreateDBInstance" | "StartDBCluster" if known:
                if await self._members(host, name):
                    await self._databases.start(name)
            case "StopDBCluster" if known:
                await self._databases.stop(name)
            case "DeleteDBInstance":
                await self._stop_without_members(host, _parsed(called, response)["DBInstance"])

    async def _create(self, host: Host, called: Operation, name: str, response: Response) -> None:
        cluster = _parsed(called, response)["DBCluster"]
        password = called.parameters.get("MasterUserPassword") or await self._secret(host, cluster)
        wanted = int(called.parameters.get("Port") or 0)
        master, database = cluster["MasterUsername"], cluster.get("DatabaseName", "")
        await self._databases.create(name, master, password, database, wanted)
        if secret := cluster.get("MasterUserSecret"):
            await self._tag(host, str(secret["SecretArn"]), str(cluster["DBClusterArn"]))

    async def _tag(self, host: Host, secret: str, cluster: str) -> None:
        """As RDS does: by these tags a policy tells whose secret it is."""
        tags = {"aws:rds:primaryDBClusterArn": cluster, "aws:secretsmanager:owningService": "rds"}
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        await self._root.call(
            "secretsmanager", "TagResource", {"SecretId": secret, "Tags": listed}, host.region
        )

    async def _modify(self, host: Host, called: Operation, name: str, response: Response) -> None:
        given = called.parameters
        password = given.get("MasterUserPassword", "")
        if given.get("RotateMasterUserPassword") == "true":
            password = await self._secret(host, _parsed(called, response)["DBCluster"])
        if password:
            await self._databases.set_password(name, password)
        if given.get("Port"):
            await self._databases.move(name, int(given["Port"]))

    async def _stop_without_members(self, host: Host, instance: Mapping[str, Any]) -> None:
        name = f"{host.region}/{instance.get('DBClusterIdentifier', '')}"
        if self._databases.find(name) is not None and not await self._members(host, name):
            await self._databases.stop(name)

    async def _secret(self, host: Host, cluster: Mapping[str, Any]) -> str:
        """The generated master password; it stands in Secrets Manager alone."""
        where = {"SecretId": str(cluster["MasterUserSecret"]["SecretArn"])}
        found = await self._root.call("secretsmanager", "GetSecretValue", where, host.region)
        return str(json.loads(found["SecretString"])["password"])

    async def _members(self, host: Host, name: str) -> bool:
        cluster = await self._cluster(host, name.partition("/")[2])
        return bool(cluster and cluster.get("DBClusterMembers"))

    async def _cluster(self, host: Host, identifier: str) -> Mapping[str, Any] | None:
        where = {"DBClusterIdentifier": identifier}
        try:
            found = await self._root.call("rds", "DescribeDBClusters", where, host.region)
        except RootFailure as failure:
            if failure.code != "DBClusterNotFoundFault":
                raise
            return None
        (cluster,) = found["DBClusters"]
        return dict(cluster)

    async def _refuse_managing(self, host: Host, given: Mapping[str, str]) -> Response | None:
        """Whether the password is managed is chosen when a cluster is made, and cannot be changed here."""
        cluster = await self._cluster(host, given.get("DBClusterIdentifier", ""))
        wanted = given["ManageMasterUserPassword"] == "true"
        if cluster is None or wanted == ("MasterUserSecret" in cluster):
            return None
        return _no(
            "InvalidParameterCombination",
            "the local cloud cannot change ManageMasterUserPassword of a cluster that exists",
        )

    async def _begin_final_snapshot(self, host: Host, given: Mapping[str, str]) -> Response | None:
        if not given.get("FinalDBSnapshotIdentifier"):
            return _no(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            )
        cluster = await self._cluster(host, given.get("DBClusterIdentifier", ""))
        if cluster is None or cluster.get("DeletionProtection") or cluster.get("DBClusterMembers"):
            return None  # the API says what is wrong
        named = {
            "DBClusterIdentifier": given["DBClusterIdentifier"],
            "DBClusterSnapshotIdentifier": given["FinalDBSnapshotIdentifier"],
        }
        try:
            await self._root.call("rds", "CreateDBClusterSnapshot", named, host.region)
        except RootFailure as failure:
            return _no(
                failure.code, f"the final snapshot `{given['FinalDBSnapshotIdentifier']}` cannot be made"
            )
        return None

    async def _drop_final_snapshot(self, host: Host, given: Mapping[str, str]) -> None:
        """The cluster was not deleted after all."""
        cluster = await self._cluster(host, given.get("DBClusterIdentifier", ""))
        if given.get("FinalDBSnapshotIdentifier") and cluster and not cluster.get("DBClusterMembers"):
            named = {"DBClusterSnapshotIdentifier": given["FinalDBSnapshotIdentifier"]}
            if not cluster.get("DeletionProtection"):
                await self._root.call("rds", "DeleteDBClusterSnapshot", named, host.region)

    async def _undo(self, host: Host, called: Operation) -> None:
        """What the API made, and no database stands behind, goes again."""
        if called.name == "CreateDBCluster":
            named = {"DBClusterIdentifier": called.parameters["DBClusterIdentifier"]}
            unprotected = {**named, "DeletionProtection": "false"}
            await self._root.call("rds", "ModifyDBCluster", unprotected, host.region)
            await self._root.call(
                "rds", "DeleteDBCluster", {**named, "SkipFinalSnapshot": "true"}, host.region
            )
        elif called.name == "CreateDBInstance":
            named = {"DBInstanceIdentifier": called.parameters["DBInstanceIdentifier"]}
            await self._root.call(
                "rds", "DeleteDBInstance", {**named, "SkipFinalSnapshot": "true"}, host.region
            )

    def _shown(self, host: Host, body: bytes) -> bytes:
        """Endpoints and held settings put into everything that an answer shows."""
        answer = XmlAnswer(body)
        for element in answer.all("DBCluster"):
            identifier = answer.text(element, "DBClusterIdentifier")
            self._settings.complete(answer, element, f"{host.region}/cluster/{identifier}")
            if found := self._databases.find(f"{host.region}/{identifier}"):
                answer.put(element, "Endpoint", found.address)
                answer.put(element, "ReaderEndpoint", found.address)
                answer.put(element, "Port", str(found.port))
        for element in answer.all("DBInstance"):
            identifier = answer.text(element, "DBInstanceIdentifier")
            self._settings.complete(answer, element, f"{host.region}/instance/{identifier}")
            cluster = answer.text(element, "DBClusterIdentifier")
            if found := self._databases.find(f"{host.region}/{cluster}"):
                endpoint = answer.put(element, "Endpoint")
                answer.put(endpoint, "Address", found.address)
                answer.put(endpoint, "Port", str(found.port))
        return answer.body()


def _name(host: Host, given: Mapping[str, str]) -> str:
    """RDS keeps identifiers in lower case."""
    return f"{host.region}/{given.get('DBClusterIdentifier', '')}"


def _has_master(given: Mapping[str, str]) -> bool:
    managed = given.get("ManageMasterUserPassword") == "true"
    return managed or "MasterUserPassword" in given or any(key in given for key in _ELSEWHERE)


def _parsed(called: Operation, response: Response) -> Mapping[str, Any]:
    return operation.answer(called, response.status, dict(response.headers), response.body)


def _no(code: str, message: str) -> Response:
    return refusal("rds", code, message, 400)
