"""A node that stops in the middle of a step and finds, when it goes on, that another one has taken it meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import Untrusted
from h2h.core.lifecycle import State
from h2h.pipeline.house import House
from h2h.pipeline.inbound import Worker, work_inbound
from tests.journeys.answers import pain002
from tests.journeys.test_inbound import sent_site


@pytest.mark.parametrize("problem", [ZeroDivisionError("a mistake of ours"), Untrusted("other bytes are there")])
@pytest.mark.parametrize("artefact", ["20-opened", "30-message.json"])
def test_what_goes_wrong_here_while_another_node_takes_the_step_says_nothing_of_the_file(
    tmp_path: Path, problem: Exception, artefact: str
) -> None:
    site, sent = sent_site(tmp_path)
    site.bank_says("ack.xml", pain002(sent, "ACSP"))

    class Overtaken:
        """The archive of a node that stops just before it keeps something, and goes on to find that it cannot."""

        def __init__(self, house: House) -> None:
            self._house = house

        def __getattr__(self, name: str) -> Any:
            return getattr(self._house.archive, name)

        def put(self, owner: str, since: datetime, name: str, *given: Any, **more: Any) -> Any:
            if name == artefact:
                work_inbound(self._house, "testbank", Worker(lambda: False, lambda: None))
                raise problem
            return self._house.archive.put(owner, since, name, *given, **more)

    site.once(lambda house: replace(house, archive=Overtaken(house)))
    assert [str(f.state) for f in site.files()] == ["DELIVERED"]
    assert site.waiting() == []
    assert site.submission("salaries.csv").state is State.ACCEPTED
