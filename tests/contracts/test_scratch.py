"""A place to work in is emptied, and that it cannot be hides nothing."""

from __future__ import annotations

import errno
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from h2h.core.errors import H2HError, NotDurable
from h2h.pipeline.places import emptied_afterwards
from tests.journeys.site import Site

pytest_plugins = ["tests.contracts.places"]


@pytest.mark.parametrize("fails", [False, True])
def test_a_place_is_emptied_whether_the_work_was_done_or_failed(tmp_path: Path, fails: bool) -> None:
    with Site(tmp_path).house() as house:
        place = None
        try:
            with emptied_afterwards(house, "owner"):
                place = house.archive.scratch("owner")
                (place / "half").write_bytes(b"a payment")
                if fails:
                    raise H2HError("no")
        except H2HError as problem:
            assert str(problem) == "no"
        assert place is not None
        assert not place.exists()


def test_a_failed_fsync_is_not_hidden_by_trouble_while_cleaning_up(
    tmp_path: Path, as_somebody: AbstractContextManager[None]
) -> None:
    with Site(tmp_path).house() as house:
        (house.archive.scratch("owner") / "half").write_bytes(b"a payment")
        with as_somebody:  # who may not empty it
            with pytest.raises(NotDurable, match="fsync failed"), emptied_afterwards(house, "owner"):
                raise NotDurable(errno.EIO, "fsync failed")
            with pytest.raises(H2HError, match="owner"), emptied_afterwards(house, "owner"):
                pass
