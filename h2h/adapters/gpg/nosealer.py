"""No seal: for a bank that takes plain files over a channel that protects them."""

from __future__ import annotations

from pathlib import Path

from h2h.adapters import files
from h2h.core.findings import Finding
from h2h.ports import OpenReport, SealReport


class NoSealer:
    """``ports.Sealer`` that passes bytes on unchanged."""

    def seal(self, plain: Path, sealed: Path) -> SealReport:
        """Copy, durably. ``OutOfSpace``, ``Unavailable``."""
        files.replace(sealed, plain)
        return SealReport(signed_by=None, encrypted_to=())

    def open(self, sealed: Path, plain: Path) -> OpenReport:
        """Copy, durably. ``OutOfSpace``, ``Unavailable``."""
        files.replace(plain, sealed)
        return OpenReport(signed_by=None)

    def check(self) -> list[Finding]:
        """Nothing to check: there are no keys."""
        return []

    def close(self) -> None:
        """Nothing to close."""
