"""What a marker file may say, in the forms in which ERPs say it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from h2h.adapters.folders.completeness import read_marker
from h2h.core.control import StatedTotals

DIGEST = "ab" * 32


@pytest.mark.parametrize(
    "text",
    [
        f"size=12\nsha256={DIGEST}\ncount=3\nsum=100.50\n",
        f"SIZE=12;SHA256={DIGEST.upper()};COUNT=3;SUM=100.50",
        f"bytes: 12, records: 3, total: 100,50\r\n{DIGEST}  pay.csv\r\n",
        f"{DIGEST} *pay.csv\npayments=3 sum=100.5 size = 12 exported by=batch",
    ],
)
def test_a_marker_is_understood_in_several_forms(text: str) -> None:
    said = read_marker(text.encode())
    assert (said.fault, said.size, said.sha256) == (None, 12, DIGEST)
    assert said.totals == StatedTotals(3, Decimal("100.50"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("count=many", "not a number of payments"),
        ("sum=1.234,50", "not an amount"),
        ("sum=1,234", "not an amount"),  # a thousand, or three decimals
        ("sum=-5", "not an amount"),
        ("count=1 records=2", "gives count twice"),
        (f"{DIGEST}  a\n{'cd' * 32}  b", "gives sha256 twice"),
    ],
)
def test_a_marker_that_says_nothing_certain_is_a_fault(text: str, why: str) -> None:
    assert why in (read_marker(text.encode()).fault or "")


def test_a_marker_without_totals_states_none() -> None:
    assert not read_marker(b"done by batch 7 at 10:30").totals
    assert StatedTotals.of_json(StatedTotals(3, Decimal("1.50")).as_json()) == StatedTotals(3, Decimal("1.50"))
