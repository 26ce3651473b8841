"""`prodfirst completion`."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    Examples:
      eval "$(prodfirst completion bash)"
      prodfirst completion fish > ~/.config/fish/completions/prodfirst.fish
    """
    from click.shell_completion import get_completion_class

    from prodfirst.cli.main import root

    if (found := get_completion_class(shell)) is not None:
        click.echo(found(root, {}, "prodfirst", "_PRODFIRST_COMPLETE").source())
