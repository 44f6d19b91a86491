"""`h2h once`, `h2h run`, and what every verb does alike: usage, errors in words, completion, pipes, odd terminals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contracts.pain import IBANS
from tests.journeys.people import Person
from tests.journeys.site import Site, salaries

GOOD = salaries(("A-1", "7,00", IBANS[0]))


def test_one_pass_says_what_it_did_and_a_second_that_nothing_was_due(tmp_path: Path) -> None:
    site = Site(tmp_path)
    alice = Person(site)
    site.drop("pay.csv", GOOD.replace("01.12.2026", _soon()))
    said = alice.types("once")
    assert said.status == 0, said.out + said.err
    assert "→ testbank  pay.csv  SENT" in said.out
    assert "submission.delivered" in said.err, "the log goes to standard error"
    again = alice.types("once", "--json")
    assert (again.status, again.json) == (0, {"submissions": [], "files": []})


def test_a_refused_file_makes_the_pass_end_with_1(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("wrong.csv", "not;what;was;declared\n1;2;3;4\n")
    said = Person(site).types("once", "--json")
    assert said.status == 1
    assert [s["state"] for s in said.json["submissions"]] == ["REFUSED"]
    assert said.json["submissions"][0]["reason"].startswith("H2H-")


def test_the_daemon_runs_until_it_is_told_to_stop_and_nobody_does_its_work_beside_it(tmp_path: Path) -> None:
    site = Site(tmp_path)
    alice = Person(site)
    with daemon(site) as process:
        site.drop("pay.csv", GOOD.replace("01.12.2026", _soon()))
        wait_for(lambda: bool(site.at_bank()))
        beside = alice.says("once")
        assert beside.status == 1
        assert "the daemon is running" in beside.err
        assert "the daemon is running" in alice.says("status").out
        second = alice.types("run")
        assert second.status == 1
        assert "another h2h daemon" in second.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=150) == 0
    assert "NOT RUNNING" in alice.says("status").out


def test_a_person_decides_while_the_daemon_runs(tmp_path: Path) -> None:
    site = Site(tmp_path, erp={"release_required": True})
    alice = Person(site)
    with daemon(site) as process:
        site.drop("pay.csv", GOOD.replace("01.12.2026", _soon()))
        wait_for(lambda: any(s.state == "AWAITING_RELEASE" for s in site.submissions()))
        assert site.at_bank() == {}
        waiting = alice.says("status", "--json").json["needs_a_person"]
        assert [(w["kind"], w["who_acts"]) for w in waiting] == [("awaiting-release", "treasury")]
        assert alice.says("release", site.submission("pay.csv").sid, "--reason", "checked").status == 0
        wait_for(lambda: bool(site.at_bank()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=150) == 0


# ---------------------------------------------------------------------------------------------- what all verbs share


def test_a_configuration_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    alice = Person(Site(tmp_path))
    alice.site.config.unlink()
    for verb in ("run", "once", "check", "status"):
        said = alice.says(verb)
        assert said.status == 2, verb
        assert "does not exist" in said.err


def test_the_configuration_comes_from_the_environment_where_no_option_names_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    said = Person(site).types("check", config=False, H2H_CONFIG=str(site.config))
    assert said.status == 0
    assert said.out.rstrip().endswith("Next: h2h bank test BANK"), "and commands to type need no -c then"


def test_only_the_service_is_started_by_systemctl(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.once()
    said = Person(site).types("status", config=False, H2H_CONFIG=str(site.config))
    assert "NOT RUNNING" in said.out
    assert "systemctl" not in said.out
    assert "\n    h2h run\n" in said.out


def test_an_installation_that_never_ran_says_so_and_is_not_made_by_looking(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for words in (("status",), ("explain", "x"), ("attention", "list"), ("cancel", "abcd", "--reason", "x")):
        said = Person(site).says(*words)
        assert said.status == 1
        assert "no journal" in said.err
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["stauts"], "Did you mean 'status'?"),
        (["status", "--jsn"], "--json"),
        (["explain"], "WHAT"),
        (["frobnicate"], "No such"),
        (["-c", "h2h.toml", "status"], "-c stands behind the verb"),
    ],
)
def test_a_mistyped_command_is_answered_with_2_and_a_hint(tmp_path: Path, words: list[str], hint: str) -> None:
    said = Person(Site(tmp_path)).types(*words, config=False)
    assert said.status == 2
    assert hint in said.err


def test_every_verb_has_its_help_and_no_verb_is_missing(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from h2h.cli.main import VERBS, main

    for verb in VERBS:
        said = CliRunner().invoke(main, [verb, "--help"])
        assert said.exit_code == 0, verb
        assert "Usage:" in said.stdout
    listed = CliRunner().invoke(main, ["--help"]).stdout
    assert [v for v in VERBS if f"\n  {v} " not in listed] == []
    assert max(map(len, listed.splitlines())) <= 80


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_journal_that_is_gone_is_not_called_one_that_is_still_to_be_made(tmp_path: Path, left: str) -> None:
    site = Site(tmp_path)
    site.drop("pay.csv", GOOD)
    assert site.once()
    (journal,) = tmp_path.rglob("journal.db")
    journal.unlink()
    if left != "nothing":
        journal.touch()
    for verb in (("status",), ("explain", "pay.csv"), ("attention", "list")):
        said = Person(site).says(*verb)
        assert said.status == 1
        assert "is gone; the ledger" in said.err
        assert "restore the newest backup" in said.err
    checked = Person(site).says("check", "--quiet")
    assert checked.status == 1
    assert {"nothing": "the journal is gone", "an empty file": "holds no journal yet"}[left] in checked.out


@pytest.mark.parametrize("group", ["bank", "schema", "attention", "format", "journal"])
def test_the_help_of_a_group_breaks_off_in_no_sentence(tmp_path: Path, group: str) -> None:
    told = Person(Site(tmp_path)).types(group, "--help", config=False).out
    commands = told[told.index("Commands:") :]
    assert len(commands.splitlines()) > 1
    assert "..." not in commands


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_for_that_shell(tmp_path: Path, shell: str) -> None:
    said = Person(Site(tmp_path)).types("completion", shell, config=False)
    assert said.status == 0
    assert f"_H2H_COMPLETE={shell}_complete" in said.out


def test_bash_completes_verbs_and_options(tmp_path: Path) -> None:
    alice = Person(Site(tmp_path))
    for line, expected in (("h2h exp", "plain,explain\n"), ("h2h resolve --not", "plain,--not-sent\n")):
        said = alice.types(
            config=False, _H2H_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1)
        )
        assert said.out == expected


def test_a_terminal_that_knows_only_ascii_gets_escapes_and_no_error(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("löhne.csv", "wrong\n1\n")
    site.once()
    said = Person(site).types("status", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert said.status == 0
    assert "l\\xf6hne.csv" in said.out


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.once()
    command = f"{sys.executable} -m h2h status -c {site.config} | head -c 1"
    run = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert "Traceback" not in run.stderr


def test_a_file_name_that_would_move_the_cursor_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.house() as house:
        from h2h.core.findings import WhoActs

        house.attend("odd-file", "erp/x", "evil\x1b[2J\x1b]0;pwned\x07name", WhoActs.ERP_TEAM)
    said = Person(site).says("status")
    assert "\x1b" not in said.out
    assert "\\x1b[2J" in said.out


# ---------------------------------------------------------------------------------------------- a daemon


class daemon:  # noqa: N801 - read as `with daemon(site)`
    """`h2h run` as a process, ready when it is entered."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __enter__(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "h2h", "run", "-c", str(self._site.config)]
        environment = {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
        self._log = (self._site.root / "daemon.log").open("w+")
        self._process = subprocess.Popen(command, env=environment, stderr=self._log, text=True)
        try:
            wait_for(lambda: "daemon.ready" in (self._site.root / "daemon.log").read_text(), self._process)
        except BaseException:
            self.__exit__()
            raise
        return self._process

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()
        for line in (self._site.root / "daemon.log").read_text().splitlines():
            event = json.loads(line)
            assert event.get("level") not in ("error", "critical"), event


def wait_for(condition: object, process: subprocess.Popen[str] | None = None, seconds: float = 150.0) -> None:
    """Until it is so; fails if it never is, or the process ends."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        assert process is None or process.poll() is None, "the daemon ended"
        time.sleep(0.05)


def _soon() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=10)).strftime("%d.%m.%Y")
