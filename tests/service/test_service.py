"""h2h under a real systemd, installed by its own script, with the shipped unit: user, sandbox, signals, watchdog."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.contracts.sshd import Sshd, running_sshd
from tests.service.machine import Machine, may_make_namespaces, wait_for

pytestmark = [pytest.mark.service, pytest.mark.xdist_group("service"), pytest.mark.timeout(600)]

CONFIG = "/etc/h2h/h2h.toml"
OUTBOX = "/srv/h2h/erp/outbox"
HEADER = "Our account;Date;Reference;Amount;Payee;IBAN;Town;Country;Kind;Text"
ROW = (
    "DE75512108001245126199;{day};{reference};12,34;Payee {number};DE89370400440532013000;Bonn;DE;SUPP;Invoice {number}"
)

# Exit statuses from here on are systemd's own (systemd.exec, "Process Exit Codes"): it could not set the process up,
# and h2h was not begun. It tries again by itself, as the unit says.
SYSTEMD_ITSELF = 200

# Under the test only: logs go to a file, and the watchdog is short enough to be watched.
DROP_IN = """[Service]
StandardOutput=append:/mnt/share/h2h.log
StandardError=inherit
LoadCredential=mybank-key:/etc/bank-key
WatchdogSec=15
TimeoutAbortSec=2
RestartSec=1
"""


def _configuration(root: Path) -> str:
    """The shipped example, at a quicker pace."""
    text = (root / "config" / "h2h.toml").read_text(encoding="utf-8")
    text = text.replace("#schema_directories = []", 'schema_directories = ["/etc/h2h/schemas"]')
    return text.replace('"examplebank"', '"mybank"').replace("#polling_seconds = 10.0", "polling_seconds = 0.5")


def _profile(sshd: Sshd) -> str:
    return f"""
environment = "test"
initiating_party = "Example Ltd"
[channel]
kind = "sftp"
host = "127.0.0.1"
port = {sshd.port}
username = "{sshd.username}"
key = {{ credential = "mybank-key" }}
host_keys = ["{sshd.fingerprints["ed25519"]}"]
[fetching]
every_seconds = 1.0
[seal]
kind = "pgp"
keyring = "/var/lib/h2h/keyrings/mybank"
own_fingerprint = "FINGERPRINT"
bank_encryption_fingerprints = ["FINGERPRINT"]
bank_signing_fingerprints = ["FINGERPRINT"]
"""


@pytest.fixture(scope="module")
def sshd(program: Callable[[str], str]) -> Iterator[Sshd]:
    """The bank: a real OpenSSH server, outside the small machine."""
    with running_sshd(program("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def machine(
    root: Path, sshd: Sshd, program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A small machine on which h2h is installed, configured and not yet started."""
    for name in ("systemd", "gpg", "systemctl", "nsenter"):
        program(name)
    if not may_make_namespaces():
        missing("the right to make namespaces (root)")
    share = tmp_path_factory.mktemp("share")
    share.chmod(0o755)
    (share / "config" / "banks").mkdir(parents=True)
    (share / "config" / "h2h.toml").write_text(_configuration(root), encoding="utf-8")
    (share / "config" / "banks" / "mybank.toml").write_text(_profile(sshd), encoding="utf-8")
    (share / "key").write_bytes(sshd.key.read_bytes())
    (share / "test.conf").write_text(DROP_IN, encoding="utf-8")
    (share / "prepare").write_bytes((root / "tests" / "service" / "prepare.sh").read_bytes())
    (share / "prepare").chmod(0o755)
    with Machine(root, share) as machine:
        yield machine


@pytest.fixture
def running(machine: Machine) -> Iterator[Machine]:
    """The machine with h2h started, and stopped again."""
    start = machine.run("systemctl", "start", "h2h.service")
    status = int(machine.show("h2h.service", "ExecMainStatus"))
    if start.returncode != 0 and status >= SYSTEMD_ITSELF:
        wait_for(lambda: machine.show("h2h.service", "ActiveState") == "active", "the second try")
    else:
        assert start.returncode == 0, f"{start.stderr}status {status}\n{_log(machine)}"
    yield machine
    machine.run("systemctl", "stop", "h2h.service")
    machine.run("systemctl", "reset-failed", "h2h.service")


def _log(machine: Machine) -> str:
    path = machine.share / "h2h.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _pid(machine: Machine) -> int:
    return int(machine.show("h2h.service", "MainPID"))


def _drop(machine: Machine, name: str, payments: int) -> None:
    """What an ERP does: write under a temporary name as its own user, rename."""
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 7 * 86400))
    rows = [ROW.format(day=day, reference=f"{name}-{n}".replace(".", "-"), number=n) for n in range(payments)]
    (machine.share / name).write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    machine.run(
        *("runuser", "-u", "erp", "--", "sh", "-c"),
        f"umask 027; cp /mnt/share/{name} {OUTBOX}/.{name}; mv {OUTBOX}/.{name} {OUTBOX}/{name}",
        check=True,
    )


def _at_the_bank(sshd: Sshd, *, temporary: bool = False) -> list[Path]:
    return [path for path in (sshd.root / "to_bank").iterdir() if path.name.startswith(".") is temporary]


def _caught_in_flight(running: Machine, sshd: Sshd) -> list[int]:
    """The server's processes, stopped in the middle of an upload. One that was too quick is followed by another."""
    for number in range(8):
        before, end = set(_at_the_bank(sshd)), time.monotonic() + 240
        _drop(running, f"suppliers-{number}.csv", 30_000 + number)
        while set(_at_the_bank(sshd)) == before:
            assert time.monotonic() < end, _log(running)[-2000:]
            if _at_the_bank(sshd, temporary=True):
                frozen = sshd.freeze()
                if _at_the_bank(sshd, temporary=True) and set(_at_the_bank(sshd)) == before:
                    return frozen
                sshd.thaw(frozen)
            time.sleep(0.0005)
    raise AssertionError("no upload could be caught in flight")


def test_it_is_ready_when_systemd_says_so_and_runs_as_its_own_user_without_any_right(running: Machine) -> None:
    assert running.show("h2h.service", "ActiveState") == "active"
    status = running.run("cat", f"/proc/{_pid(running)}/status", check=True).stdout
    uid = running.run("id", "-u", "h2h", check=True).stdout.strip()
    assert re.search(rf"^Uid:\s+{uid}\s+{uid}\s+{uid}", status, re.MULTILINE), status
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE), status
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), status
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE), status


def test_it_can_write_its_state_and_its_folders_and_nothing_else(running: Machine) -> None:
    def writable(folder: str) -> bool:
        inside = ("nsenter", "--target", str(_pid(running)), "--mount", "setpriv", "--reuid=h2h", "--regid=h2h")
        return running.run(*inside, "--init-groups", "sh", "-c", f"test -w {folder}").returncode == 0

    assert [folder for folder in ("/var/lib/h2h", OUTBOX, "/srv/h2h/erp/inbox") if not writable(folder)] == []
    assert [
        folder for folder in ("/etc/h2h", "/usr", "/opt/h2h", "/root", "/var/lib", "/srv") if writable(folder)
    ] == []


def test_an_erps_file_reaches_the_bank_sealed_and_the_erp_can_read_its_receipt(running: Machine, sshd: Sshd) -> None:
    before = set(_at_the_bank(sshd))
    _drop(running, "salaries.csv", 3)
    (sent,) = wait_for(lambda: set(_at_the_bank(sshd)) - before, f"the bank's file; {_log(running)[-2000:]}", 30)
    assert b"Payee" not in sent.read_bytes()
    read = ("runuser", "-u", "erp", "--", "cat", f"{OUTBOX}/salaries.csv.status.json")
    wait_for(lambda: '"SENT"' in running.run(*read).stdout, f"the receipt: {running.run(*read)}")


def test_the_log_is_json_and_names_no_account_and_no_payee(running: Machine) -> None:
    before = _log(running).count("submission.delivered")
    _drop(running, "rents.csv", 2)
    wait_for(lambda: _log(running).count("submission.delivered") > before, "the delivery", 30)
    lines = _log(running).splitlines()
    assert {"daemon.ready", "submission.taken-in"} <= {json.loads(line)["event"] for line in lines}
    assert [line for line in lines if "DE89370400440532013000" in line or "Payee 1" in line] == []


def test_a_reload_takes_the_new_configuration_and_refuses_a_wrong_one(running: Machine) -> None:
    pid = _pid(running)
    running.run("sed", "-i", 's/^instance = .*/instance = ""/', "/etc/h2h/h2h.toml", check=True)
    running.run("systemctl", "reload", "h2h.service", check=True)
    wait_for(lambda: "reload-refused" in _log(running), "the refusal")
    assert running.show("h2h.service", "ActiveState") == "active"
    ready = _log(running).count("daemon.ready")
    running.run("sed", "-i", 's/^instance = .*/instance = "treasury-1"/', "/etc/h2h/h2h.toml", check=True)
    running.run("systemctl", "reload", "h2h.service", check=True)
    wait_for(lambda: _log(running).count("daemon.ready") == ready + 1, "the new configuration")
    assert _pid(running) == pid


def test_an_administrators_commands_work_beside_the_service_and_leave_no_file_of_roots(running: Machine) -> None:
    for command in (("check",), ("bank", "test", "mybank"), ("status",), ("attention", "list"), ("journal", "verify")):
        run = running.run("/usr/local/bin/h2h", *command)
        assert run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"
    schema = "/opt/h2h/checkout/xsd/iso20022/pain.001.001.09.xsd"
    running.run("cp", schema, "/tmp/mybank-pain.001.001.09.xsd", check=True)
    add = running.run("/usr/local/bin/h2h", "schema", "add", "/tmp/mybank-pain.001.001.09.xsd", "-c", CONFIG)
    assert add.returncode == 0, add.stdout + add.stderr
    added = "/etc/h2h/schemas/mybank-pain.001.001.09.xsd"
    assert running.run("runuser", "-u", "h2h", "--", "test", "-r", added).returncode == 0
    assert running.run("find", "/var/lib/h2h", "/srv/h2h/erp", "-user", "root", check=True).stdout == ""


def test_a_configuration_that_only_root_can_read_is_told_before_the_service_meets_it(running: Machine) -> None:
    profile = "/etc/h2h/banks/mybank.toml"
    running.run("chmod", "600", profile, check=True)
    told = running.run("/usr/local/bin/h2h", "check", "--quiet")
    running.run("chmod", "640", profile, check=True)
    assert told.returncode == 1
    assert "user 'h2h', as whom h2h runs, may not read it" in " ".join(told.stdout.split())
    assert f"chown root:h2h {profile}" in " ".join(told.stdout.split())
    assert running.run("/usr/local/bin/h2h", "check", "--quiet").returncode == 0


def test_the_watchdog_is_fed_and_a_process_that_hangs_is_replaced(running: Machine) -> None:
    pid = _pid(running)
    fed = running.show("h2h.service", "WatchdogTimestampMonotonic")
    wait_for(lambda: running.show("h2h.service", "WatchdogTimestampMonotonic") != fed, "the watchdog")
    assert _pid(running) == pid
    running.run("kill", "-STOP", str(pid), check=True)
    wait_for(lambda: _pid(running) not in {0, pid}, "a new process", 40)
    wait_for(lambda: running.show("h2h.service", "ActiveState") == "active", "its readiness", 30)


def test_sigterm_finishes_the_send_in_flight(running: Machine, sshd: Sshd) -> None:
    frozen = _caught_in_flight(running, sshd)
    before = set(_at_the_bank(sshd))
    running.run("systemctl", "stop", "--no-block", "h2h.service", check=True)
    wait_for(lambda: running.show("h2h.service", "ActiveState") == "deactivating", "the order to stop")
    time.sleep(2)
    assert running.show("h2h.service", "ActiveState") == "deactivating"
    assert set(_at_the_bank(sshd)) == before
    sshd.thaw(frozen)
    wait_for(lambda: running.show("h2h.service", "ActiveState") == "inactive", "the stop", 60)
    assert running.show("h2h.service", "Result") == "success"
    assert len(set(_at_the_bank(sshd)) - before) == 1
    assert _at_the_bank(sshd, temporary=True) == []


def test_a_first_installation_reads_one_example_of_a_bank_and_has_the_others_at_hand(machine: Machine) -> None:
    examples = (machine.share / "examples").read_text(encoding="utf-8").split()
    assert [name for name in examples if name.endswith(".toml")] == ["examplebank.toml"]
    assert "cib.toml.example" in examples


def test_an_installation_on_top_is_an_upgrade_and_changes_nothing_that_was_edited(running: Machine) -> None:
    edited = ("cat", CONFIG, "/etc/h2h/banks/mybank.toml", "/mnt/units/h2h.service.d/site.conf")
    running.run("sh", "-c", "echo '# ours' >> /mnt/units/h2h.service.d/site.conf", check=True)
    before, pid = running.run(*edited, check=True).stdout, _pid(running)
    install = ("env", "UNIT_DIR=/mnt/units", "sh", "/opt/h2h/checkout/systemd/install.sh")
    said = running.run(*install, check=True).stdout
    assert "upgraded" in said
    assert "systemctl restart h2h" in said
    assert running.run(*edited, check=True).stdout == before
    assert running.run("ls", "/etc/h2h/banks", check=True).stdout.split() == ["mybank.toml"]
    assert _pid(running) == pid, "what is in flight is not disturbed until somebody restarts it"


def test_the_uninstallation_stops_it_and_keeps_the_evidence(running: Machine) -> None:
    running.run("env", "UNIT_DIR=/mnt/units", "sh", "/opt/h2h/checkout/systemd/uninstall.sh", check=True)
    assert running.show("h2h.service", "ActiveState") == "inactive"
    assert running.run("test", "-e", "/mnt/units/h2h.service").returncode == 1
    assert running.run("test", "-e", "/opt/h2h/venv").returncode == 1
    kept = ("/etc/h2h/h2h.toml", "/var/lib/h2h/archive", "/mnt/units/h2h.service.d/site.conf")
    assert [path for path in kept if running.run("test", "-e", path).returncode != 0] == []
