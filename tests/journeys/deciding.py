"""Files about which a person has to decide, and what became of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from h2h.core.records import Submission
from tests.contracts.pain import IBANS
from tests.journeys import states
from tests.journeys.people import Person
from tests.journeys.site import CLEARS_AWAY, Site, salaries


@pytest.fixture
def doubtful(tmp_path: Path) -> Person:
    """A file of two payments over 100.00 EUR is in doubt: the bank took it, and the reply was lost."""
    site = Site(tmp_path, bank=CLEARS_AWAY)
    states.in_doubt(site)
    return Person(site)


def held(site: Site) -> str:
    """A file that is held because an earlier one had its name; its sid."""
    states.drop_and_send(site, "pay")
    site.drop("pay.csv", salaries(("OTHER-1", "7,00", IBANS[0])))
    site.once()
    return next(s.sid for s in site.submissions() if s.state is State.HELD)


def state_of(person: Person, sid: str) -> State:
    """Where the file is now."""
    return next(s.state for s in person.site.submissions() if s.sid == sid)


def last_event(person: Person, sid: str) -> tuple[str, str, str]:
    """(event, who, reason) of what the journal has last of a file."""
    with person.site.house() as house:
        event = house.journal.events(sid)[-1]
    return event.event, event.actor, event.detail.get("reason_text", "")


def swallowed_back(person: Person) -> None:
    """The bank puts what it took back where it was: now it can be seen."""
    at = person.site.at
    (file,) = (at / "processed").iterdir()
    file.rename(at / "to_bank" / file.name)


def temporary_back(person: Person) -> Submission:
    """The file in doubt, which the bank puts back under its temporary name: it could still be renamed."""
    sub, at = person.site.submission("doubt.csv"), person.site.at
    (taken,) = (at / "processed").iterdir()
    taken.rename(at / "to_bank" / (sub.commit_temporary or ""))
    return sub
