"""Five checks of a day of registers (gap, sent again, reset, spike, flat) against DuckDB's window functions.

Both sides read one file as `metering.storing` writes it: `readings`, value DECIMAL(18,6), sorted by meter and time. The
day is that of ../shared/bench/gen.py (synthetic: 30 000 meters at 15 minutes, the same seed and faults). The SQL is
that of ../shared/bench/b_quality.py with these changes, so that both sides mean the same:

* the columns are called meter, at, value, and the value is the stored decimal, not a double;
* a still stretch is not broken by a reading that was sent again (one word of the CASE that numbers the stretches);
* results are compared as rows: each meter and moment with its signs (a moment that was sent twice is one row).

CPU seconds are those of the process with all its threads, from the file to the flags, with the meters' arrays.

Beside it, on a sample, a model of the peers' loop: for each meter its day is asked of a database, gone through reading
by reading in decimals, and each flaw inserted; a commit for each meter. It is held to say the same.
"""

from __future__ import annotations

import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shuangkong.metering.checks import Rules, Sign, checked
from shuangkong.metering.meters import Meter
from shuangkong.metering.stored import millionths_of
from shuangkong.metering.storing import exact_column
from shuangkong.metering.tables import READINGS
from shuangkong.metering.tiles import Columns

TARGET = 0.2
#: Meters of the sample that a loop as peers have it goes through.
PEERS = 500
START = 1_735_660_800_000_000  # 2025-01-01 00:00 in China
SPIKE, FLAT = 8, 8
RULES = {"bench": Rules(spike=Decimal(SPIKE), spike_least=Decimal("0.01"), flat=FLAT, gap=Decimal(1))}
BITS = (Sign.GAP, Sign.AGAIN, Sign.RESET, Sign.SPIKE, Sign.FLAT)

SQL = f"""
with a as (
  select meter, "at" as ts, value, ts - lag(ts) over w as dt, value - lag(value) over w as d
  from read_parquet('{{file}}') window w as (partition by meter order by "at")),
b as (select *, (d < 0) as reset, (dt = interval 0 minute) as dup, dt > interval 15 minute as gap,
        case when dt = interval 15 minute and d >= 0 then d end as g from a),
m as (select meter, median(g) as med from b group by 1),
n as (select b.meter, median(abs(g - med)) as mad, any_value(med) as med from b join m using (meter) group by 1),
s as (select b.*, abs(g - n.med) > {SPIKE * 1.4826} * greatest(n.mad, 0.01) as spike,
        coalesce(g = 0, false) as z from b join n using (meter)),
r as (select *, sum(case when z or dup then 0 else 1 end) over (partition by meter order by ts rows unbounded preceding)
        as grp from s),
x as (select *, z and count(*) filter (where z) over (partition by meter, grp) >= {FLAT} as flat from r)
select meter, ts, (coalesce(gap,false)::int + 2*coalesce(dup,false)::int + 4*coalesce(reset,false)::int
       + 8*coalesce(spike,false)::int + 16*flat::int)::utinyint as flags from x"""


def made(path: Path, enterprises: int, meters_each: int = 20) -> int:
    """One synthetic day as gen.py makes it, stored as readings; gives the number of rows."""
    rng = np.random.default_rng(7)
    count = enterprises * meters_each
    base = rng.lognormal(3.0, 1.0, count)
    carry = np.round(rng.uniform(0, 5e5, count), 2)
    t = np.arange(96)
    shape = 0.6 + 0.4 * np.sin((t - 30) / 96 * 2 * np.pi) ** 2
    v = base[:, None] * shape[None, :] * (1 + 0.1 * rng.standard_normal((count, 96), dtype=np.float32))
    v = np.round(np.abs(v), 2) + 0.01
    for m in rng.choice(count, count // 200, replace=False):
        s = rng.integers(0, 72)
        v[m, s : s + 24] = 0.0
    v.ravel()[rng.choice(v.size, v.size // 10000, replace=False)] *= 50
    c = carry[:, None] + np.cumsum(v, axis=1)
    for m in rng.choice(count, max(1, count // 5000), replace=False):
        s = rng.integers(1, 96)
        c[m, s:] -= c[m, s - 1]
    keep = rng.random((count, 96)) >= 0.003
    for m in rng.choice(count, count // 200, replace=False):
        s = rng.integers(0, 80)
        keep[m, s : s + 16] = False
    rows = np.flatnonzero(keep.ravel())
    rows = np.sort(np.concatenate([rows, rng.choice(rows, rows.size // 1000, replace=False)]))
    at = START + (rows % 96 + 1) * 900_000_000
    value = np.rint(np.round(c, 2).ravel()[rows] * 1_000_000).astype(np.int64)
    instant = pa.timestamp("us", tz="UTC")
    table = pa.table({
        "meter": pa.array(rows // 96), "at": pa.array(at).cast(instant), "value": exact_column(value),
        "mark": pa.array(np.zeros(len(rows), np.int64)), "received_at": pa.array(at + 30_000_000).cast(instant),
        "place": pa.array(np.arange(len(rows)) // 96), "row": pa.array(np.arange(len(rows)) % 96 + 1),
    })  # fmt: skip
    pq.write_table(READINGS.checked(table), path, compression="zstd")
    return len(rows)


def registered(count: int) -> list[Meter]:
    """The meters of the day (合成)."""
    return [
        Meter(n, f"u{n // 20}", f"u{n // 20}", f"E{n % 20}", "electricity", "kWh", "register", date(2020, 1, 1),
              system="bench")
        for n in range(count)
    ]  # fmt: skip


def ours(path: Path, meters: list[Meter]) -> tuple[Columns, Any]:
    """From the file to a set of signs per row; the file is in order, so that neither side reads how rows came."""
    table = pq.read_table(path, columns=["meter", "at", "value"])
    at = table.column("at").to_numpy().view("i8")
    nothing = np.broadcast_to(np.int64(0), len(at))
    rows = Columns(table.column("meter").to_numpy(), at, millionths_of(table.column("value")), nothing, nothing)
    return rows, checked(rows, meters, RULES, ordered=True).signs


def by_hand(engine: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The same by window functions, into a table of the engine."""
    engine.execute("create or replace temp table q as " + SQL.format(file=path))


def different(engine: duckdb.DuckDBPyConnection, path: Path, meters: list[Meter]) -> tuple[int, dict[str, int]]:
    """Moments at which the two sides do not say the same, and how often each sign was given."""
    rows, signs = ours(path, meters)
    flags = np.zeros(len(signs), np.uint8)
    for bit, sign in enumerate(BITS):
        flags |= ((signs & sign) != 0).astype(np.uint8) << np.uint8(bit)
    mine = pa.table({"meter": rows.meter, "at": rows.at, "flags": flags})
    by_hand(engine, path)
    engine.register("mine", mine)
    told = engine.execute("""
        with a as (select meter, "at", bit_or(flags) as f from mine group by all),
        b as (select meter, epoch_us(ts) as "at", bit_or(flags) as f from q group by all)
        select count(*) from a full join b using (meter, "at") where a.f is distinct from b.f""").fetchone()
    engine.unregister("mine")
    counts = {str(sign.name): int(((flags >> bit) & 1).sum()) for bit, sign in enumerate(BITS)}
    return (int(told[0]) if told else -1), counts


def as_peers_do(path: Path, meters: list[Meter], sample: int) -> dict[str, Any]:
    """The first meters of the day in a loop as peers have it; CPU seconds a million readings beside ours."""
    table = pq.read_table(path, columns=["meter", "at", "value"], filters=[("meter", "<", sample)])
    readings = zip(*(table.column(n).to_pylist() for n in ("meter", "at", "value")), strict=True)
    given = [(m, int(a.timestamp()), str(v)) for m, a, v in readings]
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(f"{folder}/peer.sqlite") as db:
        db.execute("CREATE TABLE reading (meter INTEGER, at INTEGER, value TEXT)")
        db.executemany("INSERT INTO reading VALUES (?, ?, ?)", given)
        db.execute("CREATE INDEX of_meter ON reading (meter, at)")
        db.execute("CREATE TABLE flaw (meter INTEGER, at INTEGER, flags INTEGER)")
        db.commit()
        took = _cpu(lambda: [_one_by_one(db, n) for n in range(sample)])
        told: dict[tuple[int, int], int] = {}
        for meter, at, flags in db.execute("SELECT meter, at, flags FROM flaw"):
            told[meter, at] = told.get((meter, at), 0) | flags
    rows, signs = ours(path, meters)
    mine: dict[tuple[int, int], int] = {}
    for n in np.flatnonzero(rows.meter < sample).tolist():
        flags = sum(1 << bit for bit, sign in enumerate(BITS) if int(signs[n]) & sign)
        if flags:
            key = int(rows.meter[n]), int(rows.at[n]) // 1_000_000
            mine[key] = mine.get(key, 0) | flags
    if told != mine:
        raise AssertionError(f"the loop says otherwise at {len(set(told.items()) ^ set(mine.items()))} moments")
    return {"meters": sample, "rows": table.num_rows, "cpu_seconds": round(took, 3),
            "cpu_seconds_a_million_readings": round(took / table.num_rows * 1e6, 2)}  # fmt: skip


def _one_by_one(db: sqlite3.Connection, meter: int) -> None:
    """The checks of one meter's day, reading by reading."""
    rows = [(at, Decimal(value)) for at, value in db.execute(
        "SELECT at, value FROM reading WHERE meter = ? ORDER BY at", (meter,))]  # fmt: skip
    steps: list[Decimal | None] = [None]
    flags = [0]
    for (before, old), (at, value) in pairwise(rows):
        apart, step = at - before, value - old
        flags.append((apart > 900) | (apart == 0) << 1 | (step < 0) << 2)
        steps.append(step if apart == 900 and step >= 0 else None)
    known = [s for s in steps if s is not None]
    usual = statistics.median(known) if known else Decimal(0)
    spread = statistics.median(abs(s - usual) for s in known) if known else Decimal(0)
    limit = SPIKE * Decimal("1.4826") * max(spread, Decimal("0.01"))
    still: list[int] = []
    for n, step in enumerate([*steps, Decimal(1)]):
        if step is not None and n < len(rows) and abs(step - usual) > limit:
            flags[n] |= 8
        if step == 0:
            still.append(n)
        elif n == len(rows) or not flags[n] & 2:
            for one in still if len(still) >= FLAT else ():
                flags[one] |= 16
            still = []
    for (at, _), found in zip(rows, flags, strict=True):
        if found:
            db.execute("INSERT INTO flaw VALUES (?, ?, ?)", (meter, at, found))
    db.commit()


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(enterprises: int, pairs: int, threads: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Interleaved pairs of ours and by hand, and of by hand with itself; CPU seconds of all threads."""
    pa.set_cpu_count(threads)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        engine.execute(f"set threads={threads}")
        path = Path(folder) / "day.parquet"
        count = made(path, enterprises)
        meters = registered(enterprises * 20)
        for _ in range(2):
            ours(path, meters)
        alone = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        wrong, signs = different(engine, path, meters)
        if wrong:
            raise AssertionError(f"the two sides differ at {wrong} moments")
        loop = as_peers_do(path, meters, min(PEERS, len(meters)))
        mine, theirs, ratios, same = [], [], [], []
        for i in range(pairs):
            works = [lambda: ours(path, meters), lambda: by_hand(engine, path)]
            took = [_cpu(w) for w in (reversed(works) if i % 2 else works)]
            a, b = reversed(took) if i % 2 else took
            again = _cpu(works[1])
            mine.append(a)
            theirs.append(b)
            ratios.append(a / b)
            same.append(again / b)
            say(f"  pair {i + 1}: ours {a:.3f} s, by hand {b:.2f} s, by hand again {again:.2f} s of CPU")
    return {
        "rows": count,
        "pairs": pairs,
        "threads": threads,
        "signs": signs,
        "ours_cpu_seconds": round(statistics.median(mine), 3),
        "by_hand_cpu_seconds": round(statistics.median(theirs), 3),
        "median_ratio": round(statistics.median(ratios), 3),
        "ratio_low_high": [round(min(ratios), 3), round(max(ratios), 3)],
        "a_a_median": round(statistics.median(same), 3),
        "a_a_low_high": [round(min(same), 3), round(max(same), 3)],
        "peer_style_loop_sample": loop,
        "ours_cpu_seconds_a_million_readings": round(statistics.median(mine) / count * 1e6, 3),
        "target": TARGET,
        "peak_memory_mb_ours": alone,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
