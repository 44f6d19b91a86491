"""The journal's tables as they are now. A change here needs a migration; a test holds that both give the same schema.

The present of a thing stands in its row (``version`` is the compare-and-set counter); its past in append-only event
rows, written in the same transaction. ``number`` is the order in which rows came: clocks may jump, it does not.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from h2h.adapters.journal.columns import Json, Money, Utc, Whole, Word, Words
from h2h.core.findings import WhoActs
from h2h.core.lifecycle import State
from h2h.core.outcome import Outcome
from h2h.core.records import FileState

# Named constraints, so that both databases say the same word for what was violated.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
# On SQLite only INTEGER PRIMARY KEY counts by itself; on PostgreSQL it is 64 bits wide.
Number = BigInteger().with_variant(Integer(), "sqlite")

submissions = Table(
    "submissions",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("sid", Text, nullable=False, unique=True),
    Column("bank", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("source_name", Words, nullable=False),
    Column("source_sha256", Text, nullable=False),
    Column("source_size", BigInteger, nullable=False),
    Column("identity_name", Words, nullable=False),
    Column("identity_device", Whole, nullable=False),
    Column("identity_inode", Whole, nullable=False),
    Column("identity_mtime_ns", Whole, nullable=False),
    Column("identity_size", Whole, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("receipt", Words, nullable=False),
    # folder and content while the submission is alive; NULL once it is REFUSED, CANCELLED or a DUPLICATE drop.
    Column("claim", Text, nullable=True, unique=True),
    Column("state", Word(State), nullable=False),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=True),
    Column("commit_temporary", Text, nullable=True),
    Column("remote_name", Text, nullable=True),
    Column("source_format", Words, nullable=True),
    Column("bank_format", Words, nullable=True),
    Column("message_id", Words, nullable=True),
    Column("transaction_count", BigInteger, nullable=True),
    Column("control_sum", Money, nullable=True),
    Column("sealed_sha256", Text, nullable=True),
    Column("sealed_size", BigInteger, nullable=True),
    Column("profile", Words, nullable=True),
    Column("held_from", Word(State), nullable=True),
    Column("reason", Words, nullable=True),
    Column("reason_text", Words, nullable=True),
    Column("who_acts", Word(WhoActs), nullable=True),
    Column("duplicate_of", Text, nullable=True),
    Column("released_by", Words, nullable=True),
    Column("next_attempt_at", Utc, nullable=True),
    Column("first_attempt_at", Utc, nullable=True),
    Column("sent_at", Utc, nullable=True),
    Column("evidence", Words, nullable=True),
    Column("updated_at", Utc, nullable=True),
    UniqueConstraint("bank", "remote_name"),
    UniqueConstraint("bank", "sequence"),
    UniqueConstraint("folder", "receipt"),
    Index(None, "bank", "state"),
    Index(None, "bank", "message_id"),
    Index(None, "bank", "sent_at"),
    Index(None, "folder", "source_name"),
    Index(None, "folder", "source_sha256"),
)

events = Table(
    "events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("sid", Text, ForeignKey("submissions.sid"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("event", Words, nullable=False),
    Column("from_state", Text, nullable=True),
    Column("to_state", Text, nullable=True),
    Column("actor", Words, nullable=False),
    Column("reason", Words, nullable=True),
    Column("detail", Json, nullable=False),
    Column("fid", Text, nullable=True),  # the bank's file that brought it
    Index(None, "sid", "number"),
    Index(None, "fid"),
)

# Invariant I1 held by the database itself: one temporary name may be committed per submission and generation.
commit_intents = Table(
    "commit_intents",
    metadata,
    Column("sid", Text, ForeignKey("submissions.sid"), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("temporary", Text, nullable=False),
    Column("at", Utc, nullable=False),
    PrimaryKeyConstraint("sid", "generation"),
)

bank_sequences = Table(
    "bank_sequences",
    metadata,
    Column("bank", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

payments = Table(
    "payments",
    metadata,
    Column("sid", Text, ForeignKey("submissions.sid"), nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("bank", Text, nullable=False),  # the submission's, for the indexes
    Column("end_to_end_id", Words, nullable=False),
    Column("amount", Money, nullable=False),
    Column("currency", Text, nullable=False),
    Column("creditor_name", Words, nullable=True),
    Column("creditor_account", Words, nullable=True),
    Column("debtor_account", Words, nullable=True),
    Column("instruction_id", Words, nullable=True),
    Column("payment_information_id", Words, nullable=True),
    Column("uetr", Words, nullable=True),
    Column("requested_execution_date", Date, nullable=True),
    Column("fingerprint", Text, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("bank_status", Words, nullable=True),
    Column("reason_code", Words, nullable=True),
    Column("reason_list", Text, nullable=True),
    Column("reason_text", Words, nullable=True),
    Column("outcome_at", Utc, nullable=True),
    Column("settled_on", Date, nullable=True),
    Column("statement_reference", Words, nullable=True),
    PrimaryKeyConstraint("sid", "ordinal"),
    Index(None, "fingerprint", "bank"),
    Index(None, "end_to_end_id"),
    Index(None, "uetr"),
    Index(None, "payment_information_id"),
    Index(None, "creditor_name"),
)

inbound_files = Table(
    "inbound_files",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("fid", Text, nullable=False, unique=True),
    Column("bank", Text, nullable=False),
    Column("folder", Words, nullable=False),
    Column("remote_name", Words, nullable=False),
    Column("remote_name_raw", LargeBinary, nullable=False),
    Column("size", Whole, nullable=False),
    Column("mtime", Whole, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("fetched_at", Utc, nullable=False),
    Column("state", Word(FileState), nullable=False),
    Column("version", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("format", Words, nullable=True),
    Column("kind", Words, nullable=True),
    Column("message_id", Words, nullable=True),
    Column("reason", Words, nullable=True),
    Column("reason_text", Words, nullable=True),
    Column("duplicate_of", Text, nullable=True),
    Column("content_sha256", Text, nullable=True),
    UniqueConstraint("bank", "folder", "remote_name_raw", "size", "mtime", "sha256", name="uq_inbound_files_key"),
    Index(None, "bank", "state"),
    Index(None, "bank", "removed"),
    Index(None, "bank", "content_sha256"),
    Index(None, "remote_name"),
)

file_events = Table(
    "file_events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("fid", Text, ForeignKey("inbound_files.fid"), nullable=False),
    Column("at", Utc, nullable=False),
    Column("from_state", Text, nullable=True),
    Column("to_state", Text, nullable=False),
    Column("reason", Words, nullable=True),
    Column("detail", Json, nullable=False),
    Index(None, "fid", "number"),
)

payment_events = Table(
    "payment_events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("sid", Text, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("at", Utc, nullable=False),
    Column("from_outcome", Word(Outcome), nullable=False),
    Column("to_outcome", Word(Outcome), nullable=False),
    Column("bank_status", Words, nullable=True),
    Column("reason_code", Words, nullable=True),
    Column("reason_list", Text, nullable=True),
    Column("reason_text", Words, nullable=True),
    Column("settled_on", Date, nullable=True),
    Column("statement_reference", Words, nullable=True),
    Column("fid", Text, ForeignKey("inbound_files.fid"), nullable=True),
    # What a bank reported about a payment must not lose the payment it was about.
    ForeignKeyConstraint(["sid", "ordinal"], ["payments.sid", "payments.ordinal"]),
    Index(None, "sid", "ordinal", "number"),
    Index(None, "fid"),
)

statements = Table(
    "statements",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("fid", Text, ForeignKey("inbound_files.fid"), nullable=False),
    Column("account", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("statement_id", Words, nullable=True),
    Column("sequence", Money, nullable=True),
    Column("currency", Text, nullable=True),
    Column("opening", Money, nullable=True),
    Column("closing", Money, nullable=True),
    Column("opening_date", Date, nullable=True),
    Column("closing_date", Date, nullable=True),
    Column("entry_count", BigInteger, nullable=False),
    Index(None, "account", "kind", "number"),
)

attention = Table(
    "attention",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("who_acts", Word(WhoActs), nullable=False),
    Column("bank", Text, nullable=True),
    Column("opened_at", Utc, nullable=False),
    Column("closed_at", Utc, nullable=True),
    Column("closed_by", Words, nullable=True),
    Column("closed_reason", Words, nullable=True),
    Index(
        "uq_attention_open",
        "kind",
        "subject",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Words, nullable=False),
)

# Several nodes on one journal: who is there …
nodes = Table(
    "nodes",
    metadata,
    Column("node", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("settings", Text, nullable=False),  # digest of what all nodes must have in common
    Column("started_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("stopped", Boolean, nullable=False),
)

# … and who works for which bank, until when. ``epoch`` counts the holders.
leases = Table(
    "leases",
    metadata,
    Column("bank", Text, primary_key=True),
    Column("node", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)
