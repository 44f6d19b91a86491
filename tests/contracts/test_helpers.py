"""Helping processes convert a file to the same bytes as one process does, or leave it to one process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.helpers import HelpingProcesses
from h2h.adapters.schema import SchemaBook
from h2h.core.convert import Conversion
from h2h.core.declared import Delimited, Rules
from h2h.core.directory import BankDirectory, Entry
from h2h.core.findings import Finding
from tests.checkout import FORMATS, ROOT
from tests.core.erp_files import PAYEE_ACCOUNT, STAMP, Bank, convert, delimited, file_of, format_of, row

SCHEMAS = [ROOT / "xsd" / "iso20022"]
BANK = Bank(rules=Rules(charset="utf-8"))


@pytest.fixture(scope="module")
def helpers() -> Iterator[HelpingProcesses]:
    made = HelpingProcesses([FORMATS], SCHEMAS, SchemaBook(SCHEMAS).validate, processes=2, bytes_min=0, part_bytes=2000)
    yield made
    made.close()


def rows(count: int = 300) -> list[str]:
    """Payments of three days and two currencies, the odd one among them."""
    made = [
        row(
            ref=f"INV-{n}",
            amount=f"{n + 1}.{n % 100:02d}" if n % 11 else f"{n + 1}.5",
            name=f'"A & B, {n}"' if n % 13 == 5 else f"Payee {n}",
            date=f"2026-11-{24 + n % 3}",
            currency="USD" if n % 7 == 3 else "EUR",
            account="6222000000001234567" if n % 17 == 4 else PAYEE_ACCOUNT,
            text=f"Invoice {n}" if n % 5 else "",
        )
        for n in range(count)
    ]
    made[150] = made[150].replace("Payee 150", '"Two\nlines"')
    return made


def helped(
    helpers: HelpingProcesses, tmp_path: Path, data: bytes, declared: Delimited | None = None, bank: Bank = BANK
) -> tuple[Conversion | None, bytes]:
    source, out = tmp_path / "erp.csv", tmp_path / "bank.xml"
    source.write_bytes(data)
    target = format_of()
    done = helpers.convert(source, declared or delimited(), bank, target, target.schema or "", STAMP, out=out)
    return done, out.read_bytes() if out.exists() else b""


def test_two_processes_write_the_bytes_that_one_writes(helpers: HelpingProcesses, tmp_path: Path) -> None:
    made = rows()
    made[150] = made[151].replace("151", "150")  # a line break is nothing that a bank takes
    data = file_of(*made)
    one = convert(data, bank=BANK)
    two, written = helped(helpers, tmp_path, data)
    assert one.findings == []
    assert two is not None
    assert len(list(tmp_path.glob("part-*.xml"))) > 5
    assert written == one.xml
    assert list(two.records("s")) == list(one.conversion.records("s"))
    assert (two.count, two.control_sum, two.sums()) == (
        one.conversion.count,
        one.conversion.control_sum,
        one.conversion.sums(),
    )
    assert two.groups == one.conversion.groups


def test_files_of_a_bank_with_a_directory_are_left_to_one_process(helpers: HelpingProcesses, tmp_path: Path) -> None:
    known = Bank(rules=Rules(charset="utf-8"), banks=BankDirectory([Entry("EXAAATWW")]))
    made = [text for text in rows() if "lines" not in text]
    assert helped(helpers, tmp_path, file_of(*made), bank=known)[0] is None
    assert helped(helpers, tmp_path, file_of(*made))[0] is not None


def test_without_header_and_in_another_encoding_it_is_the_same(helpers: HelpingProcesses, tmp_path: Path) -> None:
    columns: dict[str, Any] = {"end_to_end_id": {"column": 1}, "amount": {"column": 2}, "currency": {"column": 3},
                               "creditor_name": {"column": 4}, "creditor_account": {"column": 5},
                               "requested_execution_date": {"column": 6}, "remittance": {"column": 7}}  # fmt: skip
    declared = delimited(columns, header=False, encoding="iso-8859-15")
    data = "\n".join(row(ref=f"INV-{n}", name=f"Müller {n}") for n in range(200)).encode("iso-8859-15")
    two, written = helped(helpers, tmp_path, data, declared)
    assert two is not None
    assert written == convert(data, declared, BANK).xml


@pytest.mark.parametrize(
    "change",
    [
        {5: row(ref="INV-5", amount="1.005")},  # refused
        {5: row(ref="INV-5", name="N" * 35)},  # only a warning
        {5: row(ref="INV-299")},  # an id that stands in the last part, too
        {5: row(ref="other", amount="7.77", text="x"), 290: row(ref="another", amount="7.77", text="x")},  # paid twice?
        {5: row(ref="NOTPROVIDED")},  # named by its position
        {5: row(ref="INV-5", name='"Two\nlines"')},
        {5: row(ref="INV-5", name='5" pipe')},
        {5: '"'},
        {5: ""},
        {5: row(ref="INV-5") + ",more"},
    ],
)
def test_what_must_be_told_is_found_by_one_process(
    helpers: HelpingProcesses, tmp_path: Path, change: dict[int, str]
) -> None:
    made = [row(ref=f"INV-{n}") for n in range(300)]
    for at, text in change.items():
        made[at] = text
    data = file_of(*made)
    one = convert(data, bank=BANK)
    two, written = helped(helpers, tmp_path, data)
    if two is None:
        assert one.findings or "NOTPROVIDED" in one.xml.decode() or '"' in change[5] or not change[5]
    else:
        assert one.findings == []
        assert written == one.xml


@pytest.mark.parametrize("limit", [{"file_payments_max": 299}, {"file_amount_max": {"EUR": "30000"}}])
def test_limits_of_the_whole_file_hold_for_all_parts_together(
    helpers: HelpingProcesses, tmp_path: Path, limit: dict[str, Any]
) -> None:
    data = file_of(*[row(ref=f"INV-{n}") for n in range(300)])
    bank = Bank(rules=Rules.model_validate({"charset": "utf-8", **limit}))
    assert convert(data, bank=bank).findings
    assert helped(helpers, tmp_path, data, bank=bank)[0] is None


def test_a_schemes_usage_rules_are_asked_in_every_part(helpers: HelpingProcesses, tmp_path: Path) -> None:
    usage = {"name": "short", "field": "remittance", "clause": "7", "longest": 18}
    bank = Bank(rules=Rules.model_validate({"charset": "utf-8", "usage": [usage]}))
    made = [row(ref=f"INV-{n}") for n in range(300)]
    assert helped(helpers, tmp_path, file_of(*made), bank=bank)[0] is not None
    made[250] = row(ref="INV-250", text="Invoice of 250 words")
    assert convert(file_of(*made), bank=bank).findings
    assert helped(helpers, tmp_path, file_of(*made), bank=bank)[0] is None


def test_a_part_that_the_schema_refuses_is_no_part(tmp_path: Path) -> None:
    # The schema of an older version refuses every document of the newer one.
    other = tmp_path / "xsd"
    other.mkdir()
    (other / "pain.001.001.09.xsd").write_bytes((SCHEMAS[0] / "pain.001.001.03.xsd").read_bytes())
    made = HelpingProcesses([FORMATS], [other], lambda *_: [], processes=2, bytes_min=0, part_bytes=2000)
    try:
        assert helped(made, tmp_path, file_of(*[row(ref=f"INV-{n}") for n in range(100)]))[0] is None
    finally:
        made.close()


def test_what_no_part_has_shown_to_the_schema_is_shown_to_it(helpers: HelpingProcesses, tmp_path: Path) -> None:
    shown: list[bytes] = []

    def refusing(schema: str, data: bytes) -> list[Finding]:
        shown.append(data)
        return SchemaBook(SCHEMAS).validate(schema, data.replace(b"<NbOfTxs>100<", b"<NbOfTxs>many<"))

    made = HelpingProcesses([FORMATS], SCHEMAS, refusing, processes=2, bytes_min=0, part_bytes=2000)
    try:
        assert helped(made, tmp_path, file_of(*[row(ref=f"INV-{n}") for n in range(100)]))[0] is None
    finally:
        made.close()
    assert shown[0].count(b"<CdtTrfTxInf>") == shown[0].count(b"<PmtInf>") == 1


def test_a_helper_that_is_gone_costs_nothing_but_time(tmp_path: Path) -> None:
    made = HelpingProcesses([FORMATS], SCHEMAS, SchemaBook(SCHEMAS).validate, processes=2, bytes_min=0, part_bytes=2000)
    data = file_of(*[row(ref=f"INV-{n}") for n in range(300)])
    try:
        made.start()
        made._running[1].kill()
        made._running[1].wait()
        assert helped(made, tmp_path, data)[0] is None
        assert made._running == []
        assert helped(made, tmp_path, data)[1] == convert(data, bank=BANK).xml
    finally:
        made.close()


def test_short_files_and_files_with_a_trailer_are_left_to_one_process(tmp_path: Path) -> None:
    made = HelpingProcesses([FORMATS], SCHEMAS, SchemaBook(SCHEMAS).validate, processes=2)
    assert helped(made, tmp_path, file_of(row()))[0] is None
    eager = HelpingProcesses([FORMATS], SCHEMAS, SchemaBook(SCHEMAS).validate, processes=2, bytes_min=0)
    assert helped(eager, tmp_path, file_of(row()), delimited(trailer="count-and-sum"))[0] is None
    assert helped(eager, tmp_path, file_of(row()), delimited(encoding="gb18030"))[0] is None
    assert made._running == eager._running == []


def test_a_part_ends_outside_of_quotes() -> None:
    from h2h.core.parts import spans

    data = file_of(*rows())
    parts = list(spans(io.BytesIO(data), delimited(), 700))
    assert len(parts) > 10
    assert b"".join(data[at : at + length] for at, length in parts) == data
    assert all(data[at : at + length].count(b'"') % 2 == 0 for at, length in parts)


def test_a_helper_keeps_nothing_of_the_parts_it_has_converted(tmp_path: Path) -> None:
    data = file_of(*(row(ref=f"INV-{n}", amount=f"{n + 1}.10", name=f"Payee {n}") for n in range(8000)))
    helpers = HelpingProcesses([FORMATS], SCHEMAS, SchemaBook(SCHEMAS).validate, processes=1, bytes_min=0)

    def kilobytes_after(files: int) -> int:
        for _ in range(files):
            assert helped(helpers, tmp_path, data)[0] is not None
        (helper,) = helpers._running
        (told,) = [line for line in Path(f"/proc/{helper.pid}/status").read_text().splitlines() if "VmRSS" in line]
        return int(told.split()[1])

    try:
        first = kilobytes_after(3)
        assert kilobytes_after(12) < first + 3 * len(data) // 1024
    finally:
        helpers.close()
