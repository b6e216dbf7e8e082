"""Tables of the registry. Append only: a correction is a new row whose `corrects` names the old one.

As known at K stand the rows recorded by K that no row recorded by K corrects. Days are half open,
`[valid_from, valid_to)`; a row that ends where it begins was never valid (that is how one is withdrawn).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, UtcInstant
from shuangkong.kernel.ids import digest

_ID = sa.String(40)


def _row_id() -> sa.Column[str]:
    return sa.Column("row_id", _ID, primary_key=True)


def subject_column(name: str, *, index: bool = True) -> sa.Column[str]:
    """A column that names a subject."""
    return sa.Column(name, _ID, sa.ForeignKey("subject.subject_id"), nullable=False, index=index or None)


def dated_columns(table: str) -> tuple[sa.Column[Any] | sa.CheckConstraint, ...]:
    """Days of validity, the instant of recording and the row put right, of one row of a dated table."""
    return (
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("recorded_at", UtcInstant, nullable=False),
        # once only: of two corrections of one row nobody could say which holds
        sa.Column("corrects", _ID, sa.ForeignKey(f"{table}.row_id"), unique=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days"),
    )


source = sa.Table(
    "source",
    METADATA,
    sa.Column("source_id", _ID, primary_key=True),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("sheet", sa.Text, nullable=False),
    sa.Column("publisher", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
)
#: A region, unit, site, park or product; `level` is a region's, and constant.
subject = sa.Table(
    "subject",
    METADATA,
    sa.Column("subject_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False, index=True),
    sa.Column("level", sa.String(20)),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("recorded_at", UtcInstant, nullable=False),
)
#: What a subject was called from day to day: scheme gbt2260, uscc, name_zh, name_en, local…
alias = sa.Table(
    "subject_alias",
    METADATA,
    _row_id(),
    subject_column("subject_id"),
    sa.Column("scheme", sa.String(20), nullable=False),
    sa.Column("value", sa.String(200), nullable=False),
    *dated_columns("subject_alias"),
    sa.Index(None, "scheme", "value"),
)
#: Parenthood: lies_in (属地), jurisdiction (管辖); and what became of whom: merged_into, split_from.
parent = sa.Table(
    "subject_parent",
    METADATA,
    _row_id(),
    subject_column("child_id"),
    subject_column("parent_id"),
    sa.Column("relation", sa.String(20), nullable=False),
    *dated_columns("subject_parent"),
)
#: Dated facts of a subject: industry_code, industry_edition, unit_class…
attribute = sa.Table(
    "subject_attribute",
    METADATA,
    _row_id(),
    subject_column("subject_id"),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    *dated_columns("subject_attribute"),
)
#: Who must report which book in which rhythm: what coverage is measured against.
reporting_plan = sa.Table(
    "reporting_plan",
    METADATA,
    _row_id(),
    subject_column("subject_id"),
    sa.Column("book", sa.String(40), nullable=False),
    sa.Column("period_kind", sa.String(10), nullable=False),
    *dated_columns("reporting_plan"),
)
#: What a unit opened to an organisation, for which use; taking back is an instant, so that it is known as of when.
consent = sa.Table(
    "consent",
    METADATA,
    _row_id(),
    subject_column("subject_id"),
    sa.Column("grantee", sa.String(80), nullable=False, index=True),
    sa.Column("use", sa.String(20), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("recorded_at", UtcInstant, nullable=False),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("withdrawn_at", UtcInstant),
)


def standing(table: sa.Table, known: datetime) -> sa.ColumnElement[bool]:
    """The condition that a row was recorded by `known` and not put right by then."""
    later = table.alias("later")
    put_right = sa.select(later.c.corrects).where(later.c.corrects.is_not(None), later.c.recorded_at <= known)
    return sa.and_(table.c.recorded_at <= known, table.c.row_id.not_in(put_right))


def row_id(table: sa.Table, row: Mapping[str, Any], *, lasting: bool = False) -> str:
    """The same row has the same id; `lasting` leaves the instant out, so that it is recorded once only."""
    parts = [f"{k}={row[k]}" for k in sorted(row) if k != "recorded_at"]
    when = "" if lasting else row["recorded_at"].isoformat()
    return f"g_{digest(table.name, when, *parts, length=24)}"


def add(connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]], *, lasting: bool = False) -> int:
    """Insert rows that are not there yet; returns how many were new."""
    key = next(iter(table.primary_key.columns))
    wanted: dict[str, dict[str, Any]] = {}
    for row in rows:
        full = dict(row) if key.name in row else {**row, "row_id": row_id(table, row, lasting=lasting)}
        wanted.setdefault(full[key.name], full)
    there = _present(connection, key, list(wanted))
    new = [row for name, row in wanted.items() if name not in there]
    if new:
        connection.execute(table.insert(), new)
    return len(new)


def _present(connection: sa.Connection, key: sa.Column[Any], wanted: Sequence[str]) -> set[str]:
    """Which of the keys exist: all keys are read when many are asked for."""
    if len(wanted) > 500:
        return set(connection.execute(sa.select(key)).scalars())
    return set(connection.execute(sa.select(key).where(key.in_(wanted))).scalars())
