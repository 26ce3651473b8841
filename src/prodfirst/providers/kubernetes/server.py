"""The provider's protocol: the engine's questions, answered for objects of every kind."""

from __future__ import annotations

import json
import threading
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from prodfirst.providers import properties, protocol
from prodfirst.providers.kubernetes import checking, comparing, operations
from prodfirst.providers.kubernetes.instance import Instance
from prodfirst.providers.kubernetes.invokes import INVOKES
from prodfirst.providers.kubernetes.kubeconfig import identity_of
from prodfirst.providers.kubernetes.objects import kind_of
from prodfirst.providers.kubernetes.operations import Partial, Resource
from prodfirst.providers.kubernetes.settings import KEYS, LATER, UNSUPPORTED, settings_of
from prodfirst.providers.kubernetes.state import INPUTS, written
from prodfirst.providers.protocol import EngineLog
from prodfirst.providers.schema import Failure

_REFUSED_TYPES = ("kubernetes:helm.sh/", "kubernetes:yaml/v2:", "kubernetes:kustomize/v2:")


class Provider(ResourceProviderServicer):
    """Serves any number of configured instances: the engine gives each a connection of its own."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._log = EngineLog()
        self._instances: dict[str, Instance] = {}

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._log.connect(request.engine_address)
        return messages.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._log.connect(request.address)
        return Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Waits of this connection end; what was made is recorded.

        The engine also says so to an instance that it closes because another replaces it, and to no other.
        """
        if (instance := self._instances.get(context.peer())) is not None:
            instance.stopping.set()
        return Empty()

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        schema = {"name": "kubernetes", "version": self._version}
        return messages.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = properties.read(request.news)
        failures = [
            Failure(key, f"`{key}` is not supported by the local provider")
            for key in given
            if key in UNSUPPORTED or (key not in KEYS and not key.startswith("__"))
        ]
        if str(given.get("enableServerSideApply", "true")).lower() == "false":
            reason = "client-side apply is not supported by the local provider: leave it out"
            failures.append(Failure("enableServerSideApply", reason))
        return messages.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Another server or authority is another cluster, unless `clusterIdentifier` says otherwise."""
        old, new = properties.read(request.olds), properties.read(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key) and key != "version")
        where: list[str] = [key for key in ("kubeconfig", "context", "cluster") if key in changed]
        named = (old.get("clusterIdentifier"), new.get("clusterIdentifier"))
        if all(named):
            replaces = ["clusterIdentifier"] if named[0] != named[1] else []
        elif any(new.get(key) in (properties.UNKNOWN, LATER) for key in where):
            replaces = where
        else:
            before, after = (
                identity_of(given.get("kubeconfig"), given.get("context"), given.get("cluster"))
                for given in (old, new)
            )
            replaces = where if before and after and before != after else []
        kind = messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(changes=kind, diffs=changed, replaces=replaces)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = properties.read(request.args)
        self._instances[context.peer()] = Instance(settings_of(given), self._log, threading.Event())
        return messages.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        invoke = INVOKES.get(request.tok)
        if invoke is None:
            known = ", ".join(sorted(INVOKES))
            unsupported = f"the function `{request.tok}` is not supported by the local provider"
            protocol.abort(context, f"{unsupported}; it knows {known}")
        arguments = properties.read(request.args)
        result = protocol.guarded(
            context, lambda: invoke(self._instance(context), arguments), operations.told
        )
        return messages.InvokeResponse(**{"return": properties.write(result)})

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = protocol.urn_type(request.urn)
        if token.startswith(_REFUSED_TYPES):
            protocol.abort(context, f"the type `{token}` is not supported by the local provider")
        old, given = properties.read(request.olds), properties.read(request.news)
        wish = request.autonaming
        naming = checking.Naming(request.randomSeed, wish.proposed_name, wish.mode == wish.DISABLE)
        inputs, failures = checking.checked(token, protocol.urn_name(request.urn), given, old, naming)
        instance = self._instance(context)
        if instance.is_namespaced(kind_of(token, inputs)):
            inputs = checking.with_namespace(inputs, instance.namespace)
        hidden = properties.secrets(request.news)
        return messages.CheckResponse(inputs=written(inputs, hidden), failures=_failures(failures))

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        state, new = properties.read(request.olds), properties.read(request.news)
        old = properties.read(request.old_inputs) or state.get(INPUTS) or {}
        resource = self._resource(request.urn, context, new)
        found = operations.changes(resource, old, new, tuple(request.ignoreChanges))
        kinds = messages.PropertyDiff
        detailed = {}
        for change in found:
            word = f"{change.how.upper()}_REPLACE" if change.replaces else change.how.upper()
            detailed[change.text] = kinds(kind=kinds.Kind.Value(word), inputDiff=True)
        replaces = sorted({change.text for change in found if change.replaces})
        replaces += protocol.guarded(
            context, lambda: operations.unready(resource, request.id, new), operations.told
        )
        exclusive = bool(replaces) and comparing.is_exclusive(state or old, new)
        resource.instance.is_replacing(request.urn, exclusive)
        some = messages.DiffResponse.DIFF_SOME if detailed or replaces else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(
            changes=some,
            diffs=sorted({str(change.path[0]) for change in found}),
            replaces=replaces,
            deleteBeforeReplace=exclusive,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, hidden = properties.read(request.properties), properties.secrets(request.properties)
        resource = self._resource(request.urn, context, inputs)
        try:
            id, state = operations.create(resource, inputs, request.timeout, request.preview)
        except Partial as error:
            protocol.partial(
                context, error.id, written(error.state, hidden), request.properties, error.reasons
            )
        except Exception as error:  # noqa: BLE001 - told to the engine, which tells the user
            protocol.abort(context, operations.told(error))
        return messages.CreateResponse(id=id, properties=written(state, hidden))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        state, old = properties.read(request.properties), properties.read(request.inputs)
        resource = self._resource(request.urn, context, old or state)
        hidden = properties.secrets(request.inputs, request.properties)
        try:
            found = operations.read(resource, request.id, old, state)
        except Partial as error:
            inputs = written(error.state[INPUTS], hidden)
            protocol.partial(context, error.id, written(error.state, hidden), inputs, error.reasons)
        except Exception as error:  # noqa: BLE001 - told to the engine, which tells the user
            protocol.abort(context, operations.told(error))
        if found is None:
            return messages.ReadResponse(id="")
        return messages.ReadResponse(
            id=request.id, properties=written(found, hidden), inputs=written(found[INPUTS], hidden)
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        state, new = properties.read(request.olds), properties.read(request.news)
        old = properties.read(request.old_inputs) or state.get(INPUTS) or {}
        hidden = properties.secrets(request.news)
        resource = self._resource(request.urn, context, new)
        request_ = operations.Updating(
            request.id, state, old, new, tuple(request.ignoreChanges), request.timeout, request.preview
        )
        try:
            found = operations.update(resource, request_)
        except Partial as error:
            protocol.partial(context, error.id, written(error.state, hidden), request.news, error.reasons)
        except Exception as error:  # noqa: BLE001 - told to the engine, which tells the user
            protocol.abort(context, operations.told(error))
        return messages.UpdateResponse(properties=written(found, hidden))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        state = properties.read(request.properties)
        resource = self._resource(request.urn, context, state)
        try:
            operations.delete(resource, request.id, state, request.timeout)
        except Exception as error:  # noqa: BLE001 - told to the engine, which tells the user
            protocol.abort(context, operations.told(error))
        return Empty()

    def _instance(self, context: grpc.ServicerContext) -> Instance:
        return self._instances[context.peer()]

    def _resource(self, urn: str, context: grpc.ServicerContext, thing: dict[str, Any]) -> Resource:
        token = protocol.urn_type(urn)
        return Resource(self._instance(context), urn, token, kind_of(token, thing))


def _failures(found: list[Failure]) -> list[Any]:
    return [messages.CheckFailure(property=item.path, reason=item.reason) for item in found]
