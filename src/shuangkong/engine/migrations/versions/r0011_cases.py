"""Cases, their steps and evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of cases."""
    op.create_table(
        "casework_case",
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("subject_zh", sa.String(length=200), nullable=False),
        sa.Column("subject_en", sa.String(length=200), nullable=False),
        sa.Column("subject_code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("measure", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("pack_id", sa.String(length=200), nullable=False),
        sa.Column("pack_edition", sa.String(length=80), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("since", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("ground_state", sa.String(length=12), nullable=False),
        sa.Column("ground_now", sa.Text(), nullable=True),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("opened_by", sa.String(length=120), nullable=False),
        sa.Column("opened_at", UtcInstant(), nullable=False),
        sa.Column("submitted_by", sa.String(length=120), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("deadline_sure", sa.Boolean(), nullable=False),
        sa.Column("due_step", sa.String(length=12), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("excepted", sa.Text(), nullable=False),
        sa.Column("published_at", UtcInstant(), nullable=True),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_casework_case")),
        sa.UniqueConstraint("number", name=op.f("uq_casework_case_number")),
    )
    op.create_index("ix_casework_case_subject_id", "casework_case", ["subject_id"])
    op.create_index("ix_casework_case_state_deadline", "casework_case", ["state", "deadline"])
    op.create_table(
        "casework_step",
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=True),
        sa.Column("after", sa.String(length=12), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_casework_step")),
    )
    op.create_table(
        "casework_evidence",
        sa.Column("evidence_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_casework_evidence")),
    )
    op.create_index("ix_casework_evidence_case_id", "casework_evidence", ["case_id"])


def downgrade() -> None:
    """Take them away again, with the history of every case; the audit log keeps its entries."""
    op.drop_index("ix_casework_evidence_case_id", table_name="casework_evidence")
    op.drop_table("casework_evidence")
    op.drop_table("casework_step")
    op.drop_index("ix_casework_case_state_deadline", table_name="casework_case")
    op.drop_index("ix_casework_case_subject_id", table_name="casework_case")
    op.drop_table("casework_case")
