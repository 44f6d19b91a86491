"""Reading by a mapping: every element is read at its place or reported, whatever the document looks like."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal

import pytest

from h2h.adapters.format_files import load_formats
from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs
from h2h.core.format import Format, Read
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import StatementMessage
from h2h.core.model.status import StatusReport
from tests.checkout import BOOK, FORMATS

ENTRY = (
    '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BkTxCd/>'
    "<NtryDtls><TxDtls><Refs><EndToEndId>E-{number}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>\n"
)


def statement(inside: str, version: str = "08", more: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">\n'
        "<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-20T10:00:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>S</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>{inside}</Stmt>{more}"
        "</BkToCstmrStmt></Document>"
    ).encode()


def read_statement(data: bytes) -> tuple[StatementMessage, list[Finding]]:
    read = BOOK.read(data)
    assert isinstance(read.message, StatementMessage)
    return read.message, read.findings


def unread(findings: list[Finding]) -> dict[str, str]:
    return {f.where: f.text for f in findings if f.code == "H2H-UNREAD"}


def errors(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(f.code, f.where) for f in findings if f.severity == "error"]


# ------------------------------------------------------------------------------------------------ places


def test_a_value_that_cannot_be_understood_is_a_finding_at_its_place_and_the_rest_is_read() -> None:
    data = statement(ENTRY.format(amount="1e3", number=1) + ENTRY.format(amount="5.00", number=2))
    message, findings = read_statement(data)
    assert errors(findings) == [("H2H-VALUE", "Ntry[1]/Amt")]
    assert findings[0].line == 4
    assert findings[0].who_acts is WhoActs.BANK
    assert [e.amount for e in message.statements[0].entries] == [Decimal("5.00")]


def test_a_value_that_must_be_there_and_is_not_is_a_finding_at_its_place() -> None:
    data = statement('<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1</Amt></Bal>')
    message, findings = read_statement(data)
    assert errors(findings) == [("H2H-MISSING", "Stmt[1]/Bal[1]/CdtDbtInd")]
    assert message.statements[0].balances == [], "a balance without a direction is no figure"


def test_an_empty_element_says_as_little_as_a_missing_one() -> None:
    data = statement("").replace(b"<MsgId>M</MsgId>", b"<MsgId> \n </MsgId>")
    message, findings = read_statement(data)
    assert ("H2H-MISSING", "GrpHdr/MsgId") in errors(findings)
    assert message.message_id is None


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1_000", "١٢", "1,5", "0x10", "", "--1", "1" * 80, "1.2.3"])
def test_an_amount_is_a_decimal_number_or_a_finding(amount: str) -> None:
    message, findings = read_statement(statement(ENTRY.format(amount=amount, number=1)))
    assert message.statements[0].entries == []
    assert errors(findings)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.10", "0.10"),
        ("+7", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        (" 12.34500 ", "12.34500"),
        ("999999999999999.99999", "999999999999999.99999"),
    ],
)
def test_an_amount_keeps_all_its_decimals(text: str, value: str) -> None:
    message, _ = read_statement(statement(ENTRY.format(amount=text, number=1)))
    assert f"{message.statements[0].entries[0].amount:f}" == value


@pytest.mark.parametrize("day", ["2026-02-30", "20261120", "2026-W01-1", "0000-01-01", "20.11.2026"])
def test_a_day_that_is_none_is_a_finding(day: str) -> None:
    entry = ENTRY.format(amount="1", number=1).replace("<BkTxCd/>", f"<BookgDt><Dt>{day}</Dt></BookgDt><BkTxCd/>")
    _, findings = read_statement(statement(entry))
    assert errors(findings) == [("H2H-VALUE", "Ntry[1]/BookgDt/Dt")]


@pytest.mark.parametrize("day", ["2026-11-20", "2026-11-20Z", "2026-11-20+01:00"])
def test_a_day_may_have_a_zone_which_says_nothing(day: str) -> None:
    entry = ENTRY.format(amount="1", number=1).replace("<BkTxCd/>", f"<BookgDt><Dt>{day}</Dt></BookgDt><BkTxCd/>")
    message, findings = read_statement(statement(entry))
    assert errors(findings) == []
    assert message.statements[0].entries[0].booking_date == date(2026, 11, 20)


# ------------------------------------------------------------------------------------------------ what was not read


def test_what_the_mapping_does_not_know_is_counted_and_told_once() -> None:
    odd = ENTRY.replace("<BkTxCd/>", "<BkTxCd/><Chrgs><Rcrd>x</Rcrd></Chrgs>")
    _, findings = read_statement(statement("".join(odd.format(amount="1", number=n) for n in range(3))))
    assert unread(findings) == {"Stmt/Ntry/Chrgs": "Stmt/Ntry/Chrgs was not read (3 times)"}


def test_what_is_read_completely_has_no_such_finding() -> None:
    _, findings = read_statement(statement(ENTRY.format(amount="1", number=1)))
    assert findings == []


def test_an_attribute_that_nothing_reads_is_told() -> None:
    data = statement(ENTRY.format(amount="1", number=1)).replace(b"<Id>S</Id>", b'<Id note="x">S</Id>')
    assert unread(read_statement(data)[1]) == {"Stmt/Id/@note": "Stmt/Id/@note was not read (1 time)"}


def test_the_location_of_a_schema_is_not_content() -> None:
    where = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x file:///etc/passwd"'
    data = statement(ENTRY.format(amount="1", number=1)).replace(b"<Document ", b"<Document " + where + b" ")
    assert read_statement(data)[1] == []


def test_an_element_that_may_stand_once_and_stands_twice_is_told_and_the_first_holds() -> None:
    data = statement(ENTRY.format(amount="1", number=1)).replace(b"<Id>S</Id>", b"<Id>S</Id><Id>T</Id>")
    message, findings = read_statement(data)
    assert message.statements[0].id == "S"
    assert list(unread(findings)) == ["Stmt/Id"]


def test_the_parts_of_two_things_are_never_mixed_into_one() -> None:
    two = "<Othr><Id>A</Id></Othr><Othr><Id>B</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr>"
    data = (FORMATS / "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml").read_text("utf-8")
    start, end = data.index("            <Othr>"), data.index("          </OrgId>")
    read = BOOK.read((data[:start] + two + data[end:]).encode())
    assert isinstance(read.message, Initiation)
    party = read.message.initiating_party
    assert (party.identification, party.identification_scheme) == ("A", None)
    assert "GrpHdr/InitgPty/Id/OrgId/Othr" in unread(read.findings)


def test_two_different_values_for_one_field_are_told() -> None:
    both = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
    both += "<Prtry><Cd>177</Cd></Prtry></BkTxCd>"
    message, findings = read_statement(statement(ENTRY.format(amount="1", number=1).replace("<BkTxCd/>", both)))
    assert message.statements[0].entries[0].bank_transaction_code == "PMNT/ICDT/ESCT"
    assert list(unread(findings)) == ["Stmt/Ntry/BkTxCd/Prtry/Cd"]


# ------------------------------------------------------------------------------------------------ how it is written


@pytest.mark.parametrize(
    "text",
    [
        "A<!-- a remark -->B",
        "<![CDATA[A]]>B",
        "&#65;B",
        "A<?target data?>B",
        "\n   AB\n  ",
    ],
)
def test_comments_sections_and_references_do_not_change_a_text(text: str) -> None:
    data = statement("").replace(b"<MsgId>M</MsgId>", f"<MsgId>{text}</MsgId>".encode())
    assert read_statement(data)[0].message_id == "AB"


def test_a_prefix_changes_nothing() -> None:
    plain = BOOK.read(statement(ENTRY.format(amount="1", number=1)))
    text = statement(ENTRY.format(amount="1", number=1)).decode().replace("xmlns=", "xmlns:x=")
    for tag in sorted({p.split(">")[0].split(" ")[0] for p in text.split("<")[1:]}, key=len, reverse=True):
        if tag[0] not in "/?":
            text = text.replace(f"<{tag}>", f"<x:{tag}>").replace(f"<{tag} ", f"<x:{tag} ")
            text = text.replace(f"<{tag}/>", f"<x:{tag}/>").replace(f"</{tag}>", f"</x:{tag}>")
    assert BOOK.read(text.encode()) == plain


def test_a_bank_that_writes_latin_1_and_says_so_is_read() -> None:
    data = statement("").decode().replace('version="1.0"', 'version="1.0" encoding="ISO-8859-1"')
    data = data.replace("<Id>S</Id>", "<Id>Zürich</Id>")
    message, _ = read_statement(data.encode("latin-1"))
    assert message.statements[0].id == "Zürich"


def test_the_noncharacter_that_h2h_uses_itself_is_refused_in_a_document() -> None:
    with pytest.raises(Refused, match="noncharacter"):
        BOOK.read(statement("").replace(b"<Id>S</Id>", "<Id>\ufdd0</Id>".encode()))
    with pytest.raises(Refused, match="noncharacter"):
        BOOK.read(statement("").replace(b"<Id>S</Id>", b"<Id>&#xFDD0;</Id>"))


# ------------------------------------------------------------------------------------------------ long documents


def _long(entries: int) -> bytes:
    first = "".join(ENTRY.format(amount=f"{n}.10", number=n) for n in range(entries))
    second = f"<Stmt><Id>S2</Id><Acct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></Acct>{first}</Stmt>"
    return statement(first, more=second)


@pytest.mark.parametrize("piece_bytes", [200, 1000, 10_000])
def test_a_document_read_in_pieces_says_what_it_says_as_a_whole(piece_bytes: int) -> None:
    data = _long(50)
    format_ = BOOK.identify(data)
    assert format_._reader.read(data, piece_bytes) == format_._reader.read(data)


@pytest.mark.parametrize("piece_bytes", [200, 3000, 10_000_000])
def test_records_are_streamed_in_order_with_what_is_around_them(piece_bytes: int) -> None:
    data = _long(40)
    format_ = BOOK.identify(data)
    seen: list[tuple[str, str | None]] = []
    for around, records in format_._reader.stream(data, None, piece_bytes):
        seen += [(around.id, record.details[0].end_to_end_id) for record in records]
    assert seen == [("S", f"E-{n}") for n in range(40)] + [("S2", f"E-{n}") for n in range(40)]


def test_lines_are_counted_across_pieces() -> None:
    golden = (FORMATS / "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml").read_bytes()
    format_ = BOOK.identify(golden)
    for piece_bytes in (100, 1500, 1_000_000):
        message, _ = format_._reader.read(golden, piece_bytes)
        places = [t.place for t in message.transactions]
        assert [(p.path, golden.splitlines()[p.line - 1].strip()) for p in places] == [
            (f"CdtTrfTxInf[{n}]", b"<CdtTrfTxInf>") for n in (1, 2, 3)
        ]


@pytest.mark.parametrize("odd", [b"<!-- </Ntry> -->", b"<![CDATA[</Ntry>]]>", b"<?x </Ntry>?>"])
def test_a_document_that_cannot_be_cut_by_bytes_is_read_whole(odd: bytes) -> None:
    data = _long(20).replace(b"<Id>S2</Id>", b"<Id>S2" + odd + b"</Id>")
    format_ = BOOK.identify(data)
    message, _ = format_._reader.read(data, 300)
    assert [len(s.entries) for s in message.statements] == [20, 20]


def test_a_long_document_that_is_cut_off_is_refused_with_its_line() -> None:
    data = _long(50)
    format_ = BOOK.identify(data)
    with pytest.raises(Refused) as raised:
        format_._reader.read(data[: len(data) - 500], 1000)
    assert raised.value.findings[0].code == "H2H-NOT-WELL-FORMED"
    assert (raised.value.findings[0].line or 0) > 80


# ------------------------------------------------------------------------------------------------ families


def _golden(name: str) -> Read:
    return BOOK.read((FORMATS / name).read_bytes())


def test_a_status_report_keeps_its_three_levels_apart() -> None:
    report = _golden("pain.002/golden/one-of-three-rejected-03.xml").message
    assert isinstance(report, StatusReport)
    assert report.group_status == "PART"
    assert [(i.payment_information_id, i.status) for i in report.instructions] == [
        ("RUN-2026-1120-A-1", "PART"),
        ("RUN-2026-1120-A-2", "ACTC"),
    ]
    rejected = report.transactions[1]
    assert (rejected.status, rejected.payment_information_id) == ("RJCT", "RUN-2026-1120-A-1")
    assert [(r.code, r.proprietary, r.text) for r in rejected.reasons] == [
        ("AC04", None, "Account closed on 2026-10-01"),
        (None, "X17", ""),
    ]
    assert (rejected.amount, rejected.currency) == (Decimal("2500.00"), "EUR")


def test_a_return_is_known_by_its_return_information_and_a_reversal_keeps_its_direction() -> None:
    message = _golden("camt/golden/batch-entry-and-return-053-08.xml").message
    assert isinstance(message, StatementMessage)
    (stated,) = message.statements
    assert stated.account_owner == "Nordlicht Maschinenbau GmbH"
    assert stated.opening is not None
    assert stated.closing is not None
    batch, back = stated.entries
    assert (batch.batch_message_id, len(batch.details), batch.details[0].returned) == ("RUN-2026-1120-A", 2, False)
    assert (back.credit_debit, back.reversal) == ("CRDT", True)
    assert (back.details[0].returned, back.details[0].return_reason) == (True, "AC04")


def test_an_instant_payment_has_a_time_and_no_day() -> None:
    message = _golden("pain.001/golden/two-instructions-and-hybrid-addresses-09.xml").message
    assert isinstance(message, Initiation)
    instant = message.instructions[1]
    assert instant.requested_execution_date is None
    assert instant.requested_execution_date_time == datetime.fromisoformat("2026-11-24T12:00:00+01:00")
    assert message.transactions[2].instruction is instant


def test_a_collection_has_its_own_side_where_a_payment_has_it() -> None:
    message = _golden("pain.008/golden/one-collection-08.xml").message
    assert isinstance(message, Initiation)
    assert message.kind == "direct-debit"
    assert message.instructions[0].debtor.name == "Stadtbad eG"
    assert message.transactions[0].creditor.name == "Erika Beispiel"


def test_every_version_of_every_family_compiles() -> None:
    formats: list[Format] = list(BOOK)
    for format_ in formats:
        format_.prepare()
    assert len(formats) > 70


# ------------------------------------------------------------------------------------------------ odd orders


def test_what_stands_after_the_transactions_it_belongs_before_is_not_lost_silently() -> None:
    data = (FORMATS / "pain.001/golden/two-instructions-and-hybrid-addresses-09.xml").read_bytes()
    late = b"      </CdtTrfTxInf>\n      <UltmtDbtr><Nm>Somebody else</Nm></UltmtDbtr>\n    </PmtInf>"
    read = BOOK.read(data.replace(b"      </CdtTrfTxInf>\n    </PmtInf>", late, 1))
    assert errors(read.findings) == [("H2H-LATE", "PmtInf[1]")]


def test_findings_beyond_a_limit_are_counted() -> None:
    entries = "".join(ENTRY.format(amount="x", number=n) for n in range(250))
    _, findings = read_statement(statement(entries))
    assert len(errors(findings)) == 200
    assert "and 50 more" in next(f.text for f in findings if f.code == "H2H-MORE")


def test_a_stream_refuses_what_cannot_be_read_and_tells_what_was_not() -> None:
    format_ = BOOK.get("camt.053.001.08")
    with pytest.raises(Refused):
        list(format_.stream(statement(ENTRY.format(amount="x", number=1))))
    told: list[Finding] = []
    odd = ENTRY.format(amount="1", number=1).replace("<BkTxCd/>", "<BkTxCd/><Chrgs/>")
    list(format_.stream(statement(odd), told))
    assert list(unread(told)) == ["Stmt/Ntry/Chrgs"]


def test_threads_that_read_a_format_for_the_first_time_at_once_read_the_same() -> None:
    """A bank's long statements and its short answers are read by workers of their own."""
    data = statement("<NtryRef>1</NtryRef>")
    for _ in range(10):
        new, gate = load_formats(FORMATS).get("camt.053.001.08"), threading.Barrier(4)

        def first(format_: Format = new, gate: threading.Barrier = gate) -> Read:
            gate.wait()
            return format_.read(data)

        with ThreadPoolExecutor(4) as threads:
            reads = [r.result() for r in [threads.submit(first) for _ in range(4)]]
        assert all(read == new.read(data) for read in reads)
