"""Settings of RDS that the API behind the gateway accepts and forgets, or does not change.

Parameter of a request → element of an answer (RDS API reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from prodfirst.localcloud.aws.held import Held
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.xmlanswers import XmlAnswer

_KINDS = {
    "CreateDBCluster": ("cluster", "DBClusterIdentifier"),
    "ModifyDBCluster": ("cluster", "DBClusterIdentifier"),
    "DeleteDBCluster": ("cluster", "DBClusterIdentifier"),
    "CreateDBInstance": ("instance", "DBInstanceIdentifier"),
    "ModifyDBInstance": ("instance", "DBInstanceIdentifier"),
    "DeleteDBInstance": ("instance", "DBInstanceIdentifier"),
}
_SCALARS = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "PromotionTier": "PromotionTier",
}
_LOGS = "EnabledCloudwatchLogsExports"
_ENABLE = re.compile(
    r"(?:EnableCloudwatchLogsExports|CloudwatchLogsExportConfiguration\.EnableLogTypes)\.(?:member\.)?[0-9]+"
)
_DISABLE = re.compile(r"CloudwatchLogsExportConfiguration\.DisableLogTypes\.(?:member\.)?[0-9]+")


class RdsSettings:
    """What is held of clusters and instances, by `region/cluster/ID` and `region/instance/ID`."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def note(self, host: Host, called: Operation) -> None:
        """Take over what a successful call set."""
        if called.name not in _KINDS:
            return
        kind, identifier = _KINDS[called.name]
        id = f"{host.region}/{kind}/{called.parameters.get(identifier, '')}"
        if called.name.startswith("Delete"):
            self._held.forget(id)
            return
        scalars = {
            element: [called.parameters[parameter]]
            for parameter, element in _SCALARS.items()
            if parameter in called.parameters
        }
        self._held.keep(id, {**scalars, **self._logs(id, called.parameters)})

    def complete(self, answer: XmlAnswer, element: ET.Element, id: str) -> None:
        """Put into a cluster or an instance what is held of it."""
        for name, values in self._held.of(id).items():
            if name == _LOGS:
                answer.put_list(element, name, "member", values)
            else:
                answer.put(element, name, values[0])

    def _logs(self, id: str, given: Mapping[str, str]) -> dict[str, list[str]]:
        enabled = {value for key, value in given.items() if _ENABLE.fullmatch(key)}
        disabled = {value for key, value in given.items() if _DISABLE.fullmatch(key)}
        if not enabled and not disabled:
            return {}
        return {_LOGS: sorted((set(self._held.of(id).get(_LOGS, [])) | enabled) - disabled)}
