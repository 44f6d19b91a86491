"""What a person decides about a submission: resolve, release, hold, cancel, take over. Each is journalled with a name.

A decision that could pay twice is spelled out and asked for once more, unless ``--yes`` says that it was understood.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from h2h.cli import options
from h2h.cli.before_deciding import YES, must_be_possible, one_submission, two_people
from h2h.cli.decided import Done, report
from h2h.cli.doubt import look, must_be_understood, not_sent, refuse_to_take_over, taken_over
from h2h.cli.login import must_be_the_login
from h2h.cli.site import house_of

F = TypeVar("F", bound=Callable[..., Any])


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
        must_be_possible(config, sub, event, verdict)
        done = Done(sub, sub, actor, reason or "")
        if verdict == "look":
            look(house, done)
        elif verdict == "sent":
            two_people(house, Decision.RESOLVE_SENT, done)
            done.after = decisions.resolve_sent(house, sub.sid, actor=actor, reason=done.reason)
        else:
            not_sent(house, done, yes)
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
        must_be_possible(config, sub, Event.RELEASED, "released")
        done = Done(sub, sub, actor, reason)
        if house.settings.decisions.release_amount_max or needs_two(house, Decision.RECALL):
            must_be_the_login(actor)
        two_people(house, Decision.RELEASE, done)
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
        must_be_possible(config, sub, Event.HELD, "held")
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
        must_be_possible(config, sub, Event.CANCELLED, "cancelled")
        done = Done(sub, sub, actor, reason)
        two_people(house, Decision.CANCEL, done)
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
            must_be_possible(config, sub, Event.TAKEN_OVER, "taken over")
            if sub.state is State.IN_DOUBT:
                if not although:
                    refuse_to_take_over(house, sub)
                must_be_understood(house, sub, "You are about to send it another way.", "take over", yes)
            two_people(house, Decision.TAKE_OVER, done)
            taken_over(house, done, although)
        if directory is not None and done.after.state is State.TAKEN_OVER:
            done.exported = [str(path) for path in export(house, done.after, directory)]
            if not done.exported:
                done.notes.append(
                    "Nothing was exported: h2h had not written the bank's file yet. The archive has the source."
                )
        report(config, done, as_json)
