"""SAP's payment order as an IDoc: qualifiers, signs, sums, and what must not be paid."""

from __future__ import annotations

import random
import re

import pytest

from h2h.core.codecs.pexr2002 import Pexr2002
from h2h.core.errors import Refused
from h2h.core.findings import Severity
from h2h.core.format import Card, Read
from h2h.core.model.payment import CreditTransfer, Initiation

CODEC = Pexr2002(Card("pexr2002", None, None))
IDOC = """<IDOC BEGIN="1">
<EDI_DC40><DOCNUM>7</DOCNUM><MESTYP>PAYEXT</MESTYP></EDI_DC40>
<E1IDKU1><BGMREF>B-1</BGMREF></E1IDKU1>
<E1EDK02><QUALF>022</QUALF><BELNR>P-1</BELNR></E1EDK02>
<E1EDK03><IDDAT>017</IDDAT><DATUM>20261127</DATUM></E1EDK03>
<E1IDKU5><MOAQUAL>002</MOAQUAL><MOABETR>90.00</MOABETR><CUXWAERZ>EUR</CUXWAERZ></E1IDKU5>
<E1IDB02><FIIQUALI>BA</FIIQUALI><FIIKONTO>0012345</FIIKONTO><FIIBKENN>37040044</FIIBKENN><FIIBLAND>DE</FIIBLAND></E1IDB02>
<E1IDB02><FIIQUALI>BB</FIIQUALI><FIIKONTO>AT611904300234573201</FIIKONTO></E1IDB02>
<E1EDKA1><PARVW>AG</PARVW><NAME1>Acme</NAME1></E1EDKA1>
<E1EDKA1><PARVW>LF</PARVW><NAME1>Vendor</NAME1></E1EDKA1>
<E1EDKA1><PARVW>BE</PARVW><NAME1>Payee</NAME1></E1EDKA1>
<E1IDPU1><DOCNAME>INV</DOCNAME><E1EDP02><QUALF>009</QUALF><BELNR>R-1</BELNR></E1EDP02>
<E1IDPU5><MOAQUAL>001</MOAQUAL><MOABETR>100.00</MOABETR></E1IDPU5></E1IDPU1>
<E1IDPU1><DOCNAME>CRM</DOCNAME><E1IDPU5><MOAQUAL>001</MOAQUAL><MOABETR>10.00</MOABETR></E1IDPU5></E1IDPU1>
</IDOC>"""


def read(idoc: str = IDOC, *more: str) -> Read:
    return CODEC.read(f"<PEXR2002>{idoc}{''.join(more)}</PEXR2002>".encode())


def payment(idoc: str = IDOC) -> CreditTransfer:
    message = read(idoc).message
    assert isinstance(message, Initiation)
    return message.transactions[0]


def errors(idoc: str) -> list[str]:
    return [f.text for f in read(idoc).findings if f.severity is Severity.ERROR]


def test_qualifiers_say_which_party_account_and_reference_is_which() -> None:
    made = payment()
    assert (made.end_to_end_id, f"{made.amount:f}", made.currency) == ("P-1", "90.00", "EUR")
    assert (made.creditor.name, made.instruction.debtor.name) == ("Payee", "Acme")
    assert made.instruction.debtor_account.other == "0012345"
    assert made.instruction.debtor_agent.member_id == "37040044"
    assert made.instruction.debtor_agent.clearing_system == "DEBLZ"
    assert made.remittance_unstructured == ("R-1",)
    assert read().findings == []


def test_segments_may_be_nested_or_stand_side_by_side() -> None:
    nested = IDOC.replace("<E1IDKU1><BGMREF>B-1</BGMREF></E1IDKU1>", "<E1IDKU1><BGMREF>B-1</BGMREF>")
    assert payment(nested.replace("</IDOC>", "</E1IDKU1></IDOC>")).end_to_end_id == "P-1"


def test_the_vendor_is_paid_only_where_nobody_else_is_named() -> None:
    assert payment(IDOC.replace("<PARVW>BE</PARVW>", "<PARVW>XX</PARVW>")).creditor.name == "Vendor"


def test_a_minus_behind_the_amount_is_told_and_the_amount_is_what_is_paid() -> None:
    negative = IDOC.replace("90.00<", "90.00-<").replace("100.00<", "100.00-<").replace(">10.00<", ">10.00-<")
    assert f"{payment(negative).amount:f}" == "90.00"
    assert [f.code for f in read(negative).findings] == ["H2H-PEXR-SIGN"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("PAYEXT", "REMADV", "only PAYEXT is a payment order"),
        ("<MESTYP>PAYEXT</MESTYP>", "", "does not say what it is"),
        ("<DOCNUM>7</DOCNUM>", "<TEST>X</TEST>", "marked as a test"),
        ("90.00", "91.00", "its documents add up to 90.00"),
        ("90.00", "90,00", "is no amount"),
        ("MOAQUAL>002", "MOAQUAL>003", "no amount"),
        ("20261127", "20261327", "is no day"),
        ("20261127", "00000000", "no execution day"),
        ("<FIIKONTO>0012345</FIIKONTO>", "", "the ordering account is missing"),
        ("<FIIQUALI>BB", "<FIIQUALI>BA", "there are 2 accounts"),
    ],
)
def test_what_must_not_be_paid_is_an_error_that_says_why(old: str, new: str, said: str) -> None:
    assert any(said in text for text in errors(IDOC.replace(old, new)))


def test_a_segment_that_nothing_reads_is_told_once_and_an_empty_one_is_not() -> None:
    unread = IDOC.replace("</IDOC>", "<E1IDBW1><INPWEGEB>X</INPWEGEB></E1IDBW1><E1EDK12></E1EDK12></IDOC>")
    assert [f.where for f in read(unread).findings] == ["IDOC[1]/E1IDBW1"]


def test_a_file_of_many_idocs_says_which_one_is_wrong() -> None:
    bad = read(IDOC, IDOC.replace("20261127", "2026"))
    assert [f.where for f in bad.findings] == ["IDOC[2]/E1EDK03/DATUM"]


def test_whatever_is_damaged_nothing_but_findings_comes_out() -> None:
    whole = f"<PEXR2002>{IDOC}</PEXR2002>"
    texts = re.findall(r">([^<\s]+)<", whole)
    chance = random.Random(2002)
    for _ in range(1000):
        text = whole.replace(f">{chance.choice(texts)}<", f">{chance.choice(['', '-', '0', 'é', '9' * 30, '1-'])}<")
        data = bytearray(text.encode())
        if chance.random() < 0.5:
            data[chance.randrange(len(data))] = chance.randrange(256)
        CODEC.identify(bytes(data))
        try:
            assert isinstance(CODEC.read(bytes(data)).message, Initiation)
        except Refused as refused:
            assert refused.findings


@pytest.mark.parametrize(
    ("bank", "bic", "member"),
    [
        ("<FIIBKUKN>BKAUATWWXXX</FIIBKUKN><FIIBKUCD>002</FIIBKUCD>", "BKAUATWWXXX", None),
        ("<FIIBKUKN>BKAUATWW</FIIBKUKN>", "BKAUATWW", None),
        ("<FIIBKUKN>021000021</FIIBKUKN><FIIBKUCD>003</FIIBKUCD>", None, ("USABA", "021000021")),
        (
            "<FIIBKENN>12000</FIIBKENN><FIIBLAND>AT</FIIBLAND><FIIBKUKN>BKAUATWW</FIIBKUKN><FIIBKUCD>002</FIIBKUCD>",
            "BKAUATWW",
            ("ATBLZ", "12000"),
        ),
    ],
)
def test_a_bank_is_known_by_what_its_type_says_its_id_is(
    bank: str, bic: str | None, member: tuple[str, str] | None
) -> None:
    made = payment(IDOC.replace("</FIIKONTO></E1IDB02>\n<E1EDKA1>", f"</FIIKONTO>{bank}</E1IDB02>\n<E1EDKA1>"))
    assert made.creditor_agent is not None
    assert made.creditor_agent.bic == bic
    assert (made.creditor_agent.clearing_system, made.creditor_agent.member_id) == (member or (None, None))


def test_a_swift_code_that_is_no_bic_is_an_error_and_a_bank_between_is_told() -> None:
    bank = "<FIIBKUKN>BKAU</FIIBKUKN><FIIBKUCD>002</FIIBKUCD>"
    between = "<E1IDB02><FIIQUALI>I2</FIIQUALI><FIIBKENN>021000021</FIIBKENN></E1IDB02>"
    idoc = IDOC.replace("</FIIKONTO></E1IDB02>\n<E1EDKA1>", f"</FIIKONTO>{bank}</E1IDB02>{between}\n<E1EDKA1>")
    assert any("is no BIC" in text for text in errors(idoc))
    assert any("(I2) is not read" in f.text for f in read(idoc).findings if f.code == "H2H-UNREAD")


def test_a_payment_without_reference_or_accounts_is_refused_by_what_it_lacks() -> None:
    nameless = IDOC.replace("<BGMREF>B-1</BGMREF>", "").replace("<BELNR>P-1</BELNR>", "")
    assert any("no reference" in text for text in errors(nameless))
    without = re.sub("<FIIKONTO>[^<]*</FIIKONTO>", "", IDOC)
    assert [text for text in errors(without) if "account is missing" in text]
    with pytest.raises(Refused, match="no IDOC"):
        CODEC.read(b"<PEXR2002/>")


def test_a_bank_id_of_an_unknown_type_is_told_and_not_taken_for_another() -> None:
    strange = IDOC.replace(
        "<FIIKONTO>AT611904300234573201</FIIKONTO>",
        "<FIIKONTO>AT611904300234573201</FIIKONTO><FIIBKUKN>12345</FIIBKUKN><FIIBKUCD>199</FIIBKUCD>",
    )
    assert any("type 199 that is not read" in f.text for f in read(strange).findings)
    assert payment(strange).creditor_agent is None
