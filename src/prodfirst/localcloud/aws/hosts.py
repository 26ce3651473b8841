"""What a host name of AWS says: service, region, and S3's bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]"
_S3 = re.compile(rf"(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?s3(?:[.-](?P<region>{_REGION}))?\.amazonaws\.com")
_S3_CONTROL = re.compile(rf"[0-9]{{12}}\.s3-control\.(?P<region>{_REGION})\.amazonaws\.com")
_SERVICE = re.compile(rf"(?P<service>[a-z0-9-]+)(?:\.(?P<region>{_REGION}))?\.amazonaws\.com")

SERVICES = frozenset(
    {"ec2", "eks", "events", "iam", "kms", "logs", "rds", "s3", "secretsmanager", "sns", "ssm", "sts"}
)
"""What the local cloud serves; a call to anything else is refused by name. By signing name."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host name, taken apart."""

    service: str
    """The name that signatures carry."""
    region: str
    """Empty for a global endpoint."""
    bucket: str = ""
    control: bool = False
    """Whether it is S3 Control, which is signed as S3 and has a model of its own."""

    @property
    def model(self) -> str:
        """The name of the service model."""
        return "s3control" if self.control else self.service


def parse(name: str) -> Host | None:
    """None where it is no host name of AWS."""
    name = name.lower().partition(":")[0]
    if match := _S3_CONTROL.fullmatch(name):
        return Host("s3", match["region"], control=True)
    if match := _S3.fullmatch(name):
        return Host("s3", match["region"] or "", match["bucket"] or "")
    if match := _SERVICE.fullmatch(name):
        return Host(match["service"], match["region"] or "")
    return None
