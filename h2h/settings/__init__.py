"""The configuration: what a sysadmin writes in ``h2h.toml`` and ``banks/*.toml``, checked before anything starts.

Unknown keys are errors, secrets are references (never values), every path in an error message is the path in the file.
"""

from h2h.core.declared import Column, Cutoff, Delimited, Part, Rules, Waiver
from h2h.settings.bank import (
    BankProfile,
    DirectoryChannel,
    Fetching,
    NoSeal,
    PgpSeal,
    RemoteFolders,
    SftpChannel,
    Submission,
)
from h2h.settings.erp import Completeness, CompletenessKind, DuplicatePolicy, Duplicates, ErpFolder
from h2h.settings.load import load, read_directories
from h2h.settings.parts import Secret
from h2h.settings.site import Journal, Limits, Logging, Paths, Settings

__all__ = [
    "BankProfile",
    "Column",
    "Completeness",
    "CompletenessKind",
    "Cutoff",
    "Delimited",
    "DirectoryChannel",
    "DuplicatePolicy",
    "Duplicates",
    "ErpFolder",
    "Fetching",
    "Journal",
    "Limits",
    "Logging",
    "NoSeal",
    "Part",
    "Paths",
    "PgpSeal",
    "RemoteFolders",
    "Rules",
    "Secret",
    "Settings",
    "SftpChannel",
    "Submission",
    "Waiver",
    "load",
    "read_directories",
]
