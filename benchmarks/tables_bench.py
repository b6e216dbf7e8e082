"""The list of findings at a hundred thousand rows (合成): pages, orders, filters and exports, beside SQL by hand.

Each request is timed as the page reads it (count, page, and the counts beside each filter) and as the count and page
alone; the bare query is what one would write by hand on the same file: the same rows in the same order, no scope, no
names, no checks. Ours and the bare one run in turn. Exports run in a process of their own, for their peak memory.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

ROWS = 100_000
SUBJECTS = 2_000
REQUESTS: dict[str, tuple[str, str, str]] = {
    "first page": ("", "true", "severity, period_end DESC, coalesce(margin, 0), finding_key"),
    "deep page (1500)": ("page=1500", "true", "severity, period_end DESC, coalesce(margin, 0), finding_key"),
    "sorted by gap": ("sort=-gap", "true", "margin DESC NULLS LAST, finding_key"),
    "filtered": ("status=missed&variant=plan", "status = 'missed' AND variant = 'plan'",
                 "severity, period_end DESC, coalesce(margin, 0), finding_key"),
    "searched": ("q=001", "contains(lower(subject_id), '001') OR contains(lower(indicator_id), '001') "
                 "OR contains(lower(clause), '001') OR contains(lower(finding_key), '001')",
                 "severity, period_end DESC, coalesce(margin, 0), finding_key"),
}  # fmt: skip
_SEVERITY = "CASE status WHEN 'missed' THEN 0 WHEN 'behind' THEN 1 WHEN 'on_track' THEN 2 WHEN 'met' THEN 3 ELSE 4 END"


def invent(folder: Path, rows: int) -> None:
    """Findings of invented subjects, as a run leaves them."""
    import pyarrow.parquet as pq

    from shuangkong.judgement.api import FINDINGS

    draw = random.Random(3)
    table = [
        {
            "finding_key": f"f_{i:07d}", "subject_id": f"s_{draw.randrange(SUBJECTS):04d}", "pack_id": "demo",
            "pack_edition": "2022", "slug": "energy", "clause": f"三（{draw.randrange(9)}）",
            "variant": draw.choice(("plan", "year", "pace")), "level": "base", "period_key": "2025",
            "period_kind": "year", "period_start": date(2025, 1, 1),
            "period_end": date(2026 - draw.randrange(8), 1, 1), "indicator_id": f"energy_{draw.randrange(6)}",
            "comparator": "at_most", "unit": "tce", "value": Decimal(draw.randrange(10**9)) / 1000,
            "threshold": Decimal(draw.randrange(10**9)) / 1000,
            "margin": None if draw.random() < 0.1 else Decimal(draw.randrange(-(10**8), 10**8)) / 1000,
            "status": draw.choice(("missed", "behind", "on_track", "met", "insufficient")),
            "coverage": Decimal(1), "confidence": "synthetic", "method_id": "demo", "synthetic": True,
        }
        for i in range(rows)
    ]  # fmt: skip
    pq.write_table(FINDINGS.from_rows(table), folder / "findings.parquet", compression="zstd")


def _source(folder: Path) -> Any:
    import pyarrow as pa

    from shuangkong.app.web.findings_list import listed
    from shuangkong.kernel.ids import SubjectId
    from shuangkong.kernel.labels import Label
    from shuangkong.kernel.scope import Scope

    ids = [f"s_{i:04d}" for i in range(SUBJECTS)]
    seen = pa.table({"subject_id": ids})
    subjects = {s: (Label(f"合成单位{s}", f"synthetic unit {s}"), s, "unit") for s in ids}
    indicators = {f"energy_{i}": Label(f"合成指标{i}", f"synthetic indicator {i}") for i in range(6)}
    scope = Scope.region("bench", SubjectId("s_0000"), date(2026, 1, 1))
    return listed(folder, scope, seen, subjects, indicators)


def _choices(query: str) -> Any:
    from urllib.parse import parse_qsl

    from shuangkong.app.web.findings_list import SPEC
    from shuangkong.webkit.api import parse_choices

    return parse_choices(SPEC, parse_qsl(query))


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1000, 1),
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def pages(folder: Path, rounds: int) -> dict[str, Any]:
    """Each request by us and by hand in turn; what they find is compared before anything is kept."""
    import duckdb

    from shuangkong.webkit.api import read_part, table_view

    source = _source(folder)
    bare = duckdb.connect(config={"threads": 2})
    file = str(folder / "findings.parquet")
    found: dict[str, Any] = {}
    for name, (query, where, order) in REQUESTS.items():
        choices = _choices(query)
        offset = (choices.page - 1) * choices.rows
        rows_sql = f"SELECT *, {_SEVERITY} AS severity FROM read_parquet(?) WHERE {where}"
        page_sql = f"{rows_sql} ORDER BY {order} LIMIT {choices.rows} OFFSET {offset}"

        def by_hand(where: str = where, page_sql: str = page_sql) -> list[Any]:
            cursor = bare.cursor()
            cursor.execute(f"SELECT count(*) FROM read_parquet(?) WHERE {where}", [file]).fetchone()
            return cursor.execute(page_sql, [file]).fetchall()

        ours, views, hand = [], [], []
        for at in range(rounds + 2):
            took, part = _timed(lambda c=choices: read_part(source, c))
            whole, _ = _timed(lambda c=choices: table_view(source, c, "/findings"))
            plain, rows = _timed(by_hand)
            if [r["finding_key"] for r in part.rows] != [r[0] for r in rows]:
                raise RuntimeError(f"{name}: ours and the query by hand find different rows")
            if at >= 2:
                ours.append(took)
                views.append(whole)
                hand.append(plain)
        ratio = statistics.median(a / b for a, b in zip(ours, hand, strict=True))
        found[name] = {
            "count and page": _figures(ours), "with the counts of the filters": _figures(views),
            "by hand": _figures(hand), "ratio of count and page, median": round(ratio, 2),
        }  # fmt: skip
    return found


def export(folder: Path, ending: str) -> dict[str, Any]:
    """One export in this process: rows a second and peak memory; for `bare`, the rows by hand into csv.writer."""
    from shuangkong.app.web.findings_list import SPEC
    from shuangkong.webkit.api import Export, Speaker, export_csv, export_xlsx, in_chunks

    source, choices = _source(folder), _choices("")
    order = SPEC.order(choices.order_name)
    total = source.count(())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    if ending == "bare":
        size = _by_hand(folder)
    else:
        what = Export(SPEC, Speaker("zh", {}), (), total)
        rows = source.batches((), order)
        parts = export_csv(what, rows) if ending == "csv" else in_chunks(export_xlsx(what, rows))
        size = sum(len(p) for p in parts)
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows_per_second": round(total / took), "seconds": round(took, 2), "bytes": size,
        "peak_memory_mb": after // 1024, "of_it_for_the_export_mb": (after - before) // 1024,
    }  # fmt: skip


def _by_hand(folder: Path) -> int:
    """The same columns as the CSV of ours, fetched and written with nothing in between."""
    import csv
    import io

    import duckdb

    from shuangkong.app.web.findings_list import SPEC

    file = str(folder / "findings.parquet")
    columns = ", ".join(c.name for c in SPEC.exported)
    cursor = duckdb.connect(config={"threads": 2}).execute(
        f"SELECT {columns} FROM read_parquet(?) "
        f"ORDER BY {_SEVERITY}, period_end DESC, coalesce(margin, 0), finding_key",
        [file],
    )
    size = 0
    while rows := cursor.fetchmany(2000):
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        size += len(out.getvalue().encode())
    return size


def measure(rows: int = ROWS, rounds: int = 30) -> dict[str, Any]:
    """Everything, over findings that are made anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invent(folder, rows)
        result: dict[str, Any] = {"rows": rows, "rounds": rounds, "pages": pages(folder, rounds), "exports": {}}
        for ending in ("csv", "xlsx", "bare"):
            command = [sys.executable, __file__, name, ending]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            result["exports"][ending] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    print(json.dumps(export(Path(sys.argv[1]), sys.argv[2])))
