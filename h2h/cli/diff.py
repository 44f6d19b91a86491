"""`h2h diff`: two files in terms of payments and entries, not of bytes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from h2h.cli.options import own_config_option
from h2h.cli.screen import printable

if TYPE_CHECKING:
    from h2h.cli.desk import Desk
    from h2h.core.difference import Change, Difference, Item
    from h2h.core.format import Message

#: So many lines of each sort are shown without --all.
SHOWN_MAX = 20


@click.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--all", "everything", is_flag=True, help="All differences, not only the first.")
@click.option("--bank", help="Read a table as this bank's ERP folder declares it.")
@own_config_option("its own formats are used too")
def diff(first: Path, second: Path, as_json: bool, everything: bool, bank: str | None, config: Path | None) -> None:
    """What changed from FIRST to SECOND: payments, entries, balances, statuses. Formats may differ.

    A message's own id, its time and its counts do not count. Exit status 0 if they say the same, 1 if they differ, 2 if
    one cannot be read or they cannot be compared, 3 if no format knows one.
    """
    from h2h.cli.desk import Desk
    from h2h.core.difference import difference
    from h2h.core.errors import H2HError, Refused

    try:
        desk = Desk(config, bank)
        messages = [_message(desk, file) for file in (first, second)]
        found = difference(*messages)
    except Refused as refused:
        click.echo(printable(f"error: {refused}"), err=True)
        sys.exit(2)
    except H2HError as problem:
        raise click.UsageError(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        _show(found, None if everything else SHOWN_MAX)
    sys.exit(0 if found.same else 1)


def _message(desk: Desk, file: Path) -> Message:
    looked = desk.look(file) if desk.table_of(file) is None else None
    if looked is None or (looked.unknown and desk.bank is not None):
        content = io.BytesIO()
        looked = desk.from_table(file, content)
        if looked.exit_status == 0:
            return desk.book.read(content.getvalue()).message
    if looked.read is None:
        for finding in looked.findings:
            click.echo(printable(f"{file}: {finding.text}"), err=True)
        sys.exit(3 if looked.unknown else 2)
    return looked.read.message


def _show(found: Difference, limit: int | None) -> None:
    for mark, items in (("-", found.removed), ("+", found.added)):
        for item in items[:limit]:
            click.echo(printable(f"{mark} {item.shown}"))
        _rest(mark, len(items), limit)
    last: Item | None = None
    for change in found.changed[:limit]:
        if change.item is not last:
            click.echo(printable(f"~ {change.item.shown}"))
            last = change.item
        click.echo(printable(f"    {change.field}: {_said(change.before)} -> {_said(change.after)}"))
    _rest("~", len(found.changed), limit)
    changed = len({id(change.item) for change in found.changed})
    same = found.compared - changed
    if found.same:
        click.echo(f"they say the same ({same} compared)")
    else:
        only = f"{len(found.removed)} only in the first, {len(found.added)} only in the second"
        click.echo(f"{only}, {changed} changed, {same} the same")


def _rest(mark: str, count: int, limit: int | None) -> None:
    if limit is not None and count > limit:
        click.echo(f"{mark} … {count - limit} more (--all shows them)")


def _said(value: str | None) -> str:
    return "nothing" if value is None else value


def _as_json(found: Difference) -> dict[str, Any]:
    def item(one: Item) -> dict[str, Any]:
        return {"what": one.what, "reference": one.reference, "facts": one.facts}

    def change(one: Change) -> dict[str, Any]:
        about = {"what": one.item.what, "reference": one.item.reference}
        return {**about, "field": one.field, "before": one.before, "after": one.after}

    return {
        "same": found.same,
        "compared": found.compared,
        "removed": [item(one) for one in found.removed],
        "added": [item(one) for one in found.added],
        "changed": [change(one) for one in found.changed],
    }
