"""Ways to a bank on which something goes otherwise: laid over the channels of an installation for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from h2h.core.errors import InDoubt
from h2h.pipeline.house import House
from tests.journeys.site import Site


class Killed(BaseException):
    """The process ends here: nothing tidies up."""


class Changed:
    """A channel whose sessions are changed before anybody has them."""

    def __init__(self, channel: Any, change: Callable[[Any], Any]) -> None:
        self._channel, self._change = channel, change

    @property
    def rename_is_atomic(self) -> bool:
        return bool(self._channel.rename_is_atomic)

    @contextmanager
    def connect(self) -> Iterator[Any]:
        with self._channel.connect() as session:
            yield self._change(session)


def with_sessions(change: Callable[[Any], Any]) -> Callable[[House], House]:
    """A house whose sessions at banks are changed."""
    return lambda house: replace(
        house, channels={name: Changed(channel, change) for name, channel in house.channels.items()}
    )


def meddled(call: str, instead: Callable[..., Any]) -> Callable[[House], House]:
    """One call of each session goes otherwise: *instead* is given the real call and what it was called with."""

    def change(session: Any) -> Any:
        real = getattr(session, call)
        setattr(session, call, lambda *given: instead(real, *given))
        return session

    return with_sessions(change)


def dying(house: House) -> House:
    """The process ends when the rename is asked for."""

    def dies(_: Callable[..., Any], *given: Any) -> None:
        raise Killed

    return meddled("rename", dies)(house)


def swallowing(site: Site) -> Callable[[House], House]:
    """The bank's server does the rename, lets the bank take the file at once, and loses the reply."""

    def taken(real: Callable[..., Any], folder: str, name: str, to_folder: str, to_name: str) -> None:
        real(folder, name, to_folder, to_name)
        (site.at / to_folder / to_name).rename(site.at / "processed" / to_name)
        raise InDoubt("the reply was lost")

    return meddled("rename", taken)


def troubled(trouble: Callable[[str, str], None]) -> Callable[[House], House]:
    """The bank's server meets *trouble* (given the folder and the temporary name) instead of the rename."""

    def lost(_: Callable[..., Any], folder: str, name: str, *to: str) -> None:
        trouble(folder, name)
        raise InDoubt("the reply was lost")

    return meddled("rename", lost)


def half_of_it(site: Site) -> Callable[[str, str], None]:
    """The bank's server loses its power, and has half of the file."""

    def half(folder: str, name: str) -> None:
        path = site.at / folder / name
        path.write_bytes(path.read_bytes()[:100])

    return half
