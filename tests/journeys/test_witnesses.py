"""What counts as evidence and what does not, and what the second witness must know besides that something was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from h2h.core.errors import InDoubt
from h2h.core.lifecycle import State
from h2h.pipeline.house import House
from h2h.ports import Session
from tests.contracts.pain import IBANS
from tests.journeys.site import Site, salaries

ONE = salaries(("SAL-1", "1250,00", IBANS[0]))


# -- what is at the bank


class BankInTrouble:
    """A channel whose server meets *trouble* (given the folder and the temporary name) instead of the rename."""

    def __init__(self, channel: Any, trouble: Callable[[str, str], None]) -> None:
        self._channel, self._trouble = channel, trouble

    @property
    def rename_is_atomic(self) -> bool:
        return bool(self._channel.rename_is_atomic)

    @contextmanager
    def connect(self) -> Iterator[Session]:
        with self._channel.connect() as session:

            def rename(folder: str, name: str, to_folder: str, to_name: str) -> None:
                self._trouble(folder, name)
                raise InDoubt("the reply was lost")

            session.rename = rename
            yield session


def troubled(trouble: Callable[[str, str], None]) -> Callable[[House], House]:
    return lambda house: replace(
        house, channels={name: BankInTrouble(c, trouble) for name, c in house.channels.items()}
    )


def test_a_temporary_file_that_changed_after_it_was_verified_is_never_made_visible(tmp_path: Path) -> None:
    """The bank's server lost its power between our look and the rename, and has half of the file."""
    site = Site(tmp_path)

    def half(folder: str, name: str) -> None:
        path = site.at / folder / name
        path.write_bytes(path.read_bytes()[:100])

    site.drop("pay.csv", ONE)
    site.once(troubled(half))
    site.clock.sleep(1000)
    site.once()
    assert site.at_bank() == {}
    doubt = site.submission("pay.csv")
    assert (doubt.state, doubt.reason) == (State.IN_DOUBT, "H3")
    assert "no longer what was uploaded" in (doubt.reason_text or "")
