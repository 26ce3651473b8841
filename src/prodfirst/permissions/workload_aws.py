"""What the pods of an application may do on AWS: read the secrets that its program refers to, no more.

A secret is told by the stack that publishes where it lies: by the name that this stack's things begin with,
or, where RDS made it and its name is generated, by the tag that says for which database.
"""

from __future__ import annotations

from collections.abc import Iterator

from prodfirst.estate.definition import Environment
from prodfirst.kernel.role_names import RoleNames
from prodfirst.permissions.grants import Conditions, Grant, Need, Reason, Slot, conditions
from prodfirst.resources.graph import Resource

APPLICATION = "prodfirst:kubernetes:Application"
"""The component whose inputs name secrets as (stack, field) (blueprints/kubernetes/application.py)."""
_ACTIONS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
_OF_DATABASE = "aws:ResourceTag/aws:rds:primaryDBClusterArn"
"""Amazon Aurora user guide, "Password management with Aurora and AWS Secrets Manager"."""
_SOURCE = "the secrets that the program names by contract"


def needs_of_workload(
    component: Resource, estate: str, environment: Environment, reads: frozenset[tuple[str, str]]
) -> Iterator[Need]:
    """What the pods need. `reads` are the (stack, field) that the estate lets the stack read."""
    listed = component.inputs.get("secrets")
    position = component.source[0] if component.source else None
    reason = Reason(component.type, component.name, Slot.READ, _SOURCE, position.file if position else "")
    for reference in listed if isinstance(listed, tuple) else ():
        stack, field = map(str, reference) if isinstance(reference, tuple) else ("", "")
        if (stack, field) in reads:
            for resource, limits in _secrets_of(stack, estate, environment):
                for action in _ACTIONS:
                    yield Need(Grant(action, resource, limits), reason, position)


def _secrets_of(stack: str, estate: str, environment: Environment) -> Iterator[tuple[str, Conditions]]:
    region, account = environment.region, environment.account
    prefix = RoleNames(estate, environment.name, account).prefix(stack)
    head = f"arn:aws:secretsmanager:{region}:{account}:secret:"
    database = f"arn:aws:rds:{region}:{account}:cluster:{prefix}-*"
    yield f"{head}{prefix}-*", ()
    yield f"{head}rds!cluster-*", conditions({"ArnLike": {_OF_DATABASE: database}})
