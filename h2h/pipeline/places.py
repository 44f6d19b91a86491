"""A place to work in: a scratch directory that is emptied when the work is done, or has failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from h2h.core.errors import H2HError
from h2h.pipeline.house import House, log


@contextmanager
def emptied_afterwards(house: House, owner: str) -> Iterator[None]:
    """Around work in the scratch directory of *owner*; whatever it raises, and ``OutOfSpace`` or ``Unavailable``.

    If the work failed, that is what is raised, though the place cannot be emptied either: a failed fsync must end the
    process, and a full disk that shows while cleaning up must not hide it. What is left there is emptied by the next
    work, or at the next start.
    """
    try:
        yield
    except BaseException:
        try:
            house.archive.clean(owner)
        except (H2HError, OSError) as second:
            log.warning("scratch.not-emptied", place=owner, problem=str(second))
        raise
    house.archive.clean(owner)
