"""Control totals that an ERP states beside a file: how many payments it holds and what they add up to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from h2h.core.findings import Finding, WhoActs, error


@dataclass(frozen=True, slots=True)
class StatedTotals:
    """What a marker file says of the payments; None: it does not say that."""

    count: int | None = None
    sum: Decimal | None = None

    def __bool__(self) -> bool:
        return self.count is not None or self.sum is not None

    def as_json(self) -> bytes:
        """As the archive keeps them."""
        stated = {"count": self.count, "sum": None if self.sum is None else f"{self.sum:f}"}
        return (json.dumps(stated) + "\n").encode()

    @classmethod
    def of_json(cls, data: bytes) -> StatedTotals:
        """What the archive kept."""
        stated = json.loads(data)
        return cls(stated["count"], None if stated["sum"] is None else Decimal(stated["sum"]))

    def differences(self, count: int, total: Decimal) -> list[Finding]:
        """What the file holds otherwise than was stated."""
        step = "export again, the file and its marker; never edit either by hand"
        found = []
        if self.count is not None and self.count != count:
            text = f"the marker says {self.count} payments, the file holds {count}"
            found.append(
                error("H2H-CONTROL-TOTAL", "the marker", text, WhoActs.ERP_TEAM, next_step=step, reason="AM18")
            )
        if self.sum is not None and self.sum != total:
            text = f"the marker says a sum of {self.sum:f}, the payments add up to {total:f}"
            found.append(
                error("H2H-CONTROL-TOTAL", "the marker", text, WhoActs.ERP_TEAM, next_step=step, reason="AM10")
            )
        return found


NO_TOTALS = StatedTotals()
