"""What needs a person, found and shown: `h2h status` begins with it, `h2h attention list` is nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from h2h.cli.site import Site
    from h2h.core.words import Words


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that needs a person: an attention item, or a submission in a state that nobody has been told of."""

    number: int | None
    kind: str
    subject: str
    text: str
    bank: str | None
    who_acts: str
    since: datetime
    step: str
    commands: tuple[str, ...]


def what_waits(site: Site, words: Words) -> list[Waiting]:
    """Open items, and submissions that wait for a person without one; money in doubt first, then the oldest."""
    from h2h.core.lifecycle import NEEDS_A_PERSON
    from h2h.core.story import present, step_for

    found, told = [], set()
    open_subs = {sub.sid: sub for sub in site.journal.submissions(states=NEEDS_A_PERSON)}
    for item in site.journal.attention():
        step = step_for(item, words)
        commands, advice = step.commands, step.step
        sub = open_subs.get(item.subject)
        # The submission itself knows better what can be done about it, but not what somebody asked for.
        if sub is not None and item.kind != "second-person":
            told.add(sub.sid)
            at = present(sub, words)
            commands, advice = (f"h2h explain {sub.sid}", *at.commands), at.step
        found.append(
            Waiting(
                *(item.number, item.kind, item.subject, item.text, item.bank, str(item.who_acts), item.opened_at),
                step=advice,
                commands=tuple(site.command(c) for c in commands),
            )
        )
    for sub in open_subs.values():
        if sub.sid not in told:
            at = present(sub, words)
            kind = str(sub.state).lower().replace("_", "-")
            commands = tuple(site.command(c) for c in (f"h2h explain {sub.sid}", *at.commands))
            since = sub.updated_at or sub.received_at
            text = f"{sub.source_name}: {at.words}"
            found.append(Waiting(None, kind, sub.sid, text, sub.bank, str(at.who_acts), since, at.step, commands))
    return sorted(found, key=lambda w: (w.kind != "in-doubt", w.since))


def waiting_object(waiting: Waiting, now: datetime) -> dict[str, Any]:
    """One thing that needs a person."""
    return {
        "number": waiting.number,
        "kind": waiting.kind,
        "subject": waiting.subject,
        "bank": waiting.bank,
        "text": waiting.text,
        "who_acts": waiting.who_acts,
        "since": waiting.since.isoformat(),
        "age_seconds": int((now - waiting.since).total_seconds()),
        "next_step": waiting.step,
        "commands": list(waiting.commands),
    }


def print_waiting(out: Console, waiting: list[Waiting], now: datetime, words: Words, of: int | None = None) -> None:
    """What needs a person, each with its age, who acts, and what to type; *of* so many in all."""
    from h2h.cli.screen import age, command, say, section

    section(out, f"{words.fixed['needs-a-person']}: {of or len(waiting) or words.fixed['nothing']}")
    for item in waiting:
        number = f"#{item.number}" if item.number is not None else "-"
        who = words.who_of(item.who_acts)
        bank = f" ({item.bank})" if item.bank else ""
        look = "bad" if _urgent(item) else "warn"
        count, _, unit = age(now - item.since).partition(" ")
        say(out, f"{number} {item.kind}{bank}, {count} {words.label(unit)}: {who}", look, indent=2)
        say(out, item.text, indent=6)
        say(out, f"{words.fixed['next-step']}: {item.step}", indent=6)
        for text in item.commands:
            command(out, text, indent=8)


def _urgent(item: Waiting) -> bool:
    return item.kind in ("in-doubt", "contradiction", "host-key", "clock-jump", "disk-full")
