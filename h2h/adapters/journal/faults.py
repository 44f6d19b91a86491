"""What the databases' errors mean: who must act, and may the step be tried again.

No exception of SQLAlchemy or of a driver leaves the journal. Whether the transaction took place is unknown after any
``Unavailable``: the caller reads the row again. After ``NotDurable`` the process ends, and looks afresh when it starts.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from h2h.core.errors import (
    H2HError,
    IllegalTransition,
    Misconfigured,
    NotDurable,
    OutOfSpace,
    StaleState,
    Unavailable,
)

_RESTORE = "keep a copy of the file, restore the newest backup, then start h2h: the ledger tells what the backup lacks"

#: constraint (PostgreSQL) and columns (SQLite) → what it means.
_CONSTRAINTS: tuple[tuple[str, str, type[H2HError], str], ...] = (
    (
        "uq_submissions_bank_remote_name",
        "submissions.bank, submissions.remote_name",
        Misconfigured,
        "another submission to this bank already has this remote name; the bank profile's submission.remote_name must "
        "name message_id or sequence",
    ),
    (
        "uq_submissions_bank_sequence",
        "submissions.bank, submissions.sequence",
        StaleState,
        "another submission to this bank already has this sequence number",
    ),
    (
        "uq_submissions_claim",
        "submissions.claim",
        IllegalTransition,
        "another submission of the same bytes is alive",
    ),
    (
        "pk_commit_intents",
        "commit_intents.sid, commit_intents.generation",
        IllegalTransition,
        "a temporary name was already committed for this generation of the submission",
    ),
    (
        "fk_payment_events_payments",
        "FOREIGN KEY constraint failed",
        IllegalTransition,
        "a row that others refer to would be lost, or refers to nothing",
    ),
)


@contextmanager
def translated() -> Iterator[None]:
    """Inside, every error of the database leaves as one of h2h's; errors of the caller's own code pass unchanged."""
    try:
        yield
    except exc.StatementError as problem:
        raise _meaning(problem) from problem
    except exc.TimeoutError as problem:
        raise Unavailable("all connections to the journal's database are in use") from problem
    except exc.SQLAlchemyError as problem:
        raise Misconfigured(f"the journal cannot be used: {problem}") from problem
    except sqlite3.Error as problem:
        raise _sqlite(problem) from problem


def _meaning(problem: exc.StatementError) -> BaseException:
    origin = problem.orig
    if isinstance(origin, sqlite3.Error):
        return _sqlite(origin)
    if isinstance(problem, exc.DBAPIError):
        return _postgresql(problem)
    # A value that a column refuses (a float as an amount): the caller's mistake, said in its own words.
    return origin or Misconfigured(f"the journal cannot be used: {problem}")


def _sqlite(origin: sqlite3.Error) -> H2HError | NotDurable:
    name = getattr(origin, "sqlite_errorname", "") or ""
    if isinstance(origin, sqlite3.IntegrityError):
        return _violated(str(origin), column=1)
    if name in {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}:
        # The kernel may have dropped what it could not write and says so once only: a later commit would look sound.
        return NotDurable(errno.EIO, f"fsync of the journal failed ({origin})")
    if name == "SQLITE_FULL":
        return OutOfSpace("there is no room left on the journal's file system")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Misconfigured(f"the journal's file is damaged ({origin})", hint=_RESTORE)
    if name in {"SQLITE_ERROR", "SQLITE_MISMATCH", "SQLITE_SCHEMA", "SQLITE_TOOBIG", "SQLITE_MISUSE"}:
        return Misconfigured(f"the journal does not have the tables that this h2h expects ({origin})", hint=_RESTORE)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable("another process holds the journal")
    # I/O errors, a file system that became read-only or went away, no memory.
    return Unavailable(f"the journal cannot be used just now ({name or type(origin).__name__}: {origin})")


def _postgresql(problem: exc.DBAPIError) -> H2HError:
    origin = problem.orig
    code = str(getattr(origin, "sqlstate", None) or "")
    text = str(origin).strip().splitlines()[0] if str(origin).strip() else type(origin).__name__
    if isinstance(problem, exc.IntegrityError):
        constraint = getattr(getattr(origin, "diag", None), "constraint_name", None)
        return _violated(constraint or text, column=0)
    if code == "53100":
        return OutOfSpace(f"the journal's database has no room left ({text})")
    if code.startswith(("XX001", "XX002")):
        return Misconfigured(f"the journal's database is damaged ({text})", hint=_RESTORE)
    if code.startswith(("28", "3D", "3F", "42", "22", "0A")):
        return Misconfigured(f"the journal's database refuses h2h ({code}: {text})")
    # Connection lost, server stopping, standby, deadlock, lock or statement time-out, too many connections.
    return Unavailable(f"the journal's database cannot be used just now ({text})")


def _violated(what: str, *, column: int) -> H2HError:
    for constraint, columns, meaning, words in _CONSTRAINTS:
        if (constraint, columns)[column] in what:
            return meaning(words)
    return IllegalTransition(f"the journal's database refuses the change ({what})")
