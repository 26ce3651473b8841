"""Commands that have commands of their own."""

from __future__ import annotations

import click


class InOrder(click.Group):
    """Lists its commands in the order of their definition: that of their use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)
