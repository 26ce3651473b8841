"""Taking on a role, with words for what is in the way."""

from __future__ import annotations

from botocore.exceptions import ClientError

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.aws.state_store import error_code
from prodfirst.adapters.ci_token import IdToken
from prodfirst.kernel.errors import Failure, Problem


def by_token(access: AwsAccess, role: str, session: str, token: IdToken, seconds: int) -> AwsAccess:
    """Access under `role` by a CI job's token. Raises Failure where AWS refuses it."""
    try:
        return access.with_token(role, session, token.text, seconds)
    except ClientError as error:
        raise _failure(role, f"a CI job with the subject `{token.subject}`", error) from error


OPERATOR = "your own AWS credentials"


def by_credentials(access: AwsAccess, role: str, who: str, session: str, seconds: int) -> AwsAccess:
    """Access under `role` with the credentials of `access`: those of `who`. Raises Failure if refused."""
    try:
        return access.assume(role, session, seconds)
    except ClientError as error:
        raise _failure(role, who, error) from error


_NEXT = {
    "AccessDenied": "if the environment is new, bootstrap it and apply its identity stack; otherwise see "
    "with `prodfirst drift` whether the role is still there and as declared, and run the job in the CI "
    "environment that the role trusts",
    "InvalidIdentityToken": "see that the account has the CI system's identity provider with this audience",
    "ExpiredTokenException": "run the job again: its token was too old",
    "IDPRejectedClaim": "run the job again: the one that the token was made for has ended",
}


def _failure(role: str, who: str, error: ClientError) -> Failure:
    code = error_code(error)
    name = role.rpartition("/")[2]
    why = f"{code}: {error.response.get('Error', {}).get('Message', '')}"
    return Failure(Problem(f"{who} may not take on `{name}`", role, why, _NEXT.get(code, "")))
