"""A bank's file that was set aside is taken again, from the archive: a person has mended why, or found nothing wrong.

A key was pinned, a format added, h2h mended. Every check is made anew, from the signature on, so that nothing is
trusted because somebody wants it: what is still wrong is set aside again. If the bank has sent the message again
meanwhile, this one is its duplicate.
"""

from __future__ import annotations

from h2h.core.errors import IllegalTransition
from h2h.core.records import FileState, InboundFile
from h2h.pipeline.house import House, log
from h2h.pipeline.kept import kept_of_bank
from h2h.pipeline.packed import PART, came_in_archive


def reread(house: House, fid: str, *, actor: str, reason: str) -> InboundFile:
    """QUARANTINED → FETCHED. ``IllegalTransition`` from elsewhere; ``Untrusted`` if the archive's copy has changed."""
    file = house.journal.file(fid)
    if file.state is not FileState.QUARANTINED:
        raise IllegalTransition(f"{file.remote_name} ({fid}) is {file.state}; only what was set aside is read again")
    kept_of_bank(house, file, "10-received", file.sha256)
    moved_on = house.journal.move_file(
        file,
        FileState.FETCHED,
        at=house.now(),
        detail={"actor": actor, "reason_text": reason},
        kind=PART if came_in_archive(file) else None,
        content_sha256=None,  # until it is opened again it is nobody's first
        reason=None,
        reason_text=None,
    )
    log.info("file.reread", fid=fid, bank=file.bank, actor=actor)
    return moved_on
