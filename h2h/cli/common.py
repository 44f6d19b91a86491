"""What the verbs share: the configuration option, who is at the keyboard, whose rights are used, how errors are told.

Exit statuses are the contract's: 0 it is so, 1 it is not (one clear message on standard error), 2 the command line is
wrong. A traceback is only ever seen for an error that nobody foresaw.
"""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli.options import CONFIG_VARIABLE, DEFAULT_CONFIG

if TYPE_CHECKING:
    from h2h.adapters.archive import FileArchive
    from h2h.adapters.clock import SystemClock
    from h2h.adapters.journal.journal import SqlJournal
    from h2h.core.answers import BankCode, Meanings
    from h2h.pipeline.house import House
    from h2h.settings import BankProfile, Secret, Settings

#: Where systemd keeps the service's credentials; root and the service's user can read them from outside, too.
SERVICE_CREDENTIALS = Path("/run/credentials/h2h.service")
#: What the installation's owner must be able to read, or nothing more can be imported as that user.
PROGRAM: tuple[Path, ...] = (Path(os.__file__), Path(__file__))

# ---------------------------------------------------------------------------------------------- the installation


def settings_of(config: Path) -> Settings:
    """The configuration, read with the rights of the caller; from then on with those of the installation's owner.

    A missing file is a usage error; ``Misconfigured`` names every mistake in it.
    """
    from h2h.core.errors import Misconfigured
    from h2h.settings import load

    try:
        config.stat()
    except (FileNotFoundError, NotADirectoryError):
        hint = f" Name yours with -c FILE or in ${CONFIG_VARIABLE}." if config == DEFAULT_CONFIG else ""
        raise click.BadParameter(f"{config} does not exist.{hint}", param_hint="'-c' / '--config'") from None
    except PermissionError as problem:
        raise Misconfigured(f"{config}: you may not read it", hint=f"as root: {_again('sudo')}") from problem
    settings = load(config)
    _become_owner(settings.paths.state)
    return settings


def bank_named(settings: Settings, name: str) -> BankProfile:
    """The profile of the bank that a person named; ``Misconfigured`` says which there are."""
    from h2h.core.errors import Misconfigured

    if name not in settings.banks:
        known = ", ".join(sorted(settings.banks)) or "none"
        raise Misconfigured(f"there is no bank {name!r} in {settings.source}", hint=f"name one of these: {known}")
    return settings.banks[name]


def environment() -> dict[str, str]:
    """The environment, with the service's credentials where they can be read from here."""
    own = dict(os.environ)
    if "CREDENTIALS_DIRECTORY" not in own and os.access(SERVICE_CREDENTIALS, os.R_OK | os.X_OK):
        own["CREDENTIALS_DIRECTORY"] = str(SERVICE_CREDENTIALS)
    return own


@dataclass(frozen=True)
class Desk:
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


def codes_of_banks(settings: Settings | None) -> list[BankCode]:
    """The codes in the tables of banks with documents of their own; ``Misconfigured`` if a table cannot be read."""
    from h2h.adapters.format_files import load_answers
    from h2h.data import data_dir

    return load_answers(data_dir("formats"), *(settings.formats_directories if settings else ()))


@contextmanager
def desk(config: Path) -> Iterator[Desk]:
    """The journal and the archive of an installation that has run before. ``Misconfigured``, ``Unavailable``."""
    from h2h.adapters.archive import FileArchive
    from h2h.adapters.clock import SystemClock
    from h2h.adapters.journal import default_url, open_journal
    from h2h.adapters.secrets import Secrets

    settings = settings_of(config)
    quiet()
    secret = settings.journal.password
    password = Secrets.of_environment(environment()).text(secret) if secret else None
    url = settings.journal.url or default_url(settings.paths.state)
    _not_lost(settings)
    clock = SystemClock()
    with open_journal(url, instance=settings.instance, now=clock.now(), password=password, must_exist=True) as journal:
        archive = FileArchive(settings.paths.archive, settings.paths.state / "work")
        yield Desk(config, settings, journal, archive, clock)


def _codes_if_readable(settings: Settings) -> list[BankCode]:
    from h2h.core.errors import Misconfigured

    try:
        return codes_of_banks(settings)
    except Misconfigured:
        return []  # receipts then say the code without its meaning; `h2h check` tells what is wrong


def _not_lost(settings: Settings) -> None:
    """A journal that is not there yet is made by the first start; one that is gone is better brought back first."""
    from h2h.core.errors import Misconfigured

    journal, ledger = settings.paths.state / "journal.db", settings.paths.ledger
    lost = not settings.journal.url and not (journal.exists() and journal.stat().st_size)
    if lost and ledger.exists() and ledger.stat().st_size:
        text = f"the journal {journal} is gone; the ledger {ledger} knows that there was one"
        hint = "restore the newest backup of the journal, then start h2h: the ledger tells what the backup lacks"
        raise Misconfigured(text, hint=hint)


@contextmanager
def house(config: Path) -> Iterator[House]:
    """The installation as far as decisions need it, opened beside a running daemon.

    No sealer and no format: a lost key or a broken format folder must not stop a person from deciding.
    """
    from h2h.adapters.secrets import Secrets
    from h2h.core.format_book import FormatBook
    from h2h.pipeline.house import House
    from h2h.wiring import channel_of, ledger_of, outbox_of, schemas_of

    with desk(config) as opened, ledger_of(opened.settings, opened.clock) as ledger:
        settings = opened.settings
        secrets = Secrets.of_environment(environment())
        yield House(
            settings=settings,
            journal=opened.journal,
            ledger=ledger,
            archive=opened.archive,
            clock=opened.clock,
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


def with_config(text: str, config: Path) -> str:
    """*text*, a command, with ``-c`` if the configuration is not the one that is found without it."""
    import shlex

    named = os.environ.get(CONFIG_VARIABLE)
    found = Path(named) if named else DEFAULT_CONFIG
    if not text.startswith("h2h ") or config == found:
        return text
    return f"{text} -c {shlex.quote(str(config))}"


def log_as_configured(settings: Settings) -> None:
    """The log goes to standard error, as ``[logging]`` says; secrets that can be read now never appear in it."""
    from h2h.adapters.secrets import Secrets
    from h2h.core.errors import Misconfigured
    from h2h.log import configure, hide

    configure(settings.logging.format, settings.logging.level, sys.stderr)
    secrets = Secrets.of_environment(environment())
    for _, secret in secrets_named(settings):
        try:
            hide(secrets.read(secret))
        except Misconfigured:
            continue  # whoever needs it says so, with what to do; one that cannot be read cannot be logged either


def secrets_named(settings: Settings) -> list[tuple[str, Secret]]:
    """(place in the configuration, reference) of every secret."""
    from h2h.settings import PgpSeal, SftpChannel

    found = [("journal.password", settings.journal.password)]
    for name, bank in settings.banks.items():
        if isinstance(bank.channel, SftpChannel):
            for field in ("key", "key_passphrase", "password"):
                found.append((f"banks/{name}: channel.{field}", getattr(bank.channel, field)))
        if isinstance(bank.seal, PgpSeal):
            found.append((f"banks/{name}: seal.passphrase", bank.seal.passphrase))
    return [(where, secret) for where, secret in found if secret is not None]


def quiet() -> None:
    """The pipeline's log lines are the daemon's; beside the words of a command only its errors are of use."""
    from h2h.log import configure

    configure("auto", "error", sys.stderr)


def _become_owner(state: Path) -> None:
    """Root works as the owner of the state directory: a file of root's in it would stop the daemon later.

    Anybody else who may not use it is told so at once, not by the first file that cannot be opened.
    """
    from h2h.core.errors import Misconfigured

    try:
        owner = state.stat().st_uid
    except OSError:
        return  # not made yet, or not visible: what opens it says so
    if os.geteuid() == 0 and owner != 0:
        try:
            account = pwd.getpwuid(owner)
        except KeyError as problem:
            raise Misconfigured(f"{state} belongs to uid {owner}, which is no user of this machine") from problem
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.environ["HOME"] = account.pw_dir
        for program in PROGRAM:
            if not os.access(program, os.R_OK):
                raise Misconfigured(
                    f"user '{account.pw_name}', to whom {state} belongs, may not read h2h's program ({program})",
                    hint="install h2h where that user can read it",
                )
    elif not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        text = f"this installation belongs to {_user(owner)}, you are {_user(os.geteuid())}"
        raise Misconfigured(text, hint=f"type: {_again('sudo')}")


def _user(uid: int) -> str:
    try:
        return f"user '{pwd.getpwuid(uid).pw_name}'"
    except KeyError:
        return f"uid {uid}"


def _again(how: str) -> str:
    import shlex

    return f"{how} {shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}"


# ---------------------------------------------------------------------------------------------- telling


def print_json(value: Any) -> None:
    """One JSON object: amounts and times are text in it already."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def foreseen(problem: BaseException) -> bool:
    """True for what h2h knows how to tell: its own errors, and what the operating system refuses."""
    from h2h.core.errors import H2HError

    return isinstance(problem, H2HError) or (isinstance(problem, OSError) and not isinstance(problem, BrokenPipeError))


def tell(problem: BaseException) -> None:
    """The error in words on standard error: what it is, all findings of a refusal, what to do."""
    from h2h.cli.screen import printable
    from h2h.core.errors import H2HError, Refused

    if isinstance(problem, Refused) and len(problem.findings) > 1:
        for finding in problem.findings:
            click.echo(printable(f"  {finding.where}: {finding.text} [{finding.code}]"), err=True)
    if isinstance(problem, H2HError):
        text, hint = problem.message, problem.hint
        if isinstance(problem, Refused) and hint is None:
            hint = "; ".join(dict.fromkeys(f.next_step for f in problem.findings if f.next_step)) or None
    else:
        text, hint = _of_system(problem), None
    click.echo(click.style("Error: ", fg="red", bold=True) + printable(text, lines=True), err=True)
    if hint:
        click.echo(f"Next: {printable(hint, lines=True)}", err=True)


def _of_system(problem: BaseException) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    return str(problem) or type(problem).__name__
