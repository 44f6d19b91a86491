"""What counts as evidence and what does not; what the bank knows before h2h has sent it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import NotPermitted, Unavailable
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.pipeline import decisions
from h2h.pipeline.house import House
from h2h.ports import Session
from tests.journeys import states
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.channels import half_of_it, swallowing, troubled
from tests.journeys.site import CLEARS_AWAY, MONDAY, ONE, WINDOW, Site, iso

# -- what is at the bank


def test_a_temporary_file_that_changed_after_it_was_verified_is_never_made_visible(tmp_path: Path) -> None:
    """The bank's server lost its power between our look and the rename, and has half of the file."""
    site = Site(tmp_path)

    site.drop("pay.csv", ONE)
    site.once(troubled(half_of_it(site)))
    site.clock.sleep(1000)
    site.once()
    assert site.at_bank() == {}
    doubt = site.submission("pay.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H3")
    assert "no longer what was uploaded" in (doubt.reason_text or "")


# -- a file that the bank knows before it was sent


def test_a_file_that_the_bank_answers_before_it_was_sent_is_held(tmp_path: Path) -> None:
    """Somebody sent it by hand while the window was closed: it must not follow when it opens."""
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.xml", iso("ERP-1", ["10.00", "20.00"]))
    site.once()  # 09:00
    assert site.submission("pay.xml").state is State.SEALED
    site.bank_says("report.xml", pain002(Sent.of(iso("ERP-1", ["10.00", "20.00"])), "ACCP"))
    site.once()
    site.clock.sleep(7200)
    site.once()
    held = site.submission("pay.xml")
    assert (held.state, held.reason, held.who_acts) == (State.HELD, "H8-ANSWERED", WhoActs.TREASURY)
    assert site.at_bank() == {}
    assert "held" in site.waiting()
    assert "find out whether the bank has these payments" in site.receipt("pay.xml")["next_step"]
    with site.house() as house:
        decisions.release(house, held.sid, actor="anna", reason="the bank answered a test file of the same name")
    site.bank_says("again.xml", pain002(Sent.of(iso("ERP-1", ["10.00", "20.00"])), "ACSP", message_id="R2"))
    site.once()
    assert site.submission("pay.xml").state is not State.HELD, "what a person released in this knowledge goes on"
    assert len(site.at_bank()) == 1


def test_a_new_generation_is_stopped_by_a_statement_that_shows_the_earlier_one(tmp_path: Path) -> None:
    """A person believed the bank's "no"; before the file goes out again the money is seen to have moved."""
    site = Site(tmp_path, bank={**CLEARS_AWAY, **WINDOW})
    site.clock.sleep(3600)
    sid = states.in_doubt(site)
    site.clock.sleep(9 * 3600)  # 19:00
    with site.house() as house:
        decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline does not find it")
    site.once()
    assert site.submission("doubt.csv").state is State.SEALED
    site.bank_says("statement.xml", camt053([Line("99.50", "DOUBT-1")]))
    site.once()
    site.clock.sleep(16 * 3600)
    site.once()
    held = site.submission("doubt.csv")
    assert (held.state, held.reason) == (State.HELD, "H8-ANSWERED")
    assert site.at_bank() == {}


def test_what_was_released_before_one_generation_is_asked_again_before_the_next(tmp_path: Path) -> None:
    """The bank's first answer was about a test file, as somebody said then; what it says now may be about the first."""
    site = Site(tmp_path, bank={**CLEARS_AWAY, **WINDOW})
    content = iso("ERP-1", ["10.00", "20.00"])
    site.drop("pay.xml", content)
    site.once()  # 09:00
    site.bank_says("report.xml", pain002(Sent.of(content), "ACTC"))
    site.once()
    held = site.submission("pay.xml")
    assert (held.state, held.reason) == (State.HELD, "H8-ANSWERED")
    with site.house() as house:
        decisions.release(house, held.sid, actor="anna", reason="the bank answered a test file of the same name")
    site.clock.sleep(2 * 3600)
    site.once(swallowing(site))
    assert site.submission("pay.xml").state is State.IN_DOUBT
    site.clock.sleep(8 * 3600)
    with site.house() as house:
        decisions.resolve_not_sent(house, held.sid, actor="anna", reason="the hotline does not find it")
    site.bank_says("again.xml", pain002(Sent.of(content), "ACTC", message_id="R2"))
    site.once()  # 19:00
    again = site.submission("pay.xml")
    assert (again.state, again.reason) == (State.HELD, "H8-ANSWERED")
    site.clock.sleep(16 * 3600)
    site.once()
    assert site.at_bank() == {}


# -- one file among the bank's answers


@pytest.mark.parametrize("problem", [NotPermitted("permission denied"), Unavailable("failure, no reason given")])
def test_one_answer_that_the_bank_does_not_let_us_read_does_not_hold_up_the_others(
    tmp_path: Path, problem: Unavailable
) -> None:
    site = Site(tmp_path)
    locked = {"1-locked.xml"}

    class Locked:
        rename_is_atomic = True

        def __init__(self, channel: Any) -> None:
            self._channel = channel

        @contextmanager
        def connect(self) -> Iterator[Session]:
            with self._channel.connect() as session:
                real = session.fetch

                def fetch(folder: str, name: bytes, sink: Any, bytes_max: int) -> int:
                    if name.decode() in locked:
                        raise problem
                    return int(real(folder, name, sink, bytes_max))

                session.fetch = fetch
                yield session

    def with_lock(house: House) -> House:
        return replace(house, channels={name: Locked(c) for name, c in house.channels.items()})

    site.bank_says("1-locked.xml", camt053([Line("1.00", "THEIRS-1")]), mtime=MONDAY)
    site.bank_says("2-next.xml", camt053([Line("2.00", "THEIRS-2")], sequence=2, opening="9999.00"))
    site.once(with_lock)
    assert [f.remote_name for f in site.files()] == ["2-next.xml"]
    assert "cannot-fetch-file" in site.waiting()
    locked.clear()
    site.once(with_lock)
    assert sorted(f.remote_name for f in site.files()) == ["1-locked.xml", "2-next.xml"]
    assert "cannot-fetch-file" not in site.waiting()


def test_a_connection_that_is_lost_among_the_answers_is_no_trouble_of_one_of_them(tmp_path: Path) -> None:
    """Too old, or cut: the others are fetched over the next one, and nobody is told about a file."""
    site = Site(tmp_path)
    lost: list[str] = []

    class Lost:
        rename_is_atomic = True

        def __init__(self, channel: Any) -> None:
            self._channel = channel

        @contextmanager
        def connect(self) -> Iterator[Session]:
            with self._channel.connect() as session:
                gone: list[bytes] = []
                real_list, real_fetch = session.list, session.fetch

                def names(folder: str) -> Iterator[Any]:
                    if gone:
                        raise Unavailable("this connection has been open for long enough")
                    return iter(real_list(folder))

                def fetch(folder: str, name: bytes, sink: Any, bytes_max: int) -> int:
                    if not lost:
                        lost.append(name.decode())
                        gone.append(name)
                    if gone:
                        raise Unavailable("this connection has been open for long enough")
                    return int(real_fetch(folder, name, sink, bytes_max))

                session.list, session.fetch = names, fetch
                yield session

    site.bank_says("1.xml", camt053([Line("1.00", "THEIRS-1")]), mtime=MONDAY)
    site.bank_says("2.xml", camt053([Line("2.00", "THEIRS-2")], sequence=2, opening="9999.00"))

    def over_it(house: House) -> House:
        return replace(house, channels={name: Lost(c) for name, c in house.channels.items()})

    site.once(over_it)
    site.clock.sleep(60)
    site.once(over_it)
    assert lost == ["1.xml"]
    assert sorted(f.remote_name for f in site.files()) == ["1.xml", "2.xml"]
    with site.house() as house:
        ever = [item.kind for item in house.journal.attention(open_only=False)]
    assert "cannot-fetch-file" not in ever
