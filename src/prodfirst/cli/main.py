"""The `prodfirst` command: finds the named command and imports it, and nothing else.

Nothing heavy is imported here: `--help` must start in under 150 ms.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from itertools import takewhile
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from prodfirst.cli import boundary

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("Begin", "Write an estate, from what is here or from an example."),
    "doctor": ("Begin", "Say what is missing on this machine, and how to get it."),
    "demo": ("Begin", "Run the whole job on the example estate, locally."),
    "validate": ("The estate", "Check prodfirst.yaml; every error at once."),
    "schema": ("The estate", "Print the JSON Schema of prodfirst.yaml, for editors."),
    "graph": ("The estate", "Show layers, stacks and what reads what."),
    "permissions": ("The estate", "Lock files of exact permissions: sync, check, show, record."),
    "bootstrap": ("Run", "Make what an environment needs before its first plan."),
    "plan": ("Run", "Show what would change, and save it for approval."),
    "apply": ("Run", "Carry out an approved plan, and no more than it."),
    "destroy": ("Run", "Plan the removal of deployments, and apply it."),
    "isolation": ("Run", "Try every other stack's things from each identity."),
    "drift": ("Run", "Find what the cloud says that the state does not."),
    "status": ("Run", "Show what is deployed."),
    "outputs": ("Run", "Show the outputs of a deployment; secrets masked."),
    "local": ("This machine", "The local cloud: up, down, status, reset, env, exec, logs."),
    "completion": ("This machine", "Print the shell completion script."),
}
"""Name → (section of the help, one line). The command is `prodfirst.cli.NAME:NAME`."""

_NAME = "prodfirst"
_COMPLETE = "_PRODFIRST_COMPLETE"
"""What click's completion scripts set."""
_EPILOG = "Exit codes: 0 clean, 1 findings, 2 usage or invalid estate, 3 failure."


class _Lazy(click.Group):
    """A group that imports a command's module when the command is used, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"prodfirst.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            # click looks for near names among the commands that are imported, which are none
            raise click.NoSuchCommand(error.command_name, possibilities=_COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in dict.fromkeys(section for section, _ in _COMMANDS.values()):
            rows = [(name, text) for name, (where, text) in _COMMANDS.items() if where == section]
            with formatter.section(section):
                formatter.write_dl(rows, col_max=14)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=text)
            for name, (_, text) in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=_Lazy, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prodfirst", message="%(prog)s %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    envvar="PRODFIRST_DEBUG",
    show_envvar=True,
    expose_value=False,
    help="Show tracebacks of errors.",
)
def root() -> None:
    """Run a team's production by architecture: plan, guard, apply and prove it.

    \b
    Examples:
      prodfirst demo
      prodfirst plan --out plan.json
      prodfirst apply plan.json
    """


def main() -> NoReturn:
    """The entry point."""
    _print_what_can_be_printed()
    _end_gently()
    arguments = sys.argv[1:]
    code = boundary.run(
        lambda: _invoke(arguments),
        as_json="--json" in takewhile(lambda word: word != "--", arguments),
        debug=_debugging(arguments),
    )
    sys.exit(code)


def _invoke(arguments: list[str]) -> object:
    """What `root.main` does, which would end with 1, our word for findings, when the reader has gone."""
    if instruction := os.environ.get(_COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, _NAME, _COMPLETE, instruction)
    try:
        with root.make_context(_NAME, list(arguments)) as ctx:
            return root.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code


def _debugging(arguments: list[str]) -> bool:
    """As click reads it, which may not get as far as to tell."""
    if "--debug" in takewhile(lambda word: word.startswith("-"), arguments):
        return True
    return os.environ.get("PRODFIRST_DEBUG", "").lower() not in ("", "0", "false", "f", "no", "n", "off")


def _print_what_can_be_printed() -> None:
    """A terminal that lacks a character gets another one, not an exception."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _end_gently() -> None:
    """A CI system that cancels, or a terminal that closes, stops a run as Ctrl-C does: state is saved."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
