"""A journal that is put back from an older copy, and a file of which it knows only that it came."""

from __future__ import annotations

import shutil
from pathlib import Path

from h2h.core.evidence import Decision
from h2h.core.lifecycle import State
from h2h.core.records import Submission
from h2h.pipeline.line import Line
from h2h.pipeline.rounds import scan_folders
from h2h.pipeline.send import look_again, withdraw
from tests.journeys.site import Site


class OlderJournal:
    """The journal as it is now, to be put back later; the ledger and the archive stay as they are then."""

    def __init__(self, site: Site, copy: Path) -> None:
        self._state, self._copy = site.root / "state", copy
        copy.mkdir()
        for file in self._state.glob("*.db*"):
            shutil.copy2(file, copy)

    def is_put_back(self) -> None:
        for file in self._state.glob("*.db*"):
            file.unlink()
        shutil.copytree(self._copy, self._state, dirs_exist_ok=True)


def taken_in_only(site: Site, name: str, content: str) -> str:
    """A file came, and nothing further has been done; its sid."""
    site.drop(name, content)
    with site.house() as house:
        scan_folders(house, lambda: False)
    return site.submission(name).sid


def withdrawn(site: Site, doubt: Submission) -> None:
    """A person had the temporary file removed at the bank, and then the machine stops."""
    with site.house() as house, Line(house, doubt.bank) as line:
        withdraw(house, line, doubt, actor="anna")


def is_still_in_doubt(site: Site, doubt: Submission) -> bool:
    """Another look at the bank decides nothing."""
    with site.house() as house, Line(house, doubt.bank) as line:
        again, answer = look_again(house, line, doubt, actor="bo")
    return (again.state, answer.decision) == (State.IN_DOUBT, Decision.DOUBT)
