"""The list of findings at a hundred thousand rows (合成): pages, orders, filters and exports, beside SQL by hand.

Each request is timed as the page reads it (count, page, and the counts beside each filter) and as the count and page
alone; the bare query is what one would write by hand on the same file: the same rows in the same order, no scope, no
names, no checks. Ours and the bare one run in turn.

Exports are those of the page, words and a sentence for each row included. Each runs in a process of its own, whose CPU
seconds are counted with all threads; its peak memory is VmHWM, set back before the export begins: ru_maxrss would be
that of the process that started it. The floor is what csv.writer and xlsxwriter take for the very same cells when they
lie ready in memory, and nothing is read, worded, formatted or guarded.
"""

from __future__ import annotations

import json
import os
import random
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


def _names() -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels of the invented subjects and indicators."""
    from shuangkong.kernel.labels import Label

    ids = [f"s_{i:04d}" for i in range(SUBJECTS)]
    subjects = {s: Label(f"合成单位{s}", f"synthetic unit {s}") for s in ids}
    return subjects, {f"energy_{i}": Label(f"合成指标{i}", f"synthetic indicator {i}") for i in range(6)}


def _source(folder: Path) -> Any:
    import pyarrow as pa

    from shuangkong.app.web.findings_list import listed
    from shuangkong.kernel.ids import SubjectId
    from shuangkong.kernel.scope import Scope

    subjects, indicators = _names()
    seen = pa.table({"subject_id": list(subjects)})
    scope = Scope.region("bench", SubjectId("s_0000"), date(2026, 1, 1))
    return listed(folder, scope, seen, {s: (label, s, "unit") for s, label in subjects.items()}, indicators)


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
            # what is measured is asking, as the first who chooses this does, not remembering
            source.forget()
            took, part = _timed(lambda c=choices: read_part(source, c))
            source.forget()
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


def export(folder: Path, what: str) -> dict[str, Any]:
    """One export in this process; for `bare`, the rows by hand into csv.writer; for `floor …`, the writing alone."""
    from shuangkong.webkit.api import export_csv, export_xlsx, in_chunks

    source, made = _source(folder), _export()
    order = made.spec.order("attention")
    total = source.count(())

    def ours(ending: str) -> int:
        rows = source.columns((), order, made.needed)
        parts = export_csv(made, rows) if ending == "csv" else in_chunks(export_xlsx(made, rows))
        return sum(len(p) for p in parts)

    ready = _cells(source, made) if what.startswith("floor") else []
    works: dict[str, Callable[[], int]] = {
        "csv": lambda: ours("csv"), "xlsx": lambda: ours("xlsx"), "bare": lambda: _by_hand(folder),
        "floor csv": lambda: _csv_alone(ready), "floor xlsx": lambda: _xlsx_alone(ready),
    }  # fmt: skip
    before = _peak_from_now()
    cpu, start = time.process_time(), time.perf_counter()
    size = works[what]()
    return {
        "cpu_seconds": round(time.process_time() - cpu, 2), "seconds": round(time.perf_counter() - start, 2),
        "rows_per_second": round(total / (time.perf_counter() - start)), "bytes": size,
        "memory_before_mb": before // 1024, "peak_memory_mb": _memory("VmHWM") // 1024,
    }  # fmt: skip


def _export() -> Any:
    """The export of the page over a run that has these names alone."""
    from dataclasses import replace
    from types import SimpleNamespace
    from typing import cast

    from shuangkong.app.web.factory import MESSAGES
    from shuangkong.app.web.findings_list import SPEC, told
    from shuangkong.app.web.reading import RunView
    from shuangkong.app.web.retelling import Retelling
    from shuangkong.webkit.api import Export, Speaker, read_messages

    subjects, indicators = _names()
    view = SimpleNamespace(
        subjects={s: SimpleNamespace(label=label) for s, label in subjects.items()},
        indicator_label=lambda indicator: indicators[indicator],
    )
    speaker = Speaker("zh", read_messages(*MESSAGES))
    made = Export(SPEC, speaker, (), 0)
    return replace(made, told=told(Retelling(cast(RunView, view), speaker)), total=ROWS)


def _memory(what: str) -> int:
    """A line of /proc/self/status in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


def _peak_from_now() -> int:
    """Set the peak back to what is used at this moment, and say what that is."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _cells(source: Any, made: Any) -> list[tuple[str | float | None, ...]]:
    """The cells of the whole export, figures as numbers."""
    found: list[tuple[str | float | None, ...]] = []
    for batch in source.columns((), made.spec.order("attention"), made.needed):
        columns = [
            [v and float(v) for v in c.texts.to_pylist()] if c.kind == "number" else c.guarded().to_pylist()
            for c in made.reading.cells(batch)
        ]
        found += zip(*columns, strict=True)
    return found


def _csv_alone(rows: list[tuple[str | float | None, ...]]) -> int:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return len(out.getvalue().encode())


def _xlsx_alone(rows: list[tuple[str | float | None, ...]]) -> int:
    import xlsxwriter

    with tempfile.TemporaryFile() as out:
        with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
            page = book.add_worksheet()
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if isinstance(value, str):
                        page.write_string(i, j, value)
                    elif value is not None:
                        page.write_number(i, j, value)
        return out.tell()


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


def _load() -> str:
    """How busy the machine is: the mean of waiting and running programs over one and five minutes."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} over one minute, {five:.1f} over five"


def measure(rows: int = ROWS, rounds: int = 30) -> dict[str, Any]:
    """Everything, over findings that are made anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invent(folder, rows)
        result: dict[str, Any] = {
            "rows": rows,
            "rounds": rounds,
            "load_before": _load(),
            "pages": pages(folder, rounds),
        }
        result["exports"] = {}
        for what in ("csv", "xlsx", "bare", "floor csv", "floor xlsx"):
            command = [sys.executable, __file__, name, what]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            result["exports"][what] = json.loads(done.stdout)
        result["load_after"] = _load()
    return result


if __name__ == "__main__":
    print(json.dumps(export(Path(sys.argv[1]), sys.argv[2])))
