"""Who deployed what, and proofs in pairs, for people."""

from __future__ import annotations

import re
import time

from rich.console import Console
from rich.text import Text

from prodfirst.access.proofs import Deployer, Proof, ProofCall
from prodfirst.rendering.plain import printable

_PLACE = re.compile(r"arn:aws:iam::[0-9]+:policy/(?:[^/` ]+/)*")
"""What stands before the name of a policy."""
_DIGEST = len("sha256:") + 12


def deployers_text(found: tuple[Deployer, ...], out: Console) -> None:
    """Each deployment with who wrote its state."""
    for item in found:
        line = Text(f"{printable(item.deployment):<18} ", style="" if item.own else "bold red")
        out.print(line.append(printable(item.principal)))
        moment = time.strftime("%H:%M:%S", time.localtime(item.written))
        for label, value in (
            ("opened by", item.subject or "no CI job"),
            ("plan", item.plan[:_DIGEST] or "not in the journal"),
            ("calls", f"{item.calls} allowed, {item.refused} refused; state written {moment}"),
            ("audit", item.audit),
        ):
            out.print(Text(f"    {label:<10} {printable(value)}", style="dim"))


def proofs_text(proofs: tuple[Proof, ...], out: Console) -> None:
    """Each claim with its calls, and what decided them."""
    for proof in proofs:
        first = proof.calls[0]
        out.print(Text(printable(proof.claim), style="" if proof.holds else "bold red"))
        where = f", in cluster {printable(first.cluster)}" if first.cluster else ""
        out.print(Text(f"    {printable(first.action)} on {printable(first.resource)}{where}", style="dim"))
        for call in proof.calls:
            _call(call, out)


def _call(call: ProofCall, out: Console) -> None:
    word = "allowed" if call.allowed else "denied"
    if call.right:
        out.print(Text(f"    {word:<8} {printable(call.who)}", style="green" if call.allowed else "yellow"))
    else:
        must = "allowed" if call.expected else "denied"
        told = f"    {word.upper():<8} {printable(call.who)}, and must be {must} {printable(call.code)}"
        out.print(Text(told.rstrip(), style="bold red"))
    for told in (call.answer, call.reason, "" if call.statement in call.reason else call.statement):
        if told:
            out.print(Text(f"             {printable(_PLACE.sub('', told))}", style="dim"))
    out.print(Text(f"             audit {printable(call.audit)}", style="dim"))
