"""How things are shown to people: tables that fit, times they live in, texts of foreign origin made harmless.

No colour and no styles where standard output is not a terminal, or where NO_COLOR is set; nothing is ever cut with an
ellipsis: an id that lost its end is of no use at night.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

STYLES = {"good": "green", "bad": "bold red", "warn": "yellow", "dim": "dim", "strong": "bold", "": ""}
_WHOSE = {
    State.REJECTED: "bad",
    State.IN_DOUBT: "bad",
    State.HELD: "warn",
    State.AWAITING_RELEASE: "warn",
    State.REFUSED: "warn",
    State.DUPLICATE: "warn",
    State.PARTIALLY_ACCEPTED: "warn",
    State.ACCEPTED: "good",
}


def console() -> Console:
    """Standard output, as wide as the terminal (or $COLUMNS)."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def style_of(state: State) -> str:
    """What a state should look like at a glance."""
    return _WHOSE.get(state, "")


def say(out: Console, text: str = "", look: str = "", *, indent: int = 0) -> None:
    """Words, wrapped between words; with *indent*, all their lines."""
    from rich.padding import Padding

    out.print(Padding(styled(text, look), (0, 0, 0, indent), expand=False) if indent else styled(text, look))


def command(out: Console, text: str, *, indent: int = 8) -> None:
    """A command to type: never wrapped, so that it can be copied whole."""
    out.print(styled(" " * indent + text, "strong"), soft_wrap=True)


def section(out: Console, title: str) -> None:
    """A heading with room before it."""
    out.print()
    out.print(styled(title, "strong"))


def styled(text: str, look: str = "") -> Text:
    """A text that stands in the output as it is, with nothing in it that moves a cursor."""
    from rich.text import Text

    return Text(printable(text, lines=True), style=STYLES[look])


def grid(*columns: str, indent: int = 2) -> Table:
    """A table without lines. A column that begins with ``>`` stands to the right, with ``!`` it is never folded."""
    from rich.table import Table

    table = Table(
        box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True, header_style="dim"
    )
    table.show_header = any(column.strip("<>!") for column in columns)
    for number, column in enumerate(columns):
        flags, name = column[: len(column) - len(column.lstrip("<>!"))], column.lstrip("<>!")
        lead = " " * indent if number == 0 else ""
        table.add_column(
            lead + name,
            justify="right" if ">" in flags else "left",
            no_wrap="!" in flags,
            overflow="fold",
        )
    return table


def row(table: Table, *cells: str | tuple[str, str], indent: int = 2) -> None:
    """A row of texts, or of (text, look)."""
    shown = []
    for number, cell in enumerate(cells):
        text, look = cell if isinstance(cell, tuple) else (cell, "")
        shown.append(styled((" " * indent if number == 0 else "") + text, look))
    table.add_row(*shown)


# ---------------------------------------------------------------------------------------------- words for values


def printable(text: str, *, lines: bool = False) -> str:
    """*text* without control, format and surrogate characters: a file's name must not move a cursor.

    They are written as ``\\x1b``; line ends stay where *lines* allows them.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or (lines and c == "\n") else _spelled(c) for c in text)


def _spelled(c: str) -> str:
    if unicodedata.category(c) == "Zs":
        return " "
    return c.encode("unicode_escape").decode("ascii")


def local(moment: datetime | None) -> str:
    """The time on the wall here, to the second."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def zone(moment: datetime) -> str:
    """The name of the zone in which ``local`` tells the time."""
    here = moment.astimezone()
    name, offset = here.tzname() or "", here.strftime("%z")
    offset = f"UTC{offset[:3]}:{offset[3:5]}"
    return "UTC" if name == "UTC" else f"{name}, {offset}"


def age(span: timedelta) -> str:
    """A length of time as people say it: ``4 min``, ``3 h``, ``2 days``."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit != "days" and seconds >= size):
            return f"{seconds // size} {unit}"
    return f"{seconds} s" if seconds < 60 else f"{seconds // 3600} h"


def masked(account: str | None) -> str:
    """An account for the screen: its country and its last four characters."""
    if not account:
        return ""
    plain = account.replace(" ", "")
    return plain if len(plain) <= 8 else f"{plain[:4]}…{plain[-4:]}"


def money(amount: Decimal) -> str:
    """An amount with all its digits; nothing at all is 0.00."""
    return f"{amount:f}" if amount else "0.00"


def sentence(text: str) -> str:
    """With its full stop."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def plural(count: int, one: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {one if count == 1 else one + 's'}"


def not_read(sorts: int) -> str:
    """How many sorts of elements of a document were passed over."""
    return f"{'1 sort of element was' if sorts == 1 else f'{sorts} sorts of elements were'} not read"


def who(actor: WhoActs | str) -> str:
    """Who must act, for a table: nobody is a dash."""
    return "-" if str(actor) == str(WhoActs.NOBODY) else str(actor)


def joined(items: Iterable[str]) -> str:
    """``a, b and c``."""
    texts: Sequence[str] = list(items)
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
