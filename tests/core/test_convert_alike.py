"""Rows like one found good are judged and written quickly, and not otherwise than one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.core.declared import Rules
from h2h.core.rules.accounts import iban_test, why_no_iban
from h2h.core.rules.references import Marks
from tests.core.erp_files import (
    OUR_ACCOUNT,
    PAYEE_ACCOUNT,
    Bank,
    convert,
    file_of,
    row,
)

ODD = {
    "ref": ["INV-1", "INV-2", "INV/4", "/5", "INV_6", "", "NOTPROVIDED", "R" * 36, " R 1 "],
    "amount": ["7.25", "0", "0.00", "1.005", "x", "", "1e3", "1000000000.00", "7.250", "007.25", "7.2", " 7.25"],
    "currency": ["USD", "JPY", "EUX", ""],
    "name": ["Gamma AG", "", "12345", "² GmbH", "Bäcker", "A & B <C>", "100 % Bio", " Beta ", "N" * 35, "N" * 71],
    "account": [OUR_ACCOUNT, "AT611904300234573202", "6222000000001234567", "", "AT61 1904 3002 3457 3201",
                "CH4431999123000889012", "CH9300762011623852957", "BR1800360305000010009795493c1", "6.22E+18"],
    "date": ["2026-11-25", "2026-11-20", "soon"],
    "text": ["Invoice 1", "Invoice 2", "", " ", "x" * 141, "Zażółć"],
}  # fmt: skip
CHANGES = st.lists(st.sampled_from([(name, value) for name, values in ODD.items() for value in values]), max_size=2)


@settings(deadline=None, max_examples=300)
@given(st.lists(CHANGES, min_size=1, max_size=12), st.sampled_from(["generic", "sepa"]), st.booleans())
def test_rows_like_one_found_good_are_judged_as_if_each_were_the_first(
    changes: list[list[tuple[str, str]]], scheme: Any, spells: bool
) -> None:
    bank = Bank(rules=Rules(scheme=scheme, on_charset="transliterate" if spells else "refuse"))
    # Two of each sort come first: with the second, h2h has learned it.
    known = [
        row(ref=f"{account}-{n}", account=account, amount=f"{n}.51", text=text)
        for account in (PAYEE_ACCOUNT, "CH9300762011623852957")
        for n, text in enumerate(["One", "Two", "", ""])
    ]
    data = file_of(*known, *[row(**{"ref": f"R{n}", **dict(some)}) for n, some in enumerate(changes)])
    quick = convert(data, bank=bank)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("h2h.core.alike.SORTS_MAX", 0)
        each = convert(data, bank=bank)
    assert quick.findings == each.findings
    assert quick.xml == each.xml


@pytest.mark.parametrize("format", ["pain.001.001.03", "pain.001.001.09"])
@pytest.mark.parametrize("text", ["Invoice & <more>", ""])
def test_payments_that_are_alike_are_written_as_one_by_one(
    format: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"Payee {n} %s {'&' if n % 7 == 6 else ''}" for n in range(30)]
    rows = [
        row(ref=f"INV-{n}", name=name, amount=f"{n + 1}.10", text=f"{text} {n}" if text else "")
        for n, name in enumerate(names)
    ]
    bank = Bank(rules=Rules(charset="utf-8"))
    alike = convert(file_of(*rows), bank=bank, format=format)
    taken = [t for n in range(len(alike.conversion.groups)) for t in alike.conversion.transfers(n)]
    monkeypatch.setattr("h2h.core.alike.SORTS_MAX", 0)
    each = convert(file_of(*rows), bank=bank, format=format)
    assert not each.conversion.refused, each.findings
    assert alike.xml == each.xml
    assert taken == [t for n in range(len(each.conversion.groups)) for t in each.conversion.transfers(n)]
    assert list(alike.conversion.records("s")) == list(each.conversion.records("s"))


@given(
    st.sampled_from([PAYEE_ACCOUNT, OUR_ACCOUNT, "CH9300762011623852957", "MT84MALT011000012345MTLCAST001S",
                     "BR1800360305000010009795493C1", "GB29NWBK60161331926819"]),
    st.integers(0, 40), st.sampled_from([*"0159AZaz ٣é", "", "00"]),
)  # fmt: skip
def test_the_quick_look_at_an_iban_takes_what_the_full_check_takes(iban: str, at: int, other: str) -> None:
    mistyped = iban[:at] + other + iban[at + 1 :]
    is_iban = iban_test(iban[:2])
    assert is_iban is not None
    assert is_iban(mistyped) == (mistyped[:2] == iban[:2] and why_no_iban(mistyped) is None)


def test_among_very_many_ids_the_two_that_are_equal_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("h2h.core.rules.references._MARKS_AT_A_TIME", 50)
    marks = Marks()
    for n in range(1000):
        marks.is_new(f"id {n % 999}", n)
    assert marks.repeated() == {"end_to_end_id": frozenset({hash("id 0")})}
    marks.forget()
    assert marks.repeated() == {}
