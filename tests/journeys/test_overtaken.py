"""A node that stops in the middle of a step and finds, when it goes on, that another one has taken it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.archive import FileArchive
from h2h.core.errors import StaleState, Unavailable, Untrusted
from h2h.core.lifecycle import State
from h2h.core.match import ANSWERED
from h2h.core.records import LedgerKind
from h2h.pipeline import decisions
from h2h.pipeline.asking import call_back
from h2h.pipeline.convert import convert
from h2h.pipeline.fetch import Seen, fetch
from h2h.pipeline.held import hold_for_a_person
from h2h.pipeline.house import House
from h2h.pipeline.inbound import Worker, work_inbound
from h2h.pipeline.line import Line
from h2h.pipeline.outbound import work_bank
from h2h.pipeline.rounds import scan_folders
from h2h.pipeline.send import look_again
from tests.journeys import states
from tests.journeys.answers import pain002
from tests.journeys.asking import accepted
from tests.journeys.channels import Killed, dying, meddled, swallowing
from tests.journeys.deciding import held
from tests.journeys.node_sites import NodeSite, nodes
from tests.journeys.older import OlderJournal
from tests.journeys.site import CLEARS_AWAY, ONE, WINDOW, Site
from tests.journeys.states import sent_site

__all__ = ["nodes"]  # fixtures


@pytest.mark.parametrize("problem", [ZeroDivisionError("a mistake of ours"), Untrusted("other bytes are there")])
@pytest.mark.parametrize("artefact", ["20-opened", "30-message.json"])
def test_what_goes_wrong_here_while_another_node_takes_the_step_says_nothing_of_the_file(
    tmp_path: Path, problem: Exception, artefact: str
) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACSP"))

    class Overtaken:
        """The archive of a node that stops just before it keeps something, and goes on to find that it cannot."""

        def __init__(self, house: House) -> None:
            self._house = house

        def __getattr__(self, name: str) -> Any:
            return getattr(self._house.archive, name)

        def put(self, owner: str, since: datetime, name: str, *given: Any, **more: Any) -> Any:
            if name == artefact:
                work_inbound(self._house, "testbank", Worker(lambda: False, lambda: None))
                raise problem
            return self._house.archive.put(owner, since, name, *given, **more)

    site.once(lambda house: replace(house, archive=Overtaken(house)))
    assert [str(f.state) for f in site.files()] == ["DELIVERED"]
    assert site.waiting() == []
    assert site.submission("salaries.csv").state is State.ACCEPTED


class Stopped:
    """A port of a node that stops before the *nth* *call*, and goes on when *meanwhile* is over."""

    def __init__(self, port: Any, call: str, meanwhile: Callable[[], object], nth: int = 1) -> None:
        self._port, self._call, self._meanwhile, self._left = port, call, meanwhile, nth

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        return partial(self._after_a_while, real) if name == self._call else real

    def _after_a_while(self, real: Callable[..., Any], *given: Any, **more: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self._meanwhile()
        return real(*given, **more)


@pytest.mark.parametrize("end", [State.SENT, State.CANCELLED])
def test_a_file_that_another_node_adopted_and_finished_is_not_taken_in_again(
    nodes: tuple[NodeSite, NodeSite], end: State
) -> None:
    """It is no duplicate of itself; and what a person gave up meanwhile is not sent after all."""
    a, b = nodes
    a.drop("pay.csv", ONE)

    def adopted() -> None:
        with b.house() as house:
            house.outboxes["erp"].adopt("a")
            scan_folders(house, lambda: False)
            (sub,) = house.journal.submissions()
            if end is State.CANCELLED:
                decisions.cancel(house, sub.sid, actor="anna", reason="dropped by mistake")
        b.once()

    a.once(lambda house: replace(house, journal=Stopped(house.journal, "take_in", adopted)))
    assert [s.state for s in a.submissions()] == [end]
    assert len(a.at_bank()) == (end is State.SENT)
    assert a.receipt("pay.csv")["state"] == end
    assert not (a.root / "erp/out/pay.csv.error.txt").exists()
    assert list((a.root / "state-a/spool").glob("?" * 64)) == []


def test_a_take_over_that_came_too_late_takes_nothing_over_at_the_next_start(tmp_path: Path) -> None:
    """Who took it over was told no and sends nothing; so it is h2h that must."""
    site = Site(tmp_path, bank=WINDOW)
    site.drop("pay.csv", ONE)
    site.once()  # 09:00

    def committed() -> None:
        site.clock.sleep(7200)
        with pytest.raises(Killed):
            site.once(dying)

    sid = site.submission("pay.csv").sid
    with site.house() as house:
        late = replace(house, journal=Stopped(house.journal, "advance", committed))
        with pytest.raises(StaleState):
            decisions.take_over(late, sid, actor="anna", reason="by portal", knowing_it_may_be_there=False)
    site.once()
    assert site.submission("pay.csv").state is State.SENT
    assert len(site.at_bank()) == 1


def test_a_not_sent_that_came_too_late_sends_nothing_again_by_an_older_journal(tmp_path: Path) -> None:
    """The bank's folder showed the file between a person's look and the person's word."""
    site = Site(tmp_path, bank=CLEARS_AWAY)
    sid = states.in_doubt(site)
    older = OlderJournal(site, tmp_path / "copy")

    def seen() -> None:
        (taken,) = (site.at / "processed").iterdir()
        back = taken.rename(site.at / "to_bank" / taken.name)
        with site.house() as house, Line(house, "testbank") as line:
            look_again(house, line, house.journal.submission(sid), actor="bo")
        back.unlink()

    with site.house() as house:
        late = replace(house, journal=Stopped(house.journal, "advance", seen))
        with pytest.raises(StaleState):
            decisions.resolve_not_sent(late, sid, actor="anna", reason="the hotline does not find it")
    assert site.submission("doubt.csv").state is State.SENT
    older.is_put_back()
    site.once()
    assert (site.submission("doubt.csv").state, site.at_bank()) == (State.SENT, {})


#: Converted, sealed, an attempt begun, committed, delivered: a file moves so often on its way.
OF_THE_PROOF = 5
PLAIN_RENAME = {"submission": {"rename": "fxp", "bank_removes_temporaries": True}}


def overtaken_at_the_proof(site: Site, doubted: Callable[[str], object]) -> None:
    """A node renames, and stops before it writes down that the server confirmed it; the bank takes the file.

    Another node finds neither name. Then *doubted* happens, with the submission's id, and the first goes on.
    """

    def meanwhile() -> None:
        site.bank_takes()
        site.once()
        sub = site.submission("pay.csv")
        assert sub.state is State.IN_DOUBT
        doubted(sub.sid)

    site.drop("pay.csv", ONE)
    site.once(lambda house: replace(house, journal=Stopped(house.journal, "advance", meanwhile, OF_THE_PROOF)))


def test_a_rename_that_was_confirmed_ends_the_doubt_of_another_node(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=PLAIN_RENAME)
    overtaken_at_the_proof(site, lambda sid: None)
    sub = site.submission("pay.csv")
    assert (sub.state, (sub.evidence or "")[:3]) == (State.SENT, "E1:")
    assert site.waiting() == []
    with site.house() as house:
        assert house.ledger.has(LedgerKind.DELIVERED, sub.sid, 0)


def test_a_rename_that_was_confirmed_stops_what_a_person_said_was_not_sent(tmp_path: Path) -> None:
    """The word was wrong: else the file would be paid twice."""
    site = Site(tmp_path, bank=PLAIN_RENAME)

    def not_sent(sid: str) -> None:
        with site.house() as house:
            decisions.resolve_not_sent(house, sid, actor="anna", reason="the hotline does not find it")

    overtaken_at_the_proof(site, not_sent)
    sub = site.submission("pay.csv")
    assert (sub.state, sub.reason, sub.generation) == (State.HELD, ANSWERED, 1)
    assert "confirmed the rename" in (sub.reason_text or "")
    assert (site.waiting(), site.receipt("pay.csv")["state"]) == (["held"], "HELD")
    site.once()
    assert site.at_bank() == {}
    with site.house() as house:
        decisions.release(house, sub.sid, actor="bo", reason="the bank has deleted it")
    site.once()
    assert (site.submission("pay.csv").state, len(site.at_bank())) == (State.SENT, 1)


def test_a_rename_that_was_confirmed_is_told_to_who_sends_the_file_another_way(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=PLAIN_RENAME)

    def by_hand(sid: str) -> None:
        with site.house() as house:
            decisions.take_over(house, sid, actor="anna", reason="by portal", knowing_it_may_be_there=True)

    overtaken_at_the_proof(site, by_hand)
    (item,) = site.attention()
    assert (site.submission("pay.csv").state, item.kind) == (State.TAKEN_OVER, "answer-to-unsent")
    assert "confirmed the rename" in item.text


@pytest.mark.parametrize("verb", ["release", "resolve"])
def test_an_item_about_what_came_after_a_decision_is_not_closed_by_it(tmp_path: Path, verb: str) -> None:
    """The command is stopped when it has decided; the daemon goes on, and the file waits for a person once more."""
    site = Site(tmp_path, bank=CLEARS_AWAY)
    sid = held(site) if verb == "release" else states.in_doubt(site)

    def waits_again() -> None:
        if verb == "release":
            with site.house() as house:
                hold_for_a_person(house, house.journal.submission(sid), "H4-OVERLAP", "paid on Friday")
        else:
            site.once(swallowing(site))

    with site.house() as house:
        late = replace(house, journal=Stopped(house.journal, "settle_attention", waits_again))
        if verb == "release":
            decisions.release(late, sid, actor="anna", reason="it is another file")
        else:
            decisions.resolve_not_sent(late, sid, actor="anna", reason="the hotline does not find it")
        assert house.journal.submission(sid).state is (State.HELD if verb == "release" else State.IN_DOUBT)
    assert [i.kind for i in site.attention() if i.subject == sid] == ["held" if verb == "release" else "in-doubt"]


def test_an_error_nobody_foresaw_says_nothing_of_a_file_that_another_node_has_delivered(tmp_path: Path) -> None:
    site = Site(tmp_path)

    def breaks(real: Callable[..., Any], *given: Any) -> None:
        site.once()
        raise ZeroDivisionError("a mistake of ours")

    site.drop("pay.csv", ONE)
    site.once(meddled("rename", breaks))
    sub = site.submission("pay.csv")
    assert (sub.state, len(site.at_bank()), site.waiting()) == (State.SENT, 1, [])
    assert sub.next_attempt_at is None, "it waits for nothing"


def test_a_file_is_not_refused_for_what_was_found_before_another_node_went_on_with_it(tmp_path: Path) -> None:
    """The profile was mended meanwhile, and the other node was started with it."""
    site = Site(tmp_path, bank={"accounts": ["DE02120300000000202051"]})
    site.drop("pay.csv", ONE)

    def with_the_mended_profile() -> None:
        site.bank = {}
        site.configure()
        with site.house() as house:
            (sub,) = house.journal.submissions()
            convert(house, sub)

    site.once(lambda house: replace(house, journal=Stopped(house.journal, "submission", with_the_mended_profile, 2)))
    site.once()
    assert site.submission("pay.csv").state is State.SENT
    assert not (site.root / "erp/out/pay.csv.error.txt").exists()


def test_a_rename_that_was_confirmed_while_the_journal_could_not_be_reached_is_no_doubt(tmp_path: Path) -> None:
    """The second witness keeps the proof, which nobody could find again: the bank has taken the file."""
    site = Site(tmp_path, bank=PLAIN_RENAME)

    def cut_off() -> None:
        site.bank_takes()
        raise Unavailable("the connection to the database was lost")

    site.drop("pay.csv", ONE)
    with site.house() as house:
        scan_folders(house, lambda: False)
        work_bank(
            replace(house, journal=Stopped(house.journal, "advance", cut_off, OF_THE_PROOF)), "testbank", lambda: False
        )
        sub = house.journal.submissions()[0]
    assert (sub.state, (sub.evidence or "")[:3], site.waiting()) == (State.SENT, "E1:", [])


def test_two_people_who_call_back_different_payments_in_one_moment_are_both_heard(tmp_path: Path) -> None:
    site, _ = accepted(tmp_path)
    sub = site.submission("salaries.csv")
    why = {"code": "DUPL", "why": "Paid by hand already"}

    def bo_is_quicker() -> None:
        with site.house() as house:
            call_back(house, sub, [2], actor="bo", **why)

    with site.house() as house:
        late = replace(house, journal=Stopped(house.journal, "remark", bo_is_quicker))
        call_back(late, sub, [1], actor="anna", **why)
    site.once()
    said = b"".join(site.bank_takes().values())
    assert (b"SAL-1" in said, b"SAL-2" in said) == (True, True)


def test_one_message_in_two_files_that_are_opened_side_by_side_is_given_once(tmp_path: Path) -> None:
    """As a bank sends it again under another name, and two workers, or nodes, take one each."""
    site, sent = sent_site(tmp_path)
    for name in ("a.xml", "b.xml"):
        site.bank_says(name, pain002(sent, "ACSP"))

    def the_other_is_opened() -> None:
        with site.house() as house:
            work_inbound(
                house, "testbank", Worker(lambda: False, lambda: None, lambda file: file.remote_name == "b.xml")
            )

    first_opened = 3  # of both it has been written down that they are removed at the bank
    site.once(
        lambda house: replace(house, journal=Stopped(house.journal, "move_file", the_other_is_opened, first_opened))
    )
    site.once()
    assert sorted(str(f.state) for f in site.files()) == ["DELIVERED", "DUPLICATE"]
    assert len(site.manifests()) == 1


def test_a_table_that_another_node_made_later_and_knows_more_is_the_one_that_is_given(tmp_path: Path) -> None:
    """The other node was killed before it had given it; nobody has changed the archive."""
    site, sent = sent_site(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACSP"))

    def killed(*_given: Any) -> str:
        raise Killed

    def a_later_answer_comes() -> None:
        site.bank_says("later.xml", pain002(sent, "RJCT", message_id="LATER"))
        with site.house() as house, Line(house, "testbank") as line:
            fetch(house, line, Seen(), lambda: None)
            other = replace(house, archive=FileArchive(house.settings.paths.archive, tmp_path / "work of the other"))
            work_inbound(other, "testbank", Worker(lambda: False, lambda: None, lambda f: f.remote_name != "ack.xml"))
            dying = replace(other, inboxes={"erp": Stopped(house.inboxes["erp"], "deliver", killed)})
            with pytest.raises(Killed):
                work_inbound(dying, "testbank", Worker(lambda: False, lambda: None))

    class Overtaken(Stopped):
        def _after_a_while(self, real: Callable[..., Any], *given: Any, **more: Any) -> Any:
            if given[2].startswith("45-") and self._left:
                self._left = 0
                self._meanwhile()
            return real(*given, **more)

    site.once(lambda house: replace(house, archive=Overtaken(house.archive, "put", a_later_answer_comes)))
    site.once()
    assert [str(f.state) for f in site.files()] == ["DELIVERED", "DELIVERED"]
    assert site.waiting() == []
