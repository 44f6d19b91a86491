"""What the tables of words are made of: where something is, and what a person does about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saying:
    """Where something is, in one sentence without technical terms, and what is to be done: words, then commands."""

    words: str
    step: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What a person does about something that waits: words, then commands."""

    step: str
    commands: tuple[str, ...] = ()
