"""The `h2h` command: a table of verbs, each in a module that is imported only when it is called.

Start-up time is a feature (`h2h --version` stays under 0.3 s): nothing heavier than click is imported here.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from h2h import __version__

# verb → (module in h2h.cli, attribute, one line of help). One module holds one group of verbs.
VERBS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "The main job on sample files against a simulated bank, in a fresh directory."),
    "run": ("run", "run", "The daemon: watch, convert, seal, send, fetch, deliver, until told to stop."),
    "once": ("run", "once", "One pass over all that is due, then exit."),
    "check": ("check", "check", "Prove configuration, folders, keys and schemas."),
    "status": ("status", "status", "What is where, and what waits for a person."),
    "explain": ("explain", "explain", "The life of one file, message or payment, in plain words."),
    "identify": ("inspect", "identify", "Which format a file has."),
    "inspect": ("inspect", "inspect", "What a file says."),
    "validate": ("inspect", "validate", "Whether a file is sound."),
    "convert": ("convert", "convert", "Convert a file through the canonical model."),
    "resolve": ("decide", "resolve", "Settle a doubt: the bank has it, or has it not."),
    "release": ("decide", "release", "Let a held submission go on."),
    "hold": ("decide", "hold", "Stop a submission before it is sent."),
    "cancel": ("decide", "cancel", "Give up a submission that was not sent."),
    "take-over": ("decide", "take_over", "A person sends it another way; h2h never will."),
    "attention": ("attention", "attention", "What waits for a person; close an item with a reason."),
    "bank": ("bank", "bank", "Try a bank's server, or be a bank."),
    "journal": ("journal", "journal", "Verify the journal and the ledger against each other."),
    "reason": ("reason", "reason", "What a bank's reason code means and who acts."),
    "schema": ("schema", "schema", "List schemas; add one that a bank handed out."),
    "format": ("format", "format_", "List formats; prove a format folder."),
    "completion": ("completion", "completion", "Print the shell completion script."),
}


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
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as problem:
            from h2h.cli import common

            if not common.foreseen(problem):
                raise
            common.tell(problem)
            ctx.exit(1)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The table's own line, so that `h2h --help` imports no verb.
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in VERBS.items()])

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
