"""The letters of an MT940 or MT942: the bytes tell the code page, or the country of the account does."""

from __future__ import annotations

import pytest

from h2h.core.model.statement import StatementMessage
from tests.core.mt94x_files import HEAD, TAIL, read, statements


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("Müller".encode(), "Müller"),
        ("Müller".encode("cp1252"), "Müller"),
        (b"\xef\xbb\xbf:20:", ""),
        (b"M\x81", "Mü"),
        (b"M\x81\xb0", "M\x81\xb0"),
    ],
)
def test_the_encoding_is_utf_8_where_the_bytes_are_and_else_said(data: bytes, name: str) -> None:
    whole = data + HEAD[4:].encode() + TAIL.encode() if data.endswith(b":20:") else None
    whole = whole or HEAD.encode() + b":61:2611191119C1,NTRFA\n:86:" + data + b"\n" + TAIL.encode()
    got = read(whole)
    assert [e.additional_information for s in got.message.statements for e in s.entries] in ([name], [])  # type: ignore[union-attr]
    utf_8 = data.decode("utf-8", "replace") == data.decode("utf-8", "ignore")
    assert [f.code for f in got.findings] == ([] if utf_8 else ["H2H-ENCODING"])


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("ОПЛАТА ПО СЧЕТУ № 5 «Ромашка»", "cp1251", "windows-1251"),
        ("Оплата по счету", "cp866", "code page 866"),
        ("货款 2026年1月（有限公司）", "gb18030", "GB 18030"),
        ("Müller-Straße, 5 € – l’été „Zitat“ §5", "cp1252", "windows-1252"),
        ("ÜBERWEISUNG Müller für Zubehör", "cp850", "code page 850"),
        ("PRZELEW ŻÓŁTY ĄĘŚ gęślą", "cp1250", "windows-1250"),
        ("PRZELEW ŻÓŁTY ĄĘŚ gęślą", "iso8859-2", "ISO 8859-2"),
        ("PRZELEW ŻÓŁTY DŁUGA", "cp852", "code page 852"),
    ],
)
def test_letters_tell_the_encoding_and_it_is_said(text: str, codec: str, name: str) -> None:
    got = read(f"{HEAD}:61:2611191119C1,NTRFA\n:86:{text}\n{TAIL}".encode(codec))
    assert isinstance(got.message, StatementMessage)
    assert got.message.statements[0].entries[0].additional_information == text
    assert [f.text.rpartition("read as ")[2] for f in got.findings] == [name]


@pytest.mark.parametrize(
    ("account_", "currency", "name", "page"),
    [
        ("PL61109010140000071219812874", "PLN", "Świętosława Żółć", "cp1250"),
        ("PL61109010140000071219812874", "PLN", "Świętosława Żółć", "iso8859-2"),
        ("PL61109010140000071219812874", "PLN", "Świętosława Żółć", "cp852"),
        ("61109010140000071219812874", "PLN", "Świętosława Żółć", "cp1250"),  # the balance alone names the country
        ("HU42117730161111101800000000", "HUF", "Győri Műszer", "cp1250"),
        ("CZ6508000000192000145399", "CZK", "Dvořáček Říčany", "cp852"),
        ("TR330006100519786457841326", "TRY", "Işık Şeker İnşaat", "cp1254"),
        ("TR330006100519786457841326", "TRY", "Işık Şeker İnşaat", "cp857"),
        ("LT121000011101001000", "EUR", "Žaliūkės Įmonė", "cp1257"),
        ("GR1601101250000000012300695", "EUR", "Παπαδόπουλος ΑΕ", "cp1253"),
        ("IL620108000000099999999", "ILS", "חברה לדוגמה", "cp1255"),
        ("SA0380000000608010167519", "SAR", "تحصيل مستحقات", "cp1256"),
        ("RU0304452522540817810538091310419", "RUB", "Ромашка", "cp1251"),
        ("DE89370400440532013000", "EUR", "Müller & Söhne", "cp1252"),
        ("PL61109010140000071219812874", "EUR", "Müller & Söhne", "cp1252"),  # not Polish letters: as before
    ],
)
def test_letters_are_read_in_the_page_of_the_accounts_country(
    account_: str, currency: str, name: str, page: str
) -> None:
    text = f":20:REF\n:25:{account_}\n:28C:1\n:60F:C261118{currency}0,00\n:61:2611191119C1,00NTRFNONREF\n"
    text += f":86:/NAME/{name}/REMI/x\n:62F:C261119{currency}1,00\n-\n"
    (only,) = statements(text.encode(page))[0].entries
    assert only.details[0].debtor_name == name
