"""A PostgreSQL server of the tests' own: a cluster in a temporary directory, one a test process, run by no root."""

from __future__ import annotations

import atexit
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.conftest import missing

_names = count(1)
_INITDB = ("-U", "h2h", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")


@dataclass(frozen=True)
class Cluster:
    """A running server, reached over TCP on the loopback and over a socket in ``directory``."""

    directory: Path
    port: int
    programs: Path

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"journal_{os.getpid()}_{next(_names)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str, port: int | None = None) -> str:
        """The URL of a database, by the server's port or another (a proxy's)."""
        return f"postgresql://h2h@127.0.0.1:{port or self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside a transaction; its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start it; returns when it answers."""
        options = f"-p {self.port} -k {self.directory} -c listen_addresses=127.0.0.1 -c max_connections=60"
        self._control("-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it, as ``pg_ctl -m`` calls it."""
        self._control("-m", mode, "stop")

    def kill(self) -> None:
        """SIGKILL the server and all that belongs to it, as a machine that loses its power."""
        pid = int((self.directory / "data" / "postmaster.pid").read_text().split()[0])
        family = {pid, *(int(row[0]) for row in self.sql("SELECT pid FROM pg_stat_activity"))}
        for one in family:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def promote(self) -> None:
        """A standby becomes the primary, on a history of its own."""
        self._control("promote")

    def _control(self, *words: str) -> None:
        log = self.directory / "log"
        _as_user([str(self.programs / "pg_ctl"), "-D", str(self.directory / "data"), "-l", str(log), "-w", *words])


@functools.cache
def cluster() -> Cluster:
    """The server, started when a test first asks for it; ends the test where PostgreSQL is not installed."""
    programs = _programs()
    directory = _directory()
    _as_user([str(programs / "initdb"), "-D", str(directory / "data"), *_INITDB])
    made = Cluster(directory, _free_port(), programs)
    made.start()
    atexit.register(_away, made)
    return made


def _directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="h2h-pg-"))
    if os.geteuid() == 0:
        os.chown(directory, _user().pw_uid, _user().pw_gid)
    return directory


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def pair(*, synchronous: bool) -> Iterator[tuple[Cluster, Cluster]]:
    """A primary and its standby, both running, with an empty database ``journal``; both gone at the end."""
    programs = cluster().programs
    primary, standby = (Cluster(_directory(), _free_port(), programs) for _ in range(2))
    data = str(primary.directory / "data")
    _as_user([str(programs / "initdb"), "-D", data, *_INITDB])
    try:
        primary.start()
        primary.sql("CREATE DATABASE journal")
        copy = [str(programs / "pg_basebackup"), "-D", str(standby.directory / "data"), "-R", "-X", "stream"]
        _as_user([*copy, "-c", "fast", "-h", "127.0.0.1", "-p", str(primary.port), "-U", "h2h", "--no-sync"])
        standby.start()
        if synchronous:
            primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.sql("SELECT pg_reload_conf()")
        _wait_for_standby(primary, "sync" if synchronous else "async")
        yield primary, standby
    finally:
        for one in (primary, standby):
            if (one.directory / "data" / "postmaster.pid").exists():
                with suppress(AssertionError):  # killed: it is not there any more
                    one.stop("immediate")
            shutil.rmtree(one.directory)


def _wait_for_standby(primary: Cluster, state: str) -> None:
    for _ in range(300):
        if primary.sql("SELECT sync_state FROM pg_stat_replication") == [(state,)]:
            return
        time.sleep(0.05)
    raise AssertionError(f"no standby that is {state}")


def _away(made: Cluster) -> None:
    made.stop("immediate")
    shutil.rmtree(made.directory)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    named = shutil.which("initdb")
    if not found and not named:
        missing("a PostgreSQL server (initdb)")
    if os.geteuid() == 0:
        try:
            _user()
        except KeyError:
            missing("the user postgres, as whom the server would run (root may not)")
    return found[-1].parent if found else Path(named or "").resolve().parent


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam("postgres")


def _as_user(command: list[str]) -> None:
    if os.geteuid() == 0:
        user = _user()
        command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]
    # The server must not inherit pipes: it would keep a reader waiting for ever.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", check=False)
        if done.returncode != 0:
            said.seek(0)
            raise AssertionError(f"{command}: {said.read().decode(errors='replace')}")
