"""A small real installation in a directory of its own: h2h.toml, one bank, the ERP's folders; and the people around it.

Nothing is replaced but the clock, which stands still until somebody waits. `Site.once` is what `h2h once` does.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from h2h.core.records import Attention, InboundFile, PaymentRecord, Submission
from h2h.pipeline.house import House
from h2h.pipeline.rounds import once
from h2h.settings import Settings, load
from h2h.simulator.torture import flows
from h2h.wiring import open_house
from tests.contracts.pain import IBANS, pain001

#: A Monday morning before the sample payments' execution dates.
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OUR_ACCOUNT = flows.OUR_ACCOUNT
FOLDERS = ("to_bank", "temporary", "from_bank", "processed")

COLUMNS: dict[str, Any] = {"encoding": "utf-8", **flows.COLUMNS}
HEADER = "Reference;Our account;Date;Amount;Payee;IBAN;Text\n"


class StandingClock:
    """Time moves only when somebody sleeps, and then at once."""

    def __init__(self, start: datetime = MONDAY) -> None:
        self.start = start
        self.passed = 0.0

    def now(self) -> datetime:
        """The wall clock."""
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.passed

    def sleep(self, seconds: float) -> None:
        """No waiting: the time is over."""
        self.passed += max(seconds, 0.0)


class TickingClock(StandingClock):
    """No two moments are the same."""

    def now(self) -> datetime:
        """A microsecond later than the last time."""
        self.passed += 1e-6
        return super().now()


@dataclass
class Site:
    """One installation. *erp* and *bank* are laid over the defaults below, table by table."""

    root: Path
    erp: Mapping[str, Any] = field(default_factory=dict)
    bank: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    more_erps: tuple[Mapping[str, Any], ...] = ()
    clock: StandingClock = field(default_factory=StandingClock)
    bank_root: Path | None = None  # where the bank's folders are, if not in a directory beside the installation
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.at = self.bank_root or self.root / "bank"
        for folder in FOLDERS:
            (self.at / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("erp/out", "erp/in", "etc/banks", *(e["outbound"] for e in self.more_erps)):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for other in self.more_erps:
            (self.root / other["inbound"]).mkdir(parents=True, exist_ok=True)
        self.configure()

    # -- the configuration

    @property
    def config(self) -> Path:
        """h2h.toml."""
        return self.root / "etc" / "h2h.toml"

    def configure(self) -> None:
        """Write the configuration files anew."""
        folder = {
            "name": "erp",
            "bank": "testbank",
            "outbound": "erp/out",
            "inbound": "erp/in",
            "completeness": {"by": "rename"},
            "delimited": COLUMNS,
        }
        folders = [laid_over(folder, self.erp), *(laid_over({"bank": "testbank"}, e) for e in self.more_erps)]
        site: dict[str, Any] = {
            "instance": "proof",
            "environment": "test",
            "paths": {"state": "state", "archive": "archive", "ledger": "ledger/ledger.jsonl", **self.paths},
            "limits": laid_over({"free_bytes_min": 0}, self.limits),
            "decisions": dict(self.decisions),
            "erp": folders,
        }
        for erp in site["erp"]:
            for path in ("outbound", "inbound"):
                erp[path] = str(self.root / erp[path])
        for name, path in site["paths"].items():
            site["paths"][name] = str(self.root / path)
        bank = {
            "environment": "test",
            "initiating_party": "Example Ltd",
            "accounts": [OUR_ACCOUNT],
            "channel": {"kind": "directory", "root": str(self.at)},
            "submission": {"bank_removes_temporaries": False},
            "fetching": {"stable_seconds": 0},
        }
        self.config.write_text(toml(site))
        (self.config.parent / "banks" / "testbank.toml").write_text(toml(laid_over(bank, self.bank)))

    def settings(self) -> Settings:
        """What h2h makes of the configuration files."""
        return load(self.config)

    # -- h2h at work

    @contextmanager
    def house(self) -> Iterator[House]:
        """The installation, opened."""
        with open_house(self.settings(), self.environment, clock=self.clock) as house:
            yield house

    def once(self, change: Callable[[House], House] = lambda house: house) -> bool:
        """`h2h once`: one pass over all that is due."""
        with self.house() as house:
            return once(change(house))

    # -- the ERP

    def drop(self, name: str, content: str | bytes, folder: str = "erp/out") -> Path:
        """The ERP writes a file under a temporary name and renames it."""
        return put(self.root / folder, name, content)

    def beside(self, name: str) -> str:
        """A file h2h wrote beside the ERP's."""
        return (self.root / "erp/out" / name).read_text()

    def receipt(self, name: str) -> dict[str, Any]:
        """The live receipt of a dropped file."""
        found: dict[str, Any] = json.loads(self.beside(f"{name}.status.json"))
        return found

    def findings(self, name: str) -> list[dict[str, Any]]:
        """What the error report beside the file lists."""
        found: list[dict[str, Any]] = json.loads(self.beside(f"{name}.error.json"))["findings"]
        return found

    def outbox(self) -> list[str]:
        """The ERP's own files that are still in its folder (not h2h's receipts and corner)."""
        ours = (".status.json", ".error.json", ".error.txt")
        names = os.listdir(self.root / "erp/out")
        return sorted(n for n in names if not n.endswith(ours) and n not in (".h2h", "refused"))

    def inbox(self, folder: str = "erp/in") -> dict[str, bytes]:
        """What the ERP was given."""
        return contents(self.root / folder)

    def manifests(self, folder: str = "erp/in") -> list[dict[str, Any]]:
        """The manifests among it."""
        return [json.loads(data) for name, data in self.inbox(folder).items() if name.endswith(".manifest.json")]

    # -- the bank

    def at_bank(self) -> dict[str, bytes]:
        """Payment files that the bank can see."""
        return contents(self.at / "to_bank", hidden=False)

    def bank_takes(self) -> dict[str, bytes]:
        """The bank's own program takes what is there."""
        taken = self.at_bank()
        for name in taken:
            (self.at / "to_bank" / name).unlink()
        return taken

    def bank_says(self, name: str, content: str | bytes, *, mtime: datetime | None = None) -> Path:
        """The bank puts an answer or a statement into its folder."""
        path = put(self.at / "from_bank", name, content)
        if mtime is not None:
            os.utime(path, (mtime.timestamp(), mtime.timestamp()))
        return path

    # -- the journal, read afresh

    def submissions(self) -> list[Submission]:
        """Oldest first."""
        with self.house() as house:
            return house.journal.submissions()[::-1]

    def submission(self, source_name: str) -> Submission:
        """The one submission of that file name."""
        (found,) = [s for s in self.submissions() if s.source_name == source_name]
        return found

    def payments(self, source_name: str) -> list[PaymentRecord]:
        """Its payments."""
        sid = self.submission(source_name).sid
        with self.house() as house:
            return house.journal.payments(sid)

    def outcomes(self, source_name: str) -> dict[str, str]:
        """end_to_end_id → outcome."""
        return {p.end_to_end_id: str(p.outcome) for p in self.payments(source_name)}

    def files(self) -> list[InboundFile]:
        """The bank's files."""
        with self.house() as house:
            return house.journal.files()

    def attention(self) -> list[Attention]:
        """What waits for a person."""
        with self.house() as house:
            return house.journal.attention()

    def waiting(self) -> list[str]:
        """The kinds of it, sorted."""
        return sorted(item.kind for item in self.attention())


def salaries(*rows: tuple[str, str, str], date: str = "01.12.2026") -> str:
    """A CSV of (reference, amount, IBAN) as the default columns declare it."""
    lines = [f"{ref};{OUR_ACCOUNT};{date};{amount};Payee {ref};{iban};Invoice {ref}\n" for ref, amount, iban in rows]
    return HEADER + "".join(lines)


def rows(site: Site, suffix: str = ".csv", folder: str = "erp/in") -> list[dict[str, str]]:
    """All rows of all tables the ERP was given."""
    found = []
    for name, data in site.inbox(folder).items():
        if name.endswith(suffix):
            found += list(csv.DictReader(io.StringIO(data.decode())))
    return found


#: Of a bank's profile: that a temporary name is gone is no evidence; files are taken from ten to four.
CLEARS_AWAY = {"submission": {"bank_removes_temporaries": True}}
WINDOW = {"cutoff": {"timezone": "UTC", "earliest": time(10), "latest": time(16)}}
#: A file of one salary, and a file of two.
ONE = salaries(("SAL-1", "1250,00", IBANS[0]))
TWO = salaries(("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1]))


def in_the_present() -> StandingClock:
    """A clock that stands now: gpg signs by the machine's clock, and a signature from the future is no good."""
    return StandingClock(datetime.now(UTC))


def week_after(start: datetime) -> str:
    """A working day about a week later, as the default columns declare it."""
    day = (start + timedelta(days=8)).date()
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.strftime("%d.%m.%Y")


def iso(message_id: str, amounts: Sequence[str], *, version: str = "09") -> bytes:
    """A pain.001 of an ERP that already writes ISO 20022, in the repertoire of SEPA."""
    return pain001(message_id, amounts, version=version).replace(b" &amp; Co", b" and Co")


def put(folder: Path, name: str, content: str | bytes) -> Path:
    """Write *name* so that nobody sees half of it."""
    data = content.encode() if isinstance(content, str) else content
    temporary = folder / f".{name[:100].encode('ascii', 'replace').decode()}.tmp".replace("/", "_").replace("\n", "_")
    temporary.write_bytes(data)
    target = folder / name
    temporary.rename(target)
    return target


def contents(folder: Path, *, hidden: bool = True) -> dict[str, bytes]:
    """name → bytes of the regular files in *folder*; one that is not hidden does not vanish while it is looked at."""
    there = [p for p in sorted(folder.iterdir()) if hidden or not p.name.startswith(".")]
    return {p.name: p.read_bytes() for p in there if p.is_file() and not p.is_symlink()}


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """*above* over *below*, table by table; None takes a value away."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(old, Mapping) and value.get("kind") == old.get("kind"):
            merged[key] = laid_over(old, value)
        else:
            merged[key] = value
    return merged


def toml(tables: Mapping[str, Any]) -> str:
    """TOML of plain values, lists and tables, all of them inline: for programs, not for people."""
    text = "".join(f"{_key(k)} = {_value(v)}\n" for k, v in tables.items())
    tomllib.loads(text)
    return text


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value)


def _key(key: str) -> str:
    return json.dumps(key)
