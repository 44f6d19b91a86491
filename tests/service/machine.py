"""A small machine with a real systemd as PID 1, in namespaces of its own."""

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--cgroup")
T = TypeVar("T")
BOOT = Path(__file__).with_name("boot.sh")


class Machine:
    """Boots on entry, is killed on exit. `share` is a folder that both sides see, inside as /mnt/share."""

    def __init__(self, root: Path, share: Path) -> None:
        self.root = root
        self.share = share
        self._log = share / "boot.log"

    def __enter__(self) -> "Machine":
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "CHECKOUT": str(self.root),
            "LIBRARIES": sysconfig.get_path("purelib"),
            "PYTHON": sys.base_prefix,
            "SHARE": str(self.share),
        }
        with self._log.open("wb") as log:
            self._outer = subprocess.Popen(
                ["unshare", "--fork", *NAMESPACES, "--kill-child", "sh", str(BOOT)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._init = wait_for(self._child, "the namespaces")
            wait_for(lambda: self.run("systemctl", "is-active", "test.target").returncode == 0, "systemd", 60)
        except BaseException:
            self.__exit__()
            raise AssertionError(f"the machine did not boot:\n{self._log.read_text(encoding='utf-8')}") from None
        return self

    def __exit__(self, *_: object) -> None:
        # systemd ignores SIGTERM as PID 1 of a namespace; --kill-child takes it down with its parent.
        self._outer.send_signal(signal.SIGKILL)
        self._outer.wait(120)

    def _child(self) -> int:
        if self._outer.poll() is not None:
            raise AssertionError("boot.sh ended")
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text(encoding="ascii").split()
        return int(children[0]) if children else 0

    def run(self, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """A command inside, as root."""
        run = subprocess.run(
            ["nsenter", "--target", str(self._init), *NAMESPACES, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        )
        assert not check or run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"
        return run

    def show(self, unit: str, what: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", unit, "--property", what, "--value", check=True).stdout.strip()


#: Two cores that others work on, too, are several times as slow: a limit only ends what hangs.
PATIENCE = 4


def wait_for(look: Callable[[], T], what: str, seconds: float = 20) -> T:
    """The first true answer of `look`; an error that names `what` after that many seconds."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")


def may_make_namespaces() -> bool:
    """True for root on a machine that allows it; containers often do not."""
    return (
        os.geteuid() == 0
        and subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False).returncode == 0
    )
