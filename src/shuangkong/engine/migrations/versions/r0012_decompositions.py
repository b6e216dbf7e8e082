"""Decompositions of a target in the making."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of decompositions and of their versions."""
    op.create_table(
        "decomposition",
        sa.Column("decomposition_id", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.String(length=40), nullable=True),
        sa.Column("proposed_version", sa.Integer(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("decomposition_id", name=op.f("pk_decomposition")),
    )
    op.create_index("ix_decomposition_region_changed_at", "decomposition", ["region", "changed_at"])
    op.create_table(
        "decomposition_version",
        sa.Column("decomposition_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=True),
        sa.Column("result", sa.String(length=64), nullable=True),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.Column("saved_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("decomposition_id", "version", name=op.f("pk_decomposition_version")),
    )


def downgrade() -> None:
    """Take them away again; what was published of them stays as packs."""
    op.drop_table("decomposition_version")
    op.drop_index("ix_decomposition_region_changed_at", table_name="decomposition")
    op.drop_table("decomposition")
