"""When banks rest on a weekday, and work at a weekend: what central banks and governments have published.

A calendar says only what its source says. Before its first and after its last day nothing is known of it, and nothing
is guessed. A weekend is closed unless ``worked`` names the day. TARGET follows from a rule: ``core/rules/lists.py``.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Published(NamedTuple):
    """One calendar as it was published. Days are ISO 8601; two with a slash between them are all from one to the other.

    ``worked`` is None where no weekend is ever worked, so that a Saturday is closed in every year.
    """

    source: str
    first: date
    last: date
    closed: tuple[tuple[str, str], ...]  # (in words, days)
    worked: str | None = None


CALENDARS: dict[str, Published] = {
    "CN": Published(
        "General Office of the State Council (国务院办公厅), notice on the holidays of 2026, 4 November 2025",
        date(2026, 1, 1),
        # The notice for the next year may move the last days of this one, as those for 2012 and 2019 did.
        date(2026, 12, 25),
        (
            ("New Year (元旦)", "2026-01-01/2026-01-03"),
            ("Spring Festival (春节)", "2026-02-15/2026-02-23"),
            ("Qingming (清明节)", "2026-04-04/2026-04-06"),
            ("Labour Day (劳动节)", "2026-05-01/2026-05-05"),
            ("Dragon Boat Festival (端午节)", "2026-06-19/2026-06-21"),
            ("Mid-Autumn Festival (中秋节)", "2026-09-25/2026-09-27"),
            ("National Day (国庆节)", "2026-10-01/2026-10-07"),
        ),
        "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10",
    ),
    "GB": Published(
        "GOV.UK, bank holidays in England and Wales (Banking and Financial Dealings Act 1971)",
        date(2026, 1, 1),
        date(2027, 12, 31),
        (
            ("New Year's Day", "2026-01-01 2027-01-01"),
            ("Good Friday", "2026-04-03 2027-03-26"),
            ("Easter Monday", "2026-04-06 2027-03-29"),
            ("the early May bank holiday", "2026-05-04 2027-05-03"),
            ("the spring bank holiday", "2026-05-25 2027-05-31"),
            ("the summer bank holiday", "2026-08-31 2027-08-30"),
            ("Christmas Day", "2026-12-25 2027-12-27"),
            ("Boxing Day", "2026-12-28 2027-12-28"),
        ),
    ),
    "US": Published(
        "Board of Governors of the Federal Reserve System, K.8, holidays observed 2026 to 2030",
        date(2026, 1, 1),
        # New Year's Day of 2028 is a Saturday; the Reserve Banks are then open on the Friday before, as on any such.
        date(2030, 12, 31),
        (
            ("New Year's Day", "2026-01-01 2027-01-01 2029-01-01 2030-01-01"),
            ("the birthday of Martin Luther King, Jr.", "2026-01-19 2027-01-18 2028-01-17 2029-01-15 2030-01-21"),
            ("Washington's birthday", "2026-02-16 2027-02-15 2028-02-21 2029-02-19 2030-02-18"),
            ("Memorial Day", "2026-05-25 2027-05-31 2028-05-29 2029-05-28 2030-05-27"),
            ("Juneteenth", "2026-06-19 2028-06-19 2029-06-19 2030-06-19"),
            ("Independence Day", "2027-07-05 2028-07-04 2029-07-04 2030-07-04"),
            ("Labor Day", "2026-09-07 2027-09-06 2028-09-04 2029-09-03 2030-09-02"),
            ("Columbus Day", "2026-10-12 2027-10-11 2028-10-09 2029-10-08 2030-10-14"),
            ("Veterans Day", "2026-11-11 2027-11-11 2029-11-12 2030-11-11"),
            ("Thanksgiving Day", "2026-11-26 2027-11-25 2028-11-23 2029-11-22 2030-11-28"),
            ("Christmas Day", "2026-12-25 2028-12-25 2029-12-25 2030-12-25"),
        ),
    ),
}
