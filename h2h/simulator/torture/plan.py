"""What goes wrong in a schedule, and when: a plan, as text, as a value, and made smaller."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

#: What happens around a process rather than in a call. ``power``: the machine stops, what was not synchronised is lost.
ENDINGS = ("kill", "power")
#: What others do at that very moment.
OTHERS = ("bank", "pause", "snapshot", "restore", "again", "renamed", "modified", "forward", "back", "serve", "collide")
#: What a person decides, each the command of that name; a number behind it is the submission's, in order of take-in.
DECISIONS = ("hold", "release", "cancel", "take over", "resolve", "look", "reread")
#: Who is about to have that effect stands still, while the nodes that do not stand go on, or are started anew before
#: they do, or a person decides something.
MEANWHILE = ("others", "restart", *DECISIONS)
_DECIDES = "person~"


@dataclass(frozen=True, slots=True)
class Entry:
    """At effect number *at* (or at the n-th effect of one label, ``session.rename#1``) *what* happens.

    *what* is a kind by its name, or ``~0.25``: one of those that can happen there, a quarter down the list;
    ``person~0.25``: what a person can decide there, likewise.
    """

    at: str
    what: str

    def __str__(self) -> str:
        return f"{self.at}:{self.what}".replace(" ", "_")


def is_meanwhile(what: str) -> bool:
    """True for one of ``MEANWHILE``, with or without a submission's number, by its name."""
    return what.rstrip(" 0123456789") in MEANWHILE


@dataclass(slots=True)
class Plan:
    """Entries by place; ``taken`` are those that really happened, under the names of their kinds."""

    entries: tuple[Entry, ...] = ()
    taken: list[Entry] = field(default_factory=list)
    _by_place: dict[str, list[Entry]] = field(default_factory=dict)
    _labels: dict[str, int] = field(default_factory=dict)
    _by_label: bool = False

    def __post_init__(self) -> None:
        for entry in self.entries:
            self._by_place.setdefault(entry.at, []).append(entry)
            self._by_label |= "#" in entry.at

    @classmethod
    def of(cls, text: str) -> Plan:
        """``12:kill 40:reply_lost session.rename#1:late``; ``ValueError`` for anything else."""
        entries = []
        for part in text.replace(",", " ").split():
            at, colon, what = part.rpartition(":")
            if not (colon and at and what):
                raise ValueError(f"{part!r} is no entry of a plan; one is NUMBER:KIND or LABEL#NUMBER:KIND")
            entries.append(Entry(at, what.replace("_", " ")))
        return cls(tuple(entries))

    def at(self, number: int, label: str) -> list[Entry]:
        """What happens at this effect."""
        if not self._by_place:
            return []
        here = self._by_place.get(str(number), [])
        if not self._by_label:
            return here
        return here + self._by_place.get(self.place_of(label), [])

    def at_look(self, label: str) -> tuple[str, list[Entry]]:
        """The place of something that only looks, by its label (it has no number), and what happens there."""
        place = self.place_of(label)
        return place, self._by_place.get(place, [])

    def place_of(self, label: str) -> str:
        """``label#n`` for its n-th time, which this is."""
        label = label.replace(" ", "_")
        count = self._labels[label] = self._labels.get(label, 0) + 1
        return f"{label}#{count}"

    @property
    def by_label(self) -> bool:
        """True if a place of it is named by a label."""
        return self._by_label

    @property
    def last(self) -> int:
        """After this effect nothing numbered is to come."""
        return max((int(e.at) for e in self.entries if e.at.isdigit()), default=0)

    def __str__(self) -> str:
        return " ".join(map(str, self.entries))


def drawn(dice: random.Random, effects: int, *, others: Iterable[str] = OTHERS) -> Plan:
    """A plan from a seed over a schedule of about so many effects: mostly few faults, sometimes a bad day."""
    count = dice.choice((1, 2, 2, 3, 3, 4, 5, 6, 8, 12))
    choice = tuple(others)
    entries = []
    for _ in range(count):
        at = str(dice.randrange(1, max(2, effects)))
        if choice and dice.random() < 0.45:
            entries.append(Entry(at, dice.choice(choice)))
        else:
            entries.append(Entry(at, f"~{dice.random():.3f}"))
    return Plan(tuple(sorted(entries, key=lambda e: (int(e.at), e.what))))


def with_stops(dice: random.Random, plan: Plan, effects: int) -> Plan:
    """*plan*, and places where somebody stands while the others act; often a command is stopped just after it began."""
    entries = list(plan.entries)
    for _ in range(dice.choice((1, 1, 2, 2, 3, 5))):
        # Twice as often while files are on their way: the last half of a story is mostly rest.
        at = dice.randrange(1, max(2, effects if dice.random() < 0.5 else effects // 2))
        entries += _stop(dice, at)
        if entries[-1].what.startswith(_DECIDES) and dice.random() < 0.5:
            entries += _stop(dice, at + dice.randint(1, 9))
    return Plan(tuple(sorted(entries, key=lambda e: int(e.at))))  # what happens at one place stays in order


def _stop(dice: random.Random, at: int) -> list[Entry]:
    choice = ("others", "others", "restart", "bank", *([_DECIDES] * 4))
    drawn = [dice.choice(choice) for _ in range(dice.choice((1, 1, 2, 2, 3)))]
    return [Entry(str(at), f"{what}{dice.random():.3f}" if what == _DECIDES else what) for what in drawn]


def smallest(entries: tuple[Entry, ...], fails: Callable[[tuple[Entry, ...]], bool]) -> tuple[Entry, ...]:
    """Delta debugging (ddmin, Zeller and Hildebrandt 2002): a part that still fails and loses nothing more."""
    parts = 2
    while len(entries) >= 2:
        size = max(1, len(entries) // parts)
        chunks = [entries[i : i + size] for i in range(0, len(entries), size)]
        for number in range(len(chunks)):
            rest = tuple(e for other, chunk in enumerate(chunks) if other != number for e in chunk)
            if fails(rest):
                entries, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(entries), parts * 2)
    return () if entries and fails(()) else entries
