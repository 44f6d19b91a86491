"""Secrets by reference: read from where they are meant to be, refused where others could read them, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from h2h.adapters.secrets import Secrets
from h2h.core.errors import Misconfigured
from h2h.settings import Secret


def test_a_secret_is_read_from_where_its_reference_points(tmp_path: Path) -> None:
    (tmp_path / "credential").write_bytes(b"from systemd\n")
    file = tmp_path / "file"
    file.touch(0o600)
    file.write_bytes(b"from a file\n")
    secrets = Secrets.of_environment({"CREDENTIALS_DIRECTORY": str(tmp_path), "PASSWORD": "from outside"})
    assert secrets.read(Secret(credential="credential")) == b"from systemd\n"
    assert secrets.text(Secret(credential="credential")) == "from systemd"
    assert secrets.text(Secret(file=file)) == "from a file"
    assert secrets.text(Secret(environment="PASSWORD")) == "from outside"


def test_a_secret_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    secrets = Secrets({}, None)
    file = tmp_path / "file"
    file.write_bytes(b"canary-value")
    for mode in (0o640, 0o604, 0o620, 0o602, 0o644):
        file.chmod(mode)
        with pytest.raises(Misconfigured, match="read or written by others") as caught:
            secrets.read(Secret(file=file))
        assert "canary-value" not in str(caught.value)
    file.chmod(0o400)
    assert secrets.read(Secret(file=file)) == b"canary-value"
    empty, large = tmp_path / "empty", tmp_path / "large"
    for path, content in ((empty, b""), (large, b"x" * 70_000)):
        path.touch(0o600)
        path.write_bytes(content)
    for path, words in (
        (empty, "empty"),
        (large, "larger"),
        (tmp_path, "not a regular file"),
        (tmp_path / "no", "No such"),
    ):
        with pytest.raises(Misconfigured, match=words):
            secrets.read(Secret(file=path))
    with pytest.raises(Misconfigured, match="not set"):
        secrets.read(Secret(environment="NOWHERE"))
    with pytest.raises(Misconfigured, match="no credentials directory"):
        secrets.read(Secret(credential="name"))


def test_text_that_is_none_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(0o600)
    file.write_bytes(b"\xff\xfecanary")
    with pytest.raises(Misconfigured, match="not UTF-8") as caught:
        Secrets({}).text(Secret(file=file))
    assert "canary" not in str(caught.value)
