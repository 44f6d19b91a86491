"""An installation opened beside its daemon: a site to look and to tell, a house to decide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from h2h.cli.configuration import codes_of_banks, environment, settings_of
from h2h.cli.logs import only_errors
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.adapters.archive import FileArchive
    from h2h.adapters.clock import SystemClock
    from h2h.adapters.journal.journal import SqlJournal
    from h2h.core.answers import BankCode, Meanings
    from h2h.pipeline.house import House
    from h2h.settings import Settings


@dataclass(frozen=True)
class Site:
    """What is needed to look and to tell: no bank, no key, no folder of an ERP has to be there."""

    config: Path
    settings: Settings
    journal: SqlJournal
    archive: FileArchive
    clock: SystemClock

    @cached_property
    def meanings(self) -> Meanings:
        """What reason codes mean, banks' own codes too; ``Misconfigured`` if one of their tables cannot be read."""
        from h2h.core.answers import Meanings

        return Meanings(lambda: codes_of_banks(self.settings))

    def command(self, text: str) -> str:
        """A command to type: *text* with this installation's ``-c``, if it is not the default one."""
        return with_config(text, self.config)


@contextmanager
def site_of(config: Path) -> Iterator[Site]:
    """The journal and the archive of an installation that has run before. ``Misconfigured``, ``Unavailable``."""
    from h2h.adapters.archive import FileArchive
    from h2h.adapters.clock import SystemClock
    from h2h.adapters.journal import default_url, open_journal
    from h2h.adapters.secrets import Secrets

    settings = settings_of(config)
    only_errors()
    secret = settings.journal.password
    password = Secrets.of_environment(environment()).text(secret) if secret else None
    url = settings.journal.url or default_url(settings.paths.state)
    _not_lost(settings)
    clock = SystemClock()
    with open_journal(url, instance=settings.instance, now=clock.now(), password=password, must_exist=True) as journal:
        archive = FileArchive(settings.paths.archive, settings.paths.state / "work")
        yield Site(config, settings, journal, archive, clock)


@contextmanager
def house_of(config: Path) -> Iterator[House]:
    """The installation as far as decisions need it, opened beside a running daemon.

    No sealer and no format: a lost key or a broken format folder must not stop a person from deciding.
    """
    from h2h.adapters.secrets import Secrets
    from h2h.core.format_book import FormatBook
    from h2h.pipeline.house import House
    from h2h.wiring import channel_of, ledger_of, outbox_of, schemas_of

    with site_of(config) as site, ledger_of(site.settings, site.clock) as ledger:
        settings = site.settings
        secrets = Secrets.of_environment(environment())
        yield House(
            settings=settings,
            journal=site.journal,
            ledger=ledger,
            archive=site.archive,
            clock=site.clock,
            formats=FormatBook((), lambda: _codes_if_readable(settings)),
            schemas=schemas_of(settings),
            outboxes={f.name: outbox_of(f, settings) for f in settings.erp},
            inboxes={},
            channels={name: channel_of(bank, secrets) for name, bank in settings.banks.items()},
            sealers={},
        )


def daemon_runs(settings: Settings) -> bool | None:
    """True if a daemon holds the ledger's lock; None if that cannot be seen from here."""
    import fcntl

    lock = settings.paths.ledger.with_name(settings.paths.ledger.name + ".daemon")
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def _not_lost(settings: Settings) -> None:
    """A journal that is not there yet is made by the first start; one that is gone is better brought back first."""
    from h2h.core.errors import Misconfigured

    journal, ledger = settings.paths.state / "journal.db", settings.paths.ledger
    lost = not settings.journal.url and not (journal.exists() and journal.stat().st_size)
    if lost and ledger.exists() and ledger.stat().st_size:
        text = f"the journal {journal} is gone; the ledger {ledger} knows that there was one"
        hint = "restore the newest backup of the journal, then start h2h: the ledger tells what the backup lacks"
        raise Misconfigured(text, hint=hint)


def _codes_if_readable(settings: Settings) -> list[BankCode]:
    from h2h.core.errors import Misconfigured

    try:
        return codes_of_banks(settings)
    except Misconfigured:
        return []  # receipts then say the code without its meaning; `h2h check` tells what is wrong
