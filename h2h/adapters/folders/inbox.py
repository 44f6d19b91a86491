"""One ERP's inbound folder: answers and statements are put down whole, under a name that stays theirs."""

from __future__ import annotations

import os
import time
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.folders.mounts import MountWitness
from h2h.adapters.folders.names import numbered, plain_name, shared_mode
from h2h.core.errors import Unavailable

_NUMBERS_MAX = 10_000


class FolderInbox:
    """``ports.Inbox`` over a directory. *memory* lets the watch for an empty mount point outlive the process."""

    def __init__(self, path: Path, memory: Path | None = None) -> None:
        self._path = path
        self._witness = MountWitness(path, memory)
        self._tidied = False

    def deliver(self, name: str, data: bytes | Path) -> str:
        """Write a file atomically; the same name with the same bytes is success, with other bytes a numbered name.

        The name it has (``stem~2.csv`` for the second). ``Unavailable``, ``OutOfSpace``; ``ValueError`` for a name
        that is not one plain file name.
        """
        plain_name(name)
        with files.in_words("deliver to", self._path):
            self._witness.check()
            folder = os.stat(self._path)
        if not self._tidied:
            # Once a life: what a process that was killed left half-written.
            files.tidy(self._path, time.time() - files.TEMPORARIES_KEPT_SECONDS)
            self._tidied = True
        mode = shared_mode(folder.st_mode)
        for number in range(1, _NUMBERS_MAX):
            candidate = numbered(name, number)
            target = self._path / candidate
            if files.create(target, data, mode=mode, group=folder.st_gid):
                return candidate
            with files.in_words("compare", target):
                if self._holds(target, data):
                    return candidate
        raise Unavailable(
            f"{self._path} holds {_NUMBERS_MAX} different files named like {name}",
            hint="the ERP team clears the folder; then h2h delivers by itself",
        )

    @staticmethod
    def _holds(target: Path, data: bytes | Path) -> bool:
        try:
            return files.same_bytes(target, data)
        except FileNotFoundError:
            return False  # the ERP took it away between two looks: the next number is free in any case
        except PermissionError:
            return False  # not ours to read, so not what we wrote
