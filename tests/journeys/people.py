"""A person at the keyboard: the real `h2h` and its words, within this process (quick) or as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from click.testing import CliRunner

from tests.journeys.site import Site


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which is one JSON object."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Person:
    """Somebody who works with one installation."""

    site: Site
    name: str = "alice"

    def says(self, *words: str, columns: int = 80, stdin: str | None = None, **more: str) -> Said:
        """`h2h` *words* ``-c`` the installation's file, not on a terminal. *more* is put into the environment."""
        from h2h.cli.main import main

        environment: dict[str, str | None] = {"SUDO_USER": None, "H2H_CONFIG": None, "NO_COLOR": None, "TZ": "UTC"}
        environment |= {"COLUMNS": str(columns), "LOGNAME": self.name, "LC_ALL": "C.UTF-8", **more}
        arguments = [*words, "-c", str(self.site.config)]
        result = CliRunner().invoke(main, arguments, env=environment, input=stdin, prog_name="h2h")
        structlog.reset_defaults()  # a command's log goes to its own standard error, which is gone now
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def types(self, *words: str, config: bool = True, **more: str) -> Said:
        """The same as a process of its own."""
        command = [sys.executable, "-m", "h2h", *words, *(["-c", str(self.site.config)] if config else [])]
        environment = {k: v for k, v in os.environ.items() if k not in ("SUDO_USER", "H2H_CONFIG", "NO_COLOR")}
        environment |= {"TZ": "UTC", "COLUMNS": "80", "LOGNAME": self.name, "LC_ALL": "C.UTF-8"}
        environment |= {"PYTHONPATH": os.fspath(_root()), **more}
        run = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            input="",
            timeout=300,
            check=False,
        )
        assert "Traceback" not in run.stderr, run.stderr
        return Said(run.returncode, run.stdout, run.stderr)


def _root() -> Path:
    return Path(__file__).resolve().parents[2]
