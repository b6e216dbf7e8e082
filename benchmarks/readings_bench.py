"""Readings of a province-month to months of units: the definition and the day tiles against SQL by hand, same files.

Invented readings (合成): 30 000 meters of 1 500 units, a value each quarter of an hour with some missing, in the lake's
own files: DECIMAL(18,6), sorted by meter and time, one file a day. Each side works in a process of its own, with the
same threads and the same limit of memory; CPU seconds are those of its threads around the work alone.

The SQL by hand is that of the earlier measurements (hours, days, months and the table of units, each kept), with these
changes: it reads the lake's columns (meter, "at", DECIMAL values); it makes a plain timestamp of the instant, which is
a third faster than to leave it as it is; a day is one of China; the last level is unit and item, for coal and carbon
are the books' matter. It neither looks for readings that came twice, nor knows registers, rates, factors or what was
measured: all that is ours to do.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

UNITS, METERS = 1_500, 30_000
ITEMS = ("electricity", "gas", "coal", "steam", "heat", "diesel", "lpg", "coke")
FIRST = date(2026, 1, 1)
QUARTERS = 96
TARGETS = {"definition": 1.1, "tiles": 0.5}
MOST_MEMORY_MB = 1_536
SIDES = ("by_hand", "definition", "tiles")
_CHINA = timezone(timedelta(hours=8))
_QUARTER = 900_000_000


def make(folder: Path, days: int) -> int:
    """Write the files of a month; gives the number of readings."""
    from shuangkong.engine.api import write_durably
    from shuangkong.metering.storing import exact_column
    from shuangkong.metering.tables import READINGS

    draw = np.random.default_rng(7)
    base = draw.lognormal(3.0, 1.0, METERS)
    shape = 0.6 + 0.4 * np.sin((np.arange(QUARTERS) - 30) / QUARTERS * 2 * np.pi) ** 2
    rows = 0
    for d in range(days):
        noise = 1 + 0.1 * draw.standard_normal((METERS, QUARTERS), dtype=np.float32)
        value = np.rint((np.round(np.abs(base[:, None] * shape[None, :] * noise), 2) + 0.01) * 1e6).astype(np.int64)
        there = np.flatnonzero(draw.random(value.size, dtype=np.float32) >= 0.003)
        at = _midnight(FIRST + timedelta(days=d)) + there % QUARTERS * _QUARTER
        moment = pa.timestamp("us", tz="UTC")
        meter = there // QUARTERS
        table = pa.table({
            "meter": meter + 1, "at": pa.array(at).cast(moment), "value": exact_column(value.ravel()[there]),
            "mark": np.zeros(len(there), dtype=np.int64), "received_at": pa.array(at + 20_000_000).cast(moment),
            "place": at // _QUARTER % 100_000 * 2_000 + meter // 20, "row": meter % 20,
        })  # fmt: skip
        write_durably(table.cast(READINGS.arrow_schema), folder / f"{FIRST + timedelta(days=d)}.parquet")
        rows += len(there)
    return rows


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=_CHINA).timestamp()) * 1_000_000


def _unit(meter: int) -> str:
    return f"s_{(meter - 1) // (METERS // UNITS):05d}"


def _item(meter: int) -> str:
    return ITEMS[(meter * 7919) % 97 % len(ITEMS)]


def _meters() -> pa.Table:
    numbers = range(1, METERS + 1)
    return pa.table({
        "meter": pa.array(numbers, pa.int64()), "subject_id": [_unit(n) for n in numbers],
        "item": [_item(n) for n in numbers], "unit": ["kWh"] * METERS,
    })  # fmt: skip


def _spells() -> Any:
    from shuangkong.metering.meters import Meter
    from shuangkong.metering.spells import Spells

    ever = date(2020, 1, 1)
    return Spells(
        Meter(n, _unit(n), "u", str(n), _item(n), "kWh", "interval", ever, stamp="start") for n in range(1, METERS + 1)
    )


Answer = dict[tuple[str, str], Decimal]


def by_hand(files: list[Path], threads: int, memory: str, spill: str) -> Callable[[], Answer]:
    """The SQL of the earlier measurements, level by level."""
    import duckdb

    db = duckdb.connect(":memory:", config={"threads": threads, "memory_limit": memory, "temp_directory": spill})
    db.execute("SET TimeZone = 'UTC'")
    incoming = _meters()
    db.register("incoming", incoming)
    db.execute("CREATE TABLE meters AS FROM incoming")
    source = f"read_parquet({[str(f) for f in files]!r})"
    hour = """date_trunc('hour', make_timestamp(epoch_us("at")))"""
    steps = {
        "hourly": f"SELECT meter, {hour} AS h, sum(value) AS e FROM {source} GROUP BY 1, 2",
        "daily": "SELECT meter, CAST(h + INTERVAL 8 HOUR AS DATE) AS d, sum(e) AS e FROM hourly GROUP BY 1, 2",
        "monthly": "SELECT meter, date_trunc('month', d) AS mo, sum(e) AS e FROM daily GROUP BY 1, 2",
        "units": "SELECT subject_id, item, mo, sum(e) AS e FROM monthly JOIN meters USING (meter) GROUP BY ALL",
    }

    def work() -> Answer:
        for name, sql in steps.items():
            db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")
        return {(s, i): e for s, i, e in db.execute("SELECT subject_id, item, e FROM units").fetchall()}

    return work


def definition(files: list[Path], threads: int, memory: str, spill: str) -> Callable[[], Answer]:
    """`metering.hours`, day by day, its SQL compiled beforehand."""
    import ibis

    from shuangkong.engine.api import DuckDB, compile_sql
    from shuangkong.metering import hours as h
    from shuangkong.metering.known_beforehand import beforehand
    from shuangkong.metering.rollup_tables import METER_SPELLS, STATED_READINGS
    from shuangkong.metering.tables import READINGS

    spells = _spells()
    engine = DuckDB(threads=threads, memory=memory)
    engine.connection.execute(f"SET temp_directory = '{spill}'")
    for name, rows in (
        (METER_SPELLS.name, h.spell_rows(spells)), (STATED_READINGS.name, h.stated_rows(spells)), ("meters", _meters()),
    ):  # fmt: skip
        engine.bind("incoming", rows)
        engine.keep(name, "SELECT * FROM incoming")
    unbound, stated = METER_SPELLS.ibis(), STATED_READINGS.ibis()
    days: dict[Any, str] = {}

    def to_days(known: Any) -> str:
        readings = READINGS.ibis() if known.each_once else h.newest(READINGS.ibis())
        said = h.stretches(readings, unbound, stated, known.kinds)
        return compile_sql(h.days(h.hours(h.laid(said, crossing=known.crossing), unbound, whole=not known.crossing)))

    found = h.days(h.hours(h.laid(h.stretches(READINGS.ibis(), unbound, stated)), unbound))
    kept = ibis.table(found.schema(), name="meter_days")
    meters = ibis.table({"meter": "int64", "subject_id": "string", "item": "string", "unit": "string"}, name="meters")
    last = compile_sql(h.unit_months(h.months(kept), meters))

    def work() -> Answer:
        for n, file in enumerate(files):
            known = beforehand([file], spells)
            if known not in days:
                days[known] = to_days(known)
            engine.bind_files(READINGS.name, [file], READINGS.arrow_schema)
            start = "INSERT INTO meter_days" if n else "CREATE OR REPLACE TEMP TABLE meter_days AS"
            engine.connection.execute(f"{start} {days[known]}")
        return {(r["subject_id"], r["item"]): r["quantity"] for r in engine.run(last).to_pylist()}

    known = beforehand(files[:1], spells)
    days[known] = to_days(known)
    return work


def tiles(files: list[Path], threads: int, memory: str, spill: str) -> Callable[[], Answer]:
    """`metering.blocks`, day by day, several files at once as there are threads."""
    from concurrent.futures import ThreadPoolExecutor

    from shuangkong.metering.blocks import Block
    from shuangkong.metering.day_files import pieces
    from shuangkong.metering.spells import HOUR

    spells = _spells()
    numbers = _meters()
    keys = list(zip(numbers["subject_id"].to_pylist(), numbers["item"].to_pylist(), strict=True))
    names = sorted(set(keys))
    place = {k: n for n, k in enumerate(names)}
    group = np.array([place[k] for k in keys], dtype=np.int64)

    def one(file: Path) -> Any:
        block = Block(spells, _midnight(date.fromisoformat(file.stem)) // HOUR, 24)
        for piece in pieces([file]):
            block.add(*piece)
        return block.days()

    def work() -> Answer:
        month = np.zeros(METERS, dtype=np.int64)
        with ThreadPoolExecutor(threads) as pool:
            for found in pool.map(one, files):
                month[found.place] += found.quantity
        total = np.zeros(len(names), dtype=np.int64)
        np.add.at(total, group, month)
        return {k: Decimal(int(t)).scaleb(-6) for k, t in zip(names, total, strict=True)}

    return work


def peers(files: list[Path]) -> dict[str, Any]:
    """A model of the peers' loop: for each meter and hour SELECT, add decimals, INSERT; commit for each meter."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(files[0]).read_row_group(0, columns=["meter", "at", "value"])
    meters = 300
    rows = [r for r in table.to_pylist() if r["meter"] <= meters]
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(f"{folder}/peers.sqlite")
        db.execute("PRAGMA journal_mode=wal")
        db.execute("PRAGMA synchronous=full")
        db.execute("CREATE TABLE readings (meter int, moment int, value text)")
        db.execute("CREATE TABLE hours (meter int, hour int, e text)")
        db.executemany(
            "INSERT INTO readings VALUES (?, ?, ?)",
            [(r["meter"], int(r["at"].timestamp()), str(r["value"])) for r in rows],
        )
        db.execute("CREATE INDEX looked_up ON readings (meter, moment)")
        db.commit()
        start = time.process_time()
        first = _midnight(FIRST) // 1_000_000
        for meter in range(1, meters + 1):
            for hour in range(first, first + 86_400, 3_600):
                found = db.execute(
                    "SELECT value FROM readings WHERE meter = ? AND moment >= ? AND moment < ?",
                    (meter, hour, hour + 3_600),
                )
                total = sum((Decimal(v) for (v,) in found), Decimal(0))
                db.execute("INSERT INTO hours VALUES (?, ?, ?)", (meter, hour, str(total)))
            db.commit()
        took = time.process_time() - start
        db.close()
    return {"readings": len(rows), "cpu_seconds": round(took, 3), "readings_per_cpu_second": round(len(rows) / took)}


def one_side(side: str, folder: Path, threads: int, memory: str) -> dict[str, Any]:
    """One measurement, in this process."""
    pa.set_cpu_count(threads)
    files = sorted(folder.glob("*.parquet"))
    work = {"by_hand": by_hand, "definition": definition, "tiles": tiles}[side](
        files, threads, memory, str(folder / f"spill-{side}")
    )
    start, wall = time.process_time(), time.perf_counter()
    answer = work()
    took = time.process_time() - start
    lines = "\n".join(f"{s} {i} {answer[s, i]:.6f}" for s, i in sorted(answer))
    import hashlib

    return {
        "cpu_seconds": took, "seconds": time.perf_counter() - wall, "rows": len(answer),
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
        "peak_memory_mb": peak(),
    }  # fmt: skip


def peak() -> int:
    """The most memory that this process held; what getrusage says of a child begins with its parent's."""
    (line,) = (x for x in Path("/proc/self/status").read_text("utf-8").splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def _child(side: str, folder: Path, threads: int, memory: str) -> dict[str, Any]:
    command = [sys.executable, __file__, side, str(folder), str(threads), memory]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(
    days: int, pairs: int, threads: int, memory: str, say: Callable[[str], None]
) -> dict[str, Any]:  # fmt: skip
    """Interleaved rounds of the three sides and of by hand again, compared down to the last digit."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = make(folder, days)
        files = sorted(folder.glob("*.parquet"))
        say(f"  {rows} readings in {sum(f.stat().st_size for f in files) // 2**20} MB")
        taken: dict[str, list[dict[str, Any]]] = {s: [] for s in (*SIDES, "again")}
        for n in range(pairs):
            for side in (*SIDES, "again") if n % 2 == 0 else ("again", *reversed(SIDES)):
                taken[side].append(_child("by_hand" if side == "again" else side, folder, threads, memory))
            said = ", ".join(f"{s} {taken[s][-1]['cpu_seconds']:.2f}" for s in taken)
            say(f"  round {n + 1}: CPU s {said}")
        digests = {t["digest"] for side in taken.values() for t in side}
        if len(digests) != 1:
            raise AssertionError(f"the sides differ: { {s: t[0]['digest'][:12] for s, t in taken.items()} }")
        loop = peers(files)
    return {
        "readings": rows, "days": days, "pairs": pairs, "threads": threads, "memory_limit": memory,
        **{f"{s}_vs_by_hand": _ratios(taken[s], taken["by_hand"]) for s in ("definition", "tiles", "again")},
        "targets": TARGETS,
        **{
            s: {
                "cpu_seconds": round(statistics.median(t["cpu_seconds"] for t in taken[s]), 2),
                "seconds": round(statistics.median(t["seconds"] for t in taken[s]), 2),
                "peak_memory_mb": max(t["peak_memory_mb"] for t in taken[s]),
            }
            for s in SIDES
        },
        "rows_compared": taken["by_hand"][0]["rows"],
        "peer_style_loop_sample": loop,
    }  # fmt: skip


def _ratios(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> str:
    found = [x["cpu_seconds"] / y["cpu_seconds"] for x, y in zip(a, b, strict=True)]
    return f"{statistics.median(found):.3f} ({min(found):.3f} to {max(found):.3f})"


def misses(found: dict[str, Any]) -> list[str]:
    """What is above its target."""
    late = [
        f"readings: {side} costs {found[f'{side}_vs_by_hand']} times the SQL by hand; the target is {target}"
        for side, target in TARGETS.items()
        if float(found[f"{side}_vs_by_hand"].split()[0]) > target
    ]
    return late + [
        f"readings: {side} took {found[side]['peak_memory_mb']} MB; the target is below {MOST_MEMORY_MB}"
        for side in ("definition", "tiles")
        if found[side]["peak_memory_mb"] >= MOST_MEMORY_MB
    ]


def main() -> None:
    """One side in a process of its own: SIDE FOLDER THREADS MEMORY."""
    options = argparse.ArgumentParser()
    options.add_argument("side", choices=SIDES)
    options.add_argument("folder", type=Path)
    options.add_argument("threads", type=int)
    options.add_argument("memory")
    asked = options.parse_args()
    print(json.dumps(one_side(asked.side, asked.folder, asked.threads, asked.memory)))


if __name__ == "__main__":
    main()
