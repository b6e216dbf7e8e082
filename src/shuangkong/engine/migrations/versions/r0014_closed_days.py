"""Days on which a unit or site is closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of closed days."""
    op.create_table(
        "closed_days",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_closed_days_days")),
        sa.ForeignKeyConstraint(["corrects"], ["closed_days.row_id"], name=op.f("fk_closed_days_corrects_closed_days")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_closed_days_subject_id_subject")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_closed_days")),
        sa.UniqueConstraint("corrects", name=op.f("uq_closed_days_corrects")),
    )
    op.create_index(op.f("ix_closed_days_subject_id"), "closed_days", ["subject_id"])


def downgrade() -> None:
    """Take it away again; no lead rests on a closed day any more."""
    op.drop_index(op.f("ix_closed_days_subject_id"), table_name="closed_days")
    op.drop_table("closed_days")
