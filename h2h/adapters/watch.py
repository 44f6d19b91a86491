"""Wakes the folder scanner early. Only a hint: whatever is missed here, the next full scan finds.

The kernel's events come late, double or never: a rename gives no "closed", a full queue drops events, network file
systems give none, and a folder that is removed and made again silently ends its watch. So every kind of event that can
complete a file counts, and a keeper looks every few seconds whether each watch still stands.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from h2h.adapters import files
from h2h.settings.erp import ErpFolder

_OURS = ".h2h"  # receipts are written under such names and renamed: no news
# watchdog keeps the first half of a rename back for half a second, and all that follows with it, to report both halves
# as one. Here either half is news enough, and an ERP's rename in its own folder must not wait.
InotifyMoveEventGrouper.delay = 0.0
_KINDS: list[type[FileSystemEvent]] = [FileCreatedEvent, FileMovedEvent, FileClosedEvent]


def wants_events(folder: ErpFolder) -> bool:
    """True if the kernel's events may shorten the wait for this folder's rescan."""
    if folder.watch == "auto":
        return not files.on_network(folder.outbound)
    return folder.watch == "events"


class Watcher:
    """Calls *wake* (from another thread; it must return at once) when something may have come into a folder."""

    def __init__(self, folders: Iterable[ErpFolder], wake: Callable[[], None], keep_seconds: float = 5.0) -> None:
        self._paths = [folder.outbound for folder in folders if wants_events(folder)]
        self._wake = wake
        self._keep_seconds = keep_seconds
        self._observer: BaseObserver | None = None
        self._watches: dict[Path, tuple[ObservedWatch, int]] = {}  # with the folder's inode
        self._stopped = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="watch keeper", daemon=True)

    def start(self) -> None:
        """Begin; a folder that is not there yet is watched as soon as it comes."""
        if self._paths:
            self._look()
            self._keeper.start()

    def stop(self) -> None:
        """End all threads."""
        self._stopped.set()
        if self._keeper.is_alive():
            self._keeper.join()
        self._end_observer()

    def watched(self) -> list[Path]:
        """The folders whose events are coming now."""
        return [path for path in self._paths if self._stands(path)]

    def _keep(self) -> None:
        while not self._stopped.wait(self._keep_seconds):
            self._look()

    def _look(self) -> None:
        """Put every watch in place that does not stand."""
        if self._observer is None or not self._observer.is_alive():
            self._end_observer()
            self._observer = Observer()
            self._observer.start()
        for path in self._paths:
            if not self._stands(path) and self._place(self._observer, path):
                self._wake()  # what came while nobody looked

    def _stands(self, path: Path) -> bool:
        known = self._watches.get(path)
        if known is None or self._observer is None:
            return False
        watch, inode = known
        alive = any(emitter.watch == watch and emitter.is_alive() for emitter in self._observer.emitters)
        return alive and _inode(path) == inode

    def _place(self, observer: BaseObserver, path: Path) -> bool:
        known = self._watches.pop(path, None)
        if known is not None:
            try:
                observer.unschedule(known[0])
            except KeyError:
                pass  # watchdog has dropped it by itself; that is why we are here
        inode = _inode(path)
        if inode is None:
            return False
        try:
            watch = observer.schedule(_Hint(self._wake), str(path), event_filter=_KINDS)
        except OSError:
            return False  # gone again, or no watches left in the kernel: the periodic scan carries on alone
        self._watches[path] = (watch, inode)
        return True

    def _end_observer(self) -> None:
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
        self._observer = None
        self._watches.clear()


class _Hint(FileSystemEventHandler):
    """Every event but those of our own files is the same news: look."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def dispatch(self, event: FileSystemEvent) -> None:
        """Wake. An exception here would end watchdog's thread for all folders; the keeper would mend it in seconds."""
        names = (os.path.basename(os.fsdecode(path)) for path in (event.src_path, event.dest_path) if path)
        if not any(name.startswith(_OURS) for name in names):
            self._wake()


def _inode(path: Path) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:
        return None  # not there, or not to be reached now
