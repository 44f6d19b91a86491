"""Where the data that ships with h2h lies: formats, schemas, example configuration, units, samples.

In an installed wheel it lies in `h2h/_data/`; in a source checkout at the checkout's root. Nothing else asks.
"""

from pathlib import Path
from typing import Literal

import h2h

DataFolder = Literal["formats", "xsd", "config", "systemd", "samples"]


def data_dir(folder: DataFolder) -> Path:
    """The folder of shipped data of that name; it is not promised to exist (a checkout before `make setup`)."""
    return _root() / folder


def _root() -> Path:
    package = Path(h2h.__file__).resolve().parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent
