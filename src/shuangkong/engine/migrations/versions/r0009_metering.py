"""Meters, tokens for readings, stations, and how far each consumer of readings has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shuangkong.engine.database import ScaledDecimal, UtcInstant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the four tables."""
    op.create_table(
        "meter",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("measures", sa.String(length=20), nullable=False),
        sa.Column("outlet", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("factor", ScaledDecimal(), nullable=False),
        sa.Column("low", ScaledDecimal(), nullable=True),
        sa.Column("high", ScaledDecimal(), nullable=True),
        sa.Column("modulus", ScaledDecimal(), nullable=True),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(length=5), nullable=False),
        sa.Column("parents", sa.Text(), nullable=False),
        sa.Column("system", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=300), nullable=False),
        sa.Column("first_reading", ScaledDecimal(), nullable=True),
        sa.Column("last_reading", ScaledDecimal(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_meter_days")),
        sa.ForeignKeyConstraint(["corrects"], ["meter.row_id"], name=op.f("fk_meter_corrects_meter")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_meter_subject_id_subject")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_meter")),
        sa.UniqueConstraint("corrects", name=op.f("uq_meter_corrects")),
    )
    op.create_index(op.f("ix_meter_number"), "meter", ["number"])
    op.create_index(op.f("ix_meter_subject_id_code"), "meter", ["subject_id", "code"])
    op.create_index(op.f("ix_meter_source_channel"), "meter", ["source", "channel"])
    op.create_table(
        "reading_token",
        sa.Column("token_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_by", sa.String(length=120), nullable=False),
        sa.Column("issued_at", UtcInstant(), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=True),
        sa.Column("revoked_by", sa.String(length=120), nullable=True),
        sa.Column("revoked_at", UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.subject_id"], name=op.f("fk_reading_token_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_reading_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_reading_token_digest")),
    )
    op.create_index(op.f("ix_reading_token_subject_id"), "reading_token", ["subject_id"])
    op.create_table(
        "station",
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("mn", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("password", sa.String(length=40), nullable=False),
        sa.Column("crc", sa.String(length=10), nullable=False),
        sa.Column("outlets", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.Column("corrects", sa.String(length=40), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_station_days")),
        sa.ForeignKeyConstraint(["corrects"], ["station.row_id"], name=op.f("fk_station_corrects_station")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_station_subject_id_subject")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_station")),
        sa.UniqueConstraint("corrects", name=op.f("uq_station_corrects")),
    )
    op.create_index(op.f("ix_station_mn"), "station", ["mn"])
    op.create_index(op.f("ix_station_subject_id"), "station", ["subject_id"])
    op.create_table(
        "reading_consumer",
        sa.Column("consumer", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_reading_consumer")),
    )


def downgrade() -> None:
    """Take them away again; readings stay in the lake, and no longer belong to any meter."""
    op.drop_table("reading_consumer")
    op.drop_index(op.f("ix_station_subject_id"), table_name="station")
    op.drop_index(op.f("ix_station_mn"), table_name="station")
    op.drop_table("station")
    op.drop_index(op.f("ix_reading_token_subject_id"), table_name="reading_token")
    op.drop_table("reading_token")
    op.drop_index(op.f("ix_meter_source_channel"), table_name="meter")
    op.drop_index(op.f("ix_meter_subject_id_code"), table_name="meter")
    op.drop_index(op.f("ix_meter_number"), table_name="meter")
    op.drop_table("meter")
