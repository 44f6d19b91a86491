"""Which cell of a row is which field: the declaration, checked at start, then bound to a file's header."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import itemgetter

from h2h.core.codecs.fields import FIELDS, REQUIRED, canonical_name, field_names
from h2h.core.codecs.text import is_text_encoding
from h2h.core.declared import Column, Delimited
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.rules.judge import Judge, Where, shown
from h2h.core.rules.references import NOT_PROVIDED

_NEVER_CONSTANT = ("amount", "instruction_id", "uetr", "requested_execution_date", "creditor_reference")

Values = tuple[str, ...]


def check_fields(delimited: Delimited) -> list[Finding]:
    """Mistakes in a ``[erp.delimited]`` table; empty if there are none. Checked with the configuration."""
    faults: list[tuple[str, str]] = []
    faults += _faults_of_forms(delimited)
    for name, source in delimited.fields.items():
        faults += [(f"fields.{name}", text) for text in _faults_of_field(name, column_of(source), delimited)]
    for names in ([canonical_name(name, delimited.kind) for name in group] for group in REQUIRED):
        if not any(name in delimited.fields for name in names):
            faults.append(("fields", f"no payment without {' or '.join(names)}: say where it comes from"))
    read = {column_of(source).column for source in delimited.fields.values()}
    for name in delimited.ignore_columns:
        if name in read:
            faults.append(("ignore_columns", f"column {shown(name)} is both read and ignored"))
    admin, next_step = WhoActs.SYSTEM_ADMINISTRATOR, "correct the configuration"
    return [error("H2H-FIELDS", f"delimited.{where}", text, admin, next_step=next_step) for where, text in faults]


def column_of(source: Column | str) -> Column:
    """A plain string is a header name."""
    return Column(column=source) if isinstance(source, str) else source


def _faults_of_forms(delimited: Delimited) -> list[tuple[str, str]]:
    faults = []
    if not is_text_encoding(delimited.encoding):
        faults.append(("encoding", f"{shown(delimited.encoding)} is no text encoding that Python knows"))
    if delimited.delimiter == delimited.quote:
        faults.append(("quote", "delimiter and quote are the same character"))
    if delimited.delimiter in "\r\n\0" or delimited.quote in "\r\n\0":
        faults.append(("delimiter", "a line end cannot be delimiter or quote"))
    if delimited.thousands_separator == delimited.decimal_separator:
        faults.append(("thousands_separator", "it is the decimal separator too; amounts would be ambiguous"))
    directives = re.findall(r"%[-_]?([A-Za-z%])", delimited.date_format)
    if not (set(directives) & set("yY") and set(directives) & set("mbB") and "d" in directives):
        faults.append(("date_format", f"{shown(delimited.date_format)} must name year, month and day"))
    elif set(directives) - set("yYmbBd%"):
        faults.append(("date_format", f"{shown(delimited.date_format)} names more than year, month and day"))
    return faults


def _faults_of_field(name: str, column: Column, delimited: Delimited) -> list[str]:
    declared, name = name, canonical_name(name, delimited.kind)
    known = [n for level in field_names(delimited.kind) for n in level]
    if name not in known:
        near = _did_you_mean(declared, [canonical_name(n, delimited.kind) for n in known])
        of_collections = name in FIELDS
        why = ' of a credit transfer; kind = "direct-debit" has it' if of_collections else near
        return [f"there is no field {shown(declared)}{why}"]
    if isinstance(column.column, int) and column.column < 1:
        return ["columns are counted from 1"]
    if isinstance(column.column, str) and not delimited.header:
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


def required_of(delimited: Delimited, names: Sequence[str]) -> list[tuple[tuple[str, int], ...]]:
    """What every row must have, of a level's fields *names*: alternatives of (field, position in the values)."""
    position = {name: index for index, name in enumerate(names)}
    fields = {canonical_name(name, delimited.kind): source for name, source in delimited.fields.items()}
    wanted = [tuple(name for name in group if name in fields) for group in REQUIRED if group[0] in position]
    for name, source in fields.items():
        if column_of(source).required and name in position and not any(name in group for group in wanted):
            wanted.append((name,))
    return [tuple((name, position[name]) for name in group) for group in wanted]


class Layout:
    """The declaration bound to one file: cells of a row → values in the order of the field tables.

    ``width`` is the number of cells of every row. ``label(field)`` says where a field's value comes from.
    """

    def __init__(self, delimited: Delimited, header: Sequence[str] | None, width: int) -> None:
        self.width = width
        self._kind = delimited.kind
        self.blank_columns: list[int] = []
        self._places: dict[str, tuple[str, int]] = {}
        self._tail = [""]
        self._fields = frozenset(delimited.fields)
        positions: dict[str, int] = {}
        for declared, source in delimited.fields.items():
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
            said = canonical_name(field, self._kind)
            return Where(f"line {line}, {said}" if field else f"line {line}", line)
        label, column = found
        return Where(f"line {line}, column {label}", line, column)


def _index(column: Column, header: Sequence[str]) -> int:
    return column.column - 1 if isinstance(column.column, int) else header.index(column.column or "")


def _getter(positions: list[int]) -> Callable[[list[str]], Values]:
    return itemgetter(*positions)  # the tables have many more than one field, so this always gives a tuple


def bind(delimited: Delimited, first_row: list[str], judge: Judge) -> Layout | None:
    """Bind the declaration to a file by its header (or, without one, by its first row); None if they do not fit."""
    header = [name.strip(" \t") for name in first_row] if delimited.header else None
    columns = [column_of(source).column for source in delimited.fields.values()]
    wanted = {column for column in columns if column is not None}
    where = Where("line 1", 1)
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
            judge.found("H2H-COLUMNS", "", f"two columns are named {shown(name)}", where=Where("line 1", 1, index + 1))
        elif name and name not in read and name not in delimited.ignore_columns:
            text = f"nothing reads column {shown(name)}; what it says would be lost"
            judge.found("H2H-COLUMNS", "", text, where=Where("line 1", 1, index + 1))
    if judge.errors > errors_before:
        return None
    return Layout(delimited, header, len(first_row))
