"""The rules about addresses: structured or hybrid, and from which day."""

from __future__ import annotations

from datetime import date

import pycountry
import pytest

from h2h.core.rules.lists import COUNTRIES
from tests.core.erp_files import convert, converted, delimited, file_of, row
from tests.core.judged import with_constants


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({}, []),
        ({"town_name": "Wien", "country": "AT"}, []),
        (
            {"town_name": "Wien", "country": "AT", "street_name": "Ring", "building_number": "1", "post_code": "1010"},
            [],
        ),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "Ring 1", "address_line_2": "Top 3"}, []),
        ({"address_line_1": "Ring 1", "address_line_2": "1010 Wien"}, ["H2H-ADDRESS"]),
        ({"town_name": "Wien"}, ["H2H-ADDRESS"]),
        ({"country": "AT"}, ["H2H-ADDRESS"]),
        ({"street_name": "Ring"}, ["H2H-ADDRESS"]),
        ({"town_name": "Wien", "country": "ZZ"}, ["H2H-COUNTRY"]),
        ({"town_name": "Wien", "country": "at"}, ["H2H-COUNTRY"]),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "1010 WIEN"}, ["H2H-ADDRESS-REPEATS"]),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "Wienerstrasse 1"}, []),
        ({"town_name": "Wien", "country": "AT", "address_line_1": "x" * 71}, ["H2H-LENGTH"]),
    ],
)
@pytest.mark.parametrize("party", ["creditor", "debtor"])
def test_an_address_is_structured_or_hybrid(party: str, parts: dict[str, str], found: list[str]) -> None:
    assert with_constants(None, **{f"{party}_{name}": value for name, value in parts.items()}) == found


@pytest.mark.parametrize(
    ("party", "parts", "reason", "said"),
    [
        ("creditor", {"address_line_1": "Ring 1"}, "BE04", "the address has only lines"),
        ("debtor", {"address_line_1": "Ring 1"}, "BE07", "the address has only lines"),
        ("creditor", {"street_name": "Ring"}, "BE04", "the address has no town and no country"),
        ("creditor", {"address_line_1": "Ring 1", "town_name": "Wien"}, "BE04", "the address has no country"),
        ("creditor", {"town_name": "Wien", "country": "ZZ"}, "BE11", '"ZZ" is no country'),
        ("debtor", {"town_name": "Wien", "country": "ZZ"}, "BE10", '"ZZ" is no country'),
    ],
)
def test_what_an_address_lacks_is_said_with_the_banks_own_reason(
    party: str, parts: dict[str, str], reason: str, said: str
) -> None:
    fields = {f"{party}_{name}": {"constant": value} for name, value in parts.items()}
    found = converted(row(), declared=delimited(fields)).findings
    assert [(f.reason, said in f.text) for f in found] == [(reason, True)], found


def test_an_address_line_of_70_characters_is_not_too_long() -> None:
    parts = {"creditor_town_name": "Wien", "creditor_country": "AT"}
    assert with_constants(None, **parts, creditor_address_line_1="x" * 70) == []


@pytest.mark.parametrize(
    ("today", "day", "found"),
    [
        ("2026-11-20", "2026-11-21", "H2H-ADDRESS-SOON"),
        ("2026-11-20", "2026-11-23", "H2H-ADDRESS"),
        ("2026-11-23", "2026-11-23", "H2H-ADDRESS"),
    ],
)
def test_unstructured_addresses_are_warned_of_before_the_profiles_date_and_refused_from_then(
    today: str, day: str, found: str
) -> None:
    from dataclasses import replace

    from tests.core.erp_files import STAMP

    declared = delimited({"creditor_address_line_1": {"constant": "Ring 1, 1010 Wien"}})
    done = convert(file_of(row(date=day)), declared, stamp=replace(STAMP, today=date.fromisoformat(today)))
    assert found in done.codes
    assert (done.only(found).reason, done.conversion.refused) == ("BE04", found == "H2H-ADDRESS")


def test_the_countries_are_those_of_iso_3166_and_kosovos_working_code() -> None:
    assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == COUNTRIES
