"""All formats that are known, asked together: which one a file has, alone or in what a bank puts around it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from h2h.core import xml
from h2h.core.answers import BankCode, Meanings
from h2h.core.envelope import without_envelope
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.foreign import foreign, is_container
from h2h.core.format import UNKNOWN_FORMAT, Format, Read


class Opened(NamedTuple):
    """A file's format, its document alone, and what is said of what was around it."""

    format: Format
    document: bytes
    findings: list[Finding]


class FormatBook:
    """All formats that are known, asked together."""

    def __init__(self, formats: Iterable[Format], codes: Callable[[], Iterable[BankCode]] | None = None) -> None:
        """*codes*: what banks' own codes mean, where the formats themselves are not to be asked."""
        self._codes = codes or self._codes_of_formats
        self._formats: dict[str, Format] = {}
        for entry in formats:
            if entry.id in self._formats:
                raise Misconfigured(f"the format {entry.id} is defined twice")
            self._formats[entry.id] = entry

    def __iter__(self) -> Iterator[Format]:
        return iter(self._formats.values())

    @cached_property
    def meanings(self) -> Meanings:
        """What reason codes mean, those of these formats' banks too."""
        return Meanings(self._codes)

    def _codes_of_formats(self) -> list[BankCode]:
        # The cards of one folder share its table.
        tables = {f.family.folder: f.codec for f in self if f.codec is not None and f.family is not None}
        return [code for codec in tables.values() for code in codec.bank_codes()]

    def get(self, id: str) -> Format:
        """The format of that id; ``Misconfigured`` proposes a near one."""
        if id not in self._formats:
            near = difflib.get_close_matches(id, self._formats, n=1)
            raise Misconfigured(f"there is no format {id!r}", hint=f"did you mean {near[0]}?" if near else None)
        return self._formats[id]

    def identify(self, data: bytes) -> Format:
        """The one format that these bytes have; none or two is ``Refused``, and so are unsafe documents."""
        if len(data) == 0 or len(data) > xml.BYTES_MAX:
            xml.refuse_unsafe(data)
        head = bytes(data[: xml.HEAD_BYTES])
        root = None
        if xml.looks_like_xml(head):
            xml.refuse_unsafe(data)
            root = xml.root_of(head)
        found = self._that_know(head, root)
        if len(found) == 1:
            return found[0]
        raise Refused([self._unknown(head, root) if not found else _ambiguous(found)])

    def open(self, data: bytes) -> Opened:
        """The format of a bank's file, and the document without what the bank puts around it; as ``identify``.

        Payments are sent as they are, so to them an envelope is a fault.
        """
        plain = without_envelope(data)
        try:
            format_ = self.identify(plain.data)
        except Refused as refused:
            raise Refused([*refused.findings, *plain.findings]) from refused
        findings = plain.findings
        if findings and format_.kind in ("credit-transfer", "direct-debit"):
            text = "payments are sent as they are: they stand in UTF-8, in a document without anything around it"
            findings = [*findings, error("H2H-ENVELOPE", "the file", text, WhoActs.ERP_TEAM)]
        return Opened(format_, plain.data, findings)

    def refuse_hopeless(self, head: bytes) -> None:
        """``Refused`` if no format can know a file that begins with *head*: the rest need not be read."""
        if head and not xml.looks_like_xml(head) and not self._that_know(head, None):
            raise Refused([self._unknown(head, None)])

    def _that_know(self, head: bytes, root: xml.Root | None) -> list[Format]:
        return [] if is_container(head) else [f for f in self if f.is_format_of(head, root)]

    def read(self, data: bytes) -> Read:
        """What a file says, whatever format it has; ``Refused`` as from ``identify`` or the format's ``read``."""
        opened = self.open(data)
        read = opened.format.read(opened.document)
        read.findings = [*opened.findings, *read.findings]
        return read

    def _unknown(self, head: bytes, root: xml.Root | None) -> Finding:
        if (what := foreign(head)) is not None:
            text, admin = f"no format knows this file; it looks like {what.words}", WhoActs.SYSTEM_ADMINISTRATOR
            return error(UNKNOWN_FORMAT, "the file", text, admin, next_step=what.next_step)
        if root is None:
            step = "CSV, fixed width, Excel and JSON are read as an ERP folder declares them: h2h validate --bank"
            text, admin = "no format knows this file", WhoActs.SYSTEM_ADMINISTRATOR
            return error(UNKNOWN_FORMAT, "the file", text, admin, next_step=step)
        name = root.namespace or "no namespace"
        text = f"no format knows this document: <{root.name}> in {name}"
        known = [f.namespace for f in self if f.namespace]
        # Another version of the same message, not another message that is spelled nearly so.
        same = [n for n in known if _message_of(n) == _message_of(name)] or known
        near = difflib.get_close_matches(root.namespace, same, n=1, cutoff=0.9) if root.namespace else []
        step = f"the nearest that is known is {near[0]}" if near else "h2h format list shows what is known"
        return error(UNKNOWN_FORMAT, f"<{root.name}>", text, WhoActs.SYSTEM_ADMINISTRATOR, next_step=step)


def _message_of(namespace: str) -> str:
    """``…:pain.001`` of ``…:pain.001.001.09``."""
    return namespace.rsplit(".", 2)[0]


def _ambiguous(found: Sequence[Format]) -> Finding:
    names = ", ".join(f.id for f in found)
    return error("H2H-AMBIGUOUS-FORMAT", "the file", f"several formats know it: {names}", WhoActs.SYSTEM_ADMINISTRATOR)
