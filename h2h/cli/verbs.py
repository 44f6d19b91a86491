"""A group of commands whose help tells the whole first sentence of each, and does not break off in it."""

from __future__ import annotations

import click


class Verbs(click.Group):
    """``click.Group`` cuts what a command does to what fits in one line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(limit=1000)) for name, one in commands if one is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
