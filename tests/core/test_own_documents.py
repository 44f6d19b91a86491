"""Banks' own documents: identified by what they hold, read and written as their sample says, and nothing lost."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from h2h.adapters.schema import SchemaBook
from h2h.cli.proof import goldens_of
from h2h.core import xml
from h2h.core.errors import Misconfigured, Refused
from h2h.core.mapping.own_sample import compile_sample
from h2h.core.mapping.own_values import OWN_TYPES
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.outcome import Outcome
from h2h.data import data_dir
from tests.checkout import BOOK
from tests.core.own import FACTS, NOW, OF_FILE, WANTED, enquiries, initiation, payment, payments, plain, written

SCHEMAS = SchemaBook([data_dir("xsd")])
OWN = [f for f in BOOK if f.family is not None and (Path(f.family.folder) / "answers.toml").exists()]
GOLDENS = sorted(g for f in {f.family.folder for f in OWN if f.family} for g in goldens_of(Path(f)))


def refused(format_id: str, message: Any) -> str:
    with pytest.raises(Refused) as caught:
        written(format_id, message)
    (finding,) = caught.value.findings
    return f"{finding.code} {finding.text}"


# ---------------------------------------------------------------------------------------------------- identity


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda g: f"{g.parent.parent.name}-{g.stem}")
def test_exactly_one_format_knows_each_document(golden: Path) -> None:
    data = golden.read_bytes()
    root = xml.root_of(data) if xml.looks_like_xml(data) else None
    assert [f for f in BOOK if f.is_format_of(data, root)] == [BOOK.identify(data)]


@given(st.binary(max_size=300) | st.text("<FOX>/?!= abc\"'&;", max_size=200).map(str.encode))
def test_identification_never_raises(head: bytes) -> None:
    for format_ in OWN:
        assert format_.is_format_of(head, None) is False
        assert format_.is_format_of(b"<FOX>" + head, None) in (True, False)


def test_a_document_that_answers_twice_is_ambiguous_and_refused() -> None:
    data = b"<FOX><SIGNONMSGSRSV1/><SECURITIES_MSGSRSV1><XFERTRNRS/><XFERINQTRNRS/></SECURITIES_MSGSRSV1></FOX>"
    with pytest.raises(Refused, match="several formats know it"):
        BOOK.identify(data)


# ---------------------------------------------------------------------------------------------------- both ways


@settings(max_examples=60, deadline=None)
@given(payments())
def test_a_payment_written_for_cib_is_read_as_the_same_payment(transfer: Any) -> None:
    message = initiation(transfer)
    back = plain(BOOK.get("cib.payment").read(written("cib.payment", message)).message)
    assert back.transactions == plain(message).transactions


@settings(max_examples=60, deadline=None)
@given(st.lists(payments(), min_size=1, max_size=5))
def test_a_batch_written_for_cib_is_read_as_the_same_payments(some: Any) -> None:
    message = initiation(*some)
    data = written("cib.batch", message)
    assert SCHEMAS.validate("cib.batch.xsd", data) == []
    assert plain(BOOK.identify(data).read(data).message).transactions == plain(message).transactions


@pytest.mark.parametrize(("format_id", "about"), [("cib.status", "status"), ("cib.balance", "balance")])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_question_to_cib_is_read_as_it_was_asked(format_id: str, about: str, data: Any) -> None:
    enquiry = data.draw(enquiries(about))
    document = written(format_id, enquiry)
    assert SCHEMAS.validate(f"{format_id}.xsd", document) == []
    assert BOOK.identify(document).read(document).message == enquiry


@settings(max_examples=25, deadline=None)
@given(enquiries("detail"))
def test_a_question_for_bookings_keeps_its_days_and_its_page(enquiry: Any) -> None:
    document = written("cib.detail", enquiry)
    assert BOOK.identify(document).read(document).message == enquiry


@pytest.mark.parametrize("format_id", sorted(WANTED))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_written_in_each_banks_format_is_valid_and_reads_back_as_the_same_payment(
    format_id: str, data: Any
) -> None:
    transfer = data.draw(payments())
    account = Account(other="0200000000000000001" if format_id == "icbc.payment" else "117010100100000001")
    agent = replace(transfer.creditor_agent, member_id=data.draw(st.sampled_from(["105100000017", "308584000013"])))
    instruction = replace(transfer.instruction, debtor_account=account)
    places_debtor = format_id.startswith(("cib", "icbc", "boc"))
    if not places_debtor:
        instruction = replace(instruction, debtor=Party())
    if format_id == "citic.batch":
        agent = replace(agent, name=None)
    town = transfer.creditor.postal_address if format_id.startswith(("cib", "icbc", "boc")) else None
    if format_id == "boc.payment":  # short ids; a date always
        transfer = replace(transfer, end_to_end_id="H2H000000017")
        instruction = replace(instruction, requested_execution_date=date(2026, 3, 2))
    if format_id == "cmb.payment":
        town = PostalAddress(town_name="广东省深圳市")
    transfer = replace(
        transfer,
        instruction=instruction,
        creditor=replace(transfer.creditor, postal_address=town),
        creditor_agent=agent,
        supplementary=WANTED[format_id],
    )
    if format_id == "ccb.payment-elsewhere":
        agent = replace(agent, member_id="308584000013")
        transfer = replace(transfer, creditor_agent=agent, remittance_unstructured=("货款",))
    message = initiation(transfer, supplementary=OF_FILE.get(format_id, FACTS))
    if format_id.startswith("ccb"):
        message = replace(message, message_id="2026030200000017")
    document = written(format_id, message)
    assert SCHEMAS.validate(f"{format_id}.xsd", document) == []
    assert BOOK.identify(document).id == format_id
    assert plain(BOOK.get(format_id).read(document).message).transactions == plain(message).transactions


# ---------------------------------------------------------------------------------------------------- refusals


def test_the_limit_counts_bytes_of_the_banks_encoding_not_characters() -> None:
    assert written("cib.payment", initiation(payment(creditor=Party("有" * 25))))
    assert refused("cib.payment", initiation(payment(creditor=Party("有" * 26)))).startswith("H2H-LENGTH")
    assert "52 bytes" in refused("cib.payment", initiation(payment(creditor=Party("有" * 26))))
    assert written("cib.payment", initiation(payment(creditor=Party("A" * 50))))


def test_a_purpose_within_its_bytes_may_still_have_too_many_characters() -> None:
    assert "31 characters" in refused("cib.payment", initiation(payment(remittance_unstructured=("A" * 31,))))


@pytest.mark.parametrize("name", ["䶮示例公司", "示例 公司😀"])
def test_a_character_that_gbk_lacks_is_refused_and_never_replaced(name: str) -> None:
    told = refused("cib.payment", initiation(payment(creditor=Party(name))))
    assert told.startswith("H2H-CHARACTER")
    assert "is not in GBK" in told


@pytest.mark.parametrize("sign", ["<", ">", "&"])
def test_a_sign_that_the_bank_takes_nowhere_is_refused_in_rows_of_text_too(sign: str) -> None:
    for format_id in ("cib.payment", "cib.batch"):
        assert "takes nowhere" in refused(format_id, initiation(payment(creditor=Party(f"示例{sign}公司"))))


def test_a_column_separator_in_a_value_is_refused() -> None:
    assert "separates the bank's columns" in refused("cib.batch", initiation(payment(end_to_end_id="A|B")))


def test_more_than_two_decimals_are_refused_not_rounded() -> None:
    assert "two decimals" in refused("cib.payment", initiation(payment(amount=Decimal("1.005"))))


def test_a_value_without_a_place_is_refused_by_name() -> None:
    assert "no place for uetr" in refused("cib.payment", initiation(payment(uetr="x")))
    assert "no place for charge bearer" in refused("cib.batch", initiation(payment(charge_bearer="SHAR")))


def test_without_a_place_for_a_day_only_the_files_own_day_in_china_may_be_asked_for() -> None:
    def on(day: date) -> Any:
        return initiation(payment(instruction=_replaced(requested_execution_date=day)))

    assert written("cib.batch", on(date(2026, 3, 2)))
    assert "no place for instruction requested execution date" in refused("cib.batch", on(date(2026, 3, 3)))
    assert b"<DTDUE>2026-03-03</DTDUE>" in written("cib.payment", on(date(2026, 3, 3)))
    assert b"DTDUE" not in written("cib.payment", on(date(2026, 3, 2)))


def test_one_file_has_one_account_to_pay_from() -> None:
    other = payment(instruction=_replaced(debtor_account=Account(other="117010100100000002")))
    assert refused("cib.batch", initiation(payment(), other)).startswith("H2H-NOT-SHARED")


def test_more_payments_than_the_bank_takes_are_refused() -> None:
    assert "at most 1 " in refused("cib.payment", initiation(payment(), payment()))
    assert "at most 100 " in refused("cib.batch", initiation(*[payment()] * 101))


def test_who_banks_at_the_bank_itself_follows_from_number_or_name_and_is_never_guessed() -> None:
    def to(agent: Agent | None) -> Any:
        return initiation(payment(creditor_agent=agent))

    assert b'INTERBANK="Y"' in written("cib.payment", to(Agent(member_id="309391000011")))
    assert b'INTERBANK="Y"' in written("cib.payment", to(Agent(name="兴业银行福州分行")))
    assert b'INTERBANK="N"' in written("cib.payment", to(Agent(name="招商银行")))
    assert "same bank is not known" in refused("cib.payment", to(None))


def test_a_fact_that_only_the_bank_wants_is_asked_for_by_name() -> None:
    facts = {k: v for k, v in FACTS.items() if k != "same_city"}
    assert "same_city = …" in refused("cib.payment", initiation(supplementary=facts))


def _replaced(**changes: Any) -> Any:
    return replace(payment().instruction, **changes)


def test_a_payment_to_another_bank_is_refused_by_the_format_for_payees_at_the_bank() -> None:
    facts = {"customer_id": "P1", "user_id": "W1", "check_name": "1"}
    told = refused("ccb.payment", initiation(message_id="17", supplementary=facts))
    assert "same bank Y only" in told


def test_a_batch_without_a_place_for_an_id_lets_the_position_stand_for_it() -> None:
    facts = {"customer_id": "P1", "user_id": "W1", "check_name": "1"}
    document = written(
        "ccb.batch", initiation(payment(), payment(end_to_end_id="B"), message_id="17", supplementary=facts)
    )
    assert b"PO4500012" not in document
    assert b"\n002|" in document


# ---------------------------------------------------------------------------------------------------- values


@given(st.decimals("-99999999999.99", "99999999999.99", places=2, allow_nan=False))
def test_an_amount_in_cents_is_exact_both_ways(amount: Decimal) -> None:
    cents = OWN_TYPES["cents"]
    assert cents.parse is not None
    assert cents.parse(str(cents.render(amount))) == amount


@pytest.mark.parametrize("value", ["0.001", "1.005", "NaN", "Infinity"])
def test_what_is_no_whole_number_of_cents_is_refused(value: str) -> None:
    for name in ("cents", "amount2"):
        with pytest.raises(ValueError, match=r"cents|two decimals|finite"):
            OWN_TYPES[name].render(Decimal(value))


@pytest.mark.parametrize("text", ["12.5", "1e3", "", "１２"])
def test_cents_are_read_as_whole_numbers_only(text: str) -> None:
    parse = OWN_TYPES["cents"].parse
    assert parse is not None
    with pytest.raises(ValueError, match="cents"):
        parse(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [("date8", "20260230"), ("date8", "2026-03-02"), ("moment14", "20260302250000"), ("moment", "2026-03-02")],
)
def test_a_day_or_moment_that_does_not_exist_is_no_value(name: str, text: str) -> None:
    parse = OWN_TYPES[name].parse
    assert parse is not None
    with pytest.raises(ValueError, match=r"not a date|no such day"):
        parse(text)


def test_a_moment_without_a_zone_is_chinas() -> None:
    moment = OWN_TYPES["moment14"]
    assert moment.parse is not None
    assert moment.render(NOW) == "20260302091500"
    assert moment.parse("20260302091500") == NOW


# ---------------------------------------------------------------------------------------------------- the sample


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ('<X m:one="nothing"/>', "has no field 'nothing'"),
        ('<X m:one="creditor.name"/>', "has no field 'creditor'"),
        ('<X m:one="payment.creditor.nothing"/>', "has no field 'nothing'"),
        ('<X m:one="message_id:clock"/>', "unknown type 'clock'"),
        ('<X m:one="message_id:@nowhere"/>', "no table 'nowhere'"),
        ('<X m:one="message_id" m:opt="message_id"/>', "only one of"),
        ('<X m:bytes="many"/>', "bytes is a number"),
        ('<X m:use="nowhere"/>', "no part 'nowhere'"),
        ('<X m:colour="red"/>', "unknown annotation colour"),
    ],
)
def test_a_sample_that_names_what_is_not_there_is_misconfigured_with_its_line(sample: str, said: str) -> None:
    mapping = f'<m:mapping xmlns:m="urn:h2h:mapping">\n<R>{sample}</R></m:mapping>'
    with pytest.raises(Misconfigured, match=f"line 2.*{said}"):
        compile_sample(mapping.encode(), b"", "credit-transfer", frozenset(), {}, "sample.xml")


# ---------------------------------------------------------------------------------------------------- answers


def _outcomes(golden: str, folder: str = "cib") -> list[tuple[str | None, Outcome | None]]:
    data = (data_dir("formats") / folder / "golden" / f"{golden}.xml").read_bytes()
    message: Any = BOOK.read(data).message
    return [(t.status, t.outcome) for t in message.transactions]


def test_success_needs_both_codes_and_a_code_of_no_table_is_unknown() -> None:
    paid = (data_dir("formats") / "cib" / "golden" / "status-paid.xml").read_bytes()
    assert _outcomes("status-paid") == [("PAYOUT", Outcome.SETTLED)]
    message: Any = BOOK.read(paid.replace(b"PAYOUT", b"PAYED_OUT")).message
    assert message.transactions[0].outcome is Outcome.UNKNOWN
    refused_question: Any = BOOK.read(paid.replace(b"<CODE>0<", b"<CODE>2005<")).message
    assert refused_question.group_status is None


def test_each_row_of_a_batch_has_its_own_outcome() -> None:
    assert _outcomes("batch-answered-row-by-row") == [
        ("PAYOUT", Outcome.SETTLED),
        ("FAIL", Outcome.REJECTED),
        ("PROCESSING", Outcome.PROCESSING),
        ("PENDING", Outcome.UNKNOWN),
    ]


def test_the_same_number_means_what_its_text_says() -> None:
    assert _outcomes("answer-refused-without-a-body") == [("2002", Outcome.REJECTED)]
    assert _outcomes("answer-same-number-other-text-is-unknown") == [("2002", Outcome.UNKNOWN)]


# ---------------------------------------------------------------------------------------------------- schemas


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda g: f"{g.parent.parent.name}-{g.stem}")
def test_both_schema_engines_agree_about_each_document_and_about_damage(golden: Path) -> None:
    import xmlschema

    data = golden.read_bytes()
    format_ = BOOK.identify(data)
    assert format_.schema is not None
    try:
        seen = format_.as_schema_sees_it(data)
    except Refused as refused:
        assert {f.code for f in refused.findings} == {"H2H-FRAME"}, (
            "the header says what is wrong, and no schema is asked"
        )
        return
    document = etree.fromstring(seen, etree.XMLParser(resolve_entities=False))
    second = xmlschema.XMLSchema10(str(SCHEMAS.path(format_.schema)))
    damaged = etree.fromstring(etree.tostring(document))
    damaged.insert(0, etree.Element("Unknown"))
    for tree in (document, damaged):
        valid = not SCHEMAS.validate(format_.schema, etree.tostring(tree))
        assert second.is_valid(etree.tostring(tree)) is valid
    assert SCHEMAS.validate(format_.schema, etree.tostring(damaged))
