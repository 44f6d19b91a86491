"""Helping processes: a long delimited file is converted in parts, on all processors, outside of the daemon's process.

They are started when the first long file comes and stay until ``close``: a file of 20,000 payments takes less time than
their start. If one fails, or the file must be looked at as a whole, the caller converts it in one go.
"""

from __future__ import annotations

import json
import marshal
import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from h2h.core.alike import KeptRow
from h2h.core.codecs.text import LINE_BYTES_MAX
from h2h.core.convert import Conversion, Stamp
from h2h.core.declared import Delimited
from h2h.core.findings import Finding
from h2h.core.format import Format
from h2h.core.parts import CannotBePartedError, PartGroup, Whole, may_be_parted, spans
from h2h.core.rules.terms import BankTerms

#: From this size on (about 20,000 payments) helpers are worth their while.
BYTES_MIN = 2_000_000
#: About 10,000 payments: memory stays small, and the parts many.
PART_BYTES = 1_000_000


class HelpingProcesses:
    """As many helpers as there are processors; one file at a time."""

    def __init__(
        self,
        formats: Sequence[Path],
        schemas: Sequence[Path],
        validate: Callable[[str, bytes], list[Finding]],
        *,
        processes: int | None = None,
        bytes_min: int = BYTES_MIN,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._setting = {"formats": [str(path) for path in formats], "schemas": [str(path) for path in schemas]}
        self._validate = validate
        self._count = processes or len(os.sched_getaffinity(0))
        self._bytes_min, self._part_bytes = bytes_min, part_bytes
        self._running: list[subprocess.Popen[str]] = []
        self._busy = threading.Lock()

    def convert(
        self,
        source: Path,
        delimited: Delimited,
        bank: BankTerms,
        target: Format,
        schema: str,
        stamp: Stamp,
        *,
        out: Path,
        between: Callable[[], None] = lambda: None,
    ) -> Conversion | None:
        """See ``ports.Helpers.convert``."""
        if source.stat().st_size < self._bytes_min or not may_be_parted(delimited):
            return None
        if bank.banks is not None:
            return None  # each helper would keep a directory of its own, perhaps of another day
        if not self._busy.acquire(blocking=False):
            return None
        try:
            return self._convert(_Job(source, delimited, bank, target, schema, stamp, out.parent), out, between)
        except CannotBePartedError:
            return None  # converted in one go, which says what is wrong with it
        except _HelperGone:
            # It has been killed, or its disk is full: in one go it works, or fails with the reason.
            self._end()
            return None
        finally:
            self._busy.release()

    def start(self) -> None:
        """Start them now instead of with the first long file."""
        with self._busy:
            self._ready()

    def close(self) -> None:
        """End them; a file that is being converted is finished first."""
        with self._busy:
            self._end()

    def _convert(self, job: _Job, out: Path, between: Callable[[], None]) -> Conversion | None:
        whole = Whole(job.delimited, job.bank, job.target, job.stamp, job.text, job.rows)
        with closing(self._answers(job)) as answers:
            for answer in answers:
                between()
                if answer is None:
                    return None
                job.answers.append(answer)
                groups = [
                    PartGroup(tuple(v), currency, count, Decimal(t)) for v, currency, count, t in answer["groups"]
                ]
                whole.add(answer["width"], groups)
                for kind, place in answer["marks"].items():
                    whole.marks.add_bytes(kind, job.bytes_of(len(job.answers) - 1, "rows", place))
        with out.open("wb") as file:
            made = whole.written(file)
        if made is None:
            return None
        conversion, frame = made
        return conversion if not self._validate(job.schema, job.target.as_schema_sees_it(frame)) else None

    def _answers(self, job: _Job) -> Generator[dict[str, Any] | None]:
        """The parts' answers in the order of the file, with every helper at work."""
        waiting: deque[subprocess.Popen[str]] = deque()
        free = deque(self._ready())
        try:
            for task in job.tasks(self._part_bytes):
                if not free:
                    helper = waiting.popleft()
                    yield _reply(helper)
                    free.append(helper)
                helper = free.popleft()
                _ask(helper, task)
                waiting.append(helper)
            while waiting:
                yield _reply(waiting.popleft())
        finally:
            for helper in waiting:  # given up: what they still have to say is about nobody's file
                with suppress(_HelperGone):
                    _reply(helper)

    def _ready(self) -> list[subprocess.Popen[str]]:
        if not self._running:
            # The marks of ids that helpers make are compared: one seed for all of them.
            environment = {"PYTHONHASHSEED": str(secrets.randbelow(2**32)), "PATH": os.environ.get("PATH", os.defpath)}
            environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
            for _ in range(self._count):
                command = [sys.executable, "-m", "h2h.helper"]
                pipe = subprocess.PIPE
                helper = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, bufsize=1)
                self._running.append(helper)
                _ask(helper, self._setting)
        return self._running

    def _end(self) -> None:
        for helper in self._running:
            if helper.stdin is not None:
                with suppress(BrokenPipeError):  # it has ended already
                    helper.stdin.close()
        for helper in self._running:
            helper.wait()
            if helper.stdout is not None:
                helper.stdout.close()
        self._running = []


class _Job:
    """One file, and what the helpers have left of it in the scratch directory."""

    def __init__(
        self,
        source: Path,
        delimited: Delimited,
        bank: BankTerms,
        target: Format,
        schema: str,
        stamp: Stamp,
        scratch: Path,
    ) -> None:
        self.source, self.delimited, self.bank, self.target = source, delimited, bank, target
        self.schema, self.stamp, self.scratch = schema, stamp, scratch
        self.answers: list[dict[str, Any]] = []

    def tasks(self, part_bytes: int) -> Iterator[dict[str, Any]]:
        """What the helpers are asked, part by part."""
        shared: dict[str, Any] = {
            "source": str(self.source),
            "delimited": self.delimited.model_dump_json(),
            "rules": self.bank.rules.model_dump_json(),
            "accounts": list(self.bank.accounts),
            "initiating_party": self.bank.initiating_party,
            "format": self.target.id,
            "schema": self.schema,
            "message_id": self.stamp.message_id,
            "created": self.stamp.creation_date_time.isoformat(),
            "today": self.stamp.today.isoformat(),
        }
        with self.source.open("rb") as file:
            header = file.readline(LINE_BYTES_MAX) if self.delimited.header else b""
            if len(header) == LINE_BYTES_MAX:
                raise CannotBePartedError
            shared["header"] = len(header)
            file.seek(0)
            for number, (offset, length) in enumerate(spans(file, self.delimited, part_bytes)):
                own = {"out": str(self._file(number, "xml")), "rows": str(self._file(number, "rows"))}
                yield {**shared, "offset": offset, "length": length, **own}

    def text(self, part: int, group: int) -> str:
        """The payments of a group in a part, as they are written."""
        start, end = self.answers[part]["areas"][group]
        return self.bytes_of(part, "xml", (start, end - start)).decode()

    def rows(self, part: int, group: int) -> Iterator[KeptRow]:
        """What the journal keeps of them."""
        # A file of our own, which a helper of our own wrote.
        for row in marshal.loads(self.bytes_of(part, "rows", self.answers[part]["rows"][group])):  # noqa: S302
            yield KeptRow(*row)

    def bytes_of(self, part: int, kind: str, place: Sequence[int]) -> bytes:
        """Some bytes of what a helper wrote."""
        with self._file(part, kind).open("rb") as file:
            file.seek(place[0])
            return file.read(place[1])

    def _file(self, part: int, kind: str) -> Path:
        return self.scratch / f"part-{part}.{kind}"


class _HelperGone(Exception):
    """It has ended, and nobody told it to."""


def _ask(helper: subprocess.Popen[str], what: dict[str, Any]) -> None:
    try:
        if helper.stdin is not None:
            helper.stdin.write(json.dumps(what) + "\n")
            helper.stdin.flush()
    except OSError as problem:
        raise _HelperGone from problem


def _reply(helper: subprocess.Popen[str]) -> dict[str, Any] | None:
    line = helper.stdout.readline() if helper.stdout is not None else ""
    if not line.endswith("\n"):
        raise _HelperGone
    answer: dict[str, Any] | None = json.loads(line)
    return answer
