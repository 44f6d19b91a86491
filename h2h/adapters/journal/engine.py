"""The database behind the journal: opened so that a commit is durable when it returns, or refused.

SQLite: rollback journal (TRUNCATE), ``synchronous=EXTRA``, on a local file system only. PostgreSQL: synchronous commit,
a server with fsync on, a dead connection noticed within a minute.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from h2h.adapters import files
from h2h.core.errors import Misconfigured, OutOfSpace, Unavailable

#: How long a writer waits for another process before it gives up with ``Unavailable``.
BUSY_SECONDS = 5.0
#: A process that is paused in the middle of a transaction loses it after so long, and what it held is free for others.
IDLE_SECONDS = 8.0
MOUNTS = Path("/proc/self/mounts")  # /proc/mounts is hidden by the unit's ProcSubset=pid
_NETWORK = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "fuse.sshfs", "fuse.glusterfs"}
)
#: A transaction that means to write says so, or two SQLite readers could each wait for the other to end.
WRITES = {"h2h_writes": True}
#: Under this key a connection to PostgreSQL knows on which timeline the server was when it was made.
TIMELINE = "h2h_timeline"
#: A standby confirms when it has written; less than that is lost with the primary.
_DURABLE = {"on", "remote_apply"}


def open_engine(
    url: str, *, instance: str, password: str | None = None, must_exist: bool = False, mounts: Path = MOUNTS
) -> Engine:
    """The engine for *url*; ``Misconfigured`` if the journal would not be safe there."""
    try:
        where = make_url(url)
    except (ArgumentError, ValueError) as problem:
        raise Misconfigured("journal.url is not a database URL", hint="sqlite:////path or postgresql://") from problem
    if where.password is not None:
        raise Misconfigured("journal.url holds a password", hint="put a reference to it under journal.password")
    if where.get_backend_name() == "sqlite":
        return _sqlite(where, must_exist, mounts)
    if where.get_backend_name() == "postgresql":
        return _postgresql(where, instance, password)
    raise Misconfigured(f"journal.url: {where.get_backend_name()} is not supported", hint="sqlite or postgresql")


def is_network_file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds *path*, or None; *mounts* as /proc/mounts."""
    path = path.resolve()
    found, kind = Path("/"), ""
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mounted = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[1]))
        if path.is_relative_to(mounted) and len(mounted.parts) >= len(found.parts):
            found, kind = mounted, fields[2]
    return kind if kind in _NETWORK else None


# ---------------------------------------------------------------------------------------------- SQLite


def _sqlite(where: URL, must_exist: bool, mounts: Path) -> Engine:
    if not where.database or where.database == ":memory:" or where.query:
        raise Misconfigured("the journal must be a file", hint="sqlite:////var/lib/h2h/journal.db")
    path = Path(where.database)
    if not path.is_absolute():
        raise Misconfigured(f"journal.url: '{path}' is relative", hint="four slashes: sqlite:////var/lib/…")
    network = is_network_file_system(path.parent, mounts)
    if network:
        raise Misconfigured(
            f"the journal {path} lies on a network file system ({network}), where SQLite loses data",
            hint="use a local disk, or PostgreSQL",
        )
    if not must_exist:
        _create_file(path)
    elif not path.exists():
        raise Misconfigured(f"there is no journal {path}", hint="it is made when h2h is started")
    engine = create_engine(
        where,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        pool_size=8,
        max_overflow=24,
        pool_timeout=30,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_file(path: Path) -> None:
    """Make an empty file that only h2h may read, its name durable, before SQLite would make one for everybody."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    except OSError as problem:
        if problem.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise OutOfSpace(f"no room for the journal {path}") from problem
        raise Misconfigured(f"the journal {path} cannot be made: {problem.strerror}") from problem
    os.close(descriptor)
    try:
        files.sync_directory(path.parent)
    except OSError as problem:
        raise Unavailable(f"the directory {path.parent} cannot be made durable: {problem.strerror}") from problem


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    mode = cursor.execute("PRAGMA journal_mode=TRUNCATE").fetchone()[0]
    cursor.execute("PRAGMA synchronous=EXTRA")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA trusted_schema=OFF")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()
    if mode != "truncate":
        raise sqlite3.OperationalError(f"journal mode is {mode}, not truncate")


def _begin_sqlite(connection: Connection) -> None:
    # The driver's own BEGIN is off (isolation_level None): it would begin late and deferred.
    writes = connection.get_execution_options().get("h2h_writes", False)
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


# ---------------------------------------------------------------------------------------------- PostgreSQL


def _postgresql(where: URL, instance: str, password: str | None) -> Engine:
    try:
        import psycopg  # noqa: F401
    except ImportError as problem:
        raise Misconfigured("the driver for PostgreSQL is missing", hint="pip install 'h2h[postgres]'") from problem
    options = (
        # A paused process must not hold a submission's row for ever; a lock is waited for as on SQLite.
        f"-c lock_timeout={int(BUSY_SECONDS * 1000)} -c statement_timeout=120000 "
        f"-c idle_in_transaction_session_timeout={int(IDLE_SECONDS * 1000)}"
    )
    engine = create_engine(
        where.set(drivername="postgresql+psycopg", password=password),
        connect_args={
            "application_name": f"h2h {instance}",
            "connect_timeout": 10,
            "options": options,
            "keepalives_idle": 20,
            "keepalives_interval": 5,
            "keepalives_count": 4,
            "tcp_user_timeout": 40000,
            # Of several hosts the one that may be written to: the other is a standby.
            "target_session_attrs": "read-write",
        },
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=24,
        pool_timeout=30,
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, record: Any) -> None:
    with connection.cursor() as cursor:
        settings = dict(
            cursor.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'server_encoding')"
            ).fetchall()
        )
        if settings.get("synchronous_commit") not in _DURABLE:
            cursor.execute("SET synchronous_commit = on")
        if cursor.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
            raise Unavailable("the journal's database is a standby: nothing can be written there")
        record.info[TIMELINE] = cursor.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()[0][:8]
    connection.commit()
    if settings.get("fsync") == "off":
        raise Misconfigured("the PostgreSQL server runs with fsync=off: what it confirms is not durable")
    if settings.get("server_encoding") != "UTF8":
        raise Misconfigured("the journal's database is not encoded in UTF8", hint="createdb -E UTF8 -T template0")
