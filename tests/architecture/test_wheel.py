"""What a customer installs: the wheel carries all data, and works without the checkout."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(300), pytest.mark.xdist_group("wheel")]

DATA_FOLDERS = ("formats", "xsd", "config", "systemd", "samples")


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(root)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with only the wheel in it; its libraries are those of the environment under test."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "-q", str(wheel)],
        check=True,
    )
    (packages,) = (home / "lib").glob("python*/site-packages")
    # A path added this way reads no .pth file of its own, so the checkout's editable install stays out of sight.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def _run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    program, *arguments = command
    return subprocess.run(
        [str(installed / "bin" / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=installed,
    )


def _files(root: Path, folder: str) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("folder", DATA_FOLDERS)
def test_the_wheel_and_the_source_distribution_carry_every_data_file(root: Path, built: Path, folder: str) -> None:
    expected = _files(root, folder)
    assert expected, f"the checkout has no {folder}"
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {name.removeprefix("h2h/_data/") for name in archive.namelist() if name.startswith("h2h/_data/")}
    assert expected - in_wheel == set()
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive_of_sources:
        in_sdist = {name.partition("/")[2] for name in archive_of_sources.getnames()}
    assert expected - in_sdist == set()


def test_building_again_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (sources,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(sources)]
    subprocess.run(command, check=True, capture_output=True)
    (first,), (second,) = built.glob("*.whl"), tmp_path.glob("*.whl")
    assert first.read_bytes() == second.read_bytes()


def test_the_installed_command_says_its_version(root: Path, installed: Path) -> None:
    run = _run(installed, "h2h", "--version")
    assert run.returncode == 0, run.stderr
    version: dict[str, str] = {}
    exec((root / "h2h" / "__init__.py").read_text(encoding="utf-8"), version)
    assert version["__version__"] in run.stdout
    where = _run(installed, "python", "-c", "import h2h.data; print(h2h.__file__, h2h.data.data_dir('xsd'))")
    assert all(path.startswith(str(installed)) for path in where.stdout.split()), where.stdout


def test_the_installed_command_knows_the_formats_and_schemas_it_ships(root: Path, installed: Path) -> None:
    sample = next((root / "samples").rglob("*.xml"))
    run = _run(installed, "h2h", "identify", str(sample))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "pain.001" in run.stdout or "camt" in run.stdout or "pain.002" in run.stdout


def test_the_installed_demo_shows_the_main_job_and_its_installation_goes_on(installed: Path, tmp_path: Path) -> None:
    """The path of the README: the demo, then a file of one's own to the same simulated bank."""
    place = tmp_path / "my"
    demo = _run(installed, "h2h", "demo", "--directory", str(place))
    assert demo.returncode == 0, demo.stdout + demo.stderr
    config = ("-c", str(place / "h2h.toml"))
    profile = (place / "banks" / "demobank.toml").read_text(encoding="utf-8")
    (port,) = re.findall(r"^port = (\d+)$", profile, re.MULTILINE)
    command = [str(installed / "bin" / "h2h"), "bank", "simulate", *config, "--directory", str(place / "bank")]
    bank = subprocess.Popen([*command, "--port", port], stdout=subprocess.PIPE, text=True)
    try:
        assert bank.stdout is not None
        assert "listens" in bank.stdout.readline()
        sources = [path.read_text(encoding="utf-8") for path in (place / "archive").rglob("10-source*.csv")]
        example = next(text for text in sources if "SAL-" in text).splitlines()
        mine = [example[0], re.sub(r"SAL-[0-9-]+", "MINE-1", example[1])]
        (place / "erp" / "out" / ".mine.csv").write_text("\n".join(mine) + "\n", encoding="utf-8")
        (place / "erp" / "out" / ".mine.csv").rename(place / "erp" / "out" / "mine.csv")
        for _ in range(10):  # the bank takes its time to answer
            once = _run(installed, "h2h", "once", *config)
            assert once.returncode == 0, once.stdout + once.stderr
            explained = _run(installed, "h2h", "explain", "mine.csv", *config)
            if "[ACCEPTED]" in explained.stdout:
                break
        assert "MINE-1" in explained.stdout, explained.stdout + explained.stderr
        assert "[ACCEPTED]" in explained.stdout
    finally:
        bank.terminate()
        bank.communicate(timeout=20)
