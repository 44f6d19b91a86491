"""What the commands about files share: read a file once, ask formats and schemas, keep every finding."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from h2h.core import xml
from h2h.core.declared import Rules
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, error, refuses, warning
from h2h.core.format import UNKNOWN_FORMAT, Format, Read

if TYPE_CHECKING:
    from io import BufferedReader

    from h2h.adapters.schema import SchemaBook
    from h2h.core.declared import Table
    from h2h.core.directory import BankDirectory
    from h2h.core.format_book import FormatBook
    from h2h.core.model.payment import Initiation
    from h2h.core.rules.terms import BankTerms
    from h2h.settings import BankProfile, Settings
    from h2h.settings.scheme import SchemeProfile


#: A statement of this size or more is read piece by piece.
LONG_BYTES = 4 * 1024 * 1024
_BLOCK_BYTES = 512 * 1024


@dataclass
class Looked:
    """What became of one file. ``read`` is None if nothing could be read."""

    file: Path
    format: Format | None = None
    read: Read | None = None
    table: str | None = None  # the kind of table, if it is no document
    findings: list[Finding] = field(default_factory=list)

    @property
    def unknown(self) -> bool:
        """Whether no format knows the file."""
        return any(f.code == UNKNOWN_FORMAT for f in self.findings)

    @property
    def without_format(self) -> str:
        """What to call a file that has no format: some could not even be asked about."""
        return "no format knows it" if self.unknown else "refused"

    @property
    def exit_status(self) -> int:
        """0 sound, 1 findings of severity error or refused, 3 no format knows it."""
        if self.unknown:
            return 3
        return 1 if refuses(self.findings) else 0


@dataclass(frozen=True)
class _Terms:
    """What the rules go by where a scheme's profile is asked instead of a bank's."""

    rules: Rules
    accounts: tuple[str, ...]
    initiating_party: str | None
    banks: BankDirectory | None


class Desk:
    """Formats and schemas, those of an installation first if its configuration is given."""

    def __init__(self, config: Path | None = None, bank: str | None = None, profile: str | None = None) -> None:
        """With *bank*, the configuration is the given one, ``$H2H_CONFIG`` or the installation's.

        *profile* is a scheme's; with a bank, in place of the one that the bank's profile names.
        """
        self.settings: Settings | None = None
        self.bank: BankProfile | None = None
        self.scheme: SchemeProfile | None = None
        if config is not None or bank is not None:
            from h2h.cli.options import CONFIG_VARIABLE, DEFAULT_CONFIG
            from h2h.settings import load

            self.settings = load(config or Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG)))
        if bank is not None and self.settings is not None:
            from h2h.cli.configuration import bank_named

            self.bank = bank_named(self.settings, bank)
        if profile is not None:
            from h2h.settings.scheme import scheme_profile

            own = self.settings.formats_directories if self.settings else ()
            self.scheme = scheme_profile(profile, own)
        self.book = self._book()
        self.schemas = self._schemas()

    def _book(self) -> FormatBook:
        from h2h.adapters.format_files import load_formats
        from h2h.data import data_dir

        return load_formats(data_dir("formats"), *(self.settings.formats_directories if self.settings else ()))

    def _schemas(self) -> SchemaBook:
        from h2h.adapters.schema import SchemaBook
        from h2h.data import data_dir

        own = self.settings.schema_directories if self.settings else ()
        return SchemaBook([*own, data_dir("xsd") / "iso20022", data_dir("xsd")])

    def take_in(self, folder: Path) -> set[str]:
        """Use the formats of this folder, in place of any of the same ids; their ids."""
        from h2h.adapters.format_files import load_folder
        from h2h.core.format_book import FormatBook

        own = load_folder(folder)
        ids = {f.id for f in own}
        self.book = FormatBook([*(f for f in self.book if f.id not in ids), *own])
        return ids

    def identify(self, file: Path) -> Looked:
        """Which format the file has."""
        looked = Looked(file)
        try:
            looked.format, _, looked.findings = self.book.open(self._bytes(file))
        except Refused as refused:
            looked.findings += refused.findings
        return looked

    def look(self, file: Path, *, strict: bool = False) -> Looked:
        """All that the file says and all that is wrong with it. *strict*: a missing schema is an error."""
        looked = Looked(file)
        try:
            looked.format, data, looked.findings = self.book.open(self._bytes(file))
            as_seen = looked.format.as_schema_sees_it
            looked.findings += self._by_schema(
                looked.format, lambda schema: self.schemas.validate(schema, as_seen(data)), strict=strict
            )
            looked.read = self._read(file, looked.format, data)
        except Refused as refused:
            told = {(f.code, f.where, f.text) for f in looked.findings}
            looked.findings += [f for f in refused.findings if (f.code, f.where, f.text) not in told]
            return looked
        looked.findings += self._by_rules(looked.read)
        looked.read.findings = looked.findings
        return looked

    def _read(self, file: Path, format_: Format, data: bytes) -> Read:
        """What the file says; half of a MultiCash pair together with the other half, where it lies beside it."""
        from h2h.core.codecs.multicash import MultiCash, sister_name

        if isinstance(format_.codec, MultiCash):
            name = sister_name(file.name)
            beside = file.with_name(name) if name is not None else file
            if beside != file and beside.is_file():
                return format_.codec.read_pair(data, self._bytes(beside), beside.name)
        return format_.read(data)

    def table_of(self, file: Path) -> Table | None:
        """How the bank's ERP folders declare a file like this one; None if the file says itself what it is."""
        from h2h.core.convert import says_what_it_is

        if self.settings is None or self.bank is None:
            return None
        try:
            with file.open("rb") as content:
                head = content.read(xml.HEAD_BYTES)
        except OSError:
            return None  # whoever reads it says so
        if says_what_it_is(head, self.book) or any(f.is_format_of(head, None) for f in self.book):
            return None
        folders = [f for f in self.settings.erp if f.bank == self.bank.name and f.table is not None]
        by_name = [f for f in folders if any(fnmatch(file.name, pattern) for pattern in f.patterns)]
        tables = [f.table for f in by_name or folders if f.table is not None]
        return next((t for t in tables if t.name == _nature(head)), tables[0] if tables else None)

    def long_statement(self, file: Path) -> Format | None:
        """The format of a statement so long that it is better read piece by piece; None if the file is none."""
        if not file.is_file() or not LONG_BYTES <= file.stat().st_size <= xml.BYTES_MAX:
            return None
        try:
            with file.open("rb") as source:
                format_ = self.book.identify(source.read(xml.HEAD_BYTES))
        except (Refused, OSError):
            return None  # said when it is looked at whole
        return format_ if format_.kind == "statement" and format_.codec is None else None

    def statement_table(self, file: Path, format_: Format, out: BinaryIO) -> Looked:
        """A long statement as CSV in *out*, and all that is wrong with it; after an error *out* must be thrown away."""
        import io

        from h2h.core.rows import write_csv
        from h2h.core.streamed import streamed_statement_rows

        def blocks() -> Iterator[bytes]:
            with file.open("rb") as source:
                while block := source.read(_BLOCK_BYTES):
                    yield block

        looked = Looked(file, format=format_)
        looked.findings += self._by_schema(
            format_, lambda schema: self.schemas.validate_file(schema, file, format_.as_schema_sees_it)
        )
        if refuses(looked.findings):
            return looked
        unread: list[Finding] = []
        sums: list[Finding] = []
        text = io.TextIOWrapper(out, "utf-8", newline="")
        try:
            write_csv(text, *streamed_statement_rows(format_.stream(blocks, unread), sums))
        except Refused as refused:
            looked.findings += refused.findings
        text.detach()
        looked.findings += [*unread, *sums]
        return looked

    def from_table(self, file: Path, out: BinaryIO, target: str | None = None) -> Looked:
        """A table-like file, read as the bank's ERP folder declares it, and written in *target* (the bank's format).

        After an error *out* must be thrown away. A try-out: message ids are not the daemon's.
        """
        import hashlib
        import tempfile

        from h2h.adapters.clock import SystemClock
        from h2h.core.convert import Stamp, convert_table
        from h2h.core.naming import message_id

        if self.settings is None or self.bank is None:
            raise Misconfigured("a table-like file is read as a bank's folder declares it", hint="give -c and --bank")
        bank = self.bank
        declared = self.table_of(file)
        if declared is None:
            raise Misconfigured(f"no ERP folder of the bank {bank.name} declares the columns of a file like this")
        now = SystemClock().now().replace(microsecond=0)
        try:
            with self._opened(file, anything=True) as source:
                format_ = self.book.get(target or bank.format_for(declared.kind)).knowing(bank.facts)
                digest = hashlib.file_digest(source, "sha256").hexdigest()
                source.seek(0)
                id_ = f"TRY-{digest[:20].upper()}"
                if format_.message_id_shape is not None:
                    id_ = message_id("try", digest, format_.message_id_shape)
                stamp = Stamp(id_, now, now.date())
                made = convert_table(source, declared, bank, format_, stamp, scratch=tempfile.TemporaryFile, out=out)
        except Refused as refused:
            return Looked(file, findings=refused.findings, table=declared.name)
        made.close()
        return Looked(file, findings=made.findings, table=declared.name)

    def completed(self, message: Initiation) -> Initiation:
        """The payments with what the daemon would add to write them anew; a try-out, so with ids of their own."""
        from h2h.adapters.clock import SystemClock
        from h2h.core.completing import completed

        own_id = f"TRY-{message.message_id}"[:35]
        now = SystemClock().now().replace(microsecond=0)
        return completed(message, own_id, now, self.bank.initiating_party if self.bank is not None else None)

    def _by_schema(
        self, format_: Format, validate: Callable[[str], list[Finding]], *, strict: bool = False
    ) -> list[Finding]:
        schema = format_.schema
        if self.bank is not None:
            schema = self.bank.schemas.get(format_.id, schema)
        if schema is None:
            return []
        try:
            return validate(schema)
        except Misconfigured as problem:
            text = f"not checked: {problem.message}"
            told = error if strict else warning
            admin = WhoActs.SYSTEM_ADMINISTRATOR
            return [told("H2H-NO-SCHEMA", "the file", text, admin, next_step=problem.hint or "")]

    def _by_rules(self, read: Read) -> list[Finding]:
        from h2h.core.rules.statement_rules import check_message

        if self.bank is not None or self.scheme is not None:
            from h2h.core.model.payment import Initiation
            from h2h.core.rules.initiation import check_initiation

            if isinstance(read.message, Initiation):
                other = self._other_kind(read.message.kind)
                return [*other, *read.findings] if other else check_initiation(read, self._terms(), self._today())
        return [*read.findings, *check_message(read.message)]

    def _other_kind(self, kind: str) -> list[Finding]:
        if self.scheme is None or kind in self.scheme.kinds:
            return []
        kinds = " and ".join(k.replace("-", " ") for k in self.scheme.kinds)
        text = f"the profile {self.scheme.name} is one of {kinds}s; the file holds {kind.replace('-', ' ')}s"
        return [error("H2H-KIND", "the file", text, WhoActs.ERP_TEAM)]

    def _terms(self) -> BankTerms:
        """What the rules go by: the bank's profile, a scheme's, or the bank's under that scheme."""
        if self.scheme is None and self.bank is not None:
            return self.bank
        rules = self.scheme.as_rules() if self.scheme is not None else Rules()
        bank = self.bank
        return _Terms(
            rules, bank.accounts if bank else (), bank.initiating_party if bank else None, bank.banks if bank else None
        )

    def _bytes(self, file: Path) -> bytes:
        """The content of a file that ``_opened`` opens."""
        with self._opened(file) as content, _in_words(file):
            return content.read()

    def _opened(self, file: Path, *, anything: bool = False) -> BufferedReader:
        """A regular file within the limits, of a format that may be known; else ``Refused``."""
        with _in_words(file), ExitStack() as unless_all_is_well:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                raise _refused("H2H-NOT-A-FILE", f"{file} is not a regular file")
            content = unless_all_is_well.enter_context(file.open("rb"))
            # A large file that nobody knows is refused without being read.
            if not anything:
                self.book.refuse_hopeless(content.read(xml.HEAD_BYTES))
                content.seek(0)
            if status.st_size > xml.BYTES_MAX:
                text = f"{file} has {status.st_size:,} bytes; at most {xml.BYTES_MAX:,} are read"
                raise _refused("H2H-TOO-LARGE", text)
            unless_all_is_well.pop_all()
        return content

    def _today(self) -> Any:
        from h2h.adapters.clock import SystemClock

        return SystemClock().now().date()


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        step = "check its name" if isinstance(problem, FileNotFoundError) else ""
        raise _refused("H2H-NOT-READABLE", f"{file} cannot be read: {problem.strerror}", step) from problem


def _nature(head: bytes) -> str:
    """Which kind of table a file looks like, where a bank's folders declare several."""
    if head.startswith(b"PK"):
        return "spreadsheet"
    return "json" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else ""


def _refused(code: str, text: str, next_step: str = "") -> Refused:
    return Refused([error(code, "the file", text, WhoActs.SYSTEM_ADMINISTRATOR, next_step=next_step)])
