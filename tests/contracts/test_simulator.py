"""The simulated bank: it takes each file once, answers as its table says, and every answer is a valid message."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from h2h.adapters.secrets import Secrets
from h2h.adapters.sftp import BankOverSftp
from h2h.core.xml import name_of
from h2h.data import data_dir
from h2h.simulator import BEHAVIOURS, Behaviour, Rule, SimulatedBank, load_behaviour
from h2h.simulator.pgp import Gpg, PgpProblem
from tests.contracts.pain import IBANS, pain001

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Customer:
    """The other side: sends over real SFTP, opens what comes back."""

    def __init__(self, directory: Path, behaviour: Behaviour, *, pgp: bool = False) -> None:
        self.time = START
        self.bank = SimulatedBank(directory, behaviour=behaviour, now=lambda: self.time, pgp=pgp)
        self.seen: set[bytes] = set()

    def send(self, name: str, data: bytes) -> None:
        with BankOverSftp.of(self.bank.channel(), "posix", Secrets({}).read).connect() as session:
            session.create("to_bank", f".{name}.part", io.BytesIO(data))
            session.rename("to_bank", f".{name}.part", "to_bank", name)

    def after(self, seconds: float) -> list[Any]:
        """The answers that are new after that time, as documents, in the order of their names."""
        self.time += timedelta(seconds=seconds)
        self.bank.tick()
        return [valid(data) for data in self.collect()]

    def collect(self) -> list[bytes]:
        answers = []
        with BankOverSftp.of(self.bank.channel(), "posix", Secrets({}).read).connect() as session:
            for entry in sorted(session.list("from_bank"), key=lambda entry: entry.name):
                if entry.name not in self.seen and not entry.name.startswith(b"."):
                    self.seen.add(entry.name)
                    sink = io.BytesIO()
                    session.fetch("from_bank", entry.name, sink, 10_000_000)
                    answers.append(sink.getvalue())
        return answers


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Callable[..., Customer]]:
    """Makes a bank of a given behaviour, with its customer."""
    made: list[Customer] = []

    def make(behaviour: Behaviour, **more: Any) -> Customer:
        made.append(Customer(tmp_path / f"bank{len(made)}", behaviour, **more))
        made[-1].bank.start()
        return made[-1]

    yield make
    for one in made:
        one.bank.stop()


def valid(data: bytes) -> Any:
    """The document, after the official schema has accepted it."""
    document = etree.fromstring(data)
    schema = etree.XMLSchema(etree.parse(data_dir("xsd") / "iso20022" / f"{message_of(document)}.xsd"))
    schema.assertValid(document)
    return document


def texts(document: Any, path: str) -> list[str]:
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return [node.text for node in document.xpath(".//" + steps)]


def message_of(document: Any) -> str:
    return str(name_of(document.tag)[0]).rpartition(":")[2]


@pytest.mark.parametrize(
    ("version", "report", "statement"),
    [("03", "pain.002.001.03", "camt.053.001.02"), ("09", "pain.002.001.10", "camt.053.001.08")],
)
def test_a_file_is_acknowledged_judged_payment_by_payment_and_booked(
    customer: Callable[..., Customer], version: str, report: str, statement: str
) -> None:
    one = customer(BEHAVIOURS["cents"])
    one.send("pay.xml", pain001("M1", ["100.00", "7.04", "12.50"], version=version))
    acknowledgement, judgement, books = one.after(0)
    assert message_of(acknowledgement) == message_of(judgement) == report
    assert texts(acknowledgement, "GrpSts") == ["ACTC"]
    assert texts(judgement, "GrpSts") == ["PART"]
    assert texts(judgement, "OrgnlMsgId") == ["M1"]
    assert texts(judgement, "OrgnlEndToEndId") == ["M1-1", "M1-2", "M1-3"]
    assert texts(judgement, "TxSts") == ["ACSP", "RJCT", "ACSP"]
    assert texts(judgement, "TxInfAndSts/StsRsnInf/Rsn/Cd") == ["AC04"]
    assert message_of(books) == statement
    assert texts(books, "Ntry/NtryDtls/TxDtls/Refs/EndToEndId") == ["M1-1", "M1-3"]
    assert texts(books, "Bal/Amt") == ["1000000", "999887.50"]


def test_the_oracle_holds_every_payment_as_it_arrived(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["accept"])
    one.send("pay.xml", pain001("M1", ["1.10", "2.20"]))
    one.after(0)
    lines = one.bank.received()
    assert [(line["end_to_end_id"], line["amount"], line["currency"]) for line in lines] == [
        ("M1-1", "1.10", "EUR"),
        ("M1-2", "2.20", "EUR"),
    ]
    assert [line["creditor_account"] for line in lines] == [IBANS[1], IBANS[2]]
    assert {line["file"] for line in lines} == {"pay.xml"}
    assert {line["debtor_account"] for line in lines} == {"DE75512108001245126199"}
    assert not (one.bank.root / "to_bank/pay.xml").exists()
    one.after(1)
    assert len(one.bank.received()) == 2


def test_the_same_message_twice_is_received_twice_and_paid_once(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["accept"])
    one.send("a.xml", pain001("M1", ["1.00"]))
    one.after(0)
    one.send("b.xml", pain001("M1", ["1.00"]))
    (refusal,) = one.after(0)
    assert texts(refusal, "GrpSts") == ["RJCT"]
    assert texts(refusal, "StsRsnInf/Rsn/Cd") == ["DU01"]
    assert [(line["file"], line["refusal"]) for line in one.bank.received()] == [("a.xml", None), ("b.xml", "DU01")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pain001("M1", ["1.00"], count=2), "AM18"),
        (pain001("M1", ["1.00"]).replace(b"<CtrlSum>1.00", b"<CtrlSum>1.01"), "AM10"),
        (b"<a", "FF01"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "FF01"),
        (b"<Document xmlns='urn:elsewhere'/>", "FF01"),
        (pain001("M1", ["1.00"]).replace(b">1.00</InstdAmt>", b">NaN</InstdAmt>"), "FF01"),
        (pain001("M1", ["1.00"]).replace(b"IBAN>", b"Nothing>"), "FF01"),
        (b"\x00\x01garbage", "FF01"),
        (b"", "FF01"),
    ],
)
def test_a_file_that_is_not_sound_is_refused_as_a_whole(
    customer: Callable[..., Customer], data: bytes, code: str
) -> None:
    one = customer(BEHAVIOURS["accept"])
    one.send("pay.xml", data)
    (refusal,) = one.after(0)
    assert texts(refusal, "GrpSts") == ["RJCT"]
    assert texts(refusal, "StsRsnInf/Rsn/Cd") == [code]


def test_names_that_say_not_yet_are_left_alone(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["accept"])
    for name in (".hidden", "a.part", "b.tmp", "c.filepart"):
        (one.bank.root / "to_bank" / name).write_bytes(pain001("M1", ["1.00"]))
    (one.bank.root / "to_bank/link").symlink_to("a.part")
    assert one.after(0) == []
    assert one.bank.received() == []


def test_a_return_comes_later_with_its_reason_and_the_books_go_on_where_they_ended(
    customer: Callable[..., Customer],
) -> None:
    one = customer(Behaviour(rules=(Rule("return", "AC06", "Account blocked", amount_ends=".07"),), return_after=60))
    one.send("pay.xml", pain001("M1", ["10.00", "5.07"]))
    _, judgement, first = one.after(0)
    assert texts(judgement, "TxSts") == ["ACSP", "ACSP"]
    assert one.after(59) == []
    notice, second = one.after(1)
    assert message_of(notice) == "camt.054.001.08"
    assert texts(notice, "RtrInf/Rsn/Cd") == ["AC06"]
    assert texts(notice, "Ntry/CdtDbtInd") == ["CRDT"]
    assert texts(second, "ElctrncSeqNb") == ["2"]
    assert texts(second, "Bal/Amt")[0] == texts(first, "Bal/Amt")[1]
    assert Decimal(texts(second, "Bal/Amt")[1]) == Decimal("1000000") - Decimal("10.00")


def test_payments_that_ask_for_it_are_booked_together(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["accept"])
    one.send("pay.xml", pain001("M1", ["1.00", "2.00", "3.00"], batch=True))
    books = one.after(0)[-1]
    assert texts(books, "Ntry/Amt") == ["6.00"]
    assert texts(books, "TxDtls/Refs/EndToEndId") == ["M1-1", "M1-2", "M1-3"]


def test_each_behaviour_does_what_its_name_says(customer: Callable[..., Customer]) -> None:
    def answers(name: str, *seconds: float) -> list[Any]:
        one = customer(BEHAVIOURS[name])
        one.send("pay.xml", pain001("M1", ["1.00"]))
        return [document for wait in seconds for document in one.after(wait)]

    assert answers("silent", 0, 3600) == []
    assert texts(answers("reject-file", 0)[0], "GrpSts") == ["RJCT"]
    assert texts(answers("reject-account", 0)[1], "TxSts") == ["RJCT"]
    assert texts(answers("foreign-ack", 0)[0], "OrgnlMsgId") == ["NOBODY-SENT-THIS"]
    assert [message_of(a)[:8] for a in answers("duplicate-ack", 0)] == ["pain.002"] * 4 + ["camt.053"] * 2
    assert [texts(a, "GrpSts") for a in answers("out-of-order", 0, 1, 1)[1:]] == [["ACSP"], ["ACTC"]]
    assert len(answers("late", 0, 4)) == 0
    assert [message_of(a)[:8] for a in answers("late", 0, 5, 5, 5)] == ["pain.002", "pain.002", "camt.053"]
    assert [message_of(a)[:8] for a in answers("notify", 0)][-2:] == ["camt.054", "camt.053"]


def test_a_gap_in_the_statements_is_a_missing_number(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["statement-gap"])
    numbers = []
    for number in range(3):
        one.send(f"{number}.xml", pain001(f"M{number}", ["1.00"]))
        numbers += texts(one.after(0)[-1], "ElctrncSeqNb")
    assert numbers == ["1", "3", "5"]


def test_a_slow_writer_shows_half_a_file_first(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["half-written"])
    one.send("pay.xml", pain001("M1", ["1.00"]))
    one.bank.tick()
    for half in one.collect():
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(half)
    one.seen.clear()
    assert len(one.after(2)) == 3


def test_the_books_and_the_known_messages_outlive_the_process(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["accept"])
    one.send("a.xml", pain001("M1", ["1.00"]))
    one.after(0)
    one.bank.stop()
    again = SimulatedBank(one.bank.directory, behaviour=BEHAVIOURS["accept"], now=lambda: one.time, pgp=False)
    assert again.keys == one.bank.keys
    one.bank = again
    again.start()
    one.send("b.xml", pain001("M2", ["1.00"]))
    books = one.after(0)[-1]
    assert texts(books, "ElctrncSeqNb") == ["2"]
    assert texts(books, "Bal/Amt")[0] == "999999.00"
    one.send("c.xml", pain001("M1", ["1.00"]))
    assert texts(one.after(0)[0], "StsRsnInf/Rsn/Cd") == ["DU01"]


def test_sealed_both_ways_the_same_conversation_takes_place(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["cents"], pgp=True)
    keys = one.bank.keys
    assert keys.client_keyring is not None
    assert keys.client_fingerprint is not None
    assert keys.bank_fingerprint is not None
    ours = Gpg(keys.client_keyring)
    plain = pain001("M1", ["1.00"])
    one.send("pay.xml.pgp", ours.seal(plain, signer=keys.client_fingerprint, recipient=keys.bank_fingerprint))
    one.bank.tick()
    answers = [ours.open(sealed, signer=keys.bank_fingerprint) for sealed in one.collect()]
    assert [message_of(valid(answer))[:8] for answer in answers] == ["pain.002", "pain.002", "camt.053"]
    with pytest.raises(PgpProblem):
        ours.open(ours.seal(plain, signer=keys.client_fingerprint, recipient=keys.client_fingerprint), signer="X")
    ours.stop()


def test_what_is_not_signed_by_the_customer_is_not_read(customer: Callable[..., Customer]) -> None:
    one = customer(BEHAVIOURS["accept"], pgp=True)
    one.send("plain.xml", pain001("M1", ["1.00"]))
    assert one.after(0) == []
    (line,) = one.bank.received()
    assert "end_to_end_id" not in line
    assert "OpenPGP" in line["problem"]


def test_a_behaviour_can_be_written_as_a_table(tmp_path: Path) -> None:
    table = tmp_path / "how.toml"
    table.write_text(
        'like = "late"\nstatus_after = 3\n'
        '[[rules]]\noutcome = "reject"\ncode = "AC06"\ncreditor_name = "Payee 1 & Co"\n'
    )
    how = load_behaviour(str(table))
    assert (how.acknowledge_after, how.status_after) == (5.0, 3)
    assert how.rules[0].code == "AC06"
    for text, word in (("nonsense = 1", "nonsense"), ('like = "x"', "like"), ("[[rules]]\nif = 1", "rules")):
        table.write_text(text)
        with pytest.raises(ValueError, match=word):
            load_behaviour(str(table))
    with pytest.raises(ValueError, match="known:"):
        load_behaviour("no-such-behaviour")
