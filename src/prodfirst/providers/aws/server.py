"""The provider's protocol: the engine's questions, answered from the types' tables and calls."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

from prodfirst.providers import properties, protocol, schema
from prodfirst.providers.aws.invokes import INVOKES
from prodfirst.providers.aws.resource import DEFAULT_TIMEOUT, Call, ResourceType, Session
from prodfirst.providers.schema import Data

_CONFIG = frozenset({"region", "defaultTags", "allowedAccountIds", "version", "skipCredentialsValidation",
                     "skipMetadataApiCheck", "skipRegionValidation", "maxRetries", "profile"})  # fmt: skip


class Provider(ResourceProviderServicer):
    """Serves any number of configured instances: the engine gives each a connection of its own."""

    def __init__(self, types: Mapping[str, ResourceType], version: str) -> None:
        self._types = types
        self._version = version
        self._sessions: dict[str, Session] = {}

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return Empty()

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return messages.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": self._version}))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = properties.read(request.news)
        failures = [
            messages.CheckFailure(property=key, reason=f"`{key}` is not supported by the local provider")
            for key in given
            if key not in _CONFIG and not key.startswith("__")
        ]
        return messages.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = properties.read(request.olds), properties.read(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key) and key != "version")
        replaces = ["region"] if "region" in changed else []
        kind = messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(changes=kind, diffs=changed, replaces=replaces)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = {key: protocol.decoded(value) for key, value in properties.read(request.args).items()}
        region = given.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not isinstance(region, str):
            protocol.abort(context, "no region: set `aws:region` in the stack's configuration, or AWS_REGION")
        self._sessions[context.peer()] = Session(
            region=region,
            default_tags=dict((given.get("defaultTags") or {}).get("tags") or {}),
            allowed_accounts=tuple(given.get("allowedAccountIds") or ()),
        )
        return messages.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        invoke = INVOKES.get(request.tok)
        if invoke is None:
            known = ", ".join(sorted(INVOKES))
            protocol.abort(
                context,
                f"the function `{request.tok}` is not supported by the local provider; it knows {known}",
            )
        result = _guarded(context, lambda: invoke(self._session(context), properties.read(request.args)))
        return messages.InvokeResponse(**{"return": properties.write(result)})

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_ = self._type(request.urn, context)
        name = protocol.urn_name(request.urn)
        old, given = properties.read(request.olds), properties.read(request.news)
        inputs, failures = schema.check(type_.schema, name, request.randomSeed, given, old)
        hidden = _hidden(type_, request.news)
        if type_.schema.tagged:
            inputs.pop("tagsAll", None)
        return messages.CheckResponse(
            inputs=properties.write_secret(inputs, hidden),
            failures=[messages.CheckFailure(property=item.path, reason=item.reason) for item in failures],
        )

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_ = self._type(request.urn, context)
        old = properties.read(request.old_inputs)
        state = properties.read(request.olds)
        new = properties.read(request.news)
        difference = schema.diff(type_.schema, old, new)
        self._diff_tags(type_, context, state, new, difference)
        kinds = messages.PropertyDiff
        detailed = {}
        for path, (kind, replaces) in difference.paths.items():
            word = f"{kind.upper()}_REPLACE" if replaces else kind.upper()
            detailed[path] = kinds(kind=kinds.Kind.Value(word), inputDiff=path != "tagsAll")
        tops = sorted({path.split(".")[0].split("[")[0] for path in difference.paths})
        replaced = sorted({path for path, (_, replaces) in difference.paths.items() if replaces})
        changes = messages.DiffResponse.DIFF_SOME if difference.paths else messages.DiffResponse.DIFF_NONE
        return messages.DiffResponse(
            changes=changes,
            diffs=tops,
            replaces=replaced,
            stables=list(type_.schema.stable),
            deleteBeforeReplace=bool(replaced) and type_.schema.delete_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_ = self._type(request.urn, context)
        inputs, hidden = properties.read(request.properties), _hidden(type_, request.properties)
        session = self._session(context)
        if request.preview:
            outputs = schema.planned(type_.schema, inputs)
            outputs["region"] = inputs.get("region", session.region)
            if type_.schema.tagged:
                outputs["tagsAll"] = {**session.default_tags, **_tags(inputs)}
            return messages.CreateResponse(id="", properties=properties.write_secret(outputs, hidden))
        call = self._call(session, inputs, request.timeout)
        id = _guarded(context, lambda: type_.create(call, inputs))
        try:
            type_.settle(call, id, inputs)
            outputs = self._outputs(type_, call, id, inputs)
        except Exception as error:  # noqa: BLE001 - the resource exists: the engine must learn its id
            _partial(context, id, properties.write_secret(inputs, hidden), error)
        return messages.CreateResponse(id=id, properties=properties.write_secret(outputs, hidden))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_ = self._type(request.urn, context)
        known = properties.read(request.properties)
        old_inputs = properties.read(request.inputs)
        id = request.id
        if not known:
            id, known = type_.imported(id)
        call = self._call(self._session(context), known, 0)
        found = _guarded(context, lambda: type_.read(call, id, known))
        if found is None:
            return messages.ReadResponse(id="")
        unset = (key for key in type_.schema.elsewhere if key not in old_inputs and key in known)
        found = {**found, **{key: known[key] for key in unset}}
        inputs = _live_inputs(type_, call, found, old_inputs)
        found = _spelled(type_, inputs, found)
        outputs = {**found, "region": call.region, **({"tags": inputs["tags"]} if "tags" in inputs else {})}
        hidden = _hidden(type_, request.inputs, request.properties)
        return messages.ReadResponse(
            id=id,
            properties=properties.write_secret(outputs, hidden),
            inputs=properties.write_secret(inputs, hidden),
        )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_ = self._type(request.urn, context)
        old, new = properties.read(request.olds), properties.read(request.news)
        hidden = _hidden(type_, request.news)
        session = self._session(context)
        if request.preview:
            outputs = schema.updated(type_.schema, old, new)
            if type_.schema.tagged:
                outputs["tagsAll"] = {**session.default_tags, **_tags(new)}
            return messages.UpdateResponse(properties=properties.write_secret(outputs, hidden))
        call = self._call(session, new, request.timeout)
        try:
            type_.update(call, request.id, _whole(type_, call, request.id, old), new)
            outputs = self._outputs(type_, call, request.id, new)
        except Exception as error:  # noqa: BLE001 - some of it may be done: the engine must learn what
            _partial(context, request.id, properties.write_secret(new, hidden), error)
        return messages.UpdateResponse(properties=properties.write_secret(outputs, hidden))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_ = self._type(request.urn, context)
        state = properties.read(request.properties)
        call = self._call(self._session(context), state, request.timeout)
        _guarded(context, lambda: type_.delete(call, request.id, state))
        return Empty()

    def _diff_tags(
        self,
        type_: ResourceType,
        context: grpc.ServicerContext,
        state: Data,
        new: Data,
        found: schema.Difference,
    ) -> None:
        """The provider's default tags count too: they stand in no input of the resource."""
        if not type_.schema.tagged or not properties.is_known(new.get("tags")):
            return
        wanted = {**self._session(context).default_tags, **_tags(new)}
        if wanted != (state.get("tagsAll") or {}) and not any(
            path.startswith("tags") for path in found.paths
        ):
            found.paths["tagsAll"] = ("update", False)

    def _outputs(self, type_: ResourceType, call: Call, id: str, inputs: Data) -> Data:
        found = type_.read(call, id, inputs)
        if found is None:
            raise LookupError(f"`{id}` cannot be found right after the call that made it")
        return {**inputs, **_spelled(type_, inputs, found), "region": call.region}

    def _call(self, session: Session, data: Data, timeout: float) -> Call:
        region = data.get("region") or session.region
        if session.allowed_accounts:
            session.account  # noqa: B018 - refuses a foreign account before the first call
        return Call(session, region, timeout or DEFAULT_TIMEOUT)

    def _session(self, context: grpc.ServicerContext) -> Session:
        return self._sessions[context.peer()]

    def _type(self, urn: str, context: grpc.ServicerContext) -> ResourceType:
        token = protocol.urn_type(urn)
        if token not in self._types:
            protocol.abort(context, f"the type `{token}` is not supported by the local provider yet")
        return self._types[token]


def _whole(type_: ResourceType, call: Call, id: str, state: Data) -> Data:
    """A state has inputs alone where the resource could not be looked at when it was made."""
    outputs = type_.schema.outputs
    if not outputs or any(name in state for name in outputs):
        return state
    return {**state, **(type_.read(call, id, state) or {})}


def _live_inputs(type_: ResourceType, call: Call, found: Data, old: Data) -> Data:
    """The inputs as they would have to be for the cloud to be what it is.

    Only what was an input before counts; on import (no old inputs), all that a program could say.
    A value that means the same keeps its spelling.
    """
    inputs: Data = {key: value for key, value in old.items() if key == "region"}
    for key, prop in type_.schema.inputs.items():
        live = found.get(key)
        if key in old:
            inputs[key] = prop.given(old[key], live)
        elif not old and live is not None:
            inputs[key] = live
    if type_.schema.tagged:
        own = _tags(old)
        defaults = call.session.default_tags
        live_tags = found.get("tagsAll") or {}
        tags = {k: v for k, v in live_tags.items() if k in own or defaults.get(k) != v}
        if tags or "tags" in old:
            inputs["tags"] = tags
    return {key: value for key, value in inputs.items() if value is not None}


def _spelled(type_: ResourceType, inputs: Data, found: Data) -> Data:
    """What was found, where it means the same in the program's own spelling; absent things left out."""
    result = {key: value for key, value in found.items() if value is not None}
    for key, prop in type_.schema.inputs.items():
        if key in inputs and key in result and prop.means(inputs[key], result[key]):
            result[key] = inputs[key]
    return result


def _tags(inputs: Data) -> dict[str, Any]:
    tags = inputs.get("tags")
    return dict(tags) if isinstance(tags, dict) else {}


def _hidden(type_: ResourceType, inputs: Struct, state: Struct | None = None) -> properties.Secrets:
    """What must not stand in clear: what the program marked, and what the type's table does."""
    marked = properties.secrets(inputs, state)
    return properties.Secrets(marked.keys | type_.schema.secret, marked.texts)


def _guarded(context: grpc.ServicerContext, act: Callable[[], Any]) -> Any:
    return protocol.guarded(context, act, _told)


def _told(error: Exception) -> str:
    name = type(error).__name__
    return str(error) if name in ("ClientError", "TimedOut") else f"{name}: {error}"


def _partial(context: grpc.ServicerContext, id: str, inputs: Struct, error: Exception) -> NoReturn:
    protocol.partial(context, id, inputs, inputs, [_told(error)])
