"""Banks that pack what they send: an archive of one file is that file, of many each goes on by itself."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from h2h.core.records import FileState
from h2h.pipeline import packed
from tests.contracts.pain import IBANS
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.channels import Killed
from tests.journeys.site import Site, salaries

FIRST, SECOND = [Line("1250.00", "SAL-1")], [Line("0.01", "SAL-2")]


def zipped(*files: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return out.getvalue()


def site_with_two(tmp_path: Path) -> tuple[Site, Sent]:
    site = Site(tmp_path)
    site.drop("salaries.csv", salaries(("SAL-1", "1250,00", IBANS[0]), ("SAL-2", "0,01", IBANS[1])))
    site.once()
    (data,) = site.bank_takes().values()
    return site, Sent.of(data)


def ends(site: Site) -> dict[str, str]:
    return {f.remote_name: str(f.state) for f in site.files()}


@pytest.mark.parametrize("gz", [False, True])
def test_an_archive_of_one_file_is_that_file(tmp_path: Path, gz: bool) -> None:
    site, sent = site_with_two(tmp_path)
    text = pain002(sent, "ACCP")
    data = gzip.compress(text.encode()) if gz else zipped(("answer.xml", text))
    site.bank_says("answer.packed", data)
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "accepted", "SAL-2": "accepted"}
    assert text.encode() in site.inbox().values(), "the ERP is given what was in it"
    (file,) = site.files()
    with site.house() as house:
        kept = house.archive.get(file.fid, file.fetched_at, "10-received")
    assert kept is not None
    assert kept.read_bytes() == data


def test_each_file_of_many_is_matched_and_delivered_in_the_same_pass(tmp_path: Path) -> None:
    site, sent = site_with_two(tmp_path)
    first = camt053(FIRST, sequence=1)
    second = camt053(SECOND, sequence=2, opening="8750.00")
    site.bank_says("day.zip", zipped(("ack.xml", pain002(sent, "ACCP")), ("s/2.xml", second), ("s/1.xml", first)))
    assert site.once()
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "settled"}
    assert ends(site) == dict.fromkeys(
        ["day.zip", "day.zip%2Fack.xml", "day.zip%2Fs%2F2.xml", "day.zip%2Fs%2F1.xml"], "DELIVERED"
    )
    archive = next(f for f in site.files() if f.remote_name == "day.zip")
    assert (archive.kind, archive.reason) == ("archive", "UNPACKED")
    assert "ack.xml, s/2.xml, s/1.xml" in (archive.reason_text or "")
    assert site.waiting() == []
    assert list((site.at / "from_bank").iterdir()) == []


def test_one_of_them_that_nobody_knows_is_quarantined_and_the_others_go_on(tmp_path: Path) -> None:
    site, sent = site_with_two(tmp_path)
    site.bank_says("day.zip", zipped(("readme.txt", "hello"), ("ack.xml", pain002(sent, "ACCP"))))
    site.once()
    assert ends(site) == {
        "day.zip": "DELIVERED", "day.zip%2Freadme.txt": "QUARANTINED", "day.zip%2Fack.xml": "DELIVERED"
    }  # fmt: skip
    assert site.outcomes("salaries.csv")["SAL-1"] == "accepted"


def test_the_same_archive_again_brings_nothing_twice(tmp_path: Path) -> None:
    site, sent = site_with_two(tmp_path)
    data = zipped(("ack.xml", pain002(sent, "ACCP")), ("s.xml", camt053(FIRST)))
    site.bank_says("day.zip", data)
    site.once()
    before = site.inbox()
    site.bank_says("again.zip", data, mtime=datetime(2026, 11, 24, tzinfo=UTC))
    site.once()
    assert ends(site)["again.zip"] == "DUPLICATE"
    assert len(site.files()) == 4
    assert site.inbox() == before


def test_a_bomb_and_a_damaged_archive_are_quarantined_whole(tmp_path: Path) -> None:
    site = Site(tmp_path, limits={"file_bytes_max": 1_000_000})
    site.bank_says("bomb.zip", zipped(("a", "0" * 1_000_001)))
    site.bank_says("cut.zip", zipped(("a.xml", "1" * 500), ("b.xml", "2" * 500))[:-20])
    site.once()
    assert {f.remote_name: f.reason for f in site.files()} == {"bomb.zip": "H2H-PACKED", "cut.zip": "H2H-PACKED"}
    assert site.inbox() == {}
    assert not any((tmp_path / "state" / "work").iterdir())


def test_cut_short_while_it_is_taken_apart_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, sent = site_with_two(tmp_path)
    site.bank_says("day.zip", zipped(("ack.xml", pain002(sent, "ACCP")), ("s.xml", camt053(FIRST))))

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(packed, "safe_name", lambda raw: killed() if raw.endswith(b"s.xml") else raw.decode())
        with pytest.raises(Killed):
            site.once()
    assert site.once()
    assert sorted(f.state for f in site.files()) == [FileState.DELIVERED] * 3
    assert site.outcomes("salaries.csv") == {"SAL-1": "settled", "SAL-2": "accepted"}
