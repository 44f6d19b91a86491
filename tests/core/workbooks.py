"""Small Excel workbooks for tests, written part by part: what Excel stores is under the test's control."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY, PLAIN = 1, 0

#: The style sheet of every workbook here: style 0 shows numbers, style 1 days, style 2 days by a format of its own.
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def text(value: str) -> str:
    """A cell that holds its own text."""
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(value: str, style: int = PLAIN) -> str:
    """A cell that holds a number, exactly as it would stand in the file."""
    return f'<c s="{style}"><v>{value}</v></c>'


def formula(code: str, cached: str) -> str:
    """A cell that is calculated, with its stored result."""
    return f"<c><f>{escape(code)}</f><v>{cached}</v></c>"


def row(*cells: str, hidden: bool = False, number: int | None = None) -> str:
    """A row of cells; plain texts become text cells."""
    made = "".join(cell if cell.startswith("<c") else text(cell) for cell in cells)
    at = f' r="{number}"' if number else ""
    return f"<row{at}{' hidden=' + chr(34) + '1' + chr(34) if hidden else ''}>{made}</row>"


def workbook(
    *rows: str,
    sheet: str = "Payments",
    others: tuple[str, ...] = (),
    state: str = "visible",
    from_1904: bool = False,
    columns: str = "",
    merged: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    prolog: str = "",
    parts: dict[str, bytes] | None = None,
) -> bytes:
    """The bytes of a workbook. *parts* are added to it, or stand in place of its own."""
    merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged)
    content = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><workbookPr date1904="{int(from_1904)}"/>'
        f'<sheets><sheet name="{sheet}" sheetId="1" state="{state}" r:id="s1"/>'
        + "".join(f'<sheet name="{name}" sheetId="9" r:id="s1"/>' for name in others)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
        f'<Relationship Id="s1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="s2" Type="{_OFFICE}/styles" Target="/xl/styles.xml"/>'
        f'<Relationship Id="s3" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">' + "".join(f"<si>{one}</si>" for one in shared) + "</sst>",
        "xl/worksheets/sheet1.xml": f'{prolog}<worksheet xmlns="{_MAIN}">{columns}'
        f"<sheetData>{''.join(rows)}</sheetData>"
        f"<mergeCells>{merges}</mergeCells></worksheet>",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in {**{k: v.encode() for k, v in content.items()}, **(parts or {})}.items():
            archive.writestr(name, body)
    return made.getvalue()
