"""Every side effect has a number. A `Meter` counts them, and at one of them something happens.

Two depths. `deep` hooks what reaches the machine: calls that change a file system, commits of the journal, packets to
the bank. It is for killing: between two of these points a process changes nothing, so a kill before each of them (and
after the last) is a kill at every moment that can be told from another. `ports` wraps the ports of a house, for faults
that a port's contract names: refused, lost, lost reply, no room.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from h2h.pipeline.house import House

#: What changes something, port by port; everything else only looks.
WRITES: dict[str, frozenset[str]] = {
    "journal": frozenset(
        {
            "take_in", "restore", "advance", "stop", "change", "remark", "fetched", "move_file", "attend",
            "close_attention", "settle_attention", "set_ledger_position",
        }
    ),
    "ledger": frozenset({"append"}),
    "archive": frozenset({"put", "scratch", "clean"}),
    "outbox": frozenset({"claim", "spool", "discard", "set_aside", "write_beside", "place"}),
    "inbox": frozenset({"deliver", "deliver_together"}),
    "sealer": frozenset({"seal", "open"}),
    "session": frozenset({"create", "rename", "remove", "move"}),
}  # fmt: skip
#: Looks at the bank can fail, too.
LOOKS = frozenset({"stat", "digest", "list", "fetch"})
# A kill before fsync leaves what a kill after it leaves; only a power cut tells them apart.
_CHANGING = ("rename", "replace", "link", "symlink", "unlink", "remove", "mkdir", "rmdir", "write", "truncate")


@dataclass
class Meter:
    """Counts points; at number *kill_at* the process is gone, *torn* with half of a write done."""

    kill_at: int | None = None
    torn: bool = False
    labels: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)

    def point(self, what: str, half: Callable[[], object] | None = None) -> None:
        """A side effect is about to happen."""
        self.labels.append(f"{self.within[-1] if self.within else 'open'}: {what}")
        if len(self.labels) == self.kill_at:
            if self.torn and half is not None:
                half()
            os.kill(os.getpid(), signal.SIGKILL)

    def call(self, label: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Remember, for the labels, which port is at work."""
        self.within.append(label)
        try:
            return method(*args, **kwargs)
        finally:
            self.within.pop()


def deep(meter: Meter) -> None:
    """Hook, for the rest of this process's life, all that reaches the machine."""
    from sqlalchemy import Connection, Engine, event

    from h2h.adapters import files
    from h2h.adapters.sftp.wire import Wire

    for name in _CHANGING:
        setattr(os, name, _counted(meter, name, getattr(os, name)))
    real_open = os.open

    def opening(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & os.O_CREAT:
            meter.point(f"create {_short(path)}")
        return real_open(path, flags, *args, **kwargs)

    os.open = opening
    renameat2 = files._renameat2
    if renameat2 is not None:

        def rename_new(*args: Any) -> Any:
            meter.point(f"renameat2 {_short(args[3])}")
            return renameat2(*args)

        files._renameat2 = rename_new

    def committing(connection: Connection) -> None:
        if connection.get_execution_options().get("h2h_writes"):
            meter.point("commit")

    event.listen(Engine, "commit", committing)
    put = Wire._put

    def sending(self: Wire, packet: bytes) -> None:
        meter.point(f"packet {packet[4]}")
        put(self, packet)

    Wire._put = sending  # type: ignore[method-assign]


def _counted(meter: Meter, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **kwargs: Any) -> Any:
        half = None
        if name == "write":
            half = lambda: real(args[0], bytes(args[1])[: len(args[1]) // 2])  # noqa: E731
        idle = not kwargs and (
            (name == "mkdir" and os.path.lexists(args[0])) or (name == "unlink" and not os.path.lexists(args[0]))
        )
        if not idle:  # what fails because it is done already changes nothing
            path = args[1] if name in ("rename", "replace", "link") else args[0]
            meter.point("write" if name == "write" else f"{name} {_short(path)}", half)
        return real(*args, **kwargs)

    return counted


def _short(path: Any) -> str:
    if isinstance(path, int):
        return str(path)
    name = Path(os.fsdecode(path)).name
    return "TEMPORARY" if name.startswith(".h2h-") and name.endswith(".tmp") else name


# ------------------------------------------------------------------------------------------------------- ports

Handler = Callable[..., Any]


class Port:
    """A port whose methods go through *handler*(label, method, *args, **kwargs)."""

    def __init__(self, target: Any, name: str, handler: Handler, methods: frozenset[str]) -> None:
        self._target, self._name, self._handler, self._methods = target, name, handler, methods

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._target, attribute)
        if attribute not in self._methods:
            return value
        label = f"{self._name}.{attribute}"
        return lambda *args, **kwargs: self._handler(label, value, *args, **kwargs)


class Way(Port):
    """A channel whose sessions go through the handler, too; connecting is an effect of its own."""

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Log in."""
        self._handler("channel.connect", lambda: None)
        with self._target.connect() as session:
            yield Port(session, "session", self._handler, WRITES["session"] | LOOKS)


def ports(house: House, handler: Handler) -> House:
    """The same house, every side effect of its ports (and every look at the bank) through *handler*."""

    def wrapped(name: str, target: Any) -> Any:
        return Port(target, name, handler, WRITES[name])

    return replace(
        house,
        journal=wrapped("journal", house.journal),
        ledger=wrapped("ledger", house.ledger),
        archive=wrapped("archive", house.archive),
        outboxes={k: wrapped("outbox", v) for k, v in house.outboxes.items()},
        inboxes={k: wrapped("inbox", v) for k, v in house.inboxes.items()},
        sealers={k: wrapped("sealer", v) for k, v in house.sealers.items()},
        channels={k: Way(v, "channel", handler, frozenset()) for k, v in house.channels.items()},
    )
