"""Which cell of a row is which field: the declaration, checked at start, then bound to a file's header."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import itemgetter
from typing import Protocol

from h2h.core.codecs.declarations import faults_of_kind
from h2h.core.codecs.fields import FIELDS, REQUIRED, canonical_name, field_names
from h2h.core.declared import Column, Table
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.rules.judge import Judge, Where, shown
from h2h.core.rules.references import NOT_PROVIDED

_NEVER_CONSTANT = ("amount", "instruction_id", "uetr", "requested_execution_date", "creditor_reference")

Values = tuple[str, ...]


class Placed(Protocol):
    """Says where a row, or a cell of it, stands (``source.Cells.where``)."""

    def __call__(self, number: int, column: int | None = None, label: str = "", /) -> Where: ...


def check_fields(table: Table) -> list[Finding]:
    """Mistakes in the declaration of a table; empty if there are none. Checked with the configuration."""
    faults = [*faults_of_kind(table), *_faults_of_forms(table)]
    for name, source in table.fields.items():
        faults += [(f"fields.{name}", text) for text in _faults_of_field(name, column_of(source), table)]
    for names in ([canonical_name(name, table.kind) for name in group] for group in REQUIRED):
        if not any(name in table.fields for name in names):
            faults.append(("fields", f"no payment without {' or '.join(names)}: say where it comes from"))
    read = {column_of(source).column for source in table.fields.values()}
    for name in table.ignore_columns:
        if name in read:
            faults.append(("ignore_columns", f"column {shown(name)} is both read and ignored"))
    admin, next_step = WhoActs.SYSTEM_ADMINISTRATOR, "correct the configuration"
    return [error("H2H-FIELDS", f"{table.setting}.{where}", text, admin, next_step=next_step) for where, text in faults]


def column_of(source: Column | str) -> Column:
    """A plain string is a header name."""
    return Column(column=source) if isinstance(source, str) else source


def _faults_of_forms(table: Table) -> list[tuple[str, str]]:
    faults = []
    if table.thousands_separator == table.decimal_separator:
        faults.append(("thousands_separator", "it is the decimal separator too; amounts would be ambiguous"))
    directives = re.findall(r"%[-_]?([A-Za-z%])", table.date_format)
    if not (set(directives) & set("yY") and set(directives) & set("mbB") and "d" in directives):
        faults.append(("date_format", f"{shown(table.date_format)} must name year, month and day"))
    elif set(directives) - set("yYmbBd%"):
        faults.append(("date_format", f"{shown(table.date_format)} names more than year, month and day"))
    return faults


def _faults_of_field(name: str, column: Column, table: Table) -> list[str]:
    declared, name = name, canonical_name(name, table.kind)
    known = [n for level in field_names(table.kind) for n in level]
    if name not in known:
        near = _did_you_mean(declared, [canonical_name(n, table.kind) for n in known])
        of_collections = name in FIELDS
        why = ' of a credit transfer; kind = "direct-debit" has it' if of_collections else near
        return [f"there is no field {shown(declared)}{why}"]
    if isinstance(column.column, int) and column.column < 1:
        return ["columns are counted from 1"]
    if isinstance(column.column, str) and not table.has_header:
        return [f"the file has no header; give the position of {shown(column.column)} as a number"]
    if column.constant is None:
        return []
    if name in _NEVER_CONSTANT:
        return [f"a constant {declared} for every payment cannot be meant"]
    if name == "end_to_end_id" and column.constant != NOT_PROVIDED:
        return [f'the only constant reference is "{NOT_PROVIDED}": any other would give all payments the same one']
    return ["the constant is empty"] if not column.constant.strip(" ") else []


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {shown(near[0])}?" if near else ""


def required_of(table: Table, names: Sequence[str]) -> list[tuple[tuple[str, int], ...]]:
    """What every row must have, of a level's fields *names*: alternatives of (field, position in the values)."""
    position = {name: index for index, name in enumerate(names)}
    fields = {canonical_name(name, table.kind): source for name, source in table.fields.items()}
    wanted = [tuple(name for name in group if name in fields) for group in REQUIRED if group[0] in position]
    for name, source in fields.items():
        if column_of(source).required and name in position and not any(name in group for group in wanted):
            wanted.append((name,))
    return [tuple((name, position[name]) for name in group) for group in wanted]


class Layout:
    """The declaration bound to one file: cells of a row → values in the order of the field tables.

    ``width`` is the number of cells of every row. ``label(field)`` says where a field's value comes from.
    """

    def __init__(self, table: Table, header: Sequence[str] | None, width: int, place: Placed) -> None:
        self.width = width
        self._place = place
        self._kind = table.kind
        self.blank_columns: list[int] = []
        self._places: dict[str, tuple[str, int]] = {}
        self._tail = [""]
        self._fields = frozenset(table.fields)
        positions: dict[str, int] = {}
        for declared, source in table.fields.items():
            name, column = canonical_name(declared, self._kind), column_of(source)
            if column.constant is not None:
                positions[name] = width + len(self._tail)
                self._tail.append(column.constant.strip(" "))
                continue
            index = _index(column, header or ())
            positions[name] = index
            label = header[index] if header else str(index + 1)
            self._places[name] = (label, index + 1)
        instruction, transaction = field_names(self._kind)
        self.instruction = _getter([positions.get(name, width) for name in instruction])
        self.transaction = _getter([positions.get(name, width) for name in transaction])
        if header is not None:
            self.blank_columns = [i for i, name in enumerate(header) if not name]

    def has(self, field: str) -> bool:
        """Whether the file says anything of *field*, in a column or by a constant."""
        return field in self._fields

    def position(self, field: str) -> int | None:
        """The index of the cell in which *field* stands; None if it has none."""
        found = self._places.get(field)
        return found[1] - 1 if found is not None else None

    def positions_but(self, fields: Collection[str]) -> list[int]:
        """The cells in which fields other than these stand, from left to right."""
        return sorted({column - 1 for name, (_, column) in self._places.items() if name not in fields})

    def stripped(self, row: list[str]) -> list[str]:
        """The cells without outer blanks."""
        return [cell.strip(" \t") for cell in row]

    def extended(self, cells: list[str]) -> list[str]:
        """The cells followed by an empty one and the constants, as ``instruction`` and ``transaction`` expect them."""
        return cells + self._tail

    def where(self, field: str, line: int) -> Where:
        """The place of *field* in *line*."""
        found = self._places.get(field)
        if found is None:
            row = self._place(line)
            return row._replace(text=f"{row.text}, {canonical_name(field, self._kind)}") if field else row
        label, column = found
        return self._place(line, column, label)


def _index(column: Column, header: Sequence[str]) -> int:
    return column.column - 1 if isinstance(column.column, int) else header.index(column.column or "")


def _getter(positions: list[int]) -> Callable[[list[str]], Values]:
    return itemgetter(*positions)  # the tables have many more than one field, so this always gives a tuple


def bind(table: Table, first_row: list[str], judge: Judge, place: Placed, number: int = 1) -> Layout | None:
    """Bind the declaration to a file by its header (or, without one, by its first row); None if they do not fit.

    *place* says where a cell stands; *number* is that of the first row.
    """
    header = [name.strip(" \t") for name in first_row] if table.has_header else None
    columns = [column_of(source).column for source in table.fields.values()]
    wanted = {column for column in columns if column is not None}
    where = place(number)
    errors_before = judge.errors
    names = header if header is not None else [str(i + 1) for i in range(len(first_row))]
    for column in sorted(wanted, key=str):
        if isinstance(column, int) and column > len(first_row):
            text = f"column {column} is declared, but the row has {len(first_row)}"
            judge.found("H2H-COLUMNS", "", text, where=where)
        elif isinstance(column, str) and column not in names:
            text = f"column {shown(column)} is missing{_did_you_mean(column, names)}"
            judge.found("H2H-COLUMNS", "", text, where=where)
    read = {names[c - 1] if isinstance(c, int) and c <= len(names) else str(c) for c in wanted}
    for index, name in enumerate(names):
        if name and names.index(name) != index:
            text = f"two columns are named {shown(name)}"
            judge.found("H2H-COLUMNS", "", text, where=place(number)._replace(column=index + 1))
        elif name and name not in read and name not in table.ignore_columns:
            text = f"nothing reads column {shown(name)}; what it says would be lost"
            judge.found("H2H-COLUMNS", "", text, where=place(number)._replace(column=index + 1))
    if judge.errors > errors_before:
        return None
    return Layout(table, header, len(first_row), place)
