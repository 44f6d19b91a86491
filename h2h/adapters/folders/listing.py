"""One pass over an ERP's folder: which files may be wanted, which markers are there, what is odd."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from h2h.adapters import files
from h2h.adapters.folders import oddities
from h2h.adapters.folders.names import NameKind, Names
from h2h.core.findings import Finding

_UNKNOWN_TOLD_MAX = 100


class Listing:
    """One pass over the names of a folder, in bounded memory: the oldest wanted files, the markers, what is odd."""

    def __init__(self, path: Path, names: Names, entries_max: int) -> None:
        self.odd: list[tuple[str, int, Finding]] = []
        self.markers: dict[str, str] = {}
        self.present: set[str] = set()
        self._claimants: dict[str, int] = {}
        self._count = 0
        self._path, self._names, self._max = path, names, entries_max
        with files.in_words("read", path), os.scandir(path) as entries:
            self.wanted = heapq.nsmallest(entries_max, self._wanted(entries))
        self.left_over = self._count - len(self.wanted)

    def claimants(self, key: str) -> int:
        """How many wanted files a marker of that key speaks for."""
        return self._claimants.get(key, 0)

    def _wanted(self, entries: Iterable[os.DirEntry[str]]) -> Iterator[tuple[int, str]]:
        for entry in entries:
            kind = self._names.kind(entry.name)
            if kind in (NameKind.OURS, NameKind.IGNORED):
                continue
            if len(self.present) < 2 * self._max:
                self.present.add(entry.name)
            if kind is NameKind.MARKER:
                self.markers[self._names.marked_by(entry.name)] = entry.name
            elif kind is NameKind.UNKNOWN:
                self._unknown(entry)
            else:
                try:
                    mtime_ns = entry.stat(follow_symlinks=False).st_mtime_ns
                except FileNotFoundError:
                    continue  # gone between two system calls
                self._count += 1
                key = self._names.marker_key(entry.name)
                self._claimants[key] = self._claimants.get(key, 0) + 1
                yield mtime_ns, entry.name

    def _unknown(self, entry: os.DirEntry[str]) -> None:
        if len(self.odd) < _UNKNOWN_TOLD_MAX and entry.is_file(follow_symlinks=False):
            self.odd.append((entry.name, entry.inode(), oddities.unknown(entry.name)))
