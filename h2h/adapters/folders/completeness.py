"""When a payment file is whole: what its marker says, how long it has been at rest, whether somebody writes to it."""

from __future__ import annotations

import fcntl
import os
import re
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from h2h.core.control import NO_TOTALS, StatedTotals

MARKER_BYTES_MAX = 4096
_DISTURBED = timedelta(seconds=2)  # a file changed so long after its marker is not what the marker spoke of


@dataclass(frozen=True, slots=True)
class Marker:
    """What a marker file says of its file; ``fault`` is why it cannot be understood."""

    size: int | None = None
    sha256: str | None = None
    fault: str | None = None
    totals: StatedTotals = NO_TOTALS


def read_marker(text: bytes) -> Marker:
    """``size=``, ``sha256=``, ``count=`` and ``sum=`` anywhere in it, each with one value; all else is the ERP's own.

    ``records:`` and ``total:`` are understood too, and a line as ``sha256sum`` writes it.
    """
    if len(text) > MARKER_BYTES_MAX:
        return Marker(fault=f"the marker is larger than {MARKER_BYTES_MAX} bytes")
    content = text.decode("ascii", "replace")
    said: dict[str, str] = {}
    stated = re.findall(rf"(?i)\b({'|'.join(_KEYS)})\s*[=:]\s*([^\s;]*)", content)
    stated += [("sha256", digest) for digest in re.findall(r"(?m)^([0-9A-Fa-f]{64})(?=[ \t]|\r?$)", content)]
    for key, value in stated:
        key, value = _KEYS[key.lower()], value.rstrip(",")
        if said.setdefault(key, value) != value:
            return Marker(fault=f"the marker gives {key} twice")
    size, sha256 = said.get("size"), said.get("sha256")
    if size is not None and not re.fullmatch(r"[0-9]{1,15}", size):
        return Marker(fault="size= in the marker is not a number of bytes")
    if sha256 is not None and not re.fullmatch(r"[0-9A-Fa-f]{64}", sha256):
        return Marker(fault="sha256= in the marker is not a SHA-256")
    count, total = said.get("count"), said.get("sum")
    if count is not None and not re.fullmatch(r"[0-9]{1,9}", count):
        return Marker(fault="count= in the marker is not a number of payments")
    if total is not None and not re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,5}|,[0-9]{1,2})?", total):
        return Marker(
            fault="sum= in the marker is not an amount (digits, and decimals after a point, or two after a comma)"
        )
    totals = StatedTotals(
        int(count) if count is not None else None, Decimal(total.replace(",", ".")) if total is not None else None
    )
    digest = sha256.lower() if sha256 is not None else None
    return Marker(int(size) if size is not None else None, digest, totals=totals)


#: What a marker may say, and what it means.
_KEYS = {
    "size": "size", "bytes": "size", "sha256": "sha256", "count": "count", "records": "count", "payments": "count",
    "sum": "sum", "total": "sum",
}  # fmt: skip


class Rest:
    """How long things have not changed, as seen by this process at the times it was given."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[object, datetime]] = {}

    def unchanged(self, name: str, signature: object, now: datetime) -> timedelta:
        """Since when *name* has had this *signature*; zero when it is new, changed, or the clock went back."""
        known = self._since.get(name)
        if known is None or known[0] != signature or known[1] > now:
            self._since[name] = (signature, now)
            return timedelta(0)
        return now - known[1]

    def keep_only(self, names: set[str]) -> None:
        """Forget all others: they have left the folder."""
        self._since = {n: s for n, s in self._since.items() if n in names}


def signature(state: os.stat_result) -> tuple[int, int, int, int]:
    """What changes when a file is written to."""
    return (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def at_rest_for(state: os.stat_result, now: datetime) -> timedelta:
    """How long the kernel itself has seen no change: its own time of change cannot be set by a copying tool."""
    seconds = now.timestamp() - max(state.st_mtime, state.st_ctime)  # no datetime: a file's time can be any number
    return timedelta(seconds=seconds) if 0 < seconds < timedelta.max.total_seconds() else timedelta(0)


def disturbed_after(state: os.stat_result, marker: os.stat_result) -> bool:
    """True if the file was written to clearly after its marker."""
    return state.st_mtime_ns - marker.st_mtime_ns > _DISTURBED.total_seconds() * 1e9


def has_writer(fd: int) -> bool:
    """True if some process on this machine has the file open for writing; False also where that cannot be known.

    A read lease is refused while there is a writer. It is given back at once; should a writer come in that instant, the
    kernel's signal is one that nobody listens to.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # another user's file, or a file system without leases: the quiet time alone decides
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
