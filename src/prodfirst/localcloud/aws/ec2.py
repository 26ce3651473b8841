"""EC2 at the gateway: settings that the API behind accepts and forgets, put back into its answers.

One entry per operation, with the parameter as the request names it and the element as the answer does (EC2
API reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from prodfirst.localcloud.aws.api import Response
from prodfirst.localcloud.aws.held import Held
from prodfirst.localcloud.aws.hosts import Host
from prodfirst.localcloud.aws.operation import Operation
from prodfirst.localcloud.aws.signature import Request
from prodfirst.localcloud.aws.xmlanswers import XmlAnswer

_MAKES = {"CreateVpcEndpoint": "vpcEndpointId", "CreateFlowLogs": "item"}
"""Operation → element of its answer that holds the new id."""
_CHANGES = {"ModifyVpcEndpoint": "VpcEndpointId"}
"""Operation → parameter with the id."""
_SHOWS = {
    "DescribeVpcEndpoints": ("vpcEndpointSet", "vpcEndpointId"),
    "DescribeFlowLogs": ("flowLogSet", "flowLogId"),
}
"""Operation → element with the list, and of an item's id."""
_SCALARS = {"PrivateDnsEnabled": "privateDnsEnabled", "MaxAggregationInterval": "maxAggregationInterval"}
_GROUPS = re.compile(r"(Add|Remove|)SecurityGroupId\.[0-9]+")


class Ec2:
    """The EC2 API."""

    def __init__(self, held: Held) -> None:
        self._held = held

    async def refuse(self, host: Host, called: Operation, request: Request) -> Response | None:
        """Nothing beyond the API."""
        return None

    async def complete(self, host: Host, called: Operation, request: Request, response: Response) -> Response:
        """Note what a successful call set, and complete what one shows."""
        if response.status != 200:
            return response
        if called.name in _MAKES:
            for element in XmlAnswer(response.body).all(_MAKES[called.name]):
                if element.text and "-" in element.text:
                    self._note(element.text, called.parameters)
        elif called.name in _CHANGES:
            self._note(called.parameters.get(_CHANGES[called.name], ""), called.parameters)
        elif called.name in _SHOWS:
            return replace(response, body=self._shown(response.body, *_SHOWS[called.name]))
        return response

    def _note(self, id: str, parameters: Mapping[str, str]) -> None:
        groups = set(self._held.of(id).get("groupSet", []))
        for key, value in parameters.items():
            if match := _GROUPS.fullmatch(key):
                (groups.discard if match[1] == "Remove" else groups.add)(value)
        scalars = {_SCALARS[key]: [value] for key, value in parameters.items() if key in _SCALARS}
        self._held.keep(id, {**scalars, "groupSet": sorted(groups)})

    def _shown(self, body: bytes, listed: str, identified: str) -> bytes:
        answer = XmlAnswer(body)
        for place in answer.all(listed):
            for item in list(place):
                for name, values in self._held.of(answer.text(item, identified)).items():
                    if name == "groupSet":
                        answer.put_list(item, name, "item/groupId", values)
                    else:
                        answer.put(item, name, values[0])
        return answer.body()
