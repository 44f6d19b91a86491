"""Which format a file has: every format is asked, exactly one must say yes, and nothing unsafe is looked into."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.adapters.format_files import load_formats
from h2h.core import xml
from h2h.core.errors import Misconfigured, Refused
from h2h.core.findings import WhoActs
from h2h.core.format import UNKNOWN_FORMAT, Format, Read, ReadingCodec
from h2h.core.format_book import FormatBook
from h2h.core.model.statement import StatementMessage
from tests.checkout import BOOK, FORMATS

GOLDEN = (FORMATS / "camt/golden/notification-of-two-accounts-054-04.xml").read_bytes()
ROOT = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.04">'


class Lines(ReadingCodec):
    """A codec for a tiny text format."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark

    def identify(self, head: bytes) -> bool:
        return head.startswith(self._mark)

    def read(self, data: bytes) -> Read:
        return Read(StatementMessage(data.decode(), None))


def refusal(data: bytes, book: FormatBook = BOOK) -> str:
    with pytest.raises(Refused) as raised:
        book.read(data)
    (finding,) = raised.value.findings
    return finding.code


def test_a_document_has_the_format_of_its_namespace() -> None:
    assert BOOK.identify(GOLDEN).id == "camt.054.001.04"


def test_a_national_variant_is_a_format_of_its_own() -> None:
    data = (FORMATS / "pain.001/golden/swiss-reference-in-a-namespace-of-its-own.xml").read_bytes()
    assert BOOK.identify(data).id == "pain.001.001.03.ch.02"


@pytest.mark.parametrize(
    ("namespace", "original", "id_"),
    [
        ("urn:iso:std:iso:20022:tech:xsd:pain.002.003.03", "pain.002.001.03", "pain.002.003.03"),
        ("urn:iso:std:iso:20022:tech:xsd:pain.002.002.03", "pain.002.001.03", "pain.002.002.03"),
    ],
)
def test_a_german_number_is_read_like_its_iso_original(namespace: str, original: str, id_: str) -> None:
    golden = (FORMATS / "pain.002/golden/one-of-three-rejected-03.xml").read_bytes()
    german = golden.replace(f"urn:iso:std:iso:20022:tech:xsd:{original}".encode(), namespace.encode())
    assert german != golden
    read = BOOK.read(german)
    assert (BOOK.identify(german).id, read.message) == (id_, BOOK.read(golden).message)
    assert [f for f in read.findings if f.severity == "error"] == []


def test_a_document_without_a_namespace_is_read_and_never_sound() -> None:
    read = BOOK.read((FORMATS / "pain.002/golden/without-a-namespace.xml").read_bytes())
    assert [f.code for f in read.findings if f.severity == "error"] == ["H2H-NO-NAMESPACE"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "H2H-EMPTY"),
        (b"a;b\n1;2\n", UNKNOWN_FORMAT),
        (bytes(range(256)) * 300, UNKNOWN_FORMAT),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', UNKNOWN_FORMAT),
        (ROOT.replace(b".04", b".99") + b"</Document>", UNKNOWN_FORMAT),
        (GOLDEN[:700], "H2H-NOT-WELL-FORMED"),
        (GOLDEN + GOLDEN, "H2H-NOT-WELL-FORMED"),
        (b'<?xml version="1.0"?>', "H2H-NOT-WELL-FORMED"),
        (b"<", "H2H-NOT-WELL-FORMED"),
        (GOLDEN.replace(b"Bergbahn", b"B\xe4rgbahn"), "H2H-NOT-WELL-FORMED"),
        (GOLDEN.replace(b"Bergbahn", b"Berg\x00bahn"), "H2H-NUL"),
        (GOLDEN.decode().encode("utf-32"), "H2H-ENCODING"),
        (GOLDEN.replace(b"UTF-8", b"UTF-7"), "H2H-ENCODING"),
        (GOLDEN.replace(b"UTF-8", b"EBCDIC-CP-US"), "H2H-ENCODING"),
        (GOLDEN.replace(b"<Document", b"<!DOCTYPE Document><Document"), "H2H-DOCTYPE"),
        (GOLDEN.replace(b"<Document", b"<!doctype Document><Document"), "H2H-DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY b "cc">]>' + ROOT + b"&b;</Document>", "H2H-DOCTYPE"),
        (ROOT + b"<a>" * 100_000, "H2H-NOT-WELL-FORMED"),
        (ROOT + b"<a>" + b"x" * 11_000_000 + b"</a></Document>", "H2H-NOT-WELL-FORMED"),
        (GOLDEN.replace(b"</Ntfctn>", b"&unknown;</Ntfctn>", 1), "H2H-NOT-WELL-FORMED"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_sound_file_is_refused_with_the_reason(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_a_byte_order_mark_of_utf_8_does_no_harm() -> None:
    assert BOOK.read(b"\xef\xbb\xbf" + GOLDEN) == BOOK.read(GOLDEN)


def test_a_file_beyond_the_limit_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "BYTES_MAX", 100)
    assert refusal(GOLDEN) == "H2H-TOO-LARGE"


def test_a_damaged_document_of_a_bank_is_the_banks_matter() -> None:
    format_ = BOOK.identify(GOLDEN)
    with pytest.raises(Refused) as raised:
        format_.read(GOLDEN[:900])
    assert raised.value.findings[0].who_acts is WhoActs.BANK


@pytest.mark.parametrize(
    ("golden", "message", "who"),
    [
        ("camt/golden/notification-of-two-accounts-054-04.xml", "BkToCstmrDbtCdtNtfctn", WhoActs.BANK),
        ("camt.029/golden/whole-file-refused-14.xml", "RsltnOfInvstgtn", WhoActs.BANK),
        ("camt.060/golden/statements-of-two-accounts-05.xml", "AcctRptgReq", WhoActs.ERP_TEAM),
    ],
)
def test_a_message_in_another_namespace_than_its_document_is_told_so_and_whose_matter_it_is(
    golden: str, message: str, who: WhoActs
) -> None:
    data = (FORMATS / golden).read_bytes().replace(b"<Document xmlns=", b"<p:Document xmlns:p=")
    stray = data.replace(b"</Document>", b"</p:Document>")
    first, *others = BOOK.read(stray).findings
    assert (first.code, first.where, first.who_acts) == ("H2H-NAMESPACE", message, who)
    assert f"<{message}> stands in no namespace" in first.text
    assert {f.who_acts for f in others if f.code == "H2H-MISSING"} == {who}
    small = stray.replace(message.encode(), message.lower().encode())
    assert f"<{message.lower()}> stands where <" in BOOK.read(small).findings[0].text


def test_an_unknown_version_names_the_nearest_that_is_known() -> None:
    with pytest.raises(Refused) as raised:
        BOOK.identify(ROOT.replace(b".04", b".44") + b"</Document>")
    assert "urn:iso:std:iso:20022:tech:xsd:camt.054.001." in raised.value.findings[0].next_step


# ------------------------------------------------------------------------------------------------ codecs


def test_a_codec_is_asked_like_every_format() -> None:
    book = FormatBook([*BOOK, Format("lines", "statement", codec=Lines(b"#"))])
    assert book.identify(b"# hello").id == "lines"
    assert book.identify(GOLDEN).id == "camt.054.001.04"
    message = book.read(b"# hello").message
    assert isinstance(message, StatementMessage)
    assert message.message_id == "# hello"


def test_two_formats_that_know_a_file_are_one_too_many() -> None:
    lines = [Format(name, "statement", codec=Lines(b"#")) for name in ("one", "other")]
    assert refusal(b"# hello", FormatBook(lines)) == "H2H-AMBIGUOUS-FORMAT"


def test_a_file_that_nobody_can_know_is_refused_by_its_head() -> None:
    with pytest.raises(Refused):
        BOOK.refuse_hopeless(b"\x7fELF")
    BOOK.refuse_hopeless(GOLDEN[:100])


# ------------------------------------------------------------------------------------------------ the book


def test_a_format_that_is_not_there_is_a_mistake_in_the_configuration_with_a_proposal() -> None:
    with pytest.raises(Misconfigured) as raised:
        BOOK.get("pain.001.001.9")
    assert raised.value.hint == "did you mean pain.001.001.09?"


def test_a_format_defined_twice_is_a_mistake() -> None:
    with pytest.raises(Misconfigured, match="defined twice"):
        FormatBook([Format("x", "statement"), Format("x", "statement")])


def test_a_variant_is_shown_to_the_schema_under_the_namespace_of_its_original() -> None:
    data = (FORMATS / "pain.001/golden/swiss-reference-in-a-namespace-of-its-own.xml").read_bytes()
    seen = BOOK.identify(data).as_schema_sees_it(data)
    assert b"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03" in seen
    assert seen.count(b"\n") == data.count(b"\n"), "lines in findings stay true"


# ------------------------------------------------------------------------------------------------ folders


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('kind = "novel"\n', "kind is one of"),
        ('kind = "statement"\n', "no [[card]]"),
        ('kind = "statement"\n[card]\nid = "x"\n', "no [[card]]"),
        ('kind = "statement"\n[[card]]\nschema = "x"\n', "no id"),
        ('kind = "statement"\n[[card]]\nid = "x"\nnonsense = 1\n', "does not know nonsense"),
        ('kind = "statement"\n[[card]]\nid = "x"\nflags = "a"\n', "flags is a list"),
        ('kind = "statement"\nparts = "../x"\n[[card]]\nid = "x"\n', "a folder beside"),
        ("kind = [", "cannot be read"),
    ],
)
def test_a_card_that_is_wrong_is_named_with_its_file(tmp_path: Path, content: str, why: str) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mapping.xml").write_text("<x/>")
    (folder / "format.toml").write_text(content)
    with pytest.raises(Misconfigured) as raised:
        load_formats(tmp_path)
    assert why in raised.value.message
    assert "format.toml" in raised.value.message


_ROOT = 'root = "FOX"\n'
_CARD = '[[card]]\nid = "x"\nkind = "enquiry"\nmapping = "x.xml"\n'


@pytest.mark.parametrize(
    ("content", "answers", "why"),
    [
        ("root = 5\n" + _CARD, "", "root is a text"),
        (f'{_ROOT}encoding = "LATIN-1"\n{_CARD}', "", "encoding is one of GBK"),
        (f"{_ROOT}bank_number = 309\n{_CARD}", "", "bank_number is a text"),
        (f'{_ROOT}at_this_bank = "Y"\n{_CARD}', "", "at_this_bank is a table"),
        (f"{_ROOT}banknumber = 1\n{_CARD}", "", "unknown: banknumber"),
        (_ROOT, "", "there is no [[card]]"),
        (f'{_ROOT}[card]\nid = "x"\n', "", "card is a list of tables: write [[card]]"),
        (f'{_ROOT}card = ["x"]\n', "", "there is no [[card]]"),
        (_ROOT + _CARD.replace('id = "x"\n', ""), "", "a card has an id"),
        (_ROOT + _CARD.replace("enquiry", "question"), "", "a kind of"),
        (f"{_ROOT}{_CARD}transactions_max = true\n", "", "transactions_max is a number"),
        (f'{_ROOT}{_CARD}holds = "A/B"\n', "", "holds is a list of texts"),
        (f"{_ROOT}{_CARD}holds = [1]\n", "", "holds is a list of texts"),
        (f'{_ROOT}{_CARD}writes = "no"\n', "", "writes is true or false"),
        (_ROOT + _CARD, "status = 5\n", "status is a table of codes"),
        (_ROOT + _CARD, '[status]\n0 = "paid"\n', "this is a table"),
        (_ROOT + _CARD, '[status]\n0 = { outcome = "paid", en = "x" }\n', "outcome is one of"),
        (_ROOT + _CARD, '[status]\n"*" = { outcome = "settled", en = "x" }\n', "neither success nor failure"),
        (_ROOT + _CARD, '[status]\n0 = { outcome = "settled" }\n', "in words what the code means"),
        (_ROOT + _CARD, '[status]\n0 = { outcome = "settled", en = "x", next = "guess" }\n', "next is one of"),
        (_ROOT + _CARD, '[status]\n0 = { outcome = "settled", en = "x", contains = "y" }\n', "contains is a list"),
    ],
)
def test_a_mistake_in_a_banks_own_folder_is_named_with_its_file(
    tmp_path: Path, content: str, answers: str, why: str
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "x.xml").write_text("<x/>")
    (folder / "format.toml").write_text(content)
    (folder / "answers.toml").write_text(answers)
    with pytest.raises(Misconfigured) as raised:
        load_formats(tmp_path)
    assert why in raised.value.message
    assert ("answers.toml" if answers else "format.toml") in raised.value.message


def test_a_folder_without_a_mapping_and_a_directory_that_is_not_there_are_mistakes(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "format.toml").write_text('kind = "statement"\n[[card]]\nid = "x"\n')
    with pytest.raises(Misconfigured, match=r"mapping\.xml cannot be read"):
        load_formats(tmp_path)
    with pytest.raises(Misconfigured, match="no folder of formats"):
        load_formats(tmp_path / "nowhere")


def test_a_folder_may_name_a_codec_and_only_one_that_is_built_in(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "format.toml").write_text('kind = "statement"\ncodec = "os.system"\n[[card]]\nid = "own"\n', "utf-8")
    with pytest.raises(Misconfigured, match=r"no codec 'os\.system'"):
        load_formats(tmp_path)
