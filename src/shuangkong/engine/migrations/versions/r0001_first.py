"""The first schema of the registry database."""

from __future__ import annotations

from alembic import op

from shuangkong.engine.database import METADATA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    METADATA.create_all(op.get_bind())


def downgrade() -> None:
    """Drop every table."""
    METADATA.drop_all(op.get_bind())
