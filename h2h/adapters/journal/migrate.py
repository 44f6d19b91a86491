"""Brings a journal's tables to this release, at open, in one transaction under a lock; never back.

The versions are data in the wheel (``migrations/versions``). Alembic is imported only when there is something to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from h2h.adapters.journal.store import Store
from h2h.core.errors import Misconfigured

#: The version of ``tables.py``; a test holds that it is the last of ``migrations/versions``.
HEAD = "0003"
MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def bring_up_to_date(store: Store, *, only_check: bool = False) -> None:
    """Migrate if needed; ``Misconfigured`` if a newer h2h wrote this journal, or if it would need what is forbidden."""
    with store.reading() as connection:
        version = version_of(connection)
    if version == HEAD:
        return
    if only_check:
        held = "no journal yet" if version is None else f"a journal of another release (version {version})"
        raise Misconfigured(f"the database holds {held}", hint="it is made, and brought up to date, by starting h2h")
    with store.writing() as connection:
        store.serialise(connection, "migrate the journal")
        # Another process may have done it while this one waited.
        version = version_of(connection)
        if version != HEAD:
            _upgrade(connection, version)


def version_of(connection: Connection) -> str | None:
    """The version of the tables, None if there are none; ``Misconfigured`` if the tables are something else's."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if "submissions" in tables or "events" in tables:
        raise Misconfigured("the journal's database holds tables that are not h2h's", hint="use a database of its own")
    return None


def _upgrade(connection: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if version is not None and version not in known:
        raise Misconfigured(
            f"the journal was written by a newer h2h (version {version}, this one knows {HEAD})",
            hint="install that release again, or restore the journal from before the upgrade",
        )
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, HEAD)
