"""What a form has no place for: counted, and told once each, with the first place."""

from __future__ import annotations

from h2h.core.errors import Refused
from h2h.core.findings import Finding, WhoActs, error, info, warning


class Told:
    """The findings of one writing into *form*."""

    def __init__(self, form: str) -> None:
        self.form = form
        self._left_out: dict[str, tuple[str, int]] = {}
        self._altered: dict[str, tuple[str, int]] = {}
        self._other: list[Finding] = []

    def left_out(self, where: str, what: str) -> None:
        """A fact that the statement holds and the form does not."""
        first, count = self._left_out.get(what, (where, 0))
        self._left_out[what] = first, count + 1

    def altered(self, where: str, what: str) -> None:
        """A text that is written with other signs."""
        first, count = self._altered.get(what, (where, 0))
        self._altered[what] = first, count + 1

    def completed(self, where: str, text: str) -> None:
        """Something that the form demands, and how it was made."""
        if not any(f.text == text for f in self._other):
            self._other.append(info("H2H-COMPLETED", where, text))

    def refuse(self, code: str, where: str, text: str, who_acts: WhoActs = WhoActs.SYSTEM_ADMINISTRATOR) -> Refused:
        """The refusal of the whole statement, to be raised."""
        return Refused([error(code, where, f"{where}: {text}", who_acts)])

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            *self._other,
            *(
                warning("H2H-LEFT-OUT", first, f"{self.form} has no place for {what}: {_times(count, first)}")
                for what, (first, count) in self._left_out.items()
            ),
            *(
                warning("H2H-ALTERED", first, f"{what} is written otherwise: {_times(count, first)}")
                for what, (first, count) in self._altered.items()
            ),
        ]


def _times(count: int, first: str) -> str:
    return f"once, at {first}" if count == 1 else f"{count} times, first at {first}"
