"""`h2h attention`: the list of what waits for a person, and closing an item with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli import options
from h2h.cli.objects import print_json
from h2h.cli.site import Site, site_of
from h2h.cli.verbs import Verbs
from h2h.cli.waiting import print_waiting, waiting_object, what_waits

if TYPE_CHECKING:
    from h2h.core.records import Attention


@click.group(cls=Verbs)
def attention() -> None:
    """What waits for a person."""


@attention.command("list")
@options.config_option
@options.json_option
@click.option("--closed", "closed", is_flag=True, help="The closed ones too, with who closed them and why.")
@options.lang_option
def list_(config: Path, as_json: bool, closed: bool, lang: str) -> None:
    """List what needs a person: each with its age, who acts, and what to type.

    Exit status 0, whether there is anything or not.
    """
    from h2h.cli.screen import console
    from h2h.core.languages import words_of

    words = words_of(lang)
    with site_of(config) as site:
        waiting = what_waits(site, words)
        done = [i for i in site.journal.attention(open_only=False) if i.closed_at is not None] if closed else []
        now = site.clock.now()
    if as_json:
        made: dict[str, Any] = {"needs_a_person": [waiting_object(item, now) for item in waiting]}
        if closed:
            made["closed"] = [_closed_object(item) for item in done]
        print_json(made)
        return
    out = console()
    print_waiting(out, waiting, now, words)
    if closed:
        _print_closed(done)


@attention.command()
@click.argument("number", type=click.IntRange(min=1))
@options.reason_option()
@options.actor_option
@options.config_option
@options.json_option
def close(number: int, reason: str, actor: str, config: Path, as_json: bool) -> None:
    """Close item NUMBER of the list, with what was done about it.

    A file that is held or in doubt is decided about (release, cancel, resolve, take-over), not closed away. Exit status
    0, or 1 if there is no such open item.
    """
    from h2h.cli.screen import console, say
    from h2h.core.errors import NotFound

    with site_of(config) as site:
        found = [item for item in site.journal.attention() if item.number == number]
        if not found:
            raise NotFound(f"there is no open item {number}", hint=site.command("h2h attention list"))
        _must_not_hide_a_decision(site, found[0])
        item = site.journal.close_attention(number, at=site.clock.now(), actor=actor, reason=reason)
    if as_json:
        print_json(_closed_object(item))
        return
    out = console()
    say(out, f"#{item.number} {item.kind} is closed, by {actor}: {reason}", "strong")
    say(out, item.text)
    say(out, "If its cause is still there, h2h opens a new item." if item.kind != "clock-jump" else "h2h sends again.")


def _must_not_hide_a_decision(site: Site, item: Attention) -> None:
    """``IllegalTransition`` for an item that would only be forgotten."""
    from h2h.core.errors import IllegalTransition, NotFound
    from h2h.core.lifecycle import NEEDS_A_PERSON
    from h2h.core.story import present

    if item.kind not in ("held", "in-doubt"):
        return
    try:
        sub = site.journal.submission(item.subject)
    except NotFound:
        return
    if sub.state in NEEDS_A_PERSON:
        commands = "; or ".join(site.command(command) for command in present(sub).commands)
        raise IllegalTransition(
            f"item {item.number} is closed by a decision about {sub.source_name}, which is {sub.state}", hint=commands
        )


def _closed_object(item: Attention) -> dict[str, Any]:
    return {
        "number": item.number,
        "kind": item.kind,
        "subject": item.subject,
        "bank": item.bank,
        "text": item.text,
        "who_acts": str(item.who_acts),
        "since": item.opened_at.isoformat(),
        "closed_at": item.closed_at.isoformat() if item.closed_at else None,
        "closed_by": item.closed_by,
        "closed_reason": item.closed_reason,
    }


def _print_closed(done: list[Attention]) -> None:
    from h2h.cli.screen import console, local, say, section

    out = console()
    section(out, f"Closed: {len(done) or 'nothing'}")
    for item in done:
        say(out, f"#{item.number} {item.kind}, {local(item.opened_at)} to {local(item.closed_at)}", indent=2)
        say(out, item.text, indent=6)
        say(out, f"{item.closed_by}: {item.closed_reason}", "dim", indent=6)
