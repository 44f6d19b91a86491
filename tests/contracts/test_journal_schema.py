"""How a journal is opened: its tables by migration, its owner, its release, and when it is refused."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.audit import damage, replay
from h2h.adapters.journal.engine import is_network_file_system, open_engine
from h2h.adapters.journal.migrate import HEAD, MIGRATIONS
from h2h.adapters.journal.store import Store
from h2h.adapters.journal.tables import metadata
from h2h.core.errors import H2HError, Misconfigured
from tests.contracts.journals import NOW, Place
from tests.contracts.postgres import cluster

pytest_plugins = ["tests.contracts.places"]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """Makes empty places."""
    numbers = iter(range(9))

    def make() -> Place:
        if request.param == "postgresql":
            return Place(cluster().new_database())
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return Place(default_url(folder))

    return make


def engine_of(place: Place) -> sa.Engine:
    return open_engine(place.url, instance="house")


def run(place: Place, *statements: str) -> None:
    engine = engine_of(place)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def described(engine: sa.Engine) -> dict[str, Any]:
    """All that the database says about its tables, in comparable words."""
    inspector = sa.inspect(engine)
    found: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        columns = [
            (c["name"], str(c["type"]), c["nullable"], str(c.get("default"))) for c in inspector.get_columns(table)
        ]
        found[table] = {
            "columns": columns,
            "primary key": inspector.get_pk_constraint(table),
            "unique": sorted(map(str, inspector.get_unique_constraints(table))),
            "foreign keys": sorted(map(str, inspector.get_foreign_keys(table))),
            "indexes": sorted(str(_in_words(index)) for index in inspector.get_indexes(table)),
        }
    return found


def _in_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_words(inner) for name, inner in value.items()}
    return str(value)


# ---------------------------------------------------------------------------------------------- tables


def test_the_schema_from_zero_is_the_schema_by_migration(new_place: Callable[[], Place]) -> None:
    migrated, made = new_place(), new_place()
    migrated.open().close()
    one, other = engine_of(migrated), engine_of(made)
    metadata.create_all(other)
    assert described(one) == described(other)
    assert len(described(one)) == len(metadata.tables)
    with one.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    one.dispose()
    other.dispose()


def test_the_journal_of_every_release_opens_and_its_histories_lead_to_its_rows(tmp_path: Path, root: Path) -> None:
    dumps = sorted((root / "tests" / "contracts" / "journals_of_releases").glob("*.sql"))
    assert dumps
    for dump in dumps:
        folder = tmp_path / dump.stem
        folder.mkdir()
        with closing(sqlite3.connect(folder / "journal.db")) as old:
            old.executescript(dump.read_text(encoding="utf-8"))
        with open_journal(default_url(folder), instance="house", now=NOW) as journal:
            subs = journal.submissions()
            assert [sub.state for sub in subs] == ["DUPLICATE", "ACCEPTED"]
            assert [replay(journal.events(sub.sid)) for sub in subs] == [sub.state for sub in subs]
            assert [str(p.amount) for p in journal.payments(subs[1].sid)] == ["10.50", "10.50"]
            assert damage(journal) == []


def test_this_release_is_the_last_of_the_migrations() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_a_journal_of_a_newer_release_is_refused_and_left_alone(new_place: Callable[[], Place]) -> None:
    place = new_place()
    place.open().close()
    run(place, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Misconfigured, match="newer h2h"):
        place.open()
    with pytest.raises(Misconfigured, match="another release"):
        open_journal(place.url, instance="house", now=NOW, must_exist=True)


def test_a_database_that_is_something_elses_is_refused(new_place: Callable[[], Place]) -> None:
    place = new_place()
    run(place, "CREATE TABLE events (x integer)")
    with pytest.raises(Misconfigured, match="not h2h's"):
        place.open()


def test_a_journal_of_another_installation_is_refused(new_place: Callable[[], Place]) -> None:
    place = new_place()
    place.open("house").close()
    with pytest.raises(Misconfigured, match="'house'"):
        place.open("another")
    place.open("house").close()


def test_two_who_make_the_journal_at_once_make_one(new_place: Callable[[], Place]) -> None:
    place = new_place()
    problems: list[BaseException] = []

    def make() -> None:
        try:
            open_journal(place.url, instance="house", now=NOW).close()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert place.open().submissions() == []
    place.opened[-1].close()


def test_who_only_looks_makes_nothing(new_place: Callable[[], Place]) -> None:
    place = new_place()
    with pytest.raises(Misconfigured):
        open_journal(place.url, instance="house", now=NOW, must_exist=True)
    if place.url.startswith("sqlite"):
        assert not Path(place.url.removeprefix("sqlite:///")).exists()
    place.open().close()
    open_journal(place.url, instance="house", now=NOW, must_exist=True).close()


def test_a_lost_table_is_said_in_words_of_h2h(new_place: Callable[[], Place]) -> None:
    place = new_place()
    journal = place.open()
    run(place, "DROP TABLE attention")
    with pytest.raises(Misconfigured):
        journal.attention()
    journal.close()


# ---------------------------------------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:///journal.db", "relative"),
        ("sqlite:////var/x.db?mode=memory", "must be a file"),
        ("mysql://h2h@host/journal", "not supported"),
        ("postgresql://h2h:geheim@host/journal", "password"),
        ("nonsense", "not a database URL"),
        ("oracle+nothing://x", "not supported"),
    ],
)
def test_a_url_that_cannot_hold_a_journal_is_refused(url: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as refusal:
        open_journal(url, instance="house", now=NOW)
    assert "geheim" not in str(refusal.value)


def test_a_server_that_refuses_h2h_or_is_not_there_is_said_in_words_of_h2h() -> None:
    with pytest.raises(H2HError):
        open_journal(cluster().url("no_such_database"), instance="house", now=NOW)
    with pytest.raises(H2HError):
        open_journal(cluster().url("postgres", port=1), instance="house", now=NOW)


def test_the_default_journal_lies_in_the_state_directory(tmp_path: Path) -> None:
    folder = tmp_path / "with space % and #"
    folder.mkdir()
    open_journal(default_url(folder), instance="house", now=NOW).close()
    assert (folder / "journal.db").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Misconfigured):
        default_url(tmp_path / "what?")


def test_a_directory_that_is_not_there_or_not_ours_is_said_in_words_of_h2h(tmp_path: Path, as_somebody: Any) -> None:
    with pytest.raises(Misconfigured, match="cannot be made"):
        open_journal(f"sqlite:///{tmp_path}/nowhere/journal.db", instance="house", now=NOW)
    tmp_path.chmod(0o755)
    with as_somebody, pytest.raises(Misconfigured, match="cannot be made"):
        open_journal(default_url(Path("/")), instance="house", now=NOW)


# ---------------------------------------------------------------------------------------------- durability


def test_every_connection_to_sqlite_commits_durably(tmp_path: Path) -> None:
    engine = open_engine(default_url(tmp_path), instance="house")
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            values = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
            assert values == ["truncate", 3, 1, 5000]
    engine.dispose()


def test_a_commit_to_sqlite_is_synchronised_with_the_disk(tmp_path: Path, program: Callable[[str], str]) -> None:
    open_journal(default_url(tmp_path), instance="house", now=NOW).close()
    script = (
        "import os, sys\n"
        "from h2h.core.findings import WhoActs\n"
        "from h2h.core.records import NewAttention\n"
        "from tests.contracts.journals import NOW, Place\n"
        "journal = Place(sys.argv[1]).open()\n"
        "os.write(1, b'begin')\n"
        "for n in range(3): journal.attend([NewAttention('k', str(n), 't', WhoActs.BANK)], at=NOW)\n"
        "os.write(1, b'end')\n"
    )
    trace = tmp_path / "trace"
    command = [program("strace"), "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,write", "-e", "signal=none"]
    subprocess.run([*command, sys.executable, "-c", script, default_url(tmp_path)], check=True, capture_output=True)
    between = trace.read_text().partition('"begin"')[2].partition('"end"')[0]
    assert between.count("sync(") >= 3 * 4, "journal, database and directory, for each commit"


def test_postgresql_confirms_only_what_is_durable() -> None:
    url = cluster().new_database()
    name = url.rpartition("/")[2]
    cluster().sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    engine = open_engine(url, instance="house")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "h2h house"
    engine.dispose()


def test_sqlite_on_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\n"
        f"server:/export {tmp_path}/with\\040space nfs4 rw 0 0\n"
        f"tmpfs {tmp_path}/with\\040space/local tmpfs rw 0 0\n"
        f"//server/share {tmp_path}/share cifs rw 0 0\n"
    )
    there = tmp_path / "with space"
    assert is_network_file_system(there / "deep", mounts) == "nfs4"
    assert is_network_file_system(there / "local" / "deep", mounts) is None
    assert is_network_file_system(tmp_path / "share", mounts) == "cifs"
    assert is_network_file_system(tmp_path / "shared", mounts) is None
    there.mkdir()
    with pytest.raises(Misconfigured, match="network file system"):
        open_engine(default_url(there), instance="house", mounts=mounts)
    assert list(there.iterdir()) == []


def test_transactions_that_write_hold_the_lock_from_their_first_statement(tmp_path: Path) -> None:
    journal = open_journal(default_url(tmp_path), instance="house", now=NOW)
    store = Store(open_engine(default_url(tmp_path), instance="house"))

    with closing(sqlite3.connect(tmp_path / "journal.db", timeout=0, isolation_level=None)) as other:
        with store.reading():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        with store.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    store.close()
    journal.close()


def test_databases_are_imported_only_when_a_journal_is_opened() -> None:
    script = (
        "import sys, h2h.adapters.journal, h2h.cli.journal; "
        "print(sorted({'sqlalchemy', 'alembic', 'psycopg', 'sqlite3', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
