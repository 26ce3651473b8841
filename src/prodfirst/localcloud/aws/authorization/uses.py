"""Every use of an action that a call stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from prodfirst.localcloud.aws.authorization import ec2, iam, kms, named, passing, s3, sts
from prodfirst.localcloud.aws.authorization.calls import Call, Use

_SERVICES: Mapping[str, Callable[[Call], Iterator[Use]]] = {
    "ec2": ec2.of,
    "eks": named.eks,
    "eks-auth": named.eks_auth,
    "events": named.events,
    "iam": iam.of,
    "kms": kms.of,
    "logs": named.logs,
    "rds": named.rds,
    "s3": s3.of,
    "secretsmanager": named.secretsmanager,
    "sns": named.sns,
    "ssm": named.ssm,
    "sts": sts.of,
}


def of(call: Call) -> tuple[Use, ...]:
    """All uses, in the order in which they are asked for; at least one."""
    return tuple(chain(_SERVICES[call.service](call), passing.of(call)))


def needs_none(call: Call) -> bool:
    """Whether AWS lets everybody make the call, whatever their policies are."""
    return call.service == "sts" and call.operation in sts.OPEN
