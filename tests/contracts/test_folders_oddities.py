"""What is odd in an outbox: told in safe words, left or set aside, and nothing else is held up by it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import Refused
from h2h.settings.erp import CompletenessKind
from tests.contracts.outboxes import NOW, claim, names, odd, outbound, outbox

__all__ = ["outbound", "outbox"]  # fixtures


def test_what_is_not_a_regular_file_is_told_once_and_never_opened(outbound: Path, outbox: Any) -> None:
    secret = outbound.parent / "secret"
    secret.write_bytes(b"root:")
    (outbound / "link.csv").symlink_to(secret)
    (outbound / "dangling.csv").symlink_to("nowhere")
    (outbound / "folder.csv").mkdir()
    os.mkfifo(outbound / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(outbound / "socket.csv"))
    (outbound / "suid.csv").write_bytes(b"x")
    (outbound / "suid.csv").chmod(0o4644)
    (outbound / "subfolder").mkdir()
    box = outbox()
    found = list(box.scan(NOW))
    expected = [f"{n}.csv" for n in ("dangling", "folder", "link", "pipe", "socket", "suid")]
    assert sorted(odd(iter(found))) == [("H2H-FILE-NOT-REGULAR", n) for n in expected]
    assert names(iter(found)) == []
    assert list(box.scan(NOW)) == []
    os.mkfifo(outbound / "another")
    (outbound / "another").rename(outbound / "pipe.csv")
    assert odd(box.scan(NOW)) == [("H2H-FILE-NOT-REGULAR", "pipe.csv")]


HOSTILE = [
    b"new\nline.csv",
    b"bell\x07.csv",
    b"esc\x1b[31m.csv",
    b"latin-\xe9.csv",
    b"gb\xc4\xe3\xba\xc3.csv",
    b"half-utf8\xe4\xbd.csv",
    b"nul\xc2\x80.csv",
    "bidi\u202egpj.csv".encode(),
    "zero\u200bwidth.csv".encode(),
    "line\u2028sep.csv".encode(),
    b"tab\t.csv",
    b"cr\r.csv",
    b"del\x7f.csv",
    b"x" * 251 + b".csv",
    "\u4f60".encode() * 80 + b".csv",
]
FRIENDLY = [
    b"-rf.csv",
    b"--help.csv",
    b"a b.csv",
    b" lead.csv",
    b"$(reboot).csv",
    b"`id`.csv",
    b"a;b.csv",
    b"a'b\".csv",
    b"..csv.csv"[1:],
    b"%00.csv",
    b"<script>.csv",
    "工资\u3000十一月.csv".encode(),
    "é.csv".encode(),
    "e\u0301.csv".encode(),
    b"x" * 196 + b".csv",
    b"*.csv",
    b"[a].csv",
    b"\\.csv",
    b"{sid}.csv",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_told_in_safe_letters_and_not_taken(outbound: Path, outbox: Any, name: bytes) -> None:
    with open(os.fsencode(outbound) + b"/" + name, "wb") as file:
        file.write(b"x")
    (outbound / "good.csv").write_bytes(b"x")
    found = list(outbox().scan(NOW))
    assert names(iter(found)) == ["good.csv"]
    (code, told) = odd(iter(found))[0]
    assert code == "H2H-FILE-NAME"
    told.encode("utf-8")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b\u2028" for c in told)


@pytest.mark.parametrize("name", [n for n in FRIENDLY if not n.startswith(b".")])
def test_a_strange_but_harmless_name_is_taken_as_it_is(outbound: Path, outbox: Any, name: bytes) -> None:
    with open(os.fsencode(outbound) + b"/" + name, "wb") as file:
        file.write(b"x")
    box = outbox()
    claimed = claim(box)
    assert claimed.identity.name == name.decode()
    assert box.spool(claimed).size == 1
    assert [c.identity.name for c in box.unfinished()] == [name.decode()]


@pytest.mark.parametrize("seconds", [-5_000_000_000, 0, 4_000_000_000, 10_000_000_000, 15_000_000_000])
def test_an_impossible_time_of_change_stops_nothing(outbound: Path, outbox: Any, seconds: int) -> None:
    (outbound / "odd.csv").write_bytes(b"x")
    os.utime(outbound / "odd.csv", (seconds, seconds))
    (outbound / "good.csv").write_bytes(b"x")
    assert "good.csv" in names(outbox(CompletenessKind.QUIET, completeness={"quiet_seconds": 0}).scan(NOW))


def test_only_files_of_the_named_owners_are_taken(outbound: Path, outbox: Any) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give files away")
    (outbound / "mine.csv").write_bytes(b"x")
    (outbound / "foreign.csv").write_bytes(b"x")
    os.chown(outbound / "foreign.csv", 4242, -1)
    found = list(outbox(owners=("root",)).scan(NOW))
    assert names(iter(found)) == ["mine.csv"]
    assert odd(iter(found)) == [("H2H-FILE-OWNER", "foreign.csv")]
    assert names(outbox(owners=("4242",)).scan(NOW)) == ["foreign.csv"]


def test_an_empty_file_is_taken_like_any_other(outbound: Path, outbox: Any) -> None:
    (outbound / "empty.csv").write_bytes(b"")
    box = outbox()
    assert box.spool(claim(box)).size == 0


def bytes_read() -> int:
    """How many bytes this process has read so far, from anywhere (proc(5), rchar)."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_a_gigabyte_is_claimed_and_refused_without_being_read(outbound: Path, outbox: Any) -> None:
    with (outbound / "huge.csv").open("wb") as file:
        file.truncate(1 << 30)
    box = outbox(limits={"file_bytes_max": 1000})
    claimed = claim(box)
    before = bytes_read()
    with pytest.raises(Refused) as refusal:
        box.spool(claimed)
    assert bytes_read() - before < 1 << 20
    assert refusal.value.findings[0].code == "H2H-FILE-TOO-LARGE"
    assert (outbound / "refused" / box.set_aside(claimed)).stat().st_size == 1 << 30
    assert list(box.unfinished()) == []


def test_refused_files_of_one_name_lie_side_by_side_and_are_not_looked_at_again(outbound: Path, outbox: Any) -> None:
    box = outbox(limits={"file_bytes_max": 1}, patterns=("*",))
    told = []
    for content in (b"first", b"second"):
        (outbound / "pay.csv").write_bytes(content)
        told.append(box.set_aside(claim(box)))
    assert told == ["pay.csv", "pay~2.csv"]
    assert (outbound / "refused" / "pay~2.csv").read_bytes() == b"second"
    assert (outbound / "refused").stat().st_mode == outbound.stat().st_mode
    assert list(box.scan(NOW)) == []
