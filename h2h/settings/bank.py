"""A bank is data: channel, folders, seal, formats, rules. No code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from h2h.core.declared import Cutoff, Part, Rules
from h2h.core.directory import BankDirectory
from h2h.core.errors import Misconfigured
from h2h.settings.parts import Fingerprint, HostKey, Name, Seconds, Secret


class SftpChannel(Part):
    """How to reach the bank's SFTP server."""

    kind: Literal["sftp"] = Field("sftp", description="An SFTP server.")
    host: str = Field(description="Name or address of the bank's server.")
    port: int = Field(22, ge=1, le=65535, description="TCP port.")
    username: str = Field(description="The login that the bank gave.")
    key: Secret | None = Field(None, description="Private key (OpenSSH, PEM or PKCS#8).")
    key_passphrase: Secret | None = Field(None, description="Where the private key is encrypted.")
    password: Secret | None = Field(None, description="Where the bank insists on one, alone or after the key.")
    host_keys: tuple[HostKey, ...] = Field(
        min_length=1, max_length=2, description="Pinned fingerprints: the present one, and the announced next one."
    )
    connect_timeout_seconds: Seconds = Field(20.0, description="For the connection and the login.")
    timeout_seconds: Seconds = Field(60.0, description="For every answer of the server.")

    @model_validator(mode="after")
    def _can_log_in(self) -> SftpChannel:
        if self.key is None and self.password is None:
            raise ValueError("give key or password")
        return self


class DirectoryChannel(Part):
    """A bank behind a directory: another program carries the files on."""

    kind: Literal["directory"] = Field(description="A directory on this machine or a share.")
    root: Path = Field(description="Holds the folders to_bank and from_bank.")


class RemoteFolders(Part):
    """Folders at the bank, as h2h sees them."""

    to_bank: str = Field("to_bank", description="Payment files are renamed into this folder.")
    temporary: str | None = Field(None, description="Uploads grow here; default: the to_bank folder, dot names.")
    from_bank: tuple[str, ...] = Field(("from_bank",), description="Answers and statements are fetched from here.")
    processed: str | None = Field(None, description="after_fetch = 'move': fetched files are moved here.")

    @model_validator(mode="after")
    def _processed_is_elsewhere(self) -> RemoteFolders:
        looked_at = {PurePosixPath(folder) for folder in (self.to_bank, *self.from_bank)}
        if self.processed is not None and PurePosixPath(self.processed) in looked_at:
            raise ValueError(f"processed = '{self.processed}' is a folder that h2h or the bank takes files from")
        return self

    @property
    def growing(self) -> str:
        """The folder in which uploads grow before they are renamed."""
        return self.temporary or self.to_bank


class Submission(Part):
    """What the bank's server can do, found by `h2h bank test`, and what the bank agreed to."""

    claim: bool = Field(
        False,
        description="A small file .h2h-owner.part at the bank says which installation sends; no other one does.",
    )
    rename: Literal["posix", "fxp"] = Field("posix", description="posix-rename@openssh.com, or plain SFTP rename.")
    read_back: bool = Field(True, description="Read the temporary file back and compare its SHA-256.")
    bank_removes_temporaries: bool = Field(
        True, description="False only if the bank agreed never to touch temporary names."
    )
    remote_name: str = Field(
        "{message_id}_{sequence:08d}.{format}.xml{suffix}",
        description="Name at the bank; of message_id, sequence, format, suffix, bank. No clock, no attempt.",
    )
    in_flight: int = Field(
        8, ge=1, le=64, description="Files sent at the same time, over one connection; each by its own protocol."
    )
    in_order: bool = Field(
        False, description="One after the other as they were dropped; one that must be tried again holds up the others."
    )
    acknowledge_within_seconds: int = Field(3600, gt=0, description="After that a person is told. Nothing is resent.")
    retry_seconds_min: Seconds = Field(15.0, description="First wait after a failed attempt.")
    retry_seconds_max: Seconds = Field(900.0, description="Waits grow up to this.")
    give_up_after_seconds: Seconds = Field(86400.0, description="Then the file is HELD.")
    silence_means_accepted: bool = Field(
        False, description="In a partial report, payments that are not named count as accepted."
    )


class Fetching(Part):
    """How answers are collected."""

    every_seconds: Seconds = Field(60.0, description="How often the bank's folders are looked through.")
    patterns: tuple[str, ...] = Field(("*",), description="Names that are answers.")
    ignore: tuple[str, ...] = Field(("*.tmp", "*.part", "*.filepart", ".*"), description="Names still being written.")
    after_fetch: Literal["remove", "move", "keep"] = Field("remove", description="Only after the file is journalled.")
    stable_seconds: float = Field(
        5.0, ge=0, description="Taken when size and time have not changed for so long; 0: the bank renames."
    )
    entries_max: int = Field(10_000, gt=0, description="Files fetched in one pass; the rest next time.")


class PgpSeal(Part):
    """PGP: sign with our key, encrypt to the bank's; the reverse on the way back. One keyring per bank."""

    kind: Literal["pgp"] = Field(description="OpenPGP, by gpg.")
    keyring: Path = Field(description="GnuPG home directory of this bank only, mode 0700.")
    own_fingerprint: Fingerprint = Field(description="Our signing key.")
    bank_encryption_fingerprints: tuple[Fingerprint, ...] = Field(
        min_length=1,
        max_length=2,
        description="The bank's key that files are encrypted to; a second one that was announced.",
    )
    bank_signing_fingerprints: tuple[Fingerprint, ...] = Field(
        min_length=1, max_length=2, description="The bank's keys whose signatures are good."
    )
    passphrase: Secret | None = Field(None, description="Of our signing key.")
    armor: bool = Field(False, description="Text armour instead of binary.")
    suffix: str = Field(".pgp", description="End of the remote name.")
    signatures_required: bool = Field(True, description="Answers without a good signature are quarantined.")


class NoSeal(Part):
    """No encryption: only for a bank that refuses it, over a channel that protects."""

    kind: Literal["none"] = Field("none", description="Bytes go as they are.")
    suffix: str = Field("", description="End of the remote name.")


class BankProfile(Part):
    """A bank: data, no code."""

    name: Name = Field(description="Default: the name of the file.")
    environment: Literal["test", "production"] = Field(description="Must equal the installation's own environment.")
    format: str = Field("pain.001.001.09", description="What this bank wants; ISO files from the ERP go unchanged.")
    collection_format: str | None = Field(
        None, description="What this bank wants of direct debits, e.g. pain.008.001.08; none: it takes no CSV of them."
    )
    recall_format: str | None = Field(
        None, description="How this bank takes requests to call payments back, e.g. camt.055.001.08; none: not by file."
    )
    recall_within_days: int | None = Field(
        None, gt=0, description="Payments settled longer ago are not called back; what the bank or its scheme allows."
    )
    enquiry_format: str | None = Field(
        None, description="How this bank is asked for statements and reports, e.g. camt.060.001.05; none: not by file."
    )
    directory: Path | None = Field(
        None,
        description="A directory of banks as CSV: number, and of name, valid_from, valid_until, schemes what there is. "
        "Payees' banks are looked up in it; it is read when the configuration is.",
    )
    directory_days_max: int = Field(45, gt=0, description="h2h check tells a directory whose file is older.")
    bic: str | None = Field(
        None, pattern="^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$", description="This bank's own BIC, for requests."
    )
    accepts: tuple[str, ...] = Field(("pain.001.001.09", "pain.001.001.03"), description="ISO files passed through.")
    schemas: dict[str, str] = Field({}, description="format → schema file, where the bank has its own.")
    channel: Annotated[SftpChannel | DirectoryChannel, Field(discriminator="kind")]
    folders: RemoteFolders = RemoteFolders()
    submission: Submission = Submission()
    fetching: Fetching = Fetching()
    seal: Annotated[PgpSeal | NoSeal, Field(discriminator="kind")] = NoSeal()
    rules: Rules = Rules()
    cutoff: Cutoff | None = None
    initiating_party: str | None = Field(None, description="InitgPty/Nm of files h2h writes.")
    facts: dict[str, str] = Field(
        {}, description="What a bank's own format wants to be told beside the payments; its page names them."
    )
    accounts: tuple[str, ...] = Field((), description="Our accounts at this bank; empty: not checked.")
    account_currencies: dict[str, Annotated[str, Field(pattern="^[A-Z]{3}$")]] = Field(
        {}, description="Currencies of accounts of which the bank's own answers name none: account to ISO 4217 code."
    )
    unknown_account: Literal["quarantine", "deliver"] = Field(
        "quarantine", description="What becomes of a statement of an account that accounts does not list."
    )

    _read_directory: Callable[[], BankDirectory] | None = PrivateAttr(None)

    @property
    def banks(self) -> BankDirectory | None:
        """The directory, read when it is first asked for; ``Misconfigured`` names its lines that are wrong."""
        return self._read_directory() if self._read_directory is not None else None

    def reading(self, directory: Callable[[], BankDirectory]) -> BankProfile:
        """The same profile, with what reads its directory."""
        profile = self.model_copy()
        profile._read_directory = directory
        return profile

    def format_for(self, kind: str) -> str:
        """The format in which this bank takes messages of that kind; ``Misconfigured`` if it takes none."""
        if kind != "direct-debit":
            return self.format
        if self.collection_format is None:
            raise Misconfigured(f"bank {self.name} takes no direct debits", hint="collection_format in its profile")
        return self.collection_format
