"""How an engine run failed, in words that say what to do.

The engine tells by exit code only that a stack is missing or a run was cancelled; the rest is in its text, so
the phrases below are its own (v3.259.0, `grep` them in its source).
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

from prodfirst.adapters.pulumi.events import Diagnostic, Failed, Severity
from prodfirst.adapters.pulumi.pointing import argument
from prodfirst.adapters.pulumi.running import Ended, EngineRun
from prodfirst.adapters.pulumi.stepping import ROOT_TYPE, Sources
from prodfirst.adapters.pulumi.stopping import Ending
from prodfirst.kernel.errors import Failure, Position, Problem, ProdfirstError
from prodfirst.resources.graph import Urn, urn_name, urn_type

STACK_NOT_FOUND = 6
"""Exit code of the CLI: `cmd/pulumi/cmd/exit_codes.go`."""
_LONGEST_REASON = 4000
_NOT_COME_TO = re.compile(r"expected resource operations for .* but none were seen")
EXPIRED = r"ExpiredToken\b|ExpiredTokenException|security token included in the request is expired"
"""AWS's codes and words (IAM User Guide, troubleshooting; S3 API reference, error responses)."""
EXPIRED_FIX = (
    "run `prodfirst plan` and apply again: what was done is recorded, or is found again in the cloud; where "
    "a run is longer than its credentials live, split the stack"
)
_REFUSED_INPUT = re.compile(r"property (?P<path>\S+) value [\s\S]* has a problem: (?P<reason>[\s\S]*)")
"""Of a failed Check: `go/common/diag/errors.go`, 2003. The value stands in it too, and is left out."""


class StackMissing(Failure):
    """The deployment has no state yet."""


class Stopped(Failure):
    """The user asked to stop before anything was begun."""


def problems_of(ended: Ended, run: EngineRun, sources: Sources) -> tuple[Problem, ...]:
    """What went wrong; empty if nothing did."""
    if ended.ending is Ending.TIMED_OUT:
        return (_timed_out(ended, run),)
    if ended.ending is Ending.STOPPED:
        return (Problem("stopped on request", run.stack, fix="run the same command again to go on"),)
    if ended.code == 0 and ended.host.failure is None and ended.host.refusal is None:
        return ()
    if ended.host.refusal is not None:
        return ended.host.refusal.problems
    if (problem := _program(ended, run)) is not None:
        return (problem,)
    known = _meaning(_without_consequences(ended), run)
    return (known,) if known else _of_resources(ended, run, sources) or (engine_problem(ended, run),)


def error_of(ended: Ended, problems: tuple[Problem, ...]) -> ProdfirstError:
    """The error to raise for them: the caller's own refusal comes back as it was raised."""
    if ended.host.refusal is not None:
        return ended.host.refusal
    if ended.ending is Ending.STOPPED:
        return Stopped(*problems)
    return StackMissing(*problems) if ended.code == STACK_NOT_FOUND else Failure(*problems)


def _of_resources(ended: Ended, run: EngineRun, sources: Sources) -> tuple[Problem, ...]:
    """One problem for each input that a provider does not accept, and for each resource that failed."""
    found: dict[Urn, list[str]] = {}
    for event in ended.events:
        named = isinstance(event, Diagnostic) and event.severity is Severity.ERROR and event.urn
        if named and isinstance(event, Diagnostic) and event.urn and urn_type(event.urn) != ROOT_TYPE:
            found.setdefault(event.urn, []).append(event.message)
    return tuple(
        problem
        for urn, messages in found.items()
        for problem in _of_resource(urn, tuple(dict.fromkeys(messages)), run, sources.get(urn))
    )


def _of_resource(
    urn: Urn, messages: tuple[str, ...], run: EngineRun, where: Position | None
) -> Iterator[Problem]:
    name = f"`{urn_name(urn)}` ({urn_type(urn)})"
    refused = {text: found for text in messages if (found := _REFUSED_INPUT.search(text))}
    for found in refused.values():
        path, reason = found["path"], found["reason"].strip()
        line = where and argument(run.root, where, urn_type(urn).rpartition(":")[2], path)
        yield Problem(f"`{path}` of {name} is not accepted", line or urn, reason, "correct it in the program")
    if rest := [text for text in messages if text not in refused]:
        yield Problem(f"{name} failed", where or urn, "\n".join(rest))


def text_of(ended: Ended) -> str:
    """All that the engine complained about."""
    errors = (
        event.message
        for event in ended.events
        if isinstance(event, Diagnostic) and event.severity is Severity.ERROR
    )
    return "\n".join([*dict.fromkeys(errors), ended.errors]).strip()


def _without_consequences(ended: Ended) -> str:
    """After a failed step the engine also lists every planned step that it did not come to."""
    text = text_of(ended)
    if not any(isinstance(event, Failed) for event in ended.events):
        return text
    return "\n".join(line for line in text.splitlines() if not _NOT_COME_TO.search(line))


def _timed_out(ended: Ended, run: EngineRun) -> Problem:
    running = ended.host.asked and not ended.host.finished
    return Problem(
        what=f"the run of `{run.project}/{run.stack}` took longer than {run.timeout:g} s and was ended",
        where=str(run.program),
        why="the program had not ended" if running else "the engine had not ended",
        fix="look for a loop or a wait in the program, or raise the timeout",
    )


def _program(ended: Ended, run: EngineRun) -> Problem | None:
    failure, where = ended.host.failure, str(run.program)
    if failure is not None and failure.how == "raised":
        return Problem(f"the program of `{run.project}` failed", where, why=failure.text)
    if failure is not None and failure.how == "exited":
        fix = "let the program end by itself, or raise an error"
        return Problem(f"the program of `{run.project}` ended itself early", where, failure.text, fix)
    if ended.host.asked and not ended.host.finished and ended.host_code is not None:
        return Problem(
            what=f"the process of `{run.project}`'s program ended before the program did",
            where=where,
            why=_how_it_ended(ended.host_code) + _tail(ended.output),
            fix="do not call `os._exit`, and look at what the program loads",
        )
    return None


def _how_it_ended(code: int) -> str:
    return f"it was killed by {signal.Signals(-code).name}" if code < 0 else f"it exited with code {code}"


def _tail(output: str) -> str:
    return f"; its last output:\n{output.strip()[-1000:]}" if output.strip() else ""


def engine_problem(ended: Ended, run: EngineRun) -> Problem:
    """A failure that names no resource."""
    return described(ended.code, text_of(ended), run)


def described(code: int, text: str, run: EngineRun) -> Problem:
    """What the exit code and text of any engine command mean; its own words are kept as the reason."""
    deployment = f"{run.project}/{run.stack}"
    if code == STACK_NOT_FOUND:
        return Problem(f"`{deployment}` has no state in this backend", run.backend_url, fix="apply it first")
    what = f"the engine could not finish `{deployment}`"
    if code < 0:
        fix = "run the same command again: it finds out what became of the steps that were in flight"
        return Problem(
            f"the engine was ended while it worked on `{deployment}`",
            run.backend_url,
            _how_it_ended(code),
            fix,
        )
    reason = text.removeprefix("error: ")[-_LONGEST_REASON:]
    return _meaning(text, run) or Problem(what, run.backend_url, reason or f"exit code {code}")


def _meaning(text: str, run: EngineRun) -> Problem | None:
    deployment = f"{run.project}/{run.stack}"
    reason = text.removeprefix("error: ")[-_LONGEST_REASON:]
    for pattern, what, fix in _MEANINGS:
        if (found := re.search(pattern, text)) is not None:
            named = {key: value or "" for key, value in found.groupdict().items()}
            return Problem(what.format(deployment=deployment, **named), run.backend_url, reason, fix)
    return None


_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        EXPIRED,
        "the credentials of this run of `{deployment}` expired before it had ended",
        EXPIRED_FIX,
    ),
    (
        r"currently locked by[\s\S]*created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<when>\S+)",
        "`{deployment}` is locked by {who} (process {pid}) since {when}",
        "wait for that run to end; if it was killed, remove its lock with `pulumi cancel`",
    ),
    (
        r"incorrect passphrase",
        "the passphrase does not open the secrets of `{deployment}`",
        "set `PULUMI_CONFIG_PASSPHRASE` to the passphrase that the stack was made with",
    ),
    (
        r"passphrase must be set",
        "there is no passphrase for the secrets of `{deployment}`",
        "set `PULUMI_CONFIG_PASSPHRASE` or `PULUMI_CONFIG_PASSPHRASE_FILE`",
    ),
    (
        r"secrets \(code=(PermissionDenied|Unauthenticated)\)|kms:\w+|AccessDenied[\s\S]*KMS",
        "the secrets key of `{deployment}` refuses this identity",
        "give the identity `kms:Decrypt` on the key, or use the identity of this deployment",
    ),
    (
        r"message authentication failed|decrypting secret value|InvalidCiphertext",
        "a secret of `{deployment}` was made under another key",
        "use the config file and key that the deployment was made with; make the plan again",
    ),
    (
        r"violates plan|not allowed by the plan|expected resource operations",
        "the engine stopped `{deployment}`: it would have left the admitted plan",
        "make a new plan and have it approved",
    ),
    (
        r"no space left on device|(?i:ENOSPC)",
        "the disk is full",
        "make room and run the same command again; what was done is in the state",
    ),
    (
        r"could not deserialize|failed to load checkpoint|invalid character|unexpected end of JSON"
        r"|snapshot integrity|unsupported version|checkpoint.*(corrupt|invalid)",
        "the checkpoint of `{deployment}` cannot be read",
        "restore it from `.pulumi/backups` or the bucket's earlier version, then plan again",
    ),
    (
        r"no resource plugin|could not find plugin|plugin .* not found|failed to load plugin",
        "a provider plugin that `{deployment}` needs is not installed",
        "install it with `pulumi plugin install resource NAME VERSION`",
    ),
    (
        r"pending operations",
        "`{deployment}` has operations that were cut off, and nobody knows how they ended",
        "find out in the cloud what became of them, then clear or import them",
    ),
    (
        r"\[409\]|another update is currently in progress",
        "another run is changing `{deployment}`",
        "wait for it to end",
    ),
)
"""Pattern in the engine's text, what it means, what to do."""
