"""Bad input, tried: each with a finding (where, why, who acts); nothing is sent, nothing is lost, the rest goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from h2h.core.records import FileState
from tests.contracts.keyrings import Keyring, keyring
from tests.contracts.pain import IBANS
from tests.journeys.answers import Sent, camt053, pain002
from tests.journeys.site import HEADER, OUR_ACCOUNT, Site, in_the_present, iso, salaries, week_after

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
GOOD = salaries(("GOOD-1", "10,00", IBANS[0]))
ROW = f"A-1;{OUR_ACCOUNT};01.12.2026;10,00;Payee;{IBANS[0]};Text\n"
DOCUMENT = iso("ERP-1", ["10.00", "20.00"])
HEAD, TRANSACTION = (
    DOCUMENT[: DOCUMENT.index(b"<CdtTrf")],
    DOCUMENT[DOCUMENT.index(b"<CdtTrf") :].split(b"</PmtInf>")[0],
)
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
MEBIBYTE = 1 << 20
NOISE = bytes(n * n % 255 + 1 for n in range(1, 10_000))


def with_doctype(doctype: bytes, inside: bytes = b"") -> bytes:
    """The good document behind a document type declaration; *inside* stands in the debtor's name."""
    body = DOCUMENT[DOCUMENT.index(b"<Document") :]
    return DECLARATION + doctype + (body.replace(b"<Nm>", b"<Nm>" + inside, 1) if inside else body)


@dataclass(frozen=True)
class Bad:
    """A file that must not be sent; the finding that says so, and words of the place that it names."""

    id: str
    name: str
    content: bytes
    code: str
    where: str = ""
    line: int | None = None


def rows(*changes: tuple[str, str], encoding: str = "utf-8") -> bytes:
    """A CSV of one good row and one with *changes*, which is line 3."""
    row = ROW.replace("A-1", "A-2")
    for old, new in changes:
        row = row.replace(old, new)
    return (HEADER + ROW + row).encode(encoding)


def document(old: bytes, new: bytes) -> bytes:
    """The good document with a change."""
    assert old in DOCUMENT
    return DOCUMENT.replace(old, new, 1)


DTD, BROKEN = "H2H-DOCTYPE", "H2H-NOT-WELL-FORMED"
WRONG = IBANS[0][:-1] + "1"
ENTITY = b'<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
REMOTE = b'<!DOCTYPE Document SYSTEM "http://127.0.0.1:1/x.dtd">'
WIDE = with_doctype(b"<!DOCTYPE Document>").decode().replace("UTF-8", "UTF-16").encode("utf-16")
BAD = [
    Bad("empty CSV", "bad.csv", b"", "H2H-EMPTY"),
    Bad("empty XML", "bad.xml", b"", "H2H-EMPTY"),
    Bad("header only", "bad.csv", HEADER.encode(), "H2H-EMPTY"),
    Bad("CSV cut in a row", "bad.csv", rows()[:-40], "H2H-DELIMITED", "line 3", 3),
    Bad("XML cut", "bad.xml", DOCUMENT[: len(DOCUMENT) // 2], BROKEN),
    Bad("XML cut in the last tag", "bad.xml", DOCUMENT[:-4], BROKEN),
    Bad(
        "CP1252 in a UTF-8 CSV",
        "bad.csv",
        rows(("Payee", "Müller"), encoding="cp1252"),
        "H2H-ENCODING",
        "3",
        3,
    ),
    Bad("CP1252 in UTF-8 XML", "bad.xml", document(b"<Nm>", b"<Nm>M\xfcller"), BROKEN),
    Bad("UTF-16", "bad.csv", rows(encoding="utf-16"), "H2H-ENCODING"),
    Bad("NUL in a field", "bad.csv", rows(("Payee", "Pa\0yee")), "H2H-NUL", "line 3", 3),
    Bad("NUL bytes only", "bad.csv", b"\0" * 5000, "H2H-NUL"),
    Bad("NUL in XML", "bad.xml", document(b"<Nm>", b"<Nm>\0"), "H2H-NUL"),
    Bad("noise", "bad.csv", NOISE, "H2H-COLUMNS", "line 1", 1),
    Bad("noise as XML", "bad.xml", b"<" + NOISE, BROKEN),
    Bad("too few columns", "bad.csv", rows((f";{IBANS[0]};Text", "")), "H2H-DELIMITED", "line 3", 3),
    Bad("a column missing", "bad.csv", b"Reference;Date\nA;01.12.2026\n", "H2H-COLUMNS", "line 1", 1),
    Bad("1,005", "bad.csv", rows(("10,00", "1,005")), "H2H-DECIMALS", "Amount", 3),
    Bad("1.005", "bad.csv", rows(("10,00", "1.005")), "H2H-AMOUNT", "Amount", 3),
    Bad("1.005 in XML", "bad.xml", iso("ERP-1", ["1.005"]), "H2H-DECIMALS"),
    Bad("a wrong digit", "bad.csv", rows((IBANS[0], WRONG)), "H2H-IBAN", "IBAN", 3),
    Bad("a wrong digit in XML", "bad.xml", document(IBANS[1].encode(), WRONG.encode()), "H2H-IBAN"),
    Bad("DOCTYPE", "bad.xml", with_doctype(b"<!DOCTYPE Document>"), DTD),
    Bad("entity bomb", "bad.xml", with_doctype(b'<!DOCTYPE D [<!ENTITY l0 "ha">' + LAUGHS + b"]>", b"&l9;"), DTD),
    Bad("external entity", "bad.xml", with_doctype(ENTITY, b"&x;"), DTD),
    Bad("external DTD", "bad.xml", with_doctype(REMOTE), DTD),
    Bad("DOCTYPE in UTF-16", "bad.xml", WIDE, "H2H-ENCODING"),
    Bad("DOCTYPE far from the start", "bad.xml", with_doctype(b" " * 100_000 + b"<!DOCTYPE Document>"), DTD),
    Bad("a statement", "bad.xml", camt053([]).encode(), "H2H-NOT-A-PAYMENT"),
    Bad("some other XML", "bad.xml", b"<orders><order/></orders>", "H2H-UNKNOWN-FORMAT"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.id)
def test_a_bad_file_is_refused_with_its_place_reason_and_who_acts_and_a_good_one_beside_it_goes_out(
    tmp_path: Path, bad: Bad
) -> None:
    site = Site(tmp_path)
    site.drop(bad.name, bad.content)
    site.drop("good.csv", GOOD)
    with within(20):
        assert not site.once(), "a refusal is not a success"
    findings = [f for f in site.findings(bad.name) if f["severity"] == "error"]
    (finding, *_) = [f for f in findings if f["code"] == bad.code]
    assert bad.where in finding["where"]
    assert finding.get("line") == bad.line if bad.line else True
    assert finding["where"]
    assert finding["text"]
    assert finding["who_acts"]
    text = site.beside(f"{bad.name}.error.txt")
    assert "not sent" in text
    assert finding["text"] in text
    assert (site.receipt(bad.name)["state"], site.receipt("good.csv")["state"]) == ("REFUSED", "SENT")
    assert only_sent(site) == ["GOOD-1"]
    assert kept(site, bad.name) == bad.content


# ---------------------------------------------------------------------------------------------- no regular files


def test_links_pipes_directories_and_hostile_names_are_never_opened_and_never_block(tmp_path: Path) -> None:
    site = Site(tmp_path)
    folder = site.root / "erp/out"
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(salaries(("STOLEN-1", "99,00", IBANS[0])))
    (folder / "link.csv").symlink_to(elsewhere)
    (folder / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    os.mkfifo(folder / "pipe.csv")
    (folder / "directory.csv").mkdir()
    (folder / "directory.csv" / "inside.csv").write_text(salaries(("INSIDE-1", "99,00", IBANS[0])))
    site.drop("two\nlines.csv", salaries(("NAME-1", "99,00", IBANS[0])))
    site.drop("good.csv", GOOD)
    with within(20):
        site.once()
    assert only_sent(site) == ["GOOD-1"]
    told = {item.subject.removeprefix("erp/"): item for item in site.attention()}
    assert {name: item.kind for name, item in told.items()} == dict.fromkeys(
        ["link.csv", "dangling.csv", "pipe.csv", "directory.csv", "two\\nlines.csv"], "odd-file"
    )
    for name, words in {"link.csv": "link", "pipe.csv": "pipe", "directory.csv": "directory"}.items():
        assert words in told[name].text
    assert all(item.who_acts and "\n" not in item.subject + item.text for item in told.values())
    assert all(item.text.startswith(f"erp/{name}: ") for name, item in told.items()), "which one, is said"
    there = ["dangling.csv", "directory.csv", "link.csv", "pipe.csv", "two\nlines.csv"]
    assert site.outbox() == there, "whoever put them there finds them there"
    assert elsewhere.read_text() == salaries(("STOLEN-1", "99,00", IBANS[0]))
    site.once()
    assert len(site.attention()) == len(there), "told once, not every round"

    (folder / "pipe.csv").unlink()
    (folder / "two\nlines.csv").rename(folder / "one-line.csv")
    site.once()
    left = sorted(item.subject for item in site.attention())
    assert left == ["erp/dangling.csv", "erp/directory.csv", "erp/link.csv"], "what has gone needs nobody any more"
    with site.house() as house:
        closed = [item.closed_reason for item in house.journal.attention(open_only=False) if item.closed_at]
    assert closed == ["it lies in the folder no more"] * 2
    assert only_sent(site) == ["GOOD-1", "NAME-1"]


# ---------------------------------------------------------------------------------------------- garbage in bulk


def test_a_gigabyte_of_garbage_is_refused_unread_and_costs_no_memory(tmp_path: Path) -> None:
    site = Site(tmp_path)
    usual = Once.of(site, "usual.csv")
    for name in ("huge.csv", "huge.xml"):
        with (tmp_path / "growing").open("wb") as file:
            file.truncate(1 << 30)  # sparse: it says a gigabyte and takes none
        (tmp_path / "growing").rename(site.root / "erp/out" / name)
    huge = Once.of(site, "good.csv")
    assert huge.sent == 1
    assert huge.peak_bytes - usual.peak_bytes < 16 * MEBIBYTE
    for name in ("huge.csv", "huge.xml"):
        (finding,) = site.findings(name)
        assert (finding["code"], finding["where"]) == ("H2H-FILE-TOO-LARGE", name)
        assert str(1 << 30) in finding["text"]
        assert finding["who_acts"]
        assert (site.root / "erp/out/refused" / name).stat().st_size == 1 << 30
    assert site.waiting() == ["refused-file", "refused-file"]
    assert sorted(item.text.partition(":")[0] for item in site.attention()) == ["erp/huge.csv", "erp/huge.xml"]


@pytest.mark.parametrize(
    ("name", "block", "code"),
    [
        ("zeros.csv", bytes(MEBIBYTE), "H2H-NUL"),
        ("one-line.csv", HEADER.encode() + b"0123456789;abcdef" * 61_680, "H2H-LIMIT"),
        ("zeros.xml", HEAD + bytes(MEBIBYTE - len(HEAD)), "H2H-NUL"),
        ("deep.xml", HEAD + b"<GrpHdr>" * (MEBIBYTE // 8), "H2H-SCHEMA"),
        ("cut.xml", HEAD + TRANSACTION * (MEBIBYTE // len(TRANSACTION)), BROKEN),
    ],
)
def test_garbage_within_the_limit_is_refused_soon_in_memory_that_is_bounded(
    tmp_path: Path, name: str, block: bytes, code: str
) -> None:
    site = Site(tmp_path)
    with (tmp_path / "growing").open("wb") as file:
        file.write(block)
        for _ in range(149 if code != BROKEN else 39):  # what is well-formed up to its end is read to its end
            file.write(block.replace(HEAD, b"").replace(HEADER.encode(), b""))
    (tmp_path / "growing").rename(site.root / "erp/out" / name)
    run = Once.of(site, "good.csv")
    assert run.sent == 1
    assert code in [f["code"] for f in site.findings(name)]
    assert site.receipt(name)["state"] == "REFUSED"
    assert all(f["where"] and f["who_acts"] and f["where"] != "line 0" for f in site.findings(name))
    assert run.peak_bytes < 400 * MEBIBYTE, "the file itself, once, and little more"


# Not ru_maxrss: a child inherits the peak of the process that started it. VmHWM begins anew with the program (proc(5)).
TELLS_ITS_PEAK = """
import atexit, pathlib, runpy, sys
told = pathlib.Path(sys.argv.pop(1))
def tell():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    told.write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
atexit.register(tell)
sys.argv[0] = "h2h"
runpy.run_module("h2h", run_name="__main__")
"""


@dataclass
class Once:
    """`h2h once` in a process of its own, with the real clock: what it sent and what it cost."""

    sent: int
    peak_bytes: int

    @classmethod
    def of(cls, site: Site, good: str) -> Once:
        """Drop a good file of that name; one pass over all there is."""
        day = datetime.now(UTC).date() + timedelta(days=7)
        site.drop(good, salaries((good, "10,00", IBANS[0]), date=f"{day:%d.%m.%Y}"))
        before = len(site.at_bank())
        told = site.root / "peak"
        command = [sys.executable, "-c", TELLS_ITS_PEAK, str(told), "once", "-c", str(site.config)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with within(60):
            process.wait()
        return cls(len(site.at_bank()) - before, int(told.read_text()) * 1024)


# ---------------------------------------------------------------------------------------------- the bank's side


def test_answers_that_cannot_be_trusted_or_read_are_set_aside_with_a_reason_and_the_next_is_delivered(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    program("gpg")
    with keyring() as bank, keyring() as ours:
        theirs, own = bank.make("bank"), ours.make("ours")
        bank.make("stranger")
        bank.take(ours.public("ours"))
        ours.take(bank.public("bank"))
        site = Site(tmp_path, bank={"seal": pgp(ours, own, theirs)}, clock=in_the_present())
        site.drop("pay.csv", salaries(("GOOD-1", "10,00", IBANS[0]), date=week_after(site.clock.start)))
        assert site.once()
        (sealed,) = site.bank_takes().values()
        answer = pain002(Sent.of(bank.gpg("--decrypt", data=sealed)), "ACSP").encode()

        def seal(data: bytes, *options: str) -> bytes:
            return bank.gpg(*(options or ("--sign", "-u", theirs)), "--encrypt", "-r", own, data=data)

        whole = seal(answer)
        doctype = DECLARATION + b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + answer[answer.index(b"<Document") :]
        said = {
            "empty": (b"", "UNTRUSTED"),
            "garbage": (NOISE, "UNTRUSTED"),
            "truncated": (whole[: len(whole) // 2], "UNTRUSTED"),
            "altered": (whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:], "UNTRUSTED"),
            "plain": (answer, "UNTRUSTED"),
            "unsigned": (bank.gpg("--encrypt", "-r", own, data=answer), "UNTRUSTED"),
            "signed-by-a-stranger": (seal(answer, "--sign", "-u", bank.keys["stranger"]), "UNTRUSTED"),
            "sealed-empty": (seal(b""), "H2H-EMPTY"),
            "sealed-garbage": (seal(NOISE), "H2H-UNKNOWN-FORMAT"),
            "sealed-truncated": (seal(answer[: len(answer) // 2]), "H2H-NOT-WELL-FORMED"),
            "sealed-doctype": (seal(doctype), "H2H-DOCTYPE"),
            "sealed-nonsense": (seal(b"<nonsense/>"), "H2H-UNKNOWN-FORMAT"),
        }
        for name, (data, _) in said.items():
            site.bank_says(f"{name}.pgp", data)
        site.bank_says("zz-good.pgp", whole)
        with within(40):
            assert not site.once()
        files = {f.remote_name.removesuffix(".pgp"): f for f in site.files()}
        assert {n: f.state for n, f in files.items()} == {
            **dict.fromkeys(said, FileState.QUARANTINED), "zz-good": FileState.DELIVERED
        }  # fmt: skip
        assert {n: f.reason for n, f in files.items() if n in said} == {n: reason for n, (_, reason) in said.items()}
        assert site.waiting() == ["quarantined"] * len(said)
        assert {i.subject for i in site.attention()} == {f.fid for n, f in files.items() if n in said}
        assert all(i.who_acts and i.text for i in site.attention())
        assert [m["bank_file"] for m in site.manifests()] == ["zz-good.pgp"]
        assert site.outcomes("pay.csv") == {"GOOD-1": "accepted"}
        assert list((site.at / "from_bank").iterdir()) == []
        with site.house() as house:
            for name, (data, _) in said.items():
                received = house.archive.get(files[name].fid, files[name].fetched_at, "10-received")
                assert received is not None
                assert received.read_bytes() == data, "the evidence is kept whole"


def test_an_answer_over_the_limit_stays_at_the_bank_and_the_next_is_delivered(tmp_path: Path) -> None:
    site = Site(tmp_path, limits={"file_bytes_max": 1_000_000})
    site.drop("pay.csv", GOOD)
    site.once()
    sent = Sent.of(next(iter(site.bank_takes().values())))
    huge = site.bank_says("a-huge.xml", b"")
    os.truncate(huge, 1 << 30)
    site.bank_says("b-good.xml", pain002(sent, "ACSP"))
    with within(20):
        site.once()
    assert site.outcomes("pay.csv") == {"GOOD-1": "accepted"}
    (item,) = site.attention()
    assert (item.kind, str(item.who_acts)) == ("file-too-large", "bank")
    assert "a-huge.xml" in item.text
    assert huge.exists()


# ---------------------------------------------------------------------------------------------- helpers


def only_sent(site: Site) -> list[str]:
    """end_to_end_ids of all that the bank can see."""
    return sorted(p[1] for data in site.at_bank().values() for p in Sent.of(data).payments)


def kept(site: Site, name: str) -> bytes:
    """The ERP's bytes, as the archive has them."""
    sub = site.submission(name)
    with site.house() as house:
        path = house.archive.get(sub.sid, sub.received_at, "10-source")
    assert path is not None
    return path.read_bytes()


def pgp(ours: Keyring, own: str, theirs: str) -> dict[str, object]:
    """A bank's seal: our keyring, our key, and the bank's one key for both uses."""
    return {
        "kind": "pgp", "keyring": str(ours.home), "own_fingerprint": own,
        "bank_encryption_fingerprints": [theirs], "bank_signing_fingerprints": [theirs],
    }  # fmt: skip


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Whatever blocks inside is interrupted, and fails."""

    def late(number: int, frame: object) -> None:
        raise AssertionError(f"not done within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
