"""The agent behind gpg, and where its socket lies: one that hangs, one that died, keyrings that are far away."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import Misconfigured, Unavailable
from tests.contracts.keyrings import Keyring, bank_and_ours, opened_by

pytest_plugins = ["tests.contracts.places", "tests.contracts.sealers"]


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process stands still inside the block.

    One signal may not do: gpg-agent wakes itself with SIGCONT whenever a connection ends, which takes back a stop that
    is still on its way. So it is sent until every thread is seen to stand; then nothing of the agent's can wake it.
    """
    deadline = time.monotonic() + 60
    try:
        while not all(_state(task) == "T" for task in Path(f"/proc/{pid}/task").iterdir()):
            assert time.monotonic() < deadline, "it cannot be stopped"
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.01)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _state(task: Path) -> str:
    """As in proc(5); a thread that has ended meanwhile is a dead one."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def test_an_agent_that_does_not_answer_is_unavailable_after_the_time_limit(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path
) -> None:
    made = sealer("locked", passphrase="Schlüssel 工")
    hurried = sealer("locked", passphrase="Schlüssel 工", timeout_seconds=1.5)
    made.seal(plain, tmp_path / "first.pgp")
    answer = ["gpg-connect-agent", "--homedir", str(rings[1].home), "GETINFO pid", "/bye"]
    pid = int(subprocess.run(answer, capture_output=True, text=True, check=True).stdout.split()[1])
    with stopped(pid), pytest.raises(Unavailable, match="did not finish"):
        hurried.seal(plain, tmp_path / "second.pgp")
    made.seal(plain, tmp_path / "third.pgp")
    os.kill(pid, signal.SIGKILL)
    made.seal(plain, tmp_path / "fourth.pgp")  # a dead agent is started again
    assert not (tmp_path / "second.pgp").exists()


@contextmanager
def agent_that_hangs_up(ring: Keyring, command: bytes) -> Iterator[None]:
    """In place of the keyring's agent one that knows nothing, and goes away when it is asked *command*."""
    subprocess.run(["gpgconf", "--homedir", str(ring.home), "--kill", "gpg-agent"], check=True)
    path = ring.home / "S.gpg-agent"
    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(30)
        threading.Thread(target=_serve, args=(server, command), daemon=True).start()
        try:
            yield
        finally:
            path.unlink()


def _serve(server: socket.socket, command: bytes) -> None:
    while True:
        try:
            asked, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_hang_up, args=(asked, command), daemon=True).start()


def _hang_up(asked: socket.socket, command: bytes) -> None:
    """Assuan's greeting, and OK to everything else."""
    with suppress(OSError), asked:
        lines = asked.makefile("rb")
        asked.sendall(b"OK Pleased to meet you\n")
        for line in lines:
            if line.startswith(command):
                asked.shutdown(socket.SHUT_RDWR)
                return
            asked.sendall(b"D 2.2.40\nOK\n" if line.startswith(b"GETINFO version") else b"OK\n")


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Keyring, Keyring]]:
    with bank_and_ours() as made:
        yield made


@pytest.fixture
def letter(both: tuple[Keyring, Keyring], tmp_path: Path) -> Path:
    """A sound message of the bank to us."""
    bank, _ = both
    path = tmp_path / "answer.xml.pgp"
    signed = ("--local-user", bank.keys["bank"], "--recipient", bank.keys["ours"])
    path.write_bytes(bank.gpg(*signed, "--sign", "--encrypt", data=b"<Document>an answer</Document>"))
    return path


def _opener(both: tuple[Keyring, Keyring], sealer: Any) -> Any:
    _, ours = both
    own, bank = ours.keys["ours"], ours.keys["bank"]
    return sealer(own, (bank,), home=ours.home, bank_signing_fingerprints=(bank,))


@pytest.mark.parametrize("command", [b"SETKEY", b"PKDECRYPT"])
def test_an_agent_that_goes_away_while_it_is_asked_says_nothing_of_the_message(
    both: tuple[Keyring, Keyring], letter: Path, sealer: Any, tmp_path: Path, command: bytes
) -> None:
    made = _opener(both, sealer)
    with agent_that_hangs_up(both[1], command), pytest.raises(Unavailable, match="gpg-agent"):
        made.open(letter, tmp_path / "answer.xml")
    made.open(letter, tmp_path / "answer.xml")
    assert (tmp_path / "answer.xml").read_bytes() == b"<Document>an answer</Document>"


def test_a_key_that_is_there_and_that_gpg_does_not_find_says_nothing_of_the_message(
    both: tuple[Keyring, Keyring], letter: Path, sealer: Any, tmp_path: Path
) -> None:
    """As where another node ends the agent that both use, and a new one takes too long to come up."""
    made = _opener(both, sealer)
    made.open(letter, tmp_path / "first.xml")
    with agent_that_hangs_up(both[1], b"HAVEKEY"), pytest.raises((Unavailable, Misconfigured)):
        made.open(letter, tmp_path / "answer.xml")
    made.open(letter, tmp_path / "answer.xml")


@pytest.mark.parametrize("command", [b"PKSIGN", b"HAVEKEY"])
def test_an_agent_that_goes_away_says_nothing_of_our_keys_either(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path, command: bytes
) -> None:
    made = sealer()
    made.seal(plain, tmp_path / "first.pgp")
    with agent_that_hangs_up(rings[1], command), pytest.raises(Unavailable, match="gpg-agent"):
        made.seal(plain, tmp_path / "second.pgp")
    made.seal(plain, tmp_path / "second.pgp")


def test_a_keyring_whose_path_is_too_long_for_a_socket_works_through_a_short_link(
    rings: Any, sealer: Any, plain: Path, tmp_path: Path
) -> None:
    home = tmp_path / ("d" * 60) / ("e" * 60)
    home.parent.mkdir()
    ignored = shutil.ignore_patterns("S.*", "*.lock", ".#*")
    shutil.copytree(rings[1].home, home, ignore=ignored)
    home.chmod(0o700)
    made = sealer(home=home)
    made.seal(plain, tmp_path / "s.pgp")
    assert opened_by(rings[0], tmp_path / "s.pgp")[0] == plain.read_bytes()
    stand_in = made._gpg._stand_in
    assert stand_in is not None
    made.close()
    assert not stand_in.exists()


def test_a_keyring_on_a_read_only_file_system_works(
    rings: Any, sealer: Any, plain: Path, tmp_path: Path, tiny_disk: Path
) -> None:
    ignored = shutil.ignore_patterns("S.*", "*.lock", ".#*", "openpgp-revocs.d", "*~")
    shutil.copytree(rings[1].home, tiny_disk / "k", ignore=ignored)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    made = sealer(home=tiny_disk / "k")
    made.seal(plain, tmp_path / "s.pgp")
    assert opened_by(rings[0], tmp_path / "s.pgp")[0] == plain.read_bytes()
    made.close()


def test_closing_ends_the_agent_that_was_started_but_not_one_that_was_there(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path
) -> None:
    home = str(rings[1].home)

    def alive() -> bool:
        ask = ["gpg-connect-agent", "--homedir", home, "--no-autostart", "GETINFO pid", "/bye"]
        return b"OK" in subprocess.run(ask, capture_output=True, check=False).stdout

    def dies() -> bool:
        deadline = time.monotonic() + 10
        while alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not alive()

    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)
    assert dies()
    made = sealer()
    made.seal(plain, tmp_path / "s.pgp")
    assert alive()
    made.close()
    assert dies()
    subprocess.run(["gpg-connect-agent", "--homedir", home, "/bye"], check=True, capture_output=True)
    made = sealer()
    made.seal(plain, tmp_path / "t.pgp")
    made.close()
    assert alive()
