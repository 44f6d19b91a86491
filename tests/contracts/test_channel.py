"""One contract, three banks: a directory, OpenSSH's sshd, the simulated bank's own SFTP server."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from h2h.adapters.directory_channel import BankOverDirectory
from h2h.core.errors import InDoubt, Misconfigured, NotFound, NotSent, Refused, Unavailable
from h2h.ports import RemoteKind
from tests.contracts.banks import Bank, Rename, bank, plain_server, sshd

__all__ = ["bank", "plain_server", "sshd"]  # fixtures

RENAMES: tuple[Rename, ...] = ("posix", "fxp")


def test_what_is_written_is_there_and_can_be_read_back(bank: Bank) -> None:
    data = os.urandom(300_000)
    with bank.open("posix").connect() as session:
        session.create("to_bank", ".a.part", io.BytesIO(data))
        entry = session.stat("to_bank", ".a.part")
        assert entry is not None
        assert (entry.name, entry.size, entry.kind) == (b".a.part", len(data), RemoteKind.FILE)
        assert session.digest("to_bank", ".a.part") == (len(data), hashlib.sha256(data).hexdigest())
    assert (bank.root / "to_bank/.a.part").read_bytes() == data


def test_an_empty_file_goes_through_whole(bank: Bank) -> None:
    with bank.open("posix").connect() as session:
        session.create("to_bank", "empty", io.BytesIO(b""))
        assert session.digest("to_bank", "empty") == (0, hashlib.sha256(b"").hexdigest())
        assert session.fetch("to_bank", b"empty", io.BytesIO(), 0) == 0


def test_a_name_that_exists_is_never_written_to(bank: Bank) -> None:
    with bank.open("posix").connect() as session:
        session.create("to_bank", "there", io.BytesIO(b"first"))
        with pytest.raises(NotSent, match="there"):
            session.create("to_bank", "there", io.BytesIO(b"second"))
    assert (bank.root / "to_bank/there").read_bytes() == b"first"


def test_a_link_is_not_written_through(bank: Bank) -> None:
    (bank.root / "to_bank/link").symlink_to(bank.root / "to_bank/target")
    with bank.open("posix").connect() as session, pytest.raises(NotSent):
        session.create("to_bank", "link", io.BytesIO(b"x"))
    assert not (bank.root / "to_bank/target").exists()


@pytest.mark.parametrize("rename", RENAMES)
def test_a_rename_that_is_confirmed_has_happened(bank: Bank, rename: Rename) -> None:
    channel = bank.open(rename)
    assert channel.rename_is_atomic is (rename == "posix")
    with channel.connect() as session:
        session.create("temporary", "t", io.BytesIO(b"x"))
        session.rename("temporary", "t", "to_bank", "final")
        assert session.stat("temporary", "t") is None
        assert session.stat("to_bank", "final") is not None


@pytest.mark.parametrize("rename", RENAMES)
def test_a_rename_of_what_is_not_there_is_a_doubt(bank: Bank, rename: Rename) -> None:
    with bank.open(rename).connect() as session:
        with pytest.raises(InDoubt):
            session.rename("to_bank", "never", "to_bank", "final")
        assert session.stat("to_bank", "final") is None


def test_a_plain_rename_overwrites_nothing(bank: Bank) -> None:
    (bank.root / "to_bank/final").write_bytes(b"the bank's")
    with bank.open("fxp").connect() as session:
        session.create("to_bank", "t", io.BytesIO(b"ours"))
        with pytest.raises(InDoubt):
            session.rename("to_bank", "t", "to_bank", "final")
    assert (bank.root / "to_bank/final").read_bytes() == b"the bank's"


def test_a_missing_name_is_none_but_a_missing_folder_is_not_knowing(bank: Bank) -> None:
    with bank.open("posix").connect() as session:
        assert session.stat("to_bank", "nothing") is None
        assert session.digest("to_bank", "nothing") is None
        with pytest.raises(Unavailable):
            session.stat("elsewhere", "nothing")
        with pytest.raises(Unavailable):
            session.digest("elsewhere", "nothing")
        with pytest.raises(Unavailable):
            list(session.list("elsewhere"))
        with pytest.raises(NotSent):
            session.create("elsewhere", "a", io.BytesIO(b""))
        with pytest.raises(InDoubt):
            session.rename("elsewhere", "a", "to_bank", "b")


def test_a_reader_that_never_rests_sees_no_half_file(bank: Bank) -> None:
    """The bank's own program lists and reads without pause while files arrive; each final name is whole at once."""
    data, stop = os.urandom(400_000), threading.Event()
    seen: set[tuple[str, bool]] = set()  # name, whole

    def watch() -> None:
        while not stop.is_set():
            for path in (bank.root / "to_bank").glob("final*"):
                seen.add((path.name, path.read_bytes() == data))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with bank.open("posix").connect() as session:
            for number in range(10):
                session.create("to_bank", f".{number}.part", io.BytesIO(data))
                session.rename("to_bank", f".{number}.part", "to_bank", f"final{number}")
                until = time.monotonic() + 30  # on a busy machine the reader may be late
                while (f"final{number}", True) not in seen and time.monotonic() < until:
                    time.sleep(0.001)
    finally:
        stop.set()
        watcher.join()
    assert seen == {(f"final{n}", True) for n in range(10)}


def test_only_files_are_files(bank: Bank) -> None:
    folder = bank.root / "from_bank"
    (folder / "file").write_bytes(b"abc")
    (folder / "directory").mkdir()
    (folder / "link").symlink_to("file")
    os.mkfifo(folder / "pipe")
    with bank.open("posix").connect() as session:
        kinds = {entry.name: entry.kind for entry in session.list("from_bank")}
    assert kinds == {
        b"file": RemoteKind.FILE,
        b"directory": RemoteKind.DIRECTORY,
        b"link": RemoteKind.OTHER,
        b"pipe": RemoteKind.OTHER,
    }


HOSTILE = [b"\xff\xfe.xml", b"line\nfeed", b"-rf", b"n" * 255, b"; rm -rf $HOME", b"\xe4\xb8\xad.xml", b" ", b"%s%n"]


def test_one_strange_name_blocks_nobody(bank: Bank) -> None:
    folder = os.fsencode(bank.root / "from_bank")
    for name in HOSTILE:
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(name)
    with bank.open("posix").connect() as session:
        assert {entry.name for entry in session.list("from_bank")} == set(HOSTILE)
        for name in HOSTILE:
            sink = io.BytesIO()
            assert session.fetch("from_bank", name, sink, 1000) == len(name)
            assert sink.getvalue() == name
            session.move("from_bank", name, "processed")
            session.remove("processed", name)
        assert list(session.list("from_bank")) == list(session.list("processed")) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../up", "nul\0"])
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_asked(bank: Bank, name: str) -> None:
    with bank.open("posix").connect() as session:
        with pytest.raises(Misconfigured):
            session.create("to_bank", name, io.BytesIO(b""))
        with pytest.raises(Misconfigured):
            session.fetch("from_bank", name.encode(), io.BytesIO(), 10)
        with pytest.raises(Misconfigured):
            session.rename("to_bank", "a", "to_bank", name)
        with pytest.raises(Misconfigured):
            session.move("from_bank", name.encode(), "processed")


def test_a_large_folder_is_listed_quickly(bank: Bank) -> None:
    count = 4_000 if bank.kind == "simulator" else 20_000  # paramiko's server is the slow one there
    for number in range(count):
        os.close(os.open(bank.root / "from_bank" / f"{number:05}", os.O_CREAT | os.O_WRONLY))
    with bank.open("posix").connect() as session:
        assert sum(1 for _ in session.list("from_bank")) == count


def test_a_listing_may_be_left_early_or_mixed_with_other_calls(bank: Bank) -> None:
    for number in range(150):
        (bank.root / "from_bank" / f"{number:05}").write_bytes(b"%d" % number)
    with bank.open("posix").connect() as session:
        for entry in session.list("from_bank"):
            sink = io.BytesIO()
            session.fetch("from_bank", entry.name, sink, 100)
            assert int(sink.getvalue()) == int(entry.name)
        listing = iter(session.list("from_bank"))
        next(listing)
        listing.close()  # type: ignore[attr-defined]
        assert session.stat("from_bank", "00001") is not None
        assert sum(1 for _ in session.list("from_bank")) == 150


def test_a_file_larger_than_allowed_is_refused(bank: Bank) -> None:
    (bank.root / "from_bank/big").write_bytes(b"x" * 200_000)
    with bank.open("posix").connect() as session:
        for most in (0, 199_999):
            with pytest.raises(Refused, match="larger"):
                session.fetch("from_bank", b"big", io.BytesIO(), most)
        assert session.fetch("from_bank", b"big", io.BytesIO(), 200_000) == 200_000


def test_a_file_that_is_gone_is_not_found_and_its_removal_is_success(bank: Bank) -> None:
    with bank.open("posix").connect() as session:
        with pytest.raises(NotFound):
            session.fetch("from_bank", b"gone", io.BytesIO(), 10)
        session.remove("from_bank", b"gone")
        session.move("from_bank", b"gone", "processed")


def test_a_file_moved_aside_replaces_no_older_one(bank: Bank) -> None:
    for content in (b"monday", b"tuesday", b"wednesday"):
        (bank.root / "from_bank/report").write_bytes(content)
        with bank.open("posix").connect() as session:
            session.move("from_bank", b"report", "processed")
    kept = {path.name: path.read_bytes() for path in (bank.root / "processed").iterdir()}
    assert kept == {"report": b"monday", "report~2": b"tuesday", "report~3": b"wednesday"}


@pytest.mark.parametrize("spelled", ["from_bank", "./from_bank", "from_bank/"])
def test_a_file_moved_into_the_folder_in_which_it_lies_stays_there_as_it_is(bank: Bank, spelled: str) -> None:
    (bank.root / "from_bank/report").write_bytes(b"monday")
    with bank.open("posix").connect() as session:
        session.move("from_bank", b"report", spelled)
        session.move("from_bank", b"gone", spelled)
    assert {path.name: path.read_bytes() for path in (bank.root / "from_bank").iterdir()} == {"report": b"monday"}


def test_a_folder_of_a_directory_bank_that_is_another_by_a_link_only_loses_no_file(tmp_path: Path) -> None:
    (tmp_path / "from_bank").mkdir()
    (tmp_path / "from_bank/report").write_bytes(b"monday")
    (tmp_path / "processed").symlink_to("from_bank")
    with BankOverDirectory(tmp_path, "posix").connect() as session:
        session.move("from_bank", b"report", "processed")
    assert (tmp_path / "from_bank/report").read_bytes() == b"monday"


def test_a_failed_call_leaves_the_session_usable(bank: Bank) -> None:
    with bank.open("posix").connect() as session:
        for _ in range(3):
            with pytest.raises(Unavailable):
                list(session.list("elsewhere"))
        session.create("to_bank", "after", io.BytesIO(b"x"))
        assert session.stat("to_bank", "after") is not None


def test_no_thread_and_no_descriptor_stays_behind(bank: Bank) -> None:
    channel = bank.open("posix")
    with channel.connect() as session:
        session.stat("to_bank", "x")
    if bank.kind == "simulator":
        return  # its server's threads and sockets live in this process
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with channel.connect() as session, pytest.raises(Unavailable):
            list(session.list("elsewhere"))
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_threads_that_share_one_session_each_get_their_own_answers(bank: Bank) -> None:
    contents = {f"{n}": os.urandom(100_000 * (n % 3) + n) for n in range(12)}
    with bank.open("posix").connect() as session:

        def carry(name: str) -> tuple[int, str] | None:
            session.create("temporary", f".{name}", io.BytesIO(contents[name]))
            seen = session.digest("temporary", f".{name}")
            session.rename("temporary", f".{name}", "to_bank", name)
            assert session.stat("temporary", f".{name}") is None
            return seen

        with ThreadPoolExecutor(6) as pool:
            seen = dict(zip(contents, pool.map(carry, contents), strict=True))
    assert seen == {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items()}
    assert {p.name: p.read_bytes() for p in (bank.root / "to_bank").iterdir()} == contents
