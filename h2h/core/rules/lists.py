"""Lists of others: countries (ISO 3166), currencies and their decimals (ISO 4217)."""

from __future__ import annotations

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
