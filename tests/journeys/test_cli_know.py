"""`h2h status` and `h2h explain` over an installation in which everything has happened."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from h2h.core.labels_zh import LABELS
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.tally import Place
from tests.journeys import states
from tests.journeys.conftest import fast_directory
from tests.journeys.people import Person
from tests.journeys.site import CLEARS_AWAY, MONDAY, Site

#: The journeys' clock stands still in one November; what is counted must not depend on today.
ALL = ("--days", "3660", "--last", "100")


@pytest.fixture(scope="module")
def alice() -> Iterator[Person]:
    root = fast_directory()
    site = Site(root, bank=CLEARS_AWAY)
    states.every_state(site)
    yield Person(site)
    shutil.rmtree(root, ignore_errors=True)


def sid(alice: Person, name: str) -> str:
    return next(s.sid for s in alice.site.submissions() if s.source_name == name)


# ---------------------------------------------------------------------------------------------- status


def test_status_begins_with_what_needs_a_person_doubt_first_and_says_what_to_type(alice: Person) -> None:
    said = alice.types("status", *ALL)
    assert said.status == 0
    assert said.err == ""
    head = said.out[: said.out.index("Files since")]
    assert head.index("in-doubt") < head.index(" held ")
    doubt = sid(alice, "doubt.csv")
    assert f"h2h resolve {doubt} --look -c {alice.site.config}" in said.out
    assert "treasury" in head
    assert "THE DAEMON IS NOT RUNNING" in head


def test_a_hold_by_hand_needs_a_person_although_nobody_was_told(alice: Person) -> None:
    items = alice.says("status", *ALL, "--json").json["needs_a_person"]
    by_hand = next(i for i in items if i["subject"] == sid(alice, "committing.csv"))
    assert by_hand["number"] is None
    assert "asked to wait (alice)" in by_hand["text"]


def test_the_money_adds_up_per_bank_and_currency(alice: Person) -> None:
    (money,) = alice.says("status", *ALL, "--json").json["money"]
    assert (money["bank"], money["currency"]) == ("testbank", "EUR")
    assert money["in"] == {"payments": 13, "amount": "197.00"}
    assert money["sent"] == {"payments": 8, "amount": "67.00"}
    assert money["unaccounted"] == {"payments": 0, "amount": "0.00"}
    assert money["places"] == {
        "settled": {"payments": 2, "amount": "20.00"},
        "accepted": {"payments": 1, "amount": "10.00"},
        "not answered": {"payments": 5, "amount": "37.00"},
        "rejected": {"payments": 2, "amount": "20.00"},
        "returned": {"payments": 1, "amount": "10.00"},
        "unknown": {"payments": 2, "amount": "100.00"},
    }
    assert alice.says("status", *ALL, "--json").json["files_without_known_payments"] == 6


def test_every_submission_is_counted_in_its_state(alice: Person) -> None:
    (bank,) = alice.says("status", *ALL, "--json").json["banks"]
    assert bank["submissions"] == {
        "SENT": 3, "ACKNOWLEDGED": 1, "ACCEPTED": 1, "PARTIALLY_ACCEPTED": 1, "REJECTED": 1, "DUPLICATE": 1,
        "REFUSED": 1, "HELD": 2, "IN_DOUBT": 1, "CANCELLED": 1, "TAKEN_OVER": 1,
    }  # fmt: skip
    assert bank["files"] == {"DELIVERED": 6, "QUARANTINED": 1}


def test_old_and_finished_files_are_not_counted_but_what_is_open_is(alice: Person) -> None:
    from h2h.adapters.journal import default_url, open_journal
    from h2h.adapters.journal.tally import tally

    settings, later = alice.site.settings(), MONDAY + timedelta(days=30)
    url = default_url(settings.paths.state)
    with open_journal(url, instance=settings.instance, now=later, must_exist=True) as journal:
        counted = tally(journal, since=later)
    assert {str(state) for _, state in counted.submissions} == {"SENT", "ACKNOWLEDGED", "HELD", "IN_DOUBT"}
    assert {str(state) for _, state in counted.files} == {"QUARANTINED"}
    assert not counted.unaccounted


@pytest.mark.parametrize("columns", [80, 120])
def test_status_fits_its_terminal_has_no_colour_and_cuts_no_id(alice: Person, columns: int) -> None:
    out = alice.says("status", *ALL, columns=columns).out
    assert "\x1b" not in out
    assert "…" not in out
    commands = [line for line in out.splitlines() if line.startswith("        h2h ")]
    assert commands, "commands stand whole on a line of their own, however long"
    assert all(len(line) <= columns for line in out.splitlines() if line not in commands)
    for sub in alice.site.submissions():
        assert f" {sub.sid} " in out


def test_colour_is_kept_from_a_person_who_wants_none(alice: Person) -> None:
    assert "\x1b" in alice.says("status", FORCE_COLOR="1").out, "on a terminal there is colour"
    assert "\x1b[3" not in alice.says("status", FORCE_COLOR="1", NO_COLOR="1").out


def test_the_words_are_also_chinese(alice: Person) -> None:
    assert "需要人工处理" in alice.says("status", "--lang", "zh").out
    told = alice.says("explain", "PART-2", "--lang", "zh").out
    assert "账户已销户" in told
    assert "由谁处理: 应付账款人员" in told
    for heading in ("Files since", "The last files", "Money of these files", "NOT RUNNING", "unaccounted"):
        assert heading in alice.says("status", *ALL).out
        assert heading not in alice.says("status", *ALL, "--lang", "zh").out


@pytest.mark.parametrize("name", ["LC_ALL", "LANG"])
def test_a_chinese_terminal_gets_chinese_and_a_script_the_same_words_everywhere(alice: Person, name: str) -> None:
    here = {"LC_ALL": "", "LANG": "C.UTF-8", name: "zh_CN.UTF-8"}
    assert "需要人工处理" in alice.says("status", columns=80, stdin=None, **here).out
    assert "Needs a person" in alice.says("status", "--lang", "en", columns=80, stdin=None, **here).out
    assert (
        alice.says("explain", "PART-2", "--json", columns=80, stdin=None, **here).json
        == alice.says("explain", "PART-2", "--json").json
    )


def test_every_heading_and_column_has_its_chinese_and_none_is_left_over(root: Path) -> None:
    files = ("status.py", "explain.py", "telling.py", "waiting.py")
    sources = [(root / "h2h/cli" / name).read_text("utf-8") for name in files]
    asked = {name for text in sources for name in re.findall(r"""label\(\s*["']([^"']+)["']""", text)}
    asked |= set(re.findall(r'^        \("([^"]+)", ', sources[2], re.MULTILINE)) - {"UETR"}
    asked |= {str(place) for place in Place} | {str(outcome) for outcome in Outcome}
    for names in re.findall(r"label\(name\)[^(]* in \(([^)]*)\)", "".join(sources)):
        asked |= set(re.findall(r'"([^"]+)"', names))
    said = {"the daemon is running", "THE DAEMON IS NOT RUNNING here", "does the daemon run? not known"}
    assert all(f'"{text}"' in sources[0] for text in said)
    assert asked | said | {"days", "h", "min", "s"} == set(LABELS)


def test_money_that_the_journal_lost_is_an_alarm_and_exit_status_1(tmp_path: Path) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "lost", 2)
    _forget_payment(site, 2)
    said = Person(site).says("status", *ALL, "--json")
    assert said.status == 1
    assert said.json["money"][0]["unaccounted"] == {"payments": 1, "amount": "10.00"}


def _forget_payment(site: Site, ordinal: int) -> None:
    import sqlite3

    with sqlite3.connect(site.root / "state" / "journal.db") as database:
        assert database.execute("DELETE FROM payments WHERE ordinal = ?", (ordinal,)).rowcount == 1


# ---------------------------------------------------------------------------------------------- explain


def test_the_story_of_a_payment_goes_from_the_drop_to_the_return(alice: Person) -> None:
    story = alice.says("explain", "PART-3", "--json").json
    assert story["kind"] == "payment"
    assert [e["event"] for e in story["events"]] == [
        "received", "source-discarded", "converted", "sealed", "send-started", "commit-started", "delivered",
        "bank-partially-accepted", "reported", "reported", "reported",
    ]  # fmt: skip
    assert [e["words"].rpartition(": ")[2] for e in story["events"][-3:]] == ["accepted", "settled", "returned"]
    payment = story["payment"]
    assert (payment["outcome"], payment["reason_code"], payment["reason_list"]) == ("returned", "AC04", "return")
    assert (payment["amount"], payment["currency"], payment["settled_on"]) == ("10.00", "EUR", "2026-12-01")
    assert "closed" in payment["meaning"]["meaning"]
    assert story["who_acts"] == "accounts payable"
    assert story["submission"]["file"] == "part.csv"


def test_the_last_words_are_where_it_is_who_acts_and_the_command(alice: Person) -> None:
    doubt = sid(alice, "doubt.csv")
    lines = alice.says("explain", doubt[:6], columns=200).out.rstrip().splitlines()[-6:]
    assert lines[0].startswith("Now: nobody knows whether the bank has the file")
    assert lines[0].endswith("[IN_DOUBT]")
    assert lines[1] == "Who must act: treasury"
    assert lines[2].startswith("Next step: ")
    assert lines[3].strip() == f"h2h resolve {doubt} --look -c {alice.site.config}"


@pytest.mark.parametrize("how", ["sid", "start of sid", "name", "message id", "name at the bank", "receipt", "path"])
def test_a_file_is_found_by_every_name_it_has(alice: Person, how: str) -> None:
    sub = alice.site.submission("rejected.csv")
    names = {
        "sid": sub.sid,
        "start of sid": sub.sid[:5],
        "name": "rejected.csv",
        "message id": sub.message_id or "",
        "name at the bank": sub.remote_name or "",
        "receipt": "rejected.csv.status.json",
        "path": str(alice.site.root / "erp/out/rejected.csv.error.txt"),
    }
    story = alice.says("explain", names[how], "--json").json
    assert (story["kind"], story["submission"]["submission"]) == ("submission", sub.sid)


def test_a_refused_file_tells_every_finding_and_who_acts_on_it(alice: Person) -> None:
    said = alice.says("explain", "wrong.csv", columns=200)
    assert "line 2, column Amount" in said.out
    assert "[H2H-IBAN]" in said.out
    assert "Findings: 2" in said.out
    assert [f["code"] for f in alice.says("explain", "wrong.csv", "--json").json["findings"]] == [
        "H2H-DECIMALS",
        "H2H-IBAN",
    ]


def test_where_the_report_of_a_refused_file_lies_is_told(alice: Person) -> None:
    report = alice.site.root / "erp/out/wrong.csv.error.txt"
    assert report.exists()
    assert str(report) in alice.says("explain", "wrong.csv", columns=400).out
    assert "error report" not in alice.says("explain", "accepted.csv", columns=400).out


def test_the_artefacts_are_named_with_their_paths(alice: Person) -> None:
    story = alice.says("explain", "accepted.csv", "--json").json
    assert [path.rpartition("/")[2] for path in story["artefacts"]] == [
        "10-source.csv", "20-payment.json", "30-bank.xml", "40-sealed.xml",
    ]  # fmt: skip


def test_of_two_files_of_one_name_the_newest_is_told_and_the_other_named(alice: Person) -> None:
    story = alice.says("explain", "twice.csv", "--json").json
    assert story["state"] == "DUPLICATE"
    assert story["submission"]["duplicate_of"] in story["others"]


def test_a_file_of_the_bank_tells_what_it_said_and_who_was_given_it(alice: Person) -> None:
    said = alice.says("explain", "statement-2.xml", columns=200)
    assert "camt.053.001.08" in said.out
    assert "part.csv" in said.out
    assert "1 returned" in said.out
    assert "delivered to" in said.out
    assert alice.says("explain", "statement-2.xml", "--json").json["kind"] == "bank-file"


def test_a_quarantined_file_says_why_and_how_to_close_the_matter(alice: Person) -> None:
    story = alice.says("explain", "nonsense.xml", "--json").json
    assert story["state"] == "QUARANTINED"
    assert "no format knows" in story["words"]
    assert any(" attention close " in command for command in story["commands"])


def test_what_nobody_knows_is_answered_with_what_was_perhaps_meant(alice: Person) -> None:
    said = alice.says("explain", "acepted.csv")
    assert said.status == 1
    assert said.out == ""
    assert "accepted.csv" in said.err
    assert alice.says("explain", "acepted.csv", "--json").json["near"][0] == "accepted.csv"
    assert f"h2h status -c {alice.site.config} lists" in alice.says("explain", "x\x1b[2Jy").err
    assert "\x1b" not in alice.says("explain", "x\x1b[2Jy").err


def test_looking_changes_nothing(alice: Person) -> None:
    before = (alice.site.submissions(), alice.site.files(), alice.site.attention())
    for words in (("status",), ("explain", "part.csv"), ("attention", "list")):
        assert alice.says(*words).status == 0
    assert (alice.site.submissions(), alice.site.files(), alice.site.attention()) == before


def test_status_works_while_another_process_holds_the_journal_and_says_that_the_daemon_runs(alice: Person) -> None:
    from h2h.wiring import open_house

    with open_house(alice.site.settings(), {}, daemon=True) as house:
        assert house.journal.submissions(states=[State.IN_DOUBT])
        assert "the daemon is running" in alice.says("status").out


# ---------------------------------------------------------------------------------------------- what is promised


@pytest.mark.parametrize(
    "words",
    [
        ("status", *ALL),
        ("explain", "part.csv"),
        ("explain", "PART-2"),
        ("explain", "statement-2.xml"),
        ("attention", "list", "--closed"),
        ("check",),
    ],
)
def test_every_field_of_the_json_is_documented(alice: Person, root: Path, words: tuple[str, ...]) -> None:
    page = (root / "docs" / "command-line.md").read_text(encoding="utf-8")
    found = set(_names(alice.says(*words, "--json").json))
    assert found
    assert {name for name in found if f'"{name}"' not in page and f"`{name}`" not in page} == set()


def _names(value: object) -> Iterator[str]:
    """Names of fields at any depth; a state, a place or a currency is a value that stands as a name."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not name.isupper():
                yield name
            if name != "places":
                yield from _names(item)
