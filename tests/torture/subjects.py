"""What is damaged, and who reads it: every golden, the tables that an ERP folder may declare, and what banks pack.

Each is read as h2h reads it, checked by the rules that it is checked by, and shown or written in what it can become.
What went through is read back: no payment more or less, and the same sum.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from h2h.cli.desk import Desk
from h2h.cli.proof import goldens_of
from h2h.core.convert import convert_table
from h2h.core.declared import Delimited, Rules, Table
from h2h.core.declared_tables import Spreadsheet
from h2h.core.erp.options import FinstaOptions, Mt940Options, MultiCashOptions
from h2h.core.erp.statement_files import FORMS, Options, write_statements
from h2h.core.errors import Misconfigured
from h2h.core.findings import Finding, refuses
from h2h.core.format import Format
from h2h.core.model.payment import Initiation
from h2h.core.model.statement import StatementMessage
from h2h.core.packed import unpack
from h2h.core.rows import write_csv
from h2h.core.rules.initiation import check_initiation
from h2h.core.rules.statement_rules import check_message
from h2h.core.view.message import message_json, message_rows
from h2h.data import data_dir
from h2h.settings.scheme import scheme_profile
from tests.core import test_collections as collections
from tests.core import test_fixed_width as fixed
from tests.core import test_json_cells as cells
from tests.core import test_spreadsheet as sheets
from tests.core.erp_files import COLUMNS, FIELDS, STAMP, TODAY, Bank, file_of, row
from tests.core.workbooks import number as number_cell
from tests.core.workbooks import workbook

#: (document, number of the run) → what became of it. ``Refused`` with findings.
Look = Callable[[bytes, int], str]
UNPACKED_MAX = 1 << 20


class Subject(NamedTuple):
    """A sound document: ``inner`` is damaged, ``wrap`` makes the file of it, ``look`` reads that."""

    name: str
    inner: bytes
    look: Look
    wrap: Callable[[bytes], bytes] = bytes


def goldens(desk: Desk) -> list[Subject]:
    """Every golden of every format folder."""
    reader = _Documents(desk)
    folders = sorted(p.parent for p in data_dir("formats").glob("*/format.toml"))
    paths = [path for folder in folders for path in goldens_of(folder)]
    return [Subject(f"{path.parent.parent.name}/{path.name}", path.read_bytes(), reader) for path in paths]


def others(desk: Desk) -> list[Subject]:
    """What is no format's own: tables, and archives."""
    return [*_tables(desk), *_archives()]


# ------------------------------------------------------------------------------------------------ documents


class _Documents:
    """Identified, read, checked, shown, written."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        names = ("epc-sct", "cgi-cross-border", "ch-sps", "de-dk")
        self._banks = [Bank(), *(Bank(rules=scheme_profile(name).as_rules()) for name in names)]

    def __call__(self, data: bytes, number: int) -> str:
        format_ = self._desk.book.identify(data)
        if number % 16 == 0 and format_.schema and self._installed(format_.schema):
            self._desk.schemas.validate(format_.schema, format_.as_schema_sees_it(data))
        read = format_.read(data)
        if isinstance(read.message, Initiation):
            check_initiation(read, self._banks[number % len(self._banks)], TODAY)
        findings = [*read.findings, *check_message(read.message)]
        read.findings = findings
        json.dumps(message_json(format_, read))
        write_csv(io.StringIO(newline=""), *message_rows(read.message))
        if refuses(findings):
            return "read with errors"
        if isinstance(read.message, StatementMessage):
            form = FORMS[number % len(FORMS)]
            write_statements(read.message, form, _options(read.message, number), self._desk.book, _no_schema)
            return f"written as {form}"
        if not format_.writes:
            return "read"
        format_.write(read.message, io.BytesIO())
        return "written"

    def _installed(self, schema: str) -> bool:
        """Some versions' schemas come in no package; such documents are only read."""
        try:
            self._desk.schemas.path(schema)
        except Misconfigured:
            return False
        return True


def _options(message: StatementMessage, number: int) -> Options:
    """What a site may declare of the forms; each account has the two numbers that MultiCash asks for."""
    accounts = {s.account.number: "37040044/0532013000" for s in message.statements if s.account.number}
    stated: Literal["as-stated", "day-of-year"] = "day-of-year" if number & 32 else "as-stated"
    narrative: Literal["slash", "german", "plain"] = ("slash", "german", "plain")[number % 3]
    missing: Literal["refuse", "booking-date"] = "booking-date" if number & 64 else "refuse"
    return Options(
        Mt940Options(narrative=narrative, statement_number=stated, value_date_missing=missing),
        MultiCashOptions(accounts=accounts, statement_number=stated, value_date_missing=missing, number_digits=5),
        FinstaOptions(accounts=accounts, statement_number=stated),
    )


def _no_schema(schema: str, document: bytes) -> list[Finding]:
    """What h2h writes itself is held against its schema by other tests."""
    return []


# ------------------------------------------------------------------------------------------------ tables of an ERP


def _tables(desk: Desk) -> Iterator[Subject]:
    credit = desk.book.get("pain.001.001.09")
    rows = (row(), row(ref="INV-2", amount="7.25"), row(ref="INV-3", amount="0.01", date="2026-11-25"))
    csv = file_of(*rows)
    ours = Delimited(fields=FIELDS, trailer="count-and-sum")
    yield Subject("delimited/with-a-trailer", csv + b"TRAILER,3,107.76\n", _reader(ours, credit))
    german = Delimited(
        fields=FIELDS,
        delimiter=";",
        encoding="cp1252",
        decimal_separator=",",
        thousands_separator=".",
        date_format="%d.%m.%Y",
    )
    lines = [";".join(COLUMNS), "INV-1;1.100,50;EUR;Müller GmbH;AT611904300234573201;24.11.2026;Rechnung 1"]
    yield Subject("delimited/decimal-commas", "\r\n".join([*lines, ""]).encode("cp1252"), _reader(german, credit))
    chinese = Delimited(fields=FIELDS, encoding="gb18030", delimiter="\t")
    quoted = csv.replace(b",", b"\t").decode().replace("Beta GmbH", '"贝塔 ""北京"" 有限公司"').encode("gb18030")
    yield Subject("delimited/gb18030", quoted, _reader(chinese, credit))
    sound = [",".join(collections.SOUND), ",".join(collections.SOUND.values())]
    debit = _reader(collections.declared(), desk.book.get("pain.008.001.08"), collections.SEPA)
    yield Subject("delimited/collections", "\n".join([*sound, ""]).encode(), debit)

    records = (fixed.header(), fixed.detail(), fixed.detail("INV-2", "0000000001"), fixed.trailer(2, 10051))
    yield Subject("fixed-width/lines", fixed.lines(*records), _reader(fixed.declared(), credit))
    mainframe = fixed.declared(encoding="cp1141", record_length=76)
    yield Subject("fixed-width/mainframe", "".join(records).encode("cp1141"), _reader(mainframe, credit))
    zone = {"amount": {"start": 49, "length": 10, "decimals": 2, "sign": "overpunched"}}
    signed = fixed.lines(fixed.header(), fixed.detail(amount="000001005{"), fixed.trailer())
    yield Subject("fixed-width/overpunched", signed, _reader(fixed.declared(zone), credit))

    run = {"head": {"count": 2, "total": 108.5}, "items": [cells.payment(), cells.payment("INV-2", amount=8)]}
    table = cells.declared(payments="items", count="head.count", sum="head.total")
    yield Subject("json/array", json.dumps(run, indent=1).encode(), _reader(table, credit))
    each = "".join(json.dumps(cells.payment(f"INV-{n}"), ensure_ascii=False) + "\n" for n in (1, 2, 3))
    yield Subject("json/lines", each.encode(), _reader(cells.declared(lines=True), credit))

    whole = workbook(sheets.HEADER, sheets.payment(), sheets.payment(ref="INV-2", amount=number_cell("0.01")))
    excel = _reader(Spreadsheet(fields=FIELDS), credit)
    yield Subject("spreadsheet/archive", whole, excel)
    for part in zipfile.ZipFile(io.BytesIO(whole)).namelist():
        inner = zipfile.ZipFile(io.BytesIO(whole)).read(part)
        yield Subject(f"spreadsheet/{part}", inner, excel, _with_part(whole, part))


def _with_part(whole: bytes, part: str) -> Callable[[bytes], bytes]:
    """The workbook with another *part*."""

    def wrap(inner: bytes) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(made, "w") as new:
            for name in old.namelist():
                new.writestr(name, inner if name == part else old.read(name))
        return made.getvalue()

    return wrap


def _reader(table: Table, format_: Format, bank: Bank | None = None) -> Look:
    banks = (
        [bank] if bank else [Bank(), Bank(rules=Rules(on_charset="transliterate")), Bank(rules=Rules(scheme="sepa"))]
    )

    def look(data: bytes, number: int) -> str:
        out = io.BytesIO()
        terms = banks[number % len(banks)]
        done = convert_table(io.BytesIO(data), table, terms, format_, STAMP, scratch=io.BytesIO, out=out)
        try:
            if done.refused:
                assert all(f.text and f.where for f in done.findings if f.severity == "error")
                assert refuses(done.findings), "refused without an error"
                return "refused"
            back = format_.read(out.getvalue())
            assert isinstance(back.message, Initiation)
            assert (len(back.message.transactions), back.message.control_sum) == (done.count, done.control_sum)
            assert not refuses([*back.findings, *check_initiation(back, terms, TODAY)]), "what was written is not sound"
        finally:
            done.close()
        return "converted"

    return look


# ------------------------------------------------------------------------------------------------ archives


def _archives() -> Iterator[Subject]:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.sta", b":20:1\r\n" * 40)
        archive.writestr("two/three.xml", b"<a/>" * 10)
    yield Subject("packed/zip", made.getvalue(), _unpacked)
    yield Subject("packed/gzip", gzip.compress(b":20:1\r\n" * 40, mtime=0), _unpacked)


def _unpacked(data: bytes, number: int) -> str:
    files: list[io.BytesIO] = []

    def into(at: int) -> io.BytesIO:
        assert at == len(files)
        files.append(_Kept())
        return files[-1]

    names = unpack(io.BytesIO(data), into, UNPACKED_MAX)
    assert len(names) == len(files)
    return "unpacked"


class _Kept(io.BytesIO):
    """Bounded: more than was agreed must not come out."""

    def write(self, data: object, /) -> int:
        written = super().write(data)  # type: ignore[arg-type]
        assert self.tell() <= UNPACKED_MAX, "more came out than was agreed"
        return written
