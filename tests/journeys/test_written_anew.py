"""An ERP's own ISO file for a bank that wants another version: written anew whole, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from h2h.core.lifecycle import State
from tests.journeys.site import Site, iso

OLDER_ONLY: dict[str, Any] = {"format": "pain.001.001.03", "accepts": ["pain.001.001.03"]}
TAX = b"<Tax><RefNb>7</RefNb></Tax>"


def with_tax(data: bytes) -> bytes:
    """Valid, and nothing that h2h has a place for."""
    return data.replace(b"<RmtInf>", TAX + b"<RmtInf>", 1)


def test_a_newer_file_is_written_in_the_banks_older_version_with_the_same_payments(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=OLDER_ONLY)
    site.drop("pay.xml", iso("MSG-1", ["10.00", "0.20"]))
    assert site.once()
    (data,) = site.at_bank().values()
    root: Any = etree.fromstring(data)
    names = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"}
    assert root.xpath("//p:InstdAmt/text()", namespaces=names) == ["10.00", "0.20"]
    assert root.xpath("//p:EndToEndId/text()", namespaces=names) == ["MSG-1-1", "MSG-1-2"]
    assert root.xpath("//p:GrpHdr/p:CtrlSum/text()", namespaces=names) == ["10.20"]


def test_what_would_be_lost_in_the_banks_version_refuses_the_file_at_its_place(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=OLDER_ONLY)
    site.drop("pay.xml", with_tax(iso("MSG-1", ["10.00", "0.20"])))
    assert not site.once()
    assert site.at_bank() == {}
    assert site.submission("pay.xml").state is State.REFUSED
    (lost,) = [f for f in site.findings("pay.xml") if f["severity"] == "error"]
    assert (lost["code"], lost["who_acts"]) == ("H2H-WOULD-BE-LOST", "ERP team")
    assert "Tax" in lost["text"]
    assert "export in a format the bank takes" in lost["next_step"]


@pytest.mark.parametrize("version", ["03", "09"])
def test_a_bank_that_takes_the_file_as_it_is_gets_it_with_all_that_h2h_does_not_read(
    tmp_path: Path, version: str
) -> None:
    site = Site(tmp_path)
    data = with_tax(iso("MSG-1", ["10.00"], version=version))
    site.drop("pay.xml", data)
    assert site.once()
    assert list(site.at_bank().values()) == [data]
