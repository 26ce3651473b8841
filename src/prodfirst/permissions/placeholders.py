"""Texts that hold in every environment: an environment's own facts replaced by placeholders, and back.

A program is run under one environment's real values, and what comes out names them: `acme-staging-data`.
Filling a text in again with the facts of the same environment gives back the same text, whatever else the
environment's name happens to mean; so nothing is guessed that is not checked (`abstract` raises otherwise).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What differs between environments of one estate."""

    environment: str
    account: str
    region: str

    def abstract(self, text: str) -> str:
        """`text` with the environment's values replaced; ones inside other words stay."""
        if "${" in text:
            raise ValueError(f"`{text}` holds a placeholder already")
        result = text.replace(self.account, "${account}")
        result = _word(self.region, digits=False).sub("${region}", result)
        return _word(self.environment, digits=True).sub("${environment}", result)

    def fill(self, text: str) -> str:
        """The inverse of `abstract`."""
        values = {"environment": self.environment, "account": self.account, "region": self.region}
        return re.sub(r"\$\{(environment|account|region)\}", lambda found: values[found[1]], text)


def _word(word: str, *, digits: bool) -> re.Pattern[str]:
    """`word` as a part of a name; a region may be followed by the letter of a zone."""
    after = r"(?![A-Za-z0-9])" if digits else r"(?![0-9])"
    return re.compile(rf"(?<![A-Za-z0-9{{]){re.escape(word)}{after}")
