"""What can be wrong in the declaration of one kind of table, before any file is there."""

from __future__ import annotations

from collections.abc import Iterator

from h2h.core.codecs.text import is_text_encoding
from h2h.core.declared import Column, Delimited, Table
from h2h.core.declared_tables import FixedWidth, JsonTable
from h2h.core.rules.judge import shown

Faults = Iterator[tuple[str, str]]


def faults_of_kind(table: Table) -> list[tuple[str, str]]:
    """(option, what is wrong with it)."""
    if isinstance(table, Delimited):
        return list(_of_delimited(table))
    if isinstance(table, FixedWidth):
        return list(_of_fixed_width(table))
    return list(_of_json(table)) if isinstance(table, JsonTable) else []


def _of_delimited(table: Delimited) -> Faults:
    if not is_text_encoding(table.encoding):
        yield "encoding", f"{shown(table.encoding)} is no text encoding that Python knows"
    if table.delimiter == table.quote:
        yield "quote", "delimiter and quote are the same character"
    if table.delimiter in "\r\n\0" or table.quote in "\r\n\0":
        yield "delimiter", "a line end cannot be delimiter or quote"


def _of_fixed_width(table: FixedWidth) -> Faults:
    if not is_text_encoding(table.encoding):
        yield "encoding", f"{shown(table.encoding)} is no text encoding that h2h knows"
    for name in sorted(_read(table) - set(table.columns)):
        yield "fields", f"there is no column {shown(name)} in [columns]"
    totals = [(option, name) for option, name in (("count", table.count), ("sum", table.sum)) if name is not None]
    for option, name in totals:
        if name not in table.columns or table.columns[name].record != "trailer":
            yield option, f'{shown(name)} is no column of record = "trailer"'
    if bool(totals) != bool(table.trailer_marker):
        yield "trailer_marker", "a trailer needs a marker and a count or a sum, which is compared; give both or none"
    markers = [m for m in (table.header_marker, table.detail_marker, table.trailer_marker, *table.ignore_markers) if m]
    if len(set(markers)) < len(markers):
        yield "detail_marker", "two sorts of records have the same marker"
    yield from _of_columns(table)
    yield from _overlaps(table)


def _of_columns(table: FixedWidth) -> Faults:
    read = _read(table)
    for name, column in table.columns.items():
        if column.record == "trailer" and name in read:
            yield f"columns.{name}", "a trailer's column is no field of a payment; count and sum read it"
        if column.record == "header" and not table.header_marker:
            yield f"columns.{name}", "it stands in a header, and header_marker is not given"
        if column.record != "trailer" and name not in read and name not in table.ignore_columns:
            yield f"columns.{name}", "nothing reads it; name it in fields or in ignore_columns"
        if column.sign != "none" and column.decimals is None:
            yield f"columns.{name}", "a number with a sign needs decimals (0, if the digits are whole units)"
        if table.record_length and column.start + column.length - 1 > table.record_length:
            yield f"columns.{name}", f"it ends behind record_length = {table.record_length}"


def _overlaps(table: FixedWidth) -> Faults:
    for record in ("detail", "header", "trailer"):
        last, before = 0, ""
        for name, column in sorted(table.columns.items(), key=lambda item: item[1].start):
            if column.record != record:
                continue
            if column.start <= last:
                yield f"columns.{name}", f"it begins within {shown(before)}"
            last, before = max(last, column.start + column.length - 1), name


def _of_json(table: JsonTable) -> Faults:
    if any(not _is_name(column) for column in table.fields.values()):
        yield "fields", "JSON has names, not positions: give the path of every field"
    if table.lines and (table.payments or table.count or table.sum or any(c.startswith("$.") for c in _read(table))):
        yield "lines", "a file of one payment a line has nothing around them: no payments, count, sum or $. paths"


def _is_name(column: Column | str) -> bool:
    return isinstance(column, str) or not isinstance(column.column, int)


def _read(table: Table) -> set[str]:
    sources = (source if isinstance(source, str) else source.column for source in table.fields.values())
    return {source for source in sources if isinstance(source, str)}
