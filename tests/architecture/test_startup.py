"""The command line starts at once: nothing heavy is imported before a verb asks for it."""

import resource
import subprocess
import sys

HEAVY = {
    "lxml",
    "pydantic",
    "sqlalchemy",
    "alembic",
    "paramiko",
    "cryptography",
    "gnupg",
    "rich",
    "structlog",
    "schwifty",
}


def test_the_version_is_said_within_three_tenths_of_a_second() -> None:
    command = [sys.executable, "-c", "from h2h.cli.main import main; main()", "--version"]
    seconds = []
    for _ in range(5):  # of processor time, which on an idle machine is the time that passes
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.3, seconds


def test_neither_version_nor_help_imports_a_heavy_library() -> None:
    program = "import sys\nfrom click.testing import CliRunner\nfrom h2h.cli.main import main\n"
    program += "CliRunner().invoke(main, ['--help'])\nprint(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert set(run.stdout.split()) & HEAVY == set()
