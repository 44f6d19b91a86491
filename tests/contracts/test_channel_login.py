"""Reaching a bank's server: who it is, who we are, and words for each way in which that fails."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from h2h.adapters.sftp.keys import load_key
from h2h.core.errors import H2HError, Misconfigured, Unavailable, Untrusted
from h2h.settings import Secret, SftpChannel
from h2h.simulator.server import Login
from tests.contracts.banks import PASSWORD, PlainServer, over_sftp, plain_server, sshd
from tests.contracts.proxy import Proxy
from tests.contracts.sshd import Sshd, running_sshd

__all__ = ["plain_server", "sshd"]  # fixtures

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
STRANGER = "SHA256:" + "A" * 43


def refused(channel: SftpChannel, error: type[H2HError]) -> str:
    """What is said when the connection fails as it must; it takes no longer than agreed and leaves no thread."""
    others, started = set(threading.enumerate()), time.monotonic()
    with pytest.raises(error) as caught, over_sftp(channel).connect():
        pass
    assert type(caught.value) is error
    assert time.monotonic() - started < 60
    for thread in threading.enumerate():
        if thread not in others and not _is_server(thread):
            thread.join(20)  # a cancelled timer needs a moment to end
            assert not thread.is_alive()
    return str(caught.value)


def _is_server(thread: threading.Thread) -> bool:
    """A thread of a server in this process, which may take its time to notice."""
    return getattr(thread, "server_mode", False) or not isinstance(thread, paramiko.Transport | threading.Timer)


# ---------------------------------------------------------------------------------------------- host keys


def test_a_changed_host_key_is_never_trusted(sshd: Sshd) -> None:
    channel = sshd.channel(password=None)
    with over_sftp(channel).connect() as session:
        session.stat("to_bank", "x")
    new = sshd.change_host_keys()
    text = refused(channel, Untrusted)
    assert new["ed25519"] in text
    assert channel.host_keys[0] in text
    with over_sftp(sshd.channel(host_keys=(channel.host_keys[0], new["ed25519"]))).connect() as session:
        session.stat("to_bank", "x")


def test_the_second_pinned_key_counts_as_much_as_the_first(sshd: Sshd) -> None:
    for pins in ((sshd.fingerprints["ed25519"], STRANGER), (STRANGER, sshd.fingerprints["ed25519"] + "=")):
        with over_sftp(sshd.channel(host_keys=pins)).connect() as session:
            session.stat("to_bank", "x")


def test_the_pinned_key_is_found_among_several_kinds(sshd: Sshd) -> None:
    """The server would show its Ed25519 key first; the bank gave us the fingerprint of the other one."""
    with over_sftp(sshd.channel(host_keys=(sshd.fingerprints["ecdsa"],))).connect() as session:
        session.stat("to_bank", "x")
    text = refused(sshd.channel(host_keys=(STRANGER,)), Untrusted)
    assert sshd.fingerprints["ed25519"] in text
    assert sshd.fingerprints["ecdsa"] in text


def test_a_stranger_gets_neither_key_nor_password(tmp_path: Path) -> None:
    asked: list[str] = []

    class Curious(Login):
        @property
        def any_key(self) -> bool:
            asked.append("somebody tried to log in")
            return True

    plain = PlainServer(tmp_path, Curious("client"))
    plain.server.start()
    try:
        with pytest.raises(Untrusted), over_sftp(plain.channel(host_keys=(STRANGER,))).connect():
            pass
        assert asked == []
        with over_sftp(plain.channel()).connect():
            assert asked != []
    finally:
        plain.server.stop()


# ---------------------------------------------------------------------------------------------- networks


def test_nobody_there_and_no_such_name_are_told_apart(sshd: Sshd) -> None:
    sshd.stop()
    assert "refused the connection" in refused(sshd.channel(), Unavailable)
    assert "has no address" in refused(sshd.channel(host="no-such-host.invalid"), Unavailable)


@contextmanager
def talker(words: bytes, *, hang: bool = True) -> Iterator[int]:
    """A port where somebody says *words* and then stays silent or hangs up."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        open_ = []

        def run() -> None:
            while not stop.is_set():
                try:
                    sock, _ = listener.accept()
                except TimeoutError:
                    continue
                sock.sendall(words)
                if hang:
                    open_.append(sock)
                else:
                    sock.close()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stop.set()
            thread.join()
            for sock in open_:
                sock.close()


@pytest.mark.parametrize(
    ("words", "hang"),
    [
        (b"", True),
        (b"", False),
        (b"SSH-2.0-half a greeting", True),
        (b"SSH-2.0-server\r\n", True),
        (b"SSH-2.0-server\r\n", False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"220 ftp.bank.example ready\r\n", True),
        (b"SSH-2.0-server\r\n" + b"\xff" * 100, True),
    ],
)
def test_whatever_is_no_ssh_server_is_given_up_in_time(sshd: Sshd, words: bytes, hang: bool) -> None:
    with talker(words, hang=hang) as port:
        text = refused(sshd.channel(port=port, connect_timeout_seconds=0.7), Unavailable)
    assert "SSH" in text


def test_a_server_of_the_old_protocol_is_told(sshd: Sshd) -> None:
    with talker(b"SSH-1.5-old\r\n") as port:
        assert "no common algorithm" in refused(sshd.channel(port=port), Misconfigured)


def test_a_connection_that_nobody_takes_is_given_up_in_time(sshd: Sshd) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = []
        for _ in range(4):  # the queue of the listener is full after that, and further greetings are dropped
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(address)
            waiting.append(sock)
        text = refused(sshd.channel(port=address[1], connect_timeout_seconds=0.5), Unavailable)
        assert "did not answer within 0.5 s" in text
        for sock in waiting:
            sock.close()


def test_a_server_that_falls_silent_anywhere_in_the_log_in_is_given_up(sshd: Sshd) -> None:
    with Proxy(sshd.port) as proxy:
        with over_sftp(sshd.channel(port=proxy.port)).connect():
            pass
        time.sleep(0.1)
        channel = sshd.channel(port=proxy.port, connect_timeout_seconds=0.5, timeout_seconds=0.5)
        total = proxy.bytes_to_client
        for silent_after in range(30, total - 150, total // 8):
            proxy.mute_to_client = silent_after
            refused(channel, Unavailable)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ("KexAlgorithms diffie-hellman-group14-sha1", "kex"),
        ("Ciphers aes128-cbc", "ciphers"),
        ("MACs hmac-sha1", "macs"),
    ],
)
def test_a_server_of_yesterday_is_not_spoken_to(program: Callable[[str], str], configuration: str, words: str) -> None:
    with running_sshd(program("sshd"), configuration) as server:
        text = refused(server.channel(), Misconfigured)
    assert words in text
    assert "bank:" in text


def test_a_server_open_to_dropped_messages_is_not_spoken_to(tmp_path: Path) -> None:
    """Encrypt-then-MAC without strict key exchange (CVE-2023-48795)."""
    plain = PlainServer(tmp_path)
    key = paramiko.PKey.from_path(tmp_path / "host")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            transport = paramiko.Transport(sock, strict_kex=False)
            options = transport.get_security_options()
            options.ciphers, options.digests = ("aes256-ctr",), ("hmac-sha2-256-etm@openssh.com",)
            transport.add_server_key(key)
            transport.start_server(event=threading.Event(), server=paramiko.ServerInterface())

        thread = threading.Thread(target=serve)
        thread.start()
        assert "CVE-2023-48795" in refused(plain.channel(port=listener.getsockname()[1]), Misconfigured)
        thread.join()
    plain.server.stop()


# ---------------------------------------------------------------------------------------------- log-in


@pytest.fixture
def logins(tmp_path: Path) -> Iterator[Callable[[Login], PlainServer]]:
    """Starts a server that asks for a certain log-in."""
    started: list[PlainServer] = []

    def start(login: Login) -> PlainServer:
        started.append(PlainServer(tmp_path / f"server{len(started)}", login))
        started[-1].server.start()
        return started[-1]

    yield start
    for plain in started:
        plain.server.stop()


@pytest.fixture
def password(tmp_path: Path) -> Secret:
    path = tmp_path / "password"
    path.touch(0o600)
    path.write_text(PASSWORD + "\n")
    return Secret(file=path)


def _key(path: Path) -> paramiko.PKey:
    return paramiko.PKey.from_path(path)


@pytest.mark.parametrize("interactive", [False, True])
def test_a_password_is_given_as_the_server_asks_for_it(
    logins: Callable[[Login], PlainServer], password: Secret, interactive: bool
) -> None:
    plain = logins(Login("client", password=PASSWORD, interactive=interactive))
    with over_sftp(plain.channel(key=None, password=password)).connect() as session:
        session.stat("to_bank", "x")
    wrong = Secret(file=plain.key)
    text = refused(plain.channel(key=None, password=wrong), Misconfigured)
    assert "refused the password" in text
    assert "PRIVATE KEY" not in text
    assert "password" in refused(plain.channel(), Misconfigured)


@pytest.mark.parametrize("interactive", [False, True])
def test_key_and_password_one_after_the_other(
    logins: Callable[[Login], PlainServer], password: Secret, tmp_path: Path, interactive: bool
) -> None:
    other = logins(Login("client"))
    plain = logins(Login("client", (_key(other.key),), PASSWORD, interactive))
    key = Secret(file=other.key)
    with over_sftp(plain.channel(key=key, password=password)).connect() as session:
        session.stat("to_bank", "x")
    assert "wants more" in refused(plain.channel(key=key), Misconfigured)
    assert "refused the password" in refused(plain.channel(key=key, password=Secret(file=other.key)), Misconfigured)
    assert "refused the key SHA256:" in refused(plain.channel(password=password), Misconfigured)


def test_an_unknown_key_or_user_is_misconfigured_and_says_which(sshd: Sshd, plain_server: PlainServer) -> None:
    text = refused(sshd.channel(key=Secret(file=plain_server.key)), Misconfigured)
    assert str(_key(plain_server.key).fingerprint) in text
    assert "'nobody-we-know'" in refused(sshd.channel(username="nobody-we-know"), Misconfigured)


def test_a_server_without_sftp_is_unavailable(program: Callable[[str], str]) -> None:
    with running_sshd(program("sshd")) as server:
        server.stop()
        server._extra = ""
        configuration = (server.directory / "sshd_config").read_text()
        stripped = re.sub(r"Subsystem.*\nForceCommand.*\n", "", configuration)
        server._configuration = lambda: stripped  # type: ignore[method-assign]
        server.start()
        assert "no SFTP session" in refused(server.channel(), Unavailable)


# ---------------------------------------------------------------------------------------------- keys


def _forms(key: PrivateKey) -> dict[str, bytes]:
    plain, locked = forms.NoEncryption(), forms.BestAvailableEncryption(b"open sesame")
    pem = forms.Encoding.PEM
    made = {
        "openssh": key.private_bytes(pem, forms.PrivateFormat.OpenSSH, plain),
        "openssh locked": key.private_bytes(pem, forms.PrivateFormat.OpenSSH, locked),
        "pkcs8": key.private_bytes(pem, forms.PrivateFormat.PKCS8, plain),
        "pkcs8 locked": key.private_bytes(pem, forms.PrivateFormat.PKCS8, locked),
    }
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        made["traditional"] = key.private_bytes(pem, forms.PrivateFormat.TraditionalOpenSSL, plain)
        made["traditional locked"] = key.private_bytes(pem, forms.PrivateFormat.TraditionalOpenSSL, locked)
    return made


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_every_form_of_a_private_key_logs_in(logins: Callable[[Login], PlainServer], tmp_path: Path, kind: str) -> None:
    makers: dict[str, Callable[[], PrivateKey]] = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ecdsa": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    key = makers[kind]()
    public = load_key(_forms(key)["openssh"], None)
    plain = logins(Login("client", (public,)))
    passphrase = tmp_path / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text("open sesame\n")
    for name, data in _forms(key).items():
        path = tmp_path / "key"
        path.touch(0o600)
        path.write_bytes(data)
        locked = Secret(file=passphrase) if "locked" in name else None
        with over_sftp(plain.channel(key=Secret(file=path), key_passphrase=locked)).connect() as session:
            session.stat("to_bank", "x")


def test_a_key_that_cannot_be_used_says_why_and_nothing_of_itself() -> None:
    good = _forms(ed25519.Ed25519PrivateKey.generate())
    pem, pkcs8, plain = forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    bad: list[tuple[bytes, bytes | None, str]] = [
        (good["pkcs8 locked"], None, "key_passphrase is missing"),
        (good["openssh locked"], None, "key_passphrase is missing"),
        (good["pkcs8 locked"], b"wrong", "wrong passphrase"),
        (good["pkcs8"], b"needless", "not encrypted"),
        (b"garbage", None, "cannot be read"),
        (b"", None, "cannot be read"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", None, "puttygen"),
        (rsa.generate_private_key(65537, 1024).private_bytes(pem, pkcs8, plain), None, "1024 bits"),
        (ec.generate_private_key(ec.SECP256K1()).private_bytes(pem, pkcs8, plain), None, "secp256k1"),
        (dsa.generate_private_key(1024).private_bytes(pem, pkcs8, plain), None, "neither RSA"),
    ]
    for data, passphrase, words in bad:
        with pytest.raises(Misconfigured, match=words) as caught:
            load_key(data, passphrase)
        assert data.decode().strip() not in str(caught.value) or not data.strip()
