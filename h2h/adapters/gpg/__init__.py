"""The seal of one bank: OpenPGP through gnupg, or none."""

from h2h.adapters.gpg.nosealer import NoSealer
from h2h.adapters.gpg.sealer import PgpSealer

__all__ = ["NoSealer", "PgpSealer"]
