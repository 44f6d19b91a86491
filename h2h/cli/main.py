"""The `h2h` command: a table of verbs, each in a module that is imported only when it is called.

Start-up time is a feature (`h2h --version` stays under 0.3 s): nothing heavier than click is imported here.
"""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

import click

from h2h import __version__

# verb → (module in h2h.cli, attribute, one line of help). One module holds one group of verbs.
VERBS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "See the main job, on sample files and a simulated bank."),
    "run": ("run", "run", "The daemon: send, fetch, deliver, until told to stop."),
    "once": ("run", "once", "One pass over all that is due, then exit."),
    "status": ("status", "status", "What needs a person, what is where, where the money is."),
    "explain": ("explain", "explain", "The life of one file, message or payment, in words."),
    "attention": ("attention", "attention", "What waits for a person; close an item with a reason."),
    "resolve": ("decide", "resolve", "Settle a doubt: the bank has it, or has it not."),
    "release": ("decide", "release", "Let a held submission go on."),
    "hold": ("decide", "hold", "Stop a submission before it is sent."),
    "cancel": ("decide", "cancel", "Give up a submission that was not sent."),
    "recall": ("ask", "recall", "Call payments back that the bank has."),
    "ask": ("ask", "ask", "Ask a bank for a statement or a report."),
    "take-over": ("decide", "take_over", "A person sends it another way; h2h never will."),
    "reread": ("reread", "reread", "Take a bank's file that was set aside again."),
    "identify": ("inspect", "identify", "Which format a file has."),
    "inspect": ("inspect", "inspect", "What a file says."),
    "validate": ("inspect", "validate", "Whether a file is sound."),
    "convert": ("convert", "convert", "Convert a file through the canonical model."),
    "diff": ("diff", "diff", "Two files in terms of payments, not of bytes."),
    "reason": ("reason", "reason", "What a bank's reason code means and who acts."),
    "check": ("check", "check", "Prove configuration, folders, keys and schemas."),
    "bank": ("bank", "bank", "Try a bank's server, or be a bank."),
    "journal": ("journal", "journal", "Verify journal and ledger against each other."),
    "schema": ("schema", "schema", "List schemas; add one that a bank handed out."),
    "format": ("format", "format_", "List formats; prove a format folder."),
    "torture": ("torture", "torture", "Make everything go wrong, from a seed; replay what is found."),
    "completion": ("completion", "completion", "Print the shell completion script."),
}
# Heading of `h2h --help` → the verb that it begins with.
SECTIONS = {"demo": "Work", "status": "Know", "resolve": "Decide", "identify": "Files", "check": "Set up"}


class _Verbs(click.Group):
    """A group that knows the names of its commands and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, attribute, _ = VERBS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"h2h.cli.{module}"), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """The one place where an error that was foreseen becomes words and exit status 1."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A file's name may hold what the terminal cannot show; that must not end the command.
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as problem:
            from h2h.cli.errors import foreseen, tell

            if not foreseen(problem):
                raise
            tell(problem)
            ctx.exit(1)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The table's own line, so that `h2h --help` imports no verb.
        sections: dict[str, list[tuple[str, str]]] = {}
        heading = ""
        width = max(map(len, VERBS))
        for name, (_, _, text) in VERBS.items():
            heading = SECTIONS.get(name, heading)
            sections.setdefault(heading, []).append((name.ljust(width), text))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as problem:
            if problem.option_name in ("-c", "--config"):
                ctx.fail("-c stands behind the verb: h2h status -c FILE")
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="h2h")
def main() -> None:
    """h2h: a payment file travels to its bank once, and what became of it comes home."""
