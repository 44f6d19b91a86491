"""The words: nothing that can happen is without them, in either language, and the right ones are chosen."""

from __future__ import annotations

import ast
import string
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from h2h.core.code_data.advice import Resend
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import Event, State
from h2h.core.outcome import Outcome
from h2h.core.records import Attention, EventRecord, FileState, InboundFile, PaymentRecord, SourceIdentity, Submission
from h2h.core.story import (
    chronicle,
    chronicle_of_file,
    chronicle_of_payment,
    present,
    present_of_file,
    present_of_payment,
    seen_elsewhere,
    step_for,
    tell,
)
from h2h.core.words import ENGLISH, Words
from h2h.core.words_zh import CHINESE

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUB = Submission(
    "1f" * 10, "mybank", "erp", "pay.csv", "0" * 64, 1, SourceIdentity("pay.csv", 1, 2, 3, 4), AT, "pay.csv",
    remote_name="M-1.xml",
)  # fmt: skip
PAYMENT = PaymentRecord(SUB.sid, 1, "E2E-1", Decimal("10.00"), "EUR")
BOTH = pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])


def event(name: str, minutes: int = 0, **detail: Any) -> EventRecord:
    return EventRecord(minutes, SUB.sid, AT + timedelta(minutes=minutes), name, None, None, "h2h", None, detail)


def report(to: Outcome, minutes: int, ordinal: int = 1, **detail: Any) -> EventRecord:
    detail = {"ordinal": ordinal, "fid": "f1", **detail}
    return EventRecord(
        minutes, SUB.sid, AT + timedelta(minutes=minutes), "reported", "pending", str(to), "bank", None, detail
    )


# ---------------------------------------------------------------------------------------------- nothing without words


@BOTH
def test_every_state_outcome_person_and_file_state_has_words(words: Words) -> None:
    assert set(words.states) == set(State)
    assert set(words.outcomes) == set(Outcome)
    assert set(words.who) == set(WhoActs)
    assert set(words.file_states) == {str(s) for s in FileState}
    assert set(words.resend) == set(Resend)


@BOTH
def test_every_event_and_remark_that_h2h_journals_has_words(words: Words, root: Path) -> None:
    remarks = _first_texts(root, {"remark": 1, "remark_in": 2}) | _remarks_of_matching(root)
    assert {"looked-again", "source-discarded", "contradicting-report"} <= remarks
    assert ({str(e) for e in Event} | remarks | {"received", "restored", "reported"}) - set(words.events) == set()


@BOTH
def test_every_kind_of_attention_that_h2h_opens_says_what_to_do(words: Words, root: Path) -> None:
    kinds = _first_texts(root, {"attend": 0, "NewAttention": 0, "_item": 2})
    assert {"in-doubt", "statement-gap", "bank-unreachable"} <= kinds
    assert kinds - set(words.attention) == set()


def test_both_languages_name_the_same_things_and_the_same_facts() -> None:
    assert set(ENGLISH.events) == set(CHINESE.events)
    assert set(ENGLISH.attention) == set(CHINESE.attention)
    assert set(ENGLISH.held) == set(CHINESE.held)
    assert set(ENGLISH.fixed) == set(CHINESE.fixed)
    assert {e: _fields(t) for e, t in ENGLISH.events.items()} == {e: _fields(t) for e, t in CHINESE.events.items()}
    for state in State:
        assert _fields(ENGLISH.states[state].step) == _fields(CHINESE.states[state].step), state


def test_every_command_in_the_words_is_one_that_h2h_has() -> None:
    from h2h.cli.main import VERBS

    commands = [c for s in ENGLISH.states.values() for c in s.commands]
    commands += [c for s in (*ENGLISH.held.values(), *ENGLISH.attention.values()) for c in s.commands]
    assert len(commands) > 20
    assert {c.split()[1] for c in commands} - set(VERBS) == set()
    assert {c.split()[0] for c in commands} == {"h2h"}


# ---------------------------------------------------------------------------------------------- the present


@BOTH
@pytest.mark.parametrize("state", list(State))
def test_no_fact_is_left_open_in_what_is_told_of_a_state(words: Words, state: State) -> None:
    at = present(replace(SUB, state=state), words)
    told = " ".join([at.words, at.step, *at.commands])
    assert "{" not in told
    assert "?" not in told
    assert at.words
    assert at.step


def test_a_file_in_doubt_says_which_file_the_bank_is_asked_for_and_what_to_type() -> None:
    at = present(replace(SUB, state=State.IN_DOUBT, reason_text="both names are gone"))
    assert at.who_acts is WhoActs.TREASURY
    assert "both names are gone" in at.words
    assert "M-1.xml" in at.step
    assert at.commands[0] == f"h2h resolve {SUB.sid} --look"
    assert f"h2h resolve {SUB.sid} --not-sent" in at.next_step


def test_a_suspected_duplicate_leads_to_the_earlier_file_first() -> None:
    earlier = "2e" * 10
    text = f"a file of this name was received (submission {earlier}, SENT)"
    at = present(replace(SUB, state=State.HELD, reason="H4-SAME-NAME", reason_text=text, who_acts=WhoActs.TREASURY))
    assert at.commands[0] == f"h2h explain {earlier}"
    assert at.commands[1].startswith(f"h2h cancel {SUB.sid} ")


def test_a_hold_whose_earlier_file_is_not_named_offers_no_command_with_a_gap() -> None:
    at = present(replace(SUB, state=State.HELD, reason="H4-OVERLAP", reason_text="some payments"))
    assert [c.split()[1] for c in at.commands] == ["cancel", "release"]


def test_a_submission_held_by_hand_gets_the_general_advice() -> None:
    at = present(replace(SUB, state=State.HELD, reason="BY-HAND", reason_text="wait (alice)"))
    assert [c.split()[1] for c in at.commands] == ["release", "cancel"]


def test_a_rejected_payment_says_the_plain_meaning_and_who_acts() -> None:
    rejected = replace(PAYMENT, outcome=Outcome.REJECTED, bank_status="RJCT", reason_code="AC04", reason_list="status")
    at = present_of_payment(replace(SUB, state=State.REJECTED), rejected)
    assert "AC04" in at.words
    assert "closed" in at.words
    assert at.who_acts is WhoActs.ACCOUNTS_PAYABLE
    assert "closed" not in present_of_payment(replace(SUB, state=State.REJECTED), rejected, CHINESE).words


def test_an_unknown_reason_code_is_still_shown_with_the_banks_text() -> None:
    rejected = replace(PAYMENT, outcome=Outcome.REJECTED, reason_code="ZZ99", reason_text="closed for stocktaking")
    at = present_of_payment(replace(SUB, state=State.REJECTED), rejected)
    assert "ZZ99, closed for stocktaking" in at.words


def test_a_settled_payment_names_day_and_statement() -> None:
    paid = replace(PAYMENT, outcome=Outcome.SETTLED, settled_on=date(2026, 12, 1), statement_reference="STM-1 / REF3")
    at = present_of_payment(replace(SUB, state=State.ACCEPTED), paid)
    assert "2026-12-01" in at.words
    assert "STM-1 / REF3" in at.words
    assert at.who_acts is WhoActs.NOBODY


def test_a_payment_without_an_answer_shares_the_present_of_its_file() -> None:
    held = replace(SUB, state=State.HELD, reason_text="x")
    assert present_of_payment(held, PAYMENT) == present(held)


def test_a_statement_that_shows_a_payment_of_a_file_in_doubt_is_evidence() -> None:
    doubt = replace(SUB, state=State.IN_DOUBT)
    paid = replace(PAYMENT, outcome=Outcome.SETTLED)
    assert seen_elsewhere(doubt, [PAYMENT, paid]) == [paid]
    assert seen_elsewhere(replace(SUB, state=State.ACCEPTED), [paid]) == []
    assert "--sent" in present_of_payment(doubt, paid).commands[0]


def test_a_bank_file_in_quarantine_says_why() -> None:
    file = InboundFile("f" * 20, "mybank", "out", "x.xml", b"x.xml", 1, 2, "0" * 64, AT, FileState.QUARANTINED)
    assert "no signature" in present_of_file(replace(file, reason_text="no signature")).words


def test_an_attention_item_of_a_kind_nobody_knows_can_still_be_closed() -> None:
    item = Attention(7, "from-a-later-release", "x", "something", WhoActs.TREASURY, None, AT)
    assert step_for(item).commands[0].startswith("h2h attention close 7 ")


# ---------------------------------------------------------------------------------------------- the past


def test_a_fact_that_an_older_release_did_not_record_reads_as_a_question_mark() -> None:
    assert tell(event("sealed")).endswith(": ?")


def test_an_event_nobody_has_words_for_is_told_by_its_name() -> None:
    assert tell(event("something-new")) == "something new"


def test_ten_thousand_reported_payments_are_one_line() -> None:
    reports = [report(Outcome.ACCEPTED, 5, n) for n in range(1, 10_001)]
    reports.append(report(Outcome.REJECTED, 5, 10_001, reason_code="AC04", reason_list="status", bank_status="RJCT"))
    lines = chronicle([event("received", size=3)], reports)
    assert [line.words for line in lines] == [
        "h2h took the file in from the ERP's folder (3 bytes)",
        "the bank reported 10000 payments: accepted",
        "the bank reported payment 10001: rejected",
    ]
    assert lines[2].more[0].startswith("RJCT, AC04, ")


def test_the_story_of_a_payment_leaves_out_what_concerns_others() -> None:
    events = [event("received"), event("late-report", 3, payment=2), event("contradicting-report", 4, payment=1)]
    lines = chronicle_of_payment(events, [report(Outcome.ACCEPTED, 2, 1), report(Outcome.ACCEPTED, 2, 2)], 1)
    assert [line.event for line in lines] == ["received", "reported", "contradicting-report"]


def test_the_story_is_in_order_of_time_whatever_order_it_is_read_in() -> None:
    lines = chronicle([event("bank-accepted", 9), event("received", 0)], [report(Outcome.SETTLED, 4)])
    assert [line.event for line in lines] == ["received", "reported", "bank-accepted"]


def test_a_statement_is_not_quoted_as_if_it_repeated_the_banks_older_status() -> None:
    settled = report(Outcome.SETTLED, 1, bank_status="ACCP", statement_reference="STM-1 / 2")
    (line,) = chronicle([], [settled])
    assert line.more == ("on statement STM-1 / 2",)


def test_a_bank_file_removed_at_the_bank_was_not_fetched_twice() -> None:
    first = replace(event("fetched", size=1), from_state=None, to_state="FETCHED")
    second = replace(event("fetched", 1, removed=True), from_state="FETCHED", to_state="FETCHED")
    assert [t.event for t in chronicle_of_file([first, second])] == ["fetched", "removed-at-bank"]


def test_all_findings_of_a_refusal_belong_to_its_line() -> None:
    findings = [{"where": f"line {n}", "text": "wrong", "code": "X"} for n in range(3)]
    (line,) = chronicle([event("refused", findings=findings, count=5)])
    assert line.more == ("line 0: wrong [X]", "line 1: wrong [X]", "line 2: wrong [X]", "… +2")


# ---------------------------------------------------------------------------------------------- reading the source


def _first_texts(root: Path, calls: dict[str, int]) -> set[str]:
    """The constant text at that position of every call of these names in pipeline, core and journal."""
    found = set()
    for folder in ("pipeline", "core", "adapters"):
        for path in (root / "h2h" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    place = calls.get(name)
                    if place is not None and len(node.args) > place:
                        value = node.args[place]
                        if isinstance(value, ast.Constant) and isinstance(value.value, str):
                            found.add(value.value)
    return found


def _remarks_of_matching(root: Path) -> set[str]:
    """``matching.remarks.append((sid, "remark", detail))``."""
    found = set()
    for path in (root / "h2h" / "core").glob("match*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("remarks.append"):
                pair = node.args[0]
                if isinstance(pair, ast.Tuple) and isinstance(pair.elts[1], ast.Constant):
                    found.add(str(pair.elts[1].value))
    return found


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
