"""Reaching the server, proving who it is, logging in: step by step, each failure with who must act.

Nobody is trusted on first use: a host key whose fingerprint is not pinned ends the connection before a key or password
is shown. Only algorithms that are sound today are offered; no agent, no default keys, no user's SSH configuration.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import paramiko

from h2h.core.errors import Misconfigured, Unavailable, Untrusted
from h2h.settings import SftpChannel

# paramiko logs what it also raises; without this Python prints it to standard error where nobody set up logging.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
_HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_KEEP_ALIVE_SECONDS = 30
_CLOSE_SECONDS = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the server asks for: a key, a password, or one after the other."""

    key: paramiko.PKey | None = None
    password: str | None = None


def resolve(channel: SftpChannel) -> list[str]:
    """The addresses of the host; ``Unavailable``."""
    try:
        found = socket.getaddrinfo(channel.host, channel.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as problem:
        raise Unavailable(
            f"the host name {channel.host!r} has no address: {getattr(problem, 'strerror', None) or problem}",
            hint="system administrator: check channel.host and this machine's name server",
        ) from problem
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def dial(channel: SftpChannel) -> socket.socket:
    """A TCP connection; ``Unavailable``."""
    where = f"{channel.host}:{channel.port}"
    resolve(channel)
    try:
        sock = socket.create_connection((channel.host, channel.port), channel.connect_timeout_seconds)
    except ConnectionRefusedError as problem:
        raise Unavailable(
            f"{where} refused the connection",
            hint="bank: is the service up, and on this port? system administrator: check channel.port",
        ) from problem
    except TimeoutError as problem:
        raise Unavailable(
            f"{where} did not answer within {channel.connect_timeout_seconds:g} s",
            hint="system administrator: is the way open in the firewall? bank: is this machine's address admitted?",
        ) from problem
    except OSError as problem:
        raise Unavailable(
            f"{where} cannot be reached: {problem.strerror or problem}", hint="system administrator: check the network"
        ) from problem
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Data that the peer does not take ends the connection: paramiko itself would wait for ever to send.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(channel.timeout_seconds * 1000))
    return sock


def reach(channel: SftpChannel) -> paramiko.Transport:
    """An encrypted connection to the server that has one of the pinned host keys; nobody is logged in yet.

    A server has several host keys and shows one of a kind that the client asks for first. If that one is not pinned,
    the other kinds are asked for, each in a connection of its own, before the server counts as a stranger.
    """
    pinned = {pin.rstrip("=") for pin in channel.host_keys}
    shown: list[str] = []
    kinds: tuple[str, ...] = _HOST_KEYS
    while kinds:
        try:
            transport = handshake(dial(channel), channel, kinds)
        except Misconfigured:
            if shown:
                break  # the server has no further kind of host key
            raise
        key = transport.get_remote_server_key()
        if key.fingerprint in pinned:
            transport.set_keepalive(_KEEP_ALIVE_SECONDS)
            return transport
        close(transport)
        shown.append(f"{key.fingerprint} ({key.get_name()})")
        kinds = tuple(kind for kind in kinds if _family(kind) != _family(key.get_name()))
    raise Untrusted(
        f"the server at {channel.host}:{channel.port} shows host keys that are not pinned: {', '.join(shown)}; "
        f"pinned: {', '.join(channel.host_keys)}",
        hint="system administrator: ask the bank by another way whether it changed its key, then pin the new one",
    )


def handshake(sock: socket.socket, channel: SftpChannel, kinds: tuple[str, ...] = _HOST_KEYS) -> paramiko.Transport:
    """SSH over *sock*, with a host key of one of *kinds*, not yet compared with the pins."""
    where = f"{channel.host}:{channel.port}"
    transport = paramiko.Transport(sock)
    transport.daemon = True
    transport.banner_timeout = channel.connect_timeout_seconds
    transport.handshake_timeout = channel.connect_timeout_seconds
    transport.auth_timeout = channel.connect_timeout_seconds
    transport.channel_timeout = channel.timeout_seconds
    options = transport.get_security_options()
    options.ciphers, options.digests, options.key_types = _CIPHERS, _MACS, kinds
    try:
        transport.start_client(timeout=channel.connect_timeout_seconds)
        if not transport.initial_kex_done:
            raise Unavailable(
                f"{where} did not finish the SSH greeting within {channel.connect_timeout_seconds:g} s",
                hint="bank: is the service well? It accepted the connection and then fell silent",
            )
        _refuse_prefix_truncation(transport, where)
    except paramiko.ssh_exception.IncompatiblePeer as problem:
        close(transport)
        raise Misconfigured(
            f"{where} and h2h have no common algorithm: {problem}",
            hint="bank: enable current algorithms (SHA-2 signatures, AES-GCM or AES-CTR); SHA-1 is not offered",
        ) from problem
    except (paramiko.SSHException, EOFError, OSError) as problem:
        close(transport)
        raise Unavailable(
            f"{where} took the connection but did not greet as an SSH server: {str(problem) or 'connection closed'}",
            hint="system administrator: is it the right port? bank: is this machine's address admitted?",
        ) from problem
    except BaseException:
        close(transport)
        raise
    return transport


def authenticate(transport: paramiko.Transport, channel: SftpChannel, credentials: Credentials) -> None:
    """Log in with key, password, or both in turn. ``Misconfigured`` if the server says no."""
    user = channel.username
    accepted: list[str] = []
    further: list[str] = []
    try:
        if credentials.key is not None:
            further = transport.auth_publickey(user, credentials.key)
            accepted.append(f"key {credentials.key.fingerprint}")
        if not transport.is_authenticated():
            if credentials.password is None:
                raise Misconfigured(
                    f"the server accepted the key of user {user!r} and wants more: {', '.join(further)}",
                    hint="system administrator: give channel.password, if the bank agreed on one",
                )
            _say_password(transport, user, credentials.password, further)
    except paramiko.BadAuthenticationType as problem:
        raise Misconfigured(
            f"the server lets user {user!r} log in only by {', '.join(problem.allowed_types)}",
            hint="system administrator: give channel.key or channel.password accordingly",
        ) from problem
    except (paramiko.SSHException, EOFError, OSError) as problem:
        if not _is_refusal(transport, problem):
            raise Unavailable(
                f"the server ended the connection or fell silent while user {user!r} logged in",
                hint="bank: is the user locked, or its number of connections used up?",
            ) from problem
        tried = f"key {credentials.key.fingerprint}" if credentials.key and not accepted else "password"
        raise Misconfigured(
            f"the server refused the {tried} of user {user!r}",
            hint="bank: is that public key registered for that user? system administrator: check channel.username",
        ) from problem
    if not transport.is_authenticated():
        raise Misconfigured(f"the server wants yet another step to log user {user!r} in, which h2h does not know")


def open_sftp(transport: paramiko.Transport, channel: SftpChannel, speak: Callable[[paramiko.Channel], T]) -> T:
    """The SFTP conversation over a logged-in connection; ``Unavailable``."""
    try:
        session = transport.open_session(timeout=channel.timeout_seconds)
        session.settimeout(channel.timeout_seconds)
        session.invoke_subsystem("sftp")
        return speak(session)
    except Exception as problem:
        # Whatever it was, nothing has been asked of the server yet: to try again later is safe.
        raise Unavailable(
            f"the server let user {channel.username!r} log in but opened no SFTP session: {problem}",
            hint="bank: is SFTP enabled for this user?",
        ) from problem


def close(transport: paramiko.Transport) -> None:
    """End the connection and its thread, whatever state they are in."""
    transport.packetizer.complete_handshake()  # ends a timer, which would outlive a handshake that failed
    transport.close()
    transport.sock.close()
    if transport.is_alive():
        transport.join(_CLOSE_SECONDS)


def _say_password(transport: paramiko.Transport, user: str, password: str, allowed: list[str]) -> None:
    strange: list[str] = []

    def answer(_title: str, _instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        # A password goes only into a single hidden prompt; anything else is a question that h2h cannot answer.
        if len(prompts) > 1 or any(echo for _, echo in prompts):
            strange.extend(prompt for prompt, _ in prompts)
            return ["" for _ in prompts]
        return [password for _ in prompts]

    if not allowed or "password" in allowed:
        try:
            transport.auth_password(user, password, fallback=False)
            return
        except paramiko.BadAuthenticationType as problem:
            if "keyboard-interactive" not in problem.allowed_types:
                raise
    try:
        transport.auth_interactive(user, answer)
    except paramiko.AuthenticationException as problem:
        if strange:
            raise Misconfigured(
                f"the server asks user {user!r} more than a password: {strange}",
                hint="bank: this user needs a log-in without questions to a person",
            ) from problem
        raise


def _is_refusal(transport: paramiko.Transport, problem: Exception) -> bool:
    """True if the server said no; a lost connection and a time out wear the same class in paramiko."""
    words = str(problem).lower()
    lost = "timeout" in words or "shut down" in words
    return isinstance(problem, paramiko.AuthenticationException) and transport.is_active() and not lost


def _refuse_prefix_truncation(transport: paramiko.Transport, where: str) -> None:
    """Terrapin (CVE-2023-48795): encrypt-then-MAC without strict key exchange lets somebody between drop messages."""
    agreed = vars(transport)  # paramiko's type stubs do not know the remote half
    directions = (("local_mac", "local_cipher"), ("remote_mac", "remote_cipher"))
    open_to_it = any("etm" in agreed[mac] and "gcm" not in agreed[cipher] for mac, cipher in directions)
    if open_to_it and not agreed["agreed_on_strict_kex"]:
        raise Misconfigured(
            f"{where} offers no strict key exchange with the algorithms in common (CVE-2023-48795)",
            hint="bank: update the SSH server, or enable AES-GCM",
        )


def _family(kind: str) -> str:
    # An RSA key is called ssh-rsa and signs as rsa-sha2-*.
    return "rsa" if "rsa" in kind else "ecdsa" if "ecdsa" in kind else kind
