"""`h2h bank test` finds out what a server can do and says what is wrong; `h2h bank simulate` is the profile's bank."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from h2h.cli.main import main
from h2h.settings import load
from h2h.simulator import BEHAVIOURS, SimulatedBank
from tests.contracts.banks import PlainServer, plain_server, sshd
from tests.contracts.sshd import Sshd

__all__ = ["plain_server", "sshd"]  # fixtures

Installation = Callable[..., Path]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Writes an h2h.toml with one bank; *channel* is its table, *more* is TOML for the rest of the profile."""

    def write(channel: dict[str, Any], more: str = "") -> Path:
        base = tmp_path / "etc"
        for folder in ("banks", "state", "out"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        config = base / "h2h.toml"
        config.write_text(
            'instance = "t"\nenvironment = "test"\n[paths]\nstate = "state"\narchive = "archive"\nledger = "ledger"\n'
            '[[erp]]\nname = "erp"\nbank = "acme"\noutbound = "out"\n'
        )
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in channel.items() if key != "key")
        key = f'\nkey.file = "{channel["key"]}"' if "key" in channel else ""
        (base / "banks/acme.toml").write_text(f'environment = "test"\n{more}\n[channel]\n{lines}{key}\n')
        load(config)
        return config

    return write


def over(server: Sshd | PlainServer, **changes: Any) -> dict[str, Any]:
    """The [channel] table that reaches *server*."""
    channel = server.channel()
    values: dict[str, Any] = {
        "kind": "sftp",
        "host": channel.host,
        "port": channel.port,
        "username": channel.username,
        "key": str(server.key),
        "host_keys": list(channel.host_keys),
        "connect_timeout_seconds": 3,
        "timeout_seconds": 3,
    }
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bank", *arguments, *(["--wait", "0"] if arguments[0] == "test" else [])])


def steps(result: Result) -> dict[str, str]:
    return {step["name"]: step["mark"] for step in json.loads(result.stdout)["steps"]}


def test_a_good_server_passes_every_step_and_keeps_nothing(installation: Installation, sshd: Sshd) -> None:
    config = installation(over(sshd))
    result = run("test", "acme", "-c", str(config), "--json")
    assert result.exit_code == 0, result.output
    assert set(steps(result).values()) == {"yes"}
    assert {"host name", "connection", "host key", "log-in", "write", "exclusive create", "read back"} <= set(
        steps(result)
    )
    assert {"rename posix", "rename fxp", "remove", "list to_bank", "list from_bank"} <= set(steps(result))
    assert json.loads(result.stdout)["submission"] == {"rename": "posix", "read_back": True}
    assert list((sshd.root / "to_bank").iterdir()) == []


def test_a_bank_that_takes_temporary_names_is_found_out(installation: Installation, tmp_path: Path) -> None:
    how, stop = BEHAVIOURS["takes-temporaries"], threading.Event()
    with SimulatedBank(tmp_path / "bank", behaviour=how, pgp=False) as bank:
        at_work = threading.Thread(target=bank.serve, args=(stop, 0.02))
        at_work.start()
        try:
            channel = bank.channel()
            assert channel.key is not None
            values = {"kind": "sftp", "host": channel.host, "port": channel.port, "username": channel.username}
            values |= {"key": str(channel.key.file), "host_keys": list(channel.host_keys)}
            config = installation(values)
            asked = ["bank", "test", "acme", "-c", str(config), "--json", "--wait", "20"]
            result = CliRunner().invoke(main, asked)
        finally:
            stop.set()
            at_work.join()
    assert result.exit_code == 1
    # When the bank takes it decides which steps do not find what they wrote; each of them is told.
    told = [step for step in json.loads(result.stdout)["steps"] if step["mark"] == "no"]
    assert {step["name"] for step in told} & {"write", "temporary names"}
    assert any("folders.temporary" in str(step) or "has it no longer" in str(step) for step in told)


def test_for_people_it_prints_the_lines_for_the_profile(installation: Installation, sshd: Sshd) -> None:
    result = run("test", "acme", "-c", str(installation(over(sshd))))
    assert result.exit_code == 0, result.output
    assert '[submission]\nread_back = true\nrename = "posix"' in result.stdout
    assert "acme can be used." in result.stdout


def test_looking_only_writes_nothing(installation: Installation, sshd: Sshd) -> None:
    (sshd.root / "to_bank").chmod(0o555)
    result = run("test", "acme", "-c", str(installation(over(sshd))), "--look-only", "--json")
    assert result.exit_code == 0, result.output
    assert "write" not in steps(result)


def test_an_unknown_bank_and_a_missing_file_are_told(installation: Installation, tmp_path: Path, sshd: Sshd) -> None:
    config = installation(over(sshd))
    told = run("test", "nobody", "-c", str(config))
    assert told.exit_code == 1
    assert "there is no bank 'nobody'" in told.stderr
    assert "name one of these: acme" in told.stderr
    assert run("test", "acme", "-c", str(tmp_path / "none.toml")).exit_code == 2


@pytest.mark.parametrize(
    ("changes", "step", "words"),
    [
        ({"host": "no-such-host.invalid"}, "host name", "no address"),
        ({"port": 1}, "connection", "refused the connection"),
        ({"host_keys": ["SHA256:" + "A" * 43]}, "host key", "not pinned"),
        ({"username": "somebody-else"}, "log-in", "refused the key"),
        ({"key": "/nonexistent"}, "secrets", "cannot be read"),
    ],
)
def test_each_mistake_stops_at_its_own_step_with_who_acts(
    installation: Installation, sshd: Sshd, changes: dict[str, Any], step: str, words: str
) -> None:
    result = run("test", "acme", "-c", str(installation(over(sshd, **changes))), "--json")
    assert result.exit_code == 1
    last = json.loads(result.stdout)["steps"][-1]
    assert (last["name"], last["mark"]) == (step, "no")
    assert words in last["text"]
    assert step == "secrets" or last["next_step"].startswith(("bank:", "system administrator:"))


def test_a_folder_that_is_not_there_and_one_that_may_not_be_written_are_named(
    installation: Installation, sshd: Sshd
) -> None:
    config = installation(over(sshd), 'folders.from_bank = ["answers"]')
    (sshd.root / "to_bank").chmod(0o555)
    result = run("test", "acme", "-c", str(config), "--json")
    assert result.exit_code == 1
    assert steps(result)["list answers"] == "no"
    assert steps(result)["write"] == "no"


def test_a_server_without_posix_rename_is_found_out(installation: Installation, plain_server: PlainServer) -> None:
    plain_server.faults.posix_rename = False
    config = installation(over(plain_server))
    result = run("test", "acme", "-c", str(config), "--json")
    assert result.exit_code == 1
    assert steps(result)["rename as configured"] == "no"
    assert json.loads(result.stdout)["submission"]["rename"] == "fxp"
    config = installation(over(plain_server), 'submission.rename = "fxp"')
    assert run("test", "acme", "-c", str(config)).exit_code == 0


def test_a_server_that_lets_nothing_be_read_back_is_usable_with_a_note(
    installation: Installation, plain_server: PlainServer
) -> None:
    plain_server.faults.deny = frozenset({"read"})
    result = run("test", "acme", "-c", str(installation(over(plain_server))), "--json")
    assert result.exit_code == 0, result.output
    assert steps(result)["read back"] == "note"
    assert json.loads(result.stdout)["submission"]["read_back"] is False


def test_a_server_that_refuses_removal_leaves_a_note_what_to_remove(
    installation: Installation, plain_server: PlainServer
) -> None:
    plain_server.faults.deny = frozenset({"remove"})
    result = run("test", "acme", "-c", str(installation(over(plain_server))), "--json")
    assert result.exit_code == 0, result.output
    last = json.loads(result.stdout)["steps"][-1]
    assert last["mark"] == "note"
    assert [f"bank: please remove to_bank/{path.name}" for path in (plain_server.root / "to_bank").iterdir()] == [
        last["next_step"]
    ]


def test_a_bank_behind_a_directory_is_tried_too(installation: Installation, tmp_path: Path) -> None:
    for folder in ("to_bank", "from_bank"):
        (tmp_path / "bank" / folder).mkdir(parents=True)
    config = installation({"kind": "directory", "root": str(tmp_path / "bank")})
    assert run("test", "acme", "-c", str(config)).exit_code == 0
    (tmp_path / "bank/from_bank").rmdir()
    assert run("test", "acme", "-c", str(config)).exit_code == 1


def test_the_simulated_bank_takes_the_profiles_own_keys_and_folders(installation: Installation, tmp_path: Path) -> None:
    """Its own process; the profile is pointed at it by the lines it prints, and `h2h bank test` is then content."""
    donor = SimulatedBank(tmp_path / "donor")  # somebody's existing keys
    keys = donor.keys
    donor.stop()
    channel = {
        "kind": "sftp",
        "host": "sftp.acme.example",
        "username": "corp17",
        "key": str(keys.client_key),
        "host_keys": ["SHA256:" + "A" * 43],
    }
    seal = (
        'folders.to_bank = "in"\nfolders.from_bank = ["out"]\n'
        f'seal = {{ kind = "pgp", keyring = "{keys.client_keyring}", own_fingerprint = "{keys.client_fingerprint}", '
        f'bank_encryption_fingerprints = ["{"0" * 40}"], bank_signing_fingerprints = ["{"0" * 40}"] }}'
    )
    config = installation(channel, seal)
    command = [sys.executable, "-c", "from h2h.cli.main import main; main()", "bank", "simulate", "-c", str(config)]
    process = subprocess.Popen(
        [*command, "--directory", str(tmp_path / "sim")], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Ctrl-C")):
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        text = "".join(lines)
        port, host_key = re.search(r"port = (\d+)\nhost_keys = \[\"(.*)\"\]", text).groups()  # type: ignore[union-attr]
        assert "bank_signing_fingerprints" in text
        assert (tmp_path / "sim/keys/bank.asc").read_text().startswith("-----BEGIN PGP PUBLIC KEY")
        here = {**channel, "host": "127.0.0.1", "port": int(port), "host_keys": [host_key]}
        assert run("test", "acme", "-c", str(installation(here, seal))).exit_code == 0
        (tmp_path / "sim/sftp/in/unsigned.xml").write_bytes(b"<a/>")
        line = process.stdout.readline()
        assert "cannot trust it" in line
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_the_help_names_every_behaviour() -> None:
    text = " ".join(run("simulate", "--help").output.split())
    assert ", ".join(BEHAVIOURS) in text


def test_the_simulated_bank_says_what_is_wrong(installation: Installation, tmp_path: Path) -> None:
    config = installation(
        {"kind": "sftp", "host": "h", "username": "u", "key": "k", "host_keys": ["SHA256:" + "A" * 43]},
        f'seal = {{ kind = "pgp", keyring = "{tmp_path}/none", own_fingerprint = "{"0" * 40}", '
        f'bank_encryption_fingerprints = ["{"0" * 40}"], bank_signing_fingerprints = ["{"0" * 40}"] }}',
    )
    assert run("simulate", "-c", str(config)).exit_code == 1
    assert run("simulate", "-c", str(config), "--bank", "other").exit_code == 1
    assert run("simulate", "-c", str(config), "--behaviour", "no-such").exit_code == 2


def test_as_a_process_of_its_own_it_says_how_to_reach_it_and_ends_when_told(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "h2h.simulator", str(tmp_path), "--no-pgp"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        started = time.monotonic()
        said = json.loads(process.stdout.readline())
        assert time.monotonic() - started < 60
        assert (said["host"], said["username"], said["bank_fingerprint"]) == ("127.0.0.1", "customer", None)
        assert said["host_key"].startswith("SHA256:")
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
