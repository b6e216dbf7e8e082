"""The table of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "job",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=True),
        sa.Column("enqueued_at", UtcInstant(), nullable=False),
        sa.Column("started_at", UtcInstant(), nullable=True),
        sa.Column("finished_at", UtcInstant(), nullable=True),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=False),
        sa.Column("progress_zh", sa.Text(), nullable=False),
        sa.Column("progress_en", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=True),
        sa.Column("lease_until", UtcInstant(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("result_blob", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("slot", sa.String(length=120), nullable=True),
        sa.Column("retry_of", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["retry_of"], ["job.job_id"], name=op.f("fk_job_retry_of_job")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
        sa.UniqueConstraint("principal", "kind", "key", name=op.f("uq_job_principal_kind_key")),
        sa.UniqueConstraint("slot", name=op.f("uq_job_slot")),
    )
    op.create_index(op.f("ix_job_state_enqueued_at"), "job", ["state", "enqueued_at"], unique=False)
    op.create_index(op.f("ix_job_principal_enqueued_at"), "job", ["principal", "enqueued_at"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_job_principal_enqueued_at"), table_name="job")
    op.drop_index(op.f("ix_job_state_enqueued_at"), table_name="job")
    op.drop_table("job")
