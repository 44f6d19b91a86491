"""What stands before every decision: which submission is meant, whether it can be decided, whether one person may."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from h2h.cli.decided import Done
from h2h.cli.login import must_be_the_login
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.core.lifecycle import Event
    from h2h.core.records import Submission
    from h2h.pipeline.four_eyes import Decision
    from h2h.pipeline.house import House

YES = click.option("--yes", is_flag=True, help="The risk was understood; do not ask.")


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


def must_be_possible(config: Path, sub: Submission, event: Event, what: str) -> None:
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


def two_people(house: House, decision: Decision, done: Done) -> None:
    """Where one person may not decide it alone: is this a person, and what is still to come if it is the first?"""
    from h2h.pipeline.four_eyes import needs_two

    if needs_two(house, decision):
        must_be_the_login(done.actor)
        done.waits_for = decision


def _past(what: str) -> str:
    return {"sent": "resolved", "not-sent": "resolved", "look": "looked for"}.get(what, what)
