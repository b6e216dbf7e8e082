"""Watching: the back-test by month, the board of many regions again and again, and a new month against a full run.

All figures are made up (合成). The back-test takes the priors of the pack that ships; what it finds is printed as is.
"""

from __future__ import annotations

import hashlib
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from stdnum.cn import uscc

from shuangkong.accounting.api import BOOK_ENTRIES
from shuangkong.app.catalogue import catalogue
from shuangkong.app.pipeline import run_pipeline
from shuangkong.dualcontrol.api import WATCH_MONTHS, WATCH_YEARS
from shuangkong.dualcontrol.backtesting import Score, World, by_month, scores
from shuangkong.dualcontrol.watch_estimating import YEAR, Pool, Priors, Respondent
from shuangkong.dualcontrol.watch_grading import Grader, asked_of, count_red
from shuangkong.dualcontrol.watch_nowcast import Drift, year_rows
from shuangkong.dualcontrol.watch_priors import ESTIMATE, Figures, drifting, estimating, figures_of
from shuangkong.dualcontrol.watch_questions import WATCHED, Question
from shuangkong.dualcontrol.watch_rows import Facts, Growth, month_rows
from shuangkong.dualcontrol.watch_sums import Key, Late, Month, Revisions, Sums
from shuangkong.engine.api import Asked, DuckDB, RunRecord, Workspace, compile_sql, read_result, writing
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs, load_files
from shuangkong.registry.api import ensure_regions, import_units, regions_on, subjects_seen

SYSTEM, READER = Scope.system("measure"), Scope.all("bench")
DAY = date(2025, 12, 31)
#: Of the packs that ship those that the made-up units meet.
ISSUERS = ("gbt", "ghg", "grid", "shuangkong")


#: Regions of other kinds: smaller and larger turns of the economy, and months that differ more with none.
KINDS = {
    "as usual": World(), "calm": World(cycle=0.01), "restless": World(cycle=0.08),
    "months apart": World(cycle=0.0, noise=0.1),
}  # fmt: skip


def measure(seeds: int = 100, batches: int = 5, kind: int = 100, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Back-test of so many batches of region-years and of other kinds of region, board and update, in this order."""
    of, start = of_the_pack(), time.process_time()
    made = [_backtest(World(), range(n * 1000, n * 1000 + seeds), of) for n in range(batches)]
    others = {name: _backtest(world, range(kind), of) for name, world in KINDS.items() if name != "as usual"}
    spent = time.process_time() - start
    told = by_month([s for rows in made for s in rows])
    for t in told:
        say("  " + ", ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in asdict(t).items()))
    inside = {f"batch {n + 1}": _inside(rows) for n, rows in enumerate(made)}
    inside |= {name: _inside(rows) for name, rows in others.items()}
    for name, shares in inside.items():
        say(f"  {name}: " + "; ".join(f"{end} " + " ".join(f"{x:.0%}" for x in xs) for end, xs in shares.items()))
    return {
        "backtest": {
            "region_years": seeds * batches, "batches": batches, "of_each_other_kind": kind,
            "cpu_seconds": round(spent, 1), "by_month": [asdict(t) for t in told], "inside": inside,
        },
        "board": board(say=say), "update": update(say=say),
    }  # fmt: skip


def _backtest(world: World, seeds: range, of: Figures) -> list[Score]:
    return [s for seed in seeds for s in scores(seed, world, of)]


def _inside(rows: list[Score]) -> dict[str, list[float]]:
    """Shares of final figures inside the interval, by month: of the year to date, and of the year's end."""
    told = by_month(rows)
    return {"to_date": [t.inside for t in told], "year_end": [t.end_inside for t in told if t.end_inside is not None]}


def misses(found: dict[str, Any]) -> list[str]:
    """Months in which an interval holds less than 70 or more than 90 of a hundred final figures, batch by batch.

    Other kinds of region are told, and not held to it: the priors are not theirs.
    """
    return [
        f"{batch}: the interval of {end} of month {month} holds {share:.0%} of the final figures"
        for batch, ends in found["backtest"]["inside"].items() if batch.startswith("batch")
        for end, shares in ends.items()
        for month, share in enumerate(shares, 1) if not 0.7 <= share <= 0.9
    ]  # fmt: skip


def of_the_pack() -> Figures:
    """The figures of the pack that ships."""
    packs = PackSet(p for p in builtin_packs() if p.id == "shuangkong.watching")
    day = packs.pack("shuangkong.watching").instrument.source.known
    return figures_of(packs, day, day)


def board(
    regions: int = 100, industries: int = 50, months: int = 120, runs: int = 20, *,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:  # fmt: skip
    """The board of that many regions, one respondent for each industry of each, a third of them late with the last
    month: every row, grade and nowcast of every month, so many times over.
    """
    of = of_the_pack()
    held, drift, level = estimating(of), drifting(of), float(of(ESTIMATE, "level"))
    packs = PackSet(p for p in builtin_packs() if p.id == "shuangkong.watching")
    made = _returns(regions, industries, months)
    spent, rows, first = [], 0, ""
    for n in range(runs):
        start = time.process_time()
        found = _board(made, regions, months, packs, held, drift, level)
        spent.append(time.process_time() - start)
        # what a board says is kept as a hash: two of them at once would be the larger part of the memory
        rows, said = len(found), hashlib.sha256(repr(found).encode()).hexdigest()
        del found
        if first and said != first:
            raise AssertionError("the same figures gave another board")
        first = said
        say(f"  board {n + 1}: {spent[-1]:.2f} s")
    return {
        "regions": regions, "industries": industries, "months": months, "runs": runs, "rows": rows,
        "cpu_seconds_a_run": round(sum(spent) / runs, 2), "cpu_seconds": round(sum(spent), 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


Returns = dict[tuple[int, int], dict[int, float]]


def _returns(regions: int, industries: int, months: int) -> Returns:
    draw = Random(1)
    last = 2026 * YEAR - 1
    return {
        (r, i): {last - months + 1 + m: 1000 * (1 + i) * draw.uniform(0.9, 1.1) * 1.002**m for m in range(months)}
        for r in range(regions) for i in range(industries)
    }  # fmt: skip


def _board(
    made: Returns, regions: int, months: int, packs: PackSet, held: Priors, drift: Drift, level: float
) -> list[dict[str, Any]]:  # fmt: skip
    last = 2026 * YEAR - 1
    late = {at for at in made if not (at[0] + at[1]) % 3}
    group = [
        Respondent(f"{r}.{i}", str(i), {m: y for m, y in rows.items() if m < last or (r, i) not in late})
        for (r, i), rows in made.items()
    ]
    pool = Pool(group, held)
    sums: dict[Key, dict[int, Month]] = {}
    stand_in: dict[Key, dict[int, Late]] = {}
    for r in range(regions):
        mine = [(i, rows) for (of, i), rows in made.items() if of == r]
        by_month_ = {
            m: [Decimal(round(rows[m])) for i, rows in mine if m < last or (r, i) not in late]
            for m in range(last - months + 1, last + 1)
        }
        estimates = [e for i, _ in mine if (r, i) in late and (e := pool.estimate(f"{r}.{i}", last))]
        for name in ("energy", "energy_industry", "coal"):
            sums[name, "m", f"r{r}"] = {
                m: Month(sum(a, Decimal(0)), len(mine), len(a), "synthetic") for m, a in by_month_.items()
            }
            stand_in[name, "m", f"r{r}"] = {last: Late(tuple(estimates))}
    growth = {
        (w.growth, f"r{r}"): {m: Growth(Decimal(3), "g", "synthetic") for m in range(last - months + 1, last + 1)}
        for w in WATCHED if w.growth for r in range(regions)
    }  # fmt: skip
    facts = Facts(Sums(sums, stand_in, Revisions(0.05, 0.0, 0.0016), held.common), growth, {}, {}, last, level,
                  Decimal("0.6"))  # fmt: skip
    asked = [
        Question(w, f"r{r}", year, "m", Decimal(-3) if w.growth else Decimal(20_000_000), pack_key="p@1", slug="s")
        for r in range(regions) for w in WATCHED if not w.carbon
        for year in range((last - months) // YEAR + 2, last // YEAR + 1)
    ]  # fmt: skip
    rows = [row for q in asked for row in month_rows(facts, q)]
    grader = Grader(packs, DAY, _decide)
    grader.grade(rows)
    rows += grader.control(rows)
    count_red(rows)
    return [*rows, *(row for q in asked for row in year_rows(facts, q, drift))]


def _decide(table: Any, values: Any, rows: Any) -> list[dict[str, Any]]:
    with DuckDB(threads=1) as engine:
        engine.bind("watch_asked", rows)
        answers: list[dict[str, Any]] = engine.run(compile_sql(asked_of(table, values))).to_pylist()
        return answers


HEAD = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n"
INSTRUMENT = """id: bench-targets
edition: "1"
title: {zh: 试验（合成）}
doc_number: 试〔2021〕1号
issuer: 试验
level: standard
region: "000000"
issued: 2021-01-01
in_force_from: 2021-01-01
source: {doc: 试验, place: 全文, known: 2021-01-01}
confidence: synthetic
synthetic: true
"""
TARGET = """- slug: total
  clause: 一
  indicator: energy_total
  subject: {{regions: [{codes}]}}
  comparator: at_most
  value: 100000
  unit: tce
  year: 2025
  horizon: year
  accounting: {{edition: gbt2589-2020, basis: primary, guide: ghg-guides-2013-2015, grid_factor: "2023"}}
"""


def update(units: int = 600, counties: int = 12, *, say: Callable[[str], None] = print) -> dict[str, Any]:
    """A run over units of some counties, each with a total; then one unit's month put right, as update and in full."""
    with tempfile.TemporaryDirectory() as folder:
        workspace, packs = _workspace(Path(folder) / "w", units, counties)
        first, *_ = _timed(workspace, packs, None)
        say("  first run done")
        rows = workspace.lake.read(BOOK_ENTRIES, workspace.clock()).slice(0, 1).to_pylist()
        _commit(workspace, [{**rows[0], "entry_id": "e_mended", "corrects": rows[0]["entry_id"],
                             "quantity": Decimal(1)}], "mended")  # fmt: skip
        small, *cpu_small = _timed(workspace, packs, first)
        full, *cpu_full = _timed(workspace, packs, None)
        for contract in (WATCH_MONTHS, WATCH_YEARS):
            a, b = (read_result(r, contract, READER).sort_by("watch_key") for r in (small, full))
            if not a.equals(b) or not a.num_rows:
                raise AssertionError(f"{contract.name} of the update and of the full run differ, or are empty")
        told = small.manifest.get("not_updated")
        if told:
            raise AssertionError(f"no update was made: {told}")
    seconds = [dict(r.manifest["cpu_seconds"]) for r in (small, full)]  # type: ignore[call-overload]
    return {
        "units": units, "regions": counties, "months": 36, "rows": full.manifest["tables"]["watch_months"]["rows"],  # type: ignore[index]
        "watch_update_cpu_seconds": seconds[0]["watch"], "watch_full_cpu_seconds": seconds[1]["watch"],
        "run_update_cpu_seconds": round(cpu_small[0], 2), "run_full_cpu_seconds": round(cpu_full[0], 2),
    }  # fmt: skip


def _timed(workspace: Workspace, packs: PackSet, of: RunRecord | None) -> tuple[RunRecord, float]:
    cpu = time.process_time()
    asked = Asked(of) if of is not None else None
    run = run_pipeline(workspace, packs, known=workspace.clock(), as_of=DAY, scope=SYSTEM, update=asked)
    return run, time.process_time() - cpu


def _workspace(folder: Path, units: int, counties: int) -> tuple[Workspace, PackSet]:
    workspace = Workspace.create(folder)
    codes = [r.code for r in regions_on(DAY) if not r.code.endswith("00")][:counties]
    targets = TARGET.format(codes=", ".join(f'"{c}"' for c in codes))
    clauses = "- {id: 一, title: {zh: 目标}, kind: target}\n"
    files = {"instrument.yaml": INSTRUMENT, "clauses.yaml": clauses, "targets.yaml": targets}
    made = load_files({n: t.encode() for n, t in files.items()}, origin="bench")
    packs = PackSet([*(p for p in builtin_packs() if p.id.startswith(ISSUERS)), made], catalogue=catalogue())
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), codes)
    names = [_uscc(n) for n in range(units)]
    kinds = ("3011", "3110", "2614")
    sheet = HEAD + "".join(
        f"{name},第{n}厂（合成）,{codes[n % counties]},{kinds[n % 3]},2017,重点用能单位,2023-01-01,月报\n"
        for n, name in enumerate(names)
    )
    import_units(workspace, sheet.encode(), name="名录.csv", scope=READER)
    with writing(workspace.engine) as db:
        rows = subjects_seen(db, SYSTEM, workspace.clock(), day=DAY).to_pylist()
    who = {r["code"]: r["subject_id"] for r in rows if r["kind"] == "unit"}
    _commit(workspace, [e for n, name in enumerate(names) for e in _months(who[name], n)], "made")
    return workspace, packs


def _uscc(number: int) -> str:
    stem = f"91990000{number:09d}"
    return stem + str(uscc.calc_check_digit(stem))


def _months(subject: str, n: int) -> list[dict[str, Any]]:
    """Three years of coal of a unit; every fifth is late with the last month."""
    found = []
    for m in range(36 - (n % 5 == 0)):
        start = date(2023 + m // 12, m % 12 + 1, 1)
        end = date(2023 + (m + 1) // 12, (m + 1) % 12 + 1, 1)
        found.append({
            "entry_id": f"e_{n}_{m}", "book": "energy", "subject_id": subject, "period_key": f"{start:%Y-%m}",
            "period_kind": "month", "period_start": start, "period_end": end, "item": "raw_coal",
            "role": "consumption", "extent": "own", "quantity": Decimal(100 + n % 50 + m), "unit": "t", "basis": None,
            "price_base": None, "state": "ok", "use": None, "source_id": "s_bench", "source_row": m + 1,
            "known_on": date(2026, 1, 1), "corrects": None, "confidence": "synthetic", "measured": None,
        })  # fmt: skip
    return found


def _commit(workspace: Workspace, rows: list[dict[str, Any]], token: str) -> None:
    now = datetime.now(UTC)
    table = BOOK_ENTRIES.from_rows([{**r, "recorded_at": now} for r in rows])
    with workspace.lake.lease(BOOK_ENTRIES.name) as lease:
        workspace.lake.commit(BOOK_ENTRIES, table, lease, token=token, principal="bench", note="", recorded_at=now)
