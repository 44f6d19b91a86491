"""`h2h status`: what needs a person first, what is where, the last files, the money. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli import options
from h2h.cli.objects import print_json
from h2h.cli.site import daemon_runs, site_of
from h2h.cli.waiting import Waiting, print_waiting, waiting_object, what_waits

if TYPE_CHECKING:
    from rich.console import Console

    from h2h.cli.site import Site
    from h2h.core.lifecycle import State
    from h2h.core.records import InboundFile, Submission
    from h2h.core.story import Present
    from h2h.core.tally import Account, Sum, Tally
    from h2h.core.words import Words

#: More are listed by `h2h attention list`; the rest of the status must stay in sight.
WAITING_SHOWN_MAX = 20


@click.command()
@options.config_option
@options.json_option
@click.option("--days", default=7, show_default=True, type=click.IntRange(0, 3660), help="How far back is counted.")
@click.option("--last", default=10, show_default=True, type=click.IntRange(0, 1000), help="How many files are listed.")
@options.lang_option
def status(config: Path, as_json: bool, days: int, last: int, lang: str) -> None:
    """Show what needs a person, what is where, and where the money is.

    What is still open is counted however old it is. Works while the daemon runs. Exit status 0; 1 if money is
    unaccounted for.
    """
    from h2h.cli.screen import console
    from h2h.core.languages import words_of

    with site_of(config) as site:
        view = look(site, days, last, words_of(lang))
    if as_json:
        print_json(as_object(view))
    else:
        _print(console(), view)
    if view.tally.unaccounted:
        raise SystemExit(1)


@dataclass(frozen=True, slots=True)
class View:
    """All that is shown."""

    site: Site
    now: datetime
    since: datetime
    daemon: bool | None
    waiting: list[Waiting]
    tally: Tally
    newest: list[tuple[Submission, Present]]
    quarantined: list[InboundFile]
    words: Words
    nodes: list[dict[str, Any]]

    @property
    def banks(self) -> list[str]:
        """Those that are configured, and those of which something is told still."""
        return sorted({*self.site.settings.banks, *(bank for bank, _ in (*self.tally.submissions, *self.tally.files))})


def look(site: Site, days: int, last: int, words: Words) -> View:
    """Everything at one moment (as near as several readings of the journal allow)."""
    from h2h.adapters.journal.tally import tally
    from h2h.cli.nodes import nodes_of
    from h2h.core.records import FileState
    from h2h.core.story import present

    now = site.clock.now()
    since = now - timedelta(days=days)
    newest = site.journal.submissions(limit=last) if last else []
    return View(
        site=site,
        now=now,
        since=since,
        daemon=daemon_runs(site.settings),
        waiting=what_waits(site, words),
        tally=tally(site.journal, since),
        newest=[(sub, present(sub, words)) for sub in newest],
        quarantined=site.journal.files(states=(FileState.QUARANTINED,)),
        words=words,
        nodes=nodes_of(site),
    )


# ---------------------------------------------------------------------------------------------- JSON


def as_object(view: View) -> dict[str, Any]:
    """The shape that docs/command-line.md promises."""
    return {
        "instance": view.site.settings.instance,
        "environment": view.site.settings.environment,
        "at": view.now.isoformat(),
        "since": view.since.isoformat(),
        "daemon_running": view.daemon,
        "nodes": view.nodes,
        "needs_a_person": [waiting_object(w, view.now) for w in view.waiting],
        "banks": [
            {
                "bank": bank,
                "submissions": {str(s): n for (b, s), n in sorted(view.tally.submissions.items()) if b == bank},
                "files": {str(s): n for (b, s), n in sorted(view.tally.files.items()) if b == bank},
            }
            for bank in view.banks
        ],
        "last": [_submission_object(sub, at) for sub, at in view.newest],
        "money": [_account_object(account) for account in view.tally.accounts],
        "files_without_known_payments": view.tally.not_counted,
        "quarantined": [
            {"id": f.fid, "bank": f.bank, "bank_file": f.remote_name, "fetched_at": f.fetched_at.isoformat()}
            | {"reason": f.reason, "text": f.reason_text}
            for f in view.quarantined
        ],
    }


def _submission_object(sub: Submission, at: Present) -> dict[str, Any]:
    return {
        "submission": sub.sid,
        "file": sub.source_name,
        "bank": sub.bank,
        "state": str(sub.state),
        "words": at.words,
        "who_acts": str(at.who_acts),
        "next_step": at.step,
        "received_at": sub.received_at.isoformat(),
        "updated_at": sub.updated_at.isoformat() if sub.updated_at else None,
        "transaction_count": sub.transaction_count,
        "control_sum": None if sub.control_sum is None else f"{sub.control_sum:f}",
    }


def _account_object(account: Account) -> dict[str, Any]:
    from h2h.core.tally import Place

    places = {p: account.places[p] for p in Place if p in account.places}
    return {
        "bank": account.bank,
        "currency": account.currency,
        "in": _sum_object(account.total),
        "sent": _sum_object(account.sent),
        "places": {str(place): _sum_object(own) for place, own in places.items()},
        "unaccounted": _sum_object(account.unaccounted),
    }


def _sum_object(own: Sum) -> dict[str, Any]:
    from h2h.cli.screen import money

    return {"payments": own.count, "amount": money(own.amount)}


# ---------------------------------------------------------------------------------------------- for people


def _print(out: Console, view: View) -> None:
    from h2h.cli.nodes import print_nodes
    from h2h.cli.screen import command, local, say, zone

    settings, label = view.site.settings, view.words.label
    runs = {
        True: "the daemon is running",
        False: "THE DAEMON IS NOT RUNNING here",
        None: "does the daemon run? not known",
    }
    say(out, f"{settings.instance} ({settings.environment}): {label(runs[view.daemon])}", "" if view.daemon else "warn")
    if view.daemon is False:
        service = view.site.config == options.DEFAULT_CONFIG
        command(out, "systemctl start h2h" if service else view.site.command("h2h run"), indent=4)
    say(out, f"{local(view.now)} ({zone(view.now)})", "dim")
    print_waiting(out, view.waiting[:WAITING_SHOWN_MAX], view.now, view.words, of=len(view.waiting))
    if len(view.waiting) > WAITING_SHOWN_MAX:
        say(out, f"{len(view.waiting) - WAITING_SHOWN_MAX} {label('more')}:", indent=2)
        command(out, view.site.command("h2h attention list"), indent=4)
    print_nodes(out, view.nodes)
    _print_counts(out, view)
    _print_newest(out, view)
    _print_money(out, view)


def _print_counts(out: Console, view: View) -> None:
    from h2h.cli.screen import grid, local, row, say, section, style_of
    from h2h.core.lifecycle import State
    from h2h.core.records import FileState

    label, none = view.words.label, f": {view.words.label('none')}"
    day = local(view.since)[:10]
    section(out, label("Files since {day}, and older ones that are still open").format(day=day))
    for bank in view.banks:
        table = grid(">!", "!", "")
        for state in State:
            for count, words in _said_of(view, bank, state):
                row(table, str(count), (str(state), style_of(state)), words)
        say(out, f"{label('to')} {bank}" + ("" if table.row_count else none), indent=2)
        if table.row_count:
            out.print(table)
        table = grid(">!", "!", "")
        for file_state in FileState:
            if number := view.tally.files.get((bank, file_state)):
                row(table, str(number), str(file_state), view.words.file_states[str(file_state)].words)
        say(out, f"{label('from')} {bank}" + ("" if table.row_count else none), indent=2)
        if table.row_count:
            out.print(table)


def _said_of(view: View, bank: str, state: State) -> Iterator[tuple[int, str]]:
    """How many of a bank's files are in that state, in words: payments, and each kind of request by itself."""
    own = view.words.states[state].words
    asking = {kind: n for (b, s, kind), n in sorted(view.tally.requests.items()) if (b, s) == (bank, state)}
    if paying := view.tally.submissions.get((bank, state), 0) - sum(asking.values()):
        yield paying, own
    for kind, count in asking.items():
        said = view.words.requests.get(kind, {}).get(state)
        yield count, said.words if said is not None else own


def _print_newest(out: Console, view: View) -> None:
    from h2h.cli.screen import grid, local, row, section, style_of
    from h2h.core.story import request_words

    if not view.newest:
        return
    label = view.words.label
    section(out, label("The last files to banks"))
    wide = out.width >= 110
    names = [f"!{label(name)}" for name in ("received", "submission", "state")]
    table = grid(*names, label("file"), *([label("in words")] if wide else []))
    for sub, _ in view.newest:
        said = request_words(sub, view.words).get(sub.state) or view.words.states[sub.state]
        words = [said.words] if wide else []
        state = (str(sub.state), style_of(sub.state))
        row(table, local(sub.received_at)[5:16], sub.sid, state, sub.source_name, *words)
    out.print(table)


def _print_money(out: Console, view: View) -> None:
    from h2h.cli.screen import grid, money, plural, row, say, section
    from h2h.core.tally import SENT, Place

    label = view.words.label
    section(out, label("Money of these files"))
    names = [f"!{label(name)}" for name in ("bank", "currency", "where")]
    table = grid(*names, f">!{label('payments')}", f">!{label('amount')}")
    for account in view.tally.accounts:
        row(table, account.bank, account.currency, label("in"), str(account.total.count), money(account.total.amount))
        sent = account.sent
        row(table, "", "", f"= {label('sent')}", str(sent.count), money(sent.amount))
        for place in Place:
            if place in account.places:
                own, sign = account.places[place], "    " if place in SENT else "+ "
                look = "dim" if place in SENT else ""
                row(table, "", "", (f"{sign}{label(place)}", look), (str(own.count), look), (money(own.amount), look))
        lost = account.unaccounted
        look = "bad" if lost.count or lost.amount else "good"
        row(table, "", "", (f"+ {label('unaccounted')}", look), (str(lost.count), look), (money(lost.amount), look))
    if table.row_count:
        out.print(table)
    if view.tally.not_counted:
        files = plural(view.tally.not_counted, "file")
        text = label("Payments not known: {files} refused, duplicate, held or given up before being read")
        say(out, text.format(files=files, count=view.tally.not_counted), "dim", indent=2)
    if not view.tally.accounts and not view.tally.not_counted:
        say(out, label("none"), indent=2)
