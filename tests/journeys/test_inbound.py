"""A bank's answers on their way home: matched to the payments, delivered to the ERP, never dropped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from h2h.core.lifecycle import State
from h2h.core.records import FileState
from h2h.pipeline.rounds import BankRound, scan_folders
from tests.journeys.answers import Line, Sent, camt053, camt054, pain002
from tests.journeys.site import MONDAY, OUR_ACCOUNT, TWO, Site, iso, rows
from tests.journeys.states import sent_site

OTHER_ACCOUNT = "FR1420041010050500013M02606"


def test_a_receipt_is_followed_by_a_rejection_with_its_plain_meaning(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACTC"))
    site.once()
    assert site.submission("salaries.csv").state is State.ACKNOWLEDGED
    assert site.outcomes("salaries.csv") == {"SAL-1": "processing", "SAL-2": "processing"}

    part = pain002(sent, "PART", statuses={"SAL-1": ("ACSP", None), "SAL-2": ("RJCT", "AC04")}, message_id="S2")
    site.bank_says("part.xml", part)
    assert site.once()

    assert site.submission("salaries.csv").state is State.PARTIALLY_ACCEPTED
    assert site.outcomes("salaries.csv") == {"SAL-1": "accepted", "SAL-2": "rejected"}
    receipt = site.receipt("salaries.csv")
    assert receipt["payments_by_outcome"] == {"accepted": 1, "rejected": 1}
    assert receipt["payments"][1]["reason_code"] == "AC04"
    (rejected,) = [r for r in rows(site) if r["outcome"] == "rejected"]
    assert (rejected["end_to_end_id"], rejected["reason_code"]) == ("SAL-2", "AC04")
    assert "closed" in rejected["meaning"].lower()
    assert rejected["who_acts"]
    assert list((site.at / "from_bank").iterdir()) == [], "what is ours is removed at the bank"


def test_a_statement_settles_and_a_later_notification_returns(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("ok.xml", pain002(sent, "ACSP"))
    site.bank_says("stm.xml", camt053([Line("1250.00", "SAL-1"), Line("0.01", "SAL-2")]))
    site.once()
    assert site.submission("salaries.csv").state is State.ACCEPTED
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}
    assert str(site.payments("salaries.csv")[0].settled_on) == "2026-12-01"

    site.bank_says("back.xml", camt054([Line("0.01", "SAL-2", "CRDT", "AC01")]))
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "returned"}
    returned = site.payments("salaries.csv")[1]
    assert (returned.reason_code, returned.reason_list) == ("AC01", "return")
    (row,) = [r for r in rows(site) if r.get("return_reason")]
    assert (row["end_to_end_id"], row["return_reason"], row["source_file"]) == ("SAL-2", "AC01", "salaries.csv")
    assert site.receipt("salaries.csv")["payments_by_outcome"] == {"settled": 1, "returned": 1}


def test_an_answer_in_an_envelope_or_in_utf_16_is_matched_and_given_as_it_came(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    answer, statement = (
        text[text.index("<Document") :]
        for text in (pain002(sent, "ACSP"), camt053([Line("1250.00", "SAL-1"), Line("0.01", "SAL-2")]))
    )
    header = '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>B</BizMsgIdr></AppHdr>'
    enveloped = f"<BusMsg>{header}{answer}</BusMsg>"
    site.bank_says("ok.xml", enveloped)
    site.bank_says("stm.xml", statement.encode("utf-16"))
    site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}
    assert enveloped.encode() in site.inbox().values()


@pytest.mark.parametrize("version", ["03", "10"])
def test_both_versions_of_a_report_are_read(tmp_path: Path, version: str) -> None:
    site = Site(tmp_path)
    site.drop("run.xml", iso("ERP-1", ["10.00", "20.00"], version="03" if version == "03" else "09"))
    site.once()
    (data,) = site.bank_takes().values()
    site.bank_says("r.xml", pain002(Sent.of(data), "ACSP", version=version))
    site.once()
    assert site.submission("run.xml").state is State.ACCEPTED


def test_the_erp_gets_table_json_original_and_the_manifest_last(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    answer = pain002(sent, "ACSP")
    site.bank_says("answer.xml", answer)
    site.once()
    given = site.inbox()
    (manifest,) = site.manifests()
    assert (manifest["bank"], manifest["bank_file"], manifest["kind"]) == ("testbank", "answer.xml", "status-report")
    names = [f["name"] for f in manifest["files"]]
    assert sorted(n.rpartition(".")[2] for n in names) == ["csv", "json", "xml"]
    assert sorted(given) == sorted([*names, *(n for n in given if n.endswith(".manifest.json"))])
    assert given[next(n for n in names if n.endswith(".xml"))] == answer.encode()
    assert json.loads(given[next(n for n in names if n.endswith(".json"))])["original_message_id"] == sent.message_id
    (table,) = [f for f in manifest["files"] if f["name"].endswith(".csv")]
    assert table["rows"] == 2


def test_an_erp_that_has_only_some_accounts_of_a_file_gets_these_as_json_too(tmp_path: Path) -> None:
    site, _ = sent_site(
        tmp_path,
        erp={"accounts": [OUR_ACCOUNT], "deliver": ["json"]},
        bank={"accounts": [OUR_ACCOUNT, OTHER_ACCOUNT]},
    )
    site.bank_says("stm.xml", camt053([Line("1250.00", "SAL-1")], more=[(OTHER_ACCOUNT, [Line("7.00", None, "CRDT")])]))
    site.once()
    (name,) = [f["name"] for f in site.manifests()[0]["files"]]
    (statement,) = json.loads(site.inbox()[name])["statements"]
    assert statement["account"] == OUR_ACCOUNT


def test_formulas_in_what_the_bank_wrote_are_defused(tmp_path: Path) -> None:
    site, _ = sent_site(tmp_path)
    evil = Line("5.00", None, "CRDT", counterparty="=HYPERLINK(1)", remittance="@SUM(A1)")
    site.bank_says("stm.xml", camt053([evil]))
    site.once()
    (row,) = rows(site)
    assert (row["counterparty"], row["remittance"]) == ("'=HYPERLINK(1)", "'@SUM(A1)")


def test_an_answer_to_a_message_we_never_sent_is_quarantined_and_a_person_is_told(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    foreign = Sent("SOMEBODY-ELSE", sent.message_name, sent.payments)
    site.bank_says("foreign.xml", pain002(foreign, "ACSP"))
    assert not site.once()
    (file,) = site.files()
    assert (file.state, file.reason) == (FileState.QUARANTINED, "UNKNOWN-MESSAGE")
    assert site.waiting() == ["unknown-message"]
    assert site.inbox() == {}
    with site.house() as house:
        kept = [p.name for p in house.archive.list(file.fid, file.fetched_at)]
    assert "10-received" in kept


PACS = b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09'/>"


@pytest.mark.parametrize("content", [b"", b"not xml at all", b"\x00" * 64, PACS])
def test_what_no_format_knows_is_quarantined_and_the_next_file_goes_on(tmp_path: Path, content: bytes) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("a-strange.bin", content)
    site.bank_says("b-good.xml", pain002(sent, "ACSP"))
    site.once()
    assert {f.remote_name: f.state for f in site.files()} == {
        "a-strange.bin": FileState.QUARANTINED,
        "b-good.xml": FileState.DELIVERED,
    }
    assert "quarantined" in site.waiting()
    assert site.submission("salaries.csv").state is State.ACCEPTED


def test_a_report_that_names_a_payment_we_do_not_know_stays_visible(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    (info, _, _), *_ = sent.payments
    wider = Sent(sent.message_id, sent.message_name, (*sent.payments, (info, "WHO", "1.00")))
    statuses: dict[str, tuple[str, str | None]] = {"SAL-1": ("ACSP", None), "WHO": ("RJCT", "AC01")}
    site.bank_says("r.xml", pain002(wider, "PART", statuses=statuses))
    site.once()
    assert "unmatched-status" in site.waiting()
    assert site.outcomes("salaries.csv") == {"SAL-1": "accepted", "SAL-2": "pending"}


def test_contradicting_reports_are_both_kept_and_a_person_is_told(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("1.xml", pain002(sent, "ACSC"))
    site.once()
    site.bank_says("2.xml", pain002(sent, "RJCT", message_id="S2"))
    site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}, (
        "money does not move back by rumour"
    )
    assert site.waiting().count("contradiction") >= 2
    with site.house() as house:
        told = [e.event for e in house.journal.events(site.submission("salaries.csv").sid)]
    assert "contradicting-report" in told
    assert [f.state for f in site.files()] == [FileState.DELIVERED] * 2


def test_a_late_report_moves_nothing_back(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("1.xml", pain002(sent, "ACSC"))
    site.once()
    site.bank_says("2.xml", pain002(sent, "ACTC", message_id="S2"))
    site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}
    assert site.submission("salaries.csv").state is State.ACCEPTED
    assert site.waiting() == []


def test_the_same_answer_twice_is_delivered_once(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    answer = pain002(sent, "ACSP")
    site.bank_says("a.xml", answer)
    site.once()
    before = site.inbox()
    site.bank_says("a.xml", answer)  # the same name again
    site.bank_says("b.xml", answer)  # the same message under another name
    site.once()
    assert site.inbox() == before
    assert sorted(f.state for f in site.files())[0] is FileState.DELIVERED
    assert {f.state for f in site.files()} == {FileState.DELIVERED, FileState.DUPLICATE}
    assert list((site.at / "from_bank").iterdir()) == []


def test_a_reused_name_with_other_content_is_another_answer(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("answer.xml", pain002(sent, "ACTC"))
    site.once()
    site.bank_says("answer.xml", pain002(sent, "ACSP", message_id="S2"))
    site.once()
    assert site.submission("salaries.csv").state is State.ACCEPTED
    assert len(site.manifests()) == 2


def test_a_removed_file_that_is_there_again_is_fetched_though_name_size_and_second_are_the_same(tmp_path: Path) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("answer.xml", pain002(sent, "ACTC"), mtime=MONDAY)
    site.once()
    site.bank_says("answer.xml", pain002(sent, "ACSC"), mtime=MONDAY)
    site.once()
    assert site.submission("salaries.csv").state is State.ACCEPTED
    assert len(site.manifests()) == 2
    assert list((site.at / "from_bank").iterdir()) == []


def test_files_that_the_profile_keeps_or_moves_at_the_bank_are_fetched_once(tmp_path: Path) -> None:
    for after in ("keep", "move"):
        site, sent = sent_site(
            tmp_path / after, bank={"fetching": {"after_fetch": after}, "folders": {"processed": "processed"}}
        )
        site.bank_says("a.xml", pain002(sent, "ACSP"))
        site.once()
        site.once()
        assert len(site.files()) == 1
        assert len(site.manifests()) == 1
        assert [p.name for p in (site.at / ("from_bank" if after == "keep" else "processed")).iterdir()] == ["a.xml"]


def test_silence_is_told_and_nothing_is_sent_again(tmp_path: Path) -> None:
    site, _ = sent_site(tmp_path, bank={"submission": {"acknowledge_within_seconds": 600}})
    site.clock.sleep(700)
    site.once()
    assert site.waiting() == ["overdue-answer"]
    assert site.at_bank() == {}
    assert site.submission("salaries.csv").state is State.SENT


def test_an_answer_ends_the_doubt_about_a_file(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"remote_name": "PAY_{sequence:04d}.xml"}})
    (site.at / "to_bank" / "PAY_0001.xml").write_bytes(b"somebody else's")
    site.drop("salaries.csv", TWO)
    site.once()
    sub = site.submission("salaries.csv")
    assert sub.state is State.IN_DOUBT
    with site.house() as house:
        kept = house.archive.get(sub.sid, sub.received_at, "40-sealed")
        assert kept is not None
        sent = Sent.of(kept.read_bytes())
    site.bank_says("r.xml", pain002(sent, "ACSP"))
    site.once()
    assert site.submission("salaries.csv").state is State.ACCEPTED
    assert site.waiting() == []


def test_a_round_counts_what_it_sends_while_it_fetches(tmp_path: Path) -> None:
    def moved(root: Path, *, dropped: bool) -> int:
        root.mkdir()
        site = Site(root)
        site.bank_says("statement.xml", camt053([Line("10.00", "THEIR-1", credit_debit="CRDT")]))
        with site.house() as house:

            def stopping() -> bool:
                """A payment comes while the statement is fetched."""
                if dropped and house.journal.files() and not house.journal.submissions():
                    site.drop("salaries.csv", TWO)
                    scan_folders(house, lambda: False)
                return False

            turn = BankRound(house, "testbank")
            turn.take(stopping)
            assert len(site.at_bank()) == dropped
            return turn.moved

    assert moved(tmp_path / "with", dropped=True) > moved(tmp_path / "without", dropped=False)
