"""Writing XML in one expression: ``element("Amt", "1.00", Ccy="EUR")``; what is None is left out."""

from __future__ import annotations

from lxml import etree

Node = tuple[str, dict[str, str], tuple[object, ...]]


def element(tag: str, *content: object, **attributes: str) -> Node | None:
    """An element with text or further elements; None where nothing of its content is there."""
    kept = tuple(part for part in content if part is not None)
    return (tag, attributes, kept) if kept else None


def document(message: str, content: Node | None) -> bytes:
    """A Document of the ISO 20022 message *message*."""
    namespace = f"urn:iso:std:iso:20022:tech:xsd:{message}"
    root = etree.Element(f"{{{namespace}}}Document", nsmap={None: namespace})
    if content is not None:
        _add(root, content, namespace)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: etree._Element, node: Node, namespace: str) -> None:
    tag, attributes, content = node
    made = etree.SubElement(parent, f"{{{namespace}}}{tag}", attributes)
    for part in content:
        if isinstance(part, tuple):
            _add(made, part, namespace)
        else:
            made.text = str(part)
