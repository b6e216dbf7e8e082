"""Decision tables with row ids against SQL that an expert would write by hand, on the same rows, to the same answers.

Three questions, each in interleaved pairs (ours and by hand in turn, then by hand again as the noise):

* fifty: a table of fifty rules that collects (each rule compares two readings and an industry, and gives a score and a
  level); the answer is the sum of scores, the worst level, and which rules hit. By hand: score and level alone.
* tables: fifty tables of four rows each, one after the other; the answer is a number and the id of the row. By hand:
  one CASE for the number alone.
* intervals: two hundred intervals on one reading with the id of the row. By hand: a join with a table of the ranges,
  with the id of the row; an ASOF join, which needs ranges without gaps, stands beside it.

`openfisca` is OpenFisca-core beside the first one. It is under the AGPL, so it is fetched when the benchmark runs, into
an environment of its own, and runs as a program of its own; nothing of Shuangkong imports it.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import ibis

from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.api import decide, decide_all
from shuangkong.policy.api import (
    CheckedInput,
    CheckedOutput,
    CheckedRow,
    CheckedTable,
    Constant,
    Kind,
    cell,
    parse,
    typed,
)

HERE = Path(__file__).resolve().parent
TARGETS = {"fifty": 2.0, "intervals": 1.2}
MEMORY_MB = 2048
RULES, RANGES = 50, 200
PURE = Kind("number")
READINGS = tuple(f"f{n}" for n in range(12))
INPUTS = tuple(CheckedInput(name, PURE) for name in (*READINGS, "industry"))
SCHEMA = {"subject_id": "int64", **dict.fromkeys(READINGS, "decimal(18, 6)"), "industry": "int16"}
OPENFISCA = "openfisca-core==46.0.1"


def rules(draw: Random) -> list[dict[str, Any]]:
    """Fifty invented rules (合成) of three comparisons, with a score and a level from 1 to 4."""
    return [
        {
            "a": draw.choice(READINGS), "above": Decimal(draw.randint(500, 2000)) / 1000, "b": draw.choice(READINGS),
            "below": Decimal(draw.randint(500, 2000)) / 1000, "industry": draw.randrange(31),
            "score": Decimal(draw.randint(1, 500)) / 100, "level": draw.randint(1, 4),
        }
        for _ in range(RULES)
    ]  # fmt: skip


def invented(engine: DuckDB, rows: int) -> None:
    """A million readings (合成), log-normal, exact to six places, and an industry of thirty-one; nothing is null."""
    columns = [
        f"exp(sqrt(-2 * ln((hash(i * 31 + {n}) % 1000000 + 1) / 1000001.0))"
        f" * cos(2 * pi() * (hash(i * 37 + {n + 100}) % 1000000) / 1000000.0))::DECIMAL(18, 6) AS {name}"
        for n, name in enumerate(READINGS)
    ]
    engine.connection.execute(
        f"CREATE TABLE readings AS SELECT i AS subject_id, {', '.join(columns)},"
        f" (hash(i * 3) % 31)::SMALLINT AS industry FROM range({rows}) r(i)"
    )


def _condition(rule: dict[str, Any]) -> Any:
    text = f"{rule['a']} > {rule['above']} && {rule['b']} < {rule['below']} && industry <= {rule['industry']}"
    return typed(parse(text), {i.name: i.kind for i in INPUTS})[0]


def _by_hand(rule: dict[str, Any]) -> str:
    return f"{rule['a']} > {rule['above']} AND {rule['b']} < {rule['below']} AND industry <= {rule['industry']}"


def fifty(every: Sequence[dict[str, Any]]) -> tuple[str, str, str]:
    """Ours, by hand, and the question of how many rows differ: score and level, and here also which rules hit."""

    def table(name: str, hit: str) -> CheckedTable:
        rows = tuple(CheckedRow(f"r{n}", _condition(r), (Constant(Decimal(r[name])),)) for n, r in enumerate(every))
        return CheckedTable(name, INPUTS, (CheckedOutput("answer", PURE),), rows, hit)

    found = decide_all(
        [table("score", "collect_sum"), table("level", "collect_max")], ibis.table(SCHEMA, "readings"), {}
    )
    ours = compile_sql(
        found.select(
            "subject_id", score=found.score__answer, level=found.level__answer, hits=found.score__hits_0,
            decided=found.score__decided & found.level__decided, missing=found.score__missing,
            undecided=found.score__undecided,
        )
    )  # fmt: skip
    score = " + ".join(f"CASE WHEN {_by_hand(r)} THEN {r['score']} ELSE 0 END" for r in every)
    level = ", ".join(f"CASE WHEN {_by_hand(r)} THEN {r['level']} ELSE 0 END" for r in every)
    bits = " + ".join(f"CASE WHEN {_by_hand(r)} THEN {1 << n}::BIGINT ELSE 0 END" for n, r in enumerate(every))
    hand = f"SELECT subject_id, {score} AS score, greatest({level}) AS level FROM readings"
    check = f"SELECT subject_id, {bits} AS hits FROM readings"
    differ = (
        f"SELECT count(*) FROM ({ours}) o JOIN ({hand}) h USING (subject_id) JOIN ({check}) c USING (subject_id)"
        " WHERE NOT o.decided OR coalesce(o.score, 0) <> h.score OR coalesce(o.level, 0) <> h.level OR o.hits <> c.hits"
    )
    return ours, hand, differ


def tables(every: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Fifty tables of four rows: three rules, and a last row that always hits."""
    found = []
    for n in range(len(every)):
        four = [every[(n + k) % len(every)] for k in range(4)]
        rows = tuple(
            CheckedRow(f"r{k}", _condition(r) if k < 3 else Constant(True), (Constant(r["score"]),))
            for k, r in enumerate(four)
        )
        table = CheckedTable("t", INPUTS, (CheckedOutput("answer", PURE),), rows, "first")
        answer = decide(table, ibis.table(SCHEMA, "readings")).select("subject_id", "answer", "row_hit")
        arms = " ".join(f"WHEN {_by_hand(r)} THEN {r['score']}" for r in four[:3])
        which = " ".join(f"WHEN {_by_hand(r)} THEN 'r{k}'" for k, r in enumerate(four[:3]))
        hand = f"SELECT subject_id, CASE {arms} ELSE {four[3]['score']} END AS answer FROM readings"
        check = f"SELECT subject_id, CASE {which} ELSE 'r3' END AS row_hit FROM readings"
        ours = compile_sql(answer)
        differ = (
            f"SELECT count(*) FROM ({ours}) o JOIN ({hand}) h USING (subject_id) JOIN ({check}) c USING (subject_id)"
            " WHERE o.answer IS DISTINCT FROM h.answer OR o.row_hit IS DISTINCT FROM c.row_hit"
        )
        found.append((ours, hand, differ))
    return found


def intervals(engine: DuckDB) -> tuple[str, str, str, str]:
    """Ours, by hand, the question of how many rows differ, and the ASOF join."""
    cuts = [Decimal(0), *(Decimal(n * 20 + n % 7) / 1000 for n in range(1, RANGES)), Decimal(10**6)]
    ranges = list(enumerate(pairwise(cuts)))
    values = ", ".join(f"({a}::DECIMAL(18, 6), {b}::DECIMAL(18, 6), 'band-{n}', {n * 25}::DECIMAL(18, 6) / 100)"
                       for n, (a, b) in ranges)  # fmt: skip
    engine.connection.execute(
        "CREATE TABLE ranges AS SELECT low, high, row_hit, answer::DECIMAL(18, 6) AS answer"
        f" FROM (VALUES {values}) v(low, high, row_hit, answer)"
    )
    rows = tuple(
        CheckedRow(f"band-{n}", cell("f0", PURE, f"[{a}, {b})"), (Constant(Decimal(n * 25) / 100),))
        for n, (a, b) in ranges
    )
    table = CheckedTable("t", INPUTS[:1], (CheckedOutput("answer", PURE),), rows, "unique")
    names = ("subject_id", "answer", "row_hit", "decided", "missing", "undecided")
    ours = compile_sql(decide(table, ibis.table(SCHEMA, "readings")).select(*names))
    hand = "SELECT subject_id, answer, row_hit FROM readings JOIN ranges ON f0 >= low AND f0 < high"
    asof = "SELECT subject_id, answer, row_hit FROM readings ASOF LEFT JOIN ranges ON f0 >= low"
    differ = (
        f"SELECT count(*) FROM ({ours}) o LEFT JOIN ({hand}) h USING (subject_id)"
        " WHERE o.answer IS DISTINCT FROM h.answer OR o.row_hit IS DISTINCT FROM h.row_hit OR NOT o.decided"
    )
    return ours, hand, differ, asof


def _cpu(engine: DuckDB, queries: Sequence[str]) -> float:
    start = time.process_time()
    for sql in queries:
        engine.keep("answers", sql)
    return time.process_time() - start


def _pairs(
    engine: DuckDB, name: str, ours: Sequence[str], hand: Sequence[str], pairs: int, say: Callable[[str], None]
) -> dict[str, Any]:
    took: dict[str, list[float]] = {"ours": [], "by_hand": [], "again": []}
    for n in range(pairs):
        first = ("by_hand", "ours") if n % 2 else ("ours", "by_hand")
        for who in (*first, "again"):
            took[who].append(_cpu(engine, ours if who == "ours" else hand))
        a, b, c = (took[who][-1] for who in ("ours", "by_hand", "again"))
        say(f"  {name} pair {n + 1}: ours {a:.3f} s, by hand {b:.3f} s, by hand again {c:.3f} s of CPU")
    ratios = [a / b for a, b in zip(took["ours"], took["by_hand"], strict=True)]
    same = [a / b for a, b in zip(took["again"], took["by_hand"], strict=True)]
    found = {
        "ours_cpu_seconds": _spread(took["ours"]), "by_hand_cpu_seconds": _spread(took["by_hand"]),
        "ratio": _spread(ratios), "a_a": _spread(same),
    }  # fmt: skip
    return found | ({"target": TARGETS[name]} if name in TARGETS else {})


def _spread(values: Sequence[float]) -> list[float]:
    """Median, lowest and highest."""
    return [round(v, 3) for v in (statistics.median(values), min(values), max(values))]


def _same(engine: DuckDB, name: str, differ: str) -> None:
    row = engine.connection.execute(differ).fetchone()
    if row is None or row[0]:
        raise AssertionError(f"{name}: {row[0] if row else 'no'} rows differ from those by hand")


def _counted(engine: DuckDB, sql: str, rows: int) -> None:
    row = engine.connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()
    if row is None or row[0] != rows:
        raise AssertionError(f"{row[0] if row else 'no'} rows of {rows} are answered")


def inside(rows: int, pairs: int, threads: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The whole measurement; it wants a process of its own, so that the peak of memory is its own."""
    every = rules(Random(9))
    found: dict[str, Any] = {"rows": rows, "pairs": pairs, "threads": threads}
    with DuckDB(threads=threads) as engine:
        invented(engine, rows)
        start = time.process_time()
        one, many, (ours, hand, differ, asof) = fifty(every), tables(every), intervals(engine)
        found["compile_cpu_seconds"] = round(time.process_time() - start, 2)
        for name, question in (("fifty", one[2]), ("intervals", differ), *(("tables", t[2]) for t in many)):
            _same(engine, name, question)
        for sql in (one[0], ours, *(t[0] for t in many)):
            _counted(engine, sql, rows)
        found["answers"] = "equal, row for row"
        checked = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found["fifty"] = _pairs(engine, "fifty", [one[0]], [one[1]], pairs, say)
        found["tables"] = _pairs(engine, "tables", [t[0] for t in many], [t[1] for t in many], pairs, say)
        found["intervals"] = _pairs(engine, "intervals", [ours], [hand], pairs, say)
        found["intervals_asof_by_hand_cpu_seconds"] = _spread([_cpu(engine, [asof]) for _ in range(pairs)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found | {"peak_memory_mb": peak, "peak_memory_after_comparing_mb": checked, "memory_target_mb": MEMORY_MB}


def measure(rows: int, pairs: int, threads: int) -> dict[str, Any]:
    """The measurement in a process of its own, and OpenFisca-core in another."""
    command = [sys.executable, str(Path(__file__).resolve()), str(rows), str(pairs), str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"openfisca_core": openfisca(rows, pairs)}


def openfisca(rows: int, repeats: int) -> dict[str, Any]:
    """OpenFisca-core's scores of the same rules over as many rows, as floating numbers, without levels and row ids."""
    python = _environment()
    if isinstance(python, str):
        return {"skipped": python}
    asked = {"rows": rows, "repeats": repeats, "rules": rules(Random(9)), "readings": READINGS}
    peer = str(HERE / "rules_openfisca.py")
    done = subprocess.run([python, peer], input=json.dumps(asked, default=float), capture_output=True, text=True)
    if done.returncode:
        return {"skipped": done.stderr.strip()[-300:]}
    told: dict[str, Any] = json.loads(done.stdout)
    return {"version": told["version"], "score_only_cpu_seconds": _spread(told["seconds"])}


def _environment() -> Path | str:
    """A Python that has OpenFisca-core, made when it is first wanted; or why there is none."""
    uv = HERE.parent / ".tool" / "uv"
    tool = str(uv) if uv.exists() else shutil.which("uv")
    if tool is None:
        return "there is no uv to make its environment with"
    folder = HERE / "results" / "openfisca"
    python = folder / "bin" / "python"
    ready = folder / "ready.txt"
    if ready.exists() and ready.read_text("utf-8") == OPENFISCA:
        return python
    for command in (
        [tool, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(folder)],
        [tool, "pip", "install", "--quiet", "--python", str(python), OPENFISCA],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"its environment could not be made: {done.stderr.strip()[-300:]}"
    ready.write_text(OPENFISCA, "utf-8")
    return python


def misses(found: dict[str, Any]) -> list[str]:
    """The targets that were not reached."""
    late = [
        f"{name}: {found[name]['ratio'][0]} times by hand; the target is {t}"
        for name, t in TARGETS.items() if found[name]["ratio"][0] > t
    ]  # fmt: skip
    peak = found["peak_memory_mb"]
    return late + ([f"memory: {peak} MB; the target is {MEMORY_MB}"] if peak >= MEMORY_MB else [])


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:4]]
    print(json.dumps(inside(*given, say=lambda line: print(line, file=sys.stderr, flush=True))))
