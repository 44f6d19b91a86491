"""What a person asks of a bank: `h2h recall` calls payments back, `h2h ask` asks for a statement or a report.

The request goes the way of an ERP's file: the daemon takes it in, checks it again and sends it once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli import options
from h2h.cli.before_deciding import YES, one_submission
from h2h.cli.login import must_be_the_login
from h2h.cli.objects import print_json
from h2h.cli.site import daemon_runs, house_of
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.core.records import PaymentRecord, Submission
    from h2h.pipeline.asking import Placed
    from h2h.pipeline.house import House
    from h2h.settings import ErpFolder

#: What is asked for → the message that answers.
_MESSAGES = {"statement": "camt.053", "report": "camt.052", "notification": "camt.054", "balance": "camt.052"}
#: Of a balance: what is booked at that moment, and what could be paid from it (ExternalBalanceType1Code).
_BALANCES = ("ITBD", "ITAV")


@click.command()
@click.argument("submission", metavar="SUBMISSION")
@click.option("--payment", "numbers", type=click.IntRange(1), multiple=True, help="Its number in the file; repeatable.")
@click.option("--end-to-end-id", "ids", metavar="ID", multiple=True, help="Its end-to-end id; repeatable.")
@click.option("--reason", "code", required=True, metavar="CODE", help="ISO 20022's code: DUPL, FRAD, AM09, CUST …")
@click.option("--why", required=True, metavar="TEXT", help="Why, in words; the bank reads it, and it is journalled.")
@options.actor_option
@YES
@options.config_option
@options.json_option
def recall(submission: str, code: str, why: str, actor: str, config: Path, as_json: bool, **which: Any) -> None:
    """Ask the bank for payments of SUBMISSION back: those that are named, or all of the file.

    Only what the bank has can be called back; give up what was not sent yet with h2h cancel. Exit status 0 if the
    request is on its way, 1 if it cannot be.
    """
    from h2h.pipeline.asking import call_back
    from h2h.pipeline.four_eyes import Decision, needs_two

    if not why.strip():
        raise click.BadParameter("a reason has words", param_hint="'--why'")
    with house_of(config) as opened:
        house = _with_formats(opened)
        if needs_two(house, Decision.RECALL):
            must_be_the_login(actor)
        sub = one_submission(house, submission)
        ordinals = _chosen(house, sub, which["numbers"], which["ids"])
        if ordinals is None:
            _confirm_whole(house, sub, which["yes"])
        placed = call_back(house, sub, ordinals, code=code.upper(), why=why.strip(), actor=actor)
        _tell_recall(house, config, sub, placed, code.upper(), whole=ordinals is None, as_json=as_json)


@click.command()
@click.argument("bank")
@click.option("--account", required=True, metavar="NUMBER", help="One of our accounts at this bank.")
@click.option("--kind", type=click.Choice([*_MESSAGES]), default="statement", show_default=True, help="What is wanted.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="The first day; of a balance: today.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="The last day; default: the first.")
@click.option("--version", default="08", show_default=True, metavar="NN", help="Of the message: camt.053.001.NN.")
@click.option("--erp", metavar="FOLDER", help="The ERP folder that it goes through; default: the bank's first.")
@options.actor_option
@options.config_option
@options.json_option
def ask(bank: str, account: str, actor: str, config: Path, as_json: bool, **what: Any) -> None:
    """Ask BANK for a statement, an interim report, a notification or the present balance of an account.

    The answer comes in like every other one, and goes to the ERP. Exit status 0 if the question is on its way, 1 if it
    cannot be.
    """
    from h2h.pipeline.asking import ask_for

    version, balances = what["version"], _BALANCES if what["kind"] == "balance" else ()
    if what["first"] is None and not balances:
        raise click.UsageError("Missing option '--from'. Of which day?")
    if not (len(version) == 2 and version.isdecimal()):
        raise click.BadParameter("a version has two digits", param_hint="'--version'")
    with house_of(config) as opened:
        house = _with_formats(opened)
        profile, folder = house.settings.bank_of(bank), _folder(house, bank, account, what["erp"])
        message = f"{_MESSAGES[what['kind']]}.001.{version}"
        today = house.day_at(profile, house.now())
        first = what["first"].date() if what["first"] else today
        days = (first, what["last"].date() if what["last"] else first)
        placed = ask_for(house, profile, folder, account, message, days, actor=actor, balances=balances)
        _tell(
            house,
            config,
            placed,
            f"{bank} is asked for {f'the balance ({message})' if balances else message} of {account}, "
            f"{days[0]} to {days[1]}.",
            {
                "bank": bank,
                "account": account,
                "asked_for": message,
                "balances": list(balances),
                "from": str(days[0]),
                "to": str(days[1]),
            },
            as_json=as_json,
        )


def _with_formats(house: House) -> House:
    from h2h.wiring import formats_of

    return replace(house, formats=formats_of(house.settings))


def _chosen(house: House, sub: Submission, numbers: Sequence[int], ids: Sequence[str]) -> list[int] | None:
    """The numbers of the payments that are named; None if none is. ``NotFound`` names what is not there."""
    from h2h.core.errors import NotFound

    if not numbers and not ids:
        return None
    payments = house.journal.payments(sub.sid)
    chosen = {p.ordinal for p in payments if p.ordinal in numbers}
    missing = [str(n) for n in numbers if n not in chosen]
    for wanted in ids:
        found = [p.ordinal for p in payments if p.end_to_end_id == wanted]
        if len(found) > 1:
            hint = f"give one of --payment {', '.join(map(str, found))}"
            raise NotFound(f"{len(found)} payments of {sub.source_name} bear the id '{wanted}'", hint=hint)
        chosen |= set(found)
        missing += [] if found else [wanted]
    if missing:
        raise NotFound(f"{sub.source_name} has no payment {', '.join(missing)}", hint=f"h2h explain {sub.sid} --all")
    return sorted(chosen)


def _confirm_whole(house: House, sub: Submission, yes: bool) -> None:
    """Nobody calls a whole file back by leaving an option out."""
    from h2h.cli.screen import plural

    count = sum(house.journal.outcomes(sub.sid).values())
    if yes or count <= 1:
        return
    what = f"All {plural(count, 'payment')} of {sub.source_name} will be called back."
    if not sys.stdin.isatty():
        raise click.UsageError(f"{what} Name single ones with --payment or --end-to-end-id, or add --yes.")
    click.echo(what, err=True)
    if not click.confirm("Go on?", default=False, err=True):
        click.echo("Nothing was changed.", err=True)
        raise SystemExit(1)


def _folder(house: House, bank: str, account: str, erp: str | None) -> ErpFolder:
    from h2h.core.errors import Misconfigured

    folders = [f for f in house.settings.erp if f.bank == bank and erp in (None, f.name)]
    own = [f for f in folders if account in f.accounts] or folders
    if not own:
        named = f" named {erp}" if erp else ""
        raise Misconfigured(f"no ERP folder{named} sends to bank {bank}", hint="h2h check shows the folders")
    return own[0]


# ---------------------------------------------------------------------------------------------- after


def _tell_recall(
    house: House, config: Path, sub: Submission, placed: Placed, code: str, *, whole: bool, as_json: bool
) -> None:
    from h2h.cli.screen import joined, plural
    from h2h.core.story import sums_by_currency

    sums = joined(f"{total:f} {currency}" for currency, total in sums_by_currency(placed.payments).items())
    which = "the whole file" if whole else plural(len(placed.payments), "payment")
    text = f"{sub.bank} is asked for {which} of {sub.source_name} back ({code}): {sums}."
    facts = {"bank": sub.bank, "original": sub.sid, "reason": code, "payments": [_of(p) for p in placed.payments]}
    _tell(house, config, placed, text, facts, as_json=as_json)


def _of(payment: PaymentRecord) -> dict[str, Any]:
    return {
        "number": payment.ordinal,
        "end_to_end_id": payment.end_to_end_id,
        "amount": f"{payment.amount:f}",
        "currency": payment.currency,
        "outcome": str(payment.outcome),
    }


def _tell(house: House, config: Path, placed: Placed, text: str, facts: dict[str, Any], *, as_json: bool) -> None:
    from h2h.cli.screen import command, console, say

    runs = daemon_runs(house.settings)
    story = with_config(f"h2h explain {placed.sid}", config)
    if as_json:
        made = {"submission": placed.sid, "file": placed.name, "message_id": placed.message_id, "format": placed.format}
        print_json({**made, **facts, "daemon_runs": runs, "commands": [story]})
        return
    out = console()
    say(out, text, "strong")
    say(out, f"Request {placed.message_id} ({placed.format}), submission {placed.sid}")
    seconds = house.settings.erp_of(placed.folder).polling_seconds
    if runs is False:
        say(out, "No daemon runs: the next `h2h once`, or the daemon when it is started, sends it.")
    else:
        say(out, f"The daemon takes it in within {seconds:g} seconds and sends it. Then:")
    command(out, story, indent=4)
