"""Settings → adapters → a house at work: the one place where ports meet the things behind them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from h2h.adapters.archive import FileArchive
from h2h.adapters.clock import SystemClock
from h2h.adapters.directory_channel import BankOverDirectory
from h2h.adapters.folders import FolderInbox, FolderOutbox
from h2h.adapters.format_files import load_formats
from h2h.adapters.gpg import NoSealer, PgpSealer
from h2h.adapters.helpers import HelpingProcesses
from h2h.adapters.installation import identity_of
from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.heads import NotedLedger
from h2h.adapters.journal.ledger import FileLedger, only_daemon
from h2h.adapters.schema import SchemaBook
from h2h.adapters.secrets import Secrets
from h2h.adapters.sftp import BankOverSftp
from h2h.core.format_book import FormatBook
from h2h.data import data_dir
from h2h.pipeline.house import House
from h2h.ports import Channel, Clock, Journal, Ledger, Sealer
from h2h.settings import BankProfile, ErpFolder, PgpSeal, Settings, SftpChannel, read_directories


@contextmanager
def open_house(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    stop: threading.Event | None = None,
    clock: Clock | None = None,
    daemon: bool = False,
) -> Iterator[House]:
    """Everything opened, and closed again. ``Misconfigured`` and ``Unavailable`` say what cannot be opened.

    With *daemon*, a second daemon on the same ledger is ``Misconfigured``.
    """
    secrets = Secrets.of_environment(environment)
    if daemon:
        read_directories(settings)
    clock, schemas = clock or SystemClock(stop), schemas_of(settings)
    with ExitStack() as stack:
        journal = stack.enter_context(journal_of(settings, secrets, clock, daemon=daemon))
        ledger = stack.enter_context(ledger_of(settings, clock, daemon=daemon))
        identity = identity_of(settings.paths.ledger, settings.instance)
        yield House(
            settings=settings,
            identity=identity,
            journal=journal,
            ledger=ledger,
            archive=FileArchive(settings.paths.archive, settings.paths.state / "work"),
            clock=clock,
            formats=formats_of(settings),
            schemas=schemas,
            outboxes={f.name: outbox_of(f, settings, identity) for f in settings.erp},
            inboxes={
                f.name: FolderInbox(f.inbound, memory=settings.paths.state / f"mounted-inbox-{f.name}")
                for f in settings.erp
                if f.inbound is not None
            },
            channels={name: channel_of(bank, secrets) for name, bank in settings.banks.items()},
            sealers={
                name: _closing(stack, sealer_of(bank, secrets, settings.limits.file_bytes_max, clock))
                for name, bank in settings.banks.items()
            },
            helpers=_helpers(stack, settings, schemas),
        )


@contextmanager
def journal_of(settings: Settings, secrets: Secrets, clock: Clock, *, daemon: bool = False) -> Iterator[Journal]:
    """The journal, brought up to this release. With *daemon*, a second daemon on a SQLite file is ``Misconfigured``."""
    settings.paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = settings.journal.url or default_url(settings.paths.state)
    password = secrets.text(settings.journal.password) if settings.journal.password else None
    with ExitStack() as stack:
        if daemon and url.startswith("sqlite"):
            stack.enter_context(only_daemon(Path(url.removeprefix("sqlite:///")), "journal"))
        yield stack.enter_context(_opened(url, settings, clock, password))


@contextmanager
def _opened(url: str, settings: Settings, clock: Clock, password: str | None) -> Iterator[Journal]:
    with open_journal(url, instance=settings.instance, now=clock.now(), password=password) as journal:
        yield journal


@contextmanager
def ledger_of(settings: Settings, clock: Clock, *, daemon: bool = False) -> Iterator[Ledger]:
    """The second witness."""
    settings.paths.ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = FileLedger(settings.paths.ledger, clock=clock, daemon=daemon, pattern=settings.ledgers)
    try:
        heads = settings.paths.heads
        yield NotedLedger(ledger, settings.paths.ledger, heads) if heads else ledger
    finally:
        ledger.close()


def outbox_of(folder: ErpFolder, settings: Settings, owner: str = "") -> FolderOutbox:
    """An ERP's folder, with this node's own corner in it; with *owner*, ``Misconfigured`` if it is another's."""
    outbox = FolderOutbox(folder, settings.limits, settings.paths.state / "spool", settings.node.name or None, owner)
    if owner:
        outbox.belong()
    return outbox


def formats_of(settings: Settings | None) -> FormatBook:
    """The delivered formats, and the installation's own."""
    return load_formats(*_format_directories(settings))


def _format_directories(settings: Settings | None) -> list[Path]:
    return [data_dir("formats"), *(settings.formats_directories if settings else ())]


def schemas_of(settings: Settings | None) -> SchemaBook:
    """What a bank handed out comes before what h2h delivers."""
    return SchemaBook(_schema_directories(settings))


def _schema_directories(settings: Settings | None) -> list[Path]:
    own: tuple[Path, ...] = settings.schema_directories if settings else ()
    delivered = data_dir("xsd")
    return [*own, delivered / "iso20022", delivered]


def _helpers(stack: ExitStack, settings: Settings, schemas: SchemaBook) -> HelpingProcesses:
    """Processes for long files; they start with the first one, and end with the house."""
    helpers = HelpingProcesses(_format_directories(settings), _schema_directories(settings), schemas.validate)
    stack.callback(helpers.close)
    return helpers


def channel_of(bank: BankProfile, secrets: Secrets) -> Channel:
    """The way to the bank."""
    if isinstance(bank.channel, SftpChannel):
        return BankOverSftp.of(bank.channel, bank.submission.rename, secrets.read)
    return BankOverDirectory(bank.channel.root, bank.submission.rename)


def sealer_of(bank: BankProfile, secrets: Secrets, bytes_max: int, clock: Clock) -> Sealer:
    """What signs and encrypts for the bank; no message opens to more than *bytes_max*."""
    if isinstance(bank.seal, PgpSeal):
        passphrase = secrets.text(bank.seal.passphrase) if bank.seal.passphrase else None
        return PgpSealer(bank.seal, passphrase, bytes_max=bytes_max, now=clock.now)
    return NoSealer()


def _closing(stack: ExitStack, sealer: Sealer) -> Sealer:
    """gpg-agents that the sealer started end with the house."""
    stack.callback(sealer.close)
    return sealer
