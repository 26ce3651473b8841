"""The provider's protocol for any package, answered from the request alone: no credentials, no network.

In a preview, inputs are known as the program gave them, and every output that is no input is unknown: the SDK
takes an output that is missing from an answer for an unknown one. Nothing is ever made: whatever would change
or read something real is refused.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from prodfirst.providers import properties, protocol
from prodfirst.providers.offline.answers import Answers

_VERSION = "1.0.0"
_NONE, _SOME = messages.DiffResponse.DIFF_NONE, messages.DiffResponse.DIFF_SOME


class Provider(ResourceProviderServicer):
    """Serves any number of instances of any number of packages; it keeps nothing about them."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=_VERSION)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return Empty()

    def Parameterize(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.ParameterizeResponse(name=request.value.name, version=request.value.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.GetSchemaResponse(schema=json.dumps({"name": "offline", "version": _VERSION}))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.DiffResponse(changes=_NONE)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = properties.read(request.old_inputs), properties.read(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return messages.DiffResponse(changes=_SOME if changed else _NONE, diffs=changed)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        _preview_only(request.preview, context)
        return messages.CreateResponse(id="", properties=request.properties)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        _preview_only(request.preview, context)
        return messages.UpdateResponse(properties=request.news)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A resource that the program looks up by its id: there, and nothing more is known of it."""
        return messages.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        protocol.abort(context, "the offline provider deletes nothing")

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        answer = self._answers.find(request.tok, properties.read(request.args))
        if answer is None:
            protocol.abort(context, f"`{request.tok}` asks the cloud, and no recorded answer fits")
        return messages.InvokeResponse(**{"return": properties.write(answer)})

    def Call(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._answers.missing("call", request.tok, properties.read(request.args))
        protocol.abort(context, f"`{request.tok}` is a method of a plugin, which offline cannot be called")

    def Construct(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._answers.missing("component", request.type, {"name": request.name})
        protocol.abort(context, f"`{request.type}` is made by a plugin, and offline it is not known of what")


def _preview_only(preview: bool, context: grpc.ServicerContext) -> None:
    if not preview:
        protocol.abort(context, "the offline provider answers previews alone; it makes and changes nothing")
