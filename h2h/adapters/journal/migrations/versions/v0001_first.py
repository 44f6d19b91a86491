"""The first release's tables.

A migration is frozen: it names plain types and never imports ``tables.py``, which moves on.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    _submissions()
    _files()
    _payments()
    _desk()


def instant() -> Any:
    """A time: text of one width on SQLite."""
    return sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def number() -> Any:
    """A row number that counts by itself."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.Column("source_size", sa.BigInteger(), nullable=False),
        sa.Column("identity_name", sa.Text(), nullable=False),
        sa.Column("identity_device", sa.Text(), nullable=False),
        sa.Column("identity_inode", sa.Text(), nullable=False),
        sa.Column("identity_mtime_ns", sa.Text(), nullable=False),
        sa.Column("identity_size", sa.Text(), nullable=False),
        sa.Column("received_at", instant(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("commit_temporary", sa.Text(), nullable=True),
        sa.Column("remote_name", sa.Text(), nullable=True),
        sa.Column("source_format", sa.Text(), nullable=True),
        sa.Column("bank_format", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("transaction_count", sa.BigInteger(), nullable=True),
        sa.Column("control_sum", sa.Text(), nullable=True),
        sa.Column("sealed_sha256", sa.Text(), nullable=True),
        sa.Column("sealed_size", sa.BigInteger(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        sa.Column("held_from", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("who_acts", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", instant(), nullable=True),
        sa.Column("first_attempt_at", instant(), nullable=True),
        sa.Column("sent_at", instant(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("updated_at", instant(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_submissions")),
        sa.UniqueConstraint("bank", "remote_name", name=op.f("uq_submissions_bank_remote_name")),
        sa.UniqueConstraint("bank", "sequence", name=op.f("uq_submissions_bank_sequence")),
        sa.UniqueConstraint("claim", name=op.f("uq_submissions_claim")),
        sa.UniqueConstraint("folder", "receipt", name=op.f("uq_submissions_folder_receipt")),
        sa.UniqueConstraint("sid", name=op.f("uq_submissions_sid")),
    )
    op.create_index(op.f("ix_submissions_bank_message_id"), "submissions", ["bank", "message_id"], unique=False)
    op.create_index(op.f("ix_submissions_bank_state"), "submissions", ["bank", "state"], unique=False)
    op.create_index(op.f("ix_submissions_folder_source_name"), "submissions", ["folder", "source_name"], unique=False)
    op.create_index(
        op.f("ix_submissions_folder_source_sha256"), "submissions", ["folder", "source_sha256"], unique=False
    )
    _history()


def _history() -> None:
    op.create_table(
        "events",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("fid", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["sid"], ["submissions.sid"], name=op.f("fk_events_submissions")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_fid"), "events", ["fid"], unique=False)
    op.create_index(op.f("ix_events_sid_number"), "events", ["sid", "number"], unique=False)
    op.create_table(
        "commit_intents",
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("temporary", sa.Text(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.ForeignKeyConstraint(["sid"], ["submissions.sid"], name=op.f("fk_commit_intents_submissions")),
        sa.PrimaryKeyConstraint("sid", "generation", name=op.f("pk_commit_intents")),
    )
    op.create_table(
        "bank_sequences",
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bank", name=op.f("pk_bank_sequences")),
    )


def _files() -> None:
    op.create_table(
        "inbound_files",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("fid", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("remote_name", sa.Text(), nullable=False),
        sa.Column("remote_name_raw", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("mtime", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("fetched_at", instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.Column("content_sha256", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_inbound_files")),
        sa.UniqueConstraint(
            "bank", "folder", "remote_name_raw", "size", "mtime", "sha256", name="uq_inbound_files_key"
        ),
        sa.UniqueConstraint("fid", name=op.f("uq_inbound_files_fid")),
    )
    op.create_index(op.f("ix_inbound_files_bank_removed"), "inbound_files", ["bank", "removed"], unique=False)
    op.create_index(
        op.f("ix_inbound_files_bank_content_sha256"), "inbound_files", ["bank", "content_sha256"], unique=False
    )
    op.create_index(op.f("ix_inbound_files_bank_state"), "inbound_files", ["bank", "state"], unique=False)
    op.create_index(op.f("ix_inbound_files_remote_name"), "inbound_files", ["remote_name"], unique=False)
    op.create_table(
        "file_events",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("fid", sa.Text(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["fid"], ["inbound_files.fid"], name=op.f("fk_file_events_inbound_files")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_file_events")),
    )
    op.create_index(op.f("ix_file_events_fid_number"), "file_events", ["fid", "number"], unique=False)
    op.create_table(
        "statements",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("fid", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("statement_id", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("opening", sa.Text(), nullable=True),
        sa.Column("closing", sa.Text(), nullable=True),
        sa.Column("opening_date", sa.Date(), nullable=True),
        sa.Column("closing_date", sa.Date(), nullable=True),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["fid"], ["inbound_files.fid"], name=op.f("fk_statements_inbound_files")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_statements")),
    )
    op.create_index(
        op.f("ix_statements_account_kind_number"), "statements", ["account", "kind", "number"], unique=False
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("creditor_name", sa.Text(), nullable=True),
        sa.Column("creditor_account", sa.Text(), nullable=True),
        sa.Column("debtor_account", sa.Text(), nullable=True),
        sa.Column("instruction_id", sa.Text(), nullable=True),
        sa.Column("payment_information_id", sa.Text(), nullable=True),
        sa.Column("uetr", sa.Text(), nullable=True),
        sa.Column("requested_execution_date", sa.Date(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("bank_status", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_list", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("outcome_at", instant(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("statement_reference", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["sid"], ["submissions.sid"], name=op.f("fk_payments_submissions")),
        sa.PrimaryKeyConstraint("sid", "ordinal", name=op.f("pk_payments")),
    )
    op.create_index(op.f("ix_payments_end_to_end_id"), "payments", ["end_to_end_id"], unique=False)
    op.create_index(op.f("ix_payments_fingerprint_bank"), "payments", ["fingerprint", "bank"], unique=False)
    op.create_index(op.f("ix_payments_payment_information_id"), "payments", ["payment_information_id"], unique=False)
    op.create_index(op.f("ix_payments_uetr"), "payments", ["uetr"], unique=False)
    op.create_table(
        "payment_events",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("from_outcome", sa.Text(), nullable=False),
        sa.Column("to_outcome", sa.Text(), nullable=False),
        sa.Column("bank_status", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_list", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("statement_reference", sa.Text(), nullable=True),
        sa.Column("fid", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["fid"], ["inbound_files.fid"], name=op.f("fk_payment_events_inbound_files")),
        sa.ForeignKeyConstraint(
            ["sid", "ordinal"], ["payments.sid", "payments.ordinal"], name=op.f("fk_payment_events_payments")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_payment_events")),
    )
    op.create_index(op.f("ix_payment_events_fid"), "payment_events", ["fid"], unique=False)
    op.create_index(
        op.f("ix_payment_events_sid_ordinal_number"), "payment_events", ["sid", "ordinal", "number"], unique=False
    )


def _desk() -> None:
    op.create_table(
        "attention",
        sa.Column("number", number(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("who_acts", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("opened_at", instant(), nullable=False),
        sa.Column("closed_at", instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attention")),
    )
    op.create_index(
        "uq_attention_open",
        "attention",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
