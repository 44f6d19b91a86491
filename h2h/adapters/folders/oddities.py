"""The findings about files that are not taken, in words: what it is, where, who mends it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import timedelta

from h2h.adapters.folders.names import escaped
from h2h.core.findings import Finding, Severity, WhoActs, error, warning
from h2h.ports import THE_FOLDER
from h2h.settings.erp import CompletenessKind, ErpFolder

LONG = timedelta(minutes=10)  # a file and its marker are seconds apart; after that one of them was forgotten
_ERP, _ADMIN = WhoActs.ERP_TEAM, WhoActs.SYSTEM_ADMINISTRATOR
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def unfit(
    name: str, state: os.stat_result, owners: tuple[str, ...], owner_name: Callable[[int], str]
) -> Finding | None:
    """Why this is not a file to take, whatever is in it."""
    for test, words in _KINDS:
        if test(state.st_mode):
            return not_regular(name, words)
    if state.st_mode & (stat.S_ISUID | stat.S_ISGID):
        return not_regular(name, "a program with special rights (setuid or setgid)")
    if state.st_mtime_ns >= 1 << 63:
        return error("H2H-FILE-TIME", escaped(name), "its time of change is impossible", _ERP, next_step="touch it")
    owner = owner_name(state.st_uid)
    if owners and owner not in owners and str(state.st_uid) not in owners:
        return error(
            "H2H-FILE-OWNER",
            escaped(name),
            f"the file belongs to {owner}; files of {', '.join(owners)} are taken here",
            _ADMIN,
            next_step="find out who put it there; let the right user drop it, or add the user to owners",
        )
    return None


def not_regular(name: str, what: str) -> Finding:
    """Links, pipes, directories, devices: never opened, never followed."""
    return error(
        "H2H-FILE-NOT-REGULAR",
        escaped(name),
        f"this is {what}; h2h takes regular files only",
        _ERP,
        next_step="put the file itself into the folder",
    )


def bad_name(name: str, why: str) -> Finding:
    """A name that must not reach journals, receipts and banks."""
    return error("H2H-FILE-NAME", escaped(name), f"the file is not taken: {why}", _ERP, next_step="rename the file")


def unreadable(name: str) -> Finding:
    """No permission."""
    text = "h2h's user may not read this file"
    return error("H2H-FILE-UNREADABLE", escaped(name), text, _ADMIN, next_step="let the ERP write it group-readable")


def too_large(name: str, size: int, bytes_max: int) -> Finding:
    """Over ``limits.file_bytes_max``."""
    return error(
        "H2H-FILE-TOO-LARGE",
        escaped(name),
        f"the file has {size} bytes; at most {bytes_max} are taken (limits.file_bytes_max)",
        _ERP,
        next_step="split the file, or have the limit raised",
    )


def not_as_marked(name: str, what: str, expected: str, found: str) -> Finding:
    """The marker promised other content."""
    return error(
        "H2H-FILE-MARKER-DIFFERS",
        escaped(name),
        f"the marker file says {what}={expected}, the file has {found}",
        _ERP,
        next_step="write the whole file first, then its marker; drop both again",
    )


def bad_marker(name: str, why: str) -> Finding:
    """The marker cannot be understood."""
    return error("H2H-FILE-MARKER", escaped(name), f"the file is not taken: {why}", _ERP, next_step="write it anew")


def waits(name: str) -> Finding:
    """A file whose marker does not come."""
    return warning(
        "H2H-FILE-NO-MARKER",
        escaped(name),
        f"the file has waited for its marker for more than {_minutes(LONG)} minutes",
        _ERP,
        next_step="write the marker, or remove the file if its export was broken off",
    )


def locked(name: str, lock: str) -> Finding:
    """A file whose semaphore does not go."""
    return warning(
        "H2H-FILE-LOCKED",
        escaped(name),
        f"{escaped(lock)} has kept the file from being taken for more than {_minutes(LONG)} minutes",
        _ERP,
        next_step="remove the semaphore if the export is done, or both if it was broken off",
    )


def lonely_marker(marker: str) -> Finding:
    """A marker whose file does not come."""
    return warning(
        "H2H-MARKER-NO-FILE",
        escaped(marker),
        f"the marker has been there for more than {_minutes(LONG)} minutes, its file has not",
        _ERP,
        next_step="drop the file, or remove the marker",
    )


def unknown(name: str) -> Finding:
    """A file that no pattern wants."""
    text = "no pattern of this folder takes this name; the file stays where it is"
    return Finding("H2H-FILE-NOT-WANTED", Severity.INFO, escaped(name), text, _ERP)


def too_many(entries_max: int) -> Finding:
    """More files than one pass reads."""
    text = f"more than {entries_max} files wait (limits.folder_entries_max); the oldest go first"
    return warning("H2H-FOLDER-CROWDED", THE_FOLDER, text, _ERP)


def of_folder(folder: ErpFolder, mode: int, network: bool) -> list[Finding]:
    """What `h2h check` says about a folder that works but is not as safe or quick as it could be."""
    where = str(folder.outbound)
    found = []
    if mode & stat.S_IWOTH:
        text = "every user of this machine may drop payment files here"
        found.append(warning("H2H-FOLDER-OPEN", where, text, _ADMIN, next_step="chmod o-w, and name the owners"))
    if network and folder.watch == "events":
        text = "watch = 'events' on a network file system: files of other machines are only seen by the rescan"
        found.append(warning("H2H-FOLDER-NETWORK", where, text, _ADMIN, next_step="watch = 'auto'"))
    if folder.completeness.by is CompletenessKind.QUIET and network:
        text = "on a network file system a quiet time alone may take a file that is still being written"
        found.append(warning("H2H-FOLDER-QUIET", where, text, _ADMIN, next_step="use a rename or a marker file"))
    return found


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
