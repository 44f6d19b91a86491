"""The log: one line an event on standard error, for people on a terminal, as JSON under the service manager.

Events have stable names (``submission.sent``) and fields; account numbers, names and secrets are masked on the way out,
also in what libraries, warnings and unforeseen errors say. A log that cannot be written never stops a payment.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from h2h.core.errors import H2HError, Refused
from h2h.core.masking import Masker

_FRAMES_MAX = 15
_PATIENCE_MILLISECONDS = 1000
_LIBRARIES_LEVEL = logging.WARNING

_masker = Masker()


def configure(
    format: Literal["auto", "console", "json"],
    level: str,
    stream: TextIO,
) -> None:
    """Log to *stream* from now on, all threads and libraries. ``auto``: JSON unless *stream* is a terminal.

    Values that must never appear are given to ``hide`` when they are read.
    """
    terminal = stream.isatty()
    readable = format == "console" or (format == "auto" and terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exceptions,
            _mask,
            _for_people(terminal) if readable else _json(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_Sink(stream),
        cache_logger_on_first_use=False,
    )
    _take_in_libraries()
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed


def hide(secret: str | bytes) -> None:
    """This value never appears in the log, whoever writes it."""
    _masker.hide(secret)


# ------------------------------------------------------------------------------------------------- the processors


def _exceptions(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Type and place of an error; its text only if it is ours, for others quote what they choke on."""
    problem = event.pop("exc_info", None)
    if problem is True:
        problem = sys.exc_info()[1]
    if isinstance(problem, tuple):
        problem = problem[1]
    if isinstance(problem, BaseException):
        event["exception"] = _told(problem)
    event.pop("stack_info", None)
    return event


def _told(problem: BaseException) -> list[str]:
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(problem.__traceback__)[-_FRAMES_MAX:]
    ]
    ours = isinstance(problem, (H2HError, OSError)) and not isinstance(problem, Refused)
    lines.append(f"{type(problem).__name__}: {problem}" if ours else type(problem).__name__)
    cause = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    if cause is not None:
        lines.append(f"after {type(cause).__name__}")
    return lines


def _mask(logger: Any, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    try:
        return _masker.event(event)
    except Exception as problem:
        # A value whose own text cannot be made: the event is told without its fields.
        return {
            "timestamp": event.get("timestamp"),
            "level": event.get("level"),
            "event": "log.field-unreadable",
            "of": str(event.get("event")) if isinstance(event.get("event"), str) else "?",
            "error": type(problem).__name__,
        }


def _for_people(colors: bool) -> structlog.types.Processor:
    renderer = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=28, sort_keys=False)

    def render(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        frames = event.pop("exception", None)
        line = str(renderer(logger, method, event))
        return line if frames is None else "\n    ".join([line, *frames])

    return render


def _json() -> structlog.types.Processor:
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)

    def render(logger: Any, method: str, event: MutableMapping[str, Any]) -> str | bytes:
        first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
        return renderer(logger, method, {**first, **event})

    return render


# ------------------------------------------------------------------------------------------------- the way out


class _Sink:
    """Writes lines; one that cannot be written is counted and reported later, and nobody waits for long."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._lost = 0

    def __call__(self, *args: Any) -> _Sink:
        return self  # structlog asks for a logger

    def msg(self, line: str | bytes) -> None:
        """One line."""
        text = line if isinstance(line, str) else line.decode("utf-8")
        with self._lock:
            if self._lost and self._write(f'{{"level": "warning", "event": "log.lines-lost", "lines": {self._lost}}}'):
                self._lost = 0
            if not self._write(text):
                self._lost += 1

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg

    def _write(self, text: str) -> bool:
        data = (text + "\n").encode("utf-8", "backslashreplace")
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):
            return self._write_text(data.decode("utf-8"))
        try:
            if not self._ready(descriptor):
                return False
            while data:  # past Python's buffers: what a dead reader did not take must not pile up there
                data = data[os.write(descriptor, data) :]
        except OSError:
            return False  # the reader of the log has gone; there is nobody to tell until it comes back
        return True

    def _write_text(self, text: str) -> bool:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return False
        return True

    def _ready(self, descriptor: int) -> bool:
        """False if the reader of a pipe or socket does not read; waits one second, and not at all while it is stuck."""
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        return bool(poll.poll(0 if self._lost else _PATIENCE_MILLISECONDS))


# ------------------------------------------------------------------------------------------------- what others say


class _FromLibraries(logging.Handler):
    """Sends what libraries log through the same masks."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record of a library as the event ``library``."""
        try:
            text = record.getMessage()
        except Exception as problem:
            text = f"(a message that could not be made: {type(problem).__name__})"
        log = structlog.get_logger()
        log.log(record.levelno, "library", logger=record.name, text=text, exc_info=record.exc_info or None)


def _take_in_libraries() -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, _FromLibraries):
            root.removeHandler(handler)
    root.addHandler(_FromLibraries())
    root.setLevel(_LIBRARIES_LEVEL)
    logging.captureWarnings(True)


def _crashed(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("process.crashed", error=kind.__name__, exc_info=problem)


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else "?"
    structlog.get_logger().critical(
        "thread.crashed", thread=name, error=args.exc_type.__name__, exc_info=args.exc_value
    )
