"""What the masks hide, and what they leave for support to find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.masking import HIDDEN, Masker

IBANS = [
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "de89370400440532013000",
    "DE89-3704-0044-0532-0130-00",
    "GB29NWBK60161331926819",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
    "DE89370400440532013001",  # a wrong check digit makes it no less private
]
ACCOUNTS = ["6222021234567890123", "6222 0212 3456 7890 123", "123456789", "0532013000"]


@pytest.mark.parametrize("account", IBANS + ACCOUNTS)
@pytest.mark.parametrize("text", ["{}", "account {} is closed", "'{}'", "<IBAN>{}</IBAN>", "a={};", "({})."])
def test_account_numbers_in_text_keep_only_their_end(account: str, text: str) -> None:
    masked = Masker().text(text.format(account))
    assert HIDDEN in masked
    bare = "".join(c for c in account if c.isalnum())
    assert bare[4:-4].lower() not in "".join(c for c in masked if c.isalnum()).lower()
    for around in text.split("{}"):
        assert around in masked


@pytest.mark.parametrize(
    "key",
    ["creditor_name", "debtor_name", "name", "ultimate_debtor_name", "address", "remittance_information", "password",
     "passphrase", "key_passphrase", "secret", "api_token", "private_key", "creditor", "beneficiary", "email"],
)  # fmt: skip
def test_fields_of_people_and_secrets_are_hidden_whole(key: str) -> None:
    for value in ("Canary GmbH", ["Canary"], {"x": "Canary"}, b"Canary"):
        assert Masker().event({key: value}) == {key: HIDDEN}


@pytest.mark.parametrize("key", ["account", "creditor_account", "debtor_account", "iban", "accounts", "creditor_iban"])
def test_fields_of_accounts_keep_the_end_so_that_people_can_compare(key: str) -> None:
    assert Masker().event({key: "DE89370400440532013000"}) == {key: f"{HIDDEN}3000"}
    assert Masker().event({key: 370400440532013000}) == {key: f"{HIDDEN}3000"}
    assert Masker().event({key: "1234567"}) == {key: HIDDEN}
    assert Masker().event({key: ["DE89370400440532013000"]}) == {key: HIDDEN}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sid", "ab12cd34ef56ab78cd90ef12ab"),
        ("sid", "12345678901234567890123456"),
        ("problem", "submission ab12cd34ef56ab78cd90ef12ac waits"),
        ("message_id", "20261122000001"),
        ("end_to_end_id", "INV-2026-000012345"),
        ("remote_name", "MSG20261122_00000001.pain.001.001.09.xml.pgp"),
        ("source_name", "payments-2026-11-22.csv"),
        ("uetr", "eb6305c9-1f7f-49de-aed0-16487c27b42d"),
        ("sha256", "0" * 64),
        ("size", 1_234_567_890_123),
        ("until", "2026-11-22T20:14:00.123456+00:00"),
        ("problem", "cannot reach 192.168.100.200 port 22 within 20 s"),
        ("signed_by", "169799B631C5F0A63034C187AF72E93F1E4D73C5"),
        ("state", "SENT"),
        ("attempt", 3),
        ("again", True),
        ("bank", None),
    ],
)
def test_what_support_looks_for_stays(key: str, value: object) -> None:
    assert Masker().event({key: value}) == {key: value}


@pytest.mark.parametrize("secret", ["hunter2hunter2", "p@ss w/rd?", "Schlüssel 工", 'quo"te\\back', "tab\tin"])
@pytest.mark.parametrize(
    "form", ["{}", "login with {} failed", "postgresql://h2h:{}@db/h2h", "{!r}", "b'{}'", "prefix{}suffix"]
)
def test_a_registered_secret_appears_nowhere_in_no_spelling(secret: str, form: str) -> None:
    from urllib.parse import quote

    masker = Masker([secret])
    for value in (secret, quote(secret, safe="")):
        fields = {"problem": form.format(value), form.format(value): 1, "deep": [{"x": (form.format(value),)}]}
        text = str(masker.event(fields))
        assert secret not in text
        assert quote(secret, safe="") not in text


def test_secrets_as_bytes_short_secrets_and_keys_of_many_lines_are_hidden() -> None:
    masker = Masker([b"bytes-secret", "abc"])
    assert masker.event({"a": b"x bytes-secret y", "b": "abc", "c": "abcdef"}) == {
        "a": f"x {HIDDEN} y",
        "b": HIDDEN,
        "c": "abcdef",
    }
    key = "-----BEGIN KEY-----\n" + "\n".join(f"{n:02}canary{'x' * 60}" for n in range(10)) + "\n-----END KEY-----\n"
    masker.hide(key)
    assert "canary" not in str(masker.event({"problem": key.splitlines()[3], "whole": key}))


def test_no_value_can_make_a_second_line_or_paint_the_terminal() -> None:
    masked = Masker().event({"problem": "a\nb\r\x1b[31mred\x00\u202egpj\u2028x\udce9", "tab\nfield": "工资\u3000ok"})
    assert masked == {
        "problem": "a\\nb\\r\\x1b[31mred\\x00\\u202egpj\\u2028x\\udce9",
        "tab\\nfield": "工资 ok",
    }


def test_what_is_nested_too_deep_is_hidden_not_followed() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert HIDDEN in str(Masker().event({"x": loop}))


@given(st.text(max_size=300))
def test_any_text_is_masked_without_an_error_and_stays_one_line(text: str) -> None:
    masked = Masker(["canary-value"]).text(text)
    assert "\n" not in masked
    assert "canary-value" not in Masker(["canary-value"]).text(text + "canary-value" + text)


@given(st.integers(10**8, 10**33))
def test_any_long_number_in_text_is_masked(number: int) -> None:
    assert str(number) not in Masker().text(f"to account {number} today")
