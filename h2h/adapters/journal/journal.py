"""The journal over SQLAlchemy Core: the same code on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType

from h2h.adapters.journal.desk import Desk
from h2h.adapters.journal.engine import open_engine
from h2h.adapters.journal.history import History
from h2h.adapters.journal.inbound import Inbound
from h2h.adapters.journal.migrate import bring_up_to_date
from h2h.adapters.journal.nodes import Nodes
from h2h.adapters.journal.queries import Queries
from h2h.adapters.journal.submissions import Submissions


class SqlJournal(Submissions, Queries, History, Inbound, Desk, Nodes):
    """Implements ``ports.Journal``. Threads may share it; ``close`` it when the work is done."""

    def __enter__(self) -> SqlJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_(url: str, *, instance: str, now: datetime, password: str | None, must_exist: bool) -> SqlJournal:
    """See ``h2h.adapters.journal.open_journal``."""
    journal = SqlJournal(open_engine(url, instance=instance, password=password, must_exist=must_exist))
    try:
        bring_up_to_date(journal, only_check=must_exist)
        journal.belong_to(instance, now)
    except BaseException:
        journal.close()
        raise
    return journal
