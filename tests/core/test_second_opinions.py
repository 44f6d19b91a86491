"""What h2h writes, judged by programs that nobody of this project wrote.

The validator of the package mock-bank reads pain.001.001.03, .09 and pain.008.001.08 by a structure of its own, and
counts, adds and checks IBANs itself. The package cbpr-usage-rules holds a pain.001.001.09 against the usage guidelines
of CBPR+ for Standards Release 2026. (cbpr-validate, another one, knows only the messages between banks, pacs.)
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from h2h.core.rules.initiation import check_initiation
from h2h.settings.scheme import scheme_profile
from tests.core.erp_files import TODAY, Bank, converted, delimited, format_of, row
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


# ------------------------------------------------------------------------------------------------ payments abroad

cbpr = pytest.importorskip("cbpr_rules", reason="package cbpr-usage-rules is missing; `make setup` installs it")

ABROAD: dict[str, Any] = {
    "charge_bearer": {"constant": "SHAR"},
    "debtor_town_name": {"constant": "Koeln"},
    "debtor_country": {"constant": "DE"},
    "creditor_street_name": {"constant": "Ring"},
    "creditor_town_name": {"constant": "Wien"},
    "creditor_country": {"constant": "AT"},
    "creditor_bic": {"constant": "GIBAATWWXXX"},
    "ultimate_debtor_name": {"constant": "Acme Holding"},
    "ultimate_creditor_name": {"constant": "Beta Holding"},
    "instruction_id": {"column": "ref"},
}
#: That the names of file and instruction are one binds a bank that passes a message on: its guideline knows one
#: instruction a message.
RELAYED = "pain.001:R8"


def violated(xml: str) -> list[str]:
    """The numbers of the rules of CBPR+ that another program finds violated."""
    return [v["rule_number"] for v in cbpr.validate_string(xml, 2026, "pain.001")["violations"]]


def ours(xml: str) -> list[str]:
    """The rules of h2h's own profile of them that are."""
    read = format_of().read(xml.encode())
    found = check_initiation(read, Bank(rules=scheme_profile("cgi-cross-border").as_rules()), TODAY)
    return [f.text.rpartition("(")[2].partition(":")[0].rpartition("/")[2] for f in found if f.code == "H2H-USAGE"]


def abroad(**more: Any) -> str:
    rules = scheme_profile("cgi-cross-border").as_rules()
    made = converted(*ROWS, declared=delimited({**ABROAD, **more}), bank=Bank(rules=rules))
    assert not made.conversion.refused, made.findings
    return made.xml.decode()


def test_another_program_finds_a_payment_abroad_in_order_with_cbpr() -> None:
    xml = abroad()
    assert set(violated(xml)) == {RELAYED}
    assert violated(re.sub("<PmtInfId>.*?</PmtInfId>", "<PmtInfId>ACME-1</PmtInfId>", xml)) == []
    assert ours(xml) == []


ADDRESS = "<PstlAdr><TwnNm>Wien</TwnNm><Ctry>AT</Ctry></PstlAdr>"


@pytest.mark.parametrize(
    ("old", "new", "theirs", "own"),
    [
        (
            "</Ustrd>",
            "</Ustrd><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>",
            "R12",
            "text-or-reference",
        ),
        (
            "<BICFI>GIBAATWWXXX</BICFI>",
            "<BICFI>GIBAATWWXXX</BICFI><Nm>Erste Bank</Nm>",
            "R27",
            "agent-address-with-name",
        ),
        ("<BICFI>GIBAATWWXXX</BICFI>", f"<BICFI>GIBAATWWXXX</BICFI>{ADDRESS}", "R27", "agent-name-with-address"),
        ("<Nm>Beta Holding</Nm>", ADDRESS, "R30", "ultimate-creditor-name-with-address"),
        ("<Nm>Acme Holding</Nm>", ADDRESS, "R18", "ultimate-debtor-name-with-address"),
    ],
)
def test_what_another_program_finds_against_cbpr_the_profile_finds_too(
    old: str, new: str, theirs: str, own: str
) -> None:
    sound = abroad()
    assert old in sound
    changed = sound.replace(old, new, 1)
    assert set(violated(changed)) == {RELAYED, f"pain.001:{theirs}"}
    assert ours(changed) == [own]
