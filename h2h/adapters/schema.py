"""XML schemas on disk: lxml decides whether a document is valid; xmlschema, asked only then, says why not.

xmlschema needs a hundred times as long, so it sees only the element that failed, and only for a short time.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree

from h2h.core import xml
from h2h.core.cutting import RECORDS, NotCut, schema_lets_cut, small_documents
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import Finding, WhoActs, error
from h2h.core.known_records import KnownRecords
from h2h.core.plain_types import PlainTypes

# Documents beyond this are validated while they stream by, so that memory does not grow with the file.
_TREE_BYTES = 8 * 1024 * 1024
# A document that fails is parsed whole to say where, up to this size; beyond it the validator's own words must do.
_EXPLAIN_BYTES = 64 * 1024 * 1024
# A file is read and validated so much at a time: small enough to stay in the processor's cache.
_BLOCK_BYTES = 128 * 1024
# What was validated of these is forgotten at once.
_RECORDS = tuple(f"{{*}}{tag}" for tag in RECORDS)
# More findings than this say nothing new to a person; explaining stops after this many seconds.
_FINDINGS_MAX = 100
_EXPLAIN_SECONDS = 3.0
_EXPLAIN_CHILDREN = 200

# Namespaces, the second engine's own prefixes and classes: nothing that a person could act on.
_NOISE = re.compile(r"\{(?:urn|https?):[^}]*\}|\bns\d+:| for <class '[^']*'>")
_OWN_NAME_EXPECTED = re.compile(
    r"Element '([^']+)': This element is not expected\. Expected is .*[( ]\1[, )]"
    r"|Unexpected child with tag '([^']+)' at position [0-9]+\. Tag '\2' expected\."
)
# How the schemas of banks' own documents are named that banks write.
_BANK_SAYS = ("answer.xsd", "statement.xsd")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class SchemaBook:
    """The schemas of some directories (and the directories in them); a name found earlier wins."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = [*directories]
        self._compiled: dict[str, etree.XMLSchema] = {}
        self._told_by: dict[str, etree.XMLSchema] = {}
        self._asking_why = threading.Lock()
        self._cut: dict[str, PlainTypes] = {}  # those by which a document may be looked at part by part
        self._explaining: dict[str, Any] = {}

    def names(self) -> list[tuple[str, Path]]:
        """All schemas as (name, file), by name."""
        found: dict[str, Path] = {}
        for directory in self._directories:
            for file in sorted(directory.rglob("*.xsd")) if directory.is_dir() else ():
                found.setdefault(file.name, file)
        return sorted(found.items())

    def path(self, schema: str) -> Path:
        """The file of a schema; ``Misconfigured`` says how to get one that is missing."""
        if Path(schema).name != schema:
            raise Misconfigured(f"{schema!r} is not the name of a schema file")
        for directory in self._directories:
            for file in (directory / schema, *sorted(directory.glob(f"*/{schema}"))):
                if file.is_file():
                    return file
        hint = f"`make setup` fetches the official ones; `h2h schema add {schema}` installs what a bank handed out"
        raise Misconfigured(f"the schema {schema} is missing", hint=hint)

    def prepare(self, schema: str) -> None:
        """Compile a schema now; ``Misconfigured`` if it is missing or is none."""
        self._compile(schema)

    def validate(self, schema: str, data: bytes, *, lines: bool = True) -> list[Finding]:
        """All violations, with line, path, value and rule; empty if the document is valid.

        Without *lines* only the verdict and the validator's own words are given. ``Misconfigured`` if the schema is
        missing or is none.
        """
        compiled = self._compile(schema)
        try:
            xml.refuse_unsafe(data)
            if len(data) > _TREE_BYTES:
                problems = _stream(compiled, data)
                if not problems or not lines or len(data) > _EXPLAIN_BYTES:
                    return list(dict.fromkeys(_in_its_own_words(p, schema) for p in problems))
            root = xml.parse(data)
        except Refused as refused:
            return [_whose(f, schema) for f in refused.findings]
        if compiled.validate(root):
            return []
        problems = self._problems(schema, root)
        if not lines:
            return [_in_its_own_words(p, schema) for p in problems]
        return list(self._explain(schema, root, problems))

    def validate_file(
        self, schema: str, file: Path, as_schema_sees_it: Callable[[bytes], bytes] = bytes
    ) -> list[Finding]:
        """The same of a file, in memory that does not grow with it as long as it is valid.

        *as_schema_sees_it* is applied to each part of the document before the schema is asked.
        """
        compiled = self._compile(schema)
        if file.stat().st_size <= xml.BYTES_MAX and schema in self._cut:
            try:
                with file.open("rb") as source:
                    xml.refuse_unsafe(source.read(xml.HEAD_BYTES))
                    source.seek(0)
                    blocks = iter(lambda: source.read(_BLOCK_BYTES), b"")
                    parts = map(as_schema_sees_it, small_documents(blocks))
                    if _valid(compiled, parts, KnownRecords(self._cut[schema])):
                        return []
            except (NotCut, Refused):
                pass  # looked at whole: that says where, and has the last word
        try:
            return self.validate(schema, as_schema_sees_it(file.read_bytes()))
        except Refused as refused:
            return [_whose(f, schema) for f in refused.findings]

    def _compile(self, schema: str) -> etree.XMLSchema:
        """The schema that all threads share: it may be asked whether, but not why (see ``_problems``)."""
        if schema not in self._compiled:
            tree, compiled = self._read(schema)
            if schema_lets_cut(tree.getroot()):
                self._cut[schema] = PlainTypes(tree.getroot())
            self._compiled[schema] = compiled
        return self._compiled[schema]

    def _read(self, schema: str) -> tuple[etree._ElementTree, etree.XMLSchema]:
        file = self.path(schema)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            tree = etree.parse(str(file), parser)
            return tree, etree.XMLSchema(tree)
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as problem:
            raise Misconfigured(f"{file} is not a schema that can be used: {problem}") from problem

    def _problems(self, schema: str, root: etree._Element) -> list[Any]:
        """Why a document is not valid; never empty.

        lxml keeps the reasons at the schema's object and throws them away when another thread asks the same object:
        so they are asked of a second one, by one thread at a time.
        """
        with self._asking_why:
            if schema not in self._told_by:
                self._told_by[schema] = self._read(schema)[1]
            told_by = self._told_by[schema]
            told_by.validate(root)
            problems = list(told_by.error_log)[:_FINDINGS_MAX]
        if not problems:
            raise Misconfigured(f"the schema {schema} was changed while h2h ran", hint="start h2h again")
        return problems

    # ------------------------------------------------------------------------------------------------ explaining

    def _explain(self, schema: str, root: etree._Element, problems: Sequence[Any]) -> Iterator[Finding]:
        until = time.monotonic() + _EXPLAIN_SECONDS
        told: set[tuple[int, str]] = set()
        for problem in problems:
            node = _node_of(root, problem)
            if node is None:
                yield _in_its_own_words(problem, schema)
                continue
            rule = self._rule(schema, node, problem.message) if time.monotonic() < until else None
            finding = _finding(problem, node, rule, schema)
            # One mistake often breaks two rules of the schema that read the same to a person.
            if (problem.line, finding.text) not in told:
                told.add((problem.line, finding.text))
                yield finding

    def _rule(self, schema: str, node: etree._Element, message: str) -> str | None:
        """What xmlschema says about this one element; None if it says nothing more."""
        import xmlschema

        # A child that is not expected is the parent's matter.
        parent = node.getparent()
        about = parent if parent is not None and "This element is not expected" in message else node
        if len(about) > _EXPLAIN_CHILDREN:
            return None
        try:
            component = self._explainer(schema).find(_xpath(about), {"d": xml.name_of(about.tag)[0] or ""})
            if component is None:
                return None
            shallow = _shallow(about)
            said = [p.reason for p in component.iter_errors(shallow) if p.elem is shallow and p.reason]
            return "; ".join(_NOISE.sub("", str(reason)).strip() for reason in said[:2]) or None
        except (xmlschema.XMLSchemaException, ValueError, TypeError, KeyError, ArithmeticError):
            # The second engine cannot follow this schema or document: the first one's verdict and words stand.
            return None

    def _explainer(self, schema: str) -> Any:
        import xmlschema

        if schema not in self._explaining:
            file = self.path(schema)
            # Nothing outside the schema's own folder is read, and nothing is fetched.
            safe: dict[str, Any] = {"allow": "sandbox", "defuse": "always", "base_url": file.parent.as_uri()}
            try:
                self._explaining[schema] = xmlschema.XMLSchema10(str(file), **safe)
            except xmlschema.XMLSchemaException:
                # Some national sets (Austria's) are XSD 1.1.
                self._explaining[schema] = xmlschema.XMLSchema11(str(file), **safe)
        return self._explaining[schema]


def _valid(compiled: etree.XMLSchema, parts: Iterable[bytes], known: KnownRecords) -> bool:
    """Whether all small documents of a long one are valid."""
    for part in map(known.without, parts):
        if not compiled.validate(xml.parse(part)):
            return False
        known.learn(part)
    return True


def _stream(compiled: etree.XMLSchema, data: bytes) -> list[Any]:
    """The violations of a long document, in constant memory; ``Refused`` if it is not well-formed."""
    # Not resolve_entities=False: together with a schema it makes lxml 6.1 accept a document that is cut off. Without a
    # document type, which was refused before, there is no entity to resolve.
    safe: dict[str, Any] = {"resolve_entities": "internal", "no_network": True, "load_dtd": False, "huge_tree": False}
    walk = etree.iterparse(BytesIO(data), events=("end",), tag=_RECORDS, schema=compiled, **safe)
    try:
        for _, node in walk:
            node.clear()
            parent = node.getparent()
            while parent is not None and node.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as problem:
        # "Not valid" ends the walk here too, with its reasons in the log; a document cut short leaves no reason there.
        if not len(walk.error_log):
            raise Refused([xml.not_well_formed(problem)]) from problem
    return list(walk.error_log)[:_FINDINGS_MAX]


def _finding(problem: Any, node: etree._Element, rule: str | None, schema: str) -> Finding:
    where = place_of(node)
    value = "" if len(node) else (node.text or "").strip()
    said = _plain(rule or problem.message)
    text = f"{where}: {value[:80]!r} is not allowed: {said}" if value else f"{where}: {said}"
    return error("H2H-SCHEMA", where, text, _who_acts(schema), line=problem.line or None, column=problem.column or None)


def _in_its_own_words(problem: Any, schema: str) -> Finding:
    where = f"line {problem.line}" if problem.line else "the document"  # a stream of events has no lines
    text = f"{where}: {_plain(problem.message)}"
    return error("H2H-SCHEMA", where, text, _who_acts(schema), line=problem.line or None)


def _whose(damage: Finding, schema: str) -> Finding:
    return replace(damage, who_acts=_who_acts(schema)) if damage.who_acts is WhoActs.ERP_TEAM else damage


def _who_acts(schema: str) -> WhoActs:
    """Those who made the document: a bank for its reports and statements, else the ERP's people."""
    iso = schema.startswith(("camt.029", "camt.052", "camt.053", "camt.054", "pain.002"))
    return WhoActs.BANK if iso or schema.endswith(_BANK_SAYS) else WhoActs.ERP_TEAM


def _plain(message: str) -> str:
    """Without what only a parser needs. A name that is refused and expected at once has the wrong namespace."""
    plain = _NOISE.sub("", message)
    return f"{plain} It stands in another namespace, or in none." if _OWN_NAME_EXPECTED.match(plain) else plain


def place_of(node: etree._Element) -> str:
    """Such as ``PmtInf/CdtTrfTxInf[14]/Cdtr/Nm``: the path below the message, numbered where names repeat."""
    steps: list[str] = []
    current: etree._Element | None = node
    while current is not None:
        tag = str(current.tag)
        same = list(current.itersiblings(tag, preceding=True))
        more = bool(same) or next(current.itersiblings(tag), None) is not None
        steps.append(xml.name_of(current.tag)[1] + (f"[{len(same) + 1}]" if more else ""))
        current = current.getparent()
    return "/".join(reversed(steps[:-2] or steps))


def _node_of(root: etree._Element, problem: Any) -> etree._Element | None:
    """The element that the validator means; None if it names none, or by a prefix that is declared nowhere."""
    try:
        found = root.getroottree().xpath(problem.path) if problem.path else []
    except etree.XPathEvalError:
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None


def _xpath(node: etree._Element) -> str:
    names = [xml.name_of(n.tag)[1] for n in (node, *node.iterancestors())]
    return "/".join(f"d:{name}" for name in reversed(names))


def _shallow(node: etree._Element) -> etree._Element:
    """The element with its children's names and texts, and nothing below."""
    copy = etree.Element(node.tag, _own_attributes(node))
    copy.text = node.text
    for child in node:
        etree.SubElement(copy, child.tag, _own_attributes(child)).text = child.text
    return copy


def _own_attributes(node: etree._Element) -> dict[str, str]:
    """Without xsi:schemaLocation: a document does not choose what it is checked by."""
    return {str(k): str(v) for k, v in node.attrib.items() if not str(k).startswith(_XSI)}


# ---------------------------------------------------------------------------------------------------- adding


def add_schema(file: Path, directory: Path, origin: str, today: date) -> Path:
    """Install a schema into *directory*, with its origin, date and sha256 in ``SOURCES.toml`` beside it.

    A schema of the same name and other content is not overwritten: ``Misconfigured``.
    """
    try:
        content = file.read_bytes()
    except OSError as problem:
        raise Misconfigured(f"{file} cannot be read: {problem.strerror}") from problem
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.XMLSchema(etree.parse(str(file), parser))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as problem:
        raise Misconfigured(f"{file} is not a schema that can be used: {problem}") from problem
    target = directory / file.name
    if target.exists() and target.read_bytes() != content:
        raise Misconfigured(f"{target} exists with other content", hint="give the new one another name")
    directory.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        _write(target, content)
        sha256 = hashlib.sha256(content).hexdigest()
        sources = directory / "SOURCES.toml"
        known = sources.read_bytes() if sources.exists() else b"# Schemas added by `h2h schema add`.\n"
        entry = f'\n[[schema]]\nname = "{file.name}"\norigin = {_toml(origin)}\n'
        entry += f'added = {today.isoformat()}\nsha256 = "{sha256}"\n'
        _write(sources, known + entry.encode())
    return target


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _write(target: Path, content: bytes) -> None:
    """The house's way of making a file: a temporary name, fsync, rename, fsync of the directory."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(target)
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
