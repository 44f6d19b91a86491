"""Usage rules as data: what a scheme demands is found with its clause, on the days on which it is demanded."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from h2h.core.declared import Rules, Usage, Waiver
from h2h.core.errors import Misconfigured
from h2h.core.rules.initiation import check_initiation
from h2h.core.rules.judge import check_rules
from h2h.core.rules.usage import UsageChecks, known_fields
from h2h.data import data_dir
from h2h.settings.scheme import scheme_profile, scheme_profiles
from tests.core.erp_files import TODAY, Bank, convert, converted, delimited, file_of, format_of, row

PROFILES = [profile.name for profile in scheme_profiles()]


def bank(*usage: Usage, **rules: Any) -> Bank:
    return Bank(rules=Rules(usage=usage, **rules))


def rule(**demands: Any) -> Usage:
    return Usage(**{"name": "own", "field": "remittance", "clause": "Handbook, page 1", **demands})


def found(xml: str, name: str) -> list[tuple[str, str | None]]:
    """(rule's name, reason) of everything that a profile finds in a document."""
    read = format_of("pain.001.001.09").read(xml.encode())
    findings = check_initiation(read, Bank(rules=scheme_profile(name).as_rules()), TODAY)
    return [
        (f.text.rpartition("(")[2].partition(":")[0] if f.code == "H2H-USAGE" else f.code, f.reason) for f in findings
    ]


SEPA_ROW = {"service_level": {"constant": "SEPA"}, "charge_bearer": {"constant": "SLEV"}}


def document(**fields: Any) -> str:
    return converted(row(), declared=delimited({**SEPA_ROW, **fields})).xml.decode()


# ------------------------------------------------------------------------------------------------ the rules themselves


@pytest.mark.parametrize(
    ("demands", "good", "bad", "said"),
    [
        ({"field": "end_to_end_id", "longest": 5}, {}, {"ref": "INV-12"}, "has 6 characters, at most 5"),
        ({"field": "creditor_name", "allowed": ["Beta GmbH"]}, {}, {"name": "Eta"}, "is Eta, not Beta GmbH"),
        ({"field": "creditor_name", "pattern": "B.*"}, {}, {"name": "Eta"}, "is Eta, which has another form"),
        ({"field": "amount", "most": "200"}, {}, {"amount": "200.01"}, "is 200.01, outside … to 200"),
        ({"field": "amount", "least": "1.00"}, {}, {"amount": "0.99"}, "is 0.99, outside 1.00 to …"),
        ({"field": "remittance", "required": True}, {}, {"text": ""}, "is missing"),
        ({"field": "remittance", "longest": 9}, {}, {"text": "Invoice 12"}, "has 10 characters, at most 9"),
        ({"field": "currency", "allowed": ["EUR", "CHF"]}, {}, {"currency": "USD"}, "is USD, not one of EUR, CHF"),
        ({"field": "remittance", "forbidden": True}, {"text": ""}, {}, "must not be there: Invoice 1"),
    ],
)
def test_a_demand_is_met_or_found_with_its_clause(
    demands: dict[str, Any], good: dict[str, str], bad: dict[str, str], said: str
) -> None:
    under = bank(rule(reason="CH17", **demands))
    assert converted(row(**good), bank=under).findings == []
    finding = converted(row(**bad), bank=under).only("H2H-USAGE")
    assert said in finding.text
    assert finding.text.endswith("(own: Handbook, page 1)")
    assert (finding.reason, finding.line) == ("CH17", 2)


def test_a_row_that_differs_only_in_its_plain_fields_is_checked_too() -> None:
    rows = [row(ref=f"INV-{n}", amount=f"{n}.00") for n in range(1, 5)] + [row(ref="INV-5", name="Eta", amount="7.00")]
    found = converted(*rows, bank=bank(rule(field="creditor_name", pattern="B.*"))).findings
    assert [(f.code, f.line) for f in found] == [("H2H-USAGE", 6)]


def test_a_rule_that_ties_plain_fields_to_others_looks_at_every_payment() -> None:
    tied = rule(field="creditor_town_name", required=True, when={"creditor_name": ["Eta"]})
    assert UsageChecks([tied]).needs_whole_payments
    rows = [row(ref=f"INV-{n}", amount=f"{n}.00") for n in range(1, 5)] + [row(ref="INV-5", name="Eta", amount="7.00")]
    assert [(f.code, f.line) for f in converted(*rows, bank=bank(tied)).findings] == [("H2H-USAGE", 6)]


def test_a_rule_holds_only_where_its_condition_does() -> None:
    under = bank(rule(field="creditor_country", required=True, when={"currency": ["USD"]}))
    assert converted(row(), bank=under).findings == []
    assert converted(row(currency="USD"), bank=under).codes == ["H2H-USAGE"]
    only_with = bank(rule(field="creditor_town_name", required=True, when={"creditor_country": []}))
    assert converted(row(), bank=only_with).findings == []
    with_country = delimited({"creditor_country": {"constant": "AT"}})
    assert "H2H-USAGE" in converted(row(), bank=only_with, declared=with_country).codes


def test_a_rule_binds_the_payments_of_its_days_whenever_they_are_written() -> None:
    day = TODAY + timedelta(days=3)
    begins = bank(rule(field="remittance", forbidden=True, valid_from=day))
    ends = bank(rule(field="remittance", forbidden=True, valid_until=day - timedelta(days=1)))
    before, after = row(date=str(day - timedelta(days=1))), row(date=str(day))
    assert (converted(before, bank=begins).codes, converted(after, bank=begins).codes) == ([], ["H2H-USAGE"])
    assert (converted(before, bank=ends).codes, converted(after, bank=ends).codes) == (["H2H-USAGE"], [])


def test_one_rule_is_weighed_or_waived_by_its_name_and_leaves_the_others_alone() -> None:
    two = (rule(name="a", forbidden=True), rule(name="b", longest=1))
    assert [f.severity for f in converted(row(), bank=bank(*two)).findings] == ["error", "error"]
    weighed = converted(row(), bank=bank(*two, severities={"a": "warning"}))
    assert {f.text.rpartition("(")[2][0]: f.severity for f in weighed.findings} == {"a": "warning", "b": "error"}
    waiver = Waiver(rule="a", reason="agreed", owner="treasury", until=TODAY)
    waived = converted(row(), bank=bank(*two, waivers=(waiver,)))
    assert [f.code for f in waived.findings] == ["H2H-USAGE", "H2H-WAIVED"]
    assert check_rules(Rules(usage=two, severities={"a": "info"}, waivers=(waiver,))) == []
    assert len(check_rules(Rules(severities={"a": "info"}))) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"field": "remitance", "required": True}, "there is no field remitance"),
        ({"pattern": "("}, "is no pattern"),
        ({"required": True, "when": {"debtor_country": []}}, "do not stand at one level"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused_by_its_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        UsageChecks([rule(**wrong)])


def test_a_rule_that_demands_nothing_is_no_rule() -> None:
    with pytest.raises(ValidationError, match="demands nothing"):
        rule()


# ------------------------------------------------------------------------------------------------ the schemes' profiles


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_compiles_and_names_a_clause_for_every_rule(name: str) -> None:
    profile = scheme_profile(name)
    rules = profile.as_rules()
    UsageChecks(rules.usage)
    assert len({u.name for u in rules.usage}) == len(rules.usage) == len(profile.usage)
    assert all(u.name.startswith(f"{name}/") and u.reason for u in rules.usage)
    assert {u.field for u in rules.usage} <= set(known_fields())


@pytest.mark.parametrize("name", ["epc-sct", "de-dk", "ch-sps"])
def test_a_sound_payment_is_sound_under_the_profile(name: str) -> None:
    assert found(document(), name) == []


ADDRESS = "<PstlAdr><TwnNm>Wien</TwnNm><Ctry>AT</Ctry></PstlAdr>"


@pytest.mark.parametrize(
    ("profile", "old", "new", "told"),
    [
        ("epc-sct", "<SvcLvl><Cd>SEPA</Cd></SvcLvl>", "", ("epc-sct/service-level", "FF04")),
        ("epc-sct", "<PmtMtd>TRF", "<PmtMtd>CHK", ("epc-sct/payment-method", "CH16")),
        ("epc-sct-inst", "<PmtMtd>", "<PmtMtd>", ("epc-sct-inst/local-instrument", "FF05")),
        ("de-dk", "<CtrlSum>100.50</CtrlSum>", "", ("de-dk/control-sum", "AM10")),
        (
            "de-dk",
            "<EndToEndId>INV-1</EndToEndId>",
            "<EndToEndId>INV-1</EndToEndId><UETR>3f2a1c58-6f0e-4a55-9d10-0c6a4c1b7e21</UETR>",
            ("de-dk/no-uetr", "CH17"),
        ),
        ("de-dk", "<Nm>Acme GmbH</Nm>", f"<Nm>Acme GmbH</Nm>{ADDRESS}", ("de-dk/no-initiating-party-address", "CH17")),
        ("at-psa", "</Nm></Dbtr>", f"</Nm>{ADDRESS}</Dbtr>", ("at-psa/no-debtor-address", "CH17")),
        ("ch-sps", "<PmtMtd>TRF", "<PmtMtd>XYZ", ("ch-sps/payment-method", "CH16")),
        ("cgi-cross-border", "<PmtMtd>", "<PmtMtd>", ("cgi-cross-border/charge-bearer", "BE19")),
    ],
)
def test_what_a_scheme_refuses_is_found_by_its_profile(profile: str, old: str, new: str, told: tuple[str, str]) -> None:
    xml = document()
    assert old in xml
    assert told in found(xml.replace(old, new, 1), profile)


def test_an_unstructured_address_becomes_an_error_on_the_schemes_own_day() -> None:
    lines = "</Nm><PstlAdr><AdrLine>Ring 1, 1010 Wien</AdrLine></PstlAdr></Cdtr>"
    for name, day in (("cgi-cross-border", date(2026, 11, 14)), ("epc-sct", date(2026, 11, 22))):
        rules = scheme_profile(name).as_rules()
        assert rules.address_from == day
        xml = document().replace("2026-11-24", str(day - timedelta(days=1))).replace("</Nm></Cdtr>", lines)
        read = format_of().read(xml.encode())
        early = check_initiation(read, Bank(rules=rules), day - timedelta(days=1))
        late = check_initiation(read, Bank(rules=rules), day)
        assert "H2H-ADDRESS-SOON" in [f.code for f in early]
        assert "H2H-ADDRESS" in [f.code for f in late]


def test_what_a_bank_says_itself_goes_before_its_schemes_profile(tmp_path: Path) -> None:
    rules = Rules.model_validate(scheme_profile("ch-sps").around({"profile": "ch-sps", "name_characters_max": 60}))
    assert (rules.name_characters_max, rules.charset) == (60, "latin-1")


def test_ones_own_profile_goes_before_a_delivered_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    own = 'title = "Ours"\nkinds = ["credit-transfer"]\nsource = "us"\nvalid_from = 2026-01-01\n'
    (tmp_path / "profiles" / "epc-sct.toml").write_text(own)
    assert scheme_profile("epc-sct", [tmp_path]).title == "Ours"
    assert scheme_profile("epc-sct").title != "Ours"
    (tmp_path / "profiles" / "epc-sct.toml").write_text(own + '[rules]\nscheme = "mars"\n')
    with pytest.raises(Misconfigured, match=r"epc-sct\.toml: scheme"):
        scheme_profile("epc-sct", [tmp_path])


def test_an_unknown_profile_proposes_a_near_one() -> None:
    with pytest.raises(Misconfigured) as told:
        scheme_profile("epc-stc")
    assert told.value.hint == "did you mean epc-sct?"


def test_collections_are_checked_under_their_profile() -> None:
    from tests.core.test_collections import SOUND, declared

    rows = [",".join(SOUND), ",".join({**SOUND, "scheme": "B2B"}.values()), ""]
    core = Bank(rules=scheme_profile("epc-sdd-core").as_rules())
    made = convert("\n".join(rows).encode(), declared(), core, format="pain.008.001.08")
    assert made.only("H2H-USAGE").reason == "FF05"
    b2b = Bank(rules=scheme_profile("epc-sdd-b2b").as_rules())
    assert convert("\n".join(rows).encode(), declared(), b2b, format="pain.008.001.08").findings == []


def test_the_rules_of_a_bank_reach_a_file_of_many_rows() -> None:
    rows = [row(ref=f"INV-{n}", amount=f"{n}.00") for n in range(1, 50)]
    data = file_of(*rows)
    under = bank(rule(field="amount", most="40"))
    assert [f.line for f in convert(data, bank=under).findings] == list(range(42, 51))


# ------------------------------------------------------------------------------------------------ the example banks


def told_by_example(bank: str, fields: dict[str, str], **changes: str) -> list[tuple[str, str]]:
    example = tomllib.loads((data_dir("config") / "banks" / f"{bank}.toml").read_text(encoding="utf-8"))
    rules = Rules.model_validate(example["rules"])
    declared = delimited({name: {"constant": value} for name, value in fields.items()})
    done = converted(
        row(currency="CNY", account="6214830000000003", **changes), bank=Bank(rules=rules), declared=declared
    )
    return [(f.code, str(f.severity)) for f in done.findings if f.code in ("H2H-USAGE", "H2H-DATE-FAR")]


CNAPS = {"creditor_agent_member_id": "102100099996", "creditor_agent_clearing_system": "CNAPS", "purpose": "GDDS"}


def test_the_example_of_cib_holds_what_its_manual_says_of_super_and_of_later_days() -> None:
    instant = {"local_instrument": "IBPS"}
    assert told_by_example("cib", CNAPS | instant, amount="50000.00") == []
    assert told_by_example("cib", CNAPS | instant, amount="50000.01") == [("H2H-USAGE", "error")]
    assert told_by_example("cib", CNAPS, amount="50000.01") == []
    assert told_by_example("cib", instant, amount="1.00") == [("H2H-USAGE", "error")]
    late = (TODAY + timedelta(days=16)).isoformat()
    assert told_by_example("cib", CNAPS, date=late) == [("H2H-DATE-FAR", "error")]


def test_the_example_of_ping_an_tells_what_is_handled_by_hand() -> None:
    assert told_by_example("pingan", CNAPS, amount="9999999.99") == []
    assert told_by_example("pingan", CNAPS, amount="10000000.00") == [("H2H-USAGE", "warning")]
