"""F29: two installations with journals of their own and one log-in at a bank. A file at the bank says whose it is.

It lies where uploads grow, under a name that the bank leaves alone. Neither installation knows of the other's payments:
what both were given, both would pay; and what one fetches, the other never sees. So the second one does neither.
"""

from __future__ import annotations

import io

from h2h.core.errors import InDoubt, Misconfigured, NotFound, NotSent, Refused
from h2h.pipeline.house import House, log
from h2h.ports import Session

NAME = ".h2h-owner.part"
_BYTES_MAX = 400


def claim(house: House, session: Session, bank: str) -> None:
    """See that the bank's log-in is this installation's: ``Misconfigured`` if not, ``Unavailable`` if nobody knows."""
    profile = house.settings.bank_of(bank)
    if not profile.submission.claim or not house.identity:
        return
    folder = profile.folders.growing
    known = _read(session, folder)
    if known is None:
        try:
            session.create(folder, NAME, io.BytesIO(f"{house.identity}\n".encode()))
            log.info("bank.claimed", bank=bank)
        except (NotSent, InDoubt) as problem:
            log.info("bank.not-claimed", bank=bank, problem=str(problem))  # another one was quicker, perhaps
        known = _read(session, folder)
    if known is None:
        raise Misconfigured(
            f"bank {bank} does not keep {folder}/{NAME}, which says whose log-in this is",
            hint="ask the bank, or set claim = false in its profile",
        )
    if known != house.identity:
        raise AnotherInstallation(
            f"another installation, '{known}', works with this log-in at bank {bank}; this one is '{house.identity}'",
            hint=f"one log-in, one installation. If that one is gone for ever, remove {folder}/{NAME} at the bank",
        )


class AnotherInstallation(Misconfigured):
    """Somebody else works with this log-in at the bank."""


def _read(session: Session, folder: str) -> str | None:
    sink = io.BytesIO()
    try:
        session.fetch(folder, NAME.encode(), sink, _BYTES_MAX)
    except NotFound:
        return None
    except Refused:
        return "a file that is none of h2h's"
    return sink.getvalue().decode("utf-8", "replace").strip()[:100]
