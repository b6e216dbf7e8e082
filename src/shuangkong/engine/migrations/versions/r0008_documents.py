"""Documents under review, their entries, and the steps of their review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the three tables."""
    op.create_table(
        "document",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("doc_number", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("original", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=True),
        sa.Column("signs", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=True),
        sa.Column("proposal_id", sa.String(length=40), nullable=True),
        sa.Column("uploaded_by", sa.String(length=120), nullable=False),
        sa.Column("uploaded_at", UtcInstant(), nullable=False),
        sa.Column("read_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_series_version"), "document", ["series", "version"])
    op.create_table(
        "document_entry",
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("start_at", sa.Integer(), nullable=False),
        sa.Column("end_at", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("read", sa.Text(), nullable=True),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("confidence", sa.String(length=10), nullable=False),
        sa.Column("unsure", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("carried_from", sa.String(length=40), nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_document_entry")),
    )
    op.create_index(op.f("ix_document_entry_document_id_start_at"), "document_entry", ["document_id", "start_at"])
    op.create_table(
        "document_step",
        sa.Column("step_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("taken_at", UtcInstant(), nullable=False),
        sa.Column("undone_at", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_document_step")),
    )
    op.create_index(op.f("ix_document_step_document_id_step_id"), "document_step", ["document_id", "step_id"])


def downgrade() -> None:
    """Take them away again; documents under review are gone, the packs that came of them stay."""
    op.drop_index(op.f("ix_document_step_document_id_step_id"), table_name="document_step")
    op.drop_table("document_step")
    op.drop_index(op.f("ix_document_entry_document_id_start_at"), table_name="document_entry")
    op.drop_table("document_entry")
    op.drop_index(op.f("ix_document_series_version"), table_name="document")
    op.drop_table("document")
