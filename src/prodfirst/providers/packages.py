"""Several packages behind one port; the code of one is loaded when a program first uses it.

So a run pays for the packages that its program has, and starts one process. The engine names the package in
every request: as the type of the provider, as the resource's type, or as the function's token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from prodfirst.providers import protocol

_OF_PROVIDERS = "pulumi:providers:"


class Packages(ResourceProviderServicer):
    """Hands every request to the provider of its package."""

    def __init__(self, makers: Mapping[str, Callable[[], ResourceProviderServicer]], version: str) -> None:
        """`version`: as new as the newest package: the engine asks once, and warns of an older one."""
        self._makers = makers
        self._version = version
        self._lock = threading.Lock()
        self._made: dict[str, ResourceProviderServicer] = {}
        self._handshake: Any = None
        self._attach: Any = None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._handshake = request
        return messages.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._attach = request
        return Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            made = tuple(self._made.values())
        for provider in made:
            provider.Cancel(request, context)
        return Empty()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).CheckConfig(request, context)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).DiffConfig(request, context)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of(request.type, context).Configure(request, context)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of(request.tok, context).Invoke(request, context)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).Check(request, context)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).Diff(request, context)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).Create(request, context)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).Read(request, context)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).Update(request, context)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of_urn(request, context).Delete(request, context)

    def _of_urn(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._of(protocol.urn_type(request.urn), context)

    def _of(self, token: str, context: grpc.ServicerContext) -> Any:
        package = token.removeprefix(_OF_PROVIDERS).partition(":")[0]
        with self._lock:
            if package not in self._makers:
                known = ", ".join(sorted(self._makers))
                protocol.abort(context, f"the package `{package}` is not served here; these are: {known}")
            if package not in self._made:
                self._made[package] = self._greeted(self._makers[package](), context)
            return self._made[package]

    def _greeted(
        self, provider: ResourceProviderServicer, context: grpc.ServicerContext
    ) -> ResourceProviderServicer:
        """It learns what the engine said before it was there."""
        if self._handshake is not None:
            provider.Handshake(self._handshake, context)
        if self._attach is not None:
            provider.Attach(self._attach, context)
        return provider
