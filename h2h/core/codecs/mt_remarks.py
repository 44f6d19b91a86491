"""What is odd in the text of an MT940 or MT942 file, each told with its line; what a bank does everywhere, once."""

from __future__ import annotations

from h2h.core.codecs.mt_lines import shortened
from h2h.core.findings import Finding, WhoActs, error, info, warning


class Remarks:
    """The findings of one text, by the position in it; those that are told at its end, too."""

    def __init__(self, text: str, findings: list[Finding]) -> None:
        self.text = text
        self._findings = findings
        self._line, self._counted = 1, 0
        self._told: set[str] = set()
        self._outside: list[int] = []
        self._foreign: dict[str, int] = {}

    def add(self, finding: Finding) -> None:
        """What concerns a whole message, and no line of it."""
        self._findings.append(finding)

    def odd(self, position: int, text: str, raw: str) -> None:
        """A bank's own way, which was understood as *text* says."""
        line = self._line_of(position)
        told = f"line {line}: {text}: {shortened(raw)}"
        self.add(warning("H2H-MT-DIALECT", f"line {line}", told, WhoActs.BANK, line=line))

    def odd_once(self, position: int, text: str, raw: str) -> None:
        """What a bank does everywhere, or nowhere."""
        if text not in self._told:
            self._told.add(text)
            self.odd(position, text, raw)

    def unreadable(self, position: int, tag: str, what: str, text: str) -> None:
        """A field from which nothing could be taken: the file is refused."""
        line = self._line_of(position)
        told = f"line {line}: this {what} cannot be read: :{tag}:{shortened(text)}"
        self.add(error("H2H-MT-LINE", f"line {line}, tag {tag}", told, WhoActs.BANK, line=line))

    def cut(self, position: int) -> None:
        """A message that begins and does not end."""
        line = self._line_of(position)
        told = f"line {line}: the message that begins here has no end (-}}); it may be cut off"
        self.add(warning("H2H-MT-CUT", f"line {line}", told, WhoActs.BANK, line=line))

    def outside(self, position: int) -> None:
        """A line that belongs to no field."""
        self._outside.append(position)

    def foreign(self, tag: str, position: int) -> None:
        """A tag that is not read; where it stands first is told."""
        self._foreign.setdefault(tag, position)

    def of_the_rest(self) -> None:
        """Tell, at the end of the text, of what was not read."""
        if self._outside:
            line = self._line_of(self._outside[0])
            stop = self.text.find("\n", self._outside[0])
            raw = shortened(self.text[self._outside[0] : stop if stop >= 0 else None])
            more = f" (and {len(self._outside) - 1} more)" if len(self._outside) > 1 else ""
            told = f"line {line} belongs to no field and was not read{more}: {raw}"
            self.add(warning("H2H-MT-OUTSIDE", f"line {line}", told, WhoActs.BANK, line=line))
        for tag, position in self._foreign.items():
            line = self._line_of(position)
            self.add(info("H2H-UNREAD", f"line {line}, tag {tag}", f"the tag :{tag}: is not read", line=line))

    def _line_of(self, position: int) -> int:
        """Counted from the last place asked for: many odd lines must not cost a look at the whole file each."""
        if position < self._counted:
            self._line, self._counted = 1, 0
        self._line += self.text.count("\n", self._counted, position)
        self._counted = position
        return self._line
