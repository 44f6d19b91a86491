"""Names in a folder: which are payment files, which are ours, which are not fit to be taken; and names we give."""

from __future__ import annotations

import os
import unicodedata
from enum import Enum, auto
from fnmatch import fnmatchcase

from h2h.adapters import files
from h2h.adapters.folders.mounts import MOUNT_MARKER
from h2h.settings.erp import CompletenessKind, ErpFolder

CORNER = ".h2h"
REFUSED = "refused"
RECEIPTS = (".status.json", ".error.txt", ".error.json")
NAME_BYTES_MAX = 200  # room for the suffixes of the receipts, which bear the file's name
_FILE_SYSTEM_BYTES_MAX = 255
_HOSTILE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format, surrogate, line and paragraph separators


class NameKind(Enum):
    """What a folder's settings make of a name."""

    OURS = auto()
    IGNORED = auto()
    MARKER = auto()
    WANTED = auto()
    UNKNOWN = auto()


class Names:
    """Sorts names by the patterns of one folder, without regard to case (exports come from Windows, too)."""

    def __init__(self, folder: ErpFolder) -> None:
        self._patterns = tuple(p.casefold() for p in folder.patterns)
        self._ignore = tuple(p.casefold() for p in folder.ignore)
        by_marker = folder.completeness.by is CompletenessKind.MARKER
        self._suffixes = tuple(s.casefold() for s in folder.completeness.marker_suffixes) if by_marker else ()
        self._replaces = folder.completeness.marker_replaces_extension
        self._locks = folder.completeness.lock_suffixes

    def kind(self, name: str) -> NameKind:
        """What this name is."""
        if (
            name in (CORNER, REFUSED, MOUNT_MARKER)
            or name.startswith(files.TEMPORARY_PREFIX)
            or name.endswith(RECEIPTS)
        ):
            return NameKind.OURS
        folded = name.casefold()
        if any(fnmatchcase(folded, p) for p in self._ignore) or name.endswith(self._locks):
            return NameKind.IGNORED
        if self._suffixes and folded.endswith(self._suffixes):
            return NameKind.MARKER
        if any(fnmatchcase(folded, p) for p in self._patterns):
            return NameKind.WANTED
        return NameKind.UNKNOWN

    def marked_by(self, marker: str) -> str:
        """The key under which a marker speaks of a file."""
        suffix = next(s for s in self._suffixes if marker.casefold().endswith(s))
        return marker[: len(marker) - len(suffix)]

    def locks_of(self, name: str) -> list[str]:
        """The names of semaphores under which a file is still being written."""
        stems = (name, os.path.splitext(name)[0])
        return [stem + suffix for suffix in self._locks for stem in stems]

    def marker_key(self, name: str) -> str:
        """The key under which a file looks for its marker."""
        return os.path.splitext(name)[0] if self._replaces else name


def hostile(name: str) -> str | None:
    """Why a name is not taken, in words; None if it is fit for journals, receipts and logs."""
    if any(unicodedata.category(c) in _HOSTILE for c in name):
        return "its name holds control characters or bytes that are not UTF-8"
    if len(os.fsencode(name)) > NAME_BYTES_MAX:
        return f"its name is longer than {NAME_BYTES_MAX} bytes"
    return None


def escaped(name: str) -> str:
    r"""A name that people can read safely: control and undecodable bytes as ``\n``, ``\xff``."""
    return "".join(c if unicodedata.category(c) not in _HOSTILE else _escaped(c) for c in name)


def plain_name(name: str) -> None:
    """``ValueError`` unless *name* can stand in a directory as it is: no path, no control character, not hidden."""
    plain = escaped(name) == name and "/" not in name and not name.startswith(".")
    if not name or not plain or len(os.fsencode(name)) > _FILE_SYSTEM_BYTES_MAX:
        raise ValueError(f"not a plain file name: {name!r}")


def numbered(name: str, number: int) -> str:
    """*name* for 1, ``stem~2.ext`` for 2 …, shortened in the stem where 255 bytes would be exceeded."""
    if number == 1:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem:
        stem, extension = name, ""
    tail = f"~{number}{dot if extension else ''}{extension}"
    while len(os.fsencode(stem + tail)) > _FILE_SYSTEM_BYTES_MAX:
        stem = stem[:-1]
    return stem + tail


def shared_mode(folder_mode: int) -> int:
    """The mode of a file put into someone else's folder: whoever may list the folder may read the file."""
    return 0o600 | (folder_mode & 0o044)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
