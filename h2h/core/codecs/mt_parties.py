"""Parties and banks of a SWIFT MT payment: options A, C, D, F, G, H, K and none (SWIFT User Handbook, category 1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from h2h.core.model.parties import Account, Agent, Party, PostalAddress

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_NUMBERED = re.compile(r"([1-8])/(.*)")
_CLEARING = re.compile(r"//([A-Z]{2})(.*)")
#: SWIFT's two letters in front of a national clearing code → ISO 20022 ExternalClearingSystemIdentification1Code.
CLEARING_SYSTEMS = {
    "AT": "ATBLZ", "AU": "AUBSB", "BL": "DEBLZ", "CC": "CACPA", "CN": "CNAPS", "CP": "USPID", "ES": "ESNCC",
    "FW": "USABA", "GR": "GRBIC", "HK": "HKNCC", "IE": "IENCC", "IN": "INFSC", "IT": "ITNCC", "NZ": "NZNCC",
    "PL": "PLKNR", "PT": "PTNCC", "RU": "RUCBC", "SC": "GBDSC", "SW": "CHBCC", "ZA": "ZANCC",
}  # fmt: skip


class Unread(Exception):
    """The field is not written as its option demands; the message says in words why."""


class Owned(NamedTuple):
    """A party with its account."""

    party: Party
    account: Account | None


def account_of(number: str) -> Account:
    """An IBAN where it looks like one, else a number as it stands."""
    compact = number.replace(" ", "")
    return Account(iban=compact) if _IBAN.fullmatch(compact) else Account(other=number.strip())


def party_of(option: str, lines: Sequence[str]) -> Owned:
    """A customer: account, then BIC (A, G), numbered lines (F), or name and address (none, H, K). ``Unread``."""
    account, rest = None, [line.strip() for line in lines]
    if rest and rest[0].startswith("/"):
        account, rest = account_of(rest[0].lstrip("/")), rest[1:]
    rest = [line for line in rest if line]
    if option in ("A", "G", "C"):
        return Owned(Party(any_bic=_bic(rest)), account)
    if option == "F":
        return _numbered(rest, account)
    if option == "L":
        return Owned(Party(identification=" ".join(rest) or None), account)
    name = rest[0] if rest else None
    address = PostalAddress(address_lines=tuple(rest[1:])) if len(rest) > 1 else None
    return Owned(Party(name=name, postal_address=address), account)


def _numbered(lines: Sequence[str], account: Account | None) -> Owned:
    """Option F: 1 name, 2 address, 3 country and town; a number that is repeated goes on."""
    parts: dict[str, list[str]] = {}
    identification = None
    for line in lines:
        found = _NUMBERED.fullmatch(line)
        if found is None and not parts and account is None and re.fullmatch(r"[A-Z]{4}/[A-Z]{2}/.+", line):
            identification = line.split("/", 2)[2]  # a party identifier in place of the account
            continue
        if found is None:
            raise Unread(f"a line of option F begins with a number from 1 to 8 and a slash, this one is {line!r}")
        parts.setdefault(found[1], []).append(found[2])
    if set(parts) - {"1", "2", "3"}:
        others = ", ".join(sorted(set(parts) - {"1", "2", "3"}))
        raise Unread(f"the lines with {others} (birth, identity, more) have no place in a payment of h2h")
    country, town = None, None
    if "3" in parts:
        country, _, town = "".join(parts["3"]).partition("/")
    address = None
    if "2" in parts or country:
        address = PostalAddress(country=country, town_name=town or None, address_lines=tuple(parts.get("2", ())))
    name = " ".join(parts.get("1", ())) or None
    return Owned(Party(name=name, postal_address=address, identification=identification), account)


def agent_of(option: str, lines: Sequence[str]) -> Agent:
    """A bank: clearing code or account, then BIC (A), nothing (C), or name and address (D). ``Unread``."""
    rest = [line.strip() for line in lines if line.strip()]
    system = member = None
    if rest and rest[0].startswith("/"):
        found = _CLEARING.fullmatch(rest[0])
        if found is None:
            if option == "C" or rest[0].startswith("//"):
                raise Unread(f"{rest[0]!r} is no national clearing code (//, two letters, the code)")
            raise Unread(f"{rest[0]!r} is an account of the bank, which has no place in a payment of h2h")
        system, member = CLEARING_SYSTEMS.get(found[1]), found[2] or None
        if system is None or member is None:
            raise Unread(f"{rest[0]!r} is no clearing code that h2h knows")
        rest = rest[1:]
    if option == "A":
        return Agent(_bic(rest), system, member)
    if option == "C":
        if rest or member is None:
            raise Unread("option C holds one clearing code and nothing else")
        return Agent(None, system, member)
    address = PostalAddress(address_lines=tuple(rest[1:])) if len(rest) > 1 else None
    return Agent(None, system, member, rest[0] if rest else None, address)


def _bic(lines: Sequence[str]) -> str:
    if len(lines) != 1 or not _BIC.fullmatch(lines[0]):
        raise Unread(f"a BIC was expected, and {' '.join(lines)!r} is there")
    return lines[0]
