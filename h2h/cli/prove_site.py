"""Proofs about the installation: rights, folders, storage, journal and ledger. Nothing is made that was not there.

The only traces are temporary files that are gone when the proof is over, and the corner ``.h2h`` of an ERP's folder,
which the daemon would make as well.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.clock import SystemClock
from h2h.adapters.files import megabytes
from h2h.adapters.folders import FolderOutbox
from h2h.adapters.journal import default_url, open_journal
from h2h.adapters.journal.heads import contradiction
from h2h.adapters.journal.journal import SqlJournal
from h2h.adapters.journal.ledger_lines import read_lines
from h2h.adapters.secrets import Secrets
from h2h.cli.prove_nodes import prove_nodes
from h2h.cli.prove_service import UNIT, credentials_given, open_to_others
from h2h.cli.proving import Proof, doubtful, good, not_seen, of_error, of_findings, step_of, wrong
from h2h.core.codecs.layout import check_fields
from h2h.core.errors import H2HError, Misconfigured
from h2h.settings import ErpFolder, Secret, Settings

STORAGE = "storage"


def prove_site(settings: Settings, environment: Mapping[str, str]) -> Iterator[Proof]:
    """All proofs that concern no bank."""
    secrets = Secrets.of_environment(environment)
    for folder in settings.erp:
        yield from _erp_folder(settings, folder)
    yield from _storage(settings)
    if settings.journal.password is not None:
        yield secret_seen(STORAGE, "journal.password", settings.journal.password, secrets, settings.source)
    yield from _journal_and_ledger(settings, secrets)


def prove_readable(settings: Settings) -> Iterator[Proof]:
    """Whether the installation's user may read the configuration: root, who types the command, always may."""
    area = "configuration"
    for file in (settings.source, *sorted(settings.banks_directory.glob("*.toml"))):
        if not os.access(file, os.R_OK):
            user = pwd.getpwuid(os.geteuid())
            step = f"chown root:{grp.getgrgid(user.pw_gid).gr_name} {file}; chmod 0640 {file}"
            yield wrong(area, f"{file}: user '{user.pw_name}', as whom h2h runs, may not read it", step)


def secret_seen(area: str, where: str, secret: Secret, secrets: Secrets, config: Path | None = None) -> Proof:
    """Whether a secret can be read, and by nobody else; its value is looked at and forgotten.

    With *config*, the unit files of the service that runs with it are asked about a credential, too.
    """
    if secret.credential is not None and config is not None:
        given = credentials_given(config, os.environ)
        if given is not None and secret.credential not in given:
            text = f"{where}: {UNIT} is given no credential {secret.credential!r}"
            return wrong(area, text, "switch on its LoadCredential= line in site.conf; systemctl daemon-reload")
        source = given[secret.credential] if given is not None else None
        if (mode := open_to_others(source)) is not None:
            text = (
                f"{where}: {source}, of which credential {secret.credential!r} is made, is open to others ({mode:04o})"
            )
            return wrong(area, text, f"chown root {source}; chmod 0600 {source}")
    if secret.credential is not None and not secrets.has_credentials:
        text = f"{where}: credential {secret.credential!r} is given to the service only"
        return not_seen(area, text, "look into the log when the service starts, or run this check inside the service")
    try:
        secrets.read(secret)
    except Misconfigured as problem:
        return wrong(area, f"{where}: {problem.message}", step_of(problem))
    return good(area, f"{where} can be read, and by nobody else")


# ---------------------------------------------------------------------------------------------- folders


def _erp_folder(settings: Settings, folder: ErpFolder) -> Iterator[Proof]:
    area = f"ERP folder {folder.name}"
    yield from _outbound(settings, folder, area)
    if folder.inbound is None:
        yield doubtful(area, "no inbound folder: answers stay in the archive", "name one under [[erp]] inbound")
    else:
        yield from _inbound(folder.inbound, area)
    for owner in folder.owners:
        try:
            pwd.getpwnam(owner)
        except KeyError:
            yield wrong(
                area, f"owners: this machine has no user '{owner}'; nobody's files would be taken", "correct it"
            )
    if folder.table is not None:
        kind = "CSV" if folder.table.name == "delimited" else folder.table.name
        yield from of_findings(area, check_fields(folder.table), f"the columns of its {kind} files are declared")


def _outbound(settings: Settings, folder: ErpFolder, area: str) -> Iterator[Proof]:
    if not settings.paths.state.is_dir():
        yield from _plain_folder(folder.outbound, area, "outbound")
        return
    outbox = FolderOutbox(folder, settings.limits, settings.paths.state / "spool", settings.node.name or None)
    how = "polled (network file system)" if files.on_network(folder.outbound) else "watched and polled"
    findings = outbox.check()
    yield from of_findings(area, findings, f"outbound {folder.outbound}: can be read and written; {how}")
    corner = folder.outbound / ".h2h"
    if corner.is_dir() and corner.stat().st_dev != folder.outbound.stat().st_dev:
        yield wrong(area, f"{corner} is another file system: a file could not be claimed by a rename", "unmount it")


def _inbound(path: Path, area: str) -> Iterator[Proof]:
    yield from _plain_folder(path, area, "inbound")
    if path.is_dir() and path.stat().st_mode & stat.S_IWOTH:
        yield doubtful(area, f"inbound {path}: every user of this machine may change answers there", "chmod o-w")


def _plain_folder(path: Path, area: str, what: str) -> Iterator[Proof]:
    try:
        _write_there(path)
    except H2HError as problem:
        yield of_error(area, problem)
    except OSError as problem:
        yield wrong(
            area, f"{what} {path}: what is written there is not durable: {problem.strerror}", "look at the disk"
        )
    else:
        yield good(area, f"{what} {path}: can be written")


def _write_there(path: Path) -> None:
    """Write a file durably and take it away again. ``Unavailable``, ``OutOfSpace``; ``NotDurable`` if fsync fails."""
    with files.in_words("write to", path), files.temporary_file(path) as (file, _):
        files.write_all(file.fileno(), b"A proof of h2h check.\n")
        files.sync(file.fileno())


# ---------------------------------------------------------------------------------------------- storage


def _storage(settings: Settings) -> Iterator[Proof]:
    paths = settings.paths
    for name, directory in (("state", paths.state), ("archive", paths.archive), ("ledger", paths.ledger.parent)):
        yield from _own_directory(name, directory, settings.limits.free_bytes_min)
    if paths.state.is_dir() and files.on_network(paths.state) and not settings.journal.url:
        kind = files.file_system(paths.state) or "unknown"
        yield wrong(STORAGE, f"state {paths.state} is on a network file system ({kind}); SQLite loses data there",
                    "use a local disk, or PostgreSQL")  # fmt: skip
    yield from _two_witnesses(settings)


def _own_directory(name: str, directory: Path, free_bytes_min: int) -> Iterator[Proof]:
    if not directory.exists():
        parent = next(p for p in directory.parents if p.exists())
        if os.access(parent, os.W_OK | os.X_OK, effective_ids=True):
            yield good(STORAGE, f"{name} {directory}: is made at the first start")
        else:
            yield wrong(STORAGE, f"{name} {directory}: is not there, and h2h may not make it in {parent}",
                        f"make it, and give it to h2h's user (uid {os.geteuid()})")  # fmt: skip
        return
    try:
        _write_there(directory)
        free = files.free_bytes(directory)
    except H2HError as problem:
        yield of_error(STORAGE, problem)
        return
    except OSError as problem:
        text = f"{name} {directory}: what is written there is not durable: {problem.strerror}"
        yield wrong(STORAGE, text, "use a file system whose fsync works")
        return
    if free < free_bytes_min:
        least = megabytes(free_bytes_min)
        text = f"{name} {directory}: only {megabytes(free)} are free; below {least} nothing new is taken in"
        yield wrong(STORAGE, text, "make room")
    else:
        yield good(STORAGE, f"{name} {directory}: can be written, durably; {megabytes(free)} are free")
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & 0o007:
        text = f"{name} {directory}: other users may look at payment files there (mode {mode:04o})"
        yield doubtful(STORAGE, text, f"chmod 0700 {directory}")


def _two_witnesses(settings: Settings) -> Iterator[Proof]:
    """The ledger is of use when the journal is lost or restored: it must not be lost or restored with it."""
    state, ledger = settings.paths.state, settings.paths.ledger
    if ledger.parent == state or state in ledger.parents:
        text = f"the ledger {ledger} lies in the state directory: a backup that brings back one brings back both"
        yield doubtful(STORAGE, text, "put paths.ledger into another directory, best on another disk")
    elif state.is_dir() and ledger.parent.is_dir() and state.stat().st_dev == ledger.parent.stat().st_dev:
        yield good(STORAGE, "ledger and journal lie in different directories, on one disk; two disks are better")
    else:
        yield good(STORAGE, "ledger and journal lie in different places")
    yield from _third_place(settings)


def _third_place(settings: Settings) -> Iterator[Proof]:
    heads, ledger = settings.paths.heads, settings.paths.ledger
    if heads is None:
        return
    try:
        words = contradiction(heads, ledger)
        _write_there(heads)
    except H2HError as problem:
        yield of_error(STORAGE, problem)
    except OSError as problem:
        yield wrong(STORAGE, f"heads {heads}: what is written there is not durable: {problem.strerror}", "look there")
    else:
        if words:
            yield wrong(STORAGE, words, "restore the newest copy of both; nothing is sent until then")
        elif ledger.parent.is_dir() and heads.stat().st_dev == ledger.parent.stat().st_dev:
            text = f"heads {heads} and the ledger lie on one disk: a snapshot brings back both"
            yield doubtful(STORAGE, text, "put paths.heads on another machine's share")
        else:
            yield good(STORAGE, f"heads {heads}: the ledger is as new as was noted there")


def _journal_and_ledger(settings: Settings, secrets: Secrets) -> Iterator[Proof]:
    ledger = settings.paths.ledger
    head: int | None = 0  # None: damaged, and told
    if ledger.exists():
        try:
            head = sum(1 for _ in read_lines(ledger))
        except H2HError as problem:
            head = None
            yield of_error(STORAGE, problem)
        else:
            yield good(STORAGE, f"the ledger's chain is whole: {head} records")
    try:
        position = _position(settings, secrets)
    except H2HError as problem:
        yield of_error(STORAGE, problem)
        return
    if position is None and head:
        text = f"the journal is gone; the ledger has {head} records of its time"
        yield wrong(STORAGE, text, "restore the newest backup of the journal, then start h2h")
    elif position is None:
        yield good(STORAGE, "the journal is made at the first start")
    elif head is not None and position > head:
        what = f"ends at record {head}" if ledger.exists() else f"({ledger}) is gone"
        text = f"the ledger {what}, the journal has seen {position}: the ledger was cut or replaced"
        yield wrong(STORAGE, text, "restore the ledger; nothing is sent until then")
    else:
        yield good(STORAGE, "the journal can be opened, written and read")
        with _journal(settings, secrets) as journal:
            yield from prove_nodes(settings, journal)


def _position(settings: Settings, secrets: Secrets) -> int | None:
    """How much of the ledger the journal reflects; None if there is no journal yet."""
    if not settings.journal.url and not (settings.paths.state / "journal.db").exists():
        return None
    with _journal(settings, secrets) as journal:
        journal.probe()
        return journal.ledger_position(settings.paths.ledger.name if settings.node.name else "")


def _journal(settings: Settings, secrets: Secrets) -> SqlJournal:
    url = settings.journal.url or default_url(settings.paths.state)
    if settings.journal.password is not None and secret_seen("", "", settings.journal.password, secrets).mark != "good":
        raise Misconfigured("the journal cannot be opened without its password", hint="see journal.password above")
    password = secrets.text(settings.journal.password) if settings.journal.password else None
    now = SystemClock().now()
    return open_journal(url, instance=settings.instance, now=now, password=password, must_exist=True)
