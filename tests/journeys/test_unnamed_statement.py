"""Banks whose answers name neither account nor currency: the file's name and the profile say them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from h2h.data import data_dir
from tests.journeys.site import Site

CMB, PING_AN = "755900008010306", "11002873403401"
GOLDENS = data_dir("formats")


def site_with(tmp_path: Path, account: str, **bank: object) -> Site:
    return Site(tmp_path, bank={"accounts": [account], "seal": {"kind": "none"}, **bank})


def table(site: Site) -> list[dict[str, str]]:
    (given,) = [data for name, data in site.inbox().items() if name.endswith(".csv")]
    return list(csv.DictReader(io.StringIO(given.decode("utf-8-sig"))))


def cmb_detail() -> bytes:
    (golden,) = (GOLDENS / "cmb" / "golden").glob("detail-with-control*.xml")
    return golden.read_bytes()


def test_bookings_without_account_and_currency_come_home_under_the_account_that_was_asked_about(tmp_path: Path) -> None:
    site = site_with(tmp_path, CMB, account_currencies={CMB: "CNY"})
    site.bank_says(f"{CMB}.20260302.xml", cmb_detail())
    site.once()
    rows = table(site)
    assert {(row["account"], row["currency"]) for row in rows} == {(CMB, "CNY")}
    assert site.waiting() == ["statement-sums"], "what the bank's own totals say of these bookings, and nothing else"


def test_under_another_name_nothing_is_guessed_and_a_person_is_told(tmp_path: Path) -> None:
    for number, name in enumerate(("answer.xml", f"{CMB}9.xml", f"x{CMB}.xml")):
        root = tmp_path / str(number)
        root.mkdir()
        site = site_with(root, CMB, account_currencies={CMB: "CNY"})
        site.bank_says(name, cmb_detail())
        site.once()
        assert not [n for n in site.inbox() if n.endswith(".csv")]
        assert "unknown-account" in site.waiting()


def test_what_the_statement_says_itself_stays(tmp_path: Path) -> None:
    site = site_with(tmp_path, CMB, account_currencies={CMB: "USD"})
    said = cmb_detail()
    site.bank_says(f"{CMB}.xml", said)
    site.once()
    assert {row["currency"] for row in table(site)} == {"USD"}, "of what names none the profile decides"
    whole = (GOLDENS / "pingan" / "golden" / "detail-answered-with-another-page.txt").read_bytes()
    other = site_with(_made(tmp_path / "o"), PING_AN, account_currencies={PING_AN: "USD"})
    other.bank_says(f"{PING_AN}.txt", whole)
    other.once()
    assert {row["currency"] for row in table(other)} == {"CNY"}


def _made(path: Path) -> Path:
    path.mkdir()
    return path
