"""A byte of a statement that is changed, lost or added never changes an amount in silence where the format can tell.

An MT940 can by its balances, an MT942 by its sums, a BAI2 file by its trailers and balances. Every byte of a sound file
is tried: nothing may crash, and an amount that is another one now comes with a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from h2h.core.codecs.bai2 import Bai2
from h2h.core.codecs.cfonb120 import Cfonb120
from h2h.core.codecs.mt94x import Mt94x
from h2h.core.codecs.multicash import MultiCash
from h2h.core.errors import Refused
from h2h.core.findings import Finding
from h2h.core.format import Card, Codec
from h2h.core.model.statement import StatementMessage
from h2h.core.rules.statement_rules import check_message

MT940 = b"""{1:F01BANKDEFFAXXX0000000000}{2:I940CUSTDEFFXXXXN}{4:
:20:REF1
:25:DE89370400440532013000
:28C:12/1
:60F:C261118EUR1000,00
:61:2611191119C250,75NTRFINV-77//BANK1
:86:166?00CREDIT?20EREF+E2E-1?21SVWZ+INVOICE 77?32PAYER LTD
:61:261119D1050,NMSCNONREF
supplementary 12,50
:86:rent
:61:2611191119RC0,5NTRFREF3//BANK3
:62F:C261119EUR200,25
-}
"""
MT942 = b"""{1:F01BANKDEFFAXXX0000000000}{2:I942CUSTDEFFXXXXN}{4:
:20:REF1
:25:DE89370400440532013000
:28C:12/1
:34F:EUR0,
:13D:2611191530+0100
:61:2611191119C250,75NTRFINV-77//BANK1
:86:166?00CREDIT?20EREF+E2E-1
:61:261119D1050,NMSCNONREF
:90D:1EUR1050,
:90C:1EUR250,75
-}
"""
BAI2 = b"""01,BANK,CUST,261119,0800,1,80,,2/
02,CUST,BANK,1,261118,2359,USD,2/
03,00123,USD,010,500000,,,015,545000,,/
88,100,75000,2,,400,30000,1,0/
16,165,50000,V,261119,,BANK1,E2E-1,PAYER LTD/
16,301,25000,S,10000,10000,5000,BANK2,,TEXT, AND
88,MORE OF IT/
16,475,30000,0,BANK3,CHECK 7/
49,1255000,7/
98,1255000,1,9/
99,1255000,1,11/
"""
AUSZUG = b"37040044;0532013000;0042;19.11.26;EUR;100.00;12.50;30.05;117.55;Example GmbH;;;;;;;;2\n"
MULTICASH = AUSZUG + b"".join(
    b"37040044;0532013000;0042;19.11.26;0931;;;;020;;%s;;;19.11.26;;;NOTE%s;;PAYEE;;;DE02100100100006820101;;\n"
    % (amount, b";" * 12)
    for amount in (b"-12.50", b"30.05")
)
CFONB = b"".join(
    b"%s30004    01234EUR2 00010123456  191126".ljust(90) % code + amount.rjust(14, b"0") + b" " * 16 + b"\n"
    for code, amount in ((b"01", b"1000{"), (b"04", b"125}"), (b"04", b"300E"), (b"07", b"1175E"))
)
FILES: dict[str, tuple[Codec, bytes]] = {
    "mt940": (Mt94x(Card("mt940", None, None)), MT940),
    "mt942": (Mt94x(Card("mt942", None, None)), MT942),
    "multicash": (MultiCash(Card("multicash-auszug", None, None)), MULTICASH),
    "cfonb120": (Cfonb120(Card("cfonb120", None, None)), CFONB),
    "bai2": (Bai2(Card("bai2", None, None)), BAI2),
}
OTHERS = b"019,.-+' /:\nACDNRSFX?\xfc\x00"


def figures(codec: Codec, data: bytes) -> tuple[Counter[str], list[Finding]]:
    """What moves money in the file, however often, and all findings. Every text is taken apart on the way.

    A BAI2 file says in one place alone what its currency is, and what a balance is: there, only the entries' amounts
    can be compared.
    """
    try:
        read = codec.read(data)
    except Refused as refused:
        return Counter(), refused.findings
    assert isinstance(read.message, StatementMessage)
    found: Counter[str] = Counter()
    once = isinstance(codec, Bai2)
    for statement in read.message.statements:
        for entry in statement.entries:
            currency = "" if once else entry.currency
            found[f"{entry.amount.normalize()} {currency} {entry.credit_debit}"] += 1
            assert entry.additional_information is not None
            assert entry.details is not None
        for balance in () if once else statement.balances:
            found[f"{balance.type} {balance.amount.normalize()} {balance.currency} {balance.credit_debit}"] += 1
    return found, [*read.findings, *check_message(read.message)]


def damaged(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file with one byte changed, lost or added, and what was done."""
    for at in range(len(data)):
        yield f"without byte {at} {data[at : at + 1]!r}", data[:at] + data[at + 1 :]
        for other in OTHERS:
            yield f"byte {at} {data[at : at + 1]!r} → {bytes((other,))!r}", data[:at] + bytes((other,)) + data[at + 1 :]
            yield f"{bytes((other,))!r} before byte {at}", data[:at] + bytes((other,)) + data[at:]


@pytest.mark.parametrize("name", FILES)
def test_a_sound_file_has_no_finding(name: str) -> None:
    codec, data = FILES[name]
    known, findings = figures(codec, data)
    assert known
    assert findings == []


@pytest.mark.parametrize("name", FILES)
def test_no_single_byte_changes_an_amount_in_silence(name: str) -> None:
    codec, data = FILES[name]
    known, _ = figures(codec, data)
    silent = []
    for what, bytes_ in damaged(data):
        found, findings = figures(codec, bytes_)
        if found != known and not findings:
            silent.append((what, found - known, known - found))
    assert silent == []


@given(some.sampled_from(sorted(FILES)), some.lists(some.tuples(some.integers(0, 2_000), some.binary(max_size=6))))
def test_no_damage_at_several_places_crashes_a_reader(name: str, places: list[tuple[int, bytes]]) -> None:
    codec, data = FILES[name]
    for at, other in places:
        at %= len(data) + 1
        data = data[:at] + other + data[at + len(other) :]
    found, findings = figures(codec, data)
    assert found or findings
