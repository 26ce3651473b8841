"""Second factors: the one-time code that comes with AssumeRole, proved against the caller's virtual device.

Source: IAM User Guide, "Secure API access with MFA": the context has `aws:MultiFactorAuthPresent` and
`aws:MultiFactorAuthAge`; a wrong code refuses the call, whatever the trust policy asks for, and a code
works once. The algorithm is RFC 6238 with AWS's values: SHA-1, 6 digits, 30 s, one step off allowed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

FRESH: Mapping[str, str] = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}
"""Context keys of a call that brings a factor along."""
STEP_SECONDS = 30
DIGITS = 6


class WrongFactor(Exception):
    """The code is not one of the caller's device, or was used before."""


class Factors:
    """Of one account."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._used: dict[str, int] = {}
        """Step of the last accepted code, by the device's serial number."""

    def check(self, given: Mapping[str, Any], seed: str | None) -> bool:
        """Whether a call's parameters prove a factor; `seed` is the named device's, where it is the caller's.

        Raises WrongFactor where they name one and do not prove it.
        """
        serial, code = given.get("SerialNumber"), given.get("TokenCode")
        if serial is None and code is None:
            return False
        if not isinstance(serial, str) or not isinstance(code, str) or seed is None:
            raise WrongFactor
        now = int(self._clock() // STEP_SECONDS)
        for step in (now - 1, now, now + 1):
            if step > self._used.get(serial, -1) and hmac.compare_digest(_code(seed, step), code):
                self._used[serial] = step
                return True
        raise WrongFactor


def _code(seed: str, step: int) -> str:
    try:
        key = base64.b32decode(seed)
    except binascii.Error as error:
        raise WrongFactor from error
    made: bytes = TOTP(key, DIGITS, SHA1(), STEP_SECONDS, enforce_key_length=False).generate(  # noqa: S303
        step * STEP_SECONDS
    )
    return made.decode()
