"""The functions of the original that programs ask most."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodfirst.providers.aws.resource import Session
from prodfirst.providers.properties import secret
from prodfirst.providers.schema import Data


def _caller(session: Session, _arguments: Data) -> Data:
    found = session.client("sts").get_caller_identity()
    return {
        "id": found["Account"],
        "accountId": found["Account"],
        "arn": found["Arn"],
        "userId": found["UserId"],
    }


def _region(session: Session, arguments: Data) -> Data:
    name = arguments.get("region") or session.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": name,
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def _zones(session: Session, arguments: Data) -> Data:
    state = arguments.get("state")
    chosen = {"Filters": [{"Name": "state", "Values": [state]}]} if state else {}
    found = session.client("ec2").describe_availability_zones(**chosen)["AvailabilityZones"]
    names = sorted(zone["ZoneName"] for zone in found)
    return {"id": session.region, "names": names, "zoneIds": sorted(zone["ZoneId"] for zone in found)}


def _parameter(session: Session, arguments: Data) -> Data:
    """Its value is secret whatever its type, as in the original; `insecureValue` is there for plain text."""
    name, decrypted = str(arguments["name"]), bool(arguments.get("withDecryption", True))
    ssm = session.client("ssm", arguments.get("region"))
    found = ssm.get_parameter(Name=name, WithDecryption=decrypted)["Parameter"]
    shown = {} if found["Type"] == "SecureString" else {"insecureValue": found["Value"]}
    return {
        "id": name,
        "name": name,
        "arn": found["ARN"],
        "type": found["Type"],
        "value": secret(found["Value"]),
        "version": found["Version"],
        "withDecryption": decrypted,
        "region": arguments.get("region") or session.region,
        **shown,
    }


INVOKES: Mapping[str, Callable[[Session, Data], Data]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:ssm/getParameter:getParameter": _parameter,
}
