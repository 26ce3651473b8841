"""Findings, for people: what several say alike is said once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.text import Text

from prodfirst.kernel.findings import Finding, Severity
from prodfirst.rendering.plain import paragraph, printable

_STYLES = {Severity.MANDATORY: "bold red", Severity.ADVISORY: "yellow"}


def findings_text(findings: Iterable[Finding], out: Console) -> None:
    """Print findings: the rule, then each thing it found and where, then why and what to do."""
    for (rule, severity, why, fix), group in groupby(findings, key=_reason):
        out.print(Text(f"  ! {printable(rule)} ({severity})", style=_STYLES[severity]))
        for finding in group:
            for row in paragraph(_located(finding), width=out.width, first="      ", rest="        "):
                out.print(Text(row))
        for label, text in (("why", why), ("next", fix)):
            for row in paragraph(text, width=out.width, first=f"      {label}: ", rest="        "):
                out.print(Text(row, style="dim"))


def _reason(finding: Finding) -> tuple[str, Severity, str, str]:
    return finding.rule, finding.severity, finding.why, finding.fix


def _located(finding: Finding) -> str:
    """A URN says nothing to people that the finding itself does not say."""
    where = str(finding.where or "")
    return finding.what if not where or where.startswith("urn:") else f"{where}: {finding.what}"
