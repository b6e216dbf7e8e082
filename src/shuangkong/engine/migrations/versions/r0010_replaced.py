"""Files of the lake that others stand for, and finding commits by their partition."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and an index."""
    op.create_table(
        "lake_replaced",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("by_sequence", sa.Integer(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("removed_at", UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sequence"], ["lake_commit.sequence"], name=op.f("fk_lake_replaced_sequence_lake_commit")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_lake_replaced")),
    )
    op.create_index(op.f("ix_lake_replaced_table_name"), "lake_replaced", ["table_name"])
    op.create_index(op.f("ix_lake_commit_table_name_file"), "lake_commit", ["table_name", "file"])


def downgrade() -> None:
    """Take them away again. Rows that were compacted would be there twice: dropped files are not brought back."""
    op.drop_index(op.f("ix_lake_commit_table_name_file"), table_name="lake_commit")
    op.drop_index(op.f("ix_lake_replaced_table_name"), table_name="lake_replaced")
    op.drop_table("lake_replaced")
