"""The command line starts at once: nothing heavy is imported before a verb asks for it."""

import subprocess
import sys
import time

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
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3, seconds


def test_neither_version_nor_help_imports_a_heavy_library() -> None:
    program = "import sys\nfrom click.testing import CliRunner\nfrom h2h.cli.main import main\n"
    program += "CliRunner().invoke(main, ['--help'])\nprint(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert set(run.stdout.split()) & HEAVY == set()
