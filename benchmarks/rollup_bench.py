"""The books' roll-up against SQL that an expert would write by hand, on the same rows, down to the last digit."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

from shuangkong.accounting.feeding import FACTORS
from shuangkong.accounting.rollup import amounts, leaves, levels, return_levels, returns, totals
from shuangkong.accounting.snapshots import AREAS, EXPECTED
from shuangkong.accounting.tables import BOOK_ENTRIES, TOTALS
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.registry.tables import SUBJECT_CLOSURE

TARGET = 1.2
#: What both sides leave behind, in order.
LEVELS = ("b_amounts", "b_leaves", "b_returns", "b_leaf_levels", "b_return_levels", "b_totals")

# Invented books (合成): 2 800 units in 100 counties, 10 cities and a province, 36 months, four carriers and two
# measures; one entry in fifty has no quantity, and peat has no factor. The numbers of rows scale with `entries`. In the
# year after, counties come as wholes, with and without units inside.
_SETTING = """
CREATE TABLE subject_closure AS
WITH unit AS (SELECT i, 's_' || lpad(i::VARCHAR, 14, '0') AS id FROM range({units}) t(i)),
chain AS (
    SELECT id, id AS up, 0 AS depth FROM unit
    UNION ALL SELECT id, 's_county' || (i % 100), 1 FROM unit
    UNION ALL SELECT id, 's_city' || (i % 10), 2 FROM unit
    UNION ALL SELECT id, 's_province', 3 FROM unit
    UNION ALL SELECT 's_county' || i, 's_county' || i, 0 FROM range(100) t(i)
    UNION ALL SELECT 's_county' || i, 's_city' || (i % 10), 1 FROM range(100) t(i)
    UNION ALL SELECT 's_county' || i, 's_province', 2 FROM range(100) t(i)
    UNION ALL SELECT 's_city' || i, 's_city' || i, 0 FROM range(10) t(i)
    UNION ALL SELECT 's_city' || i, 's_province', 1 FROM range(10) t(i)
    UNION ALL SELECT 's_province', 's_province', 0)
SELECT up AS ancestor_id, id AS subject_id, DATE '0001-01-01' AS valid_from, DATE '9999-12-31' AS valid_to,
    depth::BIGINT AS depth FROM chain;
CREATE TABLE areas AS SELECT subject_id, NULL::VARCHAR AS area,
    CASE WHEN hash(subject_id) % 2 = 0 THEN 'industry' END AS sector
FROM subject_closure WHERE depth = 0;
CREATE TABLE book_entries AS
SELECT 'e_' || lpad(((u * 36 + m) * {items} + k)::VARCHAR, 18, '0') AS entry_id, 'energy' AS book,
    's_' || lpad(u::VARCHAR, 14, '0') AS subject_id, strftime(d, '%Y-%m') AS period_key, 'month' AS period_kind,
    d AS period_start, (d + INTERVAL 1 MONTH)::DATE AS period_end,
    ['raw_coal', 'gas', 'power', 'peat'][k % 4 + 1] AS item, 'consumption' AS role, 'own' AS extent,
    CASE WHEN (u * 7 + m * 3 + k) % 50 <> 0
        THEN ((u * 7919 + m * 104729 + k * 1299709) % 100000000 / 1000)::DECIMAL(18, 6) END AS quantity,
    ['t', 'm3', 'kWh', 't'][k % 4 + 1] AS unit, NULL::VARCHAR AS basis, NULL::VARCHAR AS price_base,
    CASE WHEN (u * 7 + m * 3 + k) % 50 <> 0 THEN 'ok' ELSE 'no_quantity' END AS state, NULL::VARCHAR AS use,
    'made' AS source_id, k::BIGINT AS source_row, DATE '2025-01-01' AS known_on,
    TIMESTAMPTZ '2025-01-01 00:00:00+00' AS recorded_at, NULL::VARCHAR AS corrects, 'synthetic' AS confidence,
    NULL::DECIMAL(38, 6) AS measured
FROM range({units}) a(u), range(36) b(m), range({items}) c(k),
    LATERAL (SELECT (DATE '2022-01-01' + to_months(m::INTEGER))::DATE AS d);
CREATE TABLE factors AS
SELECT 'demo/calorific/-/-' AS method_id, measure, CASE measure WHEN 'co2' THEN 'tCO2' ELSE 'tce' END AS measure_unit,
    'energy' AS book, item, 'consumption' AS role, unit AS entry_unit, year::BIGINT AS factor_year, '' AS factor_area,
    '' AS stated_basis, CASE measure WHEN 'energy_industry' THEN 'industry' ELSE '' END AS sector, part,
    CASE WHEN item <> 'peat' THEN f::DECIMAL(20, 14) END AS factor, NULL::DECIMAL(20, 14) AS factor_low,
    NULL::DECIMAL(20, 14) AS factor_high, CASE WHEN item <> 'peat' THEN 'ok' ELSE 'no_factor' END AS factor_state,
    'demo' AS factor_edition, f AS factor_printed, 'demo#' || item AS factor_key, 'confirmed' AS factor_confidence
FROM (VALUES ('raw_coal', 't', 'coal', '0.7143'), ('gas', 'm3', 'gas', '0.00133'),
    ('power', 'kWh', 'electricity', '0.0001229'), ('peat', 't', 'coal', '0.3')) i(item, unit, part, f),
    (VALUES ('energy'), ('co2')) m(measure), range(2022, 2026) y(year);
-- the year after: every county as a whole, and in one of ten a unit with a year and a month of its own
INSERT INTO book_entries
SELECT e.* REPLACE ('w_' || n || '_' || who AS entry_id, who AS subject_id, period AS period_key, kind AS period_kind,
    DATE '2025-01-01' AS period_start, til AS period_end, span AS extent)
FROM (FROM book_entries WHERE item = 'raw_coal' AND quantity IS NOT NULL LIMIT 1) e, (
    SELECT 0 AS n, 's_county' || i AS who, '2025' AS period, 'year' AS kind, DATE '2026-01-01' AS til, 'whole' AS span
    FROM range(100) t(i)
    UNION ALL SELECT n, 's_' || lpad((10 * i)::VARCHAR, 14, '0'), ['2025', '2025-01'][n], ['year', 'month'][n],
        [DATE '2026-01-01', DATE '2025-02-01'][n], 'own' FROM range(10) t(i), range(1, 3) r(n)) x;
CREATE TABLE expected_returns AS
SELECT 'demo/calorific/-/-' AS method_id, measure, CASE measure WHEN 'co2' THEN 'tCO2' ELSE 'tce' END AS unit,
    's_' || lpad(u::VARCHAR, 14, '0') AS subject_id, strftime(d, '%Y-%m') AS period_key, 'month' AS period_kind,
    d AS period_start, (d + INTERVAL 1 MONTH)::DATE AS period_end
FROM range({units} + {units} // 50) a(u), range(36) b(m), (VALUES ('energy'), ('co2')) c(measure),
    LATERAL (SELECT (DATE '2022-01-01' + to_months(m::INTEGER))::DATE AS d);
"""

_MARK = "['confirmed', 'inferred', 'unofficial', 'recalled', 'synthetic']"
_RATIO = """CAST((CAST(share * 1000000 AS HUGEINT) * 2 + expected) // (2 * expected) AS DECIMAL(18, 0)) * 0.000001"""

# Each level once, aggregated with what the grain allows: own and native are the rows themselves.
BY_HAND: dict[str, str] = {
    "b_amounts": f"""
        SELECT entry_id, method_id, measure, subject_id, period_key, period_kind, period_start, period_end, part,
            extent, CAST(quantity * factor AS DECIMAL(38, 6)) AS amount, measure_unit AS unit,
            CASE WHEN quantity IS NULL THEN state WHEN factor IS NULL THEN factor_state
                WHEN measured IS NOT NULL THEN 'partial' ELSE 'ok' END AS state,
            factor_key,
            {_MARK}[greatest(list_position({_MARK}, confidence), list_position({_MARK}, factor_confidence))]
                AS confidence, measured
        FROM book_entries e LEFT JOIN areas a USING (subject_id)
        JOIN factors f ON e.book = f.book AND e.item = f.item AND e.role = f.role AND e.unit = f.entry_unit
            AND year(e.period_start) = f.factor_year AND coalesce(a.area, '') = f.factor_area
            AND coalesce(e.basis, e.price_base, '') = f.stated_basis
            AND (f.sector = '' OR f.sector = coalesce(a.sector, ''))""",
    "b_leaves": f"""
        WITH g AS (
            SELECT method_id, measure, unit, subject_id, period_key, period_kind, period_start, period_end, part,
                extent, sum(amount) FILTER (state IN ('ok', 'partial')) AS amount, count(*) AS entries,
                count(*) FILTER (state IN ('ok', 'partial')) AS entries_known,
                max(list_position({_MARK}, confidence)) - 1 AS rank,
                max(state) FILTER (state NOT IN ('ok', 'partial')) AS trouble,
                coalesce(min(coalesce(measured, 1)) FILTER (state IN ('ok', 'partial')), 0)::DECIMAL(38, 6)
                    AS measured,
                CAST(year(period_start) AS VARCHAR) AS year_key
            FROM b_amounts GROUP BY ALL),
        y AS (SELECT DISTINCT method_id, measure, subject_id, year_key, extent, part FROM g
            WHERE period_kind = 'year' AND entries_known > 0)
        SELECT g.*, g.period_kind = 'year' OR y.year_key IS NULL AS counts_in_year
        FROM g LEFT JOIN y USING (method_id, measure, subject_id, year_key, extent, part)""",
    "b_returns": """
        WITH p AS (
            SELECT method_id, measure, unit, subject_id, period_key, period_kind, period_start, period_end, extent,
                year_key, counts_in_year, CAST(min(entries_known = entries AND measured = 1) AS BIGINT) AS have,
                CAST(max(rank) AS BIGINT) AS rank,
                min(CASE WHEN entries_known = entries THEN measured ELSE 0 END)::DECIMAL(38, 6) AS share
            FROM b_leaves GROUP BY ALL),
        x AS (FROM expected_returns ANTI JOIN p USING (method_id, measure, subject_id, period_key)),
        f AS (SELECT DISTINCT method_id, measure, unit, subject_id FROM p WHERE measure = 'electricity'),
        g AS (FROM x UNION ALL SELECT x.* REPLACE (f.measure AS measure, f.unit AS unit)
            FROM x JOIN f USING (method_id, subject_id) WHERE x.measure = 'energy')
        SELECT *, 1 AS due FROM p
        UNION ALL
        SELECT method_id, measure, unit, subject_id, period_key, period_kind, period_start, period_end, 'own',
            CAST(year(period_start) AS VARCHAR), true, 0, 0, 0::DECIMAL(38, 6), 1
        FROM g""",
}


def _levels_by_hand(source: str) -> str:
    """Own and subtree, native and year, of one table: one pass over the closure, one doubling by a list."""
    return f"""
        WITH s AS (
            SELECT *, 'own' AS level FROM {source}
            WHERE extent = 'own' AND subject_id IN (SELECT ancestor_id FROM subject_closure WHERE depth > 0)
            UNION ALL
            SELECT r.* REPLACE (c.ancestor_id AS subject_id), 'subtree' AS level
            FROM {source} r JOIN subject_closure c ON r.subject_id = c.subject_id
                AND c.valid_from < r.period_end AND r.period_end <= c.valid_to AND (r.extent = 'own' OR c.depth = 0))
        SELECT * FROM s WHERE period_kind <> 'year'
        UNION ALL
        SELECT * REPLACE (year_key AS period_key, 'year' AS period_kind,
            make_date(year_key::INTEGER, 1, 1) AS period_start, make_date(year_key::INTEGER + 1, 1, 1) AS period_end)
        FROM s WHERE counts_in_year"""


BY_HAND["b_leaf_levels"] = _levels_by_hand("b_leaves")
#: A figure for a whole region beside which nothing inside is handed in is one that the regions above lack.
_LACKING = """
        SELECT w.* REPLACE (c.ancestor_id AS subject_id, 'own' AS extent, 0::BIGINT AS have,
            0::DECIMAL(38, 6) AS share)
        FROM s w JOIN subject_closure c ON w.subject_id = c.subject_id AND c.depth > 0
            AND c.valid_from < w.period_end AND w.period_end <= c.valid_to
        WHERE w.extent = 'whole' AND NOT EXISTS (FROM s o WHERE o.extent = 'own' AND o.level = 'subtree'
            AND o.method_id = w.method_id AND o.measure = w.measure AND o.subject_id = w.subject_id
            AND o.period_key = w.period_key)"""
BY_HAND["b_return_levels"] = f"WITH s AS ({_levels_by_hand('b_returns')}) FROM s UNION ALL {_LACKING}"
_KEYS = "method_id, measure, unit, subject_id, period_key, period_kind, period_start, period_end, level"


def _standing(source: str) -> str:
    """Where a figure for the whole extent stands, it is taken alone: few keys, so a small hash table to miss."""
    return f"""SELECT * FROM {source} WHERE extent = 'whole' UNION ALL
        SELECT r.* FROM {source} r ANTI JOIN (
            SELECT DISTINCT method_id, measure, unit, subject_id, period_key, level FROM {source}
            WHERE extent = 'whole') w USING (method_id, measure, unit, subject_id, period_key, level)
        WHERE r.extent = 'own'"""


BY_HAND["b_totals"] = f"""
    WITH s AS (
        SELECT {_KEYS}, part, sum(amount) AS amount, max(rank) AS rank, max(trouble) AS trouble,
            sum(entries_known) AS entries
        FROM ({_standing("b_leaf_levels")}) GROUP BY ALL),
    c AS (
        SELECT method_id, measure, unit, subject_id, period_key, level, CAST(sum(due) AS BIGINT) AS expected,
            CAST(sum(have) AS BIGINT) AS known, sum(share) AS share
        FROM ({_standing("b_return_levels")}) GROUP BY ALL)
    SELECT concat_ws('|', measure, part, level, subject_id, period_key, method_id) AS total_key, method_id, measure,
        subject_id, period_key, period_kind, period_start, period_end, part, level, amount, unit,
        CASE WHEN known = expected THEN 'ok' WHEN entries > 0 THEN 'partial' ELSE coalesce(trouble, 'no_data') END
            AS state,
        {_RATIO} AS coverage, expected, known, {_MARK}[rank + 1] AS confidence
    FROM s LEFT JOIN c USING (method_id, measure, unit, subject_id, period_key, level)"""


def ours() -> tuple[dict[str, str], float]:
    """The compiled SQL of each level, and the CPU seconds that compiling took."""
    import ibis

    start = time.process_time()
    found: dict[str, str] = {}

    def keep(name: str, rows: ibis.Table) -> ibis.Table:
        found[name] = compile_sql(rows)
        return ibis.table(rows.schema(), name=name)

    closed = SUBJECT_CLOSURE.ibis()
    made = keep("b_amounts", amounts(BOOK_ENTRIES.ibis(), FACTORS.ibis(), AREAS.ibis()))
    leaf = keep("b_leaves", leaves(made))
    back = keep("b_returns", returns(leaf, EXPECTED.ibis()))
    up = keep("b_leaf_levels", levels(leaf, closed))
    due = keep("b_return_levels", return_levels(back, closed))
    keep("b_totals", totals(up, due).select([c.name for c in TOTALS.columns]))
    return found, time.process_time() - start


def _cpu(engine: DuckDB, steps: dict[str, str], spent: dict[str, list[float]] | None = None) -> float:
    for name in LEVELS:
        engine.connection.execute(f"DROP TABLE IF EXISTS {name}")
    whole = time.process_time()
    for name in LEVELS:
        start = time.process_time()
        engine.keep(name, steps[name])
        if spent is not None:
            spent.setdefault(name, []).append(time.process_time() - start)
    return time.process_time() - whole


def _different(engine: DuckDB, compiled: dict[str, str]) -> dict[str, int]:
    """Rows of each level that are in one side and not in the other, counted with their repeats."""
    _cpu(engine, compiled)
    for name in LEVELS:
        engine.keep(f"ours_{name}", f"SELECT * FROM {name}")
    _cpu(engine, BY_HAND)
    found = {}
    for name in LEVELS:
        columns = [c[0] for c in engine.connection.execute(f"DESCRIBE {name}").fetchall()]
        a = f"SELECT {', '.join(columns)} FROM ours_{name}"
        b = f"SELECT {', '.join(columns)} FROM {name}"
        either = f"({a} EXCEPT ALL {b}) UNION ALL ({b} EXCEPT ALL {a})"
        width = len(engine.connection.execute(f"DESCRIBE ours_{name}").fetchall())
        row = engine.connection.execute(f"SELECT count(*) FROM ({either})").fetchone()
        found[name] = (int(row[0]) if row else -1) + abs(width - len(columns))
        engine.connection.execute(f"DROP TABLE ours_{name}")
    return found


def measure(
    entries: int, pairs: int, threads: int, say: Callable[[str], None], *, compare: bool = True
) -> dict[str, object]:  # fmt: skip
    """Interleaved pairs of ours and by hand, and of by hand with itself; CPU seconds of all threads."""
    items = 10
    with DuckDB(threads=threads) as engine:
        engine.connection.execute(_SETTING.format(units=max(1, entries // (36 * items)) + 1, items=items))
        rows = engine.connection.execute("SELECT count(*) FROM book_entries").fetchone()
        compiled, compile_seconds = ours()
        wrong = _different(engine, compiled) if compare else {}
        if any(wrong.values()):
            raise AssertionError(f"the two sides differ, in rows: {wrong}")
        mine: dict[str, list[float]] = {}
        theirs: dict[str, list[float]] = {}
        ratios, same = [], []
        for i in range(pairs):
            first, second = (BY_HAND, compiled) if i % 2 else (compiled, BY_HAND)
            took = [_cpu(engine, s, mine if s is compiled else theirs) for s in (first, second)]
            a, b = reversed(took) if i % 2 else took
            again = _cpu(engine, BY_HAND)
            ratios.append(a / b)
            same.append(again / b)
            say(f"  pair {i + 1}: ours {a:.2f} s, by hand {b:.2f} s, by hand again {again:.2f} s of CPU")
    levels_ = {
        n: {"ours": round(statistics.median(mine[n]), 3), "by_hand": round(statistics.median(theirs[n]), 3)}
        for n in LEVELS
    }
    spread = sorted(same)
    return {
        "entries": rows[0] if rows else 0,
        "pairs": pairs,
        "threads": threads,
        "compile_cpu_seconds": round(compile_seconds, 3),
        "median_ratio": round(statistics.median(ratios), 3),
        "ratio_low_high": [round(min(ratios), 3), round(max(ratios), 3)],
        "a_a_median": round(statistics.median(same), 3),
        "a_a_low_high": [round(spread[0], 3), round(spread[-1], 3)],
        "target": TARGET,
        "levels": levels_,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
