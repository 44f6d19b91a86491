"""A directory of banks: numbers, days, schemes and names; read from a file that is checked row by row."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h2h.core.declared import Rules
from h2h.core.directory import BankDirectory, Entry, kind_of
from h2h.core.errors import Misconfigured
from h2h.core.findings import Severity
from h2h.core.rules.initiation import check_initiation
from h2h.core.rules.table import RULES
from h2h.settings.directory import TOLD_MAX, read_directory
from tests.core.erp_files import COLUMNS, TODAY, Bank, convert, converted, delimited, file_of, format_of, row
from tests.core.test_collections import SOUND, declared

SEPA_BANKS = [
    Entry("EXAAATWWXXX", "Example Bank AG", schemes=("SCT", "INST", "SDD")),
    Entry("EXABATWW", "Example Savings Bank", schemes=("SCT",)),
    Entry("EXACATWWXXX", "Bank that Closes", valid_until=date(2026, 11, 23), schemes=("SCT", "INST")),
    Entry("EXADATWWXXX", "Bank that Opens", valid_from=date(2026, 12, 1)),
    Entry("EXAFATWWXXX", valid_until=date(2026, 11, 22)),
    Entry("EXAEATWWXXX", "Old name", valid_until=date(2026, 11, 24)),
    Entry("EXAEATWWXXX", "New name", valid_from=date(2026, 11, 25)),
]
CHINESE_BANKS = [
    Entry("102100099996", "中国工商银行股份有限公司北京市分行营业部", schemes=("HVPS", "BEPS", "IBPS")),
    Entry("999584000013", "示例银行股份有限公司", schemes=("HVPS", "BEPS")),
]


def told(banks: list[Entry], fields: dict[str, str], rules: dict[str, Any] | None = None, **changes: str) -> list[str]:
    """Code and reason of what is found of the bank in one row, by CSV and by the document made of it."""
    bank = Bank(rules=Rules.model_validate(rules or {}), banks=BankDirectory(banks))
    done = converted(row(**changes), bank=bank, declared=delimited({n: {"constant": v} for n, v in fields.items()}))
    found = [f"{f.code} {f.reason}" for f in done.findings if f.code.startswith("H2H-BANK-")]
    if done.xml:
        again = check_initiation(format_of().read(done.xml), bank, TODAY)
        assert [f"{f.code} {f.reason}" for f in again if f.code.startswith("H2H-BANK-")] == found
    return found


@pytest.mark.parametrize(
    ("bic", "day", "found"),
    [
        ("EXAAATWW", "2026-11-24", []),
        ("EXAAATWWXXX", "2026-11-24", []),
        ("EXAAATWW123", "2026-11-24", []),  # a branch of it
        ("EXABATWWXXX", "2026-11-24", []),
        ("EXAZATWW", "2026-11-24", ["H2H-BANK-UNKNOWN RC07"]),
        ("EXACATWW", "2026-11-23", []),
        ("EXACATWW", "2026-11-24", ["H2H-BANK-UNKNOWN RC07"]),  # no longer
        ("EXADATWW", "2026-11-30", ["H2H-BANK-UNKNOWN RC07"]),  # not yet
        ("EXADATWW", "2026-12-01", []),
        ("EXAFATWW", "2026-11-20", ["H2H-BANK-UNKNOWN RC07"]),  # past, so it is paid today
    ],
)
def test_the_payees_bank_is_looked_up_on_the_day_of_execution(bic: str, day: str, found: list[str]) -> None:
    assert told(SEPA_BANKS, {"creditor_bic": bic}, date=day) == found


def test_what_ended_or_has_not_begun_is_said_with_its_day() -> None:
    bank = Bank(banks=BankDirectory(SEPA_BANKS))
    for bic, said in (
        ("EXACATWW", "only until 2026-11-23; it is paid on 2026-11-24"),
        ("EXADATWW", "only from 2026-12-01 on"),
    ):
        done = converted(row(), bank=bank, declared=delimited({"creditor_bic": {"constant": bic}}))
        finding = done.only("H2H-BANK-UNKNOWN")
        assert said in finding.text
        assert finding.severity is Severity.WARNING


def test_the_name_is_the_one_of_the_day_of_execution() -> None:
    fields = {"creditor_bic": "EXAEATWW", "creditor_agent_name": "Old name"}
    assert told(SEPA_BANKS, fields, date="2026-11-24") == []
    assert told(SEPA_BANKS, fields, date="2026-11-25") == ["H2H-BANK-NAME AC08"]


@pytest.mark.parametrize(
    ("bic", "instrument", "rules", "found"),
    [
        ("EXAAATWW", "INST", {}, []),
        ("EXABATWW", "INST", {}, ["H2H-BANK-SCHEME FF05"]),
        ("EXABATWW", None, {"scheme": "sepa"}, []),
        ("EXADATWW", "INST", {}, []),  # nothing is said of its schemes
        ("EXABATWW", "IBPS", {}, []),  # no scheme of this directory
    ],
)
def test_the_scheme_that_is_asked_for_reaches_the_bank(
    bic: str, instrument: str | None, rules: dict[str, Any], found: list[str]
) -> None:
    fields = {"creditor_bic": bic} | ({"local_instrument": instrument} if instrument else {})
    assert told(SEPA_BANKS, fields, rules, date="2026-12-01") == found


def test_a_sepa_payment_without_local_instrument_asks_for_credit_transfers() -> None:
    banks = [Entry("EXAAATWW", schemes=("SDD",)), Entry("EXABATWW", schemes=("SCT",))]
    assert told(banks, {"creditor_bic": "EXAAATWW"}, {"scheme": "sepa"}) == ["H2H-BANK-SCHEME CNOR"]
    assert told(banks, {"creditor_bic": "EXAAATWW"}) == []


def cnaps(number: str, name: str | None = None, **more: str) -> dict[str, str]:
    named = {"creditor_agent_name": name} if name else {}
    return {"creditor_agent_member_id": number, "creditor_agent_clearing_system": "CNAPS", **named, **more}


CHINA: dict[str, Any] = {"charset": "gb18030"}


@pytest.mark.parametrize(
    ("number", "name", "found"),
    [
        ("102100099996", None, []),
        ("102100099996", "中国工商银行股份有限公司北京市分行营业部", []),
        ("102100099996", "中国工商银行", []),  # the branch's name holds it
        ("102100099996", "中国工商银行 北京市分行", []),  # blanks and the company's form are no difference
        ("102100099996", "中国银行", ["H2H-BANK-NAME AC08"]),
        ("102100099996", "招商银行", ["H2H-BANK-NAME AC08"]),
        ("999584000013", "示例银行深圳分行", []),
        ("999999999999", "中国工商银行", ["H2H-BANK-UNKNOWN AC08"]),
    ],
)
def test_a_chinese_bank_is_known_by_number_and_by_the_branchs_name(
    number: str, name: str | None, found: list[str]
) -> None:
    fields = cnaps(number, name)
    assert told(CHINESE_BANKS, fields, CHINA, account="6222020200012345", currency="CNY") == found


def test_a_chinese_bank_that_super_online_banking_does_not_reach_is_told() -> None:
    for number, found in (("102100099996", []), ("999584000013", ["H2H-BANK-SCHEME FF05"])):
        fields = cnaps(number, local_instrument="IBPS")
        assert told(CHINESE_BANKS, fields, CHINA, account="6222020200012345", currency="CNY") == found


def test_brackets_and_digits_of_full_width_are_no_difference() -> None:
    banks = [Entry("102100099996", "示例银行(中国)有限公司2部")]
    assert told(banks, cnaps("102100099996", "示例银行（中国）有限公司２部"), CHINA, account="622202020001") == []


def test_nothing_is_said_without_a_directory_or_of_numbers_that_it_does_not_have() -> None:
    assert told(CHINESE_BANKS, {"creditor_bic": "EXAZATWW"}) == []
    assert told(SEPA_BANKS, cnaps("999999999999"), account="622202020001") == []
    assert converted(row(), declared=delimited({"creditor_bic": {"constant": "EXAZATWW"}})).codes == []


def test_an_ill_formed_bic_is_another_rules() -> None:
    assert told(SEPA_BANKS, {"creditor_bic": "EXAA"}) == []


def test_of_direct_debits_the_payers_bank_is_looked_up_and_the_reason_names_the_other_side() -> None:
    banks = BankDirectory([Entry("EXABATWW", schemes=("SCT",)), Entry("EXAAATWW", schemes=("SCT", "SDD"))])
    bank = Bank(rules=Rules(scheme="sepa"), banks=banks)
    data = "\n".join([",".join(SOUND), ",".join(SOUND.values()), ""]).encode()
    found = {}
    for bic in ("EXAAATWW", "EXABATWW", "EXAZATWW"):
        done = convert(data, declared(debtor_bic={"constant": bic}), bank, format="pain.008.001.08")
        found[bic] = [f"{f.code} {f.reason}" for f in done.findings]
    assert found == {
        "EXAAATWW": [],
        "EXABATWW": ["H2H-BANK-SCHEME FF05"],
        "EXAZATWW": ["H2H-BANK-UNKNOWN RC06"],
    }


def test_a_profile_weighs_these_rules_like_any_other() -> None:
    assert all(RULES[code].severity is Severity.WARNING for code in RULES if code.startswith("H2H-BANK-"))
    rules = Rules.model_validate({"severities": {"H2H-BANK-UNKNOWN": "error"}})
    bank = Bank(rules=rules, banks=BankDirectory(SEPA_BANKS))
    done = converted(row(), bank=bank, declared=delimited({"creditor_bic": {"constant": "EXAZATWW"}}))
    assert done.conversion.refused


def test_among_payments_that_are_alike_each_bank_is_looked_up() -> None:
    rows = [row(ref=f"INV-{n}") + (",EXAZATWW" if n == 70 else ",EXAAATWW") for n in range(100)]
    data = file_of(*rows, columns=(*COLUMNS, "bic"))
    done = convert(data, delimited({"creditor_bic": "bic"}), Bank(banks=BankDirectory(SEPA_BANKS)))
    assert [(f.code, f.line) for f in done.findings] == [("H2H-BANK-UNKNOWN", 72)]


# ------------------------------------------------------------------------------------------------ kept and read


NUMBERS = st.sampled_from(["EXAAATWW", "EXAAATWW001", "EXAAATWWXXX", "EXABATWW", "102100099996", "102100099997"])
ENTRIES = st.builds(
    Entry,
    NUMBERS,
    st.text("aé银", max_size=3),
    st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from([(), ("SCT",), ("SCT", "INST")]),
)


@given(st.lists(ENTRIES, max_size=12), NUMBERS)
def test_what_is_kept_is_what_was_given(entries: list[Entry], number: str) -> None:
    directory = BankDirectory(entries)

    def full(text: str) -> str:
        return text + "XXX" if len(text) == 8 else text

    expected = [e for e in entries if full(e.number) == full(number)]
    if not expected and kind_of(number) == "BIC":
        expected = [e for e in entries if full(e.number) == number[:8] + "XXX"]
    key = str
    found = directory.entries(number)
    assert sorted(found, key=key) == sorted((e._replace(number=full(e.number)) for e in expected), key=key)
    assert directory.count == len(entries)


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "banks.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_a_file_is_read_with_the_columns_that_it_has(tmp_path: Path) -> None:
    text = '\ufeffname,number,schemes\r\n"Bank, A",EXAAATWW,SCT  INST\r\n\r\n工行,102100099996,\r\n'
    directory = read_directory(written(tmp_path, text))
    assert directory.entries("EXAAATWW") == [Entry("EXAAATWWXXX", "Bank, A", schemes=("SCT", "INST"))]
    assert directory.entries("102100099996") == [Entry("102100099996", "工行")]
    assert sorted(directory.kinds) == ["BIC", "CNAPS"]
    assert sorted(directory.schemes) == ["INST", "SCT"]


HEADER = "number,name,valid_from,valid_until,schemes\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "EXAAATWW,,,,\nEXAA,,,,\n", "line 3: 'EXAA' is neither a BIC nor a number of 12 digits"),
        (HEADER + "10210009999,,,,\n", "line 2: '10210009999' is neither"),
        (HEADER + "exaaatww,,,,\n", "line 2: 'exaaatww' is neither"),
        (HEADER + "EXAAATWW,,30.11.2026,,\n", "line 2: '30.11.2026' is no day; write 2026-11-30"),
        (HEADER + "EXAAATWW,,2026-11-30,2026-11-29,\n", "line 2: it ends on 2026-11-29, before it begins"),
        (HEADER + "EXAAATWW,,,,sct\n", "line 2: 'sct' is no scheme"),
        (HEADER + "EXAAATWW,,,\n", "line 2: it has 4 values, the header 5"),
        (HEADER + 'EXAAATWW,"a\nb",,,\n', "line 3: the name holds a control character"),
        (HEADER + 'EXAAATWW,"a"b,,,\n', "line 2: "),
        (HEADER, "there is no bank in it"),
        ("", "line 1: the header holds number"),
        ("number;name\n", "line 1: the header holds number"),
        ("number,branch\n", "line 1: the header holds number"),
        ("number,number\n", "line 1: the header holds number"),
        ((HEADER + "EXAAATWW,中国,,,\n").encode("gb18030"), "line 2: this is not UTF-8"),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(Misconfigured) as told_:
        read_directory(file)
    assert said in told_.value.message
    assert str(file) in told_.value.message


def test_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as told_:
        read_directory(written(tmp_path, HEADER + "x,,,,\n" * 100))
    assert len(told_.value.message.splitlines()) == TOLD_MAX + 1
    assert "95 more lines are wrong" in told_.value.message


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.csv", "cannot be read"), (tmp_path, "is no regular file")):
        with pytest.raises(Misconfigured, match=said):
            read_directory(path)


def test_as_many_numbers_as_cnaps_has_take_little_more_than_their_text(tmp_path: Path) -> None:
    lines = [f"{100000000000 + 7 * n},中国工商银行股份有限公司某市支行{n},,,HVPS BEPS IBPS\n" for n in range(20_000)]
    file = written(tmp_path, HEADER + "".join(lines))
    tracemalloc.start()
    try:
        directory = read_directory(file)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1.5 * file.stat().st_size
    assert directory.entries(str(100000000000 + 7 * 19_999))[0].name.endswith("支行19999")
    assert directory.entries("100000000001") == []
