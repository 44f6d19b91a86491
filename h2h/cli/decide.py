"""What a person decides about a submission: resolve, release, hold, cancel, take over. Each is journalled with a name.

A decision that could pay twice is spelled out and asked for once more, unless ``--yes`` says that it was understood.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

import click

from h2h.cli import options
from h2h.cli.decided import Done, report
from h2h.cli.login import must_be_the_login
from h2h.cli.site import house_of
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.core.errors import IllegalTransition
    from h2h.core.evidence import Answer
    from h2h.core.lifecycle import Event
    from h2h.core.records import Submission
    from h2h.pipeline.four_eyes import Decision
    from h2h.pipeline.house import House

F = TypeVar("F", bound=Callable[..., Any])

YES = click.option("--yes", is_flag=True, help="The risk was understood; do not ask.")


def _verb(*, reason: bool = True) -> Callable[[F], F]:
    """What all these verbs have: the submission, who decides and why."""

    def decorated(command: F) -> F:
        for option in (options.json_option, options.config_option, options.actor_option):
            command = option(command)
        command = options.reason_option(required=reason)(command)
        return click.argument("submission", metavar="SUBMISSION")(command)

    return decorated


@click.command()
@click.option("--sent", "verdict", flag_value="sent", help="The bank has it; its word is the evidence.")
@click.option("--not-sent", "verdict", flag_value="not-sent", help="The bank has it not; h2h sends it again.")
@click.option("--look", "verdict", flag_value="look", help="Look at the bank once more; only evidence decides.")
@YES
@_verb(reason=False)
def resolve(
    submission: str,
    verdict: Literal["sent", "not-sent", "look"] | None,
    reason: str | None,
    actor: str,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Settle the doubt about SUBMISSION: the bank has it, or has it not.

    The reason names who said so and when. With --not-sent h2h first looks at the bank once more, and refuses if it or a
    statement says otherwise. Exit status 0 if the doubt is settled, 1 if it is not.
    """
    from h2h.core.lifecycle import Event, State
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision

    if verdict is None:
        raise click.UsageError("Say what was found out: --sent, --not-sent or --look.")
    if verdict != "look" and reason is None:
        raise click.UsageError("Missing option '--reason'. Who at the bank said so, and when?")
    event = {"sent": Event.RESOLVED_SENT, "not-sent": Event.RESOLVED_NOT_SENT, "look": Event.DELIVERED}[verdict]
    with house_of(config) as house:
        sub = one_submission(house, submission)
        _must_be_possible(config, sub, event, verdict)
        done = Done(sub, sub, actor, reason or "")
        if verdict == "look":
            _look(house, done)
        elif verdict == "sent":
            _two_people(house, Decision.RESOLVE_SENT, done)
            done.after = decisions.resolve_sent(house, sub.sid, actor=actor, reason=done.reason)
        else:
            _not_sent(house, done, yes)
        report(config, done, as_json)
    if done.after.state is State.IN_DOUBT or (verdict == "not-sent" and done.after.state is not State.SEALED):
        raise SystemExit(1)


@click.command()
@_verb()
def release(submission: str, reason: str, actor: str, config: Path, as_json: bool) -> None:
    """Let SUBMISSION go on, which is held or waits to be released.

    It goes on from where it was; the suspicion it was held for counts as answered. Exit status 0, or 1 if it cannot be.
    """
    from h2h.core.lifecycle import Event
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision, needs_two

    with house_of(config) as house:
        sub = one_submission(house, submission)
        _must_be_possible(config, sub, Event.RELEASED, "released")
        done = Done(sub, sub, actor, reason)
        if house.settings.decisions.release_amount_max or needs_two(house, Decision.RECALL):
            must_be_the_login(actor)
        _two_people(house, Decision.RELEASE, done)
        done.after = decisions.release(house, sub.sid, actor=actor, reason=reason)
        report(config, done, as_json)


@click.command()
@_verb()
def hold(submission: str, reason: str, actor: str, config: Path, as_json: bool) -> None:
    """Stop SUBMISSION before it is sent, until it is released or given up.

    Exit status 0, or 1 if the bank may have it already.
    """
    from h2h.core.lifecycle import Event
    from h2h.pipeline import decisions

    with house_of(config) as house:
        sub = one_submission(house, submission)
        _must_be_possible(config, sub, Event.HELD, "held")
        after = decisions.hold(house, sub.sid, actor=actor, reason=reason)
        report(config, Done(sub, after, actor, reason), as_json)


@click.command()
@_verb()
def cancel(submission: str, reason: str, actor: str, config: Path, as_json: bool) -> None:
    """Give SUBMISSION up: it was not sent, and never will be. The same bytes may be dropped again.

    Exit status 0, or 1 if the bank may have it already.
    """
    from h2h.core.lifecycle import Event
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision

    with house_of(config) as house:
        sub = one_submission(house, submission)
        _must_be_possible(config, sub, Event.CANCELLED, "cancelled")
        done = Done(sub, sub, actor, reason)
        _two_people(house, Decision.CANCEL, done)
        done.after = decisions.cancel(house, sub.sid, actor=actor, reason=reason)
        report(config, done, as_json)


@click.command("take-over")
@click.option(
    "--although-the-bank-may-have-it",
    "although",
    is_flag=True,
    help="For a file in doubt: it may be paid twice.",
)
@click.option(
    "--export",
    "directory",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Write the files to send by hand into this directory.",
)
@YES
@_verb()
def take_over(
    submission: str,
    reason: str,
    actor: str,
    although: bool,
    directory: Path | None,
    yes: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Take SUBMISSION from h2h: a person sends it another way, and h2h never will.

    With --export the sealed file (as h2h would have sent it) and the bank's file (readable, for the bank's portal) are
    written for that. Given again for what was taken over already, it only exports. Exit status 0, or 1 if it cannot be.
    """
    from h2h.cli.export import check_directory, export, to_export
    from h2h.core.lifecycle import Event, State
    from h2h.pipeline.four_eyes import Decision

    with house_of(config) as house:
        sub = one_submission(house, submission)
        if directory is not None:
            check_directory(directory)
            to_export(house, sub)  # before anything is decided: it can be trusted
        done = Done(sub, sub, actor, reason)
        if sub.state is not State.TAKEN_OVER or directory is None:
            _must_be_possible(config, sub, Event.TAKEN_OVER, "taken over")
            if sub.state is State.IN_DOUBT:
                if not although:
                    _refuse_to_take_over(house, sub)
                _ask(house, sub, "You are about to send it another way.", "take over", yes)
            _two_people(house, Decision.TAKE_OVER, done)
            _taken_over(house, done, although)
        if directory is not None and done.after.state is State.TAKEN_OVER:
            done.exported = [str(path) for path in export(house, done.after, directory)]
            if not done.exported:
                done.notes.append(
                    "Nothing was exported: h2h had not written the bank's file yet. The archive has the source."
                )
        report(config, done, as_json)


# ---------------------------------------------------------------------------------------------- before


def one_submission(house: House, what: str) -> Submission:
    """The one submission whose id is *what*, or begins with it. A decision is never made about a guess."""
    from h2h.core.errors import NotFound

    found = house.journal.find(what)
    exact = [sub for sub in found if sub.sid == what]
    named = exact or [sub for sub in found if sub.sid.startswith(what)]
    if len(named) == 1:
        return named[0]
    lines = [f"{sub.sid} ({sub.source_name}, {sub.state})" for sub in (named or found)[:5]]
    if named:
        raise NotFound(f"{len(named)} submissions begin with '{what}'", hint=f"give the whole id: {', '.join(lines)}")
    hint = f"{with_config('h2h status', house.settings.source)} lists the last ones"
    if lines:
        hint = f"decisions take the submission's id: {', '.join(lines)}"
    raise NotFound(f"no submission has the id '{what}'", hint=hint)


def _must_be_possible(config: Path, sub: Submission, event: Event, what: str) -> None:
    """``IllegalTransition`` in words: where it is, and what can be done there instead."""
    from h2h.core.errors import IllegalTransition
    from h2h.core.lifecycle import may_happen
    from h2h.core.story import present

    if may_happen(sub.state, event):
        return
    at = present(sub)
    instead = "; ".join(with_config(command, config) for command in at.commands)
    raise IllegalTransition(
        f"{sub.source_name} ({sub.sid}) cannot be {_past(what)}: {at.words} [{sub.state}]",
        hint=None if at.step == "nothing" else f"{at.step}{': ' if instead else ''}{instead}",
    )


def _two_people(house: House, decision: Decision, done: Done) -> None:
    """Where one person may not decide it alone: is this a person, and what is still to come if it is the first?"""
    from h2h.pipeline.four_eyes import needs_two

    if needs_two(house, decision):
        must_be_the_login(done.actor)
        done.waits_for = decision


def _not_sent(house: House, done: Done, yes: bool) -> None:
    """Look, ask, take the temporary file away, look again; only then the bank's no is believed."""
    from h2h.core.lifecycle import State
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision, goes_on

    sub, who = done.before, {"actor": done.actor, "reason": done.reason}
    _look(house, done, may_fail=True)
    if done.after.state is State.IN_DOUBT:
        _ask(house, sub, "h2h will send the same file under the same name again.", "not sent", yes)
        _two_people(house, Decision.RESOLVE_NOT_SENT, done)
        if not goes_on(house, sub, Decision.RESOLVE_NOT_SENT, **who):
            return
        _look(house, done, may_fail=True, withdraw_it=True)
    if done.after.state is State.IN_DOUBT:
        done.after = decisions.resolve_not_sent(house, sub.sid, **who)
    else:
        done.notes.append("h2h did not send it again: the bank has it.")


def _past(what: str) -> str:
    return {"sent": "resolved", "not-sent": "resolved", "look": "looked for"}.get(what, what)


def _refuse_to_take_over(house: House, sub: Submission) -> NoReturn:
    from h2h.core.errors import IllegalTransition

    raise IllegalTransition(
        f"{sub.source_name} ({sub.sid}) is in doubt: {_stakes(house, sub)}",
        hint="settle the doubt first (h2h resolve), or say --although-the-bank-may-have-it",
    )


def _taken_over(house: House, done: Done, although: bool) -> None:
    """In doubt, what could still be renamed at the bank, late, is taken away before, and late evidence looked for."""
    from h2h.core.lifecycle import State
    from h2h.pipeline import decisions
    from h2h.pipeline.four_eyes import Decision, goes_on

    sub, who = done.before, {"actor": done.actor, "reason": done.reason}
    if sub.state is State.IN_DOUBT:
        if not goes_on(house, sub, Decision.TAKE_OVER, **who):
            return
        _look(house, done, may_fail=True, withdraw_it=True)
        if done.after.state is not State.IN_DOUBT:
            raise _has_it_after_all(done)
    done.after = decisions.take_over(house, sub.sid, **who, knowing_it_may_be_there=although)


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


def _ask(house: House, sub: Submission, what: str, word: str, yes: bool) -> None:
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


def _look(house: House, done: Done, *, may_fail: bool = False, withdraw_it: bool = False) -> None:
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


def _seen(answer: Answer) -> str:
    from h2h.core.evidence import Decision

    if answer.decision is Decision.RENAME_AGAIN:
        return f"At the bank: {answer.words}. So far the bank has not taken it."
    return f"At the bank: {answer.words}."
