"""One ERP's inbound folder: answers and statements are put down whole, under a name that stays theirs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from h2h.adapters import files as durable
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
        return self.deliver_together([(name, data)])[0]

    def deliver_together(self, files: Sequence[tuple[str, bytes | Path]]) -> list[str]:
        """Write files that are only whole together, in this order: who sees the last one finds all of them.

        The names they have: all plain, or all with the same number. Cut short and repeated, it ends the same.
        ``Unavailable``, ``OutOfSpace``; ``ValueError`` as from ``deliver``.
        """
        for name, _ in files:
            plain_name(name)
        mode, group = self._ready()
        for number in range(1, _NUMBERS_MAX):
            named = [(self._path / numbered(name, number), data) for name, data in files]
            # A number counts only if nobody else has one of its names: looked at first, so that none is half taken.
            if all(self._is_ours_or_free(target, data) for target, data in named) and all(
                self._put(target, data, mode, group) for target, data in named
            ):
                return [target.name for target, _ in named]
        raise Unavailable(
            f"{self._path} holds {_NUMBERS_MAX} different files named like {files[-1][0]}",
            hint="the ERP team clears the folder; then h2h delivers by itself",
        )

    def _ready(self) -> tuple[int, int]:
        """(mode, group) of a file in this folder."""
        with durable.in_words("deliver to", self._path):
            self._witness.check()
            folder = os.stat(self._path)
        if not self._tidied:
            # Once a life: what a process that was killed left half-written.
            durable.tidy(self._path, time.time() - durable.TEMPORARIES_KEPT_SECONDS)
            self._tidied = True
        return shared_mode(folder.st_mode), folder.st_gid

    def _is_ours_or_free(self, target: Path, data: bytes | Path) -> bool:
        with durable.in_words("compare", target):
            return not os.path.lexists(target) or self._holds(target, data)

    def _put(self, target: Path, data: bytes | Path, mode: int, group: int) -> bool:
        if durable.create(target, data, mode=mode, group=group):
            return True
        with durable.in_words("compare", target):
            if not self._holds(target, data):
                return False
        durable.make_durable(target)  # whoever put it there may have been killed before it was
        return True

    @staticmethod
    def _holds(target: Path, data: bytes | Path) -> bool:
        try:
            return durable.same_bytes(target, data)
        except FileNotFoundError:
            return False  # the ERP took it away between two looks: the next number is free in any case
        except PermissionError:
            return False  # not ours to read, so not what we wrote
