"""Sent against stored (收发核对): what was acknowledged must be there, and nothing that was never sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.metering.storing import exact_column

_INSTANT = pa.timestamp("us", tz="UTC")
SENT = pa.schema([
    ("source", pa.string()), ("channel", pa.string()), ("at", _INSTANT), ("value", pa.decimal128(18, 6)),
    ("acknowledged", pa.bool_()),
])  # fmt: skip
#: Rows that a comparison names one by one.
NAMED = 20
_ROWS = 500_000


class SentLog:
    """Rows that were sent, in Parquet files `sent-NNNN.parquet` of a folder; an interrupted run leaves whole files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._number = sum(1 for _ in folder.glob("sent-*.parquet"))
        self._begin()

    def _begin(self) -> None:
        self._source: list[str] = []
        self._channel: list[str] = []
        self._at: list[int] = []
        self._value: list[int] = []
        self._taken: list[bool] = []

    def add(
        self, source: str, channels: Sequence[str], at: Sequence[int], value: Sequence[int], *, taken: bool
    ) -> None:  # fmt: skip
        """Rows of one post or frame; `taken`: it was acknowledged."""
        rows = len(channels)
        self._source += [source] * rows
        self._channel += channels
        self._at += at
        self._value += value
        self._taken += [taken] * rows
        if len(self._at) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self._at:
            return
        table = pa.table({
            "source": pa.array(self._source, pa.string()), "channel": pa.array(self._channel, pa.string()),
            "at": pa.array(self._at, pa.int64()).cast(_INSTANT),
            "value": exact_column(np.array(self._value, dtype=np.int64)),
            "acknowledged": pa.array(self._taken, pa.bool_()),
        }, schema=SENT)  # fmt: skip
        path = self._folder / f"sent-{self._number:04d}.parquet"
        partial = path.with_suffix(".partial")
        pq.write_table(table, partial)
        partial.rename(path)
        self._number += 1
        self._begin()


@dataclass(frozen=True, slots=True)
class Compared:
    """Distinct rows (source, channel, instant, value): sent, acknowledged, stored; and what does not agree.

    `lost`: acknowledged and not stored. `invented`: stored and never sent. `named` are the first of them.
    """

    sent: int
    acknowledged: int
    stored: int
    lost: int
    invented: int
    named: tuple[dict[str, Any], ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing was lost and nothing invented."""
        return not self.lost and not self.invented

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"agrees": self.agrees}


def compared(sent: Sequence[Path], stored: pa.Table) -> Compared:
    """Files of `SentLog` against rows of source, channel, at, value as a collector stored them."""
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        files = [str(p) for p in sent]
        if files:
            db.execute('CREATE TEMP TABLE sent AS SELECT source, channel, "at", value, bool_or(acknowledged) AS taken '
                       "FROM read_parquet($1) GROUP BY ALL", [files])  # fmt: skip
        else:
            db.register("none", SENT.empty_table())
            db.execute('CREATE TEMP TABLE sent AS SELECT source, channel, "at", value, acknowledged AS taken FROM none')
        db.register("found", stored)
        db.execute('CREATE TEMP TABLE stored AS SELECT DISTINCT source, channel, "at", value FROM found')
        place = 's.source = t.source AND s.channel = t.channel AND s."at" = t."at"'
        same = f"{place} AND s.value IS NOT DISTINCT FROM t.value"
        lost = f"SELECT * EXCLUDE taken FROM sent s WHERE taken AND NOT EXISTS (FROM stored t WHERE {same})"
        invented = f"SELECT * FROM stored t WHERE NOT EXISTS (FROM sent s WHERE {same})"

        def count(query: str) -> int:
            row = db.sql(f"SELECT count(*) FROM ({query})").fetchone()
            return int(row[0]) if row else 0

        named = []
        for what, query in (("lost", lost), ("invented", invented)):
            rows = db.sql(f"SELECT * FROM ({query}) ORDER BY ALL LIMIT {NAMED}").to_arrow_table().to_pylist()
            named += [{"what": what, **row} for row in rows]
        return Compared(
            count("FROM sent"), count("FROM sent WHERE taken"), count("FROM stored"), count(lost), count(invented),
            tuple(named),
        )  # fmt: skip
