"""Saved scenarios of the path to the peak, and evidence handed in for deductions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "peak_scenario",
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("result_hash", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=60), nullable=False),
        sa.Column("follows", sa.String(length=40), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=120), nullable=True),
        sa.Column("withdrawn_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("scenario_id", name=op.f("pk_peak_scenario")),
    )
    op.create_index("ix_peak_scenario_subject_id_made_at", "peak_scenario", ["subject_id", "made_at"])
    op.create_table(
        "deduction_evidence",
        sa.Column("evidence_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("handed_by", sa.String(length=120), nullable=False),
        sa.Column("handed_at", UtcInstant(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=120), nullable=True),
        sa.Column("withdrawn_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_deduction_evidence")),
    )
    op.create_index("ix_deduction_evidence_subject_id_year", "deduction_evidence", ["subject_id", "year"])


def downgrade() -> None:
    """Take them away again; the files of the evidence stay among the blobs."""
    op.drop_index("ix_deduction_evidence_subject_id_year", table_name="deduction_evidence")
    op.drop_table("deduction_evidence")
    op.drop_index("ix_peak_scenario_subject_id_made_at", table_name="peak_scenario")
    op.drop_table("peak_scenario")
