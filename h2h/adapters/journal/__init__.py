"""The journal and the ledger: what h2h remembers, and the second witness that it may not forget.

SQLAlchemy and Alembic are imported when a journal is opened, not before.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from h2h.adapters.journal.ledger import FileLedger
from h2h.core.errors import Misconfigured

if TYPE_CHECKING:
    from h2h.adapters.journal.journal import SqlJournal

__all__ = ["FileLedger", "default_url", "open_journal"]


def default_url(state_dir: Path) -> str:
    """The URL of the SQLite journal in *state_dir*, for a configuration that names none."""
    path = state_dir.absolute() / "journal.db"
    if "?" in str(path):
        raise Misconfigured(f"the state directory {state_dir} has a '?' in its name, which no database URL can hold")
    return f"sqlite:///{path}"


def open_journal(
    url: str, *, instance: str, now: datetime, password: str | None = None, must_exist: bool = False
) -> SqlJournal:
    """Open the journal at *url*, make it if it is new, bring it up to this release.

    With *must_exist* nothing is made or migrated: ``Misconfigured`` if there is no journal of this release.

    ``Misconfigured``: another installation's, a newer release's, damaged, on a network file system, URL or driver.
    ``Unavailable``: locked by another process, server not reachable. ``OutOfSpace``.
    """
    from h2h.adapters.journal.journal import open_

    return open_(url, instance=instance, now=now, password=password, must_exist=must_exist)
