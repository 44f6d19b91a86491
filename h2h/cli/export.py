"""The files of a submission that was taken over, for the person who sends it another way."""

from __future__ import annotations

import os
from pathlib import Path

from h2h.adapters import files
from h2h.core.errors import Misconfigured
from h2h.core.records import Submission
from h2h.ports import Archive


def check_directory(directory: Path) -> None:
    """Before anything is decided: ``Misconfigured`` if nothing can be written there."""
    if not os.access(directory, os.W_OK | os.X_OK, effective_ids=True):
        raise Misconfigured(
            f"{directory}: h2h cannot write there, with the rights it works with here (uid {os.geteuid()})",
            hint="name a directory in which that user may write; nothing was changed",
        )


def export(archive: Archive, sub: Submission, directory: Path) -> list[Path]:
    """Write the sealed file under its name at the bank, and the bank's file beside it if it is another; their paths.

    Only their owner can read them: they are payment files. A file of that name and other content is not overwritten.
    """
    sealed = archive.get(sub.sid, sub.received_at, "40-sealed")
    plain = archive.get(sub.sid, sub.received_at, "30-bank")
    made = []
    if sealed is not None and sub.remote_name:
        made.append(_write(sealed, directory / sub.remote_name))
    if plain is not None and (sealed is None or not files.same_bytes(plain, sealed)):
        made.append(_write(plain, directory / f"{sub.message_id or sub.sid}{plain.suffix}"))
    return made


def _write(source: Path, target: Path) -> Path:
    if not files.create(target, source, mode=0o600) and not files.same_bytes(target, source):
        raise Misconfigured(f"{target} exists with other content", hint="name another directory")
    return target
