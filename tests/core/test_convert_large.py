"""Large files: payments are spooled beside memory, and the bytes are those of a small file."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.codecs.spool import HELD_MAX, Spool
from tests.core.erp_files import EVERYTHING, SPELLS, Scratch, convert, converted, delimited, file_of, payments_of, row


def test_a_large_file_is_spooled_and_comes_out_as_a_small_one_would() -> None:
    count = HELD_MAX * 2 + 17
    data = file_of(*[row(ref=f"R{n}", amount=f"{n + 1}", date=f"2026-11-2{4 + n % 3}") for n in range(count)])
    done = convert(data)
    assert len(done.scratch.files) == 1
    written = list(payments_of(done.xml))
    assert len(written) == count
    assert [p["end_to_end_id"] for p in written[:3]] == ["R0", "R3", "R6"]
    assert done.conversion.control_sum == count * (count + 1) // 2
    assert sum(1 for _ in done.conversion.records("s")) == count
    done.conversion.close()
    assert done.scratch.files[0].closed


@pytest.mark.parametrize("fields", [{}, EVERYTHING, {"end_to_end_id": {"constant": "NOTPROVIDED"}}])
def test_whether_payments_are_kept_or_read_again_the_bytes_are_the_same(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = file_of(
        row(name="Müller"),
        row(ref="INV-2", amount="7.25", date="2026-11-25"),
        row(ref="INV-3", text="Zażółć", amount="3"),
    )
    declared = delimited(fields, ignore_columns=("ref",) if fields and fields is not EVERYTHING else ())
    kept = convert(data, declared, SPELLS)
    monkeypatch.setattr("h2h.core.codecs.spool.HELD_MAX", 1)
    again = convert(data, declared, SPELLS)
    assert not kept.conversion.refused, kept.findings
    assert again.xml == kept.xml
    assert again.findings == kept.findings
    assert list(again.conversion.records("s")) == list(kept.conversion.records("s"))
    kept.conversion.close()
    again.conversion.close()


def test_a_small_file_needs_no_scratch() -> None:
    assert converted(row()).scratch.files == []


@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=5)), max_size=60), st.integers(1, 7))
def test_a_spool_gives_back_each_group_in_order_and_again(rows: list[tuple[int, str]], held: int) -> None:
    spool = Spool(Scratch(), held)
    for group, value in rows:
        spool.add(group, [value])
    for _ in range(2):
        for group in range(4):
            assert [list(r) for r in spool.read(group)] == [[v] for g, v in rows if g == group]
    spool.close()


def test_a_closed_spool_says_so_instead_of_giving_half() -> None:
    spool = Spool(io.BytesIO, 1)
    spool.add(0, ["a"])
    spool.close()
    with pytest.raises(ValueError, match="closed"):
        list(spool.read(0))
