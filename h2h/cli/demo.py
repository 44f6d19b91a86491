"""`h2h demo`: the main job in half a minute. Exit 0 only if every leg really happened."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from h2h.simulator.rehearsal import Rehearsal

LEG_SECONDS_MAX = 25.0
CSV = "salaries-and-suppliers.csv"
ISO = "treasury.pain.001.001.09.xml"
DAMAGED = "damaged.csv"
_STYLES = {"accepted": "green", "settled": "bold green", "rejected": "bold red"}


class LegMissing(Exception):
    """A leg of the demo did not happen in time."""


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to play; must be empty or new. Default: a new one among the temporary files.",
)
def demo(directory: Path | None) -> None:
    """The main job on sample files against a simulated bank, in a fresh directory."""
    from rich.console import Console

    from h2h.simulator.rehearsal import Rehearsal

    if directory is not None and directory.exists() and any(directory.iterdir()):
        raise click.UsageError(f"{directory} is not empty; the demo wants a fresh directory")
    place = (directory or Path(tempfile.mkdtemp(prefix="h2h-demo-"))).absolute()
    place.mkdir(parents=True, exist_ok=True)
    console = Console()
    began = time.monotonic()
    with Rehearsal(place, os.environ) as rehearsal:
        try:
            _play(console, rehearsal)
        except (LegMissing, RuntimeError) as problem:
            console.print(f"[bold red]✗ {problem}[/]", highlight=False)
            console.print(f"  The daemon's log: {rehearsal.log}", highlight=False, soft_wrap=True)
            raise SystemExit(1) from problem
        _show(console, rehearsal)
    console.print(f"\nEvery leg happened, in {time.monotonic() - began:.1f} s.", style="bold green", highlight=False)


def _play(console: Console, rehearsal: Rehearsal) -> None:
    bank = rehearsal.start_bank()
    _leg(console, f"a bank: an SFTP server on 127.0.0.1:{bank['port']}, with its own host key and PGP key")
    rehearsal.write_configuration(bank)
    rehearsal.start_daemon()
    _until(rehearsal.daemon_ready, "h2h did not become ready")
    _leg(console, "h2h: the real daemon, as a process of its own, watching the ERP's folder")
    names = rehearsal.drop(datetime.now(UTC).date())
    _leg(console, f"the ERP dropped {len(names)} files: {', '.join(names)}")
    _until(lambda: bool(rehearsal.refusal(DAMAGED)), "the damaged file was not refused")
    _leg(console, f"{DAMAGED} was refused, with a report beside it; nothing of it was sent")
    sent = ("SENT", "ACKNOWLEDGED", "ACCEPTED", "PARTIALLY_ACCEPTED")
    for name in (CSV, ISO):
        _until(lambda name=name: rehearsal.receipt(name).get("state") in sent, f"{name} was not sent")  # type: ignore[misc]
        _leg(console, f"{name} was checked, signed, encrypted and sent as {rehearsal.receipt(name)['bank_file']}")
    _until(
        lambda: (
            rehearsal.receipt(CSV).get("state") == "PARTIALLY_ACCEPTED"
            and rehearsal.receipt(ISO).get("state") == "ACCEPTED"
        ),
        "the bank's answers did not come home",
    )
    _leg(console, "the bank answered both files; its answers were opened, verified and matched")
    _until(lambda: _outcomes(rehearsal, ISO) == {"settled"}, "no settlement was seen on the bank's statement")
    _leg(console, "the bank's statement came, and its entries were matched to the payments")
    _until(lambda: _delivered(rehearsal), "the answers and statements were not delivered to the ERP")
    _leg(console, f"{len(rehearsal.manifests())} deliveries lie in the ERP's inbound folder")
    _exactly_once(rehearsal)
    _leg(console, f"the bank's own list holds {len(rehearsal.received())} payments, each exactly once")
    status = rehearsal.stop_daemon()
    if status != 0:
        raise LegMissing(f"h2h stopped with status {status}")
    _leg(console, "h2h stopped cleanly")


def _leg(console: Console, text: str) -> None:
    console.print(f"[green]✓[/] {text}", highlight=False, soft_wrap=True)


def _until(happened: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + LEG_SECONDS_MAX
    while not happened():
        if time.monotonic() > deadline:
            raise LegMissing(f"{otherwise} within {LEG_SECONDS_MAX:.0f} s")
        time.sleep(0.05)


def _outcomes(rehearsal: Rehearsal, name: str) -> set[str]:
    return {p["outcome"] for p in rehearsal.receipt(name).get("payments", [])}


def _delivered(rehearsal: Rehearsal) -> bool:
    kinds = [manifest["kind"] for manifest in rehearsal.manifests()]
    return kinds.count("status-report") >= 4 and kinds.count("statement") >= 2


def _exactly_once(rehearsal: Rehearsal) -> None:
    """The bank's list against what the ERP dropped, payment by payment."""
    want = sorted(p["end_to_end_id"] for name in (CSV, ISO) for p in rehearsal.receipt(name)["payments"])
    have = sorted(p["end_to_end_id"] for p in rehearsal.received())
    if want != have:
        raise LegMissing(f"the bank received {have}, the ERP dropped {want}")
    states = {p["outcome"] for name in (CSV, ISO) for p in rehearsal.receipt(name)["payments"]}
    if not {"accepted", "rejected", "settled"} <= states:
        raise LegMissing(f"not every outcome was seen, only {sorted(states)}")


def _show(console: Console, rehearsal: Rehearsal) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print("\n[bold]What became of each payment[/]")
    for name in (CSV, ISO):
        receipt = rehearsal.receipt(name)
        console.print(f"\n{name}\n  at the bank as {receipt['bank_file']}", highlight=False, soft_wrap=True)
        table = Table(box=None, padding=(0, 1, 0, 1))
        for column in ("reference", "amount", "status"):
            table.add_column(
                column, justify="right" if column == "amount" else "left", header_style="dim", overflow="fold"
            )
        for payment in receipt["payments"]:
            amount = f"{payment['amount']} {payment['currency']}"
            table.add_row(payment["end_to_end_id"], amount, Text(_status(payment), style=_STYLES[payment["outcome"]]))
        console.print(table)
    console.print(f"\n[bold]{DAMAGED}[/] was refused by h2h, because:", highlight=False)
    for finding in rehearsal.refusal(DAMAGED)["findings"]:
        console.print(f"  • {finding['where']}: {finding['text']}", highlight=False, soft_wrap=True, markup=False)
    console.print("\n[bold]Look at[/]", highlight=False)
    for folder, what in (
        (rehearsal.outbound, "beside each file: its receipt (.status.json), or why it was refused (.error.txt)"),
        (rehearsal.inbound, "the bank's answers and statements for the ERP: CSV, JSON, original, manifest"),
        (rehearsal.directory / "archive", "everything that came and went, in order, one folder each"),
        (rehearsal.directory / "bank", "the bank's side: what it received"),
    ):
        console.print(f"  {folder}\n      {what}", highlight=False, soft_wrap=True)
    console.print(f"\n  {_program()} explain INV-77034 -c {rehearsal.config}", highlight=False, soft_wrap=True)


def _program() -> str:
    """How to call h2h from here: in a fresh checkout it is not on the path yet."""
    here = sys.argv[0]
    return "h2h" if shutil.which("h2h") or not os.access(here, os.X_OK) else here


def _status(payment: dict[str, Any]) -> str:
    if payment["outcome"] == "rejected":
        return f"rejected {payment.get('reason_code', '')}: {payment.get('reason_text', '')}"
    if payment["outcome"] == "settled":
        return f"settled, on statement {payment.get('statement', '?')}"
    return str(payment["outcome"])
