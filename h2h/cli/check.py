"""`h2h check`: everything that can be proved without asking a bank, proved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli import configuration, options
from h2h.cli.logs import only_errors
from h2h.cli.objects import print_json
from h2h.cli.to_type import with_config

if TYPE_CHECKING:
    from h2h.cli.proving import Proof


@click.command()
@options.config_option
@options.json_option
@click.option("-q", "--quiet", is_flag=True, help="Only what is wrong or doubtful.")
def check(config: Path, as_json: bool, quiet: bool) -> None:
    """Prove configuration, folders, storage, secrets, keys, formats and schemas.

    The banks are not contacted; `h2h bank test BANK` does that. Root proves with the rights of the user to whom the
    state belongs. Exit status 0 if nothing is wrong, 1 if anything is.
    """
    proofs = _prove(config)
    wrong = [p for p in proofs if p.mark == "wrong"]
    if as_json:
        print_json({"sound": not wrong, "proofs": [_as_object(p) for p in proofs]})
    else:
        _print(config, proofs, quiet=quiet)
    if wrong:
        raise SystemExit(1)


def _prove(config: Path) -> list[Proof]:
    from h2h.adapters.clock import SystemClock
    from h2h.cli.prove_bank import prove_banks
    from h2h.cli.prove_site import prove_readable, prove_site
    from h2h.cli.proving import good, wrong
    from h2h.core.errors import Misconfigured

    try:
        settings = configuration.settings_of(config)
    except Misconfigured as problem:
        lines = problem.message.splitlines()
        return [wrong("configuration", text, problem.hint or "correct it") for text in _with_their_file(lines)]
    only_errors()
    environment = configuration.environment()
    names = ", ".join(settings.banks) or "none"
    return [
        good("configuration", f"{config} and its banks ({names}) are sound; environment {settings.environment}"),
        *prove_readable(settings),
        *prove_site(settings, environment),
        *prove_banks(settings, environment, SystemClock().now().date()),
    ]


def _with_their_file(lines: list[str]) -> list[str]:
    """Lines of a file's mistakes, each with the file's name before it."""
    told, file = [], ""
    for line in lines:
        if line.startswith("  "):
            told.append(f"{file} {line.strip()}")
        elif line.endswith(":"):
            file = line
        else:
            told.append(line)
    return told


def _as_object(proof: Proof) -> dict[str, Any]:
    made = {
        "area": proof.area,
        "mark": str(proof.mark),
        "text": proof.text,
        "who_acts": str(proof.who_acts),
        "next_step": proof.next_step or None,
        "code": proof.code or None,
    }
    return {name: value for name, value in made.items() if value is not None}


def _print(config: Path, proofs: list[Proof], *, quiet: bool) -> None:
    from h2h.cli.proving import Mark
    from h2h.cli.screen import console, grid, plural, row, say, section, sentence

    out = console()
    signs = {
        Mark.GOOD: ("✓", "good"),
        Mark.WRONG: ("✗", "bad"),
        Mark.WARNING: ("!", "warn"),
        Mark.NOT_SEEN: ("?", "warn"),
    }
    for area in dict.fromkeys(p.area for p in proofs):
        shown = [p for p in proofs if p.area == area and not (quiet and p.mark is Mark.GOOD)]
        if not shown:
            continue
        section(out, area)
        table = grid("!", "")
        for proof in shown:
            sign, look = signs[proof.mark]
            row(table, (sign, look), proof.text)
            if proof.mark is not Mark.GOOD:
                step = f" Next: {sentence(proof.next_step)}" if proof.next_step else ""
                row(table, "", (f"Who acts: {proof.who_acts}.{step}", "dim"))
        out.print(table)
    counts = {mark: sum(p.mark is mark for p in proofs) for mark in Mark}
    out.print()
    parts = [f"{counts[Mark.GOOD]} proved", f"{counts[Mark.WRONG]} wrong", plural(counts[Mark.WARNING], "warning")]
    if counts[Mark.NOT_SEEN]:
        parts.append(f"{counts[Mark.NOT_SEEN]} not seen from here")
    say(out, ", ".join(parts), "bad" if counts[Mark.WRONG] else "good")
    if not counts[Mark.WRONG]:
        say(out, f"Next: {with_config('h2h bank test BANK', config)}")
