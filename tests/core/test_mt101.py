"""MT101 requests for transfer: read strictly, each field with its line."""

from __future__ import annotations

import random

import pytest

from h2h.core.codecs.mt101 import Mt101
from h2h.core.completing import completed
from h2h.core.errors import Refused
from h2h.core.findings import Finding, Severity
from h2h.core.format import Card, Read
from h2h.core.model.payment import CreditTransfer, Initiation
from tests.core.erp_files import STAMP

A = (":20:RUN-1", ":28D:1/1", ":50H:/DE89370400440532013000", "ACME GMBH", ":52A:COBADEFF", ":30:261127")
B = (":21:INV-1", ":32B:EUR12,5", ":59:/AT611904300234573201", "BETA GMBH", ":71A:SHA")
CODEC = Mt101(Card("mt101", None, None))


def read(*lines: str, end: str = "\n") -> Read:
    return CODEC.read((end.join(lines) + end).encode())


def initiation(*lines: str) -> Initiation:
    message = read(*lines).message
    assert isinstance(message, Initiation)
    return message


def one(*lines: str) -> CreditTransfer:
    (transfer,) = initiation(*lines).transactions
    return transfer


def errors(*lines: str) -> list[Finding]:
    return [f for f in read(*lines).findings if f.severity is Severity.ERROR]


def changed(lines: tuple[str, ...], old: str, *new: str) -> tuple[str, ...]:
    at = lines.index(old)
    return (*lines[:at], *new, *lines[at + 1 :])


def test_sequence_a_holds_for_every_payment() -> None:
    message = initiation(*A, *B, *changed(B, ":21:INV-1", ":21:INV-2"))
    assert [t.end_to_end_id for t in message.transactions] == ["INV-1", "INV-2"]
    (instruction,) = message.instructions
    assert instruction.debtor_account.iban == "DE89370400440532013000"
    assert (instruction.debtor.name, instruction.debtor_agent.bic) == ("ACME GMBH", "COBADEFF")
    assert f"{message.control_sum:f}" == "25.0"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blocks_change_nothing(end: str) -> None:
    bare = read(*A, *B).message
    blocks = ("{1:F01ACMEDEFFAXXX}{2:I101EXBKDEFFXXXXN}{4:", *A, *B, "-}{5:{CHK:1}}")
    wrapped = read(*blocks, end=end).message
    assert isinstance(bare, Initiation)
    assert isinstance(wrapped, Initiation)
    assert [t.amount for t in bare.transactions] == [t.amount for t in wrapped.transactions]
    assert bare.message_id == wrapped.message_id == "RUN-1"


def test_an_ordering_customer_in_a_and_in_b_is_an_error_because_two_accounts_could_pay() -> None:
    twice = changed(B, ":32B:EUR12,5", ":32B:EUR12,5", ":50H:/DE02120300000000202051", "ACME GMBH")
    assert "which account pays?" in errors(*A, *twice)[0].text
    nobody = tuple(line for line in A if not line.startswith(":50") and line != "ACME GMBH")
    assert "no ordering customer" in errors(*nobody, *B)[0].text
    no_account = changed(A, ":50H:/DE89370400440532013000", ":50H:ACME")
    assert "names no account" in errors(*no_account, *B)[0].text


@pytest.mark.parametrize("amount", ["EUR12.50", "EUR12", "12,50", "EUR,5", "EUR-1,", "EUR1234567890123456,", "eur1,"])
def test_an_amount_that_is_not_written_as_the_standard_says_is_an_error(amount: str) -> None:
    (found,) = errors(*A, *changed(B, ":32B:EUR12,5", f":32B:{amount}"))
    assert found.where == "line 8, tag 32B"


@pytest.mark.parametrize("day", ["000000", "261327", "2611270", "today"])
def test_a_day_that_is_none_is_an_error(day: str) -> None:
    assert errors(*changed(A, ":30:261127", f":30:{day}"), *B)[0].where == "line 6, tag 30"


def test_charges_and_urgency_are_the_payments_own() -> None:
    lines = changed(B, ":71A:SHA", ":71A:BEN")
    transfer = one(*A, *changed(lines, ":32B:EUR12,5", ":23E:URGP", ":32B:EUR12,5"))
    assert (transfer.charge_bearer, transfer.service_level) == ("CRED", "URGP")


def test_option_f_gives_country_and_town_and_joins_a_name_that_goes_on() -> None:
    lines = (":21:X", ":32B:EUR1,", ":59F:/AT611904300234573201", "1/BETA", "1/GMBH", "2/RING 5", "3/AT/WIEN")
    payee = one(*A, *lines, ":71A:SHA").creditor
    assert payee.name == "BETA GMBH"
    assert payee.postal_address is not None
    assert (payee.postal_address.country, payee.postal_address.town_name) == ("AT", "WIEN")
    assert payee.postal_address.address_lines == ("RING 5",)


def test_a_national_clearing_code_becomes_that_of_its_system() -> None:
    lines = changed(B, ":59:/AT611904300234573201", ":57D://FW021000021", "SOME BANK", ":59:/AT611904300234573201")
    agent = one(*A, *lines).creditor_agent
    assert agent is not None
    assert (agent.clearing_system, agent.member_id, agent.name) == ("USABA", "021000021", "SOME BANK")
    unknown = changed(lines, ":57D://FW021000021", ":57D://XX1")
    assert "no clearing code that h2h knows" in errors(*A, *unknown)[0].text


def test_a_line_of_35_characters_goes_on_without_a_blank_and_a_shorter_one_with() -> None:
    lines = changed(B, ":71A:SHA", ":70:" + "A" * 35, "B", "C", ":71A:SHA")
    assert one(*A, *lines).remittance_unstructured == ("A" * 35 + "B C",)


def test_what_has_no_place_in_a_payment_is_told_and_not_dropped() -> None:
    lines = changed(B, ":71A:SHA", ":33B:USD14,", ":71A:SHA", ":36:0,9")
    unread = [f.where for f in read(*A, *lines).findings if f.code == "H2H-UNREAD"]
    assert unread == ["line 11, tag 33B", "line 13, tag 36"]


def test_payments_of_two_currencies_are_two_instructions_whose_payments_stand_together() -> None:
    dollars = changed(changed(B, ":32B:EUR12,5", ":32B:USD1,"), ":21:INV-1", ":21:INV-2")
    third = changed(B, ":21:INV-1", ":21:INV-3")
    made = completed(initiation(*A, *B, *dollars, *third), "OWN-1", STAMP.creation_date_time, "Acme")
    assert [t.end_to_end_id for t in made.transactions] == ["INV-1", "INV-3", "INV-2"]
    assert [t.instruction.id for t in made.transactions] == ["RUN-1-1", "RUN-1-1", "RUN-1-2"]
    assert (made.message_id, made.initiating_party.name) == ("RUN-1", "Acme")


def test_a_message_without_its_end_has_been_cut_off() -> None:
    opened = "{1:F01ACMEDEFFAXXX}{2:I101EXBKDEFFXXXXN}{4:"
    assert errors(opened, *A, *B, "-}") == []
    assert [(f.line, "cut off" in f.text) for f in errors(opened, *A, *B)] == [(1, True)]


def test_a_message_whose_fields_are_indented_is_refused_with_one_sentence_for_all_of_them() -> None:
    lines = [f"    {line}" for line in (*A, *B)]
    with pytest.raises(Refused) as refused:
        read("{1:F01COBADEFFAXXX0000000000}{2:I101COBADEFFXXXXN}{4:", *lines, "-}")
    none, told = refused.value.findings
    assert (none.code, told.line) == ("H2H-MT101-NONE", 2)
    assert "is indented" in told.text


def test_a_message_that_stands_in_the_file_twice_is_an_error_and_the_next_of_a_chain_is_none() -> None:
    chain = changed(A, ":28D:1/1", ":28D:2/2")
    assert errors(*changed(A, ":28D:1/1", ":28D:1/2"), *B, *chain, *changed(B, ":21:INV-1", ":21:INV-2")) == []
    (told,) = errors(*A, *B, *A, *B)
    assert "stands in the file before" in told.text
    assert told.line == len(A) + len(B) + 1


def test_other_messages_are_not_taken_for_an_mt101() -> None:
    assert CODEC.identify("\n".join((*A, *B)).encode())
    assert not CODEC.identify(b"{1:F01X}{2:I103Y}{4:\n:20:A\n:21:B\n:32B:EUR1,\n:30:261127\n")
    assert not CODEC.identify(b":20:A\n:25:B\n:28C:1\n:60F:C261127EUR1,\n:61:2611271127D1,NTRFX\n")


def test_whatever_is_damaged_nothing_but_findings_comes_out() -> None:
    whole = ("{1:F01ACMEDEFFAXXX}{2:I101EXBKDEFFXXXXN}{4:\n" + "\n".join((*A, *B, *B)) + "\n-}").encode()
    chance = random.Random(101)
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice(b":/\n-{}0A,\x00\xff1")
        data = bytes(damaged[: chance.randint(0, len(damaged))] if chance.random() < 0.3 else damaged)
        CODEC.identify(data)
        try:
            assert isinstance(CODEC.read(data).message, Initiation)
        except Refused as refused:
            assert refused.findings


def test_a_field_that_stands_twice_in_a_payment_is_an_error_and_no_choice_is_made() -> None:
    lines = changed(B, ":71A:SHA", ":57A:COBADEFF", ":57A:DEUTDEFF", ":71A:SHA")
    (found,) = errors(*A, *lines)
    assert ("stands twice" in found.text, found.line) == (True, 12)


def test_the_bank_of_the_account_in_both_sequences_is_an_error() -> None:
    lines = changed(B, ":71A:SHA", ":52A:DEUTDEFF", ":71A:SHA")
    assert ["one of them is wrong" in f.text for f in errors(*A, *lines)] == [True]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ((":59F:/AT611904300234573201", "1/BETA GMBH", "RING 5"), "begins with a number from 1 to 8"),
        ((":59F:/AT611904300234573201", "1/BETA GMBH", "6/AT/1234"), "the lines with 6"),
        ((":57D://12345", "SOME BANK", ":59:/AT611904300234573201", "BETA GMBH"), "no national clearing code"),
        ((":57D:/C/12345", "SOME BANK", ":59:/AT611904300234573201", "BETA GMBH"), "an account of the bank"),
        ((":57A:/12345", "COBADEFF", ":59:/AT611904300234573201", "BETA GMBH"), "an account of the bank"),
        ((":57C://FW021000021", "MORE", ":59:/AT611904300234573201", "BETA GMBH"), "one clearing code and nothing"),
    ],
)
def test_a_party_or_bank_that_cannot_be_read_whole_is_an_error_in_words(field: tuple[str, ...], said: str) -> None:
    lines = (":21:INV-1", ":32B:EUR12,5", *field, ":71A:SHA")
    assert any(said in f.text for f in errors(*A, *lines)), [f.text for f in read(*A, *lines).findings]


def test_a_clearing_code_alone_is_a_bank() -> None:
    lines = changed(B, ":59:/AT611904300234573201", ":57C://FW021000021", ":59:/AT611904300234573201")
    agent = one(*A, *lines).creditor_agent
    assert agent is not None
    assert (agent.clearing_system, agent.member_id, agent.name) == ("USABA", "021000021", None)
