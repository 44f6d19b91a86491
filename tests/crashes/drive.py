"""Plays one enumeration whole, or one part of it, and prints one line of JSON: what was done, what the oracle found.

    python -m tests.crashes.drive kill [--channel directory|sshd|trouble|sealed|pair]
                                       [--select all|torn|bank|seal|commits]
    python -m tests.crashes.drive fault [--rename posix|fxp]
    python -m tests.crashes.drive restore

A process of its own, without threads, because it forks children to be killed.
"""

from __future__ import annotations

import argparse
import json
import time

import structlog

from tests.crashes.faults import every_fault
from tests.crashes.kills import SELECTIONS, every_kill
from tests.crashes.mutants import MUTANTS
from tests.crashes.restored import every_older_journal
from tests.crashes.stage import staged


def main() -> int:
    """See the module. 1 if the oracle found anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kill", "fault", "restore"])
    parser.add_argument("--channel", choices=["directory", "sshd", "trouble", "sealed", "pair"], default="directory")
    parser.add_argument("--rename", choices=["posix", "fxp"], default="posix")
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--only", default="", help="effects of this port call, e.g. session.rename")
    parser.add_argument("--mutant", choices=list(MUTANTS), help="with a mistake built in, to see it found")
    parser.add_argument("--select", choices=list(SELECTIONS), default="all")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    number, of = (int(x) for x in arguments.part.split("/"))
    part = (number - 1, of)
    began = time.monotonic()
    if arguments.mutant:
        MUTANTS[arguments.mutant]()
    changes = {"bank": {"submission": {"rename": arguments.rename}}}
    with staged(arguments.channel, changes) as stage:
        if arguments.what == "kill":
            result = every_kill(stage, part, arguments.select, arguments.only)
        elif arguments.what == "fault":
            result = every_fault(stage, part, arguments.only)
        else:
            result = every_older_journal(stage, part)
    told = {
        "effects": result.effects,
        "kinds": dict(result.kinds.most_common()),
        "runs": result.runs,
        "endings": result.endings,
        "seconds": round(time.monotonic() - began, 1),
        "faults": result.faults,
    }
    print(json.dumps(told, ensure_ascii=False))
    return 1 if result.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
