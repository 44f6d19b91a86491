"""`h2h recall` killed at any moment: nothing is asked twice, and what was not asked can be asked again."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from h2h.core.errors import Refused
from h2h.pipeline.asking import call_back
from tests.contracts.pain import IBANS
from tests.crashes.effects import Meter, deep
from tests.crashes.stage import in_child
from tests.journeys.answers import Sent, pain002
from tests.journeys.site import Site, salaries

ASKS = {"recall_format": "camt.055.001.08"}


@pytest.fixture
def template(tmp_path: Path) -> Site:
    """Two payments are with the bank, which has accepted them."""
    site = Site(tmp_path / "template", bank=ASKS)
    site.drop("salaries.csv", salaries(("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1])))
    site.once()
    (data,) = site.bank_takes().values()
    site.bank_says("ack.xml", pain002(Sent.of(data), "ACCP"))
    site.once()
    return site


def another(template: Site, number: int) -> Site:
    """The same installation as it stands, a second time."""
    root = template.root.with_name(f"site-{number}")
    shutil.copytree(template.root, root, symlinks=True)
    return Site(root, bank=ASKS)


def recall(site: Site, meter: Meter | None = None) -> None:
    with site.house() as house:
        (sub,) = [s for s in house.journal.submissions() if s.source_name == "salaries.csv"]
        if meter is not None:
            deep(meter)
        call_back(house, sub, [1], code="DUPL", why="Paid by hand already", actor="alice")


def dry_run(template: Site) -> list[str]:
    meter = Meter()
    assert in_child(lambda: recall(another(template, 0), meter), meter) == 0
    return meter.labels


@pytest.mark.parametrize("looks_between", [True, False], ids=["daemon-between", "at-once"])
def test_a_recall_that_is_killed_and_given_again_reaches_the_bank_once(template: Site, looks_between: bool) -> None:
    labels = dry_run(template)
    assert any("commit" in label for label in labels)
    assert any("recall-" in label for label in labels)
    for k in range(1, len(labels) + 2):
        site = another(template, k)
        meter = Meter(kill_at=k)
        status = in_child(lambda site=site, meter=meter: recall(site, meter), meter)  # type: ignore[misc]
        assert (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL) is (k <= len(labels)), labels
        if looks_between:
            site.once()
        with suppress(Refused):  # it is on its way already
            recall(site)
        site.once()
        what = f"killed before {(*labels, 'the end')[k - 1]}"
        sent = [name for name in site.bank_takes() if "camt.055" in name]
        assert len(sent) == 1, f"{what}: the bank got {len(sent)}"
        requests = [s for s in site.submissions() if s.source_name.startswith("recall-")]
        assert [s.state for s in requests] == ["SENT"], what
        shutil.rmtree(site.root)
