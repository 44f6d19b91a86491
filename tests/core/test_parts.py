"""A long file in parts, without any process: wherever it is cut, the parts make the bytes of the whole, or none."""

from __future__ import annotations

import io

import pytest

from h2h.core.convert import Conversion
from h2h.core.declared import Delimited
from h2h.core.parts import CannotBePartedError, Part, Whole, convert_part, may_be_parted, spans
from tests.contracts.test_helpers import BANK, rows
from tests.core.erp_files import STAMP, Scratch, convert, delimited, file_of, format_of, row


def sound() -> list[str]:
    made = rows()
    made[150] = made[151].replace("151", "150")  # a line break is nothing that a bank takes
    return made


def parted(data: bytes, size: int, declared: Delimited | None = None) -> tuple[Conversion, bytes, bytes] | None:
    """(what became of it, the bank's file, its frame); None if it must be converted in one go."""
    declared, target = declared or delimited(), format_of()
    source = io.BytesIO(data)
    header = source.readline() if declared.header else b""
    parts: list[tuple[Part, bytes]] = []
    for at, length in spans(source, declared, size):
        out = io.BytesIO()
        content = header + data[at : at + length]
        part = convert_part(io.BytesIO(content), declared, BANK, target, STAMP, scratch=Scratch(), out=out)
        if part is None:
            return None
        parts.append((part, out.getvalue()))

    def text(part: int, group: int) -> str:
        start, end = target.areas(parts[part][1])[group]
        return parts[part][1][start:end].decode()

    whole = Whole(declared, BANK, target, STAMP, text, lambda part, group: parts[part][0].rows(group))
    for part, _ in parts:
        whole.add(part.width, part.groups)
        for kind, own in part.marks.as_bytes().items():
            whole.marks.add_bytes(kind, own)
    out = io.BytesIO()
    made = whole.written(out)
    return None if made is None else (made[0], out.getvalue(), made[1])


@pytest.mark.parametrize("size", [200, 1000, 5000, 1 << 20])
def test_wherever_a_file_is_cut_its_parts_make_the_bytes_of_the_whole(size: int) -> None:
    data = file_of(*sound())
    in_one_go = convert(data, bank=BANK)
    made = parted(data, size)
    assert made is not None
    conversion, bank_file, frame = made
    assert bank_file == in_one_go.xml
    assert (conversion.count, conversion.control_sum) == (in_one_go.conversion.count, in_one_go.conversion.control_sum)
    ids = [row for number in range(len(conversion.groups)) for row in conversion.rows(number)]
    assert len(ids) == conversion.count, "each payment is kept, for the journal"
    assert frame.count(b"<CdtTrfTxInf>") == len(conversion.groups), "the frame holds one payment of each instruction"
    assert len(frame) < len(bank_file)


@pytest.mark.parametrize(
    "odd",
    [
        row(ref="INV-1000", amount="1.005"),  # must be told with its line
        row(ref="INV-7"),  # the same reference, in another part
        row(ref="", text="no reference"),  # named by its position in the whole file
        row(ref="INV-1000") + ",more",  # another number of columns
    ],
    ids=["a finding", "twice", "no name", "columns"],
)
def test_what_only_the_whole_file_shows_is_left_to_one_go(odd: str) -> None:
    assert parted(file_of(*sound(), odd), 2000) is None


def test_a_file_without_ends_of_lines_has_no_parts() -> None:
    endless = io.BytesIO(b"x" * (1 << 22))
    with pytest.raises(CannotBePartedError):
        list(spans(endless, delimited(), 1000))


def test_only_declarations_in_which_a_byte_is_a_byte_are_parted() -> None:
    assert may_be_parted(delimited())
    assert may_be_parted(delimited(encoding="cp1252"))
    assert not may_be_parted(delimited(encoding="gb18030")), "a byte of a character may be a quote"
    assert not may_be_parted(delimited(trailer="count-and-sum"))
