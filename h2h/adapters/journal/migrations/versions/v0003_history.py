"""What was sent before is looked up by the payee's name, and by the day on which it was sent."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Two indexes more."""
    op.create_index(op.f("ix_payments_creditor_name"), "payments", ["creditor_name"])
    op.create_index(op.f("ix_submissions_bank_sent_at"), "submissions", ["bank", "sent_at"])
