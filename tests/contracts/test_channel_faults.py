"""What the way to a bank does when server or network fail: no failure is a success, none lasts for ever."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from h2h.adapters.directory_channel import BankOverDirectory
from h2h.adapters.sftp import BankOverSftp
from h2h.adapters.sftp.connect import Credentials
from h2h.adapters.sftp.keys import load_key
from h2h.core.errors import H2HError, InDoubt, Misconfigured, NotSent, Unavailable
from h2h.ports import RemoteKind, Session
from tests.conftest import missing
from tests.contracts.banks import Bank, PlainServer, bank, over_sftp, plain_server, sshd
from tests.contracts.proxy import Proxy
from tests.contracts.sshd import Sshd, running_sshd

__all__ = ["bank", "plain_server", "sshd"]  # fixtures

CALLS: dict[str, tuple[Callable[[Session], object], type[H2HError]]] = {
    "create": (lambda s: s.create("to_bank", "new", io.BytesIO(b"x")), NotSent),
    "stat": (lambda s: s.stat("to_bank", "old"), Unavailable),
    "digest": (lambda s: s.digest("to_bank", "old"), Unavailable),
    "rename": (lambda s: s.rename("to_bank", "old", "to_bank", "final"), InDoubt),
    "remove": (lambda s: s.remove("to_bank", "old"), Unavailable),
    "move": (lambda s: s.move("to_bank", b"old", "processed"), Unavailable),
    "list": (lambda s: list(s.list("to_bank")), Unavailable),
    "fetch": (lambda s: s.fetch("to_bank", b"old", io.BytesIO(), 100), Unavailable),
}


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[Proxy]:
    """A proxy before OpenSSH's server."""
    with Proxy(sshd.port) as between:
        yield between


# ---------------------------------------------------------------------------------------------- silence


@pytest.mark.parametrize("call", CALLS)
def test_a_frozen_server_is_given_up_after_the_time_agreed(sshd: Sshd, call: str) -> None:
    """SIGSTOP of the session's process: TCP goes on, nobody answers."""
    (sshd.root / "to_bank/old").write_bytes(b"x")
    act, error = CALLS[call]
    with over_sftp(sshd.channel(timeout_seconds=1.5)).connect() as session:
        session.stat("to_bank", "old")
        frozen = sshd.freeze()
        try:
            started = time.monotonic()
            with pytest.raises(error, match=r"1\.5 s"):
                act(session)
            assert time.monotonic() - started < 20
            started = time.monotonic()
            with pytest.raises(error):  # and not waited for a second time
                act(session)
            assert time.monotonic() - started < 1.4
        finally:
            sshd.thaw(frozen)


def test_a_server_that_takes_no_more_data_is_given_up_too(sshd: Sshd) -> None:
    """The connection's buffers fill, and sending itself would wait for ever."""

    class Endless(io.BytesIO):
        read_bytes = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.read_bytes += size or 0
            if self.read_bytes > 200_000:
                line.freeze()
            return b"x" * (size or 0)

    with Proxy(sshd.port, narrow=True) as line:
        threads, started = threading.active_count(), time.monotonic()
        with over_sftp(sshd.channel(port=line.port, timeout_seconds=1)).connect() as session, pytest.raises(NotSent):
            session.create("to_bank", "endless", Endless())
        assert time.monotonic() - started < 30
        assert threading.active_count() <= threads


def test_a_transfer_that_stops_half_way_is_not_a_short_file(sshd: Sshd, proxy: Proxy) -> None:
    (sshd.root / "from_bank/big").write_bytes(os.urandom(3_000_000))
    for cut in (0, 1):
        with over_sftp(sshd.channel(port=proxy.port, timeout_seconds=3)).connect() as session:
            proxy.mute_to_client, proxy.cut_to_client = (500_000, None) if not cut else (None, 500_000)
            with pytest.raises(Unavailable):
                session.fetch("from_bank", b"big", io.BytesIO(), 10_000_000)
            proxy.mute_to_client = proxy.cut_to_client = None


# ---------------------------------------------------------------------------------------------- lost replies


@pytest.mark.parametrize("rename", ["posix", "fxp"])
def test_the_lost_reply_to_a_rename_is_a_doubt_and_looking_again_shows_the_truth(
    sshd: Sshd, proxy: Proxy, rename: str
) -> None:
    assert rename in ("posix", "fxp")
    channel = over_sftp(sshd.channel(port=proxy.port, timeout_seconds=3), rename)  # type: ignore[arg-type]
    with channel.connect() as session:
        session.create("to_bank", ".t", io.BytesIO(b"payment"))
        proxy.mute_now()
        with pytest.raises(InDoubt):
            session.rename("to_bank", ".t", "to_bank", "final")
    proxy.mute_to_client = None
    with channel.connect() as session:
        assert session.stat("to_bank", ".t") is None
        assert session.digest("to_bank", "final") == (7, hashlib.sha256(b"payment").hexdigest())


def test_a_rename_that_never_arrived_is_the_same_doubt_and_may_be_asked_again(sshd: Sshd, proxy: Proxy) -> None:
    channel = over_sftp(sshd.channel(port=proxy.port, timeout_seconds=20))
    with channel.connect() as session:
        session.create("to_bank", ".t", io.BytesIO(b"payment"))
        proxy.cut_to_server = 0
        with pytest.raises(InDoubt):
            session.rename("to_bank", ".t", "to_bank", "final")
    proxy.cut_to_server = None
    with channel.connect() as session:
        assert session.stat("to_bank", "final") is None
        session.rename("to_bank", ".t", "to_bank", "final")
        assert session.stat("to_bank", "final") is not None


def _send(channel: BankOverSftp, number: int) -> str:
    try:
        with channel.connect() as session:
            session.create("to_bank", f".{number}", io.BytesIO(b"p" * 40_000))
            session.rename("to_bank", f".{number}", "to_bank", f"final{number}")
    except (Unavailable, NotSent):
        return "not sent"
    except InDoubt:
        return "in doubt"
    return "sent"


@pytest.mark.parametrize("way", ["cut_to_server", "cut_to_client"])
def test_wherever_the_connection_is_cut_the_outcome_tells_the_truth(sshd: Sshd, proxy: Proxy, way: str) -> None:
    """Cuts spread over the whole exchange, log-in included, in either direction."""
    channel = over_sftp(sshd.channel(port=proxy.port, timeout_seconds=20, connect_timeout_seconds=20))
    assert _send(channel, 0) == "sent"
    total = proxy.bytes_to_server if way == "cut_to_server" else proxy.bytes_to_client
    outcomes = {}
    # The reply to the rename is a packet of some 60 bytes near the end: steps that cannot leave it out.
    for number, cut in enumerate([*range(1, total, total // 20), *range(total - 500, total + 100, 12)], 1):
        setattr(proxy, way, cut)
        outcome = outcomes[cut] = _send(channel, number)
        setattr(proxy, way, None)
        time.sleep(0.01)
        there = (sshd.root / f"to_bank/final{number}").exists()
        assert there or outcome != "sent", f"cut {way} at {cut}: said sent, is not there"
        assert not there or outcome != "not sent", f"cut {way} at {cut}: said not sent, is there"
    assert set(outcomes.values()) >= {"not sent", "in doubt"}


# ---------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("call", ["create", "rename", "remove", "move"])
def test_permission_denied_is_no_success(sshd: Sshd, call: str) -> None:
    (sshd.root / "to_bank/old").write_bytes(b"x")
    (sshd.root / "to_bank").chmod(0o555)
    act, error = CALLS[call]
    with over_sftp(sshd.channel()).connect() as session, pytest.raises(error, match="permission denied"):
        act(session)
    assert [path.name for path in (sshd.root / "to_bank").iterdir()] == ["old"]


@pytest.mark.parametrize("call", ["list", "digest", "fetch", "stat"])
def test_what_may_not_be_seen_is_not_missing(sshd: Sshd, call: str) -> None:
    (sshd.root / "to_bank/old").write_bytes(b"x")
    (sshd.root / "to_bank").chmod(0o000)
    act, error = CALLS[call]
    with over_sftp(sshd.channel()).connect() as session, pytest.raises(error, match="permission denied"):
        act(session)


@pytest.mark.parametrize("call", ["create", "rename", "remove", "move"])
def test_a_directory_without_rights_is_no_success_either(call: str, tmp_path: Path) -> None:
    """The same without a server."""
    for folder in ("to_bank", "processed"):
        (tmp_path / folder).mkdir()
    (tmp_path / "to_bank/old").write_bytes(b"x")
    for path in (tmp_path / "to_bank", tmp_path / "processed"):
        path.chmod(0o555)
    act, error = CALLS[call]
    with BankOverDirectory(tmp_path, "posix").connect() as session, as_somebody_else(), pytest.raises(error):
        act(session)
    assert [path.name for path in (tmp_path / "to_bank").iterdir()] == ["old"]


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """With the rights of another user, if this one is root."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


def test_a_full_disk_at_the_bank_is_not_sent(program: Callable[[str], str]) -> None:
    if os.geteuid() != 0:
        missing("the right to mount a small file system")
    with running_sshd(program("sshd")) as server:
        place = server.root / "to_bank"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0777", "tmpfs", str(place)], check=True)
        try:
            with over_sftp(server.channel()).connect() as session:
                with pytest.raises(NotSent):
                    session.create("to_bank", ".big", io.BytesIO(b"x" * 1_000_000))
                session.remove("to_bank", ".big")
                session.create("to_bank", ".small", io.BytesIO(b"x" * 1_000))
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_quota_and_a_server_that_forgets_bytes_are_not_sent(plain_server: PlainServer) -> None:
    with over_sftp(plain_server.channel()).connect() as session:
        plain_server.faults.quota_bytes = 100_000
        with pytest.raises(NotSent):
            session.create("to_bank", "a", io.BytesIO(b"x" * 200_000))
        plain_server.faults.quota_bytes = None
        plain_server.faults.swallow_after_bytes = 100_000
        with pytest.raises(NotSent, match=r"confirmed 200000 bytes .* has 100000"):
            session.create("to_bank", "b", io.BytesIO(b"x" * 200_000))


def test_what_posix_rename_needs_is_known_before_anything_is_written(plain_server: PlainServer) -> None:
    plain_server.faults.posix_rename = False
    with over_sftp(plain_server.channel()).connect() as session, pytest.raises(NotSent, match="h2h bank test"):
        session.create("to_bank", "a", io.BytesIO(b"x"))
    assert list((plain_server.root / "to_bank").iterdir()) == []
    with over_sftp(plain_server.channel(), "fxp").connect() as session:
        session.create("to_bank", "a", io.BytesIO(b"x"))
        session.rename("to_bank", "a", "to_bank", "b")


def test_a_server_may_know_posix_rename_without_saying_so(plain_server: PlainServer) -> None:
    plain_server.faults.says_extensions = False
    with over_sftp(plain_server.channel()).connect() as session:
        session.create("to_bank", "a", io.BytesIO(b"x"))
        session.rename("to_bank", "a", "to_bank", "b")
    assert (plain_server.root / "to_bank/b").read_bytes() == b"x"


def test_a_name_that_leads_out_of_the_folder_is_no_file(plain_server: PlainServer) -> None:
    plain_server.faults.list_escapes = True
    with over_sftp(plain_server.channel()).connect() as session:
        (entry,) = session.list("from_bank")
        assert (entry.name, entry.kind) == (b"../../etc/passwd", RemoteKind.OTHER)
        with pytest.raises(Misconfigured):
            session.fetch("from_bank", entry.name, io.BytesIO(), 1000)


def test_a_file_that_grows_while_it_is_read_is_not_complete(bank: Bank) -> None:
    path = bank.root / "from_bank/statement"
    path.write_bytes(b"x" * 3_000_000)

    class Sink(io.BytesIO):
        def write(self, data: object, /) -> int:
            if not self.getvalue():
                with path.open("ab") as file:
                    file.write(b"the rest")
            return super().write(data)  # type: ignore[arg-type]

    with bank.open("posix").connect() as session:
        with pytest.raises(Unavailable, match="still writing"):
            session.fetch("from_bank", b"statement", Sink(), 10_000_000)
        assert session.fetch("from_bank", b"statement", io.BytesIO(), 10_000_000) == 3_000_008


def test_an_unreadable_source_is_not_sent(bank: Bank) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with bank.open("posix").connect() as session:
        with pytest.raises(NotSent, match=r"(?i)input/output"):
            session.create("to_bank", "a", Broken())
        session.create("to_bank", "b", io.BytesIO(b"x"))


# ---------------------------------------------------------------------------------------------- long sessions


def test_an_old_session_starts_nothing_new_but_ends_what_it_began(sshd: Sshd) -> None:
    clock = [0.0]
    key = load_key(sshd.key.read_bytes(), None)
    channel = BankOverSftp(
        sshd.channel(), "posix", lambda: Credentials(key), session_seconds_max=900, monotonic=lambda: clock[0]
    )
    with channel.connect() as session:
        session.create("to_bank", ".t", io.BytesIO(b"x"))
        clock[0] = 901
        for act in ("create", "list", "fetch"):
            with pytest.raises(CALLS[act][1], match="long enough"):
                CALLS[act][0](session)
        session.rename("to_bank", ".t", "to_bank", "final")
        assert session.stat("to_bank", "final") is not None


def test_the_keys_of_a_connection_may_change_under_way(program: Callable[[str], str]) -> None:
    data = os.urandom(3_000_000)
    with running_sshd(program("sshd"), "RekeyLimit 256K") as server, over_sftp(server.channel()).connect() as session:
        session.create("to_bank", "a", io.BytesIO(data))
        assert session.digest("to_bank", "a") == (len(data), hashlib.sha256(data).hexdigest())


def test_several_sessions_work_side_by_side(sshd: Sshd) -> None:
    channel, failures = over_sftp(sshd.channel()), []

    def work(number: int) -> None:
        try:
            with channel.connect() as session:
                for file in range(5):
                    session.create("to_bank", f".{number}-{file}", io.BytesIO(b"%d" % number))
                    session.rename("to_bank", f".{number}-{file}", "to_bank", f"{number}-{file}")
        except H2HError as problem:
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(list((sshd.root / "to_bank").iterdir())) == 30
