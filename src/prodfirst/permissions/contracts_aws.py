"""What a stack identity may do with contracts on AWS: publish its own fields, read those it declares."""

from __future__ import annotations

from dataclasses import dataclass

from prodfirst.contracts.publication import parameter_name
from prodfirst.estate.definition import Environment, Stack
from prodfirst.permissions.policies import statement


@dataclass(frozen=True, slots=True)
class ContractObjects:
    """ARNs of the SSM parameters that hold fields."""

    own: str
    """A pattern: every field of the stack itself."""
    read: tuple[str, ...]
    """Each field that the stack reads of others."""


def contract_objects(estate: str, environment: Environment, stack: Stack) -> ContractObjects:
    """Of one stack in one environment."""

    def arn(publisher: str, field: str) -> str:
        name = parameter_name(estate, environment.name, publisher, field)
        return f"arn:aws:ssm:{environment.region}:{environment.account}:parameter{name}"

    read = (arn(entry.stack, field) for entry in stack.reads for field in entry.fields)
    return ContractObjects(arn(stack.name, "*"), tuple(sorted(read)))


def contract_statements(objects: ContractObjects, *, write: bool) -> list[dict[str, object]]:
    """The statements of a plan identity (`write=False`) or an apply identity."""
    # `GetParameters` is what the provider reads its own with
    readable = ["ssm:GetParameter", "ssm:GetParameters"]
    result = [
        statement("ContractOwn", [*readable, "ssm:ListTagsForResource"], [objects.own]),
        # takes no resource: names and descriptions, never a value
        statement("ContractList", ["ssm:DescribeParameters"], ["*"]),
    ]
    if objects.read:
        result.append(statement("ContractRead", readable, list(objects.read)))
    if write:
        changes = ["PutParameter", "DeleteParameter", "AddTagsToResource", "RemoveTagsFromResource"]
        result.append(statement("ContractPublish", [f"ssm:{change}" for change in changes], [objects.own]))
    return result
