"""The channel: one log-in after another, each closed whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from h2h.adapters.sftp.connect import Credentials, authenticate, close, open_sftp, reach
from h2h.adapters.sftp.keys import credentials_of
from h2h.adapters.sftp.session import SftpSession
from h2h.adapters.sftp.wire import Wire
from h2h.ports import Session
from h2h.settings import Secret, SftpChannel


class BankOverSftp:
    """The way to one bank's SFTP server (`ports.Channel`).

    ``credentials`` is called at each log-in, so that a key or password that was exchanged on disk is used at once.
    """

    def __init__(
        self,
        channel: SftpChannel,
        rename: Literal["posix", "fxp"],
        credentials: Callable[[], Credentials],
        *,
        session_seconds_max: float = 900.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = channel
        self._rename = rename
        self._credentials = credentials
        self._session_seconds_max = session_seconds_max
        self._monotonic = monotonic

    @classmethod
    def of(cls, channel: SftpChannel, rename: Literal["posix", "fxp"], read: Callable[[Secret], bytes]) -> BankOverSftp:
        """With the secrets of *channel* read by *read* (`Secrets.read`)."""
        return cls(channel, rename, lambda: credentials_of(channel, read))

    @property
    def rename_is_atomic(self) -> bool:
        """True for posix-rename@openssh.com; the plain rename of SFTP may link and then unlink."""
        return self._rename == "posix"

    @contextmanager
    def connect(self) -> Iterator[Session]:
        """Log in. ``Unavailable``, ``Untrusted``, ``Misconfigured``; each says who must act."""
        credentials = self._credentials()
        transport = reach(self._channel)
        try:
            authenticate(transport, self._channel, credentials)
            wire = open_sftp(transport, self._channel, lambda sock: Wire(sock, self._channel.timeout_seconds))
            yield SftpSession(
                wire, self._rename, use_until=self._monotonic() + self._session_seconds_max, monotonic=self._monotonic
            )
        finally:
            close(transport)
