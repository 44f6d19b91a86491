"""The archive: what came and went, one folder a submission or bank file, each artefact written once and never again."""

from __future__ import annotations

import builtins
import os
import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from h2h.adapters import files
from h2h.core.errors import Untrusted

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_NAME_BYTES_MAX = 255


class FileArchive:
    """``ports.Archive`` over ``root/YYYY/MM/DD/<owner>/NN-name`` (UTC day of ``since``); private work beside it.

    Files are mode 0400 and directories 0700. *scratch_root* belongs on a local disk (or a tmpfs): plaintext that is not
    checked yet lies there while a step runs.
    """

    def __init__(self, root: Path, scratch_root: Path) -> None:
        self._root = root
        self._scratch_root = scratch_root

    def put(self, owner: str, since: datetime, name: str, data: bytes | Path, *, anew: bool = False) -> Path:
        """Keep it, durably; the same bytes again is success, other bytes under a name that exists ``Untrusted``.

        *anew*: the journal does not name it yet, so what a step cut short left under that name is replaced.
        ``Unavailable`` (also: a read-only archive), ``OutOfSpace``; nothing half-written is ever seen under *name*.
        """
        if not _plain(name):
            raise ValueError(f"not a plain file name: {name!r}")
        folder = self._folder(owner, since)
        files.make_directories(folder)
        path = folder / name
        if files.create(path, data, mode=0o400):
            return path
        with files.in_words("compare", path):
            if files.same_bytes(path, data):
                files.make_durable(path)  # whoever put it there may have been killed before it was
                return path
        if anew:
            files.replace(path, data, mode=0o400)
            return path
        raise Untrusted(
            f"the archive already holds {path} with other content",
            hint="nothing is overwritten; the system administrator finds out who changed the archive or the journal",
        )

    def get(self, owner: str, since: datetime, start: str) -> Path | None:
        """The artefact whose name starts so (``30-bank``), or None; the first one in order of names."""
        folder = self._folder(owner, since)
        return next((folder / name for name in self._names(folder) if name.startswith(start)), None)

    def list(self, owner: str, since: datetime) -> list[Path]:
        """All artefacts, in order; none if nothing was kept yet. ``Unavailable``."""
        folder = self._folder(owner, since)
        return [folder / name for name in self._names(folder)]

    def _names(self, folder: Path) -> builtins.list[str]:
        with files.in_words("read", folder):
            try:
                return sorted(name for name in os.listdir(folder) if not files.is_temporary(name))
            except FileNotFoundError:
                if not self._root.is_dir():  # an archive that is not mounted is not an empty archive
                    raise
                return []

    def scratch(self, owner: str) -> Path:
        """A private working directory for that owner, emptied at start."""
        self.clean(owner)
        path = self._work(owner)
        if not self._scratch_root.is_dir():
            files.make_directories(self._scratch_root)
        with files.in_words("make the directory", path):
            path.mkdir(mode=0o700)  # not made durable: what a power cut leaves of it is thrown away
        return path

    def clean(self, owner: str) -> None:
        """Remove the working directory; none is success."""
        path = self._work(owner)
        with files.in_words("empty", path):
            if path.is_symlink() or path.is_file():
                path.unlink()  # something else in its place is removed, never followed
            while path.exists():
                with suppress(FileNotFoundError):  # somebody else is at it, too: what is gone is gone
                    shutil.rmtree(path)

    def tidy(self) -> None:
        """Remove all working directories, which earlier runs left: at a start, when nobody works yet."""
        with files.in_words("tidy", self._scratch_root):
            try:
                names = sorted(os.listdir(self._scratch_root))
            except FileNotFoundError:
                return
            for name in names:
                path = self._scratch_root / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()

    def _folder(self, owner: str, since: datetime) -> Path:
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"not an id: {owner!r}")
        return self._root / f"{since.astimezone(UTC):%Y/%m/%d}/{owner}"

    def _work(self, owner: str) -> Path:
        if not _OWNER.fullmatch(owner):
            raise ValueError(f"not an id: {owner!r}")
        return self._scratch_root / owner


def _plain(name: str) -> bool:
    printable = name.isprintable() and "/" not in name and not name.startswith(".")
    return bool(name) and printable and len(os.fsencode(name)) <= _NAME_BYTES_MAX
