"""What is repeated after a stop may meet another day, another profile, other knowledge: it still happens once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import Unavailable
from h2h.core.lifecycle import Event, State
from h2h.pipeline.house import House
from h2h.pipeline.rounds import once
from tests.crashes.effects import ports
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.site import TWO, Site


class StoppedError(BaseException):
    """The process ends here; nothing catches this."""


def stop_at(label: str, number: int = 1, **wanted: Any) -> Callable[[House], House]:
    """A house whose *number*-th such effect never comes about."""
    count = 0

    def handler(name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal count
        if name == label and (not wanted or wanted["event"] in map(str, args)):
            count += 1
            if count == number:
                raise StoppedError
        return method(*args, **kwargs)

    return lambda house: ports(house, handler)


def test_a_file_cut_short_while_it_was_converted_is_converted_on_another_day(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    with pytest.raises(StoppedError):
        site.once(stop_at("journal.advance", event="converted"))
    kept = next(tmp_path.rglob("20-payment.json")).read_bytes()

    site.clock.sleep(9 * 86_400)  # the execution date has gone by: other remarks belong to the same payments
    site.once()

    assert next(tmp_path.rglob("20-payment.json")).read_bytes() != kept
    sub = site.submission("salaries.csv")
    assert sub.reason != "H7-UNTRUSTED"
    assert sub.state in (State.SENT, State.HELD)


def test_what_was_sealed_is_never_made_anew_whatever_an_older_journal_says(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    with pytest.raises(StoppedError):
        site.once(stop_at("journal.advance", event="converted"))
    journal = next((tmp_path / "state").glob("*.db"))
    older = journal.read_bytes()
    with pytest.raises(StoppedError):
        site.once(stop_at("journal.advance", event="send-started"))
    sealed = next(tmp_path.rglob("40-sealed*")).read_bytes()
    journal.write_bytes(older)
    site.clock.sleep(9 * 86_400)
    site.once()
    assert next(tmp_path.rglob("40-sealed*")).read_bytes() == sealed
    assert next(tmp_path.rglob("30-bank*")).read_bytes() == sealed, "unsealed, so the same bytes"
    assert set(site.at_bank().values()) <= {sealed}


def test_a_delivery_that_is_repeated_later_gives_the_same_table_not_a_second_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    site.once()
    (data,) = site.bank_takes().values()
    sent = Sent.of(data)
    site.bank_says("1-status.xml", pain002(sent, "ACSP"))

    class FullAfterOne:
        """The ERP's folder takes one file of the first delivery, and for a while no more of it."""

        def __init__(self, inbox: Any) -> None:
            self.inbox = inbox

        def deliver(self, name: str, content: Any) -> str:
            if name.startswith("1-status") and name.endswith((".json", ".xml")):
                raise Unavailable("no more for now")
            return str(self.inbox.deliver(name, content))

        def deliver_together(self, files: Any) -> list[str]:
            return [self.deliver(name, content) for name, content in files]

    with site.house() as house:
        once(replace(house, inboxes={k: FullAfterOne(v) for k, v in house.inboxes.items()}))
        assert [n.rpartition(".")[2] for n in site.inbox()] == ["csv"]
        first = dict(site.inbox())
        site.bank_says("2-statement.xml", camt053([Line("1250.00", "SAL-1"), Line("0.01", "SAL-2")]))
        once(replace(house, inboxes={k: FullAfterOne(v) for k, v in house.inboxes.items()}))
    assert set(site.outcomes("salaries.csv").values()) == {"settled"}, "more is known by now"
    site.once()
    given = site.inbox()
    assert not [n for n in given if "~" in n]
    assert first.items() <= given.items()
    assert len(site.manifests()) == 2


def test_what_the_erp_has_taken_is_not_given_again_by_a_delivery_that_is_repeated(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    site.once()
    (data,) = site.bank_takes().values()
    site.bank_says("1-status.xml", pain002(Sent.of(data), "ACSP"))
    with pytest.raises(StoppedError):
        site.once(stop_at("journal.move_file", number=5))  # removed, opened, read, matched; now "delivered"
    assert len(site.manifests()) == 1
    for path in (tmp_path / "erp/in").iterdir():
        path.unlink()
    site.once()
    assert site.inbox() == {}
    assert [str(f.state) for f in site.files()] == ["DELIVERED"]


def test_temporary_files_of_a_process_that_was_killed_are_gone_a_day_later(tmp_path: Path) -> None:
    site = Site(tmp_path)
    old = 1_000_000_000
    for folder in ("erp/out", "erp/in"):
        left = tmp_path / folder / ".h2h-123-4.tmp"
        left.write_bytes(b"half")
        os.utime(left, (old, old))
    site.drop("salaries.csv", TWO)
    site.once()
    (data,) = site.bank_takes().values()
    site.bank_says("1-status.xml", pain002(Sent.of(data), "ACSP"))
    site.once()
    assert [p.name for f in ("erp/out", "erp/in") for p in (tmp_path / f).glob(".h2h-*.tmp")] == []


def test_a_receipt_that_a_kill_left_behind_its_time_is_written_at_the_next_start(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    site.once()
    path = tmp_path / "erp/out" / "salaries.csv.status.json"
    path.write_text(path.read_text().replace('"SENT"', '"COMMITTING"'))
    site.once()
    assert site.receipt("salaries.csv")["state"] == "SENT"
    path.unlink()  # the ERP took it
    site.once()
    assert not path.exists()


def test_a_receipt_tells_what_became_of_the_file_while_it_was_being_written(tmp_path: Path) -> None:
    """Another process, a node or a person's command, moves the file on between reading the journal and writing."""
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    moved: list[str] = []

    def handler(name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if name == "outbox.write_beside" and not moved:
            with site.house() as elsewhere:
                (sub,) = elsewhere.journal.submissions()
                held = elsewhere.journal.advance(
                    sub, Event.HELD, at=elsewhere.now(), reason="H9-BY-HAND", actor="ann", reason_text="not today"
                )
                moved.append(str(held.state))
        return method(*args, **kwargs)

    site.once(lambda house: ports(house, handler))
    assert moved == ["HELD"]
    receipt = site.receipt("salaries.csv")
    assert (receipt["state"], receipt["reason"]) == ("HELD", "H9-BY-HAND")


@pytest.mark.parametrize(
    ("artefact", "stopped_at", "moved_by"),
    [("40-sealed", "sealed", "journal.advance"), ("20-opened", "OPENED", "journal.move_file")],
)
def test_what_a_killed_process_kept_is_made_durable_before_the_journal_relies_on_it(
    tmp_path: Path, artefact: str, stopped_at: str, moved_by: str
) -> None:
    """Its name may be in memory only; a power cut after the journal's move lost it, and the file waited for ever."""
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    if artefact == "20-opened":
        site.once()
        (data,) = site.bank_takes().values()
        site.bank_says("1-status.xml", pain002(Sent.of(data), "ACSP"))
    seen: list[str] = []

    def stopping(name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if name == moved_by and stopped_at in map(str, args):
            raise StoppedError
        return method(*args, **kwargs)

    def watching(name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if name == "archive.put" and str(args[2]).startswith(artefact):
            seen.append("kept")
        if name == moved_by and stopped_at in map(str, args):
            seen.append("moved")
        return method(*args, **kwargs)

    with pytest.raises(StoppedError):
        site.once(lambda house: ports(house, stopping))
    site.once(lambda house: ports(house, watching))
    assert seen == ["kept", "moved"]
