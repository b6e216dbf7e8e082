"""Registry-database tables of the accounting slice: imports that were committed, and mappings that were saved."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, UtcInstant
from shuangkong.kernel.scope import Scope

import_batch = sa.Table(
    "import_batch",
    METADATA,
    sa.Column("import_id", sa.String(40), primary_key=True),
    sa.Column("book", sa.String(20), nullable=False),
    sa.Column("source_id", sa.String(40), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("fresh", sa.Integer, nullable=False),
    sa.Column("corrected", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("skipped", sa.Integer, nullable=False),
    sa.Column("commit_sequence", sa.Integer, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
)
saved_mapping = sa.Table(
    "saved_mapping",
    METADATA,
    sa.Column("schema", sa.String(40), primary_key=True),
    sa.Column("signature", sa.String(64), primary_key=True),
    sa.Column("mapping", sa.Text, nullable=False),
    sa.Column("saved_at", UtcInstant, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
)


def add_batch(connection: sa.Connection, **columns: object) -> None:
    """Keep that an import was committed; a register of units has no rows in the lake, and 0 for its commit there."""
    connection.execute(import_batch.insert().values(**columns))


def mappings(connection: sa.Connection, schema: str) -> list[str]:
    """Saved mappings of a schema as JSON, newest first."""
    t = saved_mapping
    query = sa.select(t.c.mapping).where(t.c.schema == schema).order_by(t.c.saved_at.desc())
    return list(connection.execute(query).scalars())


def save_mapping(
    connection: sa.Connection, schema: str, signature: str, mapping: str, at: datetime, principal: str
) -> None:
    """Keep a mapping for the next file with the same head."""
    t = saved_mapping
    connection.execute(t.delete().where(t.c.schema == schema, t.c.signature == signature))
    connection.execute(
        t.insert().values(schema=schema, signature=signature, mapping=mapping, saved_at=at, principal=principal)
    )


def batches(connection: sa.Connection, scope: Scope) -> list[dict[str, object]]:
    """Committed imports, newest first: all for a reader of everything, else one's own."""
    t = import_batch
    query = sa.select(t).order_by(t.c.recorded_at.desc())
    if not scope.unrestricted:
        query = query.where(t.c.principal == scope.principal)
    return [dict(r) for r in connection.execute(query).mappings()]
