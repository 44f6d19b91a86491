"""A bank's file that is an archive: one file in it is the message itself; of many, each becomes a file of its own.

The archive was decrypted and its signature checked before; what is in it needs neither. Each step may be taken again
after a crash: the same archive gives the same files under the same ids.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from h2h.core.foreign import HEAD_BYTES, is_packed
from h2h.core.naming import safe_name
from h2h.core.packed import unpack
from h2h.core.records import FileState, InboundFile
from h2h.pipeline.house import House, log

#: Kind and reason of an archive whose files went on by themselves.
ARCHIVE, UNPACKED = "archive", "UNPACKED"
#: Kind of a file that came in an archive, until it is read. No name that a bank gives makes one: it needs no signature.
PART = "part-of-archive"
_NAMED_MAX = 5


def came_in_archive(file: InboundFile) -> bool:
    """True if it was unpacked from another file, whose signature is its own; whatever it was read as since then."""
    return "-" in file.fid


def looks_packed(path: Path) -> bool:
    """Whether it is to be unpacked."""
    with path.open("rb") as file:
        return is_packed(file.read(HEAD_BYTES))


def unpacked(house: House, file: InboundFile, archive: Path) -> list[tuple[str, Path]]:
    """(name, private copy) of each file in it. ``Refused``."""
    paths: list[Path] = []
    place = house.archive.scratch(unpacking_place(file))

    def into(number: int) -> BinaryIO:
        paths.append(place / f"{number}")
        return paths[-1].open("wb")

    with archive.open("rb") as source:
        names = unpack(source, into, house.settings.limits.file_bytes_max)
    return list(zip(names, paths, strict=True))


def unpacking_place(file: InboundFile) -> str:
    """Whose scratch directory it is that an archive is unpacked in."""
    return f"{file.fid}~unpack"


def take_apart(house: House, file: InboundFile, archive: Path, content: str) -> InboundFile:
    """Every file of the archive goes on by itself; the archive has arrived when all of them are journalled.

    *content* is the archive's own hash: sent again under another encryption it is known by that.
    """
    parts = unpacked(house, file, archive)
    for number, (name, path) in enumerate(parts, start=1):
        raw = file.remote_name_raw + b"/" + name.encode("utf-8", "surrogateescape")
        digest = hashlib.sha256()
        with path.open("rb") as source:
            while block := source.read(1 << 20):
                digest.update(block)
        part = replace(
            file,
            fid=f"{file.fid}-{number}",  # see `came_in_archive`
            remote_name=safe_name(raw),
            remote_name_raw=raw,
            size=path.stat().st_size,
            sha256=digest.hexdigest(),
            state=FileState.FETCHED,
            kind=PART,
            removed=True,  # it never was at the bank by itself
            content_sha256=None,
        )
        house.archive.put(part.fid, part.fetched_at, "10-received", path)
        house.journal.fetched(part)
    named = ", ".join(name for name, _ in parts[:_NAMED_MAX])
    more = f" and {len(parts) - _NAMED_MAX} more" if len(parts) > _NAMED_MAX else ""
    text = f"an archive of {len(parts)} files, each of which goes on by itself: {named}{more}"
    moved_on = house.journal.move_file(
        file,
        FileState.DELIVERED,
        at=house.now(),
        kind=ARCHIVE,
        reason=UNPACKED,
        reason_text=text,
        content_sha256=content,
    )
    house.settle("file-waits", file.fid, "it was unpacked")
    log.info("file.unpacked", fid=file.fid, bank=file.bank, files=len(parts))
    return moved_on
