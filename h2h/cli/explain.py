"""`h2h explain`: the life of one file, message, payment or bank file in plain words, and who must act. Reads only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli import options
from h2h.cli.objects import print_json
from h2h.cli.site import Site, site_of
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from rich.console import Console

    from h2h.cli.telling import Story

#: Payments of a file that are listed for people; `--all` lists every one.
PAYMENTS_LISTED_MAX = 20


@click.command()
@click.argument("what")
@options.config_option
@options.json_option
@click.option("--all", "everything", is_flag=True, help="Every payment and every event, however many.")
@options.lang_option
def explain(what: str, config: Path, as_json: bool, everything: bool, lang: str) -> None:
    """Tell the story of WHAT, where it is now, who must act, and what to type next.

    WHAT is a submission's id (or its start), the ERP's file name, a message id, an end-to-end id, a UETR, the name of a
    file at the bank, or of a file the bank gave. Exit status 0; 1 if there is no such thing.
    """
    from h2h.cli.objects import story_object
    from h2h.cli.screen import console
    from h2h.cli.telling import tell_story
    from h2h.core.languages import words_of

    with site_of(config) as site:
        story = tell_story(site, what, words_of(lang))
        near = [] if story else _near(site, what)
    if story is None:
        if as_json:
            print_json({"what": what, "kind": None, "near": near})
        raise_unknown(config, what, near)
    elif as_json:
        print_json(story_object(story))
    else:
        _print(console(), story, everything=everything)


def raise_unknown(config: Path, what: str, near: list[str]) -> None:
    """Exit status 1, with what the person may have meant."""
    from h2h.core.errors import NotFound

    hint = f"{with_config('h2h status', config)} lists the last files"
    if near:
        hint = f"did you mean {near[0]}?" if len(near) == 1 else f"did you mean one of: {', '.join(near)}?"
    raise NotFound(f"h2h knows no file, message or payment '{what}'", hint=hint)


def _near(site: Site, what: str) -> list[str]:
    """Names that hold *what*, or look like it."""
    import difflib

    from h2h.adapters.journal.tally import names_in_use

    known = names_in_use(site.journal)
    folded = what.casefold()
    holding = [name for name in known if len(folded) >= 3 and folded in name.casefold()]
    by_folded = {name.casefold(): name for name in known}
    alike = [by_folded[name] for name in difflib.get_close_matches(folded, by_folded, n=5)]
    return list(dict.fromkeys([*holding, *alike]))[:5]


# ---------------------------------------------------------------------------------------------- for people


def _print(out: Console, story: Story, *, everything: bool) -> None:
    from h2h.cli.screen import grid, row, say, section

    words = story.words
    say(out, story.title, "strong")
    table = grid("!", "")
    for name, value in story.facts:
        if value:
            row(table, words.label(name), value)
    out.print(table)
    if story.others:
        section(out, words.label("Also known by this name"))
        for other in story.others:
            say(out, other, indent=2)
    section(out, f"{words.fixed['story']} ({story.zone})")
    _print_lines(out, story, everything=everything)
    _print_payments(out, story, everything=everything)
    if story.findings:
        section(out, f"{words.fixed['findings']}: {len(story.findings)}")
        for finding in story.findings if everything else story.findings[:PAYMENTS_LISTED_MAX]:
            say(out, finding, indent=2)
        _more(out, len(story.findings), everything)
    if story.artefacts:
        section(out, words.fixed["artefacts"])
        for path in story.artefacts:
            out.print(f"  {path}", soft_wrap=True)
    _print_present(out, story)


def _print_lines(out: Console, story: Story, *, everything: bool) -> None:
    from h2h.cli.screen import grid, local, row

    lines = [line for line in story.lines if everything or not line.minor]
    left_out = 0
    if len(lines) > 40 and not everything:  # a file that was tried for a day has hundreds of attempts
        left_out, lines = len(lines) - 40, [*lines[:10], *lines[-30:]]
    table = grid("!", "")
    for number, line in enumerate(lines):
        if left_out and number == 10:
            row(table, "…", (f"{left_out} more; --all tells them", "dim"))
        row(table, local(line.at), line.words)
        for more in line.more if everything else line.more[:5]:
            row(table, "", (f"- {more}", "dim"))
        if len(line.more) > 5 and not everything:
            row(table, "", (f"- {len(line.more) - 5} more; --all tells them", "dim"))
    out.print(table)


def _print_payments(out: Console, story: Story, *, everything: bool) -> None:
    from h2h.cli.screen import grid, masked, row, say, section

    if not story.payments:
        return
    label = story.words.label
    section(out, f"{story.words.fixed['payments']}: {', '.join(story.sums)}")
    if story.counts:
        say(out, ", ".join(f"{number} {label(outcome)}" for outcome, number in story.counts.items()), indent=2)
    listed = story.payments if everything else story.urgent_first()[:PAYMENTS_LISTED_MAX]
    names = [label(name) for name in ("end-to-end id", "payee", "outcome")]
    table = grid(f">!{label('no')}", names[0], f">!{label('amount')}", "!", *names[1:])
    for payment in listed:
        account = masked(payment.creditor_account)
        payee = f"{payment.creditor_name or ''} {account}".strip()
        outcome = label(payment.outcome) + (f" {payment.reason_code}" if payment.reason_code else "")
        amount = f"{payment.amount:f}"
        row(table, str(payment.ordinal), payment.end_to_end_id, amount, payment.currency, payee, outcome)
    out.print(table)
    _more(out, len(story.payments), everything)


def _more(out: Console, count: int, everything: bool) -> None:
    from h2h.cli.screen import say

    if count > PAYMENTS_LISTED_MAX and not everything:
        say(out, f"{count - PAYMENTS_LISTED_MAX} more; --all tells them", "dim", indent=2)


def _print_present(out: Console, story: Story) -> None:
    from h2h.cli.screen import command, say

    words, at = story.words, story.present
    out.print()
    state = f" [{story.state}]" if story.state else ""
    say(out, f"{words.fixed['now']}: {at.words}{state}", "strong")
    for hint in story.hints:
        say(out, hint)
    say(out, f"{words.fixed['must-act']}: {words.who_of(str(at.who_acts))}", "strong")
    if story.money:
        say(out, f"{words.fixed['money']}: {story.money}", "strong")
    if story.resend:
        say(out, f"{words.fixed['may-send-again']}: {story.resend}", "strong")
    say(out, f"{words.fixed['next-step']}: {at.step}", "strong")
    for text in at.commands:
        command(out, story.site.command(text), indent=4)
