"""A run that updates an earlier one for one unit, against a full run at the same instant: CPU and wall.

The workspace is made up (合成): units spread over counties, each with three years of months of coal and power. The
packs are those that ship; most rules of places reach nobody here.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from stdnum.cn import uscc

from shuangkong.accounting.api import BOOK_ENTRIES, INDICATOR_VALUES, TOTALS
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import Asked, RunRecord, Workspace, read_result, writing
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import ensure_regions, import_units, regions_on, subjects_seen

DAY = date(2026, 6, 30)
SYSTEM, READER = Scope.system("measure"), Scope.all("bench")
HEAD = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n"
MONTHS = [date(y, m, 1) for y in (2023, 2024, 2025) for m in range(1, 13)]


def measure(units: int = 2000, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Full and update with one unit's month put right, in this order; the figures are compared."""
    with tempfile.TemporaryDirectory() as folder:
        workspace, packs = _made(Path(folder) / "w", units), PackSet(builtin_packs())
        first, *_ = _timed(workspace, packs, None)
        say(f"  first run over {units} units done")
        rows = workspace.lake.read(BOOK_ENTRIES, workspace.clock()).slice(0, 1).to_pylist()
        mended = {**rows[0], "entry_id": "e_mended", "corrects": rows[0]["entry_id"], "quantity": Decimal(1)}
        _commit(workspace, [mended], "mended")
        update, *small = _timed(workspace, packs, first)
        full, *whole = _timed(workspace, packs, None)
        for contract in (TOTALS, INDICATOR_VALUES):
            a, b = (read_result(r, contract, READER).sort_by(contract.key[0]) for r in (update, full))
            if not a.equals(b):
                raise AssertionError(f"{contract.name} of the update and of the full run differ")
        told = update.manifest.get("not_updated")
        if told:
            raise AssertionError(f"no update was made: {told}")
    return {
        "units": units, "entries": units * len(MONTHS) * 2,
        "full_cpu_seconds": round(whole[0], 2), "full_wall_seconds": round(whole[1], 2),
        "update_cpu_seconds": round(small[0], 2), "update_wall_seconds": round(small[1], 2),
        "cpu_ratio": round(small[0] / whole[0], 3), "wall_ratio": round(small[1] / whole[1], 3),
        "update_phases": update.manifest["cpu_seconds"],
    }  # fmt: skip


def _timed(workspace: Workspace, packs: PackSet, of: RunRecord | None) -> tuple[RunRecord, float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    asked = Asked(of) if of else None
    run = run_pipeline(workspace, packs, known=workspace.clock(), as_of=DAY, scope=SYSTEM, update=asked)
    return run, time.process_time() - cpu, time.perf_counter() - wall


def _made(root: Path, units: int) -> Workspace:
    workspace = Workspace.create(root)
    counties = [r.code for r in regions_on(DAY, "county") if r.code.startswith("13")][:100]
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), counties)
    stems = [f"91990000{n:09d}" for n in range(1, units + 1)]
    sheet = HEAD + "".join(
        f"{stem}{uscc.calc_check_digit(stem)},合成单位{n},{counties[n % len(counties)]}"
        ",3011,2017,重点用能单位,2023-01-01,月报\n"
        for n, stem in enumerate(stems)
    )
    import_units(workspace, sheet.encode(), name="名录.csv", scope=READER)
    with workspace.engine.connect() as db:
        made = subjects_seen(db, READER, workspace.clock(), kind="unit")["subject_id"].to_pylist()
    _commit(workspace, [_entry(s, n, m, k) for n, s in enumerate(sorted(made)) for m in MONTHS for k in (0, 1)], "all")
    return workspace


def _entry(subject: str, n: int, month: date, k: int) -> dict[str, object]:
    end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return {
        "entry_id": f"e_{n}_{month:%Y%m}_{k}", "book": "energy", "subject_id": subject, "period_key": f"{month:%Y-%m}",
        "period_kind": "month", "period_start": month, "period_end": end, "item": ("raw_coal", "electricity")[k],
        "role": "consumption", "extent": "own", "quantity": Decimal(1000 + (n * 7 + month.month * 13 + k) % 900),
        "unit": ("t", "kWh")[k], "state": "ok", "source_id": "made", "source_row": 1, "known_on": date(2026, 1, 5),
        "recorded_at": datetime(2026, 1, 5, tzinfo=UTC), "confidence": "synthetic",
    }  # fmt: skip


def _commit(workspace: Workspace, rows: list[dict[str, object]], token: str) -> None:
    with workspace.lake.lease(BOOK_ENTRIES.name) as lease:
        workspace.lake.commit(
            BOOK_ENTRIES, BOOK_ENTRIES.from_rows(rows), lease, token=token, principal="bench", note="合成",
            recorded_at=workspace.clock(),
        )  # fmt: skip
