"""What we seal: opened by the bank's own gpg; our mistakes and our broken keys in words; nothing leaves half-made."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.gpg import NoSealer, PgpSealer
from h2h.core.errors import Misconfigured, OutOfSpace, Unavailable, Untrusted
from h2h.core.findings import Severity
from h2h.core.pgp_packets import session_key_packets
from h2h.settings.bank import PgpSeal
from tests.contracts.keyrings import DAY, Keyring, keyring

pytest_plugins = ["tests.contracts.places"]

CONTENT = b"<Document>payments</Document>\n" * 50


@pytest.fixture(scope="module")
def rings() -> Iterator[tuple[Keyring, Keyring]]:
    now = time.time()
    with keyring() as bank, keyring() as ours:
        bank.make("bank")
        bank.make("next")
        bank.make("signonly", subkey=None)
        bank.make("expired", expires="seconds=86400", at=now - 3 * DAY)
        bank.make("revoked")
        bank.make("weak", "rsa1024/sign,cert", "rsa1024/encr")
        bank.make("medium", "rsa2048/sign,cert", "rsa2048/encr")
        bank.make("soon", expires=f"seconds={20 * DAY}", at=now - 3600)
        ours.make("ours", subkey=None)  # a key that can only sign is enough
        ours.make("locked", passphrase="Schlüssel 工")
        ours.make("old", expires="seconds=86400", at=now - 3 * DAY)
        ours.make("burnt")
        ours.make("ending", expires=f"seconds={6 * DAY}", at=now - 3600)
        for name in bank.keys:
            ours.take(bank.public(name))
        ours.take(bank.revocation("revoked"))
        ours.take(ours.revocation("burnt"))
        for name in list(ours.keys):
            bank.take(ours.public(name))
        ours.keys.update(bank.keys)
        yield bank, ours


@pytest.fixture
def sealer(rings: tuple[Keyring, Keyring]) -> Iterator[Callable[..., PgpSealer]]:
    _, ours = rings
    made: list[PgpSealer] = []

    def make(
        own: str = "ours", to: tuple[str, ...] = ("bank",), passphrase: str | None = None, **more: Any
    ) -> PgpSealer:
        given = {k: more.pop(k) for k in ("bytes_max", "timeout_seconds", "now") if k in more}
        settings = PgpSeal(
            kind="pgp",
            keyring=more.pop("home", ours.home),
            own_fingerprint=ours.keys.get(own, own),
            bank_encryption_fingerprints=tuple(ours.keys.get(t, t) for t in to),
            bank_signing_fingerprints=(ours.keys["bank"],),
            **more,
        )
        made.append(PgpSealer(settings, passphrase, **given))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "30-bank.xml"
    path.write_bytes(CONTENT)
    return path


def opened_by(bank: Keyring, sealed: Path) -> tuple[bytes, str]:
    """Content and status, by the bank's own gpg."""
    status = sealed.with_suffix(".status")
    content = bank.gpg("--status-file", str(status), "--decrypt", str(sealed))
    return content, status.read_text()


# ------------------------------------------------------------------------------------------- sealed


def test_a_key_revoked_between_two_files_is_not_used_for_the_second(sealer: Any, plain: Path, tmp_path: Path) -> None:
    with keyring() as bank, keyring() as ours:
        bank.make("bank")
        ours.make("ours")
        ours.take(bank.public("bank"))
        made = sealer(own=ours.keys["ours"], to=(bank.keys["bank"],), home=ours.home)
        made.seal(plain, tmp_path / "first.pgp")
        ours.take(bank.revocation("bank"))
        with pytest.raises(Misconfigured, match="revoked"):
            made.seal(plain, tmp_path / "second.pgp")
    assert not (tmp_path / "second.pgp").exists()


def test_two_files_are_sealed_at_once_each_with_its_own_content(rings: Any, sealer: Any, tmp_path: Path) -> None:
    contents = {n: f"<Document>{n}</Document>".encode() * 1000 for n in range(6)}
    made = sealer()

    def seal(n: int) -> Path:
        (tmp_path / f"{n}.xml").write_bytes(contents[n])
        (tmp_path / f"{n}").mkdir()
        made.seal(tmp_path / f"{n}.xml", tmp_path / f"{n}" / "s.pgp")
        return tmp_path / f"{n}" / "s.pgp"

    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(seal, contents))
    assert {n: opened_by(rings[0], path)[0] for n, path in enumerate(sealed)} == contents


@pytest.mark.parametrize("armor", [False, True])
def test_the_bank_opens_exactly_what_we_sealed_and_sees_our_signature(
    rings: Any, sealer: Any, plain: Path, tmp_path: Path, armor: bool
) -> None:
    bank, ours = rings
    sealed = tmp_path / "40-sealed.pgp"
    report = sealer(armor=armor).seal(plain, sealed)
    assert (report.signed_by, report.encrypted_to) == (ours.keys["ours"], (ours.keys["bank"],))
    content, status = opened_by(bank, sealed)
    assert content == CONTENT
    assert f"VALIDSIG {ours.keys['ours']}" in status
    assert status.count("ENC_TO") == 1
    assert "NEED_PASSPHRASE_SYM" not in status
    assert sealed.read_bytes().startswith(b"-----BEGIN PGP MESSAGE-----") is armor
    assert sorted(p.name for p in tmp_path.iterdir()) == ["30-bank.xml", "40-sealed.pgp", "40-sealed.status"]


def test_no_passphrase_packet_leaves_the_house(sealer: Any, plain: Path, tmp_path: Path) -> None:
    sealer().seal(plain, tmp_path / "s")
    packets, _ = session_key_packets((tmp_path / "s").read_bytes())
    assert [p.tag for p in packets] == [1]


def test_two_pinned_keys_can_both_open_it(rings: Any, sealer: Any, plain: Path, tmp_path: Path) -> None:
    bank, ours = rings
    report = sealer(to=("bank", "next")).seal(plain, tmp_path / "s.pgp")
    assert report.encrypted_to == (ours.keys["bank"], ours.keys["next"])
    _, status = opened_by(bank, tmp_path / "s.pgp")
    assert status.count("ENC_TO") == 2


def test_a_pinned_key_that_has_expired_is_left_out_while_the_other_is_good(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path
) -> None:
    report = sealer(to=("expired", "next")).seal(plain, tmp_path / "s.pgp")
    assert report.encrypted_to == (rings[1].keys["next"],)


def test_a_passphrase_outside_ascii_unlocks_the_key(rings: Any, sealer: Any, plain: Path, tmp_path: Path) -> None:
    sealer("locked", passphrase="Schlüssel 工").seal(plain, tmp_path / "s.pgp")
    content, status = opened_by(rings[0], tmp_path / "s.pgp")
    assert content == CONTENT
    assert rings[1].keys["locked"] in status


@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_any_size_is_sealed(rings: Any, sealer: Any, tmp_path: Path, size: int) -> None:
    plain = tmp_path / "p"
    plain.write_bytes(os.urandom(size))
    sealer().seal(plain, tmp_path / "s.pgp")
    assert opened_by(rings[0], tmp_path / "s.pgp")[0] == plain.read_bytes()


def test_the_passphrase_stands_in_no_argument_no_environment_and_no_file(
    sealer: Any, plain: Path, tmp_path: Path, program: Callable[[str], str]
) -> None:
    """Every argument, environment and written path of every process, as the kernel saw them."""
    program("strace")
    script = (
        "import sys; from pathlib import Path\n"
        "from h2h.adapters.gpg import PgpSealer; from h2h.settings.bank import PgpSeal\n"
        "secret = sys.stdin.readline().strip()\n"
        "s = PgpSealer(PgpSeal.model_validate_json(sys.argv[1]), secret)\n"
        "s.seal(Path(sys.argv[2]), Path(sys.argv[3])); s.close()\n"
    )
    made = sealer("locked")
    settings = made._settings.model_dump_json()
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-v", "-s", "10000", "-e", "trace=execve", "-o", str(trace), "python", "-c", script]
    done = subprocess.run(
        [*command, settings, str(plain), str(tmp_path / "s.pgp")],
        input="Schlüssel 工\n".encode(),
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    seen = trace.read_text("utf-8", "replace")
    assert seen.count("execve(") > 3
    assert "Schl" not in seen
    assert "工" not in seen
    assert not any(b"Schl" in p.read_bytes() for p in tmp_path.iterdir() if p.name != "trace")


# ------------------------------------------------------------------------------------------- not sealed


@pytest.mark.parametrize(
    ("own", "to", "why"),
    [
        ("old", ("bank",), "our key .* is expired"),
        ("burnt", ("bank",), "our key .* is revoked"),
        ("A" * 40, ("bank",), "our secret key .* is not in the keyring"),
        ("bank", ("bank",), "our secret key .* is not in the keyring"),
        ("ours", ("expired",), "no key of the bank .* is expired"),
        ("ours", ("revoked",), "no key of the bank .* is revoked"),
        ("ours", ("signonly",), "no part for encryption"),
        ("ours", ("weak",), "RSA with 1024 bits"),
        ("ours", ("B" * 40,), "is not in the keyring"),
        ("ours", ("expired", "revoked"), "expired; .* revoked"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_nothing_is_made(
    sealer: Any, plain: Path, tmp_path: Path, own: str, to: tuple[str, ...], why: str
) -> None:
    with pytest.raises(Misconfigured, match=why):
        sealer(own, to).seal(plain, tmp_path / "s.pgp")
    assert [p.name for p in tmp_path.iterdir()] == ["30-bank.xml"]


@pytest.mark.parametrize("passphrase", ["wrong", None])
def test_a_wrong_or_missing_passphrase_is_the_installations_fault(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path, passphrase: str | None
) -> None:
    subprocess.run(["gpgconf", "--homedir", str(rings[1].home), "--kill", "gpg-agent"], check=True)  # forget
    with pytest.raises(Misconfigured, match="passphrase"):
        sealer("locked", passphrase=passphrase).seal(plain, tmp_path / "s.pgp")
    assert [p.name for p in tmp_path.iterdir()] == ["30-bank.xml"]


def test_a_missing_keyring_is_the_installations_fault(sealer: Any, plain: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="does not exist"):
        sealer(home=tmp_path / "none").seal(plain, tmp_path / "s.pgp")


def test_a_missing_gpg_is_the_installations_fault(
    sealer: Any, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Misconfigured, match="gpg cannot be run"):
        sealer().seal(plain, tmp_path / "s.pgp")


def test_a_full_disk_is_out_of_space_and_leaves_nothing(sealer: Any, tiny_disk: Path, tmp_path: Path) -> None:
    plain = tmp_path / "p"
    plain.write_bytes(os.urandom(3_000_000))
    with pytest.raises(OutOfSpace):
        sealer().seal(plain, tiny_disk / "s.pgp")
    assert list(tiny_disk.iterdir()) == []


def test_a_keyring_on_a_full_disk_lacks_room_and_no_key(
    rings: Any, sealer: Any, plain: Path, tiny_disk: Path, tmp_path: Path
) -> None:
    """gpg wants to write a lock first; without it, it lists nothing."""
    _, ours = rings
    home = shutil.copytree(ours.home, tiny_disk / "k", ignore=shutil.ignore_patterns("S.*"))
    with suppress(OSError), (tiny_disk / "full").open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            continue
    one = sealer(home=home)
    (finding,) = one.check()
    assert "no space left on device" in finding.text
    assert finding.next_step == "make room on that disk, then h2h check"
    with pytest.raises(OutOfSpace):
        one.seal(plain, tmp_path / "s.pgp")
    (tiny_disk / "full").unlink()
    assert one.check() == []
    one.seal(plain, tmp_path / "s.pgp")


def test_an_agent_that_does_not_answer_is_unavailable_after_the_time_limit(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path
) -> None:
    made = sealer("locked", passphrase="Schlüssel 工")
    hurried = sealer("locked", passphrase="Schlüssel 工", timeout_seconds=1.5)
    made.seal(plain, tmp_path / "first.pgp")
    answer = ["gpg-connect-agent", "--homedir", str(rings[1].home), "GETINFO pid", "/bye"]
    pid = int(subprocess.run(answer, capture_output=True, text=True, check=True).stdout.split()[1])
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(Unavailable, match="did not finish"):
            hurried.seal(plain, tmp_path / "second.pgp")
        assert time.monotonic() - started < 30
    finally:
        os.kill(pid, signal.SIGCONT)
    made.seal(plain, tmp_path / "third.pgp")
    os.kill(pid, signal.SIGKILL)
    made.seal(plain, tmp_path / "fourth.pgp")  # a dead agent is started again
    assert not (tmp_path / "second.pgp").exists()


def test_a_gpg_that_seals_other_content_is_caught_before_anything_leaves(
    sealer: Any, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gpg that is not to be relied on: it encrypts something else than it was given."""
    fake = tmp_path / "bin" / "gpg"
    fake.parent.mkdir()
    fake.write_text(
        f"#!{sys.executable}\n"
        "import subprocess, sys\n"
        "data = sys.stdin.buffer.read() if '--encrypt' in sys.argv else None\n"
        "data = data and data.replace(b'payments', b'paymentz')\n"
        f"sys.exit(subprocess.run([{shutil.which('gpg')!r}, *sys.argv[1:]], input=data, close_fds=False).returncode)\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(Untrusted, match="other content"):
        sealer().seal(plain, tmp_path / "s.pgp")
    assert not (tmp_path / "s.pgp").exists()


def test_a_gpg_that_encrypts_to_another_key_is_caught(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("gpg")
    keys = rings[1].keys
    fake = tmp_path / "bin" / "gpg"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/bash\n"
        'case " $* " in *" --encrypt "*) ;; *) exec ' + f'{real} "$@";; esac\n'
        f'exec {real} "${{@//{keys["bank"]}/{keys["next"]}}}"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(Untrusted, match="other keys"):
        sealer().seal(plain, tmp_path / "s.pgp")


def test_a_missing_source_is_unavailable(sealer: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="read"):
        sealer().seal(tmp_path / "gone", tmp_path / "s.pgp")


# ------------------------------------------------------------------------------------------- places and agents


def test_a_keyring_whose_path_is_too_long_for_a_socket_works_through_a_short_link(
    rings: Any, sealer: Any, plain: Path, tmp_path: Path
) -> None:
    home = tmp_path / ("d" * 60) / ("e" * 60)
    home.parent.mkdir()
    ignored = shutil.ignore_patterns("S.*", "*.lock", ".#*")
    shutil.copytree(rings[1].home, home, ignore=ignored)
    home.chmod(0o700)
    made = sealer(home=home)
    made.seal(plain, tmp_path / "s.pgp")
    assert opened_by(rings[0], tmp_path / "s.pgp")[0] == CONTENT
    stand_in = made._gpg._stand_in
    assert stand_in is not None
    made.close()
    assert not stand_in.exists()


def test_a_keyring_on_a_read_only_file_system_works(
    rings: Any, sealer: Any, plain: Path, tmp_path: Path, tiny_disk: Path
) -> None:
    ignored = shutil.ignore_patterns("S.*", "*.lock", ".#*", "openpgp-revocs.d", "*~")
    shutil.copytree(rings[1].home, tiny_disk / "k", ignore=ignored)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    made = sealer(home=tiny_disk / "k")
    made.seal(plain, tmp_path / "s.pgp")
    assert opened_by(rings[0], tmp_path / "s.pgp")[0] == CONTENT
    made.close()


def test_closing_ends_the_agent_that_was_started_but_not_one_that_was_there(
    sealer: Any, rings: Any, plain: Path, tmp_path: Path
) -> None:
    home = str(rings[1].home)

    def alive() -> bool:
        ask = ["gpg-connect-agent", "--homedir", home, "--no-autostart", "GETINFO pid", "/bye"]
        return b"OK" in subprocess.run(ask, capture_output=True, check=False).stdout

    def dies() -> bool:
        deadline = time.monotonic() + 10
        while alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not alive()

    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=True)
    assert dies()
    made = sealer()
    made.seal(plain, tmp_path / "s.pgp")
    assert alive()
    made.close()
    assert dies()
    subprocess.run(["gpg-connect-agent", "--homedir", home, "/bye"], check=True, capture_output=True)
    made = sealer()
    made.seal(plain, tmp_path / "t.pgp")
    made.close()
    assert alive()


def test_a_gpg_conf_in_the_keyring_changes_nothing(rings: Any, sealer: Any, plain: Path, tmp_path: Path) -> None:
    conf = rings[1].home / "gpg.conf"
    conf.write_text(f"encrypt-to {rings[1].keys['next']}\ncipher-algo 3DES\narmor\n")
    try:
        sealer().seal(plain, tmp_path / "s.pgp")
    finally:
        conf.unlink()
    _, status = opened_by(rings[0], tmp_path / "s.pgp")
    assert status.count("ENC_TO") == 1
    assert "DECRYPTION_INFO 2 9 0" in status


# ------------------------------------------------------------------------------------------- check


def test_keys_in_order_give_no_findings(sealer: Any) -> None:
    assert sealer().check() == []


def test_check_names_every_fault_of_the_keyring(sealer: Any, rings: Any) -> None:
    rings[1].home.chmod(0o755)
    try:
        found = sealer("burnt", ("expired",)).check()
    finally:
        rings[1].home.chmod(0o700)
    assert [f.severity for f in found] == [Severity.ERROR] * 3
    text = "\n".join(f.text for f in found)
    for part in ("read or changed by others", "our key", "is revoked", "is expired"):
        assert part in text


def test_a_missing_keyring_is_a_finding_not_an_exception(sealer: Any, tmp_path: Path) -> None:
    assert [f.code for f in sealer(home=tmp_path / "none").check()] == ["H2H-PGP-KEY"]


@pytest.mark.parametrize(("days", "stage"), [(59, 60), (29, 30), (6, 7)])
def test_keys_that_expire_soon_are_told_60_30_and_7_days_before(sealer: Any, rings: Any, days: int, stage: int) -> None:
    end = datetime.fromtimestamp(time.time() - 3600, UTC) + timedelta(days=20)
    found = sealer("ours", ("soon",), now=lambda: end - timedelta(days=days, hours=1)).check()
    assert [(f.code, f.severity) for f in found] == [(f"H2H-PGP-EXPIRES-{stage}", Severity.WARNING)]
    assert f"expires in {days} days" in found[0].text


def test_our_own_key_that_ends_soon_is_told_with_every_seal(sealer: Any, plain: Path, tmp_path: Path) -> None:
    report = sealer("ending").seal(plain, tmp_path / "s.pgp")
    assert [f.code for f in report.warnings] == ["H2H-PGP-EXPIRES-7"]


def test_rsa_of_2048_bits_is_a_warning_and_a_subkeys_fingerprint_is_explained(sealer: Any, rings: Any) -> None:
    found = sealer("ours", ("medium",)).check()
    assert [(f.code, f.severity) for f in found] == [("H2H-PGP-KEY", Severity.WARNING)]
    listing = rings[1].gpg("--with-colons", "--list-keys", rings[1].keys["next"]).decode().splitlines()
    subkey = [line.split(":")[9] for line in listing if line.startswith("fpr")][1]
    found = sealer("ours", (subkey,)).check()
    assert f"is a subkey; pin the primary key {rings[1].keys['next']}" in found[0].text


# ------------------------------------------------------------------------------------------- no seal


def test_no_seal_passes_the_bytes_on(plain: Path, tmp_path: Path) -> None:
    sealer = NoSealer()
    assert sealer.check() == []
    assert sealer.seal(plain, tmp_path / "s").signed_by is None
    assert sealer.open(tmp_path / "s", tmp_path / "p").signed_by is None
    assert (tmp_path / "p").read_bytes() == CONTENT
    sealer.close()
