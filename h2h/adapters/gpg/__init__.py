"""The seal of one bank: OpenPGP through gnupg, or none."""

from h2h.adapters.gpg.nosealer import NoSealer

__all__ = ["NoSealer"]
