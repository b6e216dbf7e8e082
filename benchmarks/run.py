"""`./run bench`: the main job by phase, roll-up and rules against SQL by hand, packs, sheets, tables, pages, HJ 212.

    ./run bench [--only demo,rollup,rules,packs,sheet,tables,pages,reader,hj212,checks,ingest,readings,late,updates,
                sharing,watching,moved] [--entries N] [--rows N] [--pairs N] [--threads N] [--rounds N]
                [--enterprises N] [--days N] [--memory 1GB]

CPU seconds are those of the process with all its threads. The figures go to benchmarks/results/latest.json too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ALL = ("demo", "rollup", "rules", "packs", "sheet", "tables", "pages", "reader", "hj212", "checks", "ingest",
       "readings", "late", "updates", "watching", "sharing", "moved")  # fmt: skip


def demo() -> dict[str, Any]:
    """The main job from nothing to the summary, in a process of its own, with the phases that its run kept."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        script = str(Path(sys.executable).parent / "shuangkong")
        done = subprocess.run(
            [script, "demo", "--no-serve", "--json", "-w", f"{folder}/ws"], capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return {"skipped": done.stderr.strip()[-200:]}
        manifests = sorted(Path(folder).glob("ws/runs/*/manifest.json"))
        manifest = json.loads(manifests[-1].read_text("utf-8")) if manifests else {}
    return {
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "peak_memory_mb": after.ru_maxrss // 1024,
        "phases_cpu_seconds": manifest.get("cpu_seconds", {}),
        "rows": {name: t["rows"] for name, t in manifest.get("tables", {}).items()},
    }


def packs() -> dict[str, Any]:
    """Load every pack of the package."""
    from shuangkong.policy.api import PackSet, builtin_packs

    start = time.process_time()
    found = builtin_packs()
    PackSet(found)
    return {"packs": len(found), "cpu_seconds": round(time.process_time() - start, 2)}


def sheet(rows: int = 100_000) -> dict[str, Any]:
    """Read, map and check a .csv and an .xlsx with that many rows of four columns."""
    import xlsxwriter

    from shuangkong.kernel.labels import Label
    from shuangkong.registry.sheets.api import FieldSpec, SheetSchema, check_rows, read_sheet, suggest_mapping

    schema = SheetSchema(
        "bench", Label("合成", "synthetic"),
        (
            FieldSpec("code", Label("代码", "code"), "code", required=True),
            FieldSpec("period", Label("期间", "period"), "period", required=True),
            FieldSpec("energy", Label("能源消费量", "energy"), "decimal", dimension="energy_tce"),
            FieldSpec("note", Label("备注", "note"), "text"),
        ),
        key=("code", "period"),
    )  # fmt: skip
    head = ("代码", "期间", "能源消费量（吨标准煤）", "备注")
    table = [(f"A{i:06d}", "2025年3月", f"{i}.{i % 1000:03d}", "合成") for i in range(rows)]
    result: dict[str, Any] = {"rows": rows}
    with tempfile.TemporaryDirectory() as folder:
        plain, book = Path(folder) / "合成.csv", Path(folder) / "合成.xlsx"
        plain.write_text("\n".join(",".join(r) for r in (head, *table)) + "\n", "utf-8")
        with xlsxwriter.Workbook(str(book), {"constant_memory": True}) as out:
            page = out.add_worksheet("合成")
            for i, row in enumerate((head, *table)):
                page.write_row(i, 0, row)
        for path in (plain, book):
            start = time.process_time()
            read = read_sheet(path)
            done = time.process_time()
            mapping, _ = suggest_mapping(read, schema)
            checked = check_rows(read, mapping, schema)
            accepted = sum(1 for _ in checked)
            result[path.suffix[1:]] = {
                "read_cpu_seconds": round(done - start, 2),
                "check_cpu_seconds": round(time.process_time() - done, 2),
                "accepted": accepted,
            }
    return result


def show(name: str, value: Any, indent: int = 0) -> None:
    """Print nested figures as lines a person can read."""
    pad = "  " * indent
    if isinstance(value, dict):
        print(f"{pad}{name}")
        for key, inner in value.items():
            show(str(key), inner, indent + 1)
    else:
        print(f"{pad}{name:<{44 - len(pad)}}{value}")


def main() -> None:
    """Measure what was asked for, print it and keep it."""
    sys.path.insert(0, str(HERE))
    import checks_bench
    import hj212_bench
    import ingest_bench
    import late_bench
    import moved_bench
    import pages_bench
    import reader_bench
    import readings_bench
    import rollup_bench
    import rules_bench
    import sharing_bench
    import tables_bench
    import updates_bench
    import watching_bench

    options = argparse.ArgumentParser(description="time and memory")
    options.add_argument("--only", default=",".join(ALL))
    options.add_argument("--entries", type=int, default=1_000_000)
    options.add_argument("--rows", type=int, default=1_000_000, help="of the rules' readings")
    options.add_argument("--pairs", type=int, default=15)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--enterprises", type=int, default=1500, help="of the checks, each with 20 meters")
    options.add_argument("--days", type=int, default=31, help="of the province's readings that are rolled up")
    options.add_argument("--memory", default="1GB", help="what DuckDB may hold of them, on both sides")
    asked = options.parse_args()
    results: dict[str, Any] = {}
    for name in asked.only.split(","):
        print(f"== {name}", flush=True)
        if name == "rollup":
            results[name] = rollup_bench.measure(asked.entries, asked.pairs, asked.threads, print)
        elif name == "rules":
            results[name] = rules_bench.measure(asked.rows, asked.pairs, asked.threads)
        elif name == "moved":
            results[name] = moved_bench.measure()
        elif name == "tables":
            results[name] = tables_bench.measure()
        elif name == "checks":
            results[name] = checks_bench.measure(asked.enterprises, asked.pairs, asked.threads, print)
        elif name == "hj212":
            results[name] = hj212_bench.measure()
        elif name == "updates":
            results[name] = updates_bench.measure()
        elif name == "watching":
            results[name] = watching_bench.measure()
        elif name == "ingest":
            results[name] = ingest_bench.measure()
        elif name == "readings":
            results[name] = readings_bench.measure(asked.days, asked.pairs, asked.threads, asked.memory, print)
        elif name == "late":
            results[name] = late_bench.measure(asked.days)
        elif name == "sharing":
            results[name] = sharing_bench.measure()
        elif name == "reader":
            results[name] = reader_bench.measure()
        elif name == "pages":
            results[name] = pages_bench.measure(asked.rounds)
        else:
            results[name] = {"demo": demo, "packs": packs, "sheet": sheet}[name]()
        show(name, results[name])
    out = HERE / "results" / "latest.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    late = rules_bench.misses(results["rules"]) if "rules" in results else []
    late += readings_bench.misses(results["readings"]) if "readings" in results else []
    late += late_bench.misses(results["late"]) if "late" in results else []
    late += watching_bench.misses(results["watching"]) if "watching" in results else []
    late += sharing_bench.misses(results["sharing"]) if "sharing" in results else []
    for line in late:
        print(line)
    checks = results.get("checks", {}).get("median_ratio")
    if checks is not None and checks > checks_bench.TARGET:
        print(f"checks of readings cost {checks} times the SQL by hand; the target is {checks_bench.TARGET}")
        sys.exit(1)
    ratio = results.get("rollup", {}).get("median_ratio")
    if ratio is not None and ratio > rollup_bench.TARGET:
        print(f"the roll-up costs {ratio} times the SQL by hand; the target is {rollup_bench.TARGET}")
        sys.exit(1)
    sys.exit(bool(late))


if __name__ == "__main__":
    main()
