"""``format.toml`` of a bank's own documents → formats: one folder is one bank, one card one message.

root = "FOX"          # the root element of all its documents, without a namespace
encoding = "GBK"      # in which they are written (read: as each declares)
parts = "parts.xml"   # parts that several samples use
[frame]               # a header of fixed fields before each document (codecs.frame)
[at_this_bank]        # facts of a payment whose payee banks at this bank; [elsewhere]: of any other
[[card]]              # id, kind, mapping, and what tells it from the others: holds, lacks
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from h2h.core.answers import ANY, OUTCOMES, BankCode, CodeTable, Layers
from h2h.core.code_data.advice import ADVICE
from h2h.core.codecs.frame import Frame, frame_of
from h2h.core.codecs.own_document import OwnCard, OwnDocument
from h2h.core.errors import Misconfigured
from h2h.core.format import Card, Family, Format
from h2h.core.mapping.plan import KINDS

_TEXT, _YES_OR_NO, _NUMBER, _TABLE = (str, "a text"), (bool, "true or false"), (int, "a number"), (Mapping, "a table")
_FOLDER_KEYS = {
    **dict.fromkeys(("root", "encoding", "bank_number", "bank_name", "forbidden", "title", "parts"), _TEXT),
    **dict.fromkeys(("at_this_bank", "elsewhere", "frame"), _TABLE),
    "card": (list, "a list of tables: write [[card]]"),
}
_TEXTS = ("holds", "lacks", "flags", "envelope", "payment")
_CARD_KEYS = {
    **dict.fromkeys(("id", "kind", "mapping", "schema", "title", "message_id"), _TEXT),
    **dict.fromkeys(("writes", "enquiry", "ambiguous"), _YES_OR_NO),
    "transactions_max": _NUMBER,
    **dict.fromkeys(_TEXTS, (list, "a list of texts")),
}
_ANSWER_KEYS = {**dict.fromkeys(("outcome", "en", "zh", "next"), _TEXT), "contains": (list, "a list of texts")}
_ENCODINGS = ("GBK", "GB18030", "UTF-8")


def own_formats(
    folder: str, content: Mapping[str, Any], codes: Mapping[str, Any], answers: CodeTable, read: Callable[[str], bytes]
) -> list[Format]:
    """The formats of one folder; *read* gives the content of one of its files. ``Misconfigured`` names the mistake."""
    _only(f"{folder}/format.toml", content, _FOLDER_KEYS)
    encoding = content.get("encoding", "GBK")
    if encoding not in _ENCODINGS:
        raise Misconfigured(f"{folder}/format.toml: encoding is one of {', '.join(_ENCODINGS)}")
    frame = frame_of(f"{folder}/format.toml", content["root"], content["frame"]) if "frame" in content else None
    cards = content.get("card", [])
    if not cards or not all(isinstance(card, Mapping) for card in cards):
        raise Misconfigured(f"{folder}/format.toml: there is no [[card]]")
    return [_format(folder, content, card, codes, answers, read, frame) for card in cards]


def code_table(file: str, content: Mapping[str, Any]) -> CodeTable:
    """``answers.toml``: list → code → what it means, or several meanings of which each names what the text holds."""
    return CodeTable([*bank_codes(file, content)])


def bank_codes(file: str, content: Mapping[str, Any]) -> Iterable[BankCode]:
    """The rows of an ``answers.toml``."""
    for list_, codes in content.items():
        if not isinstance(codes, Mapping):
            raise Misconfigured(f"{file}: {list_} is a table of codes")
        for code, meanings in codes.items():
            for meaning in meanings if isinstance(meanings, list) else [meanings]:
                yield _bank_code(file, list_, code, meaning)


def _bank_code(file: str, list_: str, code: str, meaning: Mapping[str, Any]) -> BankCode:
    where = f"{file}: {list_}.{code}"
    _only(where, meaning, _ANSWER_KEYS)
    outcome, advice = meaning.get("outcome"), meaning.get("next", "read-text")
    if outcome not in OUTCOMES:
        raise Misconfigured(f"{where}: outcome is one of {', '.join(sorted(OUTCOMES))}")
    if code == ANY and outcome in ("settled", "rejected", "cancelled", "returned"):
        raise Misconfigured(f"{where}: a code that is not known is neither success nor failure")
    if advice not in ADVICE:
        raise Misconfigured(f"{where}: next is one of {', '.join(ADVICE)}")
    if not meaning.get("en"):
        raise Misconfigured(f"{where}: en says in words what the code means")
    contains = _texts(where, "contains", meaning.get("contains", []))
    return BankCode(list_, code, outcome, meaning["en"], meaning.get("zh", meaning["en"]), advice, contains)


def _format(
    folder: str,
    content: Mapping[str, Any],
    card: Mapping[str, Any],
    codes: Mapping[str, Any],
    answers: CodeTable,
    read: Callable[[str], bytes],
    frame: Frame | None,
) -> Format:
    id_, kind = card.get("id"), card.get("kind", "")
    where = f"{folder}/format.toml: card {id_}"
    _only(where, card, _CARD_KEYS)
    if id_ is None or kind not in KINDS or "mapping" not in card:
        raise Misconfigured(f"{where}: a card has an id, a mapping, and a kind of {', '.join(KINDS)}")
    texts = {name: _texts(where, name, card.get(name, [])) for name in _TEXTS}
    family = Family(
        name=folder.rpartition("/")[2],
        kind=kind,
        mapping=read(card["mapping"]),
        parts=read(content["parts"]) if "parts" in content else b"",
        codes=codes,
        folder=folder,
        title=str(content.get("title", "")),
    )
    made = Card(
        id=id_,
        namespace=None,
        schema=card.get("schema", f"{id_}.xsd") or None,
        flags=frozenset(texts["flags"]),
        writes=bool(card.get("writes", False)),
        title=str(card.get("title", "")),
        message_id=card.get("message_id"),
    )
    own = OwnCard(
        root=content["root"],
        holds=texts["holds"],
        lacks=texts["lacks"],
        encoding=content.get("encoding", "GBK"),
        layers=Layers(
            texts["envelope"], texts["payment"], bool(card.get("enquiry", False)), bool(card.get("ambiguous", False))
        ),
        transactions_max=card.get("transactions_max"),
        bank_number=content.get("bank_number"),
        bank_name=content.get("bank_name"),
        follows={"Y": content.get("at_this_bank", {}), "N": content.get("elsewhere", {})},
        forbidden=str(content.get("forbidden", "")),
        answers=answers,
        frame=frame,
    )
    return Format.from_card(family, made, OwnDocument(family, made, own))


def _texts(where: str, name: str, values: list[object]) -> tuple[str, ...]:
    if not all(isinstance(v, str) for v in values):
        raise Misconfigured(f"{where}: {name} is a list of texts")
    return tuple(str(v) for v in values)


def _only(where: str, given: object, known: Mapping[str, tuple[type, str]]) -> None:
    """``Misconfigured`` unless it is a table of these keys, each of its type."""
    if not isinstance(given, Mapping):
        raise Misconfigured(f"{where}: this is a table, with {', '.join(sorted(known))}")
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Misconfigured(f"{where}: unknown: {', '.join(unknown)}", hint=f"known: {', '.join(sorted(known))}")
    for name, value in given.items():
        type_, words = known[name]
        if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
            raise Misconfigured(f"{where}: {name} is {words}")
