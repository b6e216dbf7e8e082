"""A small table, a workspace with a clock that stands still, and rows for tests of the engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from shuangkong.engine.api import TableContract, Workspace, number, text
from shuangkong.kernel.labels import Label

START = datetime(2025, 3, 1, 16, 30, tzinfo=UTC)  # 2025-03-02 in China
SAMPLE = TableContract(
    "sample",
    Label("样表", "sample"),
    (
        text("row_id", "行", "row"),
        text("subject_id", "主体", "subject"),
        number("quantity", "quantity", "数量", "quantity", "t", nullable=True),
        text("corrects", "更正", "corrects", nullable=True),
    ),
    key=("row_id",),
)


class Clock:
    """An instant that moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: int) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


def row(name: str, quantity: str | None = "1.5", subject: str = "s1", corrects: str | None = None) -> dict[str, object]:
    """One row of the sample table."""
    value = Decimal(quantity) if quantity is not None else None
    return {"row_id": name, "subject_id": subject, "quantity": value, "corrects": corrects}


def rows(*names: str) -> pa.Table:
    """Rows with these names."""
    return SAMPLE.from_rows([row(n) for n in names])


def workspace(root: Path, clock: Clock, url: str | None = None) -> Workspace:
    """A fresh workspace."""
    return Workspace.create(root / "ws", url=url, clock=clock)
