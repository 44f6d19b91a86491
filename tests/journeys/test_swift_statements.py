"""A bank that answers in SWIFT's formats: its MT940 settles the payments that were sent, and the ERP gets it whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from h2h.core.records import FileState
from tests.journeys.site import OUR_ACCOUNT, TWO, Site


def mt940(number: int, opening: str, entries: str, closing: str, day: str = "261201") -> bytes:
    """A statement of our account, as a German bank writes it."""
    lines = f":20:STARTUMS\n:25:{OUR_ACCOUNT}EUR\n:28C:{number:05}/00001\n:60F:C{day}EUR{opening}\n{entries}"
    return f"{lines}:62F:C{day}EUR{closing}\n-\n".replace("\n", "\r\n").encode("cp1252")


def debit(amount: str, end_to_end_id: str, day: str = "261201") -> str:
    """A payment of ours, booked."""
    line = f":61:{day}{day[2:]}DR{amount}NTRFNONREF//B-{end_to_end_id}\n"
    text = f":86:116?00SEPA-ÜBERWEISUNG?20EREF+{end_to_end_id}?21SVWZ+Invoice {end_to_end_id}?32Payee {end_to_end_id}"
    return f"{line}{text}\n"


def returned(amount: str, end_to_end_id: str, day: str = "261202") -> str:
    """A payment of ours that came back."""
    line = f":61:{day}{day[2:]}CR{amount}NRTINONREF\n"
    return f"{line}:86:159?00RETOURE?20EREF+{end_to_end_id}?32Payee {end_to_end_id}?34902\n"


def sent_site(tmp_path: Path) -> Site:
    """A site whose two payments the bank has taken."""
    site = Site(tmp_path)
    site.drop("salaries.csv", TWO)
    assert site.once()
    assert len(site.bank_takes()) == 1
    return site


def test_an_mt940_settles_by_the_reference_in_its_text_and_a_later_one_returns(tmp_path: Path) -> None:
    site = sent_site(tmp_path)
    statement = mt940(17, "5000,00", debit("1250,", "SAL-1") + debit("0,01", "SAL-2"), "3749,99")
    site.bank_says("STATEMENT.STA", statement)
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}
    assert str(site.payments("salaries.csv")[0].settled_on) == "2026-12-01"

    given = site.inbox()
    (manifest,) = site.manifests()
    assert (manifest["format"], manifest["bank_file"]) == ("mt940", "STATEMENT.STA")
    original = next(n for n in given if n.endswith(".STA"))
    assert given[original] == statement, "the original is delivered byte for byte, under its own suffix"
    rows = list(csv.DictReader(io.StringIO(given[next(n for n in given if n.endswith(".csv"))].decode())))
    assert [(r["end_to_end_id"], r["source_file"], r["outcome"]) for r in rows] == [
        ("SAL-1", "salaries.csv", "settled"),
        ("SAL-2", "salaries.csv", "settled"),
    ]
    assert [f["code"] for f in manifest["findings"]] == ["H2H-ENCODING"]

    site.bank_says("next.sta", mt940(18, "3749,99", returned("0,01", "SAL-2"), "3750,00", "261202"))
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "returned"}
    assert site.waiting() == []


def test_a_missing_mt940_is_told_and_pages_of_one_statement_are_no_gap(tmp_path: Path) -> None:
    site = sent_site(tmp_path)
    pages = mt940(17, "100,00", "", "100,00").replace(b":62F:", b":62M:") + mt940(17, "100,00", "", "100,00").replace(
        b":60F:", b":60M:"
    ).replace(b"/00001", b"/00002")
    site.bank_says("17.sta", pages)
    site.bank_says("18.sta", mt940(18, "100,00", "", "100,00", "261202"))
    site.once()
    assert site.waiting() == []
    site.bank_says("20.sta", mt940(20, "90,00", "", "90,00", "261204"))
    site.once()
    assert site.waiting() == ["statement-break", "statement-gap"]


def test_an_mt940_that_is_cut_off_is_kept_aside_whole_and_settles_nothing(tmp_path: Path) -> None:
    site = sent_site(tmp_path)
    whole = mt940(17, "5000,00", debit("1250,", "SAL-1"), "3750,00")
    site.bank_says("cut.sta", whole[: whole.index(b":62F:")])
    site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "pending", "SAL-2": "pending"}
    (file,) = site.files()
    assert (file.state, "cut off" in (file.reason_text or "")) == (FileState.QUARANTINED, True)
