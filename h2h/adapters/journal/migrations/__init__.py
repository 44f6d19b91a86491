"""How a journal of an older release becomes one of this release, step by step (Alembic)."""
