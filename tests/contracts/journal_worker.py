"""Another process at the same journal, for the tests: it says what it did on stdout and can be killed at any moment.

Usage: python -m tests.contracts.journal_worker URL advance SID | half-way SID | for-ever SID
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from h2h.core.errors import StaleState
from h2h.core.lifecycle import Event
from h2h.core.records import PaymentRecord
from tests.contracts.journals import NOW, Place, payments


def main(url: str, task: str, sid: str) -> None:
    """Do one of the tasks."""
    journal = Place(url).open()
    sub = journal.submission(sid)
    if task == "advance":
        say("ready")
        sys.stdin.readline()
        try:
            journal.advance(sub, Event.CONVERTED, at=NOW)
        except StaleState:
            say("stale")
        else:
            say("won")
    elif task == "half-way":
        journal.advance(sub, Event.CONVERTED, at=NOW, payments=_endless())
    else:
        while True:
            say("ready")
            sub = journal.advance(sub, Event.HELD, at=NOW)
            sub = journal.advance(sub, Event.RELEASED, at=NOW)


def _endless() -> Iterator[PaymentRecord]:
    """More than the database's cache holds, so that some are in its file; then the process waits to be killed."""
    yield from payments(20000)
    say("ready")
    time.sleep(600)


def say(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
