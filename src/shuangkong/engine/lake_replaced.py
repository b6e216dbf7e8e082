"""Files of the lake that others stand for (替换): compaction and dropping by age leave the past readable while kept.

A commit that is replaced stays a row; it is left out of what is known from then on and still read as known before.
Its file may be removed later: then reading as known before that is refused (WS-005) and never answered with other rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong.engine.database import METADATA, UtcInstant, writing
from shuangkong.kernel.errors import UserError

lake_replaced = sa.Table(
    "lake_replaced",
    METADATA,
    sa.Column("sequence", sa.Integer, sa.ForeignKey("lake_commit.sequence"), primary_key=True, autoincrement=False),
    sa.Column("table_name", sa.String(60), nullable=False, index=True),
    # the commit that stands for it since; null where its rows were dropped for their age
    sa.Column("by_sequence", sa.Integer),
    sa.Column("recorded_at", UtcInstant, nullable=False),
    sa.Column("removed_at", UtcInstant),
)


def replaced_by(db: sa.Connection, table: str, known: datetime) -> frozenset[int]:
    """Commits of a table that others stood for at an instant."""
    r = lake_replaced.c
    return frozenset(db.execute(sa.select(r.sequence).where(r.table_name == table, r.recorded_at <= known)).scalars())


def require_kept(db: sa.Connection, table: str, known: datetime, wanted: Collection[int]) -> None:
    """WS-005 where the file of a commit that is asked for was removed since."""
    r = lake_replaced.c
    removed = db.execute(
        sa.select(r.sequence, r.recorded_at).where(
            r.table_name == table, r.recorded_at > known, r.removed_at.is_not(None)
        )
    )
    lost = [row for row in removed if row.sequence in wanted]
    if lost:
        since = max(row.recorded_at for row in lost)
        raise UserError(
            "WS-005", f"what was known of {table} on {known.isoformat(timespec='seconds')} is no longer kept.",
            where=table, remedy=f"Ask as known after {since.isoformat(timespec='seconds')}.", case="kept",
            facts={"table": table, "since": since.isoformat(timespec="seconds")},
        )  # fmt: skip


def mark_replaced(
    db: sa.Connection, table: str, sequences: Iterable[int], by: int | None, recorded_at: datetime
) -> None:
    """In the transaction of the commit that stands for them, or that drops them (`by` None)."""
    rows = [
        {"sequence": s, "table_name": table, "by_sequence": by, "recorded_at": recorded_at} for s in sorted(sequences)
    ]
    if rows:
        db.execute(lake_replaced.insert(), rows)


def remove_replaced(engine: Engine, root: Path, before: datetime, at: datetime) -> list[str]:
    """Remove the files of commits that were replaced before an instant; gives their names.

    The mark comes first: a kill in between leaves a file that `sweep` of the lake does not touch and nobody reads.
    """
    r, c = lake_replaced.c, METADATA.tables["lake_commit"].c
    with writing(engine) as db:
        found = db.execute(
            sa.select(r.sequence, c.file)
            .join_from(lake_replaced, METADATA.tables["lake_commit"], r.sequence == c.sequence)
            .where(r.removed_at.is_(None), r.recorded_at < before)
        ).all()
        for row in found:
            db.execute(lake_replaced.update().where(r.sequence == row.sequence).values(removed_at=at))
    for row in found:
        (root / row.file).unlink(missing_ok=True)
    return sorted(row.file for row in found)
