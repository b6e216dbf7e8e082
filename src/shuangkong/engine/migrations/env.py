"""Alembic's environment: one history for SQLite and PostgreSQL, on the connection that the caller opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from shuangkong.engine.database import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    if connection.dialect.name == "postgresql":
        # several processes may start at once; on SQLite a writer is alone already
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7217)"))
    context.run_migrations()
