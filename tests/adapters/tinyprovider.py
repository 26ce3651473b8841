"""A resource provider for tests, run as a program: prints its port, serves until its stdin ends.

Every type is accepted. A change of the input `place` replaces, any other change updates. What exists is kept
in the folder `TINY_CLOUD`, a JSON file per resource, so a test can change the cloud behind the engine's back.
Inputs steer it: `fail` refuses the named operation (`die` ends the process), `seconds` delays create and
update, `late` delays their answer after the work is done and `lingers` that of a delete, `partial` fails a
create half way, `password` comes back as the secret output `token`. One that is made `of` another has its
id, as a bucket's settings have the bucket's.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import (
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
REPLACES = "place"


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    values: dict[str, Any] = json_format.MessageToDict(message)
    return values


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def bare(value: Any) -> Any:
    """The value inside a secret."""
    return value["value"] if isinstance(value, dict) and SECRET.items() <= value.items() else value


class Tiny(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, cloud: Path) -> None:
        self.cloud = cloud

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptOutputs=False)

    def Check(self, request: Any, context: Any) -> Any:
        news = plain(request.news)
        if news.get("fail") == "check":
            failure = provider_pb2.CheckFailure(property="fail", reason="`check` is not an allowed value")
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure])
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = plain(request.old_inputs), plain(request.news)
        changed = sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key))
        response = provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if key == REPLACES],
            hasDetailedDiff=True,
            deleteBeforeReplace=news.get("single") is True,
        )
        for key in changed:
            kind = "ADD" if key not in olds else "DELETE" if key not in news else "UPDATE"
            name = kind + ("_REPLACE" if key == REPLACES else "")
            response.detailedDiff[key].kind = provider_pb2.PropertyDiff.Kind.Value(name)
            response.detailedDiff[key].inputDiff = True
        return response

    def Create(self, request: Any, context: Any) -> Any:
        inputs = plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        self.steer(inputs, "create", context)
        identifier = inputs.get("of") or f"{request.urn.rsplit('::', 1)[-1]}-{uuid.uuid4().hex[:8]}"
        outputs = self.store(identifier, inputs)
        time.sleep(float(inputs.get("late", 0)))
        if inputs.get("partial"):
            self.fail_partially(context, identifier, outputs)
        return provider_pb2.CreateResponse(id=identifier, properties=struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        path = self.cloud / f"{request.id}.json"
        if not path.exists():
            return provider_pb2.ReadResponse()
        outputs = json.loads(path.read_text())
        return provider_pb2.ReadResponse(id=request.id, properties=struct(outputs), inputs=request.inputs)

    def Update(self, request: Any, context: Any) -> Any:
        inputs = plain(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=request.news)
        self.steer(inputs, "update", context)
        outputs = self.store(request.id, inputs)
        time.sleep(float(inputs.get("late", 0)))
        return provider_pb2.UpdateResponse(properties=struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:
        self.steer(plain(request.old_inputs), "delete", context)
        (self.cloud / f"{request.id}.json").unlink(missing_ok=True)
        time.sleep(float(plain(request.old_inputs).get("lingers", 0)))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        return provider_pb2.InvokeResponse(**{"return": struct({"answer": 42})})

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def steer(self, inputs: dict[str, Any], operation: str, context: Any) -> None:
        time.sleep(float(inputs.get("seconds", 0)))
        if inputs.get("fail") == "die":
            os._exit(1)
        if inputs.get("fail") == operation:
            context.abort(grpc.StatusCode.UNKNOWN, f"the cloud refused to {operation} it")

    def store(self, identifier: str, inputs: dict[str, Any]) -> dict[str, Any]:
        outputs = dict(inputs)
        if "password" in inputs:
            outputs["token"] = {**SECRET, "value": f"token-of-{bare(inputs['password'])}"}
        (self.cloud / f"{identifier}.json").write_text(json.dumps(outputs))
        return outputs

    def fail_partially(self, context: Any, identifier: str, outputs: dict[str, Any]) -> None:
        detail = provider_pb2.ErrorResourceInitFailed(
            id=identifier, properties=struct(outputs), reasons=["it exists, but it never became ready"]
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message="never became ready")
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "never became ready")


def main() -> None:
    cloud = Path(os.environ["TINY_CLOUD"])
    cloud.mkdir(exist_ok=True)
    server = grpc.server(ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Tiny(cloud), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
