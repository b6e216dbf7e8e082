"""The first schema of the registry database: every table, spelt out, so that it stays what it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import UtcInstant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_entry_hash")),
    )
    op.create_table(
        "boundary_file",
        sa.Column("boundary_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("approval_number", sa.String(length=80), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("boundary_id", name=op.f("pk_boundary_file")),
    )
    op.create_table(
        "import_batch",
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.Column("book", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("fresh", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("commit_sequence", sa.Integer(), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "lake_commit",
        sa.Column("sequence", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("file", sa.String(length=300), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("token", sa.String(length=120), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_lake_commit")),
        sa.UniqueConstraint("table_name", "token", name=op.f("uq_lake_commit_table_name_token")),
    )
    op.create_index(op.f("ix_lake_commit_table_name"), "lake_commit", ["table_name"], unique=False)
    op.create_table(
        "lake_lease",
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_lake_lease")),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcInstant(), nullable=False),
        sa.Column("finished_at", UtcInstant(), nullable=True),
        sa.Column("known", UtcInstant(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.Column("previous", sa.String(length=40), nullable=True),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    op.create_table(
        "saved_mapping",
        sa.Column("schema", sa.String(length=40), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcInstant(), nullable=False),
        sa.Column("principal", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("schema", "signature", name=op.f("pk_saved_mapping")),
    )
    op.create_table(
        "source",
        sa.Column("source_id", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_source")),
    )
    op.create_table(
        "subject",
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subject")),
    )
    op.create_index(op.f("ix_subject_kind"), "subject", ["kind"], unique=False)
    op.create_table(
        "reporting_plan",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("book", sa.String(length=40), nullable=False),
        sa.Column("period_kind", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_reporting_plan_days")),
        sa.ForeignKeyConstraint(
            ["corrects"], ["reporting_plan.row_id"], name=op.f("fk_reporting_plan_corrects_reporting_plan")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.subject_id"], name=op.f("fk_reporting_plan_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_reporting_plan")),
        sa.UniqueConstraint("corrects", name=op.f("uq_reporting_plan_corrects")),
    )
    op.create_index(op.f("ix_reporting_plan_subject_id"), "reporting_plan", ["subject_id"], unique=False)
    op.create_table(
        "subject_alias",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_subject_alias_days")),
        sa.ForeignKeyConstraint(
            ["corrects"], ["subject_alias.row_id"], name=op.f("fk_subject_alias_corrects_subject_alias")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.subject_id"], name=op.f("fk_subject_alias_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_subject_alias")),
        sa.UniqueConstraint("corrects", name=op.f("uq_subject_alias_corrects")),
    )
    op.create_index(op.f("ix_subject_alias_scheme_value"), "subject_alias", ["scheme", "value"], unique=False)
    op.create_index(op.f("ix_subject_alias_subject_id"), "subject_alias", ["subject_id"], unique=False)
    op.create_table(
        "subject_attribute",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_subject_attribute_days")),
        sa.ForeignKeyConstraint(
            ["corrects"], ["subject_attribute.row_id"], name=op.f("fk_subject_attribute_corrects_subject_attribute")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.subject_id"], name=op.f("fk_subject_attribute_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_subject_attribute")),
        sa.UniqueConstraint("corrects", name=op.f("uq_subject_attribute_corrects")),
    )
    op.create_index(op.f("ix_subject_attribute_subject_id"), "subject_attribute", ["subject_id"], unique=False)
    op.create_table(
        "subject_parent",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("child_id", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.String(length=40), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_subject_parent_days")),
        sa.ForeignKeyConstraint(["child_id"], ["subject.subject_id"], name=op.f("fk_subject_parent_child_id_subject")),
        sa.ForeignKeyConstraint(
            ["corrects"], ["subject_parent.row_id"], name=op.f("fk_subject_parent_corrects_subject_parent")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["subject.subject_id"], name=op.f("fk_subject_parent_parent_id_subject")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_subject_parent")),
        sa.UniqueConstraint("corrects", name=op.f("uq_subject_parent_corrects")),
    )
    op.create_index(op.f("ix_subject_parent_child_id"), "subject_parent", ["child_id"], unique=False)
    op.create_index(op.f("ix_subject_parent_parent_id"), "subject_parent", ["parent_id"], unique=False)


def downgrade() -> None:
    """Drop every table."""
    op.drop_index(op.f("ix_subject_parent_parent_id"), table_name="subject_parent")
    op.drop_index(op.f("ix_subject_parent_child_id"), table_name="subject_parent")
    op.drop_table("subject_parent")
    op.drop_index(op.f("ix_subject_attribute_subject_id"), table_name="subject_attribute")
    op.drop_table("subject_attribute")
    op.drop_index(op.f("ix_subject_alias_subject_id"), table_name="subject_alias")
    op.drop_index(op.f("ix_subject_alias_scheme_value"), table_name="subject_alias")
    op.drop_table("subject_alias")
    op.drop_index(op.f("ix_reporting_plan_subject_id"), table_name="reporting_plan")
    op.drop_table("reporting_plan")
    op.drop_index(op.f("ix_subject_kind"), table_name="subject")
    op.drop_table("subject")
    op.drop_table("source")
    op.drop_table("saved_mapping")
    op.drop_table("run")
    op.drop_table("lake_lease")
    op.drop_index(op.f("ix_lake_commit_table_name"), table_name="lake_commit")
    op.drop_table("lake_commit")
    op.drop_table("import_batch")
    op.drop_table("boundary_file")
    op.drop_table("audit_entry")
