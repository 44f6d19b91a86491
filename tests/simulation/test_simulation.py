"""The real pipeline in a world made of seeds: the invariants of the protocol hold with every effect.

`h2h torture` plays many more of the same; `make torture` says how many.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from h2h.simulator.torture.campaign import Schedule, drawn_schedule, pairs, singles
from h2h.simulator.torture.flows import FLOWS
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.plan import Entry, Plan, is_meanwhile, smallest
from tests.simulation.mutants import MUTANTS

pytestmark = pytest.mark.timeout(900)


def campaign(root: Path, *arguments: str, mutant: str = "") -> dict[str, Any]:
    """One process of `h2h torture`, with a mistake built in if asked for."""
    module = ["tests.simulation.drive", mutant] if mutant else ["h2h.simulator.torture"]
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", *module, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    assert ended.stdout.startswith("{"), ended.stdout + ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.mark.parametrize("flow", FLOWS)
def test_where_nothing_goes_wrong_the_story_ends_as_it_should(lab: Lab, flow: str) -> None:
    outcome = Schedule(flow, 1, "", calm=True).play(lab)
    assert outcome.faults == []
    assert outcome.effects > 50
    assert {entry.what for entry in outcome.taken} == {e.what for e in Plan.of(FLOWS[flow].plan).entries}


@pytest.mark.parametrize("flow", FLOWS)
def test_in_the_stages_of_the_daemon_every_story_ends_as_it_does_step_by_step(lab: Lab, flow: str) -> None:
    staged = Schedule(flow, 1, "", calm=True, stages=True).play(lab, labels=True)
    assert staged.faults == []
    assert staged.states == Schedule(flow, 1, "", calm=True).play(lab).states
    assert any(label.endswith(" answers") for label in staged.labels)


def test_while_one_step_of_a_stage_is_stopped_the_other_stages_go_on(lab: Lab) -> None:
    outcome = Schedule("overlap", 1, "session.create#1:pause", calm=True, stages=True).play(lab, labels=True)
    assert outcome.faults == []
    by = [label.rpartition("/")[2] for label in outcome.labels]
    stopped = next(n for n, label in enumerate(outcome.labels) if label.startswith("session.create"))
    goes_on = by.index("bank send step", stopped + 1)
    assert by[stopped] == "bank send step"
    assert "bank answers" in by[stopped:goes_on]


@pytest.mark.parametrize(("flow", "part"), [("send", "1/12"), ("statement", "2/12"), ("fxp", "3/60"), ("csv", "4/60")])
def test_any_one_thing_going_wrong_leaves_every_payment_made_once(root: Path, flow: str, part: str) -> None:
    told = campaign(root, "singles", "--flow", flow, "--part", part)
    assert told["failures"] == []
    assert told["runs"] > 15


@pytest.mark.parametrize(("nodes", "part"), [(1, "5/40"), (2, "6/60")])
def test_any_one_thing_going_wrong_in_the_stages_of_the_daemon_leaves_every_payment_made_once(
    root: Path, nodes: int, part: str
) -> None:
    """Of two nodes one is also stopped, at each effect, while the other goes on."""
    told = campaign(root, "singles", "--stages", "--nodes", str(nodes), "--flow", "send", "--part", part)
    assert told["failures"] == []
    assert told["runs"] > 10
    assert ("pause" in told["kinds"]) == (nodes == 2)


def test_whatever_others_do_while_somebody_stands_at_an_effect_every_payment_is_made_once_or_as_decided(
    root: Path,
) -> None:
    told = campaign(root, "singles", "--meanwhile", "--flow", "send", "--part", "3/60")
    assert told["failures"] == []
    assert told["runs"] > 15
    assert {"others", "restart", "bank"} <= set(told["kinds"])
    assert {"hold 1", "cancel 1", "take over 1"} <= set(told["kinds"])


def test_no_schedule_of_these_seeds_in_which_somebody_stands_violates_an_invariant(root: Path) -> None:
    told = campaign(root, "random", "--meanwhile", "--seed", "1", "--runs", "120")
    assert told["failures"] == []
    kinds = {kind.rstrip(" 1234") for kind in told["kinds"]}
    assert {"others", "restart", "hold", "cancel", "take over", "kill", "pause"} <= kinds


def test_while_a_node_stands_the_other_one_and_a_person_act_and_then_it_goes_on(lab: Lab) -> None:
    plan = "session.create#1:hold session.create#1:others"
    outcome = Schedule("send", 1, plan, nodes=2, calm=True).play(lab, labels=True)
    by = [label.rpartition("\t")[2].partition(" ")[2] for label in outcome.labels]
    stands = next(n for n, label in enumerate(outcome.labels) if label.startswith("session.create"))
    goes_on = by.index("a/bank", stands + 1)
    between = by[stands + 1 : goes_on]
    assert between[0] == "desk/command"
    assert between[-1] == "b/bank"
    assert outcome.labels[goes_on].startswith("session.digest"), "it has created what it was about to create"
    assert outcome.faults == []


def test_who_only_looks_may_stand_too_and_then_sees_what_the_others_have_left(lab: Lab) -> None:
    """A command that ends a doubt has looked whether it may; before it looks at the ledger somebody takes it over."""
    outcome = Schedule("doubt-not-sent", 1, "ledger.anywhere#3:take_over", nodes=2, calm=True).play(lab)
    assert outcome.faults == []
    assert outcome.states == ["TAKEN_OVER"]
    assert [entry.what for entry in outcome.taken][-1] == "take over"
    plain = Schedule("doubt-not-sent", 1, "", nodes=2, calm=True).play(lab)
    assert plain.states == ["ACCEPTED"]


def test_a_seed_draws_what_it_has_always_drawn_and_with_meanwhile_only_more(lab: Lab) -> None:
    for seed in range(40):
        before, after = (drawn_schedule(lab, seed, meanwhile=more) for more in (False, True))
        assert not any(is_meanwhile(entry.what) for entry in Plan.of(before.plan).entries)
        assert (before.flow, before.stages) == (after.flow, after.stages)
        assert Counter(before.plan.split()) < Counter(after.plan.split())


def test_every_effect_of_a_story_has_a_plan_for_each_of_its_ways_to_go_wrong(lab: Lab) -> None:
    plans = singles(lab, "send")
    ways = {(e.at, e.what) for plan in plans for e in Plan.of(plan.plan).entries[:1]}
    effects = Schedule("send", 1, "", calm=True).play(lab).effects
    ended = {int(at) for at, what in ways if what == "kill"}
    assert len(ways) > 2 * effects
    assert len(ended) > effects * 0.7, "the rest are calls whose effects are counted one by one below them"


@pytest.mark.parametrize("part", range(1, 11))
def test_no_schedule_of_these_seeds_violates_an_invariant(root: Path, part: int) -> None:
    told = campaign(root, "random", "--seed", "1", "--runs", "10000", "--part", f"{part}/10")
    assert told["failures"] == []
    assert told["runs"] == 1000
    assert told["faults"] > 1000
    assert {"kill", "power", "restore", "again", "pause"} <= set(told["kinds"])


def test_every_pair_of_faults_that_is_planned_comes_to_pass(lab: Lab) -> None:
    """The second is looked for in what h2h does after the first, so none is planned in vain."""
    for schedule in itertools.islice(pairs(lab, "statement"), 0, 12_000, 300):
        outcome = schedule.play(lab)
        assert outcome.faults == []
        assert " ".join(map(str, outcome.taken)) == schedule.plan


def test_a_seed_goes_the_same_way_in_every_process(root: Path) -> None:
    once, again = (campaign(root, "one", "--seed", "7") for _ in range(2))
    assert once == again
    assert len(once["labels"]) == once["effects"] > 50


def test_what_is_left_of_a_plan_still_fails_and_nothing_of_it_can_go() -> None:
    entries = tuple(Entry(str(n), "kill") for n in range(1, 20))

    def fails(some: tuple[Entry, ...]) -> bool:
        return {"3", "11", "17"} <= {e.at for e in some}

    assert [e.at for e in smallest(entries, fails)] == ["3", "11", "17"]
    assert smallest(entries, lambda some: True) == ()


#: mistake → what shows it, and the invariant that is violated.
CAUGHT: dict[str, tuple[tuple[str, ...], str]] = {
    "no-commit-intent": (("one", "--flow", "send", "--calm", "--plan", ""), "I3"),
    "absent-means-not-sent": (("one", "--flow", "doubt-not-sent", "--calm", "--plan", ""), "I7"),
    "error-means-success": (("one", "--flow", "send", "--calm", "--plan", "session.rename#1:unavailable"), "I4"),
    "no-read-back": (("one", "--flow", "send", "--calm", "--plan", "session.create#1:half_but_OK"), "I5"),
    "sealed-anew": (("one", "--flow", "send", "--calm", "--plan", ""), "I5"),
    "source-removed-first": (("one", "--flow", "send", "--calm", "--plan", "journal.take_in#1:kill"), "I10"),
    "ledger-before-journal": (("one", "--flow", "send", "--calm", "--plan", ""), "I7"),
    "ledger-forgotten": (("one", "--flow", "send", "--calm", "--plan", ""), "I3"),
    "plain-rename-asked-again": (
        ("one", "--flow", "fxp", "--calm", "--plan", "session.rename#1:both_names session.stat#3:bank"),
        "I9",
    ),
    "clock-in-the-name": (("one", "--flow", "send", "--calm", "--plan", ""), "I3"),
    "same-temporary-name": (
        (
            "one",
            "--seed",
            "2",
            "--flow",
            "send",
            "--nodes",
            "1",
            "--plan",
            "session.create#1:late session.rename#1:reply_lost session.stat#2:bank",
        ),
        "I9",
    ),
    "no-compare-and-set": (
        ("one", "--seed", "1", "--flow", "send", "--nodes", "2", "--plan", "session.digest#1:pause"),
        "I1",
    ),
    "same-bytes-not-known": (("one", "--flow", "same-bytes", "--calm", "--plan", ""), "I12"),
    "answer-removed-before-it-is-kept": (
        ("one", "--flow", "statement", "--calm", "--plan", "archive.put#1:no_room"),
        "I11",
    ),
    "repeated-answer-is-new": (("one", "--flow", "answers-twice", "--calm", "--plan", ""), "I11"),
    "second-witness-not-asked": (
        ("one", "--flow", "send", "--calm", "--plan", "session.create#1:snapshot session.list#1:restore"),
        "I8",
    ),
    "nothing-tidied": (("one", "--flow", "send", "--calm", "--plan", "journal.remark#1:power"), "left over"),
    "nothing-synchronised": (("one", "--flow", "send", "--calm", "--plan", ""), "I3"),
    "adopted-and-taken-in-again": (
        ("one", "--flow", "send", "--nodes", "2", "--calm", "--plan", "create_spool/TEMPORARY#1:others"),
        "I11",
    ),
    "take-over-told-to-the-ledger-first": (
        (
            *("one", "--flow", "send", "--nodes", "2", "--calm", "--plan"),
            "ledger.append#1:take_over journal.advance#1:others",
        ),
        "I11",
    ),
    "confirmed-rename-forgotten": (
        (
            *("one", "--flow", "send-purged", "--nodes", "2", "--calm", "--plan"),
            "journal.advance#5:bank journal.advance#5:others",
        ),
        "I11",
    ),
    "command-closes-the-item-of-a-hold": (
        (
            *("one", "--flow", "doubt-not-sent", "--nodes", "2", "--calm", "--plan"),
            "219:others session.rename#2:unavailable session.stat#8:bank",
        ),
        "I11",
    ),
    "reread-closes-the-item-of-what-was-set-aside": (
        (
            *("one", "--flow", "quarantined", "--nodes", "2", "--calm", "--plan"),
            "archive.clean#5:reread 123:others",
        ),
        "I11",
    ),
    "clock-orders-files": (("one", "--flow", "same-name-by-mistake", "--calm", "--plan", "outbox.claim#2:back"), "I9"),
}


@pytest.mark.parametrize("mutant", ["no-commit-intent", "error-means-success", "sealed-anew"])
def test_a_mistake_is_found_in_the_stages_of_the_daemon_too(root: Path, mutant: str) -> None:
    arguments, invariant = CAUGHT[mutant]
    told = campaign(root, *arguments, "--stages", mutant=mutant)
    assert any(fault.startswith(f"{invariant}:") for fault in told["faults"]), told


@pytest.mark.parametrize("mutant", CAUGHT)
def test_the_invariant_that_is_meant_to_find_it_finds_a_mistake_that_is_built_in(root: Path, mutant: str) -> None:
    arguments, invariant = CAUGHT[mutant]
    told = campaign(root, *arguments, mutant=mutant)
    assert any(fault.startswith(f"{invariant}:") for fault in told["faults"]), told
    assert mutant in MUTANTS
    assert campaign(root, *arguments)["faults"] == [], "without the mistake the same schedule is clean"
