"""The documentation tells what is: generated parts are up to date, commands exist, links lead somewhere."""

import json
import re
import runpy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import etree

from h2h.adapters.format_files import load_formats
from h2h.cli.format import format_
from h2h.cli.main import VERBS
from h2h.core.lifecycle import TRANSITIONS
from h2h.core.model.payment import Initiation

DOCUMENTS = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md")


@pytest.fixture(scope="module")
def generator(root: Path) -> dict[str, Any]:
    """.ci/docs.py; it stands outside the package, so it is loaded by its path."""
    return runpy.run_path(str(root / ".ci" / "docs.py"))


def _documents(root: Path) -> list[Path]:
    return [root / name for name in DOCUMENTS] + sorted((root / "docs").glob("*.md"))


def test_the_generated_parts_are_up_to_date(root: Path, generator: dict[str, Any]) -> None:
    stale = [
        path.name for path, text in generator["generated"](root).items() if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make docs`"


def test_the_diagram_holds_every_transition_of_the_table(generator: dict[str, Any]) -> None:
    """Read back: the edges of a group count for each of its members."""
    diagram = generator["state_diagram"]()
    groups = {
        name: re.findall(r"^        ([A-Z_]+)$", body, re.MULTILINE)
        for name, body in re.findall(r'state "[^"]+" as (\w+) \{(.*?)\n    \}', diagram, re.DOTALL)
    }
    drawn = {
        (state, event, to)
        for start, to, events in re.findall(r"(\w+) --> ([A-Z_]+): (.+)", diagram)
        for state in groups.get(start, [start])
        for event in events.split(", ")
    }
    table = {(state.value, event.value, to.value) for state, row in TRANSITIONS.items() for event, to in row.items()}
    assert drawn == table


def test_every_link_leads_to_a_file(root: Path) -> None:
    broken = [
        f"{document.name}: {target}"
        for document in _documents(root)
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_command_that_the_documents_name_exists(root: Path) -> None:
    unknown = {
        f"{document.name}: h2h {verb}"
        for document in _documents(root)
        for verb in re.findall(r"(?:^|[`/ ])h2h ([a-z][a-z-]+)", "\n".join(_code(document.read_text(encoding="utf-8"))))
        if verb not in VERBS
    }
    assert unknown == set()


def test_every_make_target_that_the_documents_name_exists(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for document in _documents(root):
        for target in re.findall(r"\bmake ([a-z][a-z-]+)", "\n".join(_code(document.read_text(encoding="utf-8")))):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{document.name}: make {target}"


def test_both_readmes_have_the_same_commands(root: Path) -> None:
    english, chinese = (
        [line.partition(" #")[0].strip() for block in _blocks(root / name) for line in block.splitlines()]
        for name in ("README.md", "README.zh-CN.md")
    )
    assert english == chinese


def test_the_example_of_the_guide_to_formats_reads_and_writes(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "adding-a-format.md").read_text(encoding="utf-8")
    example, card, mapping = (
        re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("xml example", "toml card", "xml mapping")
    )
    assert example is not None
    assert card is not None
    assert mapping is not None
    folder = tmp_path / "acme-pay"
    folder.mkdir()
    (folder / "format.toml").write_text(card[1], encoding="utf-8")
    (folder / "mapping.xml").write_text(mapping[1], encoding="utf-8")
    formats = load_formats(root / "formats", tmp_path)
    document = example[1].encode()
    known = formats.identify(document)
    assert known.id == "acme-pay.2"
    read = known.read(document)
    assert read.findings == []
    assert isinstance(read.message, Initiation)
    written = BytesIO()
    known.write(read.message, written)
    assert _values(written.getvalue()) == _values(document)


def _values(document: bytes) -> list[tuple[str, str]]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return [(str(one.tag), (one.text or "").strip()) for one in etree.fromstring(document, parser).iter()]


def _blocks(document: Path) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)


def _code(text: str) -> list[str]:
    """Code blocks for a shell, and code within a line."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_every_test_that_the_documents_name_exists_and_every_failure_has_one_or_is_open(root: Path) -> None:
    """A failure that a page tells about is shown by a test of that name, or the page says that it is open."""
    known: set[str] = set()
    for path in (root / "tests").rglob("*.py"):
        known.update(re.findall(r"^ *def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    named = {d.name: set(re.findall(r"`(test_\w+)`", d.read_text(encoding="utf-8"))) for d in _documents(root)}
    assert len(named["failures.md"]) > 50
    assert {name: sorted(tests - known) for name, tests in named.items() if tests - known} == {}
    rows = re.findall(r"^\| F\d\d .*$", (root / "docs" / "failures.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [row for row in rows if "`test_" not in row and "**open**" not in row] == []
    numbers = {int(row[3:5]) for row in rows}
    assert numbers == {*range(1, 17), *range(20, 38), *range(40, 55), *range(60, 77)}, "none is dropped, none forgotten"


def test_the_bank_of_the_guide_can_be_added_as_it_says(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "adding-a-format.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"```(?:xml|toml) own-([a-z-]+)\n(.*?)```", text, re.DOTALL))
    folder = tmp_path / "ebpay"
    (folder / "golden").mkdir(parents=True)
    names = {"card": "format.toml", "codes": "codes.toml", "answers": "answers.toml"}
    names |= {"payment-mapping": "payment.xml", "answer-mapping": "answer.xml"}
    for part, name in names.items():
        (folder / name).write_text(parts[part], encoding="utf-8")
    for part in ("payment", "answer"):
        (folder / "golden" / f"{part}.xml").write_bytes(parts[part].encode("gbk"))
    for command in ("accept", "check"):
        done = CliRunner().invoke(format_, [command, str(folder)])
        assert done.exit_code == 0, done.output
    told = CliRunner().invoke(format_, ["check", str(folder)]).output
    assert "written and read again" in told
    (transaction,) = json.loads((folder / "golden" / "answer.json").read_text(encoding="utf-8"))["transactions"]
    assert (transaction["outcome"], transaction["ordinal"]) == ("rejected", 1)
