"""The log through all its doors: events, libraries, warnings, crashes; canaries go in and must not come out."""

from __future__ import annotations

import ast
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

import h2h.log
from h2h.core.errors import Refused, Unavailable
from h2h.core.findings import WhoActs, error

IBAN = "DE89370400440532013000"
NAME = "Kanarienvogel GmbH"
SECRET = "canary-passphrase-7"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    hooks, level, handlers = (sys.excepthook, threading.excepthook), logging.root.level, list(logging.root.handlers)
    yield
    sys.excepthook, threading.excepthook = hooks
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_under_the_service_manager_each_event_is_one_json_object() -> None:
    stream = io.StringIO()
    h2h.log.configure("auto", "info", stream)
    structlog.get_logger("h2h").info("submission.sent", sid="abc", attempt=2, at_bank="工行")
    (line,) = lines(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert (line["event"], line["level"], line["sid"], line["attempt"]) == ("submission.sent", "info", "abc", 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", str(line["timestamp"]))
    assert "工行" in stream.getvalue()


def test_on_a_terminal_it_is_a_line_for_people() -> None:
    stream = Terminal()
    h2h.log.configure("auto", "info", stream)
    structlog.get_logger().warning("fetch.cannot", bank="b", problem="no route to host")
    text = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "fetch.cannot" in text
    assert "bank=b" in text
    assert not text.startswith("{")
    plain = io.StringIO()
    h2h.log.configure("console", "info", plain)
    structlog.get_logger().info("a.b")
    assert "\x1b" not in plain.getvalue()


def test_less_than_the_level_is_not_written_and_reconfiguring_takes_effect_at_once() -> None:
    log = structlog.get_logger("made before")
    first, second = io.StringIO(), io.StringIO()
    h2h.log.configure("json", "warning", first)
    log.info("quiet")
    log.warning("loud")
    h2h.log.configure("json", "debug", second)
    log.debug("now")
    assert [line["event"] for line in lines(first)] == ["loud"]
    assert [line["event"] for line in lines(second)] == ["now"]


def _chatter() -> None:
    """Sends the canaries through every door."""
    log = structlog.get_logger("h2h").bind(creditor_name=NAME)
    log.info("a", account=IBAN, debtor_name=NAME, password=SECRET)
    log.info("b", problem=f"account {IBAN} refused", detail={"creditor": {"name": NAME, "iban": IBAN}})
    log.info("c", payments=[{"creditor_name": NAME, "creditor_account": IBAN}], url=f"postgresql://u:{SECRET}@db/x")
    log.info(f"event with {IBAN} and {SECRET}")
    log.info("d", **{f"key {IBAN} {SECRET}": 1})
    finding = error("H2H-IBAN", "line 1", f"'{NAME}' has the account {IBAN}", WhoActs.ACCOUNTS_PAYABLE)
    for problem in (
        ValueError(f"cannot read '{NAME}' {IBAN} {SECRET}"),
        Refused([finding]),
        Unavailable(f"database postgresql://u:{SECRET}@db for account {IBAN}"),
        OSError(2, "No such file", f"/erp/{IBAN}.csv"),
        KeyError(NAME),
    ):
        try:
            try:
                raise RuntimeError(f"inside {NAME} {IBAN} {SECRET}")
            except RuntimeError as inner:
                raise problem from inner
        except Exception as caught:
            log.error("e", exc_info=caught, error=type(caught).__name__)
            log.exception("f")
            logging.getLogger("paramiko.transport").exception("library saw %s", IBAN)
    structlog.contextvars.bind_contextvars(debtor_account=IBAN)
    log.warning("g")
    structlog.contextvars.clear_contextvars()
    logging.getLogger("sqlalchemy").error("INSERT %s %s", IBAN, SECRET)
    logging.getLogger("broken").error("%d", "no number " + SECRET)
    warnings.warn(f"warned about {IBAN} {SECRET}", UserWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: (_ for _ in ()).throw(ValueError(f"{NAME} {IBAN} {SECRET}")).__next__())
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(f"{NAME} {IBAN} {SECRET}"), None)


@pytest.mark.parametrize("format_", ["json", "console"])
@pytest.mark.filterwarnings("default")
def test_canaries_sent_through_every_door_do_not_come_out(format_: str, capfd: pytest.CaptureFixture[str]) -> None:
    logging.root.handlers[:] = []  # pytest's own: they raise where logging would go on
    stream = io.StringIO()
    h2h.log.hide(SECRET)
    h2h.log.configure(format_, "debug", stream)  # type: ignore[arg-type]
    _chatter()
    out, err = capfd.readouterr()
    text = stream.getvalue()
    assert text.count("\n") > 20
    for canary in (IBAN, IBAN[4:], NAME, "Kanarien", SECRET, "canary-pass"):
        assert canary not in text + out + err
    for event in ("process.crashed", "thread.crashed", "library"):
        assert event in text


def test_a_daemon_of_its_own_process_lets_no_canary_out_even_when_it_dies(tmp_path: Path) -> None:
    script = (
        "import sys, threading, structlog, h2h.log\n"
        "h2h.log.configure('auto', 'info', sys.stderr)\n"
        f"h2h.log.hide({SECRET!r})\n"
        f"def die(): raise ValueError({NAME + IBAN + SECRET!r})\n"
        "t = threading.Thread(target=die); t.start(); t.join()\n"
        f"structlog.get_logger().info('x', creditor_name={NAME!r}, iban={IBAN!r})\n"
        "die()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == [
        "thread.crashed",
        "x",
        "process.crashed",
    ]
    for canary in (IBAN, NAME, SECRET):
        assert canary not in done.stdout + done.stderr


def test_an_errors_place_is_told_and_our_own_words_too() -> None:
    stream = io.StringIO()
    h2h.log.configure("json", "info", stream)
    try:
        raise Unavailable("the bank does not answer")
    except Unavailable as problem:
        structlog.get_logger().error("round.unexpected", exc_info=problem)
    frames = lines(stream)[0]["exception"]
    assert isinstance(frames, list)
    assert frames[-1] == "Unavailable: the bank does not answer"
    assert re.fullmatch(r"test_log\.py:\d+ test_an_errors_place_is_told_and_our_own_words_too", frames[0])


def test_a_value_that_cannot_be_told_does_not_stop_anything() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(SECRET)

    stream = io.StringIO()
    h2h.log.configure("json", "info", stream)
    structlog.get_logger().info("submission.sent", value=Broken())
    (line,) = lines(stream)
    assert (line["event"], line["of"], line["error"]) == ("log.field-unreadable", "submission.sent", "RuntimeError")
    assert SECRET not in stream.getvalue()


def test_a_log_that_nobody_reads_any_more_never_fails_or_holds_up_the_work() -> None:
    reader, writer = os.pipe()
    with open(writer, "w", encoding="utf-8") as stream:
        h2h.log.configure("json", "info", stream)
        log = structlog.get_logger()
        started = time.monotonic()
        for _ in range(3000):
            log.info("chatter", text="x" * 100)  # more than the pipe holds
        assert time.monotonic() - started < 10
        written = os.read(reader, 1 << 20)
        log.info("after")
        rest = os.read(reader, 1 << 20).decode()
        assert [json.loads(line)["event"] for line in rest.splitlines()][-2:] == ["log.lines-lost", "after"]
        assert written.count(b"\n") < 3000
        os.close(reader)
        log.info("into the void")
        log.info("into the void")


def test_a_character_that_no_encoding_knows_is_written_all_the_same() -> None:
    bytes_ = io.BytesIO()
    stream = io.TextIOWrapper(bytes_, encoding="utf-8")
    h2h.log.configure("json", "info", stream)
    structlog.get_logger().info("x", remote="caf\udce9")
    assert b"caf" in bytes_.getvalue()


def test_event_names_are_stable_and_no_field_names_a_person(root: Path) -> None:
    """Every call in the daemon's code: the event is a constant in lower case, no field is one of the masked."""
    from h2h.core.masking import Masker

    calls = 0
    for path in [*(root / "h2h" / "pipeline").rglob("*.py"), root / "h2h" / "daemon.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "log"):
                continue
            calls += 1
            name = node.args[0]
            if isinstance(name, ast.BinOp):  # "submission." + event
                name = name.left
            assert isinstance(name, ast.Constant), f"{path}:{node.lineno}: the event's name is not a constant"
            assert re.fullmatch(r"[a-z]+(\.[a-z-]*)*", str(name.value)), f"{path}:{node.lineno}: {name.value!r}"
            for keyword in node.keywords:
                if keyword.arg and keyword.arg not in ("exc_info", "name"):
                    assert Masker().event({keyword.arg: "plain"}) == {keyword.arg: "plain"}, f"{path}:{node.lineno}"
    assert calls > 10
