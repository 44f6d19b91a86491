"""An installation in which every state and outcome occurs, brought about by the real pipeline over a directory."""

from __future__ import annotations

from pathlib import Path

from h2h.core.lifecycle import State
from h2h.pipeline import decisions
from tests.contracts.pain import IBANS
from tests.journeys.answers import Line, Sent, camt053, pain002
from tests.journeys.channels import swallowing
from tests.journeys.site import TWO, Site, salaries


def drop_and_send(site: Site, stem: str, count: int = 1, amount: str = "10,00") -> Sent:
    """A file of *count* payments ``STEM-1`` …, sent; what the bank reads in it."""
    rows = [(f"{stem.upper()}-{n}", amount, IBANS[n % len(IBANS)]) for n in range(1, count + 1)]
    site.drop(f"{stem}.csv", salaries(*rows))
    site.once()
    taken = site.bank_takes()
    return Sent.of(next(iter(taken.values())))


def sent_site(tmp_path: Path, **changes: object) -> tuple[Site, Sent]:
    """A site whose file of two payments the bank has taken; what the bank read."""
    site = Site(tmp_path, **changes)  # type: ignore[arg-type]
    site.drop("salaries.csv", TWO)
    assert site.once()
    (data,) = site.bank_takes().values()
    return site, Sent.of(data)


def in_doubt(site: Site, stem: str = "doubt") -> str:
    """A file of which nobody knows whether the bank has it; its sid."""
    site.drop(
        f"{stem}.csv", salaries((f"{stem.upper()}-1", "99,50", IBANS[0]), (f"{stem.upper()}-2", "0,50", IBANS[1]))
    )
    site.once(swallowing(site))
    sub = site.submission(f"{stem}.csv")
    assert sub.state is State.IN_DOUBT
    return sub.sid


def answered(site: Site) -> None:
    """Files that the bank accepted, partly accepted, rejected, took note of, paid and sent back."""
    site.bank_says("accepted.xml", pain002(drop_and_send(site, "accepted", 2), "ACCP", message_id="R1"))
    part = drop_and_send(site, "part", 3)
    statuses = {"PART-1": ("ACCP", None), "PART-2": ("RJCT", "AC04"), "PART-3": ("ACCP", None)}
    site.bank_says("part.xml", pain002(part, "PART", statuses=statuses, message_id="R2"))
    site.bank_says("rejected.xml", pain002(drop_and_send(site, "rejected"), "RJCT", message_id="R3"))
    site.bank_says("noted.xml", pain002(drop_and_send(site, "noted"), "RCVD", message_id="R4"))
    paid = [Line("10.00", "ACCEPTED-1"), Line("10.00", "PART-1"), Line("10.00", "PART-3")]
    site.once()
    site.bank_says("statement-1.xml", camt053(paid))
    site.once()
    back = [Line("10.00", "PART-3", credit_debit="CRDT", return_reason="AC04")]
    site.bank_says("statement-2.xml", camt053(back, sequence=2, opening="9970.00"))
    site.once()


def aside(site: Site) -> None:
    """Files that were refused, held, recognised, given up, taken over, and one that waits to be looked for."""
    site.drop("wrong.csv", salaries(("WRONG-1", "1,005", IBANS[0]), ("WRONG-2", "10,00", "DE00500105175407324931")))
    once_more = salaries(("TWICE-1", "3,00", IBANS[0]))
    site.drop("twice.csv", once_more)
    site.once()
    site.drop("twice.csv", once_more)
    site.drop("changed.csv", salaries(("CHANGED-1", "4,00", IBANS[0])))
    site.once()
    site.drop("changed.csv", salaries(("CHANGED-2", "5,00", IBANS[0])))
    site.bank_takes()
    site.bank_says("nonsense.xml", "<nonsense/>")
    site.once()
    for stem in ("cancelled", "taken", "committing"):
        site.drop(f"{stem}.csv", salaries((f"{stem.upper()}-1", "6,00", IBANS[0])))
    with site.house() as house:
        from h2h.pipeline.rounds import scan_folders

        scan_folders(house, lambda: False)
        by_name = {s.source_name: s for s in house.journal.submissions(states=(State.RECEIVED,))}
        decisions.cancel(house, by_name["cancelled.csv"].sid, actor="alice", reason="dropped by mistake")
        decisions.take_over(
            house, by_name["taken.csv"].sid, actor="alice", reason="by hand", knowing_it_may_be_there=False
        )
        decisions.hold(house, by_name["committing.csv"].sid, actor="alice", reason="asked to wait")


def every_state(site: Site) -> None:
    """All of it."""
    drop_and_send(site, "sent", 2)
    answered(site)
    aside(site)
    in_doubt(site)
