"""What a bank packs before it sends it: a ZIP archive of one or many files, or gzip. Unpacked within bounds.

Nothing is written under a name that an archive gives, and no size that it states is trusted: what comes out is counted.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from h2h.core.errors import Refused
from h2h.core.findings import WhoActs, error
from h2h.core.foreign import HEAD_BYTES, is_packed

#: More files are no day's statements of anybody.
ENTRIES_MAX = 1000
_BLOCK = 1 << 16
_ENCRYPTED = 0x1
_GZIP = 16 + zlib.MAX_WBITS
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)


def unpack(source: BinaryIO, into: Callable[[int], BinaryIO], bytes_max: int) -> list[str]:
    """Write the n-th file of *source*, which ``is_packed``, to ``into(n)``, from 0; their names ("" for gzip).

    ``Refused``: damaged, with a password, empty, packed twice, of too many files, or of more than *bytes_max* bytes.
    """
    if source.read(2) == b"\x1f\x8b":
        source.seek(0)
        _written(_of_gzip(source), into(0), bytes_max)
        return [""]
    source.seek(0)
    return _of_zip(source, into, bytes_max)


def _of_zip(source: BinaryIO, into: Callable[[int], BinaryIO], bytes_max: int) -> list[str]:
    try:
        archive = zipfile.ZipFile(source)
    except (*_DAMAGE, OSError) as problem:
        raise _refused(f"the ZIP archive is damaged or cut off: {problem}") from problem
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    names = [entry.filename for entry in entries]
    if not entries:
        raise _refused("the ZIP archive holds no file")
    if len(entries) > ENTRIES_MAX:
        raise _refused(f"the ZIP archive holds {len(entries):,} files; at most {ENTRIES_MAX:,} are unpacked")
    if "" in names:
        raise _refused("a file in the ZIP archive has no name")
    if len(set(names)) < len(names):
        raise _refused("two files in the ZIP archive have the same name")
    left = bytes_max
    for number, entry in enumerate(entries):
        if entry.flag_bits & _ENCRYPTED:
            raise _refused("the ZIP archive has a password")
        left -= _written(_of_entry(archive, entry), into(number), left)
    return names


def _of_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(entry) as file:
            while block := file.read(_BLOCK):
                yield block
    except _DAMAGE as problem:
        raise _refused(f"a file in the ZIP archive is damaged: {problem}") from problem


def _of_gzip(source: BinaryIO) -> Iterator[bytes]:
    """All members, one after the other, as ``gzip`` itself reads them (RFC 1952, section 2.2)."""
    data = source.read(_BLOCK)
    while data:
        member, ended = zlib.decompressobj(_GZIP), False
        while not ended:
            try:
                block = member.decompress(data, _BLOCK)
            except zlib.error as problem:
                raise _refused(f"the gzip file is damaged: {problem}") from problem
            if block:
                yield block
            elif not data:
                raise _refused("the gzip file is cut off")
            ended = member.eof
            data = member.unconsumed_tail or (b"" if ended else source.read(_BLOCK))
        data = member.unused_data or source.read(_BLOCK)


def _written(blocks: Iterator[bytes], out: BinaryIO, bytes_max: int) -> int:
    """How many bytes were written; an archive in the archive is not unpacked again."""
    size, head = 0, b""
    with out:
        for block in blocks:
            size += len(block)
            if size > bytes_max:
                raise _refused(f"unpacked it is longer than a file may be ({bytes_max:,} bytes are left)")
            head = head or block[:HEAD_BYTES]
            out.write(block)
    if is_packed(head):
        raise _refused("it holds a packed file; only one layer is unpacked")
    return size


def _refused(text: str) -> Refused:
    step = "ask the bank to send the files again, each by itself or in one plain archive"
    return Refused([error("H2H-PACKED", "the file", text, WhoActs.BANK, next_step=step)])
