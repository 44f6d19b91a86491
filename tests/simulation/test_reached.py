"""The simulation gets to where decisions are made: every row of the recovery table, every odd day of the clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from h2h.simulator.torture.campaign import Schedule
from h2h.simulator.torture.flows import FLOWS, Flow, csv
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.plan import Plan
from h2h.simulator.torture.world import World

#: (row of the recovery table, story, what goes wrong)
ROWS = [
    ("E1", "send", ""),
    ("E2", "send", "session.rename#1:reply_lost"),
    ("E2-size", "send", "session.rename#1:reply_lost session.digest#2:not_permitted"),
    ("E4", "send", "session.rename#1:reply_lost session.stat#2:bank"),
    ("again", "send", "session.rename#1:unavailable"),
    ("E3", "fxp-purged", "session.rename#1:reply_lost session.stat#3:bank"),
    ("H1", "csv", "session.stat#1:collide"),
    ("H2", "fxp", "session.rename#1:unavailable"),
    ("H3", "doubt-sent", ""),
    ("H3", "send", "session.rename#1:unavailable session.stat#2:not_permitted"),
]


@pytest.mark.parametrize(("row", "flow", "plan"), ROWS)
def test_every_row_of_the_recovery_table_is_met_and_ends_well(lab: Lab, row: str, flow: str, plan: str) -> None:
    outcome = Schedule(flow, 1, plan, calm=True).play(lab)
    assert outcome.faults == []
    assert row in outcome.decisions


def test_what_a_killed_process_left_in_memory_only_is_made_durable_before_the_source_is_removed(lab: Lab) -> None:
    plan = "fsync_e799fbdb6cd60b28d2cf#1:kill journal.settle_attention#1:power"
    for seed in range(4):
        outcome = Schedule("send", seed, plan, calm=True).play(lab)
        assert outcome.faults == []
        assert [entry.what for entry in outcome.taken] == ["kill", "power"]


def test_an_item_that_one_node_opens_when_another_has_gone_on_is_closed_within_hours(lab: Lab) -> None:
    assert Schedule("send", 30134, "4:no_room 86:no_room", nodes=2).play(lab).faults == []


@pytest.mark.parametrize("plan", ["sealer.seal#1:power", "journal.settle_attention#3:power"])
def test_after_a_power_cut_no_file_is_taken_for_a_duplicate_of_itself(lab: Lab, plan: str) -> None:
    for seed in range(4):
        outcome = Schedule("send", seed, plan, calm=True).play(lab)
        assert outcome.faults == []
        assert outcome.states == ["SENT"]


@pytest.mark.parametrize("seed", [3, 29])
def test_of_two_files_with_one_message_id_the_second_to_be_converted_waits_for_a_person(lab: Lab, seed: int) -> None:
    world = World(lab, FLOWS["same-message-id"], seed, Plan.of("archive.scratch#1:reply_lost"), nodes=2)
    assert world.play().faults == []
    assert world.oracle.paid[1] == 1, "the later one was first, and the earlier one was asked about"
    assert world.oracle.paid[0] == 0


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("flow", ["statement", "csv"])
def test_a_node_whose_fetched_file_another_one_moves_meanwhile_goes_on(lab: Lab, flow: str, seed: int) -> None:
    outcome = Schedule(flow, seed, "journal.move_file#1:pause", nodes=2).play(lab)
    assert outcome.faults == []
    assert [entry.what for entry in outcome.taken] == ["pause"]


@pytest.mark.parametrize(
    ("flow", "seed", "plan"),
    [
        ("take-over", 2831, "archive.scratch#1:reply_lost journal.change#1:pause"),
        ("refused", 5184, "25:no_room 91:pause"),
    ],
)
def test_a_file_that_another_node_moves_while_an_error_is_written_down_is_left_for_the_next_round(
    lab: Lab, flow: str, seed: int, plan: str
) -> None:
    outcome = Schedule(flow, seed, plan, nodes=2).play(lab)
    assert outcome.faults == []
    assert len(outcome.taken) == 2


@pytest.mark.parametrize("number", range(132, 140))
@pytest.mark.parametrize("fault", ["reply_lost", "kill"])
def test_the_item_about_a_file_that_could_not_be_removed_ends_when_it_is_removed(
    lab: Lab, number: int, fault: str
) -> None:
    assert Schedule("statement", 1, f"55:reply_lost {number}:{fault}", nodes=1, calm=True).play(lab).faults == []


def test_what_only_passes_by_ends_a_start_and_leaves_no_file_without_its_payments(lab: Lab) -> None:
    """An older journal was put back, and the reply to the first statement over it is lost."""
    plan = "74:snapshot 204:restore journal.change#1:reply_lost"
    outcome = Schedule("overlap", 20526, plan, nodes=1).play(lab)
    assert outcome.faults == []
    assert [entry.what for entry in outcome.taken] == ["snapshot", "restore", "reply lost"]


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_intent_of_which_only_the_journal_knew_is_no_intent_when_the_journal_is_put_back(
    lab: Lab, attempt: int
) -> None:
    """Another attempt, under another name, may follow: the bank was asked nothing before the ledger knew."""
    plan = f"journal.advance#1:snapshot write_ledger/ledger.jsonl#2:restore session.create#{attempt}:unavailable"
    outcome = Schedule("send", 1, plan, calm=True).play(lab)
    assert (outcome.faults, outcome.states, len(outcome.taken)) == ([], ["SENT"], 3)


def test_the_world_does_not_rest_while_a_file_is_claimed_and_not_taken_in(lab: Lab) -> None:
    """A node that was stopped in its start has not looked at what the one before it had claimed."""
    plan = "90:power 105:unforeseen 138:modified 251:again 252:again 421:restore 431:pause"
    outcome = Schedule("csv", 29188, plan, nodes=1, stages=True).play(lab)
    assert outcome.faults == []
    assert len(outcome.taken) == 7


BERLIN = ZoneInfo("Europe/Berlin")
OPENS, CLOSES = time(8), time(16)


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2027-03-27T06:00:00+01:00", "05.04.2027"),  # an hour is missing on the 28th
        ("2026-10-24T06:00:00+02:00", "05.11.2026"),  # an hour comes twice on the 25th
        ("2028-02-28T06:00:00+01:00", "06.03.2028"),  # the 29th is in between
        ("2026-12-30T06:00:00+01:00", "11.01.2027"),  # the year ends
    ],
)
def test_for_72_hours_over_an_odd_day_files_leave_in_the_banks_hours_once(lab: Lab, start: str, day: str) -> None:
    every = 7 * 3600
    drops = tuple(
        (number * every // 1800, csv(f"pay-{number}.csv", (f"R-{number}", f"{number + 1},00", 0), day=day))
        for number in range(72 * 3600 // every)
    )
    cutoff = {"timezone": "Europe/Berlin", "earliest": OPENS.isoformat(), "latest": CLOSES.isoformat()}
    flow = Flow(f"72 hours from {start}", drops, "brief", bank={"cutoff": cutoff}, start=start, step_seconds=1800.0)
    world = World(lab, flow, 1, Plan.of("300:kill 900:power 1500:kill"), calm=True)
    outcome = world.play()
    assert outcome.faults == []
    assert outcome.states == ["ACCEPTED"] * len(drops)
    left = [
        event.at.astimezone(BERLIN)
        for sub in world.oracle.journal.submissions()
        for event in world.oracle.journal.events(sub.sid)
        if event.event == "commit-started"
    ]
    assert len(left) == len(drops)
    assert all(OPENS <= moment.time() < CLOSES for moment in left), left
    assert world.clock.now() - datetime.fromisoformat(start) >= timedelta(hours=63)
