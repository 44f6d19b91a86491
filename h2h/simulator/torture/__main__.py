"""One process of a campaign: one line of JSON on standard output. `h2h torture` starts as many as there are cores.

A process of its own, with hashes of its own kind switched off: the same seed must go the same way in each.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from h2h.simulator.torture.campaign import PAIRED, Schedule, drawn_schedule, laboratory, pairs, run, singles
from h2h.simulator.torture.flows import FLOWS
from h2h.simulator.torture.lab import Lab
from h2h.simulator.torture.stops import stops


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["random", "singles", "pairs", "one"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--flow", action="append", choices=list(FLOWS))
    parser.add_argument("--nodes", type=int, default=0)
    parser.add_argument("--plan")
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--meanwhile", action="store_true")
    parser.add_argument("--stages", action=argparse.BooleanOptionalAction)
    arguments = parser.parse_args()
    number, of = (int(x) for x in arguments.part.split("/"))
    until = time.monotonic() + arguments.seconds if arguments.seconds else float("inf")
    with laboratory() as lab:
        gc.collect()
        gc.freeze()  # formats, schemas, modules: nothing of it is ever given back, so nobody need look through it
        gc.set_threshold(50_000, 20, 100)
        if arguments.what == "one":
            print(json.dumps(_one(lab, arguments)))
            return 0
        if arguments.what == "random":
            last = arguments.seed + arguments.runs if arguments.runs else None
            seeds = itertools.count(arguments.seed) if last is None else range(arguments.seed, last)
            schedules: Iterator[Schedule] = (
                drawn_schedule(lab, seed, meanwhile=arguments.meanwhile)
                for seed in itertools.islice(seeds, number - 1, None, of)
            )
        else:
            every = _every(lab, arguments)
            stop = arguments.runs * of if arguments.runs else None
            schedules = itertools.islice(every, number - 1, stop, of)
        print(json.dumps(run(lab, schedules, until=until).as_json()))
    return 0


def _every(lab: Lab, arguments: argparse.Namespace) -> Iterator[Schedule]:
    """All singles, or all pairs."""
    stages = bool(arguments.stages)
    if arguments.what == "singles" and arguments.meanwhile:
        for flow in arguments.flow or FLOWS:
            yield from stops(lab, flow, nodes=arguments.nodes or 2, stages=stages)
    elif arguments.what == "singles":
        for flow in arguments.flow or FLOWS:
            yield from singles(lab, flow, nodes=arguments.nodes or 1, stages=stages)
    else:
        for flow in arguments.flow or PAIRED:
            yield from pairs(lab, flow, stages=stages)


def _one(lab: Lab, arguments: argparse.Namespace) -> dict[str, Any]:
    schedule = drawn_schedule(lab, arguments.seed, meanwhile=arguments.meanwhile)
    if arguments.plan is not None or arguments.flow or arguments.nodes:
        flow = arguments.flow[0] if arguments.flow else schedule.flow
        nodes = arguments.nodes or schedule.nodes
        plan = schedule.plan if arguments.plan is None else arguments.plan
        schedule = Schedule(flow, arguments.seed, plan, nodes, arguments.calm)
    if arguments.stages is not None:
        schedule = replace(schedule, stages=arguments.stages)
    outcome = schedule.play(lab, labels=True)
    return {
        "flow": schedule.flow,
        "seed": schedule.seed,
        "nodes": schedule.nodes,
        "stages": schedule.stages,
        "plan": schedule.plan,
        "effects": outcome.effects,
        "labels": outcome.labels,
        "trace": outcome.trace,
        "states": outcome.states,
        "faults": outcome.faults,
    }


if __name__ == "__main__":
    raise SystemExit(main())
