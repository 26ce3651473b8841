"""The `prodfirst` command: finds the named command, and turns what goes wrong into text and an exit code.

Nothing heavy is imported here: `--help` must start in under 150 ms.
"""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from prodfirst.kernel.errors import ExitCode, ProdfirstError

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "validate": ("The estate", "Check prodfirst.yaml; every error at once."),
    "schema": ("The estate", "Print the JSON Schema of prodfirst.yaml for editors."),
    "graph": ("The estate", "Show layers, stacks and what reads what."),
    "bootstrap": ("Run", "Make what an environment needs before its first plan."),
    "plan": ("Run", "Show what would change, and save it for approval."),
    "apply": ("Run", "Carry out an approved plan, and no more than it."),
    "destroy": ("Run", "Plan the removal of deployments, and apply it."),
    "drift": ("Run", "Find what the cloud says that the state does not."),
    "status": ("Run", "Show what is deployed."),
    "outputs": ("Run", "Show the outputs of a deployment; secrets masked."),
    "local": ("This machine", "The local cloud: up, down, status, env, exec, logs."),
    "demo": ("This machine", "Run the whole job on the example estate, locally."),
    "completion": ("This machine", "Print the shell completion script."),
}
"""Name → (section of the help, one line)."""

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
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in _COMMANDS:
            near = difflib.get_close_matches(name, _COMMANDS, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else "; see `prodfirst --help`"
            raise click.UsageError(f"no command `{name}`{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in dict.fromkeys(section for section, _ in _COMMANDS.values()):
            rows = [(name, text) for name, (where, text) in _COMMANDS.items() if where == section]
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(cls=_Lazy, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prodfirst", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, envvar="PRODFIRST_DEBUG", help="Show tracebacks.")
@click.pass_context
def root(ctx: click.Context, debug: bool) -> None:
    """Run a team's production by architecture: plan, guard, apply and prove it."""
    ctx.obj = debug


def main() -> None:
    """The entry point: runs a command and exits with a code of DESIGN.md section 7."""
    arguments = sys.argv[1:]
    try:
        code = root.main(args=arguments, prog_name="prodfirst", standalone_mode=False)
        sys.stdout.flush()
    except ProdfirstError as error:
        _fail_if_debugging(arguments)
        _report(error, as_json="--json" in arguments)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = ExitCode.FAILURE
    except BrokenPipeError:
        # the reader has gone, as with `| head`; the interpreter must not complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.CLEAN
    except Exception as error:  # noqa: BLE001 - the last boundary: no traceback for a user
        _fail_if_debugging(arguments)
        click.echo(f"error: {type(error).__name__}: {error}", err=True)
        click.echo(
            "  next: this is a defect of prodfirst; run again with `prodfirst --debug …` and report it",
            err=True,
        )
        code = ExitCode.FAILURE
    sys.exit(code if isinstance(code, int) else ExitCode.CLEAN)


def _fail_if_debugging(arguments: list[str]) -> None:
    if "--debug" in arguments or os.environ.get("PRODFIRST_DEBUG"):
        raise


def _report(error: ProdfirstError, *, as_json: bool) -> None:
    if not as_json:
        for problem in error.problems:
            click.echo(f"{click.style('error', fg='red', bold=True)}: {problem}", err=True)
        return
    import json

    problems: list[dict[str, Any]] = [
        {"what": item.what, "where": str(item.where or ""), "why": item.why, "next": item.fix}
        for item in error.problems
    ]
    click.echo(json.dumps({"prodfirst": "error", "version": 1, "problems": problems}, indent=2))


if __name__ == "__main__":
    main()
