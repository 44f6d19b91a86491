"""Message → document where a message is written whole: a request to a bank has few parts, and nothing is streamed."""

from __future__ import annotations

from typing import Any, BinaryIO

from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import WhoActs, error
from h2h.core.mapping.blocks import refusal
from h2h.core.mapping.generate import object_writer
from h2h.core.mapping.plan import Plan
from h2h.core.mapping.writing import CannotWriteError


class DocumentWriter:
    """Writes messages of one class in one format version."""

    def __init__(self, plan: Plan, namespace: str | None, name: str) -> None:
        if len(plan.root.children) != 1:
            raise Misconfigured(f"{name}: this mapping only reads")
        (top,) = plan.root.children
        declares = f' xmlns="{namespace}"' if namespace else ""
        self._start = f'<?xml version="1.0" encoding="UTF-8"?>\n<{plan.root.tag}{declares}><{top.tag}>'
        self._end = f"</{top.tag}></{plan.root.tag}>\n"
        self._name, self._message, self._says = name, plan.message, top.sets
        self._content = object_writer(plan.message, top.children, [field for field, _ in top.sets])

    def write(self, message: Any, out: BinaryIO) -> None:
        """The whole message; ``Refused`` names what has no place, what is missing, or a character that is illegal.

        ``Misconfigured`` if it is a message of another class.
        """
        if not isinstance(message, self._message):
            raise Misconfigured(f"{self._name} is not written from a {type(message).__name__}")
        for field, said in self._says:
            if getattr(message, field) != said:
                text = f"this is about {getattr(message, field)}; {self._name} carries {said}"
                raise Refused([error("H2H-KIND", "the message", text, WhoActs.SYSTEM_ADMINISTRATOR)])
        try:
            content = self._content(message)
        except CannotWriteError as problem:
            raise refusal(problem, message, "", WhoActs.TREASURY) from problem
        out.write(f"{self._start}{content}{self._end}".encode())
