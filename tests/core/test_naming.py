"""Names and ids are pure functions: same input, same name, safe for every bank, never cut."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core import naming
from h2h.core.errors import Misconfigured

SID = "65baba5ec51b5d01d0dfaabbcc"
SAFE_ID = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")

instances = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", fullmatch=True)
sids = st.from_regex(r"[0-9a-f]{20,26}(-[2-9][0-9]{0,4})?", fullmatch=True)


@given(instances, sids, st.integers(1, 10_000_000))
def test_every_id_is_safe_and_at_most_35_characters_long(instance: str, sid: str, ordinal: int) -> None:
    message = naming.message_id(instance, sid)
    for made in (message, naming.payment_information_id(message, ordinal), naming.instruction_id(message, ordinal)):
        assert 1 <= len(made) <= 35
        assert set(made) <= SAFE_ID


def test_the_message_id_shows_the_installation_and_the_start_of_the_submission() -> None:
    assert naming.message_id("treasury-eu", SID) == "TREA-65BABA5EC51B5D01D0DF"


def test_the_same_submission_has_the_same_message_id_and_a_second_one_of_the_same_bytes_another() -> None:
    assert naming.message_id("acme", SID) == naming.message_id("acme", SID)
    assert naming.message_id("acme", f"{SID}-2") != naming.message_id("acme", SID)


def test_an_installation_whose_name_has_no_letters_still_gets_an_id() -> None:
    assert naming.message_id("___", SID).startswith("H2H-")


def test_a_submission_id_of_another_shape_is_hashed_not_cut() -> None:
    one, other = naming.message_id("acme", "x" * 50), naming.message_id("acme", "x" * 51)
    assert one != other
    assert len(one) <= 35


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_different_ordinals_give_different_ids(one: int, other: int) -> None:
    long = "M" * 35
    assert (naming.payment_information_id(long, one) == naming.payment_information_id(long, other)) is (one == other)


def test_an_instruction_id_never_equals_a_payment_information_id() -> None:
    assert naming.instruction_id("M", 1) != naming.payment_information_id("M", 1)


# ------------------------------------------------------------------------------------------------ remote names


def test_a_remote_name_is_filled_from_the_template() -> None:
    name = naming.remote_name(
        "{message_id}_{sequence:08d}.{format}.xml{suffix}",
        message_id="ACME-1",
        sequence=17,
        format="pain.001.001.09",
        suffix=".pgp",
    )
    assert name == "ACME-1_00000017.pain.001.001.09.xml.pgp"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{clock}_{sequence}.xml", "asks for 'clock'"),
        ("{message_id.__class__}", "asks for 'message_id.__class__'"),
        ("{message_id!r}", "conversion"),
        ("{sequence:{bank}}", "nested"),
        ("{message_id", "not a template"),
        ("payments.xml", "same for every file"),
        ("{bank}.xml", "same for every file"),
    ],
)
def test_a_template_that_is_not_safe_is_refused_with_its_reason(template: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        naming.remote_name(template, message_id="M", sequence=1, format="f", bank="b")
    assert naming.check_template(template)


@pytest.mark.parametrize(
    "template", ["../{message_id}", "{message_id} x", ".{message_id}", "{message_id}/x", "{message_id}.", "-{sequence}"]
)
def test_a_name_that_could_leave_the_folder_or_hide_is_refused(template: str) -> None:
    with pytest.raises(Misconfigured, match="not a safe file name"):
        naming.remote_name(template, message_id="M", sequence=1, format="f")


def test_a_name_that_is_too_long_is_refused_not_cut() -> None:
    with pytest.raises(Misconfigured, match="too long"):
        naming.remote_name("{message_id}" + "x" * 240, message_id="M", sequence=1, format="f")


def test_a_template_with_sequence_needs_an_allocated_sequence() -> None:
    with pytest.raises(Misconfigured, match="none was allocated"):
        naming.remote_name("{sequence:08d}", message_id="M", sequence=None, format="f")


def test_a_template_without_sequence_needs_none() -> None:
    assert naming.remote_name("{message_id}.xml", message_id="M-1", sequence=None, format="f") == "M-1.xml"


def test_a_sound_template_has_no_faults() -> None:
    assert naming.check_template("{bank}-{sequence:06d}{suffix}") == []


def test_each_attempt_and_generation_has_its_own_hidden_temporary_name() -> None:
    assert naming.temporary_name("a.xml", 0, 1) == ".a.xml.0.1.part"
    names = {naming.temporary_name("a.xml", g, n) for g in range(3) for n in range(3)}
    assert len(names) == 9


# ------------------------------------------------------------------------------------------------ fingerprints

PAYMENT = {
    "debtor_account": "DE89370400440532013000",
    "creditor_account": "AT611904300234573201",
    "amount": Decimal("10.50"),
    "currency": "EUR",
    "reference": "INV 17",
    "requested_execution_date": date(2026, 11, 24),
}


def fingerprint(**changes: object) -> str:
    return naming.payment_fingerprint(**{**PAYMENT, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("10.5")},
        {"amount": Decimal("1.050E+1")},
        {"creditor_account": "AT61 1904 3002 3457 3201"},
        {"reference": " INV   17 "},
    ],
)
def test_the_same_payment_written_otherwise_has_the_same_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint(**changes) == fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("10.51")},
        {"amount": Decimal("105.0")},
        {"currency": "USD"},
        {"creditor_account": None},
        {"debtor_account": None},
        {"reference": "INV 18"},
        {"requested_execution_date": None},
    ],
)
def test_another_payment_has_another_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint(**changes) != fingerprint()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=0, max_value=10**12))
def test_a_plain_amount_says_the_same_number_without_exponent_or_trailing_zeros(amount: Decimal) -> None:
    text = naming.plain_amount(amount)
    assert Decimal(text) == amount
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))


# ------------------------------------------------------------------------------------------------ hostile names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("pay.csv", "pay.csv"),
        ("Gehälter März.csv", "Gehälter März.csv"),
        ("工资.xml", "工资.xml"),
        ("a\nb", "a%0Ab"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        (".hidden", "%2Ehidden"),
        ("-rf", "%2Drf"),
        ("a%2Fb", "a%252Fb"),
        (b"\xff\xfe.xml", "%FF%FE.xml"),
        ("a\x1b[31mb", "a%1B[31mb"),
        ("", "%"),
    ],
)
def test_a_hostile_name_is_escaped(name: bytes | str, safe: str) -> None:
    assert naming.safe_name(name) == safe


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_two_names_stay_two_names(one: bytes, other: bytes) -> None:
    assert (naming.safe_name(one) == naming.safe_name(other)) is (one == other)


@given(st.binary(max_size=400))
def test_an_escaped_name_can_be_a_file_name(name: bytes) -> None:
    safe = naming.safe_name(name)
    assert 0 < len(safe.encode()) <= 200
    assert not set(safe) & set("/\\\0\n\r\x1b")
    assert not safe.startswith((".", "-"))


def test_a_name_is_shortened_only_when_it_must_be_and_keeps_its_start() -> None:
    assert naming.safe_name("x" * 200) == "x" * 200
    assert naming.safe_name("x" * 201).startswith("x" * 100)
    # No escape is left half.
    assert "%" not in naming.safe_name("a" * 158 + "\n" * 30).partition("~")[0]


def test_long_names_that_differ_only_at_the_end_stay_different() -> None:
    assert naming.safe_name("x" * 300 + "1") != naming.safe_name("x" * 300 + "2")
