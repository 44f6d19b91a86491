"""Every port of a house behind a tap: a call is an effect, and can go wrong in the ways that its contract names."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from h2h.core.errors import H2HError, InDoubt, NotPermitted, NotSent, OutOfSpace, Unavailable, Untrusted
from h2h.core.findings import Finding
from h2h.pipeline.house import House
from h2h.ports import OpenReport, SealReport
from h2h.simulator.torture.bank import MemoryBank, MemorySession
from h2h.simulator.torture.machine import Machine, UnforeseenError
from h2h.simulator.torture.oracle import Oracle

#: What changes something, port by port; everything else only looks.
WRITES: dict[str, frozenset[str]] = {
    "journal": frozenset(
        {
            "take_in", "restore", "advance", "stop", "change", "remark", "fetched", "move_file", "attend",
            "close_attention", "settle_attention", "set_ledger_position",
        }
    ),
    "ledger": frozenset({"append"}),
    "archive": frozenset({"put", "scratch", "clean", "tidy"}),
    "outbox": frozenset({"claim", "spool", "discard", "set_aside", "write_beside", "tidy"}),
    "inbox": frozenset({"deliver"}),
    "sealer": frozenset({"seal", "open"}),
    "session": frozenset({"create", "rename", "remove", "move", "stat", "digest", "list", "fetch"}),
}  # fmt: skip
#: What only asks, and holds a lock of its process while it makes durable what another one wrote.
_ASKED_WITH_A_LOCK = frozenset({"ledger.has", "ledger.anywhere"})
_LOOK = ("unavailable", "not permitted", "unforeseen")
#: In these ways a call can go wrong; a process that ends there comes on top.
KINDS: dict[str, tuple[str, ...]] = {
    "journal": ("unavailable", "reply lost"),
    "journal.settle_attention": ("unavailable",),
    "ledger": ("no room", "reply lost"),
    "archive": ("no room", "reply lost"),
    "outbox": ("no room", "reply lost"),
    "inbox": ("no room", "reply lost"),
    "sealer": ("unavailable", "untrusted", "unforeseen", "reply lost"),
    "channel": ("unavailable", "untrusted", "unforeseen"),
    "session": _LOOK,
    "session.create": ("unavailable", "half", "reply lost", "half but OK", "late", "unforeseen"),
    "session.rename": ("unavailable", "reply lost", "late", "both names", "unforeseen", "unforeseen after"),
    "session.remove": (*_LOOK, "reply lost"),
    "session.move": (*_LOOK, "reply lost"),
    "session.fetch": (*_LOOK, "half but OK"),
}
_NAMED: dict[str, type[H2HError]] = {"no room": OutOfSpace, "untrusted": Untrusted, "not permitted": NotPermitted}
_LOST: dict[str, type[H2HError]] = {"session.create": NotSent, "session.rename": InDoubt}
#: What files do below these ports are effects of their own (`Disk`): a process ends there, not around the call.
_DEEP = ("ledger", "archive", "outbox", "inbox")


def tapped(house: House, machine: Machine, oracle: Oracle) -> House:
    """The same house, with every effect counted."""

    def tap(name: str, target: Any) -> Any:
        return Tap(target, name, machine, oracle)

    return replace(
        house,
        journal=tap("journal", house.journal),
        ledger=tap("ledger", house.ledger),
        archive=tap("archive", house.archive),
        outboxes={k: tap("outbox", v) for k, v in house.outboxes.items()},
        inboxes={k: tap("inbox", v) for k, v in house.inboxes.items()},
        sealers={k: tap("sealer", v) for k, v in house.sealers.items()},
        channels={k: Way(v, machine, oracle) for k, v in house.channels.items()},
    )


class Tap:
    """One port; *bank* is the server behind a session."""

    def __init__(
        self, target: Any, name: str, machine: Machine, oracle: Oracle, bank: MemoryBank | None = None
    ) -> None:
        self._target, self._name, self._machine, self._oracle, self._bank = target, name, machine, oracle, bank
        self._locks = name in ("journal", "ledger")

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._target, attribute)
        label = f"{self._name}.{attribute}"
        if attribute in WRITES[self._name]:
            return lambda *args, **kwargs: self._call(label, value, args, kwargs)
        if label in _ASKED_WITH_A_LOCK:
            method = value
            value = lambda *args, **kwargs: self._really(method, args, kwargs)  # noqa: E731
        return self._looking(label, value) if self._machine.looks and callable(value) else value

    def _looking(self, label: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def look(*args: Any, **kwargs: Any) -> Any:
            self._machine.look(label)
            return method(*args, **kwargs)

        return look

    def _call(self, label: str, method: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        kinds = KINDS.get(label) or KINDS[self._name]
        if self._bank is not None and self._bank.rename_is_atomic:
            kinds = tuple(kind for kind in kinds if kind != "both names")  # one rename(2) has no middle
        if label == "session.rename":
            self._oracle.renames[args[1]] += 1
        wrong = self._machine.effect(label, kinds, may_end=self._name not in _DEEP)
        if not self._machine.watching:
            return method(*args, **kwargs)
        if wrong not in ("unavailable", "no room", "untrusted", "not permitted", "unforeseen", "late"):
            self._oracle.before(label, args, kwargs)
        if wrong is not None:
            return self._wrong(label, wrong, method, args, kwargs)
        answer = self._really(method, args, kwargs)
        self._oracle.after(label, args, kwargs, answer)
        if label == "session.rename" and self._machine.current is not None:
            self._oracle.confirmed[args[1]] = self._machine.current.process
        return answer

    def _really(self, method: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self._machine.locked += self._locks
        try:
            return method(*args, **kwargs)
        finally:
            self._machine.locked -= self._locks

    def _wrong(self, label: str, kind: str, method: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        error = _LOST.get(label, Unavailable)
        if label in ("ledger.append", "journal.advance"):
            self._oracle.confirmed.clear()  # it may have been that: what was known is not kept
        if kind == "unforeseen":
            raise UnforeseenError("nobody thought of this")
        if kind in ("unforeseen after", "reply lost"):
            answer = self._really(method, args, kwargs)
            self._oracle.after(label, args, kwargs, answer)
            raise UnforeseenError("nobody thought of this") if kind != "reply lost" else error("the reply was lost")
        if kind in ("half", "half but OK"):
            return self._half(label, kind, method, args)
        if kind == "both names":
            assert self._bank is not None
            MemorySession(self._bank).link(*args)
            raise InDoubt("the connection was lost")
        if kind == "late":
            assert self._bank is not None
            asked = self._remembered(args) if label == "session.create" else args
            self._bank.late.append(lambda: method(*asked, **kwargs))
            raise error("the connection was lost")
        raise _NAMED.get(kind, error)("it did not succeed")

    @staticmethod
    def _remembered(args: Any) -> Any:
        folder, name, source = args
        return folder, name, io.BytesIO(source.read())

    @staticmethod
    def _half(label: str, kind: str, method: Callable[..., Any], args: Any) -> Any:
        if label == "session.fetch":
            folder, name, sink, bytes_max = args
            whole = io.BytesIO()
            method(folder, name, whole, bytes_max)
            data = whole.getvalue()[: len(whole.getvalue()) // 2]
            sink.write(data)
            return len(data)
        folder, name, source = args
        data = source.read()
        method(folder, name, io.BytesIO(data[: len(data) // 2]))
        if kind == "half":
            raise NotSent("the connection was lost")
        return None


class Way:
    """A channel: connecting is an effect, and so is every call of its sessions."""

    def __init__(self, bank: Any, machine: Machine, oracle: Oracle) -> None:
        self._bank, self._machine, self._oracle = bank, machine, oracle

    @property
    def rename_is_atomic(self) -> bool:
        """As the bank's."""
        return bool(self._bank.rename_is_atomic)

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Log in."""
        wrong = self._machine.effect("channel.connect", KINDS["channel"])
        if wrong == "unforeseen":
            raise UnforeseenError("nobody thought of this")
        if wrong is not None:
            raise _NAMED.get(wrong, Unavailable)("the bank cannot be reached")
        with self._bank.connect() as session:
            yield Tap(session, "session", self._machine, self._oracle, self._bank)


# ---------------------------------------------------------------------------------------------- seals

_HEAD = b"SEALED\n"


class DiceSealer:
    """A seal as PGP's in what matters here: other bytes each time, and a change of any of them is noticed."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def seal(self, plain: Path, sealed: Path) -> SealReport:
        """Make *sealed*."""
        sealed.write_bytes(sealed_by(self._dice, plain.read_bytes()))
        return SealReport("h2h", ("bank",))

    def open(self, sealed: Path, plain: Path) -> OpenReport:
        """``Untrusted`` unless every byte is as it was sealed."""
        data = unsealed(sealed.read_bytes())
        if data is None:
            raise Untrusted("the signature is not good")
        plain.write_bytes(data)
        return OpenReport("bank")

    def check(self) -> list[Finding]:
        """No key, nothing to check."""
        return []

    def close(self) -> None:
        """Nothing was started."""


def sealed_by(dice: random.Random, data: bytes) -> bytes:
    """*data* under a nonce and a hash."""
    nonce = dice.randbytes(16)
    return _HEAD + nonce + hashlib.sha256(nonce + data).digest() + data


def unsealed(data: bytes) -> bytes | None:
    """What was sealed, or None."""
    if not data.startswith(_HEAD):
        return None
    nonce, digest, plain = data[7:23], data[23:55], data[55:]
    return plain if hashlib.sha256(nonce + plain).digest() == digest else None
