"""Time, seals, schemas, and help with long files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from h2h.core.findings import Finding

if TYPE_CHECKING:
    from h2h.core.convert import Conversion, Stamp
    from h2h.core.declared import Delimited
    from h2h.core.format import Format
    from h2h.core.rules.terms import BankTerms


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump: for durations only."""

    def sleep(self, seconds: float) -> None:
        """Wait; returns early when h2h is told to stop."""


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was done to the final bytes."""

    signed_by: str | None
    encrypted_to: tuple[str, ...]
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenReport:
    """Whose signature was good."""

    signed_by: str | None
    warnings: tuple[Finding, ...] = ()


class Sealer(Protocol):
    """Signs and encrypts for one bank, and opens what that bank sends."""

    def seal(self, plain: Path, sealed: Path) -> SealReport:
        """Make *sealed*, verified as the bank would. ``Untrusted``, ``Misconfigured`` (key missing, expired),

        ``Unavailable``, ``OutOfSpace``.
        """

    def open(self, sealed: Path, plain: Path) -> OpenReport:
        """Decrypt and verify into *plain*, which exists only if all is good. ``Untrusted``, ``Misconfigured``."""

    def check(self) -> list[Finding]:
        """Keys that are missing, expired or soon will be."""

    def close(self) -> None:
        """End what it started."""


class Schemas(Protocol):
    """The XSDs."""

    def validate(self, schema: str, data: bytes) -> list[Finding]:
        """All violations, with line, path, value and rule; ``Misconfigured`` if the schema is missing."""

    def validate_file(self, schema: str, file: Path, as_schema_sees_it: Callable[[bytes], bytes]) -> list[Finding]:
        """The same of a file, in memory that does not grow with it as long as it is valid.

        *as_schema_sees_it* is applied to each part of the document before the schema is asked.
        """


class Helpers(Protocol):
    """Other processes that convert long delimited files."""

    def convert(
        self,
        source: Path,
        delimited: Delimited,
        bank: BankTerms,
        target: Format,
        schema: str,
        stamp: Stamp,
        *,
        out: Path,
        between: Callable[[], None] = lambda: None,
    ) -> Conversion | None:
        """The bank's file in *out*, checked and valid by *schema*: the same bytes as ``convert_table`` writes.

        None if the file is to be converted in one go: it is short, something is found in it, or no helper is free. The
        parts lie beside *out*, and must stay there as long as the conversion's records are read. *between* is called
        again and again while the helpers work; what it raises is raised.
        """
