"""The recovery table, row by row, at a real server: the process dies at the rename, and the next start looks.

Each row says what lies at the bank then, and what h2h makes of it. No row ever uploads again, and none touches a
stranger's file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from h2h.core.evidence import Answer, Decision, Seen, decide
from h2h.core.lifecycle import State
from tests.contracts.banks import PlainServer, plain_server
from tests.journeys.answers import Sent, pain002
from tests.journeys.channels import Killed, dying
from tests.journeys.site import ONE, Site, contents

__all__ = ["plain_server"]  # a fixture

NAME = "PAY_0001.xml"
STRANGER = b"somebody else's"


@dataclass(frozen=True)
class Names:
    """The two names at the bank."""

    temporary: Path
    final: Path


def nothing(at: Names) -> None:
    """The request was never carried out."""


def renamed(at: Names) -> None:
    """It was; its reply was lost."""
    at.temporary.rename(at.final)


def linked(at: Names) -> None:
    """The first half of a rename that is a link and an unlink."""
    at.final.hardlink_to(at.temporary)


def taken(at: Names) -> None:
    """It was, and the bank has taken the file; or somebody cleared the temporary name away."""
    at.temporary.unlink()


def strangers(at: Names) -> None:
    """Another file got the name in the meantime."""
    at.final.write_bytes(STRANGER)


def strangers_of_our_size(at: Names) -> None:
    """One that only its content tells from ours."""
    at.final.write_bytes(b"x" * at.temporary.stat().st_size)


def halved(at: Names) -> None:
    """The server lost its power and the second half."""
    at.temporary.write_bytes(at.temporary.read_bytes()[:100])


@dataclass(frozen=True)
class Row:
    """*found* at the bank; *denied* by its server; what h2h sees, and what that proves."""

    found: Callable[[Names], None]
    final: Seen
    temporary: Seen
    decision: Decision
    proof: str
    denied: str = ""
    rename: str = "posix"
    purges: bool = False

    @property
    def answer(self) -> Answer:
        """The core's."""
        return decide(
            final=self.final,
            temporary=self.temporary,
            rename_is_atomic=self.rename == "posix",
            bank_removes_temporaries=self.purges,
        )

    def __str__(self) -> str:
        return "-".join(filter(None, (self.found.__name__, self.denied, self.rename, "purges" * self.purges)))


DELIVERED, AGAIN, DOUBT = Decision
ROWS = (
    Row(renamed, Seen.SAME, Seen.ABSENT, DELIVERED, "E2"),
    Row(renamed, Seen.SAME, Seen.ABSENT, DELIVERED, "E2", rename="fxp"),
    Row(linked, Seen.SAME, Seen.SAME, DELIVERED, "E2", rename="fxp"),
    Row(renamed, Seen.SAME_SIZE, Seen.ABSENT, DELIVERED, "E2-size", denied="read"),
    Row(strangers, Seen.DIFFERENT, Seen.SAME, DOUBT, "H1"),
    Row(strangers, Seen.DIFFERENT, Seen.SAME, DOUBT, "H1", rename="fxp", purges=True),
    Row(strangers_of_our_size, Seen.DIFFERENT, Seen.SAME, DOUBT, "H1"),
    Row(strangers_of_our_size, Seen.SAME_SIZE, Seen.SAME_SIZE, DOUBT, "H1", denied="read"),
    Row(nothing, Seen.ABSENT, Seen.SAME, AGAIN, ""),
    Row(nothing, Seen.ABSENT, Seen.SAME, AGAIN, "", purges=True),
    Row(nothing, Seen.ABSENT, Seen.SAME_SIZE, AGAIN, "", denied="read"),
    Row(nothing, Seen.ABSENT, Seen.SAME, DOUBT, "H2", rename="fxp"),
    Row(taken, Seen.ABSENT, Seen.ABSENT, DELIVERED, "E4"),
    Row(taken, Seen.ABSENT, Seen.ABSENT, DOUBT, "H3", purges=True),
    Row(taken, Seen.ABSENT, Seen.ABSENT, DOUBT, "H3", rename="fxp"),
    Row(halved, Seen.ABSENT, Seen.DIFFERENT, DOUBT, "H3"),
    Row(renamed, Seen.UNKNOWN, Seen.UNKNOWN, DOUBT, "H3", denied="stat"),
)


def killed_at_the_rename(site: Site) -> Names:
    """A file was uploaded, and its commit is known to journal and ledger; nobody knows of the rename."""
    site.drop("pay.csv", ONE)
    with pytest.raises(Killed):
        site.once(dying)
    sub = site.submission("pay.csv")
    assert sub.state is State.COMMITTING
    folder = site.at / "to_bank"
    return Names(folder / str(sub.commit_temporary), folder / str(sub.remote_name))


def site_at(tmp_path: Path, server: PlainServer, rename: str, *, purges: bool) -> Site:
    channel = server.channel().model_dump(mode="json", exclude_none=True)
    submission = {"remote_name": "PAY_{sequence:04d}.xml", "rename": rename, "bank_removes_temporaries": purges}
    return Site(tmp_path, bank={"channel": channel, "submission": submission}, bank_root=server.root)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_is_found_at_the_bank_after_a_start_is_answered_as_its_row_says(
    tmp_path: Path, plain_server: PlainServer, row: Row
) -> None:
    site = site_at(tmp_path, plain_server, row.rename, purges=row.purges)
    at = killed_at_the_rename(site)
    ours = at.temporary.read_bytes()
    row.found(at)
    before = contents(at.final.parent)
    plain_server.faults.deny = frozenset(filter(None, [row.denied]))
    assert site.once() is (row.decision is not DOUBT)
    sub, after = site.submission("pay.csv"), contents(at.final.parent)
    assert sub.attempt == 1, "nothing is ever uploaded again"
    if row.decision is DOUBT:
        assert (sub.state, sub.reason, sub.reason_text) == (State.IN_DOUBT, row.proof, row.answer.words)
        assert site.waiting() == ["in-doubt"]
        assert after == before, "nothing is touched while it is not known whose it is"
        return
    assert sub.state is State.SENT
    assert site.waiting() == []
    if row.decision is AGAIN:
        assert sub.evidence == "E1: the bank's server confirmed the rename"
        assert after == {NAME: ours}, "the same temporary file was given its final name"
    else:
        assert sub.evidence == f"{row.proof}: {row.answer.words}"
        assert after == ({} if row.found is taken else {NAME: ours})


@pytest.mark.parametrize("found", [taken, strangers], ids=lambda found: found.__name__)
def test_the_banks_acknowledgement_is_stronger_than_what_lies_in_its_folder(
    tmp_path: Path, plain_server: PlainServer, found: Callable[[Names], None]
) -> None:
    """E3: whatever row put it into doubt."""
    site = site_at(tmp_path, plain_server, "posix", purges=True)
    at = killed_at_the_rename(site)
    sent = Sent.of(at.temporary.read_bytes())
    found(at)
    site.once()
    assert site.submission("pay.csv").state is State.IN_DOUBT
    site.bank_says("ack.xml", pain002(sent, "ACCP"))
    site.once()
    assert site.submission("pay.csv").state is State.ACCEPTED
    assert site.waiting() == []


def test_while_the_bank_cannot_be_reached_no_row_decides(tmp_path: Path, plain_server: PlainServer) -> None:
    site = site_at(tmp_path, plain_server, "posix", purges=True)
    at = killed_at_the_rename(site)
    taken(at)
    plain_server.server.stop()
    site.once()
    assert site.submission("pay.csv").state is State.COMMITTING


def test_each_row_is_the_cores_and_the_core_knows_no_answer_that_is_not_a_row() -> None:
    for row in ROWS:
        assert (row.answer.decision, row.answer.proof) == (row.decision, row.proof), row
    known = {
        decide(final=final, temporary=temporary, rename_is_atomic=atomic, bank_removes_temporaries=purges)
        for final, temporary, atomic, purges in product(Seen, Seen, (True, False), (True, False))
    }
    assert known == {row.answer for row in ROWS}
