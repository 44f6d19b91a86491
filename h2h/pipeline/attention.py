"""What waits for a person because of time: answers that are overdue, receipts nobody can write, a clock that jumped."""

from __future__ import annotations

from h2h.core.errors import StaleState
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import DUE, State
from h2h.core.schedule import overdue
from h2h.pipeline.house import House, log
from h2h.pipeline.witness import ensure_delivered

#: Wall clock and monotonic clock may part by this much before sending pauses (H10).
CLOCK_JUMP_SECONDS = 300.0


def look_for_overdue(house: House, bank: str) -> None:
    """F54: no answer within the agreed time is told to a person. Nothing is sent again because of it."""
    profile = house.settings.bank_of(bank).submission
    now = house.now()
    for sub in house.journal.waiting_for_answer(bank):
        ensure_delivered(house, sub)  # where the journal's answer to the delivery was lost
        if sub.state is State.SENT and overdue(sub.sent_at, now, profile.acknowledge_within_seconds):
            text = (
                f"{sub.source_name}: the bank has not answered {sub.remote_name} since "
                f"{sub.sent_at:%Y-%m-%d %H:%M} UTC; ask the bank, do not send it again"
            )
            house.attend("overdue-answer", sub.sid, text, WhoActs.TREASURY, bank)


class ClockGuard:
    """Notices that the wall clock jumped. Cut-offs and value dates cannot be trusted until a person has looked."""

    def __init__(self, house: House, bank: str) -> None:
        self._house = house
        self._bank = bank
        self._wall = house.now()
        self._monotonic = house.clock.monotonic()

    def jumped(self) -> bool:
        """True while sending must pause: the clock jumped and the attention item is still open."""
        house = self._house
        wall, monotonic = house.now(), house.clock.monotonic()
        drift = (wall - self._wall).total_seconds() - (monotonic - self._monotonic)
        if abs(drift) > CLOCK_JUMP_SECONDS:
            text = f"the clock jumped by {drift:.0f} seconds; sending pauses until this item is closed"
            house.attend("clock-jump", house.settings.instance, text, WhoActs.SYSTEM_ADMINISTRATOR)
            self._wait_anew()
        # Only now: a jump that the journal could not be told of is told the next time.
        self._wall, self._monotonic = wall, monotonic
        return any(item.kind == "clock-jump" for item in house.journal.attention())

    def _wait_anew(self) -> None:
        """Until when a file waits was said by the clock that was wrong: each is looked at again, and may wait again."""
        house = self._house
        for sub in house.journal.submissions(bank=self._bank, states=DUE):
            if sub.next_attempt_at is not None:
                try:
                    house.journal.change(sub, at=house.now(), next_attempt_at=None)
                except StaleState:
                    log.info("submission.moved-meanwhile", sid=sub.sid)
