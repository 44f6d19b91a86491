"""`h2h torture`: the real pipeline in a world made of a seed, where everything goes wrong. Replays what it finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click

from h2h.cli.objects import print_json
from h2h.cli.options import json_option

if TYPE_CHECKING:
    from h2h.simulator.torture.campaign import Tally

_TRACE_LINES_MAX = 60


@click.command()
@click.option("--seed", type=int, help="Replay the schedule of this seed; with --runs, the first one.")
@click.option("--runs", type=click.IntRange(1), help="So many schedules, drawn one by one.")
@click.option("--minutes", type=click.FloatRange(0.01), help="No longer than this.")
@click.option("--flow", help="With --seed: this story instead of the drawn one. With --singles: only this one.")
@click.option("--plan", help="With --seed: these faults instead of the drawn ones, as a failure prints them.")
@click.option("--nodes", type=click.IntRange(1, 2), help="With --seed, --singles: so many daemons over one journal.")
@click.option("--calm", is_flag=True, help="With --plan: everybody moves in the same order each turn.")
@click.option(
    "--stages/--no-stages",
    default=None,
    help="With --seed, --singles, --pairs: nodes work as the daemon does, or as `h2h once`.",
)
@click.option(
    "--meanwhile",
    is_flag=True,
    help="With seeds: also, somebody stands at an effect, while the other node goes on, or a person decides something. "
    "With --singles: only that, at every effect.",
)
@click.option("--singles", is_flag=True, help="Instead of seeds: every effect of every story goes wrong once.")
@click.option("--pairs", is_flag=True, help="Instead of seeds: every two faults of one file out, and one statement in.")
@click.option("--part", default="1/1", help="With --singles, --pairs: only this part of them, for example 2/10.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; default: one a core.")
@json_option
def torture(**options: Any) -> None:
    """Try to make h2h lose, repeat or change a payment.

    The real pipeline, journal and ledger run against a simulated bank, ERP, person, clock and disk. Processes are
    killed, the power fails, replies are lost, disks are full, an older journal is put back. The protocol's invariants
    are looked at with every effect. Nothing outside a temporary directory is touched.

    `h2h torture --seed 42` replays one schedule and prints it. Exit status 1 if an invariant was violated; the seed and
    the least that still shows it are printed.
    """
    if options["singles"] and options["pairs"]:
        raise click.UsageError("give --singles or --pairs, not both")
    many = options["singles"] or options["pairs"] or options["runs"] or options["minutes"]
    _must_go_together(options)
    if not many and options["seed"] is None:
        raise click.UsageError("give --seed N, or --runs N, --minutes M, --singles or --pairs")
    if not many:
        _replay(options)
        return
    tally = _campaign(options)
    if options["as_json"]:
        print_json(tally.as_json())
    else:
        _tell(tally)
    if tally.failures:
        raise SystemExit(1)


def _must_go_together(options: dict[str, Any]) -> None:
    """What has no effect is not passed over in silence."""
    if (options["runs"] or options["minutes"]) and not (options["singles"] or options["pairs"]):
        for name in ("stages", "nodes"):
            if options[name] is not None:
                raise click.UsageError(f"--{name} goes with one --seed, or with --singles")
    for name in ("nodes", "meanwhile"):
        if options["pairs"] and options[name]:
            raise click.UsageError(f"--{name} does not go with --pairs")


def _replay(options: dict[str, Any]) -> None:
    command = ["one", "--seed", str(options["seed"])]
    for name in ("flow", "plan", "nodes"):
        if options[name] is not None:
            command += [f"--{name}", str(options[name])]
    command += [f"--{name}" for name in ("calm", "meanwhile") if options[name]]
    if options["stages"] is not None:
        command.append("--stages" if options["stages"] else "--no-stages")
    ((status, text),) = _processes([command])
    if status or not text:
        raise SystemExit(2)
    told = json.loads(text)
    if options["as_json"]:
        print_json(told)
    else:
        click.echo(
            f"seed {told['seed']}: {told['flow']}, {told['nodes']} node(s){_stages(told)}, {told['effects']} effects"
        )
        click.echo(f"plan: {told['plan'] or 'nothing goes wrong'}")
        for line in told["trace"]:
            click.echo(f"  {line}")
        click.echo(f"ended: {', '.join(told['states']) or '-'}")
        for fault in told["faults"]:
            click.secho(f"VIOLATED {fault}", fg="red", bold=True)
        if not told["faults"]:
            click.echo("All invariants hold.")
    if told["faults"]:
        raise SystemExit(1)


def _campaign(options: dict[str, Any]) -> Tally:
    from h2h.simulator.torture.campaign import Tally

    jobs = options["jobs"] or os.cpu_count() or 1
    what = "singles" if options["singles"] else "pairs" if options["pairs"] else "random"
    common = [what, *(["--flow", options["flow"]] if options["flow"] else [])]
    common += ["--nodes", str(options["nodes"])] if options["nodes"] else []
    common += [f"--{name}" for name in ("stages", "meanwhile") if options[name]]
    if options["seed"] is not None:
        common += ["--seed", str(options["seed"])]
    if options["runs"]:
        common += ["--runs", str(options["runs"] if what == "random" else -(-options["runs"] // jobs))]
    if options["minutes"]:
        common += ["--seconds", str(options["minutes"] * 60)]
    tally = Tally()
    for status, text in _processes([[*common, "--part", part] for part in _parts(options["part"], jobs)]):
        if status or not text:
            raise SystemExit(2)  # it has said why
        tally.merge(json.loads(text))
    return tally


def _parts(part: str, jobs: int) -> list[str]:
    """The part, shared out: part 2 of 5 in two jobs is 3 and 4 of 10."""
    number, slash, of = part.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.UsageError("--part is NUMBER/OF, for example 2/10")
    return [f"{(int(number) - 1) * jobs + job}/{int(of) * jobs}" for job in range(1, jobs + 1)]


def _processes(commands: list[list[str]]) -> list[tuple[int, str]]:
    """All at once; (exit status, standard output) of each. What they say on standard error is the user's to see."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "h2h.simulator.torture", *command],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        return [(process.wait(), text) for process, text in [(p, p.communicate()[0]) for p in running]]
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()


def _tell(tally: Tally) -> None:
    from h2h import __version__

    rate = tally.runs / tally.seconds if tally.seconds else 0.0
    click.echo(f"h2h {__version__}{_commit()}")
    click.echo(
        f"{tally.runs} schedules, {tally.effects} effects, {tally.faults} faults and interferences, "
        f"{tally.seconds:.0f} s ({rate:.1f} schedules/s)"
    )
    if tally.kinds:
        kinds = sorted(tally.kinds.items(), key=lambda item: -item[1])
        click.echo("what went wrong: " + ", ".join(f"{what} {count}" for what, count in kinds))
    for found in tally.failures:
        click.secho(f"\nVIOLATED {found['faults'][0]}", fg="red", bold=True)
        for more in found["faults"][1:]:
            click.echo(f"  and {more}")
        how = (" --calm" if found["calm"] else "") + (" --stages" if found["stages"] else "")
        click.echo(f"  the least that shows it, {found['flow']} with {found['nodes']} node(s){_stages(found)}:")
        for line in found["trace"][:_TRACE_LINES_MAX]:
            click.echo(f"    {line}")
        click.echo(
            f"  h2h torture --seed {found['seed']} --flow {found['flow']} --nodes {found['nodes']}{how} "
            f"--plan '{found['smallest']}'"
        )
    if not tally.failures:
        click.echo("No invariant was violated.")


def _stages(told: dict[str, Any]) -> str:
    return " in stages" if told["stages"] else ""


def _commit() -> str:
    """The commit, where h2h runs from its repository."""
    from pathlib import Path

    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    done = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True
    )
    return f", commit {done.stdout.strip()}" if done.returncode == 0 else ""
