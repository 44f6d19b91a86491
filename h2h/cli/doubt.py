"""A decision about a file that the bank may have: the risk is spelled out, and the bank is looked at once more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from h2h.cli.before_deciding import two_people
from h2h.cli.decided import Done

if TYPE_CHECKING:
    from h2h.core.errors import IllegalTransition
    from h2h.core.evidence import Answer
    from h2h.core.records import Submission
    from h2h.pipeline.house import House


def not_sent(house: House, done: Done, yes: bool) -> None:
    """Look, ask, take the temporary file away, look again; only then the bank's no is believed."""
    from h2h.core.lifecycle import State
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision, goes_on

    sub, who = done.before, {"actor": done.actor, "reason": done.reason}
    look(house, done, may_fail=True)
    if done.after.state is State.IN_DOUBT:
        must_be_understood(house, sub, "h2h will send the same file under the same name again.", "not sent", yes)
        two_people(house, Decision.RESOLVE_NOT_SENT, done)
        if not goes_on(house, sub, Decision.RESOLVE_NOT_SENT, **who):
            return
        look(house, done, may_fail=True, withdraw_it=True)
    if done.after.state is State.IN_DOUBT:
        done.after = decisions.resolve_not_sent(house, sub.sid, **who)
    else:
        done.notes.append("h2h did not send it again: the bank has it.")


def taken_over(house: House, done: Done, although: bool) -> None:
    """In doubt, what could still be renamed at the bank, late, is taken away before, and late evidence looked for."""
    from h2h.core.lifecycle import State
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision, goes_on

    sub, who = done.before, {"actor": done.actor, "reason": done.reason}
    if sub.state is State.IN_DOUBT:
        if not goes_on(house, sub, Decision.TAKE_OVER, **who):
            return
        look(house, done, may_fail=True, withdraw_it=True)
        if done.after.state is not State.IN_DOUBT:
            raise _has_it_after_all(done)
    done.after = decisions.take_over(house, sub.sid, **who, knowing_it_may_be_there=although)


def refuse_to_take_over(house: House, sub: Submission) -> NoReturn:
    """Raise: whoever takes it over must say that the bank may have it."""
    from h2h.core.errors import IllegalTransition

    raise IllegalTransition(
        f"{sub.source_name} ({sub.sid}) is in doubt: {_stakes(house, sub)}",
        hint="settle the doubt first (h2h resolve), or say --although-the-bank-may-have-it",
    )


def must_be_understood(house: House, sub: Submission, what: str, word: str, yes: bool) -> None:
    """The risk in words; only the word itself goes on. Without a terminal ``--yes`` must have been given."""
    if yes:
        return
    risk = _stakes(house, sub)
    if not sys.stdin.isatty():
        raise click.UsageError(f"{what} {risk[0].upper()}{risk[1:]}. Add --yes if that was understood.")
    click.echo(f"{what}\n{click.style(risk[0].upper() + risk[1:] + '.', fg='red', bold=True)}", err=True)
    answer = click.prompt(f"Type '{word}' to go on, anything else to stop", default="", show_default=False, err=True)
    if str(answer).strip().casefold() != word:
        click.echo("Nothing was changed.", err=True)
        raise SystemExit(1)


def look(house: House, done: Done, *, may_fail: bool = False, withdraw_it: bool = False) -> None:
    """Observe the bank once more; with *may_fail* a bank that cannot be reached is only remarked.

    With *withdraw_it* the temporary file is taken away first.
    """
    from h2h.core.errors import Misconfigured, Unavailable
    from h2h.pipeline.line import Line
    from h2h.pipeline.receipts import write_receipt
    from h2h.pipeline.send import look_again, withdraw

    act = withdraw if withdraw_it else look_again
    try:
        with Line(house, done.before.bank) as line:
            done.after, answer = act(house, line, done.before, actor=done.actor)
    except (Unavailable, Misconfigured) as problem:
        if not may_fail:
            raise
        note = f"h2h could not look at the bank once more: {problem.message}"
    else:
        write_receipt(house, done.after)
        note = _seen(answer)
    if note not in done.notes:
        done.notes.append(note)


def _has_it_after_all(done: Done) -> IllegalTransition:
    from h2h.core.errors import IllegalTransition

    return IllegalTransition(
        f"{done.after.source_name} ({done.after.sid}) was not taken over: {done.after.evidence}",
        hint="the bank has it; do not send it another way",
    )


def _stakes(house: House, sub: Submission) -> str:
    """What happens if the bank has the file after all."""
    from h2h.cli.screen import joined, plural
    from h2h.core.story import sums_by_currency

    payments = house.journal.payments(sub.sid)
    sums = joined(f"{total:f} {currency}" for currency, total in sums_by_currency(payments).items())
    what = f"{plural(len(payments), 'payment')} over {sums or 'unknown sums'}"
    return f"if the bank has {sub.remote_name} after all, {what} will be paid twice"


def _seen(answer: Answer) -> str:
    from h2h.core.evidence import Decision

    if answer.decision is Decision.RENAME_AGAIN:
        return f"At the bank: {answer.words}. So far the bank has not taken it."
    return f"At the bank: {answer.words}."
