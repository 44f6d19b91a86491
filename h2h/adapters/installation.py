"""Which installation this is: a name that people gave it, and a number that nobody else has, beside the ledger.

A copy of the configuration on another machine gets a ledger of its own, and with it another number (F29). All nodes
share the ledger's folder; whoever moves an installation moves it with its ledger.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from h2h.adapters import files
from h2h.core.errors import Misconfigured

FILE = "installation"


def identity_of(ledger: Path, instance: str) -> str:
    """ "NAME NUMBER", made when it is first asked for. ``Misconfigured`` if the file is damaged; ``Unavailable``."""
    path = ledger.with_name(FILE)
    with files.in_words("read", path):
        if not path.exists():
            files.create(path, f"{os.urandom(8).hex()}\n".encode())
        number = path.read_text("ascii", errors="replace").strip()
    if not re.fullmatch("[0-9a-f]{16}", number):
        raise Misconfigured(f"{path} is damaged: it does not hold this installation's number", hint="restore it")
    return f"{instance} {number}"
