"""What is written reads back as what it was, exactly, in every version that h2h writes; and it is valid."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from h2h.adapters.schema import SchemaBook
from h2h.core.errors import Refused
from h2h.core.format_book import FormatBook
from h2h.core.model.collection import Collection, Mandate
from h2h.core.model.parties import Account, Agent, Party, PostalAddress
from h2h.core.model.payment import CreditTransfer, Initiation, PaymentInstruction
from tests.checkout import BOOK, FORMATS, ROOT

SCHEMAS = SchemaBook([ROOT / "xsd"])
# ISO 20022's payments; what a codec or a bank's own XML can carry is less, and has tests of its own.
WRITTEN = sorted(f.id for f in BOOK if f.writes and f.codec is None and f.kind in ("credit-transfer", "direct-debit"))

# What may hurt: markup, quotes, blanks, accents, other scripts, characters beyond the first plane.
LETTERS = "abz AZ 09 &<>\"'/-?:().,+;=@#%\t\n\r äöüßéñçøŁžżğ€ 中文付款 Ωмир 😀 \u00a0\u2028]]>"


def text(longest: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=1, max_size=longest).map(str.strip).filter(bool)


def ids(longest: int = 35) -> st.SearchStrategy[str]:
    return st.text("ABCXYZ0123456789-/+?().,'& <>\"", min_size=1, max_size=longest).map(str.strip).filter(bool)


def amounts() -> st.SearchStrategy[Decimal]:
    return st.integers(0, 10**12).flatmap(lambda n: st.integers(0, 5).map(lambda d: Decimal(n).scaleb(-d)))


def optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


COMMON_ADDRESS = {
    "department": optional(text(70)),
    "street_name": optional(text(70)),
    "building_number": optional(text(16)),
    "post_code": optional(text(16)),
    "town_name": optional(text(35)),
    "country_sub_division": optional(text(35)),
    "country": st.sampled_from(["DE", "FR", "CN"]),
    "address_lines": st.lists(text(70), max_size=2).map(tuple),
}
NEWER_ADDRESS = {
    "building_name": optional(text(35)),
    "floor": optional(text(70)),
    "post_box": optional(text(16)),
    "room": optional(text(70)),
    "town_location_name": optional(text(35)),
    "district_name": optional(text(35)),
}


def parties(newer: bool) -> st.SearchStrategy[Party]:
    address = st.builds(PostalAddress, **COMMON_ADDRESS, **(NEWER_ADDRESS if newer else {}))
    organisation = st.builds(
        Party,
        name=text(140),
        postal_address=st.none() | address,
        any_bic=st.sampled_from([None, "COBADEFFXXX"]),
        lei=st.sampled_from([None, "529900T8BM49AURSDO55"]) if newer else st.none(),
        country_of_residence=st.sampled_from([None, "AT"]),
    )
    scheme = st.sampled_from([None, "CUST", "TXID", "SEPA", "our own"])
    person = st.builds(Party, name=text(140), private=st.just(True), identification=ids(), identification_scheme=scheme)
    company = st.builds(Party, name=text(140), identification=ids(), identification_scheme=scheme)
    return organisation | person | company


ACCOUNTS = st.builds(Account, iban=st.sampled_from(["DE89370400440532013000", "FR1420041010050500013M02606"])) | (
    st.builds(
        Account,
        other=ids(34),
        scheme=st.sampled_from([None, "BBAN", "house number"]),
        currency=st.sampled_from([None, "EUR"]),
        name=optional(text(70)),
    )
)
AGENTS = st.builds(
    Agent,
    bic=st.just("BNPAFRPPXXX"),
    name=optional(text(140)),
    other=st.sampled_from([None, "NOTPROVIDED"]),
) | st.builds(Agent, clearing_system=st.sampled_from(["USABA", "odd one"]), member_id=ids())

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
EARLIEST, LATEST = datetime(2000, 1, 1), datetime(2099, 1, 1)
MOMENTS = st.datetimes(EARLIEST, LATEST) | st.datetimes(EARLIEST, LATEST, timezones=ZONES)


def instructions(newer: bool, moments: bool) -> st.SearchStrategy[PaymentInstruction]:
    made = st.builds(
        PaymentInstruction,
        id=ids(),
        debtor=parties(newer),
        debtor_account=ACCOUNTS,
        debtor_agent=AGENTS,
        requested_execution_date=st.dates(date(2000, 1, 1), date(2099, 1, 1)),
        batch_booking=st.sampled_from([None, True, False]),
        instruction_priority=st.sampled_from([None, "HIGH", "NORM"]),
        service_level=st.sampled_from([None, "SEPA", "URGP"]),
        local_instrument_proprietary=optional(text(35)),
        category_purpose=st.sampled_from([None, "SALA"]),
        ultimate_debtor=st.none() | parties(newer),
        charge_bearer=st.sampled_from([None, "SLEV", "SHAR"]),
    )
    if moments:
        with_time = st.tuples(made, MOMENTS).map(
            lambda pair: replace(pair[0], requested_execution_date=None, requested_execution_date_time=pair[1])
        )
        return made | with_time
    return made


def mandates(newer: bool) -> st.SearchStrategy[Mandate]:
    days = st.none() | st.dates(date(2000, 1, 1), date(2099, 1, 1))
    return st.builds(
        Mandate,
        id=optional(ids()),
        date_of_signature=days,
        amended=st.sampled_from([None, True, False]),
        original_id=optional(ids()),
        original_creditor_scheme=st.none() | parties(newer),
        original_debtor=st.none() | parties(newer),
        original_debtor_account=st.none() | ACCOUNTS,
        original_debtor_agent=st.none() | AGENTS,
        electronic_signature=optional(text(1000)),
        first_collection_date=days,
        final_collection_date=days,
        frequency=st.sampled_from([None, "MNTH", "YEAR"]),
    )


@st.composite
def collections(draw: st.DrawFn, newer: bool) -> Initiation:
    """Direct debits: what the standard demands of them is always there."""
    kinds = st.sampled_from([None, "FRST", "RCUR", "FNAL", "OOFF"])
    instruction = replace(
        draw(instructions(newer, moments=False)),
        payment_method="DD",
        sequence_type=draw(kinds),
        creditor_scheme=draw(st.none() | parties(newer)),
    )
    many = [
        CreditTransfer(
            instruction=instruction,
            end_to_end_id=draw(ids()),
            amount=draw(amounts()),
            currency="EUR",
            creditor=draw(parties(newer)),
            creditor_account=draw(ACCOUNTS),
            creditor_agent=draw(AGENTS),
            uetr=draw(st.sampled_from([None, "3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21"])) if newer else None,
            ultimate_creditor=draw(st.none() | parties(newer)),
            remittance_unstructured=tuple(draw(st.lists(text(140), max_size=2))),
            creditor_reference=draw(optional(ids())),
            creditor_reference_type=draw(st.sampled_from([None, "SCOR", "our own"])),
            sequence_type=draw(kinds),
            collection=draw(
                st.none()
                | st.builds(
                    Collection,
                    mandate=st.none() | mandates(newer),
                    creditor_scheme=st.none() | parties(newer),
                    pre_notification_id=optional(ids()),
                    pre_notification_date=st.none() | st.dates(date(2000, 1, 1), date(2099, 1, 1)),
                )
            ),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    total = sum((t.amount for t in many), Decimal(0))
    stated = replace(instruction, stated_transaction_count=len(many), stated_control_sum=total)
    many = [replace(t, instruction=stated) for t in many]
    header = (draw(ids()), draw(MOMENTS), draw(parties(newer)))
    return Initiation(*header, len(many), total, "direct-debit", [stated], many)


@st.composite
def initiations(draw: st.DrawFn, newer: bool, moments: bool) -> Initiation:
    found: list[PaymentInstruction] = []
    transactions: list[CreditTransfer] = []
    for number in range(draw(st.integers(1, 2))):
        instruction = replace(draw(instructions(newer, moments)), id=f"I-{number}")
        many = [
            CreditTransfer(
                instruction=instruction,
                end_to_end_id=draw(ids()),
                amount=draw(amounts()),
                currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
                creditor=draw(parties(newer)),
                creditor_account=draw(st.none() | ACCOUNTS),
                creditor_agent=draw(st.none() | AGENTS),
                instruction_id=draw(optional(ids())),
                uetr=draw(st.sampled_from([None, "3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21"])) if newer else None,
                charge_bearer=draw(st.sampled_from([None, "DEBT"])),
                local_instrument=draw(st.sampled_from([None, "INST"])),
                purpose=draw(st.sampled_from([None, "SUPP"])),
                ultimate_creditor=draw(st.none() | parties(newer)),
                intermediary_agent=draw(st.none() | AGENTS),
                remittance_unstructured=tuple(draw(st.lists(text(140), max_size=2))),
                creditor_reference=draw(optional(ids())),
                instructions_for_creditor_agent=tuple(draw(st.lists(text(140), max_size=2))),
            )
            for _ in range(draw(st.integers(1, 3)))
        ]
        found.append(
            replace(
                instruction,
                stated_transaction_count=len(many),
                stated_control_sum=sum((t.amount for t in many), Decimal(0)),
            )
        )
        transactions += [replace(t, instruction=found[-1]) for t in many]
    made = Initiation(draw(ids()), draw(MOMENTS), draw(parties(newer)), instructions=found, transactions=transactions)
    made.stated_transaction_count, made.stated_control_sum = len(transactions), made.control_sum
    return made


def _messages(version: str) -> st.SearchStrategy[Initiation]:
    """What this version can say."""
    format_ = BOOK.get(version)
    flags = format_.card.flags if format_.card else frozenset()
    newer = "address24" in flags
    return collections(newer) if format_.kind == "direct-debit" else initiations(newer, "date-choice" in flags)


def _written(book: FormatBook, version: str, initiation: Initiation) -> bytes:
    out = io.BytesIO()
    book.get(version).write(initiation, out)
    return out.getvalue()


def _without_places(initiation: Initiation) -> Initiation:
    return replace(initiation, transactions=[replace(t, place=None) for t in initiation.transactions])


@pytest.mark.parametrize("version", WRITTEN)
def test_what_is_written_reads_back_as_what_it_was_and_is_valid(version: str) -> None:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_messages(version))
    def check(initiation: Initiation) -> None:
        data = _written(BOOK, version, initiation)
        read = BOOK.read(data)
        assert read.findings == []
        assert isinstance(read.message, Initiation)
        assert _without_places(read.message) == initiation
        assert SCHEMAS.validate(f"{version}.xsd", data) == []
        assert _written(BOOK, version, initiation) == data, "same values, same bytes"

    check()


@pytest.mark.parametrize("version", [v for v in WRITTEN if v.endswith((".02", ".03", ".08", ".09", ".11"))])
def test_the_second_schema_engine_agrees(version: str) -> None:
    schema = xmlschema.XMLSchema(str(SCHEMAS.path(f"{version}.xsd")))

    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_messages(version))
    def check(initiation: Initiation) -> None:
        schema.validate(io.BytesIO(_written(BOOK, version, initiation)))

    check()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_document_gives_findings_and_nothing_else(data: st.DataObject) -> None:
    golden = data.draw(st.sampled_from(sorted(FORMATS.glob("*/golden/*.xml"))))
    whole = bytearray(golden.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(whole) - 1))
        damage = data.draw(st.sampled_from(["byte", "cut", "repeat", "remove"]))
        length = data.draw(st.integers(1, 40))
        if damage == "byte":
            whole[at] = data.draw(st.integers(0, 255))
        elif damage == "cut":
            del whole[at + 1 :]
        elif damage == "repeat":
            whole[at:at] = whole[at : at + length]
        else:
            del whole[at : at + length]
        if not whole:
            return
    try:
        read = BOOK.read(bytes(whole))
    except Refused as refused:
        assert refused.findings
    else:
        assert read.message is not None
