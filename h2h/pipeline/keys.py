"""Keys that stop working on a known day are told while there is time, not by the first file that cannot be sealed."""

from __future__ import annotations

from collections.abc import Iterable

from h2h.core.errors import Unavailable
from h2h.core.findings import Finding, WhoActs
from h2h.pipeline.house import House, log

KIND = "key-expires"
#: Of the findings about keys, those that a sealer gives 60, 30 and 7 days before the end.
_SOON = "H2H-PGP-EXPIRES-"


def tell_of_expiry(house: House, bank: str, found: Iterable[Finding]) -> None:
    """An item a bank for whoever exchanges keys; *found* is what its sealer said."""
    told = _soon(found)
    if told:
        house.attend(KIND, bank, "; ".join(told), WhoActs.SYSTEM_ADMINISTRATOR, bank)


def settle_if_renewed(house: House, bank: str) -> None:
    """The item ends when no key of that bank is about to expire any more."""
    sealer = house.sealers.get(bank)
    if sealer is None:
        return
    try:
        told = _soon(sealer.check())
    except Unavailable as problem:
        log.info("keys.not-looked-at", bank=bank, problem=str(problem))  # asked again in an hour
        return
    if not told:
        house.settle(KIND, bank, "no key is about to expire")


def _soon(found: Iterable[Finding]) -> list[str]:
    return [finding.text for finding in found if finding.code.startswith(_SOON)]
