"""The taking in of a file, killed at every system call that changes something: the bytes are always somewhere safe."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from h2h.adapters.folders import FolderOutbox
from h2h.ports import Candidate
from h2h.settings.erp import Completeness, CompletenessKind, ErpFolder
from h2h.settings.site import Limits

CONTENT = b"amount;name\n1.00;A\n" * 1000
CALLS = "rename,renameat2,mkdir,rmdir,unlink,fsync"
JOURNEY = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from tests.contracts.test_folders_crash import outbox, take_in
take_in(outbox(Path(sys.argv[1])), Path(sys.argv[1]) / "archived")
"""


def outbox(base: Path) -> FolderOutbox:
    folder = ErpFolder(
        name="sap", bank="b", outbound=base / "out", completeness=Completeness(by=CompletenessKind.MARKER)
    )
    return FolderOutbox(folder, Limits(free_bytes_min=0), base / "state" / "spool")


def take_in(box: FolderOutbox, archived: Path) -> int:
    """As the pipeline does: unfinished first; the claimed file goes only after its bytes are kept."""
    from datetime import UTC, datetime

    from h2h.adapters import files

    count = 0
    claims = list(box.unfinished())
    for found in box.scan(datetime.now(UTC)):
        if isinstance(found, Candidate):
            claimed = box.claim(found)
            claims += [claimed] if claimed is not None else []
    for claimed in claims:
        assert claimed.expected_size == len(CONTENT)  # what the marker promised is never forgotten
        spooled = box.spool(claimed)
        files.replace(archived, spooled.path)
        box.discard(claimed)
        count += 1
    return count


def prepare(base: Path) -> Path:
    (base / "out").mkdir(parents=True)
    (base / "out" / "pay.csv").write_bytes(CONTENT)
    (base / "out" / "pay.csv.ok").write_text(f"size={len(CONTENT)}")
    return base


def changes(strace: str, base: Path) -> list[tuple[str, int]]:
    """Every call of the whole journey that changes something below *base*, as (call, its number among its kind)."""
    trace = base / "trace"
    command = [
        strace,
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-y",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(trace),
        sys.executable,
        "-c",
        JOURNEY,
    ]
    done = subprocess.run([*command, str(base)], capture_output=True, text=True, check=False, timeout=60)
    if "Operation not permitted" in done.stderr and "ptrace" in done.stderr:
        pytest.skip("missing: the right to trace a process")
    assert done.returncode == 0, done.stderr
    found: list[tuple[str, int]] = []
    seen: dict[str, int] = {}
    for line in trace.read_text().splitlines():
        call = line.split("(", 1)[0].split()[-1]
        if call not in CALLS.split(","):
            continue
        seen[call] = seen.get(call, 0) + 1
        if str(base) in line:
            found.append((call, seen[call]))
    return found


def test_killed_before_any_change_and_started_again_the_file_is_taken_in_once_and_whole(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    strace = program("strace")
    points = changes(strace, prepare(tmp_path / "reference"))
    assert len(points) >= 12
    for number, (call, when) in enumerate(points):
        base = prepare(tmp_path / f"{number}")
        command = [
            strace,
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-e",
            f"trace={call}",
            "-e",
            f"inject={call}:signal=KILL:when={when}",
        ]
        command += ["-o", "/dev/null", sys.executable, "-c", JOURNEY, str(base)]
        subprocess.run(command, capture_output=True, check=False, timeout=60)
        places = [p for p in base.rglob("*") if p.is_file() and not p.name.endswith(".tmp")]
        assert any(p.read_bytes() == CONTENT for p in places), f"lost at {call} {when}"
        taken = take_in(outbox(base), base / "archived")
        assert (base / "archived").read_bytes() == CONTENT
        assert taken == 1 or (base / "archived").exists()
        assert take_in(outbox(base), base / "archived") == 0
        left = [p for p in (base / "out").rglob("*") if p.is_file()]
        assert left == [], f"left after {call} {when}: {left}"
