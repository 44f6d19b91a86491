"""F46: a bank that takes files under temporary names, too, gets each payment once, and people are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from h2h.core.lifecycle import State
from h2h.pipeline.house import House
from h2h.ports import Session
from h2h.simulator import BEHAVIOURS, SimulatedBank
from tests.journeys.channels import Killed, with_sessions
from tests.journeys.site import CLEARS_AWAY, ONE, Site


class Watched:
    """A session beside which the bank's own program runs: its round comes just before the call named *when*."""

    def __init__(self, session: Session, bank: SimulatedBank, when: tuple[str, int]) -> None:
        self._session = session
        self._bank = bank
        self._when = when
        self._count: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self._count[name] += 1
        if (name, self._count[name]) == self._when:
            self._bank.tick()
        return getattr(self._session, name)


def beside(bank: SimulatedBank, when: tuple[str, int]) -> Callable[[House], House]:
    """h2h with that bank's program at work."""
    return with_sessions(lambda session: Watched(session, bank, when))


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[SimulatedBank]:
    """The simulated bank, unsealed; what it takes it does not speak of."""
    silent = replace(BEHAVIOURS["takes-temporaries"], file="silent")
    with SimulatedBank(tmp_path / "bank", behaviour=silent, pgp=False) as bank:
        yield bank


def paid(bank: SimulatedBank) -> list[str]:
    """What the bank got, as often as it got it."""
    return [line["end_to_end_id"] for line in bank.received()]


@pytest.mark.parametrize(
    ("read_back", "when"),
    [(True, ("digest", 1)), (False, ("stat", 1))],
    ids=["before it is read back", "before its size is asked"],
)
def test_a_bank_that_takes_temporary_names_gets_a_payment_once_and_a_person_is_told(
    tmp_path: Path, impatient: SimulatedBank, read_back: bool, when: tuple[str, int]
) -> None:
    site = Site(tmp_path, bank={"submission": {"read_back": read_back}}, bank_root=impatient.root)
    site.drop("one.csv", ONE)
    assert not site.once(beside(impatient, when))
    doubt = site.submission("one.csv")
    assert (doubt.state, doubt.reason, doubt.attempt) == (State.IN_DOUBT, "H3", 1)
    assert site.waiting() == ["in-doubt", "temporary-taken"]
    for _ in range(3):
        site.clock.sleep(3600)
        site.once()
    assert paid(impatient) == ["SAL-1"], "it was not uploaded again"


def test_the_banks_own_answer_ends_that_doubt(tmp_path: Path) -> None:
    with SimulatedBank(tmp_path / "bank", behaviour=BEHAVIOURS["takes-temporaries"], pgp=False) as bank:
        site = Site(tmp_path, bank_root=bank.root)
        site.drop("one.csv", ONE)
        site.once(beside(bank, ("digest", 1)))
        assert site.submission("one.csv").state is State.ACCEPTED
        assert site.waiting() == ["temporary-taken"]
        assert paid(bank) == ["SAL-1"]


def test_a_file_taken_between_its_verification_and_its_rename_is_not_uploaded_again(
    tmp_path: Path, impatient: SimulatedBank
) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY, bank_root=impatient.root)
    site.drop("one.csv", ONE)
    assert not site.once(beside(impatient, ("rename", 1)))
    assert site.submission("one.csv").state is State.IN_DOUBT
    site.clock.sleep(3600)
    site.once()
    assert paid(impatient) == ["SAL-1"]


def test_cut_short_before_the_doubt_was_journalled_a_name_that_is_gone_is_still_no_proof(
    tmp_path: Path, impatient: SimulatedBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path, bank_root=impatient.root)
    site.drop("one.csv", ONE)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("h2h.pipeline.send._in_doubt", killed)
        with pytest.raises(Killed):
            site.once(beside(impatient, ("digest", 1)))
    assert site.submission("one.csv").state is State.COMMITTING
    assert not site.once()
    assert site.submission("one.csv").state is State.IN_DOUBT
    assert paid(impatient) == ["SAL-1"]
