"""Artefacts that the journal knows by their digest: what is taken out of the archive is what was put there.

A disk that rots or a hand in the archive must not change a payment on its way, nor a bank's word: each is looked at
before a step makes something of it, and what is not as it was is never sent, matched or given to the ERP.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from h2h.core.errors import Misconfigured, Untrusted
from h2h.core.lifecycle import Event
from h2h.core.records import EventRecord, FileState, InboundFile, Submission
from h2h.pipeline.house import House

_READ_BYTES = 1 << 20
_HINT = "nothing is made of it; the system administrator finds out what happened to the archive's disk"


def kept(house: House, sub: Submission, start: str, sha256: str | None) -> Path:
    """The artefact whose name starts so. ``Misconfigured`` if it is lost, ``Untrusted`` if it is not as it was kept.

    *sha256* is None where a journal of an earlier release does not know it.
    """
    return _as_it_was(house, sub.sid, sub.received_at, start, sha256, f"submission {sub.sid}; nothing can be sent")


def kept_of_bank(house: House, file: InboundFile, start: str, sha256: str | None) -> Path:
    """The same of a bank's file."""
    return _as_it_was(house, file.fid, file.fetched_at, start, sha256, f"bank file {file.fid}")


def _as_it_was(house: House, owner: str, since: datetime, start: str, sha256: str | None, whose: str) -> Path:
    path = house.archive.get(owner, since, start)
    if path is None:
        raise Misconfigured(f"the archive has lost {start} of {whose}")
    if sha256 is not None and digest(path)[0] != sha256:
        raise Untrusted(
            f"{path} in the archive is not what h2h put there",
            hint=_HINT,
        )
    return path


def converted_to(history: Sequence[EventRecord]) -> str | None:
    """The digest of the bank's file as it was checked, and as a person may have released it."""
    told = [e for e in history if e.event == Event.CONVERTED]
    return told[-1].detail.get("sha256") if told else None


def read_as(house: House, file: InboundFile) -> str | None:
    """The digest of what the bank's file says, as it was read."""
    told = [e for e in house.journal.events(file.fid) if e.to_state == FileState.READ]
    return told[-1].detail.get("message_sha256") if told else None


class Hashed(io.BufferedReader):
    """An artefact that is read once, from its beginning, and what its bytes were that were read."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "r"))
        self._sha256 = hashlib.sha256()

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file."""
        data = super().read(-1 if size is None else size)
        self._sha256.update(data)
        return data

    def must_be(self, sha256: str | None) -> None:
        """``Untrusted`` if other bytes were read: the file was changed since it was looked at."""
        if sha256 is not None and self._sha256.hexdigest() != sha256:
            raise Untrusted(f"{self.name} was changed while it was read", hint=_HINT)


def digest(path: Path) -> tuple[str, int]:
    """(SHA-256, size)."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            sha256.update(block)
            size += len(block)
    return sha256.hexdigest(), size
