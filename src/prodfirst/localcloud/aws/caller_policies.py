"""Whether a caller's own policies allow an action of a service that the API behind does not have."""

from __future__ import annotations


def may(key: str, account: str, action: str, resource: str, region: str) -> bool:
    """The decision of the API's own evaluator, over the policies of whoever the access key stands for."""
    from ministack.core.iam_evaluator import AuthError, EvalContext, evaluate, resolve_principal

    principal = resolve_principal(key, account)
    if isinstance(principal, AuthError):
        return False
    if principal.policies is None:
        return True
    asked = EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=region,
        principal_keys=principal.keys,
    )
    return bool(evaluate(asked, principal.policies, *principal.limits).decision == "Allow")
