"""Archives of a bank are unpacked within bounds, whatever they say of themselves."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h2h.core.errors import Refused
from h2h.core.packed import ENTRIES_MAX, unpack

MAX = 1_000_000


class Out(io.BytesIO):
    """Its bytes stay when it is closed."""

    def close(self) -> None:
        self.written = self.getvalue()
        super().close()


def unpacked(data: bytes, bytes_max: int = MAX) -> dict[str, bytes]:
    outs: list[Out] = []

    def into(number: int) -> BinaryIO:
        assert number == len(outs)
        outs.append(Out())
        return outs[-1]

    names = unpack(io.BytesIO(data), into, bytes_max)
    return {name: out.written for name, out in zip(names, outs, strict=True)}


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def refused(data: bytes, bytes_max: int = MAX) -> str:
    with pytest.raises(Refused) as caught:
        unpacked(data, bytes_max)
    (finding,) = caught.value.findings
    assert finding.code == "H2H-PACKED"
    return finding.text


def test_files_come_in_their_order_without_the_folders() -> None:
    files = [("b/2.xml", b"two"), ("b/", b""), ("1.xml", b"one"), ("银行.xml", "中".encode())]
    assert list(unpacked(zipped(*files)).items()) == [files[0], files[2], files[3]]
    assert unpacked(zipped(("a", b"kept as it is"), method=zipfile.ZIP_STORED)) == {"a": b"kept as it is"}


def test_gzip_is_read_to_the_end_of_its_last_member() -> None:
    long = bytes(range(256)) * 3000
    assert unpacked(gzip.compress(long)) == {"": long}
    assert unpacked(gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(b"two")) == {"": b"onetwo"}


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a", data))])
def test_what_comes_out_is_counted_to_the_byte(pack: Callable[[bytes], bytes]) -> None:
    assert sum(map(len, unpacked(pack(bytes(MAX))).values())) == MAX
    assert "longer than a file may be" in refused(pack(bytes(MAX + 1)))


def test_many_files_have_one_bound_together() -> None:
    half = bytes(MAX // 2)
    assert "longer than a file may be" in refused(zipped(("a", half), ("b", half), ("c", b"1")))


def test_a_size_that_the_archive_states_is_not_believed() -> None:
    data = zipped(("a", bytes(MAX + 1)))
    lied = data.replace(struct.pack("<I", MAX + 1), struct.pack("<I", 10))
    assert lied != data
    assert refused(lied)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped(), "holds no file"),
        (zipped(("only/", b"")), "holds no file"),
        (zipped(*((f"{n}", b"") for n in range(ENTRIES_MAX + 1))), "at most 1,000"),
        (zipped(("a", zipped(("b", b"1")))), "only one layer"),
        (gzip.compress(gzip.compress(b"1")), "only one layer"),
        (zipped(("a", b"1" * 500))[:-30], "damaged or cut off"),
        (gzip.compress(b"1" * 500)[:-3], "cut off"),
        (gzip.compress(b"1" * 500) + b"more", "damaged"),
        (zipped(("a", b"1"), method=zipfile.ZIP_STORED).replace(b"a1PK", b"a2PK"), "damaged"),
        (zipped(("a", b"1")).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"), "password"),
    ],
    ids=[
        "empty",
        "a folder only",
        "too many files",
        "a zip in a zip",
        "a gzip in a gzip",
        "a zip that ends early",
        "a gzip that ends early",
        "words behind a gzip",
        "another content than its sum",
        "locked",
    ],  # no bytes: they hold the time
)
def test_what_cannot_be_trusted_is_refused_in_words(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_two_files_of_one_name_are_refused() -> None:
    data = zipped(("a", b"1"), ("b", b"2")).replace(b"b", b"a")
    assert "same name" in refused(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255), st.booleans())
def test_a_damaged_archive_is_refused_or_gives_what_was_packed(content: bytes, at: int, byte: int, gz: bool) -> None:
    packed = gzip.compress(content) if gz else zipped(("a", content))
    at %= len(packed)
    damaged = packed[:at] + bytes([byte]) + packed[at + 1 :]
    try:
        after = list(unpacked(damaged).values())
    except Refused as refusal:
        assert refusal.findings[0].text
    else:
        assert after == [content], "the check sum of the archive holds what is in it"
