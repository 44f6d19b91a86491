"""The build hook: fetches the official schemas, and places the data folders into the wheel as h2h/_data/."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))
from schemas import ensure_schemas

DATA_FOLDERS = ("formats", "xsd", "config", "systemd", "samples")


class DataHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before every wheel and source distribution. An editable install reads the checkout's own folders."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before it collects files; `version` is "editable" or "standard"."""
        root = Path(self.root)
        ensure_schemas(root)
        if self.target_name == "wheel" and version != "editable":
            for folder in DATA_FOLDERS:
                if (root / folder).is_dir():
                    build_data["force_include"][str(root / folder)] = f"h2h/_data/{folder}"
