"""What the tables of the configuration share: strictness, names, references to secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from h2h.core.declared import Part

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{40}([0-9A-Fa-f]{24})?$")]
HostKey = Annotated[str, Field(pattern=r"^SHA256:[A-Za-z0-9+/]{43}=?$")]
Seconds = Annotated[float, Field(gt=0)]


class Secret(Part):
    """A reference to a secret; exactly one of the three. The value itself never stands in a configuration file."""

    credential: Name | None = Field(None, description="Name of a systemd credential (LoadCredential=).")
    file: Path | None = Field(None, description="A file that only h2h's user can read (mode 0400 or 0600).")
    environment: str | None = Field(None, description="Name of an environment variable.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if sum(v is not None for v in (self.credential, self.file, self.environment)) != 1:
            raise ValueError("give exactly one of credential, file, environment")
        return self
