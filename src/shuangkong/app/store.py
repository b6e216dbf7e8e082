"""Registry-database tables of the application: the boundary file that a deployer has registered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, UtcInstant

#: The newest row counts; older ones stay, so that it can be told what was shown when.
boundary_file = sa.Table(
    "boundary_file",
    METADATA,
    sa.Column("boundary_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("approval_number", sa.String(80), nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
)


def add_boundary(
    connection: sa.Connection, *, sha256: str, file_name: str, approval_number: str, principal: str, at: datetime
) -> None:
    """A new row; the one before it stays, and is no longer drawn."""
    connection.execute(
        boundary_file.insert().values(
            sha256=sha256, file_name=file_name, approval_number=approval_number, principal=principal, recorded_at=at
        )
    )


def newest_boundary(connection: sa.Connection) -> dict[str, Any] | None:
    """The boundary file in use, if one was ever registered."""
    query = sa.select(boundary_file).order_by(boundary_file.c.boundary_id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None
