"""`h2h check`: what is sound is said to be, what is wrong is found, and each fault by the proof that is about it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from h2h.cli import owner
from h2h.cli.prove_bank import prove_banks
from tests.contracts.keyrings import bank_and_ours
from tests.contracts.pain import IBANS
from tests.contracts.sshd import new_key
from tests.journeys import states
from tests.journeys.people import Person
from tests.journeys.site import CLEARS_AWAY, Site, salaries

HOST_KEY = "SHA256:" + "A" * 43


def proofs(person: Person, credentials: Path | None = None) -> dict[str, list[str]]:
    """mark → texts."""
    found: dict[str, list[str]] = {}
    more = {"CREDENTIALS_DIRECTORY": str(credentials)} if credentials else {}
    said = person.says("check", "--json", columns=80, stdin=None, **more)
    for proof in said.json["proofs"]:
        found.setdefault(proof["mark"], []).append(f"{proof['text']} → {proof.get('next_step', '')}")
    assert (said.status == 1) == ("wrong" in found) == (not said.json["sound"])
    return found


def unit(directory: Path, config: Path, *lines: str) -> dict[str, str]:
    """A unit of the service as an administrator has it, and the environment in which it is found."""
    (directory / "h2h.service.d").mkdir(parents=True)
    (directory / "h2h.service").write_text(f"[Service]\nExecStart=/opt/h2h/venv/bin/h2h run -c {config}\n")
    (directory / "h2h.service.d" / "site.conf").write_text("\n".join(["[Service]", *lines, ""]))
    return {"SYSTEMD_UNIT_PATH": str(directory)}


def the_fault(person: Person) -> str:
    """The one thing that is wrong."""
    (text,) = proofs(person)["wrong"]
    return text


def test_a_sound_installation_is_proved_line_by_line(tmp_path: Path) -> None:
    site = Site(tmp_path, bank=CLEARS_AWAY)
    states.drop_and_send(site, "pay")
    said = Person(site).types("check")
    assert said.status == 0, said.out
    assert "✗" not in said.out
    assert "the ledger's chain is whole: 3 records" in said.out
    assert "the journal can be opened, written and read" in said.out
    assert "0 wrong, 0 warnings" in said.out
    assert f"h2h bank test BANK -c {site.config}" in said.out.replace("\n", " ")


def test_nothing_is_made_that_the_daemon_would_have_to_make(tmp_path: Path) -> None:
    site = Site(tmp_path)
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))
    assert Person(site).says("check").status == 0
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before


def test_every_mistake_of_every_configuration_file_is_told_at_once(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"colour": "red"}, bank={"submission": {"retry_seconds_min": "soon"}})
    text = site.config.read_text().replace('"instance" = "proof"\n', "")
    site.config.write_text(text)
    (site.config.parent / "banks" / "other.toml").write_text("environment = \n")
    said = Person(site).says("check", "--json")
    assert said.status == 1
    wrong = "\n".join(p["text"] for p in said.json["proofs"])
    for fault in (
        "h2h.toml: instance: is missing",
        "h2h.toml: erp[1].colour: there is no such option",
        "testbank.toml: submission.retry_seconds_min: ",
        "other.toml: not valid TOML",
    ):
        assert fault in wrong
    assert "too_short" not in wrong
    assert "at least 1 item" not in wrong, "what only follows from another mistake is not told"


def test_a_mistake_in_a_bank_is_not_followed_by_the_complaint_that_the_bank_is_missing(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"colour": "red"})
    assert "there is no such option" in the_fault(Person(site))


def test_two_files_for_one_bank_are_refused(tmp_path: Path) -> None:
    site = Site(tmp_path)
    banks = site.config.parent / "banks"
    (banks / "twin.toml").write_text('name = "testbank"\n' + (banks / "testbank.toml").read_text())
    assert "another file already is bank 'testbank'" in the_fault(Person(site))


def test_a_secret_never_stands_in_a_message_about_the_configuration(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"channel": {"kind": "sftp", "host": "h", "username": "u", "password": "hunter2"}})
    said = Person(site).says("check")
    assert said.status == 1
    assert "hunter2" not in said.out + said.err


# ---------------------------------------------------------------------------------------------- one fault at a time


def _remove(*path: str) -> Callable[[Site], None]:
    return lambda site: shutil.rmtree(site.root.joinpath(*path))


def _tear_ledger(site: Site) -> None:
    ledger = site.root / "ledger" / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"claim"', b'"klaim"', 1))


def _cut_ledger(site: Site) -> None:
    ledger = site.root / "ledger" / "ledger.jsonl"
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:-1]))


def _damage_journal(site: Site) -> None:
    (site.root / "state" / "journal.db").write_bytes(b"this is no database" * 100)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (_remove("erp", "out"), "erp/out"),
        (_remove("erp", "in"), "erp/in"),
        (_remove("bank", "from_bank"), "from_bank is not a directory"),
        (_tear_ledger, "the ledger is damaged at line 1"),
        (_cut_ledger, "the ledger was cut or replaced"),
        (_damage_journal, "journal"),
    ],
    ids=["outbound gone", "inbound gone", "bank folder gone", "ledger edited", "ledger cut", "journal damaged"],
)
def test_what_broke_is_found(tmp_path: Path, break_it: Callable[[Site], None], words: str) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    with site.house() as house:
        house.journal.set_ledger_position(house.ledger.head()[0])
    assert "wrong" not in proofs(Person(site))
    break_it(site)
    assert words in the_fault(Person(site))


@pytest.mark.parametrize(
    ("erp", "bank", "words"),
    [
        ({"delimited": {"fields": {"amuont": "Amount"}}}, {}, "amuont"),
        ({"delimited": {"encoding": "klingon"}}, {}, "klingon"),
        ({"owners": ["nobody-has-this-name"]}, {}, "no user 'nobody-has-this-name'"),
        ({}, {"format": "pain.001.001.99"}, "pain.001.001.99"),
        ({}, {"format": "pain.002.001.10"}, "cannot write it"),
        ({}, {"schemas": {"pain.001.001.09": "their-own.xsd"}}, "their-own.xsd is missing"),
        ({}, {"submission": {"remote_name": "payments.xml"}}, "the same for every file"),
        ({}, {"submission": {"remote_name": "{message}.xml"}}, "asks for 'message'"),
        ({}, {"cutoff": {"timezone": "Europe/Atlantis"}}, "Europe/Atlantis"),
        ({}, {"rules": {"severities": {"H2H-NO-SUCH": "info"}}}, "no rule H2H-NO-SUCH"),
        ({}, {"rules": {"profile": "epc-stc"}}, "there is no profile 'epc-stc'"),
        ({}, {"rules": {"usage": [{"name": "a", "field": "b", "clause": "c", "required": True}]}}, "no field b"),
        ({}, {"format": "camt.053.001.08"}, "carries statements, not credit-transfers"),
        ({}, {"collection_format": "pain.001.001.09"}, "carries credit-transfers, not direct-debits"),
        ({}, {"recall_format": "camt.055.001.03"}, "camt.055.001.03: h2h reads it, but cannot write it"),
        ({}, {"recall_format": "camt.060.001.05"}, "is no cancellation-request"),
        ({}, {"enquiry_format": "camt.061.001.05"}, "there is no format 'camt.061.001.05'"),
    ],
)
def test_a_profile_that_would_fail_later_fails_now(
    tmp_path: Path, erp: dict[str, Any], bank: dict[str, Any], words: str
) -> None:
    site = Site(tmp_path, erp=erp, bank=bank)
    assert any(words in text for text in proofs(Person(site))["wrong"])


def test_what_works_but_is_not_safe_is_a_warning_and_no_fault(tmp_path: Path) -> None:
    site = Site(tmp_path, bank={"submission": {"bank_removes_temporaries": False}})
    states.drop_and_send(site, "pay")
    (tmp_path / "erp" / "out").chmod(0o777)
    (tmp_path / "archive").chmod(0o755)
    text = site.config.read_text().replace(str(tmp_path / "ledger"), str(tmp_path / "state" / "ledger"))
    site.config.write_text(text)
    (tmp_path / "ledger").rename(tmp_path / "state" / "ledger")
    bank = site.config.parent / "banks" / "testbank.toml"
    waiver = '[[rules.waivers]]\nrule = "H2H-ADDRESS"\nreason = "old data"\nowner = "AP"\nuntil = 2020-01-01\n'
    bank.write_text(bank.read_text() + waiver + waiver.replace("H2H-ADDRESS", "H2H-FORM").replace("2020", "2099"))
    said = proofs(Person(site))
    assert "wrong" not in said
    warnings = "\n".join(said["warning"])
    for words in (
        "every user of this machine may drop payment files",
        "other users may look at payment files",
        "the ledger",
        "never removes temporary names",
        "ended on 2020-01-01",
        "rules.waivers: H2H-FORM can be neither changed nor waived",
    ):
        assert words in warnings


# ---------------------------------------------------------------------------------------------- secrets and keys


@pytest.mark.parametrize(
    ("today", "rules", "mark"),
    [
        (date(2026, 11, 10), {"calendar": "CN"}, "good"),
        (date(2026, 11, 11), {"calendar": "CN"}, "warning"),
        (date(2026, 11, 11), {"calendar": "CN", "calendar_until": date(2027, 12, 24)}, "good"),
        (date(2026, 11, 11), {"calendar": "TARGET"}, None),
        (date(2026, 11, 11), {}, None),
    ],
)
def test_a_calendar_that_ends_soon_is_told_in_time(
    tmp_path: Path, today: date, rules: dict[str, Any], mark: str | None
) -> None:
    settings = Site(tmp_path, bank={"rules": rules}).settings()
    told = [p for p in prove_banks(settings, {}, today) if "working days of" in p.text]
    assert [str(p.mark) for p in told] == ([mark] if mark else [])


def _over_sftp(site: Site, key: dict[str, str]) -> None:
    site.bank = {
        "channel": {"kind": "sftp", "host": "bank.invalid", "username": "u", "key": key, "host_keys": [HOST_KEY]}
    }
    site.configure()


def test_a_key_that_others_may_read_is_a_fault_and_a_private_one_is_loaded(tmp_path: Path) -> None:
    site = Site(tmp_path)
    key = tmp_path / "id"
    new_key(key, "ed25519")
    _over_sftp(site, {"file": str(key)})
    assert any("the SSH key can be used" in text for text in proofs(Person(site))["good"])
    key.chmod(0o644)
    assert "may be read or written by others" in the_fault(Person(site))
    key.chmod(0o600)
    key.write_text("not a key")
    assert "cannot be read" in the_fault(Person(site))


def test_a_credential_that_the_unit_does_not_give_is_told_before_the_service_fails(tmp_path: Path) -> None:
    site = Site(tmp_path)
    _over_sftp(site, {"credential": "bank-key"})
    plain = tmp_path / "plain-key"
    plain.write_text("key")
    plain.chmod(0o600)

    def told(name: str, *lines: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        said = Person(site).says(
            "check", "--json", columns=80, stdin=None, **unit(tmp_path / name, site.config, *lines)
        )
        for proof in said.json["proofs"]:
            if "bank-key" in proof["text"]:
                found.setdefault(proof["mark"], []).append(f"{proof['text']} → {proof.get('next_step', '')}")
        return found

    (missing,) = told("missing", "#LoadCredential=bank-key:/etc/x", "LoadCredential=other:/etc/x")["wrong"]
    assert "h2h.service is given no credential 'bank-key' → switch on its LoadCredential= line" in missing
    assert list(told("given", f"LoadCredential=bank-key:{plain}")) == ["not-seen"]
    assert list(told("encrypted", "LoadCredentialEncrypted=bank-key:/etc/credstore.encrypted/bank-key")) == ["not-seen"]
    assert list(told("by-pattern", "ImportCredential=bank-*")) == ["not-seen"]
    assert list(told("taken-back", f"LoadCredential=bank-key:{plain}", "LoadCredential=")) == ["wrong"]
    plain.chmod(0o644)
    (open_,) = told("open", f"LoadCredential=bank-key:{plain}")["wrong"]
    assert "is open to others (0644)" in open_


def test_a_credential_of_the_service_is_not_seen_from_outside_and_that_is_no_fault(tmp_path: Path) -> None:
    site = Site(tmp_path)
    _over_sftp(site, {"credential": "bank-key"})
    said = proofs(Person(site))
    assert "wrong" not in said
    assert "bank-key" in said["not-seen"][0]
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    new_key(credentials / "bank-key", "ed25519")
    inside = proofs(Person(site), credentials)
    assert "not-seen" not in inside
    assert any("the SSH key can be used" in text for text in inside["good"])


def test_keys_that_expire_soon_or_are_missing_are_named(tmp_path: Path, program: Callable[[str], str]) -> None:
    program("gpg")
    with bank_and_ours() as (bank, ours):
        site = Site(tmp_path)
        soon = ours.make("soon", expires="20d", at=time.time())
        ours.take(bank.public(next(iter(bank.keys))))
        theirs = bank.keys[next(iter(bank.keys))]
        seal = {
            "kind": "pgp", "keyring": str(ours.home), "own_fingerprint": soon,
            "bank_encryption_fingerprints": [theirs], "bank_signing_fingerprints": [theirs],
        }  # fmt: skip
        site.bank = {"seal": seal}
        site.configure()
        assert any("expires in 1" in text for text in proofs(Person(site))["warning"])
        site.bank = {"seal": {**seal, "own_fingerprint": "A" * 40}}
        site.configure()
        assert "A" * 40 in the_fault(Person(site))


# ---------------------------------------------------------------------------------------------- whose rights


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_works_with_the_rights_of_the_installations_owner_and_leaves_no_file_of_its_own(tmp_path: Path) -> None:
    """In a child that has loaded everything: the other user need not be able to read this checkout."""
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    sid = site.submission("pay.csv").sid
    site.at.rename(tmp_path / "unmounted")
    site.drop("more.csv", salaries(("MORE-1", "1,00", IBANS[0])))
    site.once()
    other = site.submission("more.csv").sid
    alice, nobody = Person(site), 65534
    assert alice.says("check").status == 1, "the bank's directory is gone; everything is loaded now"
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, nobody, nobody)
    child = os.fork()
    if child == 0:
        owner.PROGRAM = ()
        try:
            done = [alice.says("explain", sid).status, alice.says("cancel", other, "--reason", "x").status]
            os._exit(0 if done == [0, 0] and os.geteuid() == nobody else 7)
        except BaseException:
            os._exit(8)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [p for p in tmp_path.rglob("*") if p.lstat().st_uid == 0] == []
    assert site.submission("more.csv").state == "CANCELLED"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_program_that_the_installations_owner_cannot_read_is_said_so(tmp_path: Path) -> None:
    site = Site(tmp_path)
    states.drop_and_send(site, "pay")
    (tmp_path / "private").write_text("x")
    (tmp_path / "private").chmod(0o600)
    os.chown(tmp_path / "state", 65534, 65534)
    child = os.fork()
    if child == 0:
        owner.PROGRAM = (tmp_path / "private",)
        said = Person(site).says("status")
        os._exit(0 if said.status == 1 and "may not read h2h's program" in said.err else 7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
