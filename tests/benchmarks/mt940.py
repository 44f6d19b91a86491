"""An MT940 of many entries → objects: h2h beside what else there is in Python, in one run, each in a child of its own.

Every contender must have read every entry. Seconds are processor time (user and system) of the reading alone, without
starting Python and importing, the best of several rounds in turn; memory is the peak of the whole process (ru_maxrss).
Only h2h, mt-940, bankfile and x940 take the texts (:86:) apart; h2h does so when asked, so it stands here twice.
``python -m tests.benchmarks.mt940 1000`` measures one size.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from tests.benchmarks.contest import Contest, Measured, child, played, table

COUNTS = (10_000, 100_000)
#: Rounds at each size: whatever else the machine does disturbs the short ones most.
ROUNDS = {10_000: 3, 100_000: 2}
#: Where `.ci/setup bench` puts the package whose import name is another's too.
APART = Path(sys.prefix) / "apart" / "bench-mt940"
#: x940 comes ready-made for one version of Python only, and has an interpreter of its own; it may not be there.
X940 = Path(sys.prefix) / "apart" / "x940" / "bin" / "python"


# ------------------------------------------------------------------------------------------------ the contenders


def h2h(source: Path) -> Callable[[], int]:
    """The codec as `h2h inspect` and the daemon use it: all lines judged, all odd ones found."""
    from h2h.core.codecs.mt94x import Mt94x
    from h2h.core.format import Card
    from h2h.core.model.statement import StatementMessage

    codec = Mt94x(Card("mt940", None, None))

    def work() -> int:
        read = codec.read(source.read_bytes())
        assert isinstance(read.message, StatementMessage)
        assert read.findings == []
        return sum(len(s.entries) for s in read.message.statements)

    return work


def h2h_texts(source: Path) -> Callable[[], int]:
    """The same, and every text taken apart: references, counterparty, remittance."""
    from h2h.core.codecs.mt94x import Mt94x
    from h2h.core.format import Card
    from h2h.core.model.statement import StatementMessage

    codec = Mt94x(Card("mt940", None, None))

    def work() -> int:
        message = codec.read(source.read_bytes()).message
        assert isinstance(message, StatementMessage)
        return sum(e.details[0].end_to_end_id is not None for s in message.statements for e in s.entries)

    return work


def h2h_stream(source: Path) -> Callable[[], int]:
    """Entries given out in batches and forgotten."""
    from h2h.core.codecs.mt94x import Mt94x
    from h2h.core.format import Card

    codec = Mt94x(Card("mt940", None, None))
    return lambda: sum(len(entries) for _, entries in codec.stream(source.read_bytes(), None))


def floor(source: Path) -> Callable[[], int]:
    """The limit in Python: one expression for an entry of this very file, its amount; no checks, no texts."""
    entry = re.compile(
        r":61:([0-9]{6})([0-9]{4})(R?[CD])R([0-9,]+)(N[A-Z]{3})([^\n/]*)//([^\n]*)\n:86:([^\n]*(?:\n[^:\n-][^\n]*)*)"
    )

    def work() -> int:
        text = source.read_bytes().decode().replace("\r\n", "\n")
        return len([(found.groups(), Decimal(found[4].replace(",", "."))) for found in entry.finditer(text)])

    return work


def tryton(source: Path) -> Callable[[], int]:
    """mt940, of Tryton's authors."""
    sys.path.insert(0, str(APART))
    from mt940 import MT940

    return lambda: sum(len(s.transactions) for s in MT940(str(source)).statements)


def wolph(source: Path) -> Callable[[], int]:
    """mt-940."""
    import mt940

    return lambda: len(mt940.parse(str(source)).transactions)


def bankfile(source: Path) -> Callable[[], int]:
    """bankfile, which is built on mt-940."""
    from bankfile import parse

    return lambda: len(parse(str(source)).transactions)


def bankstatementparser(source: Path) -> Callable[[], int]:
    """bankstatementparser's reader of MT940: rows of a table."""
    from bankstatementparser.additional_parsers import Mt940Parser

    return lambda: len(Mt940Parser(str(source)).parse())


CONTENDERS: dict[str, tuple[str, Callable[[Path], Callable[[], int]]]] = {
    "h2h": ("h2h: read and checked", h2h),
    "h2h-texts": ("h2h: read, checked, all texts taken apart", h2h_texts),
    "h2h-stream": ("h2h: streamed", h2h_stream),
    "floor": ("limit: one expression, no checks", floor),
    "mt940": ("mt940 (texts left whole)", tryton),
    "bankstatementparser": ("bankstatementparser (texts left whole)", bankstatementparser),
    "mt-940": ("mt-940", wolph),
    "bankfile": ("bankfile", bankfile),
}


# ------------------------------------------------------------------------------------------------ measuring


CONTEST = Contest(
    "tests.benchmarks.mt940",
    "MT940 → objects",
    "entries",
    {
        **{name: words for name, (words, _) in CONTENDERS.items()},
        "x940": "x940 (Rust; all texts taken apart, amounts as floats)",
    },
)


def run(counts: tuple[int, ...] = COUNTS) -> str:
    """The table, as text."""
    names = [*CONTENDERS, *(["x940"] if X940.exists() else [])]
    return table(CONTEST, played(counts, ROUNDS, _prepare, lambda _: names, _measure))


def _prepare(place: Path, count: int) -> Path:
    source = place / f"{count}.sta"
    write_file(source, count)
    return source


def _measure(name: str, count: int, source: Path) -> Measured:
    program = (str(X940), str(Path(__file__).with_name("x940_apart.py"))) if name == "x940" else None
    said, megabytes = child(CONTEST, name, count, source, program=program)
    read, seconds = said.split()
    if int(read) != count:
        raise RuntimeError(f"{name} read {read} of {count} entries")
    return Measured(name, count, float(seconds), megabytes)


def _one(name: str, source: Path) -> None:
    work = CONTENDERS[name][1](source)
    began = time.process_time()
    count = work()
    print(count, time.process_time() - began)


def write_file(target: Path, count: int) -> None:
    """One statement as a German bank writes it: four lines and about 230 bytes an entry, balances that agree."""
    total = Decimal(10_000_000)
    with target.open("w", encoding="utf-8", newline="\r\n") as out:
        out.write(f":20:STARTUMS\n:25:37040044/0532013000\n:28C:00001/00001\n:60F:C260101EUR{_comma(total)}\n")
        for n in range(count):
            mark, code, what = ("C", "166", "GUTSCHRIFT") if n % 2 else ("D", "116", "SEPA-UEBERWEISUNG")
            amount = Decimal(100 + n * 7919 % 9_999_900).scaleb(-2)
            total += amount if mark == "C" else -amount
            out.write(f":61:2601020102{mark}R{_comma(amount)}NTRFNONREF//{n:016}\n")
            text = (
                f"{code}?00{what}?100931?20EREF+INV-2026-{n:08}?21SVWZ+Invoice {n:08} of 202?226, order {n * 7:08}"
                f"?30COBADEFFXXX?31DE89370400440532013000?32Supplier {n} Trading Gmb?33H"
            )
            out.write(":86:" + "\n".join(text[at : at + 65] for at in range(0, len(text), 65)) + "\n")
        sign = "D" if total < 0 else "C"
        out.write(f":62F:{sign}260102EUR{_comma(abs(total))}\n-\n")


def _comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(sys.argv[2], Path(sys.argv[3]))
    else:
        print(run(tuple(int(n) for n in sys.argv[1:]) or COUNTS))
