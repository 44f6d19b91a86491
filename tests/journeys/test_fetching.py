"""What is fetched from a bank's folder, when, and what is left there: names, files that change, files that are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from h2h.core.records import FileState
from tests.journeys.answers import Line, camt053
from tests.journeys.channels import meddled
from tests.journeys.site import Site

STATEMENT = camt053([Line("10.00", "THEIR-1", credit_debit="CRDT")])


def test_only_names_that_are_wanted_are_fetched_and_the_others_stay(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"fetching": {"patterns": ["*.xml"], "ignore": ["draft*"]}})
    for name in ("statement.xml", "draft-statement.xml", "readme.txt"):
        site.bank_says(name, STATEMENT)
    site.once()
    assert [f.remote_name for f in site.files()] == ["statement.xml"]
    assert sorted(p.name for p in (site.at / "from_bank").iterdir()) == ["draft-statement.xml", "readme.txt"]
    assert site.waiting() == []


def test_a_file_is_left_alone_until_it_has_stood_still_and_one_that_goes_meanwhile_is_not_waited_for(
    tmp_path: Path,
) -> None:
    """The bank rewrites one file and takes the other back while `h2h once` waits for both."""
    site = Site(tmp_path, bank={"fetching": {"stable_seconds": 30}})
    site.bank_says("statement.xml", STATEMENT[:200])
    site.bank_says("mistake.xml", STATEMENT)
    lists: list[str] = []

    def listed(real: Callable[..., Any], folder: str) -> Any:
        lists.append(folder)
        if len(lists) == 2:
            site.bank_says("statement.xml", STATEMENT, mtime=datetime(2026, 11, 23, 9, 1, tzinfo=UTC))
            (site.at / "from_bank" / "mistake.xml").unlink()
        return real(folder)

    assert site.once(meddled("list", listed))
    (file,) = site.files()
    assert (file.remote_name, file.state, file.size) == ("statement.xml", FileState.DELIVERED, len(STATEMENT))
    assert site.clock.passed >= 30


def test_a_file_that_the_bank_writes_to_while_it_is_fetched_is_fetched_again_whole(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.bank_says("statement.xml", STATEMENT[:-20])
    fetches: list[bytes] = []

    def goes_on(real: Callable[..., Any], folder: str, name: bytes, sink: Any, limit: int) -> Any:
        fetches.append(name)
        done = real(folder, name, sink, limit)
        if len(fetches) == 1:
            site.bank_says("statement.xml", STATEMENT)
        return done

    assert site.once(meddled("fetch", goes_on))
    site.once()
    (file,) = site.files()
    assert (file.size, file.state) == (len(STATEMENT), FileState.DELIVERED)
    assert len(site.manifests()) == 1


def test_a_file_that_arrives_with_other_bytes_than_the_bank_counts_is_not_taken_and_is_told(tmp_path: Path) -> None:
    """A server that cuts what it gives and says nothing."""
    site = Site(tmp_path)
    site.bank_says("statement.xml", STATEMENT)

    def cut(real: Callable[..., Any], folder: str, name: bytes, sink: Any, limit: int) -> int:
        sink.write(STATEMENT[:100].encode())
        return 100

    site.once(meddled("fetch", cut))
    assert site.files() == []
    (item,) = site.attention()
    assert (item.kind, f"100 bytes arrived, the bank says {len(STATEMENT)}" in item.text) == ("cannot-fetch-file", True)
    assert (site.at / "from_bank" / "statement.xml").exists()
    site.once()
    assert (site.files()[0].state, site.waiting()) == (FileState.DELIVERED, [])


def test_a_file_that_is_gone_before_it_could_be_fetched_is_nobodys_matter(tmp_path: Path) -> None:
    site = Site(tmp_path)
    path = site.bank_says("statement.xml", STATEMENT)

    def gone(real: Callable[..., Any], *given: Any) -> Any:
        path.unlink(missing_ok=True)
        return real(*given)

    assert site.once(meddled("fetch", gone))
    assert (site.files(), site.waiting(), site.manifests()) == ([], [], [])
