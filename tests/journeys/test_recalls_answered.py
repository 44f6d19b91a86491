"""Payments are called back, statements asked for, and a bank that answers by itself does what it is asked, or not."""

from __future__ import annotations

from pathlib import Path

from h2h.core.lifecycle import State
from h2h.simulator import BEHAVIOURS, Behaviour, Rule, SimulatedBank
from h2h.simulator.bank import Agreement
from tests.contracts.pain import IBANS
from tests.journeys.asking import ASKS, WHY, recall, request_of, story
from tests.journeys.people import Person
from tests.journeys.site import OUR_ACCOUNT, Site, in_the_present, salaries, week_after


class Town:
    """An installation and a bank that answers by itself, over one directory."""

    def __init__(self, tmp_path: Path, behaviour: Behaviour) -> None:
        self.site = Site(tmp_path, bank=ASKS, clock=in_the_present())
        agreement = Agreement(root=self.site.at)
        self.bank = SimulatedBank(
            tmp_path / "simulated", behaviour=behaviour, now=self.site.clock.now, pgp=False, agreement=agreement
        )
        day = week_after(self.site.clock.start)
        self.site.drop("salaries.csv", salaries(("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1]), date=day))
        self.goes_on()

    def __enter__(self) -> Town:
        return self

    def __exit__(self, *_: object) -> None:
        self.bank.stop()

    def goes_on(self) -> None:
        """Files go there and back until nobody has anything to say."""
        self.site.once()
        while self.bank.tick():
            self.site.once()


LATER = Behaviour(rules=(Rule("accept", "", ""),))


def test_a_bank_stops_what_it_has_not_paid_yet(tmp_path: Path) -> None:
    with Town(tmp_path, LATER) as town:
        assert recall(town.site, "--payment", "1", *WHY).status == 0
        town.goes_on()
        assert town.site.outcomes("salaries.csv") == {"SAL-1": "cancelled", "SAL-2": "accepted"}
        assert request_of(town.site).state is State.ACCEPTED


def test_money_that_has_gone_comes_home_with_a_statement(tmp_path: Path) -> None:
    with Town(tmp_path, BEHAVIOURS["accept"]) as town:
        assert town.site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}
        assert recall(town.site, "--payment", "1", *WHY).status == 0
        town.goes_on()
        assert town.site.outcomes("salaries.csv") == {"SAL-1": "returned", "SAL-2": "settled"}
        told = story(town.site, "SAL-1")
        assert "alice called back payment 1 (DUPL)" in told
        assert "FOCR" in told


def test_a_bank_that_gives_nothing_back_says_why_in_plain_words(tmp_path: Path) -> None:
    with Town(tmp_path, BEHAVIOURS["no-recall"]) as town:
        assert recall(town.site, *WHY, "--yes").status == 0
        town.goes_on()
        assert set(town.site.outcomes("salaries.csv").values()) == {"settled"}
        assert request_of(town.site).state is State.REJECTED
        assert "the payee does not agree to give it back" in story(town.site, "SAL-1")


def test_a_bank_gives_the_statement_that_it_is_asked_for(tmp_path: Path) -> None:
    with Town(tmp_path, BEHAVIOURS["accept"]) as town:
        before = len(town.site.files())
        day = town.site.clock.now().date().isoformat()
        Person(town.site).says("ask", "testbank", "--account", OUR_ACCOUNT, "--from", day)
        town.goes_on()
        assert request_of(town.site, "ask-").state is State.ACCEPTED
        assert [f.kind for f in town.site.files()[before:]] == ["statement"]
        Person(town.site).says("ask", "testbank", "--account", OUR_ACCOUNT, "--from", day, "--kind", "report")
        town.goes_on()
        assert "request-refused" in town.site.waiting()
