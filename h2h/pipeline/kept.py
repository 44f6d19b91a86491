"""Artefacts that the journal knows by their digest: what is taken out of the archive is what was put there.

A disk that rots or a hand in the archive must not change a payment on its way: it is looked at before each step that
makes something of it, and what is not as it was is never sent.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from h2h.core.errors import Misconfigured, Untrusted
from h2h.core.records import Submission
from h2h.pipeline.house import House

_READ_BYTES = 1 << 20


def kept(house: House, sub: Submission, start: str, sha256: str | None) -> Path:
    """The artefact whose name starts so. ``Misconfigured`` if it is lost, ``Untrusted`` if it is not as it was kept.

    *sha256* is None where a journal of an earlier release does not know it.
    """
    path = house.archive.get(sub.sid, sub.received_at, start)
    if path is None:
        raise Misconfigured(f"the archive has lost {start} of submission {sub.sid}; nothing can be sent")
    if sha256 is not None and digest(path)[0] != sha256:
        raise Untrusted(
            f"{path} in the archive is not what h2h put there",
            hint="nothing of it is sent; the system administrator finds out what happened to the archive's disk",
        )
    return path


def digest(path: Path) -> tuple[str, int]:
    """(SHA-256, size)."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            sha256.update(block)
            size += len(block)
    return sha256.hexdigest(), size
