"""Writes the generated parts of the documentation: the state diagram of both READMEs, docs/configuration.md and
docs/formats.md.

`python .ci/docs.py` writes them (`make docs`); a test compares them with what stands in the repository.
"""

import enum
import tomllib
import types
import typing
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from h2h.adapters.format_files import load_formats
from h2h.core import lifecycle
from h2h.core.codecs.fields import FIELDS, REQUIRED
from h2h.core.declared import Part
from h2h.core.format import Format
from h2h.core.lifecycle import TRANSITIONS, Event, State
from h2h.core.rules.table import RULES
from h2h.core.rules.usage import known_fields
from h2h.settings import BankProfile, Secret, Settings
from h2h.settings.scheme import scheme_profiles

BEGIN, END = "<!-- states: made by `make docs` from h2h/core/lifecycle.py -->", "<!-- end of states -->"


def generated(root: Path) -> dict[Path, str]:
    """The documents with generated parts, as they should stand in the checkout `root`."""
    documents = {
        root / "docs" / "configuration.md": configuration_reference(),
        root / "docs" / "formats.md": formats_page(root),
    }
    for name in ("README.md", "README.zh-CN.md"):
        text = (root / name).read_text(encoding="utf-8")
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise SystemExit(f"{name}: the markers of the state diagram are missing")
        documents[root / name] = f"{before}{begin}\n\n{state_diagram()}\n{end}{after}"
    return documents


# ------------------------------------------------------------------------------------------------- the state diagram


def state_diagram() -> str:
    """All of TRANSITIONS as a Mermaid diagram. What every state of a group can do is drawn once, from the group."""
    groups = {
        "nothing_has_left_the_house": _members({Event.HELD, Event.CANCELLED, Event.TAKEN_OVER}),
        "the_bank_may_have_it": [s for s in TRANSITIONS if _bank_words() <= set(TRANSITIONS[s])],
    }
    edges = {(state, event): to for state, row in TRANSITIONS.items() for event, to in row.items()}
    lines = ["stateDiagram-v2", "    [*] --> RECEIVED: taken in"]
    for name, members in groups.items():
        shared = _shared(members, edges)
        inside = {key: to for key, to in edges.items() if key[0] in members and to in members}
        lines += [f'    state "{name.replace("_", " ")}" as {name} {{', *(f"        {s}" for s in members)]
        lines += [f"    {line}" for line in _arrows(inside)] + ["    }"]
        lines += [f"    {name} --> {to}: {event}" for event, to in shared.items()]
        edges = {k: to for k, to in edges.items() if k not in inside and not (k[0] in members and k[1] in shared)}
    lines += _arrows(edges)
    lines += [f"    {state} --> [*]" for state in State if state in lifecycle.FINAL]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def _members(events: set[Event]) -> list[State]:
    return [state for state in TRANSITIONS if events <= set(TRANSITIONS[state])]


def _bank_words() -> set[Event]:
    return {event for event in Event if event.value.startswith("bank-")}


def _shared(members: list[State], edges: dict[tuple[State, Event], State]) -> dict[Event, State]:
    """What every member can do, with the same end outside the group."""
    first = TRANSITIONS[members[0]]
    return {
        event: to
        for event, to in first.items()
        if to not in members and all(edges.get((member, event)) is to for member in members)
    }


def _arrows(edges: dict[tuple[State, Event], State]) -> list[str]:
    labels: dict[tuple[State, State], list[str]] = {}
    for (state, event), to in edges.items():
        labels.setdefault((state, to), []).append(event.value)
    return [f"    {state} --> {to}: {', '.join(events)}" for (state, to), events in labels.items()]


# --------------------------------------------------------------------------------------- the configuration reference

HEAD = """# Configuration reference

Made by `make docs` from `h2h/settings/`; do not edit. The commented examples are `config/h2h.toml` and
`config/banks/*.toml`: every option stands there too.

Two kinds of file: one `h2h.toml` for the installation, and one file a bank in the folder `banks/` beside it. An option
that is not known is an error, and `h2h check -c h2h.toml` names all mistakes at once. Relative paths count from the
folder of `h2h.toml`. **Bold** options have no default and must be given.

A *secret* is a reference, never a value: `{ credential = "NAME" }` (a systemd credential), `{ file = "/path" }` (mode
0400 or 0600) or `{ environment = "NAME" }`.
"""


def configuration_reference() -> str:
    """docs/configuration.md, whole."""
    left_out = {"banks", "source", "ledgers"}  # filled in by h2h
    parts = [HEAD, "## h2h.toml\n", *_tables(Settings, "", left_out)]
    parts += ["## banks/NAME.toml\n", *_tables(BankProfile, "", set())]
    return "\n".join([*parts, _fields(), _rules()])


def _fields() -> str:
    """The names that `[erp.delimited.fields]` may use."""
    required = {name for names in REQUIRED for name in names}
    rows = "".join(
        f"| {f'**`{name}`**' if name in required else f'`{name}`'} | {field.meaning} | {field.longest or ''} "
        f"| {f'`{field.path}`' if field.path else ''} |\n"
        for name, field in FIELDS.items()
    )
    return (
        "## Fields of a payment\n\nFor `[erp.delimited.fields]` and the `fields` of the other tables. **Bold** fields "
        "must be given (of the two forms of an\naccount, one). Payments that agree in all fields of the debtor's side "
        "share one instruction.\n\n"
        f"| field | meaning | longest | in pain.001 |\n|---|---|---|---|\n{rows}"
    )


def _rules() -> str:
    """The codes that `[rules.severities]` and waivers may use."""
    rows = "".join(
        f"| `{code}` | {rule.title} | {rule.severity}{', fixed' if rule.fixed else ''} | {rule.who_acts} |\n"
        for code, rule in RULES.items()
    )
    return (
        "## Rules\n\nFor `[rules.severities]` and `[[rules.waivers]]`. A *fixed* rule cannot be changed: without it "
        "there is no payment that\ncould be sent.\n\n"
        f"| code | what it asks | severity | who acts |\n|---|---|---|---|\n{rows}"
    )


def _tables(model: type[Part], path: str, left_out: set[str]) -> list[str]:
    """The table of a model, then those of the tables within it."""
    rows, deeper = [], []
    for name, field in model.model_fields.items():
        if name in left_out:
            continue
        inner = _models(field.annotation)
        name = field.alias or name
        where = f"{path}.{name}" if path else name
        if inner:
            many = get_origin(field.annotation) is tuple
            where += ".NAME" if get_origin(field.annotation) is dict else ""
            for one in inner:
                kind = _kind(one)
                heading = f"### [[{where}]]" if many else f"### [{where}]"
                heading += f' with kind = "{kind}"' if kind else ""
                optional = " May be left out." if _is_optional(field) else ""
                deeper += [heading + "\n", f"{_sentence(one)}{optional}\n", *_tables(one, where, set())]
        else:
            rows.append(_row(name, field, model))
    table = ["| option | value | default | meaning |\n|---|---|---|---|\n" + "".join(rows)] if rows else []
    return table + deeper


def _row(name: str, field: FieldInfo, model: type[Part]) -> str:
    named_by_file = model is BankProfile and name == "name"
    required = field.is_required() and not named_by_file
    shown = f"**`{name}`**" if required else f"`{name}`"
    default = "" if required or field.default in (None, PydanticUndefined) else f"`{_plain(field.default)}`"
    meaning = (field.description or "").replace("|", "\\|")
    return f"| {shown} | {_type(field.annotation)} | {default} | {meaning} |\n"


def _plain(value: Any) -> str:
    """A default as it would stand in TOML."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(_plain(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, str | Path):
        return f"'{value}'" if '"' in str(value) else f'"{value}"'
    return str(value)


def _models(annotation: Any) -> list[type[Part]]:
    """The tables that an annotation speaks of; a secret and a column are written inline and count as values."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [] if annotation.__name__ in {"Secret", "Column"} else [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _kind(model: type[Part]) -> str | None:
    field = model.model_fields.get("kind")
    values = get_args(field.annotation) if field is not None else ()
    return str(values[0]) if len(values) == 1 else None


# ------------------------------------------------------------------------------------------------------ the formats

FORMATS_HEAD = """# Formats

Made by `make docs` from the cards in `formats/`; do not edit. Which versions of which documents h2h reads and writes,
which schemas come with it, and what the schemes demand beyond them. A format of your own is a folder of data: see
[Adding a format](adding-a-format.md).
"""


def formats_page(root: Path) -> str:
    """docs/formats.md, whole."""
    with (root / "xsd" / "SOURCES.toml").open("rb") as file:
        shipped = {schema["file"] for schema in tomllib.load(file)["schema"]}
    shipped |= {file.name for file in (root / "xsd").glob("*/*.xsd") if file.parent.name != "iso20022"}
    folders: dict[str, list[Format]] = {}
    for format_ in load_formats(root / "formats"):
        if format_.family is not None:
            folders.setdefault(format_.family.name, []).append(format_)
    rows = "".join(_family_row(name, cards, shipped) for name, cards in folders.items())
    table = f"| folder | what it is | kind | read | written | schema shipped |\n|---|---|---|---|---|---|\n{rows}"
    return "\n".join([FORMATS_HEAD, table, _profiles(), _usage_fields()])


def _family_row(name: str, cards: list[Format], shipped: set[str]) -> str:
    family = cards[0].family
    written = [c.id for c in cards if c.writes]
    with_schema = [c.id for c in cards if c.schema in shipped]
    title = family.title if family else ""
    kind = ", ".join(dict.fromkeys(c.kind for c in cards))
    read = _listed([c.id for c in cards])
    return f"| `{name}` | {title} | {kind} | {read} | {_listed(written)} | {_listed(with_schema)} |\n"


def _listed(ids: list[str]) -> str:
    """Versions of one document are told by their last part, after the first one."""
    told: dict[str, list[str]] = {}
    for id_ in ids:
        stem, dot, last = id_.rpartition(".")
        told.setdefault(stem if dot and last.isdigit() and stem.count(".") > 1 else id_, []).append(last)
    return ", ".join(
        f"`{stem}`" if versions == [stem.rpartition(".")[2]] else f"`{stem}.`{' '.join(versions)}"
        for stem, versions in told.items()
    )


def _profiles() -> str:
    rows = "".join(
        f"| `{p.name}` | {p.title} | {', '.join(p.kinds)} | {p.valid_from} | {len(p.usage)} | {p.source} |\n"
        for p in scheme_profiles()
    )
    return (
        "## Scheme profiles\n\nUsage rules over these formats (`formats/profiles/`). A bank's profile names one "
        '(`[rules] profile = "epc-sct"`), and\n`h2h validate --profile NAME` asks one about a file. Beside its usage '
        "rules a profile sets options of `[rules]`, unless the\nbank's profile gives them itself. A folder `profiles` "
        "in one of your `formats_directories` may hold your own.\n\n"
        f"| name | what it is | kinds | since | usage rules | source |\n|---|---|---|---|---|---|\n{rows}"
    )


def _usage_fields() -> str:
    names = ", ".join(f"`{name}`" for name in known_fields())
    return (
        "## Fields of usage rules\n\nA usage rule (`[[usage]]` of a profile, `[[rules.usage]]` of a bank) names one of "
        "these. Of direct debits the debtor's\nfields are those of the own side, which is the creditor.\n\n"
        + names
        + "\n"
    )


def _sentence(model: type[Part]) -> str:
    return " ".join((model.__doc__ or "").split())


def _is_optional(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


NAMES: dict[Any, str] = {
    Secret: "secret",
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
}


def _type(annotation: Any) -> str:
    """A type in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in NAMES:
        return NAMES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _type(Literal[tuple(annotation)])
    if origin is Literal:
        return ", ".join(f"`{_plain(choice)}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(one) for one in arguments if one is not type(None))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"table: {_type(arguments[0])} → {_type(arguments[1])}"
    if origin is typing.Annotated:
        return _type(arguments[0])
    return str(getattr(annotation, "__name__", annotation))


if __name__ == "__main__":
    for path, text in generated(Path(__file__).resolve().parent.parent).items():
        path.write_text(text, encoding="utf-8")
