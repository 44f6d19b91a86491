"""Where the checkout lies, and the formats that it brings along: read once for all tests that ask them."""

from __future__ import annotations

from pathlib import Path

from h2h.adapters.format_files import load_formats

ROOT = Path(__file__).resolve().parent.parent
FORMATS = ROOT / "formats"
BOOK = load_formats(FORMATS)
