"""Lists of others: countries (ISO 3166), currencies and their decimals (ISO 4217)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

#: ISO 3166-1 alpha-2, and XK, which banks use for Kosovo.
COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 - a list of 250 codes is read better as text
)

#: Withdrawn codes that old master data still holds, and what the money is called now.
WITHDRAWN = {
    "ATS": "EUR", "BEF": "EUR", "BGN": "EUR", "CYP": "EUR", "DEM": "EUR", "EEK": "EUR", "ESP": "EUR", "FIM": "EUR",
    "FRF": "EUR", "GRD": "EUR", "HRK": "EUR", "IEP": "EUR", "ITL": "EUR", "LTL": "EUR", "LUF": "EUR", "LVL": "EUR",
    "MTL": "EUR", "NLG": "EUR", "PTE": "EUR", "SIT": "EUR", "SKK": "EUR", "XEU": "EUR", "ANG": "XCG", "ROL": "RON",
    "TRL": "TRY", "VEF": "VES", "ZWL": "ZWG", "BYR": "BYN", "SLL": "SLE", "MRO": "MRU", "STD": "STN", "CNH": "CNY",
}  # fmt: skip


@lru_cache(maxsize=512)
def decimals_of(currency: str) -> int | None:
    """How many decimals a currency has, from ISO's own table; None if nothing can be paid in it."""
    from iso4217 import Currency

    try:
        exponent = Currency(currency).exponent
    except ValueError:
        return None
    return int(exponent) if exponent is not None else None


@lru_cache(maxsize=512)
def currency_of_number(number: str) -> str | None:
    """The currency's code by its number of three digits in ISO 4217; None if there is none."""
    from iso4217 import Currency

    return next((c.code for c in Currency if c.number == int(number)), None)


def named_money(currency: str) -> bool:
    """Whether a statement may be in that currency: one of today, or one that was withdrawn since (old statements)."""
    return decimals_of(currency) is not None or currency in WITHDRAWN


_CLOSED = {(1, 1): "New Year's Day", (5, 1): "the first of May", (12, 25): "Christmas Day", (12, 26): "26 December"}


@lru_cache(maxsize=512)
def closing_day(day: date) -> str | None:
    """Why TARGET is closed on that working day, in words; None if it is open (ECB, TARGET calendar, since 2002)."""
    fixed = _CLOSED.get((day.month, day.day))
    if fixed is not None:
        return fixed
    easter = _easter(day.year)
    return {easter - timedelta(days=2): "Good Friday", easter + timedelta(days=1): "Easter Monday"}.get(day)


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, Nature, 20 April 1876)."""
    golden, century, rest = year % 19, year // 100, year % 100
    skipped, correction = century // 4, (8 * century + 13) // 25
    epact = (19 * golden + century - skipped - correction + 15) % 30
    shift = (golden + 11 * epact) // 319
    weekday = (2 * (century % 4) + 2 * (rest // 4) - rest % 4 - epact + shift + 32) % 7
    month = (epact - shift + weekday + 90) // 25
    return date(year, month, (epact - shift + weekday + month + 19) % 32)
