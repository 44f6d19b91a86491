"""What we seal: opened by the bank's own gpg, signed by us, for the bank's eyes only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from h2h.adapters.gpg import NoSealer
from h2h.core.errors import Misconfigured
from h2h.core.pgp_packets import session_key_packets
from tests.contracts.keyrings import keyring, opened_by

pytest_plugins = ["tests.contracts.sealers"]


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
    assert content == plain.read_bytes()
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
    assert content == plain.read_bytes()
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


def test_no_seal_passes_the_bytes_on(plain: Path, tmp_path: Path) -> None:
    sealer = NoSealer()
    assert sealer.check() == []
    assert sealer.seal(plain, tmp_path / "s").signed_by is None
    assert sealer.open(tmp_path / "s", tmp_path / "p").signed_by is None
    assert (tmp_path / "p").read_bytes() == plain.read_bytes()
    sealer.close()


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
