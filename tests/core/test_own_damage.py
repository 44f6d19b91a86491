"""Every Chinese bank's message: what is written reads back as what was meant, and damage is never a silent change.

The goldens of all folders with ``answers.toml`` are the seeds: a bank that is added is proved without a new test.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.adapters.schema import SchemaBook
from h2h.cli.proof import goldens_of
from h2h.core.errors import Refused
from h2h.core.findings import Finding, refuses
from h2h.core.format import Format
from h2h.core.model.payment import Initiation, Place
from h2h.data import data_dir
from tests.checkout import BOOK
from tests.core.own import AMOUNTS, plain

SCHEMAS = SchemaBook([data_dir("xsd")])
FOLDERS = sorted(
    {Path(f.family.folder) for f in BOOK if f.family and (Path(f.family.folder) / "answers.toml").exists()}
)
GOLDENS = [g for folder in FOLDERS for g in goldens_of(folder)]
#: What decides which way the money goes: never to be missing, and never another, without a word.
DECISIVE = re.compile(r"amount|currency|creditor\.name|creditor_account|debtor_account")
#: What names a bank, or stands for a code of it, means something: only whole values are exchanged, here none.
_KEPT = re.compile(
    r"supplementary|member_id|agent|about|currency|creation_date_time|kind|town_name|local_instrument|page|payment_method"
)
_TEXT = "示例商贸有限公司货款（）ABCabc019-/."


@cache
def said(golden: Path) -> tuple[Format, Any, list[Finding]]:
    """(format, message, findings of schema and reader); ``Refused`` as the format says."""
    return read(golden.read_bytes())


def read(data: bytes) -> tuple[Format, Any, list[Finding]]:
    format_ = BOOK.identify(data)
    found = SCHEMAS.validate(format_.schema or "", format_.as_schema_sees_it(data), lines=False)
    got = format_.read(data)
    return format_, got.message, [*found, *got.findings]


def sound() -> Iterator[Path]:
    """Goldens of cards that write, with nothing wrong in them."""
    for golden in GOLDENS:
        try:
            format_, _, found = said(golden)
        except Refused:
            continue
        if format_.writes and not found:
            yield golden


SOUND = list(sound())
PAYMENTS = [g for g in SOUND if isinstance(said(g)[1], Initiation)]
SMALL = [g for g in GOLDENS if len(g.read_bytes()) < 12_000]


def ids(golden: Path) -> str:
    return f"{golden.parent.parent.name}-{golden.stem}"


# ---------------------------------------------------------------------------------------------------- both ways


def test_every_card_that_writes_has_a_sound_golden() -> None:
    writing = {f.id for f in BOOK if f.writes and f.family and Path(f.family.folder) in FOLDERS}
    assert {said(g)[0].id for g in SOUND} == writing


@pytest.mark.parametrize("golden", SOUND, ids=ids)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_is_written_is_valid_and_reads_back_as_what_was_meant(golden: Path, data: Any) -> None:
    format_, seed, _ = said(golden)
    message = data.draw(like(seed))
    if isinstance(message, Initiation) and format_.codec is not None and len(message.transactions) > 1:
        shared = message.transactions[0].instruction
        message.transactions = [replace(t, instruction=shared) for t in message.transactions]
    out = io.BytesIO()
    format_.write(message, out)
    again, back, found = read(out.getvalue())
    assert again.id == format_.id
    assert not refuses(found)
    assert plain(back) == plain(message)


@st.composite
def like(draw: st.DrawFn, seed: Any, path: str = "") -> Any:
    """A message of the same shape: each text, amount and day is another one that fits where the seed's did."""
    changes: dict[str, Any] = {}
    for f in fields(seed):
        value, where = getattr(seed, f.name), f"{path}.{f.name}".lstrip(".")
        if isinstance(value, Place) or f.name in ("instructions", "stated_transaction_count", "stated_control_sum"):
            continue
        if is_dataclass(value):
            changes[f.name] = draw(like(value, where))
        elif isinstance(value, list) and value:
            many = f.name == "transactions" and len(value) > 1
            count = draw(st.integers(1, 4)) if many else len(value)
            changes[f.name] = [draw(like(value[n % len(value)], where)) for n in range(count)]
        elif isinstance(value, tuple) and value:
            changes[f.name] = tuple(draw(leaf(v, where)) for v in value)
        else:
            changes[f.name] = draw(leaf(value, where))
    return replace(seed, **changes)


def leaf(value: Any, where: str) -> st.SearchStrategy[Any]:
    if not value or _KEPT.search(where) or isinstance(value, (datetime, int)):
        return st.just(value)
    if isinstance(value, Decimal):
        return AMOUNTS
    if isinstance(value, date):
        return st.integers(0, 300).map(lambda days: value + timedelta(days=days))
    if str(value).isascii() and re.fullmatch("[0-9A-Z]+", str(value)):
        return st.text("0123456789", min_size=len(value), max_size=len(value))
    room = max(1, len(str(value).encode("gbk")) // 2)
    return st.text(_TEXT, min_size=1, max_size=room)


# ---------------------------------------------------------------------------------------------------- damage


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All that a message says, by path; not where it stood."""
    if isinstance(value, Place):
        return
    if is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from leaves(getattr(value, f.name), f"{path}.{f.name}".lstrip("."))
    elif hasattr(value, "items"):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{number}]")
    elif value not in (None, ""):
        yield path, value


def changed(golden: Path, data: bytes) -> set[str] | None:
    """What the damaged document says otherwise; None if it is refused, or if anything is told of it."""
    _, before, told = said(golden)
    try:
        _, after, found = read(data)
    except Refused as refused:
        assert all(f.text and f.where for f in refused.findings)
        return None
    if refuses(found) or len(found) > len(told):
        return None
    if type(after) is not type(before):
        return {"the kind of the message"}
    one, other = dict(leaves(before)), dict(leaves(after))
    # The instructions of a message are those of its payments once more.
    otherwise = {p for p in {*one, *other} if one.get(p) != other.get(p) and not p.startswith("instructions[")}
    # A fact that followed from the value is seen beside it when it follows no longer (the payee's bank is ours).
    contradicted = {p for p in otherwise if ".supplementary." in p and p not in one}
    return otherwise - contradicted or contradicted


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SOUND), st.data())
def test_a_byte_that_changed_is_refused_or_told_or_changes_the_one_value_it_stands_in(golden: Path, data: Any) -> None:
    whole = golden.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    different = changed(golden, damaged)
    # What all payments share stands once in the file, and with each payment in the model.
    assert different is None or len({re.sub(r"\[\d+\]", "", path) for path in different}) <= 1, different


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(SMALL), st.data())
def test_a_document_cut_off_anywhere_is_never_read(golden: Path, data: Any) -> None:
    whole = golden.read_bytes().rstrip()
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Refused):
        read(whole[:length])


def elements(document: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(start, end, name, value) of the elements with a text and nothing else."""
    for found in re.finditer(rb"<([A-Za-z][\w.-]*)>([^<>]+)</\1>", document):
        yield found.start(), found.end(), found[1], found[2]


def mended(whole: bytes, damaged: bytes) -> bytes:
    """With the header's number of bytes corrected, where there is a header: the damage is within the document."""
    at = damaged.find(b"<")
    if whole.lstrip().startswith(b"<"):
        return damaged
    return damaged[:30] + b"%010d" % (len(damaged) - at) + damaged[40:]


@pytest.mark.parametrize("golden", PAYMENTS, ids=ids)
def test_an_element_that_is_missing_twice_or_called_otherwise_changes_no_payment_without_a_word(golden: Path) -> None:
    whole = golden.read_bytes()
    for start, end, name, value in elements(whole):
        before, element, after = whole[:start], whole[start:end], whole[end:]
        other = b"<%s>%s</%s>" % (name, value[:-1] + (b"8" if value[-1:] != b"8" else b"9"), name)
        for what, damaged in (
            ("missing", before + after),
            ("called otherwise", before + element.replace(name, name + b"X") + after),
            ("there twice", before + element + other + after),
            ("there twice, the other one first", before + other + element + after),
            ("empty", before + b"<%s></%s>" % (name, name) + after),
        ):
            different = changed(golden, mended(whole, damaged))
            lost = {path for path in different or () if DECISIVE.search(path)}
            assert not lost, f"{name.decode()} is {what}: {lost}"
            if what.startswith(("called", "there")):
                assert not different, f"{name.decode()} is {what}: {different}"


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([g for g in PAYMENTS if b"CDATA" in g.read_bytes()]), st.data())
def test_a_row_of_text_that_lost_or_got_a_separator_is_no_other_payment(golden: Path, data: Any) -> None:
    whole = golden.read_bytes()
    start, end = whole.index(b"CDATA["), whole.index(b"]]>")
    places = [m.start() for m in re.finditer(rb"\|", whole[start:end])]
    at = start + data.draw(st.sampled_from(places))
    for damaged in (whole[:at] + whole[at + 1 :], whole[:at] + b"|" + whole[at:]):
        assert not changed(golden, damaged), "only the one after the last column says nothing"
