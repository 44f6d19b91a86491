"""What a decision changed, told: for people and for scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from h2h.cli.objects import print_json
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.core.records import Submission
    from h2h.core.story import Present


@dataclass
class Done:
    """What a decision changed."""

    before: Submission
    after: Submission
    actor: str
    reason: str
    notes: list[str] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)
    waits_for: str = ""  # the decision, where two people must make it

    @property
    def only_asked(self) -> bool:
        """True if nothing was done but asking a second person to say the same."""
        return bool(self.waits_for) and self.before.state is self.after.state


def report(config: Path, done: Done, as_json: bool) -> None:
    """What changed, on what evidence, and what is next. Ends with status 1 if it was only asked for."""
    from h2h.core.story import present

    if done.only_asked:
        done.notes.append(f"Asked for. Nothing is done until a second person says the same: h2h {done.waits_for}.")
    at = present(done.after)
    if as_json:
        print_json(_as_object(config, done))
    else:
        _print(config, done, at)
    if done.only_asked:
        raise SystemExit(1)


def _print(config: Path, done: Done, at: Present) -> None:
    from h2h.cli.screen import command, console, say

    out, sub = console(), done.after
    changed = done.before.state is not sub.state
    by = f", by {done.actor}" + (f": {done.reason}" if done.reason else "")
    moved = f"{done.before.state} → {sub.state}{by}" if changed else f"still {sub.state}"
    say(out, f"{sub.source_name} ({sub.sid}): {moved}", "strong")
    for note in done.notes:
        say(out, note)
    if changed and sub.evidence:
        say(out, f"Evidence: {sub.evidence}")
    for path in done.exported:
        out.print(f"Exported: {path}", soft_wrap=True)
    say(out, f"Now: {at.words}")
    say(out, f"Who must act: {at.who_acts}")
    say(out, f"Next step: {at.step}")
    for text in at.commands:
        command(out, with_config(text, config), indent=4)


def _as_object(config: Path, done: Done) -> dict[str, Any]:
    from h2h.core.story import present

    at = present(done.after)
    return {
        "submission": done.after.sid,
        "file": done.after.source_name,
        "bank": done.after.bank,
        "from_state": str(done.before.state),
        "state": str(done.after.state),
        "actor": done.actor,
        "reason": done.reason or None,
        "notes": done.notes,
        "evidence": done.after.evidence,
        "exported": done.exported,
        "waits_for_second_person": done.only_asked,
        "words": at.words,
        "who_acts": str(at.who_acts),
        "next_step": at.step,
        "commands": [with_config(text, config) for text in at.commands],
    }
