"""The files of a submission that was taken over, for the person who sends it another way."""

from __future__ import annotations

import os
from pathlib import Path

from h2h.adapters import files
from h2h.core.errors import Misconfigured
from h2h.core.records import Submission
from h2h.pipeline.house import House
from h2h.pipeline.kept import converted_to, kept


def check_directory(directory: Path) -> None:
    """Before anything is decided: ``Misconfigured`` if nothing can be written there."""
    if not os.access(directory, os.W_OK | os.X_OK, effective_ids=True):
        raise Misconfigured(
            f"{directory}: h2h cannot write there, with the rights it works with here (uid {os.geteuid()})",
            hint="name a directory in which that user may write; nothing was changed",
        )


def to_export(house: House, sub: Submission) -> list[tuple[Path, str]]:
    """The sealed file under its name at the bank, and the bank's file if it is another: each as the journal knows it.

    ``Untrusted`` if one of them was changed in the archive: nobody sends it by hand, either.
    """
    sealed = plain = None
    if sub.remote_name and _has(house, sub, "40-sealed"):
        sealed = kept(house, sub, "40-sealed", sub.sealed_sha256)
    if _has(house, sub, "30-bank"):
        plain = kept(house, sub, "30-bank", converted_to(house.journal.events(sub.sid)))
    found = [(sealed, sub.remote_name or "")] if sealed is not None else []
    if plain is not None and (sealed is None or not files.same_bytes(plain, sealed)):
        found.append((plain, f"{sub.message_id or sub.sid}{plain.suffix}"))
    return found


def export(house: House, sub: Submission, directory: Path) -> list[Path]:
    """Write what is ``to_export``; the paths.

    Only their owner can read them: they are payment files. A file of that name and other content is not overwritten.
    """
    return [_write(source, directory / name) for source, name in to_export(house, sub)]


def _has(house: House, sub: Submission, start: str) -> bool:
    return house.archive.get(sub.sid, sub.received_at, start) is not None


def _write(source: Path, target: Path) -> Path:
    if not files.create(target, source, mode=0o600) and not files.same_bytes(target, source):
        raise Misconfigured(f"{target} exists with other content", hint="name another directory")
    return target
