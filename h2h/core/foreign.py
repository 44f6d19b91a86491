"""What a file looks like that no format knows: the words that save whoever looks at it at night a hex dump.

Only a message: nothing is taken or refused because of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from h2h.core.findings import Finding, WhoActs, error
from h2h.core.foreign_bank_files import bank_file
from h2h.core.pgp_packets import session_key_packets

#: How many bytes of a file are looked at.
HEAD_BYTES = 64 * 1024

_UNPACK = "unpack it; h2h takes single files as they are"
_EXPORT = "export the payments or the statement itself, not a print of it"
_OPEN = "h2h explain FILE says what it holds, if h2h fetched it; an ERP drops its files as they are, not encrypted"


@dataclass(frozen=True, slots=True)
class Foreign:
    """``words`` complete "it looks like …", ``next_step`` completes "Next: …"."""

    words: str
    next_step: str


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _encrypted(head: bytes) -> bool:
    if head.startswith(b"-----BEGIN PGP MESSAGE"):
        return True
    try:
        return bool(session_key_packets(head)[0])
    except (ValueError, IndexError):
        return False


def _workbook(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in head or b"xl/workbook.xml" in head)


def _web_page(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


# What no text begins with: of a file inside such a one, letters may stand as they are, and be taken for the file.
_CONTAINERS = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00"),
    *(b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x7fELF"),
)

# Asked in this order. The marks are those that file formats begin with by their own standards.
_KINDS: tuple[tuple[Callable[[bytes], bool], Foreign], ...] = (
    (lambda head: not head.strip(), Foreign("a file of blanks", "export or fetch the file again")),
    (
        _web_page,
        Foreign("a web page", "a server or proxy on the way may have answered in place of the file; fetch it again"),
    ),
    (_encrypted, Foreign("a file encrypted with OpenPGP", _OPEN)),
    (_starts(b"-----BEGIN PGP "), Foreign("an OpenPGP key or signature", "drop the file itself")),
    (_starts(b"-----BEGIN "), Foreign("a key or certificate", "keys belong to where the bank's profile says")),
    (_workbook, Foreign("an Excel workbook", "declare it under [erp.spreadsheet], or export as the folder declares")),
    (_starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Foreign("an old Office file (.xls)", "save it as .xlsx or CSV")),
    (_starts(b"PK\x03\x04", b"PK\x05\x06"), Foreign("a ZIP archive", _UNPACK)),
    (_starts(b"\x1f\x8b\x08"), Foreign("a gzip file", _UNPACK)),
    (_starts(b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh"), Foreign("an archive", _UNPACK)),
    (_starts(b"%PDF-"), Foreign("a PDF", _EXPORT)),
    (_starts(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8"), Foreign("a picture", _EXPORT)),
    (_starts(b"\x7fELF"), Foreign("a program", "ask whoever put it there")),
)


def foreign(head: bytes) -> Foreign | None:
    """What a file that begins so looks like, if it is no bank file, or one in a format that h2h does not read."""
    what = _no_bank_file(head)
    if what is None and (told := bank_file(head)) is not None:
        what = Foreign(*told)
    return what


def _no_bank_file(head: bytes) -> Foreign | None:
    return next((what for fits, what in _KINDS if fits(head)), None)


def is_container(head: bytes) -> bool:
    """Whether a file that begins so is an archive, a print or a program, whatever text stands in it."""
    return head.startswith(_CONTAINERS)


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is a ZIP archive or gzip, as banks pack statements; a workbook is a file."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08")) and not _workbook(head)


def no_table(head: bytes, kind: str) -> Finding | None:
    """Why a file that was to be a table of that *kind* cannot be one, said once instead of once a column."""
    what = _no_bank_file(head)
    if what is None or not head.strip():
        return None
    text = f"it looks like {what.words}; the folder declares {kind}"
    return error("H2H-NO-TABLE", "the file", text, WhoActs.ERP_TEAM, next_step=what.next_step)
