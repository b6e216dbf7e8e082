"""Alembic's environment: one history for SQLite and PostgreSQL, on the connection that the caller opened."""

from __future__ import annotations

from alembic import context

from shuangkong.engine.database import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
