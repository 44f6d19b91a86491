"""The daemon's stages over a real house: files side by side, in order where the bank wants it, over one connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from h2h.core.errors import NotSent
from h2h.core.lifecycle import State
from h2h.pipeline.house import House
from h2h.pipeline.line import AGE_SECONDS_MAX, Line, Trunk
from h2h.pipeline.ownership import Gate
from h2h.pipeline.rounds import scan_folders
from h2h.pipeline.stages import Stage, stages_of
from h2h.ports import Session
from tests.contracts.pain import IBANS
from tests.journeys.site import Site, salaries

BANK = "testbank"


class Watched:
    """The way to the bank, with a count of log-ins and something that happens at each upload."""

    def __init__(self, channel: Any, at_upload: Callable[[str], None]) -> None:
        self.log_ins = 0
        self.rename_is_atomic = channel.rename_is_atomic
        self._channel, self._at_upload = channel, at_upload

    @contextmanager
    def connect(self) -> Iterator[Session]:
        """Log in."""
        self.log_ins += 1
        with self._channel.connect() as session:
            yield Uploading(session, self._at_upload)


class Uploading:
    """A session that tells of each upload before it is made."""

    def __init__(self, session: Session, at_upload: Callable[[str], None]) -> None:
        self._session, self._at_upload = session, at_upload

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def create(self, folder: str, name: str, source: Any) -> None:
        """Tell, then write."""
        self._at_upload(name)
        self._session.create(folder, name, source)


def drop(site: Site, count: int) -> None:
    """Files of one payment each; their order is that of their numbers."""
    for n in range(1, count + 1):
        site.drop(f"{n:02d}.csv", salaries((f"REF-{n:02d}", f"{n},00", IBANS[0])))


def run(house: House, done: Callable[[], bool], trunk: Trunk | None = None) -> None:
    """Take everything in, then let the stages work as in the daemon until *done*."""
    scan_folders(house, lambda: False)
    wakes = {name: threading.Event() for name in ("convert", "seal", "send")}
    stop = threading.Event()
    line = trunk or Trunk(house, BANK)
    stages = stages_of(house, line, Gate(house, BANK), wakes)

    def turn(name: str, stage: Stage) -> None:
        while not stop.is_set():
            wakes[name].wait(min(stage.turn(stop.is_set), 0.2))
            wakes[name].clear()
        stage.finish()

    threads = [threading.Thread(target=turn, args=item) for item in stages.items()]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 100
    while not done() and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    line.close()
    assert done(), [(s.source_name, str(s.state), s.reason_text) for s in house.journal.submissions()]


def all_in(house: House, *states: State) -> Callable[[], bool]:
    """Every submission is in one of *states*."""
    return lambda: all(s.state in states for s in house.journal.submissions())


def test_a_file_whose_upload_takes_long_does_not_hold_up_the_others(tmp_path: Path) -> None:
    site = Site(tmp_path)
    drop(site, 6)
    released = threading.Event()
    with site.house() as house:
        first: list[str] = []

        def upload(name: str) -> None:
            first.append(name)
            if name == first[0]:
                assert released.wait(100), "the others are sent meanwhile"

        house = replace(house, channels={BANK: Watched(house.channels[BANK], upload)})

        def five_are_there() -> bool:
            if len(site.at_bank()) == 5:
                released.set()
            return len(site.at_bank()) == 6

        run(house, five_are_there)
        assert {str(s.state) for s in house.journal.submissions()} == {"SENT"}


def test_all_files_of_a_burst_share_one_log_in_and_each_is_sent_once(tmp_path: Path) -> None:
    site = Site(tmp_path)
    drop(site, 12)
    with site.house() as house:
        way = Watched(house.channels[BANK], lambda name: None)
        house = replace(house, channels={BANK: way})
        run(house, all_in(house, State.SENT))
        assert way.log_ins == 1
        assert len(site.at_bank()) == 12
        assert {site.receipt(f"{n:02d}.csv")["state"] for n in range(1, 13)} == {"SENT"}


def test_a_bank_that_wants_order_gets_it_also_where_one_must_be_tried_again(tmp_path: Path) -> None:
    order = {"in_order": True, "retry_seconds_min": 0.1, "retry_seconds_max": 0.1}
    site = Site(tmp_path, bank={"submission": order})
    drop(site, 5)
    with site.house() as house:
        uploads: list[str] = []

        def upload(name: str) -> None:
            uploads.append(name)
            if len(uploads) == 2:
                raise NotSent("the line went down")

        house = replace(house, channels={BANK: Watched(house.channels[BANK], upload)})

        def sent_in_time() -> bool:
            site.clock.sleep(0.1)
            return all_in(house, State.SENT)()

        run(house, sent_in_time)
        sent = sorted(house.journal.submissions(), key=lambda s: s.sent_at or s.received_at)
        begun = [next(s.source_name for s in sent if s.remote_name and s.remote_name in name) for name in uploads]
        assert begun == ["01.csv", "02.csv", "02.csv", "03.csv", "04.csv", "05.csv"]


def test_trouble_of_one_user_leaves_the_others_their_connection_and_gives_the_next_a_new_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.house() as house:
        way = Watched(house.channels[BANK], lambda name: None)
        house = replace(house, channels={BANK: way})
        trunk = Trunk(house, BANK)
        with Line(house, BANK, trunk) as one, Line(house, BANK, trunk) as other:
            shared = one.session()
            assert other.session() is shared
            one.renew()
            assert one.session() is not shared
            assert shared.stat("to_bank", "nothing") is None, "whoever is at work on it can finish"
        assert way.log_ins == 2
        trunk.close()


def test_a_connection_is_replaced_when_it_is_old(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.house() as house:
        way = Watched(house.channels[BANK], lambda name: None)
        house = replace(house, channels={BANK: way})
        trunk = Trunk(house, BANK)
        for _ in range(2):
            with Line(house, BANK, trunk) as line:
                line.session()
        assert way.log_ins == 1
        site.clock.sleep(AGE_SECONDS_MAX + 1)
        with Line(house, BANK, trunk) as line:
            line.session()
        assert way.log_ins == 2
        trunk.close()
