"""A starting folder for a bank's own document without a namespace: the card and a sample in which everything is blank.

Nothing is guessed: an amount may be in yuan or in 分, a day in eight digits or ten. What is certain is the root, the
encoding, and which element repeats; every value stands as a comment with what the sample has there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from h2h.core import xml
from h2h.core.mapping.draft import Draft, record_of, refused

#: What one of many is, by the kind of document.
_ROWS = {
    "credit-transfer": "transactions:CreditTransfer",
    "status-report": "transactions:TransactionStatus",
    "statement": "statement.entries:Entry",
}
_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def is_own(sample: bytes) -> bool:
    """Whether it is a document in no namespace and none of ISO 20022's that merely lost its own."""
    xml.refuse_unsafe(sample)
    namespace, name = xml.name_of(xml.parse(sample).tag)
    return namespace is None and name != "Document"


def own_draft_of(sample: bytes, kind: str, record: str | None = None) -> Draft:
    """A sample to be annotated, for documents like this one; ``Refused`` says what is missing in it."""
    if kind not in _ROWS:
        raise refused(f"a starting sample is made for {', '.join(_ROWS)}")
    root = xml.parse(sample)
    row = record_of(root, record)
    path = "/".join(_names(row, root))
    made = Draft("", None, _local(root), path)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<m:mapping xmlns:m="urn:h2h:mapping">']
    lines += [*_drawn(root, root, row, kind, made, 1), "</m:mapping>"]
    made.mapping = "\n".join(lines) + "\n"
    return made


def own_card(id_: str, kind: str, draft: Draft, sample: bytes, mapping: str) -> str:
    """The card, with what only the bank's manual knows left to a person."""
    declared = _ENCODING.search(sample[:200])
    encoding = declared[1].decode("ascii").upper() if declared else "UTF-8"
    encoding = "GBK" if encoding == "GB2312" else encoding  # the larger set, byte for byte the same in the smaller
    return (
        f'title = "{id_}"\nroot = "{draft.root}"\nencoding = "{encoding}"\n\n[[card]]\nid = "{id_}"\nkind = "{kind}"\n'
        f'mapping = "{mapping}"\n'
        "# What tells this message from the bank's others: elements, or elements with a value (HEAD/CODE=PAY1).\n"
        f'holds = ["{draft.record}"]\n'
        "# The file that `h2h schema add` installed; without a schema a format is read, and never sent.\n"
        'schema = ""\n# writes = true, once `h2h format check` shows that what is written reads back.\n'
    )


def _drawn(
    node: etree._Element, root: etree._Element, row: etree._Element, kind: str, made: Draft, depth: int
) -> Iterator[str]:
    indent, name = "  " * depth, _local(node)
    children = list(_children(node, row))
    if not children and node is not row:
        made.blanks.append("/".join(_names(node, root)))
        text = (node.text or "").strip().replace("--", "- -")[:60]
        yield f"{indent}<!-- {name}: which field is it? In the sample: {text or 'nothing'} -->"
        return
    notes = f' m:each="{_ROWS[kind]}"' if node is row else ""
    yield f"{indent}<{name}{notes}>"
    for child in children:
        yield from _drawn(child, root, row, kind, made, depth + 1)
    yield f"{indent}</{name}>"


def _children(node: etree._Element, row: etree._Element) -> Iterator[etree._Element]:
    """Each name once; of those that repeat, the one that was taken for all of them."""
    seen = set()
    for child in node:
        if isinstance(child.tag, str) and _local(child) not in seen:
            seen.add(_local(child))
            yield row if node is row.getparent() and _local(child) == _local(row) else child


def _names(node: etree._Element, root: etree._Element) -> list[str]:
    around = [_local(one) for one in node.iterancestors() if one is not root]
    return [*reversed(around), _local(node)]


def _local(node: etree._Element) -> str:
    return xml.name_of(node.tag)[1]
