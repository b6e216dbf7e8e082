"""Tables of the register of meters (计量器具), of stations (站点), tokens for readings, and consumers of readings.

Meters and stations are append only like the rest of the registry (registry.store); a token is revoked in place.
"""

from __future__ import annotations

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, ScaledDecimal, UtcInstant
from shuangkong.registry.store import dated_columns, subject_column

_ID = sa.String(40)

#: One row for each spell of a meter; `number` is the same over its spells and corrections and is never used again.
meter = sa.Table(
    "meter",
    METADATA,
    sa.Column("row_id", _ID, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, index=True),
    subject_column("subject_id", index=False),
    sa.Column("code", sa.String(120), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("site", sa.String(200), nullable=False),
    sa.Column("item", sa.String(60), nullable=False),
    sa.Column("measures", sa.String(20), nullable=False),
    sa.Column("outlet", sa.String(120), nullable=False),
    sa.Column("unit", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("factor", ScaledDecimal(), nullable=False),
    sa.Column("low", ScaledDecimal()),
    sa.Column("high", ScaledDecimal()),
    sa.Column("modulus", ScaledDecimal()),
    sa.Column("every", sa.Integer, nullable=False),
    sa.Column("stamp", sa.String(5), nullable=False),
    # numbers of meters as JSON
    sa.Column("parents", sa.Text, nullable=False),
    sa.Column("system", sa.String(80), nullable=False),
    sa.Column("source", sa.String(120), nullable=False),
    sa.Column("channel", sa.String(300), nullable=False),
    # what the register showed when this spell began, and when it ended (换表起度、止度)
    sa.Column("first_reading", ScaledDecimal()),
    sa.Column("last_reading", ScaledDecimal()),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    *dated_columns("meter"),
    sa.Index(None, "subject_id", "code"),
    sa.Index(None, "source", "channel"),
)
#: A secret under which a unit's readings come; of the secret only its SHA-256 is kept.
reading_token = sa.Table(
    "reading_token",
    METADATA,
    sa.Column("token_id", _ID, primary_key=True),
    subject_column("subject_id"),
    sa.Column("label", sa.String(120), nullable=False),
    sa.Column("prefix", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("issued_by", sa.String(120), nullable=False),
    sa.Column("issued_at", UtcInstant, nullable=False),
    sa.Column("expires_at", UtcInstant),
    sa.Column("revoked_by", sa.String(120)),
    sa.Column("revoked_at", UtcInstant),
)
#: A station that sends HJ 212. Its password goes over the line in the clear, from both sides, and is kept as it is.
station = sa.Table(
    "station",
    METADATA,
    sa.Column("row_id", _ID, primary_key=True),
    sa.Column("mn", sa.String(40), nullable=False, index=True),
    subject_column("subject_id"),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("password", sa.String(40), nullable=False),
    sa.Column("crc", sa.String(10), nullable=False),
    # names of outlets (排口) as JSON
    sa.Column("outlets", sa.Text, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    *dated_columns("station"),
)
#: How far whoever works on readings has come: a high-water mark as its owner writes it.
reading_consumer = sa.Table(
    "reading_consumer",
    METADATA,
    sa.Column("consumer", sa.String(120), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("updated_at", UtcInstant, nullable=False),
)
