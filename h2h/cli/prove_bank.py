"""Proofs about a bank's profile: secrets, keys, formats, schemas, names, times. The bank itself is not asked."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from h2h.adapters.gpg import PgpSealer
from h2h.adapters.schema import SchemaBook
from h2h.adapters.secrets import Secrets
from h2h.adapters.sftp.keys import credentials_of
from h2h.cli.configuration import secrets_named
from h2h.cli.prove_site import secret_seen
from h2h.cli.proving import Mark, Proof, attempt, doubtful, good, of_error, of_findings, wrong
from h2h.core.errors import H2HError, Misconfigured
from h2h.core.findings import Severity, WhoActs
from h2h.core.format import REQUESTS, Format
from h2h.core.format_book import FormatBook
from h2h.core.naming import check_template
from h2h.core.rules.judge import check_rules
from h2h.core.rules.usage import UsageChecks
from h2h.core.schedule import time_zone
from h2h.core.working_days import WorkingDays
from h2h.settings import BankProfile, DirectoryChannel, PgpSeal, Settings, SftpChannel
from h2h.wiring import formats_of, schemas_of

_NOT_A_DOCUMENT = b"<x/>"
#: A calendar that ends sooner is told: the next year's days are published weeks before it begins.
CALENDAR_AHEAD = timedelta(days=45)
#: So many versions without a schema are named one by one.
NAMED_MAX = 10


def prove_banks(settings: Settings, environment: Mapping[str, str], today: date) -> Iterator[Proof]:
    """All proofs that concern banks, bank by bank, and what they share."""
    secrets = Secrets.of_environment(environment)
    try:
        formats = formats_of(settings)
    except H2HError as problem:
        yield of_error("formats", problem)
        return
    schemas = schemas_of(settings)
    yield from _answers(formats, schemas)
    for name, bank in settings.banks.items():
        area = f"bank {name}"
        if not any(folder.bank == name for folder in settings.erp):
            yield doubtful(area, "no ERP folder sends to this bank", "add an [[erp]], or remove the profile")
        seen = _Seen()
        for where, secret in secrets_named(settings):
            if where.startswith(f"banks/{name}: "):
                yield seen.add(secret_seen(area, where.partition(": ")[2], secret, secrets, settings.source))
        yield from _channel(area, bank, secrets, seen.all_good)
        yield from _seal(area, bank)
        yield from _formats(area, bank, formats, schemas)
        yield from of_findings(area, check_template(bank.submission.remote_name), "remote_name can be filled")
        yield from _times(area, bank)
        yield from _working_days(area, bank, today)
        yield from _rules(area, bank, today)
        if bank.directory is not None:
            yield from _directory_of_banks(area, bank, bank.directory, today)


class _Seen:
    """Whether everything that was looked at is there."""

    def __init__(self) -> None:
        self.all_good = True

    def add(self, proof: Proof) -> Proof:
        self.all_good = self.all_good and proof.mark is Mark.GOOD
        return proof


# ---------------------------------------------------------------------------------------------- channel and seal


def _channel(area: str, bank: BankProfile, secrets: Secrets, secrets_are_there: bool) -> Iterator[Proof]:
    if isinstance(bank.channel, SftpChannel):
        if secrets_are_there and bank.channel.key is not None:
            yield attempt(area, "the SSH key can be used", partial(credentials_of, bank.channel, secrets.read))
        pins = len(bank.channel.host_keys)
        yield good(area, f"{pins} host key{'s' if pins > 1 else ''} of {bank.channel.host} pinned")
    else:
        yield from _directories(area, bank, bank.channel)
    if not bank.submission.bank_removes_temporaries:
        text = "the profile says that the bank never removes temporary names: h2h takes their absence for a delivery"
        yield doubtful(area, text, "have the bank confirm that in writing", WhoActs.TREASURY)


def _directories(area: str, bank: BankProfile, channel: DirectoryChannel) -> Iterator[Proof]:
    wanted = [bank.folders.to_bank, *bank.folders.from_bank]
    wanted += [f for f in (bank.folders.temporary, bank.folders.processed) if f]
    for name in dict.fromkeys(wanted):
        folder = channel.root / name
        if not folder.is_dir():
            yield wrong(area, f"{folder} is not a directory", "make it, or correct [folders]")
        elif folder.stat().st_mode & stat.S_IWOTH:
            yield doubtful(area, f"{folder}: every user of this machine may write there", f"chmod o-w {folder}")
        else:
            yield good(area, f"{folder} is there")
    sources = {_device(channel.root / f) for f in (bank.folders.growing, bank.folders.to_bank)}
    if len(sources - {None}) > 1:
        yield wrong(area, "temporary and to_bank are on different file systems: no rename leads from one to the other",
                    "put both on one file system")  # fmt: skip


def _device(path: Path) -> int | None:
    return path.stat().st_dev if path.is_dir() else None


def _seal(area: str, bank: BankProfile) -> Iterator[Proof]:
    if not isinstance(bank.seal, PgpSeal):
        text = "files go to this bank neither signed nor encrypted (seal.kind = 'none')"
        over_sftp = isinstance(bank.channel, SftpChannel)
        step = "only where the bank wants it so" if over_sftp else ""
        yield doubtful(area, text, step) if over_sftp else good(area, text)
        return
    sealer = PgpSealer(bank.seal, None)  # whether keys are there and valid can be seen without the passphrase
    try:
        yield from of_findings(area, sealer.check(), "all PGP keys are there, valid for 60 days and more")
    except OSError as problem:
        yield wrong(area, f"keyring {bank.seal.keyring}: {problem.strerror}", "make it, mode 0700, and import the keys")
    finally:
        sealer.close()


# ---------------------------------------------------------------------------------------------- formats and schemas


def _formats(area: str, bank: BankProfile, formats: FormatBook, schemas: SchemaBook) -> Iterator[Proof]:
    written = {bank.format: "credit-transfer"}
    if bank.collection_format is not None:
        written[bank.collection_format] = "direct-debit"
    if bank.recall_format is not None:
        written[bank.recall_format] = "cancellation-request"
    if bank.enquiry_format is not None:
        written[bank.enquiry_format] = "enquiry"
    if (bank.recall_format or bank.enquiry_format) and not bank.initiating_party:
        yield doubtful(area, "h2h recall and h2h ask cannot say who asks this bank", "initiating_party in its profile")
    for name in dict.fromkeys((*written, *bank.accepts)):
        try:
            known = formats.get(name)
        except Misconfigured as problem:
            yield of_error(area, problem)
            continue
        if name in written and not known.writes:
            yield wrong(
                area, f"format {name}: h2h reads it, but cannot write it", "h2h format list shows what it writes"
            )
            continue
        if name in written and known.kind != written[name]:
            asks = written[name] in REQUESTS
            what = f"is no {written[name]}" if asks else f"carries {known.kind}s, not {written[name]}s"
            yield wrong(area, f"format {name} {what}", "correct the profile")
            continue
        schema = bank.schemas.get(name, known.schema)
        if schema is None:
            text = f"format {name} has no schema; a file of it is never sent unchecked"
            yield wrong(area, text, "h2h schema add FILE, and name it under [schemas]")
        else:
            does = "written and" if name in written else "passed through,"
            yield attempt(area, f"format {name} is {does} checked by {schema}", _compiles(schemas, schema))
    for name in bank.schemas:
        if name not in {f.id for f in formats}:
            yield doubtful(area, f"schemas: there is no format {name}", "correct or remove it")


def _answers(formats: FormatBook, schemas: SchemaBook) -> Iterator[Proof]:
    """What banks send is checked too; an answer whose schema is missing waits."""
    never_answers = ("credit-transfer", "direct-debit", "cancellation-request", "enquiry")
    answers = [f for f in formats if f.kind not in never_answers and f.schema]
    missing = [f.id for f in answers if not _is_there(schemas, f)]
    if len(missing) == len(answers):
        yield doubtful(
            "formats", "no schema of an answer or statement is there: the bank's files would wait", "make setup"
        )
        return
    text = f"{len(answers) - len(missing)} formats of answers and statements are known, with their schemas"
    if missing:  # versions that hardly any bank sends; what comes in one of them waits until its schema is added
        named = ", ".join(missing) if len(missing) <= NAMED_MAX else f"{len(missing)} (`h2h format list` names them)"
        text += f"; without: {named}"
    yield good("formats", text)


def _is_there(schemas: SchemaBook, format_: Format) -> bool:
    try:
        schemas.path(format_.schema or "")
    except Misconfigured:
        return False
    return True


def _compiles(schemas: SchemaBook, schema: str) -> Callable[[], object]:
    """Asking about any document compiles the schema; what it says of this one is of no interest."""
    return lambda: schemas.validate(schema, _NOT_A_DOCUMENT, lines=False)


# ---------------------------------------------------------------------------------------------- times and rules


def _times(area: str, bank: BankProfile) -> Iterator[Proof]:
    if bank.cutoff is not None:
        window = " to ".join(str(t) if t else "…" for t in (bank.cutoff.earliest, bank.cutoff.latest))
        days = f" on working days of {bank.rules.calendar}" if bank.rules.calendar is not None else ""
        has_hours = bank.cutoff.earliest or bank.cutoff.latest
        text = f"files go from {window} ({bank.cutoff.timezone}){days}" if has_hours else ""
        yield attempt(
            area, text or f"time zone {bank.cutoff.timezone} is known", partial(time_zone, bank.cutoff.timezone)
        )


def _working_days(area: str, bank: BankProfile, today: date) -> Iterator[Proof]:
    days = WorkingDays.of(bank.rules)
    if days.last is None:
        return
    text = f"the working days of {days.name} are known from {days.first} to {days.last} ({days.source})"
    if days.last >= today + CALENDAR_AHEAD:
        yield good(area, text)
    else:
        step = "add what is published of the time after it: closed_days, worked_days, calendar_until; or update h2h"
        yield doubtful(area, text, step)


def _directory_of_banks(area: str, bank: BankProfile, file: Path, today: date) -> Iterator[Proof]:
    try:
        known = bank.banks
    except Misconfigured as problem:
        yield of_error(area, problem)
        return
    if known is not None:
        kinds = " and ".join(sorted(known.kinds))
        yield good(area, f"{file}: {known.count:,} entries, by {kinds}")
    changed = datetime.fromtimestamp(file.stat().st_mtime, UTC).date()
    if (today - changed).days > bank.directory_days_max:
        text = f"{file} was written on {changed}, more than {bank.directory_days_max} days ago"
        yield doubtful(area, text, "fetch it again from where it is published, and reload h2h")


def _rules(area: str, bank: BankProfile, today: date) -> Iterator[Proof]:
    usage = {rule.name for rule in bank.rules.usage}
    if usage:
        under = f" of the profile {bank.rules.profile}" if bank.rules.profile else ""
        yield attempt(area, f"{len(usage)} usage rules{under} are in force", partial(UsageChecks, bank.rules.usage))
    for mistake in check_rules(bank.rules):
        told = wrong if mistake.severity is Severity.ERROR else doubtful
        yield told(area, f"{mistake.where}: {mistake.text}", mistake.next_step)
    for waiver in bank.rules.waivers:
        if waiver.until < today:
            yield doubtful(
                area, f"the waiver of {waiver.rule} ended on {waiver.until} ({waiver.owner})", "remove or renew it"
            )
