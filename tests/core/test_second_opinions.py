"""What h2h writes, judged by a program that nobody of this project wrote: the validator of the package mock-bank.

It reads pain.001.001.03, .09 and pain.008.001.08 by a structure of its own, and counts, adds and checks IBANs itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.erp_files import TODAY, converted, delimited, row
from tests.core.test_collections import collected

validate = pytest.importorskip("mockbank.validate", reason="package mock-bank is missing; `make setup` installs it")

FIELDS = {
    "service_level": {"constant": "SEPA"},
    "charge_bearer": {"constant": "SLEV"},
    "creditor_town_name": {"constant": "Wien"},
    "creditor_country": {"constant": "AT"},
    "creditor_bic": {"constant": "GIBAATWWXXX"},
}
ROWS = (row(), row(ref="INV-2", amount="7.25", date="2026-11-25"), row(ref="INV-3", amount="0.01"))


def opinion(data: bytes) -> list[tuple[str, str]]:
    """(level, text) of every finding of the other program."""
    found: list[Any] = validate.validate(data, today=TODAY)
    return [(finding.level, finding.text) for finding in found]


@pytest.mark.parametrize("version", ["03", "09"])
def test_another_program_finds_nothing_in_a_pain_001_that_h2h_wrote(version: str) -> None:
    made = converted(*ROWS, declared=delimited(FIELDS), format=f"pain.001.001.{version}")
    assert opinion(made.xml) == []


def test_another_program_finds_nothing_in_a_pain_008_that_h2h_wrote() -> None:
    xml = collected({}, {"ref": "D-2", "mandate": "M-2", "amount": "12.34"}).xml
    assert opinion(xml) == []
    assert opinion(xml.replace(b">12.34</InstdAmt>", b">12.35</InstdAmt>", 1))


def test_both_programs_find_the_same_mistakes() -> None:
    """The other one would not be worth asking if it never objected."""
    sound = converted(*ROWS, declared=delimited(FIELDS)).xml.decode()
    for old, new in (
        ("<NbOfTxs>3</NbOfTxs>", "<NbOfTxs>4</NbOfTxs>"),
        (">107.76</CtrlSum>", ">107.77</CtrlSum>"),
        ("AT611904300234573201", "AT611904300234573202"),
        ("<EndToEndId>INV-2<", "<EndToEndId>INV-1<"),
    ):
        assert old in sound, old
        assert [level for level, _ in opinion(sound.replace(old, new, 1).encode())], old
