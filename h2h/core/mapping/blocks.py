"""What the writers of payments and of statements share: their parts, text in blocks, a refusal with its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.plan import Element, Plan
from h2h.core.mapping.writing import CannotWriteError

Write = Callable[[Any], str]

# Text is handed to the file in blocks of about this many characters.
_BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """A message whose rows stand in groups: how the document begins and ends, and what is written one by one."""

    start: str
    end: str
    header: list[Element]  # what stands before the groups
    group: Element
    record: Element

    @classmethod
    def of(cls, plan: Plan, namespace: str | None, name: str, message: type) -> Frame:
        """``Misconfigured`` if *plan* has no groups of rows, or reads another *message*: it cannot be written so."""
        top = next((c for c in plan.root.children if any(g.is_row for g in c.children)), None)
        group = next((g for g in top.children if g.is_row), None) if top else None
        record = next((r for r in group.children if r.record), None) if group else None
        if top is None or group is None or record is None or plan.message is not message:
            raise Misconfigured(f"{name}: this mapping only reads")
        declares = f' xmlns="{namespace}"' if namespace else ""
        start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{plan.root.tag}{declares}>\n<{top.tag}>\n'
        end = f"</{top.tag}>\n</{plan.root.tag}>\n"
        return cls(start, end, [c for c in top.children if c is not group], group, record)


def written(write: Write, value: Any, where: str, who_acts: WhoActs) -> str:
    """What *write* makes of *value*; ``Refused`` with the path below *where*."""
    try:
        return write(value)
    except CannotWriteError as problem:
        raise refusal(problem, value, where, who_acts) from problem


def in_blocks(parts: Iterable[str], out: BinaryIO) -> None:
    """Write the texts one behind the other, in UTF-8."""
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _BLOCK:
            out.write("".join(held).encode())
            held.clear()
            size = 0
    out.write("".join(held).encode())


def refusal(problem: CannotWriteError, value: Any, where: str, who_acts: WhoActs) -> Refused:
    """The refusal of *value*, which stands at *where*."""
    place = getattr(value, "place", None)
    path = f"{where}/{problem.path}".strip("/")
    return Refused(
        [
            error(
                *(problem.code, path, f"{path}: {problem.text}", who_acts),
                line=place.line if place else None,
                column=place.column if place else None,
            )
        ]
    )
