"""`h2h journal accept-older`: a person goes on from an older copy of both witnesses, knowing what that means."""

from __future__ import annotations

from h2h.adapters.journal.beside import ledgers
from h2h.adapters.journal.heads import contradiction, note
from h2h.adapters.journal.ledger import FileLedger, only_daemon
from h2h.cli.site import Site
from h2h.core.errors import Misconfigured
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import NOTHING_LEFT_THE_HOUSE, Event, State
from h2h.core.records import NewAttention, Submission

REASON = "H5-OLDER-COPY"


def accept(site: Site, *, actor: str, reason: str) -> tuple[list[str], int]:
    """(held submissions, how many records are lost). ``Misconfigured`` if the copy is not older, or a daemon runs."""
    paths = site.settings.paths
    if paths.heads is None:
        raise Misconfigured("paths.heads is not configured: nobody knows of anything newer")
    with only_daemon(paths.ledger, "ledger"):
        older = [p for p in ledgers(paths.ledger, site.settings.ledgers) if contradiction(paths.heads, p)]
        if not older:
            raise Misconfigured("journal and ledger are as new as paths.heads knows; there is nothing to accept")
        # The files first: cut short in between, the older copy is still refused, and this is done again.
        held = [_hold(site, sub, actor, reason) for sub in _not_sent(site)]
        lost = 0
        for path in older:
            with FileLedger(path, clock=site.clock) as ledger:
                lost += note(paths.heads, path, ledger.head(), lower=True)
    return held, lost


def _not_sent(site: Site) -> list[Submission]:
    states = NOTHING_LEFT_THE_HOUSE - {State.HELD}
    return site.journal.submissions(states=sorted(states))


def _hold(site: Site, sub: Submission, actor: str, reason: str) -> str:
    text = f"journal and ledger were restored from an older copy; it may have been sent since ({actor}: {reason})"
    at = site.clock.now()
    item = NewAttention("held", sub.sid, f"{sub.source_name}: {text}", WhoActs.TREASURY, sub.bank)
    site.journal.attend([item], at=at)
    detail, who = {"reason_text": text}, WhoActs.TREASURY
    site.journal.advance(
        sub, Event.HELD, at=at, actor=actor, detail=detail, reason=REASON, reason_text=text, who_acts=who
    )
    return sub.sid
