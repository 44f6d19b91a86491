"""What kind of booking it is, in the words of the line formats: SWIFT's type, and the text key that ERPs post by.

Text keys are the German banks' codes (Geschäftsvorfallcodes, DFÜ agreement, annex 3): where the bank gives one it is
taken; for the commonest bookings in SEPA it is known; all others a site declares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from h2h.core.model.statement import Entry

PRIMANOTA_MAX = 10
_OTHER_TYPE = "NMSC"
_SWIFT_TYPE = re.compile("[NSF][0-9A-Z]{3}")
_TEXT_KEY = re.compile("[0-9]{3}")
# Domain and family of ISO 20022 → SWIFT's transaction type (field 61, subfield 6).
_TYPES = {
    "PMNT/ICDT": "NTRF", "PMNT/RCDT": "NTRF", "PMNT/IRCT": "NTRF", "PMNT/RRCT": "NTRF", "PMNT/IDDT": "NDDT",
    "PMNT/RDDT": "NDDT", "PMNT/ICHQ": "NCHK", "PMNT/RCHQ": "NCHK", "PMNT/CNTR": "NMSC", "ACMT/MDOP": "NCHG",
    "ACMT/MCOP": "NCHG", "FORX/SPOT": "NFEX", "SECU/SETT": "NSEC",
}  # fmt: skip
# A transfer out, in; a direct debit that was drawn on us, that we drew; the same of many, and those that came back.
# What moves the other way is something else (money that comes back), and is declared.
_KEYS = {
    ("PMNT/ICDT/ESCT", "DBIT", False): "116", ("PMNT/RCDT/ESCT", "CRDT", False): "166",
    ("PMNT/RDDT/ESDD", "DBIT", False): "105", ("PMNT/RDDT/BBDD", "DBIT", False): "104",
    ("PMNT/IDDT/ESDD", "CRDT", False): "171", ("PMNT/IDDT/BBDD", "CRDT", False): "174",
    ("PMNT/ICDT/ESCT", "DBIT", True): "191", ("PMNT/RCDT/ESCT", "CRDT", True): "194",
    ("PMNT/IDDT/ESDD", "CRDT", True): "192",
}  # fmt: skip


class Keys:
    """Codes of the bank → codes of the form. *declared* comes first."""

    def __init__(self, declared: Mapping[str, str]) -> None:
        self._declared = declared

    def swift_type(self, code: str | None) -> str:
        """``NTRF`` …; ``NMSC`` (miscellaneous) for what has none."""
        own, _, _ = (code or "").partition("+")
        if _SWIFT_TYPE.fullmatch(own):
            return own
        return _TYPES.get("/".join((code or "").split("/")[:2]), _OTHER_TYPE)

    def text_key(self, entry: Entry) -> str | None:
        """The key; None if neither the bank, nor the site, nor the table knows one."""
        code = entry.bank_transaction_code or ""
        own = self._declared.get(code) or self._declared.get(code.partition("+")[0])
        if own:
            return own
        steps = code.split("+")
        if len(steps) > 1 and _TEXT_KEY.fullmatch(steps[1]):
            return steps[1]
        if _TEXT_KEY.fullmatch(steps[0], 1):  # N116
            return steps[0][1:]
        many = (entry.batch_transaction_count or len(entry.details)) > 1
        known = None if entry.reversal else _KEYS.get((code, entry.credit_debit, many))
        return known or self._declared.get("*")

    def primanota(self, entry: Entry) -> str:
        """The number of the bank's batch, where its code has it (``NTRF+166+931``), in whatever letters it came."""
        steps = (entry.bank_transaction_code or "").split("+", 2)
        return steps[2] if len(steps) > 2 else ""
