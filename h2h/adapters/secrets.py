"""Secrets by reference: a systemd credential, a file that only h2h can read, or an environment variable.

Nothing of a secret ever stands in an error message.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from h2h.core.errors import Misconfigured
from h2h.settings import Secret

_BYTES_MAX = 64 * 1024
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Secrets:
    """Reads secrets from where the references point, each time anew, so that an exchange takes effect."""

    def __init__(self, environment: Mapping[str, str], credentials_directory: Path | None = None) -> None:
        """*credentials_directory* is what systemd puts into ``$CREDENTIALS_DIRECTORY``."""
        self._environment = environment
        self._credentials = credentials_directory

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Secrets:
        """With the credentials directory that *environment* names, if it does."""
        directory = environment.get("CREDENTIALS_DIRECTORY")
        return cls(environment, Path(directory) if directory else None)

    @property
    def has_credentials(self) -> bool:
        """True if there is a credentials directory: inside the service, and for those who may look into it."""
        return self._credentials is not None

    def read(self, secret: Secret) -> bytes:
        """The secret's bytes as they are; ``Misconfigured`` if missing, empty, too large, or readable by others."""
        if secret.credential is not None:
            return self._credential(secret.credential)
        if secret.file is not None:
            return _file(secret.file, f"secret file {secret.file}", private=True)
        name = secret.environment or ""
        value = self._environment.get(name)
        if not value:
            raise Misconfigured(f"environment variable {name} is not set", hint="system administrator: set it")
        return os.fsencode(value)

    def text(self, secret: Secret) -> str:
        """The secret as text, without the line end that editors leave; ``Misconfigured``."""
        try:
            return self.read(secret).decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as problem:
            raise Misconfigured(f"{_shown(secret)} is not UTF-8 text") from problem

    def _credential(self, name: str) -> bytes:
        if not _CREDENTIAL_NAME.fullmatch(name):
            raise Misconfigured(f"{name!r} is not the name of a credential")
        if self._credentials is None:
            raise Misconfigured(
                f"credential {name!r}: there is no credentials directory",
                hint="system administrator: run under systemd with LoadCredential=, or set CREDENTIALS_DIRECTORY",
            )
        # systemd guards these with an access list that looks like group rights; their mode says nothing.
        return _file(self._credentials / name, f"credential {name!r}", private=False)


def _file(path: Path, what: str, *, private: bool) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        hint = f"it must belong to h2h's user, mode 0400: {path}" if isinstance(problem, PermissionError) else None
        raise Misconfigured(f"{what} cannot be read: {problem.strerror}", hint=hint) from problem
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Misconfigured(f"{what} is not a regular file")
        if private and found.st_mode & 0o077:
            raise Misconfigured(
                f"{what} may be read or written by others (mode {stat.S_IMODE(found.st_mode):04o})",
                hint=f"system administrator: chmod 0600 {path}",
            )
        if private and found.st_uid not in (os.geteuid(), 0):
            raise Misconfigured(f"{what} belongs to another user (uid {found.st_uid})")
        data = os.read(descriptor, _BYTES_MAX + 1)
    finally:
        os.close(descriptor)
    if not data or len(data) > _BYTES_MAX:
        raise Misconfigured(f"{what} is empty" if not data else f"{what} is larger than a secret can be")
    return data


def _shown(secret: Secret) -> str:
    return f"credential {secret.credential!r}" if secret.credential else f"secret file {secret.file}"
