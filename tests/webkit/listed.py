"""An invented table (合成) for the tests of lists: rows, its sources, and a second opinion in plain Python."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from shuangkong.engine.api import Column, ScaledDecimal, TableContract, UtcInstant, day, instant, number, text
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import Condition, TableColumn, TableSpec

START = datetime(2025, 1, 1, tzinfo=UTC)
CONTRACT = TableContract(
    "things",
    Label("合成", "synthetic"),
    (
        text("thing", "编号", "thing"),
        text("subject_id", "主体", "subject"),
        text("name", "名称", "name", nullable=True),
        text("kind", "种类", "kind"),
        number("amount", "amount", "数量", "amount", "tce", nullable=True),
        day("due", "到期", "due", nullable=True),
        instant("seen", "所见", "seen"),
        Column("synthetic", "flag", Label("合成", "synthetic")),
    ),
    key=("thing",),
)
SPEC = TableSpec(
    "things",
    Label("合成之物", "Invented things"),
    (
        TableColumn("thing", Label("编号", "Thing"), sortable=True),
        TableColumn("subject_id", Label("主体", "Subject"), sortable=True, filter="choice"),
        TableColumn("name", Label("名称", "Name"), sortable=True, filter="contains"),
        TableColumn("kind", Label("种类", "Kind"), sortable=True, filter="choice"),
        TableColumn("amount", Label("数量", "Amount"), "number", "tce", 2, sortable=True, filter="range"),
        TableColumn("due", Label("到期", "Due"), "date", sortable=True, filter="range"),
        TableColumn("seen", Label("所见", "Seen"), "instant", sortable=True, filter="range"),
        TableColumn("synthetic", Label("合成", "Synthetic"), "flag", filter="choice"),
    ),
    key=("thing",),
    orders={"usual": ("kind", "-amount"), "newest": ("-seen",)},
    default="usual",
    search=("name", "thing"),
    synthetic="synthetic",
)
TABLE = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("thing", sa.String(40), primary_key=True),
    sa.Column("subject_id", sa.String(40)),
    sa.Column("name", sa.Text),
    sa.Column("kind", sa.String(20)),
    sa.Column("amount", ScaledDecimal(6, 18)),
    sa.Column("due", sa.Date),
    sa.Column("seen", UtcInstant),
    sa.Column("synthetic", sa.Boolean),
)
Row = dict[str, Any]


def invented(many: int, *, subjects: int = 40, seed: int = 7) -> list[Row]:
    """Rows with ties, holes, wildcards, both scripts and cells that would like to be formulas."""
    draw = random.Random(seed)
    names = ("=1+1", "+8", "-cmd", "@SUM(A1)", "\t=1", "＝1", "100%", "a_b", "甲公司", "ÅNGSTRÖM", "plain", None)
    return [
        {
            "thing": f"t{i:06d}",
            "subject_id": f"s{draw.randrange(subjects):03d}",
            "name": (n and f"{n} {draw.randrange(9)}") if (n := draw.choice(names)) else None,
            "kind": draw.choice(("coal", "oil", "gas", "煤")),
            "amount": None if draw.random() < 0.1 else Decimal(draw.randrange(-5000, 5000)) / 8,
            "due": None if draw.random() < 0.2 else date(2025, 1, 1) + timedelta(days=draw.randrange(400)),
            "seen": START + timedelta(minutes=draw.randrange(500_000)),
            "synthetic": draw.random() < 0.5,
        }
        for i in range(many)
    ]


def folder_of(path: Path, rows: Sequence[Row]) -> Path:
    """A folder as a run leaves it."""
    pq.write_table(CONTRACT.from_rows(list(rows)), path / "things.parquet")
    return path


def _fits(row: Mapping[str, Any], c: Condition) -> bool:
    return any(_one(row[name], c) for name in c.columns)


def _one(value: Any, c: Condition) -> bool:
    if value is None:
        return False
    if c.op == "is":
        return value in c.values
    if c.op == "contains":
        return any(str(v).lower() in value.lower() for v in c.values)
    limit: Any = c.values[0]
    return bool(value >= limit if c.op == "from" else value <= limit if c.op == "to" else value < limit)


def second_opinion(rows: Sequence[Row], where: Sequence[Condition], order: Sequence[tuple[str, bool]]) -> list[Row]:
    """The rows that fit, in order, empty ones last, by plain Python."""

    def compare(a: Row, b: Row) -> int:
        for name, down in order:
            x, y = a[name], b[name]
            if x == y:
                continue
            if x is None or y is None:
                return 1 if x is None else -1
            return (1 if x > y else -1) * (-1 if down else 1)
        return 0

    return sorted((r for r in rows if all(_fits(r, c) for c in where)), key=cmp_to_key(compare))
