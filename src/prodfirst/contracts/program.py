"""What a stack's program calls: `publish` fields for other stacks, `read` the fields of another.

Both work under plain `pulumi` too: a publication is ordinary resources, and without prodfirst a read asks the
cloud. Under prodfirst the values come with the run, and may be planned or unknown ones of the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import pulumi
import pulumi_aws as aws

from prodfirst.contracts.publication import CONTRACT_TYPE, Publication, decode, encode, parameter_name
from prodfirst.contracts.shapes import Kind, Shape, shape_from_json, shape_to_json

INJECTED = "contracts"
"""Key of the configuration `prodfirst:contracts`, which only a run of prodfirst has:
`{STACK: {FIELD: {"type": SHAPE or null, "value": VALUE}}}` with `UNKNOWN_MARK` for what is not known yet."""
UNKNOWN_MARK: Mapping[str, str] = {"$prodfirst": "unknown"}


class _Leaf:
    """A value whose kind is said."""

    def __init__(self, kind: Kind, value: pulumi.Input[Any]) -> None:
        self.kind = kind
        self.value = value


def number(value: pulumi.Input[float]) -> _Leaf:
    """A number that is known after apply only."""
    return _Leaf(Kind.NUMBER, value)


def boolean(value: pulumi.Input[bool]) -> _Leaf:
    """A boolean that is known after apply only."""
    return _Leaf(Kind.BOOLEAN, value)


def secret_reference(value: pulumi.Input[str]) -> _Leaf:
    """Where a secret lies, such as the ARN of a Secrets Manager secret; never the secret itself."""
    return _Leaf(Kind.SECRET_REFERENCE, value)


class Contract(pulumi.ComponentResource):
    """The fields that this stack publishes: one SSM parameter each."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        settings = pulumi.Config("prodfirst")
        stack = settings.require("stack")
        parts = {name: _taken_apart(name, value) for name, value in fields.items()}
        shown = {
            name: {"type": shape_to_json(shape), "value": value} for name, (shape, value) in parts.items()
        }
        super().__init__(CONTRACT_TYPE, stack, {"fields": shown})
        for name, (shape, value) in parts.items():
            aws.ssm.Parameter(
                f"contract-{name}",
                name=parameter_name(settings.require("estate"), settings.require("environment"), stack, name),
                description=f"published by stack {stack} for others to read",
                type="String",
                value=_text(name, shape, value),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def publish(**fields: Any) -> Contract:
    """Publish fields of this stack: text, numbers, booleans, lists and maps of them; outputs count as text.

    An output that is no text is given as `number(...)` or `boolean(...)`; where a secret lies, as
    `secret_reference(...)`. A secret value is refused. They are outputs of the stack too. Call it once.
    """
    if not fields:
        raise ValueError("`publish` was given no fields")
    for name, value in fields.items():
        pulumi.export(name, _taken_apart(name, value)[1])
    return Contract(fields)


class Fields(Mapping[str, Any]):
    """The fields read from one stack: as items or as attributes. Single values are outputs."""

    def __init__(self, stack: str, values: Mapping[str, Any]) -> None:
        self._stack = stack
        self._values = values

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            _not_declared(self._stack, name, tuple(self._values))
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def read(stack: str) -> Fields:
    """The fields of `stack` that `prodfirst.yaml` says this stack reads."""
    injected = pulumi.Config("prodfirst").get_object(INJECTED)
    if injected is None:
        return _FromCloud(stack)
    if stack not in injected:
        raise KeyError(
            f"this stack does not read `{stack}`: add it under `reads` of the stack in prodfirst.yaml"
        )
    return Fields(stack, {name: _output(field) for name, field in injected[stack].items()})


class _FromCloud(Fields):
    """Under plain `pulumi`: each field is looked up when it is asked for."""

    def __init__(self, stack: str) -> None:
        super().__init__(stack, {})

    def __getitem__(self, name: str) -> Any:
        settings = pulumi.Config("prodfirst")
        path = parameter_name(settings.require("estate"), settings.require("environment"), self._stack, name)
        publication = decode(aws.ssm.get_parameter(name=path).value)
        return _output({"type": shape_to_json(publication.shape), "value": publication.value})


def _not_declared(stack: str, name: str, known: tuple[str, ...]) -> NoReturn:
    listed = ", ".join(f"`{item}`" for item in known)
    raise KeyError(
        f"`{name}` of `{stack}` is not among the fields that this stack reads ({listed}): "
        "add it under `reads` in prodfirst.yaml"
    )


def _output(field: Mapping[str, Any]) -> Any:
    if field["type"] is None:
        return _unknown()
    return _built(shape_from_json(field["type"]), field["value"])


def _built(shape: Shape, value: Any) -> Any:
    """The value in its shape, each single one as an output; the shape is known where the value is not."""
    unknown = value == UNKNOWN_MARK
    if isinstance(shape, Kind):
        return _unknown() if unknown else pulumi.Output.from_input(value)
    if isinstance(shape, tuple):
        return [_built(part, value if unknown else value[index]) for index, part in enumerate(shape)]
    return {key: _built(part, value if unknown else value[key]) for key, part in shape.items()}


def _unknown() -> pulumi.Output[Any]:
    """An output as the SDK makes it for what a preview cannot know."""

    async def of(value: Any) -> Any:
        return value

    return pulumi.Output(set(), of(None), of(False))


def _taken_apart(name: str, value: Any) -> tuple[Shape, Any]:
    """Shape and value of what the program gave."""
    match value:
        case _Leaf():
            return value.kind, value.value
        case bool():
            return Kind.BOOLEAN, value
        case int() | float():
            return Kind.NUMBER, value
        case str() | pulumi.Output():
            return Kind.STRING, value
        case list() | tuple():
            parts = [_taken_apart(f"{name}[{index}]", item) for index, item in enumerate(value)]
            return tuple(shape for shape, _ in parts), [item for _, item in parts]
        case dict():
            named = {str(key): _taken_apart(f"{name}.{key}", item) for key, item in value.items()}
            return {key: shape for key, (shape, _) in named.items()}, {
                key: item for key, (_, item) in named.items()
            }
    raise TypeError(f"`{name}` cannot be published: it is a {type(value).__name__}")


def _text(name: str, shape: Shape, value: Any) -> pulumi.Output[str]:
    whole = pulumi.Output.from_input(value)

    secret: Any = whole.is_secret()

    def encoded(both: list[Any]) -> str:
        known, is_secret = both
        if is_secret:
            raise ValueError(
                f"`{name}` is a secret, and contracts hold none: "
                "publish where it lies, with `secret_reference`"
            )
        try:
            return encode(Publication(shape, known))
        except ValueError as error:
            raise ValueError(f"`{name}` cannot be published: {error}") from error

    return pulumi.Output.all(whole, pulumi.Output.from_input(secret)).apply(encoded)


__all__ = ["Contract", "Fields", "boolean", "number", "publish", "read", "secret_reference"]
