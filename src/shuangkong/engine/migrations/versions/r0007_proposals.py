"""Packs proposed for publishing, and what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of proposed packs."""
    op.create_table(
        "pack_proposal",
        sa.Column("proposal_id", sa.String(length=40), nullable=False),
        sa.Column("pack_id", sa.String(length=200), nullable=False),
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=120), nullable=False),
        sa.Column("proposed_at", UtcInstant(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", UtcInstant(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_pack_proposal")),
    )
    op.create_index("ix_pack_proposal_state_decided_at", "pack_proposal", ["state", "decided_at"])


def downgrade() -> None:
    """Take it away again; published packs are gone from the workspace, the runs that used them keep theirs."""
    op.drop_index("ix_pack_proposal_state_decided_at", table_name="pack_proposal")
    op.drop_table("pack_proposal")
