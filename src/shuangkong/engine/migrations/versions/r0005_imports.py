"""Imports under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of imports under way."""
    op.create_table(
        "import_draft",
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("book", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("original", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("header_row", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("use", sa.Text(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("fixes", sa.Text(), nullable=False),
        sa.Column("check_job", sa.String(length=40), nullable=True),
        sa.Column("commit_job", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_import_draft")),
    )
    op.create_index(op.f("ix_import_draft_principal_changed_at"), "import_draft", ["principal", "changed_at"])


def downgrade() -> None:
    """Take it away again; imports under way are gone with it, their files stay."""
    op.drop_index(op.f("ix_import_draft_principal_changed_at"), table_name="import_draft")
    op.drop_table("import_draft")
