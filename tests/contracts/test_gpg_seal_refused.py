"""What is not sealed: our mistakes and our broken keys in words; nothing leaves half-made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from h2h.core.errors import Misconfigured, OutOfSpace, Unavailable, Untrusted

pytest_plugins = ["tests.contracts.places", "tests.contracts.sealers"]


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
    one.close()  # before the disk is gone: its agent is found by a socket that lies there


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
