"""Faults at system calls of a real process: strace lets one call fail, or kills the process when it comes to it.

The process is a fork of this one (so that Python, formats and schemas are loaded already), stopped until strace holds
it. Only its main thread is traced: it does all the work of a pass, and gpg, which it starts, is left in peace.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ATTACH_SECONDS = 20.0
_CALL = re.compile(r"(\w+)\((?:\d+<([^>]*)>)?")

#: Calls that change something outside the process, or make something durable.
CHANGING = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fchmod", "fchown"),
    *("rename", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "sendto"),
)


def counted(work: Callable[[], None], scratch: Path) -> dict[str, list[str]]:
    """Run *work* in a child; the changing calls of its main thread, each with the name of its file if it has one."""
    log = scratch / "strace.log"
    status = _run(work, ["-y", "-o", str(log), "-e", f"trace={','.join(CHANGING)}"])
    if status != 0:
        raise SystemExit(f"the dry run ended with wait status {status}")
    found: dict[str, list[str]] = {}
    for line in log.read_text(errors="replace").splitlines():
        call = _CALL.match(line)
        if call and call[1] in CHANGING:
            found.setdefault(call[1], []).append(Path(call[2] or "").name)
    return found


def injected(work: Callable[[], None], call: str, number: int, what: str) -> int:
    """Run *work* in a child whose *number*-th *call* meets *what* (``signal=KILL``, ``error=EIO`` …); wait status."""
    return _run(work, ["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}"])


def was_killed(status: int) -> bool:
    """Whether SIGKILL ended the child."""
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _run(work: Callable[[], None], options: list[str]) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            status = 0
        except BaseException:  # whatever it is: this is a process, and its end is looked at from outside
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.waitpid(pid, os.WUNTRACED)
    tracer = subprocess.Popen(["strace", "-qq", "-p", str(pid), *options], stderr=subprocess.PIPE, text=True)
    _wait_for_tracer(pid, tracer)
    os.kill(pid, signal.SIGCONT)
    _, status = os.waitpid(pid, 0)
    tracer.communicate()
    return status


def _wait_for_tracer(pid: int, tracer: subprocess.Popen[str]) -> None:
    until = time.monotonic() + ATTACH_SECONDS
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        if tracer.poll() is not None or time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise SystemExit(f"strace could not attach: {tracer.communicate()[1]}")
        time.sleep(0.002)
