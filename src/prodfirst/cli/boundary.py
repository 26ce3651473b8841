"""Where every error of a command ends: as text or JSON, and as an exit code of DESIGN.md section 7."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable
from typing import TextIO

import click
from click.exceptions import NoArgsIsHelpError, NoSuchOption

from prodfirst.kernel.errors import ExitCode, Failure, InvalidInput, Problem, ProdfirstError
from prodfirst.kernel.extras import EXTRAS, bringing, install

_HINT = re.compile(r"\. (Did you mean .*)", re.DOTALL)
"""How click ends its message where a name is nearly right."""


def run(command: Callable[[], object], *, as_json: bool, debug: bool) -> int:
    """Run `command` and return the exit code; nothing but `SystemExit` gets out."""
    code = _reported(command, as_json=as_json, debug=debug)
    # what cannot be written now would end the interpreter with a code of its own
    unwritten = [stream for stream in (sys.stdout, sys.stderr) if not _flushed(stream)]
    return ExitCode.FAILURE if unwritten else code


def _reported(command: Callable[[], object], *, as_json: bool, debug: bool) -> int:
    try:
        try:
            code = command()
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except NoArgsIsHelpError as error:
            error.show()
            return ExitCode.USAGE
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last boundary: told, never lost
            return _report(error, as_json=as_json, debug=debug)
    except BrokenPipeError:
        # the reader has gone, as with `| head`; what it did not see must not pass for clean
        return ExitCode.FAILURE
    return code if isinstance(code, int) else ExitCode.CLEAN


def _report(error: BaseException, *, as_json: bool, debug: bool) -> int:
    from prodfirst.rendering.problems import problems_json, problems_text

    if debug:
        traceback.print_exception(error)
    shown = as_error(error)
    if as_json:
        click.echo(problems_json(shown))
    else:
        click.echo(problems_text(shown, colour=_coloured(sys.stderr), width=_width(sys.stderr)), err=True)
    return shown.exit_code


def as_error(error: BaseException) -> ProdfirstError:
    """Whatever was raised, in the words of an error of ours."""
    match error:
        case ProdfirstError():
            return error
        case click.ClickException():
            return _usage(error)
        case click.Abort() | KeyboardInterrupt():
            return Failure(Problem("interrupted", fix="run the same command again to go on"))
        case ModuleNotFoundError() if error.name and (extras := bringing(error.name)):
            what = f"the module `{error.name}` is not installed"
            return Failure(
                Problem(what, why=f"it is for {EXTRAS[extras[0]].wanted_for}", fix=install(*extras))
            )
        case OSError() if error.errno is not None:
            what = (error.strerror or str(error)).lower()
            return Failure(Problem(what, where=str(error.filename) if error.filename else None))
    first = next(iter(str(error).splitlines()), "")
    return Failure(
        Problem(
            f"unexpected {type(error).__name__}: {first}",
            why="this is a defect of prodfirst",
            fix="run again as `prodfirst --debug …` and report what it prints",
        )
    )


def _usage(error: click.ClickException) -> InvalidInput:
    """Click's message in our style: lower case, the user's words in backticks."""
    message = re.sub(r"'([^']+)'", r"`\1`", error.format_message()).rstrip(".")
    hint = _HINT.search(message)
    what = message[: hint.start()] if hint else message
    context = error.ctx if isinstance(error, click.UsageError) else None
    fix = f"see `{context.command_path if context else 'prodfirst'} --help`"
    if isinstance(error, NoSuchOption) and error.option_name == "--debug" and context:
        fix = f"it comes first: `{context.command_path.replace(' ', ' --debug ', 1)} …`"
    elif isinstance(error, NoSuchOption) and context and context.parent is None:
        fix = f"options of a command come after it; {fix}"
    elif hint:
        fix = hint[1][0].lower() + hint[1][1:]
    what = re.sub(r"(?:^|(?<=`: ))[A-Z]", lambda found: found[0].lower(), what)
    return InvalidInput(Problem(what, fix=fix))


def _coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width(stream: TextIO) -> int | None:
    """Columns of a terminal, or what `COLUMNS` says; None elsewhere: in a log a line can be searched for."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    return (os.get_terminal_size(stream.fileno()).columns or None) if stream.isatty() else None


def _flushed(stream: TextIO) -> bool:
    """Whether all of `stream` is written; where it cannot be, the rest goes nowhere."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True
