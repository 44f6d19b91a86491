"""IBANs and BICs. An IBAN takes 2 µs here (schwifty's own object 25): a payment file holds one a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from schwifty import registry
from schwifty.exceptions import SchwiftyException

from h2h.core.rules.judge import masked, shown

# Country → length of its IBANs, structure after country and check digits, the country's letters as numbers; None if it
# has no IBANs. From SWIFT's registry.
_STRUCTURES: dict[str, tuple[int, re.Pattern[str], str] | None] = {}

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_BIC = re.compile(r"[A-Z0-9]{4}([A-Z]{2})[A-Z0-9]{2}([A-Z0-9]{3})?")
_VALUES = {ord(c): str(value) for value, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=10)}

# Countries whose accounts are kept at banks with the BIC of another (territories, and states that use its system).
_SHARED = {
    "GG": "GB", "JE": "GB", "IM": "GB", "GI": "GB", "SM": "IT", "VA": "IT", "MC": "FR", "AX": "FI", "FO": "DK",
    "GL": "DK", "GP": "FR", "MQ": "FR", "GF": "FR", "RE": "FR", "YT": "FR", "PM": "FR", "BL": "FR", "MF": "FR",
    "NC": "FR", "PF": "FR", "WF": "FR", "TF": "FR", "LI": "CH",
}  # fmt: skip


def why_no_iban(iban: str) -> str | None:
    """In words why it is no IBAN (ISO 13616: country, length, structure, check digits), or None if it is one."""
    country = iban[:2]
    if country not in _STRUCTURES:
        _STRUCTURES[country] = _structure_of(country)
    structure = _STRUCTURES[country]
    if structure is None or not _SHAPE.fullmatch(iban):
        return _why_no_shape(iban)
    length, bban, letters = structure
    if len(iban) != length:
        return f"{masked(iban)} has {len(iban)} characters; an IBAN of {country} has {length}"
    if not bban.fullmatch(iban, 4):
        return f"{masked(iban)} has letters or digits where an IBAN of {iban[:2]} has none"
    account = iban[4:]
    digits = account if account.isdigit() else account.translate(_VALUES)
    if int(digits + letters + iban[2:4]) % 97 != 1:
        return f"{masked(iban)} has wrong check digits: one or more characters are mistyped"
    return None


def iban_test(country: str) -> Callable[[str], bool] | None:
    """A quick ``why_no_iban(iban) is None`` for the IBANs of one country; None if it has no IBANs."""
    if country not in _STRUCTURES:
        _STRUCTURES[country] = _structure_of(country)
    structure = _STRUCTURES[country]
    if structure is None:
        return None
    length, bban, letters = structure
    # The registry lets small letters pass.
    capitals = "(?=[A-Z0-9]*\\Z)" if "a-z" in bban.pattern else ""
    fits = re.compile(f"{capitals}{country}[0-9]{{2}}(?:{bban.pattern})", re.ASCII).fullmatch

    def is_iban(iban: str) -> bool:
        if len(iban) != length or fits(iban) is None:
            return False
        account = iban[4:]
        digits = account if account.isdigit() else account.translate(_VALUES)
        return int(digits + letters + iban[2:4]) % 97 == 1

    return is_iban


def _why_no_shape(iban: str) -> str:
    if " " in iban:
        return f"{masked(iban)} has blanks; an IBAN is written without"
    if iban.upper() != iban:
        return f"{masked(iban)} has small letters; an IBAN has capitals"
    odd = re.search("[^A-Z0-9]", iban)
    if odd:
        return f"{masked(iban)} holds {shown(odd.group())}; an IBAN has only capitals and digits"
    if not _SHAPE.fullmatch(iban):
        return f"{masked(iban)} does not begin with a country and two check digits"
    return f"{masked(iban)} begins with {iban[:2]}, which has no IBANs"


def _structure_of(country: str) -> tuple[int, re.Pattern[str], str] | None:
    try:
        spec = registry.get_iban_spec(country)
    except SchwiftyException:
        return None
    # The registry anchors its patterns, which would match at the start of the text only.
    pattern = re.compile(spec.regex.pattern.removeprefix("^").removesuffix("$"))
    return spec.iban_length, pattern, country.translate(_VALUES)


@lru_cache(maxsize=4096)
def country_of_bic(bic: str) -> str | None:
    """The country in a well-formed BIC (ISO 9362), or None if it is not one."""
    found = _BIC.fullmatch(bic)
    return found.group(1) if found else None


def same_country(bic_country: str, iban_country: str) -> bool:
    """True if a bank of that country may keep accounts of this one."""
    return _SHARED.get(bic_country, bic_country) == _SHARED.get(iban_country, iban_country)


def mod_97(text: str) -> int:
    """ISO 7064 MOD 97-10 over letters and digits: 1 for good check digits."""
    return int(text.translate(_VALUES)) % 97
