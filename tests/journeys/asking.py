"""An installation whose bank takes requests, two payments that are with it, and what is asked and told of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree

from h2h.core.records import Submission
from tests.contracts.pain import IBANS
from tests.journeys.answers import Sent, pain002
from tests.journeys.people import Person, Said
from tests.journeys.site import Site, in_the_present, salaries, week_after

ASKS = {"recall_format": "camt.055.001.08", "enquiry_format": "camt.060.001.05", "bic": "DEUTDEFFXXX"}
WHY = ("--reason", "DUPL", "--why", "Paid by hand already")


def site_of(tmp_path: Path, *, erp: dict[str, Any] | None = None, **bank: Any) -> Site:
    """A person's command has the machine's clock, so the installation has it, too."""
    site = Site(tmp_path, bank={**ASKS, **bank}, erp=erp or {}, clock=in_the_present())
    day = week_after(site.clock.start)
    site.drop("salaries.csv", salaries(("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1]), date=day))
    site.once()
    return site


def accepted(tmp_path: Path, **bank: Any) -> tuple[Site, Sent]:
    """Two payments are with the bank, which has accepted them."""
    site = site_of(tmp_path, **bank)
    (data,) = site.bank_takes().values()
    sent = Sent.of(data)
    site.bank_says("ack.xml", pain002(sent, "ACCP"))
    assert site.once()
    return site, sent


def recall(site: Site, *words: str) -> Said:
    """What `h2h recall` answers about the salaries."""
    return Person(site).says("recall", site.submission("salaries.csv").sid, *words, columns=200)


def story(site: Site, what: str) -> str:
    """What `h2h explain` tells."""
    return Person(site).says("explain", what, columns=200).out


def sent_now(site: Site) -> tuple[str, Callable[[str], list[str]]]:
    """(name, what an XPath finds) of the one file that the bank has got."""
    ((name, data),) = site.bank_takes().items()
    root: Any = etree.fromstring(data)
    return name, lambda path: [str(found) for found in root.xpath(path, namespaces={"p": root.nsmap[None]})]


def request_of(site: Site, kind: str = "recall-") -> Submission:
    """The one request of this kind; ``ask-`` for a question."""
    (found,) = [s for s in site.submissions() if s.source_name.startswith(kind)]
    return found
