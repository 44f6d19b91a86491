"""Durable files: the order of system calls, what an fsync that fails means, what is never followed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from h2h.adapters import files
from h2h.core.errors import OutOfSpace, Unavailable

Program = Callable[[str], str]


def strace(program: Program, script: str, *options: str) -> tuple[int, str, str]:
    trace = [program("strace"), "-f", *options, sys.executable, "-c", script]
    done = subprocess.run(trace, capture_output=True, text=True, check=False, timeout=60)
    if "ptrace" in done.stderr and "Operation not permitted" in done.stderr:
        pytest.skip("missing: the right to trace a process")
    return done.returncode, done.stdout, done.stderr


def test_a_file_is_synchronised_before_it_is_named_and_its_directory_after(tmp_path: Path, program: Program) -> None:
    script = (
        "from pathlib import Path; from h2h.adapters import files\n"
        f"files.replace(Path({str(tmp_path / 'a')!r}), b'x')\n"
        f"files.create(Path({str(tmp_path / 'b')!r}), b'x')\n"
    )
    code, _, trace = strace(program, script, "-y", "-e", "trace=fsync,rename,link,linkat,renameat,renameat2")
    assert code == 0
    calls = [line for line in trace.splitlines() if str(tmp_path) in line]
    order = [re.sub(r"^(\[pid +\d+\] )?(\w+)\(.*", r"\2", line) for line in calls]
    plain = [re.sub("at2?$", "", call) for call in order]
    assert plain == ["fsync", "rename", "fsync", "fsync", "link", "fsync"]
    assert ".h2h-" in calls[0]
    assert f"<{tmp_path}>" in calls[2]


def test_an_fsync_that_fails_rises_as_not_durable_and_is_never_retried(tmp_path: Path, program: Program) -> None:
    script = (
        "from pathlib import Path; from h2h.adapters import files\n"
        f"try: files.replace(Path({str(tmp_path / 'a')!r}), b'x')\n"
        "except files.NotDurable as e: print('not durable', e.errno)\n"
    )
    code, out, trace = strace(program, script, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO")
    assert (code, out) == (0, "not durable 5\n")
    assert trace.count("INJECTED") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_only_at_fsync_is_out_of_space(tmp_path: Path, program: Program) -> None:
    script = (
        "from pathlib import Path; from h2h.adapters import files; from h2h.core.errors import OutOfSpace\n"
        f"try: files.create(Path({str(tmp_path / 'a')!r}), b'x')\n"
        "except OutOfSpace as e: print('full')\n"
    )
    code, out, _ = strace(program, script, "-e", "trace=fsync", "-e", "inject=fsync:error=ENOSPC:when=1")
    assert (code, out) == (0, "full\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("when", range(1, 4))
def test_killed_at_any_write_or_rename_a_reader_sees_the_old_file_or_the_new(
    tmp_path: Path, program: Program, when: int
) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    script = f"from pathlib import Path; from h2h.adapters import files\nfiles.replace(Path({str(target)!r}), b'new')\n"
    calls = {1: "fchmod", 2: "fsync", 3: "rename"}
    strace(program, script, "-e", f"inject={calls[when]}:signal=KILL", "-e", f"trace={calls[when]}")
    assert target.read_bytes() in (b"old", b"new")
    if when < 3:
        assert target.read_bytes() == b"old"
    files.tidy(tmp_path, os.stat(tmp_path).st_mtime + 10)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_file_systems_without_hard_links_get_an_exclusive_rename(tmp_path: Path, program: Program) -> None:
    script = (
        "from pathlib import Path; from h2h.adapters import files\n"
        f"p = Path({str(tmp_path / 'a')!r})\n"
        "print(files.create(p, b'x'), files.create(p, b'y'), p.read_bytes())\n"
    )
    for more in ([], ["-e", "inject=renameat2:error=EINVAL"]):
        (tmp_path / "a").unlink(missing_ok=True)
        options = ["-e", "trace=link,linkat,renameat2", "-e", "inject=link,linkat:error=EPERM", *more]
        code, out, _ = strace(program, script, *options)
        assert (code, out) == (0, "True False b'x'\n")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_rename_to_a_new_name_never_replaces(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    assert files.rename_new(tmp_path / "a", tmp_path / "b") is False
    assert files.rename_new(tmp_path / "a", tmp_path / "c") is True
    assert ((tmp_path / "b").read_bytes(), (tmp_path / "c").read_bytes()) == (b"b", b"a")
    with pytest.raises(FileNotFoundError):
        files.rename_new(tmp_path / "gone", tmp_path / "d")


def test_only_regular_files_are_opened_and_nothing_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(files.NotRegular):
            files.open_regular(tmp_path / name)
    with pytest.raises(files.NotRegular):
        files.open_regular(Path("/dev/null"))
    assert files.digest(tmp_path / "file")[0] == 1


def test_errors_come_with_words_and_who_can_mend_them(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"cannot write .*no such file or directory.*mounted"):
        files.replace(tmp_path / "gone" / "a", b"x")
    full = files.translated(OSError(28, "No space left on device"), "write", tmp_path)
    assert isinstance(full, OutOfSpace)
    assert "system administrator" in str(full)


def test_new_directories_are_private_and_existing_ones_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    files.make_directories(tmp_path / "a" / "b" / "c")
    assert [(tmp_path / p).stat().st_mode & 0o777 for p in ("a", "a/b", "a/b/c")] == [0o755, 0o700, 0o700]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable):
        files.make_directories(tmp_path / "file" / "x")


def test_tidying_passes_over_files_that_get_their_name_meanwhile(tmp_path: Path) -> None:
    done = threading.Event()

    def others() -> None:
        for number in range(400):
            files.replace(tmp_path / f"{number % 7}", b"x")
        done.set()

    writer = threading.Thread(target=others)
    writer.start()
    while not done.is_set():
        files.tidy(tmp_path, older_than=0)
    writer.join()
    assert len(list(tmp_path.iterdir())) == 7
