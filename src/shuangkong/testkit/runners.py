"""How each rule is tried: what a case gives goes in, rows come out. One entry for every rule and indicator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import (
    INDICATORS,
    Factor,
    Given,
    Method,
    Rate,
    carrier_named,
    chained,
    co2_factor,
    energy_factor,
    index_of,
    work_out,
)
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.api import decide, decided_rows
from shuangkong.kernel.findings import CONFIDENCES
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import base_of, unit
from shuangkong.policy.api import NATION, DecisionTable, Every
from shuangkong.testkit.columns import column_of, decimal, records, text
from shuangkong.testkit.counting_columns import counted_rows, figure
from shuangkong.testkit.model import table, wrong
from shuangkong.testkit.scenario import KNOWN, packs, tables

Rows = list[dict[str, Any]]
Runner = Callable[[Mapping[str, object], str], Rows]
#: Queries of the accounting step that are rules by themselves.
QUERIES = ("amounts", "returns", "totals", "deductions", "level_changes", "increments")


def _query(name: str, given: Mapping[str, object], place: str) -> Rows:
    rows: Rows = work_out(tables(given, place), wanted=[name])[name].to_pylist()
    for row in rows:
        if "rank" in row:
            row["confidence"] = CONFIDENCES[row.pop("rank")]
    return rows


def _energy(given: Mapping[str, object], place: str) -> Rows:
    return [_factor_row(r, _energy_factor(r)) for r in _asked(given, place)]


def _co2(given: Mapping[str, object], place: str) -> Rows:
    return [_factor_row(r, _co2_factor(r)) for r in _asked(given, place)]


_ASKED = ("edition", "basis", "guide", "grid", "item", "unit", "area", "year", "given")


def _asked(given: Mapping[str, object], place: str) -> Rows:
    if set(given) != {"asked"}:
        raise wrong(place, "a factor case gives one table.", "Write given: {asked: [[…], …]}.")
    return records(table(given["asked"], f"{place} given.asked"), place, allowed=_ASKED)


def _method(row: Mapping[str, Any]) -> Method:
    basis = "primary" if row.get("basis") == "primary" else "calorific"
    return Method(
        text(row, "edition", "gbt2589-2020"), "primary" if basis == "primary" else "calorific", text(row, "guide"),
        text(row, "grid"),
    )  # fmt: skip


def _base(row: Mapping[str, Any]) -> str:
    return base_of(unit(text(row, "unit")).dimension).id


def _path(row: Mapping[str, Any]) -> tuple[str, ...]:
    area = text(row, "area")
    return (NATION, area) if area else (NATION,)


def _energy_factor(row: Mapping[str, Any]) -> Factor:
    carrier = carrier_named(packs(), text(row, "item"))
    if carrier is None:
        return Factor(None, "", "unknown_carrier")
    given, year = decimal(row, "given"), text(row, "year")
    return energy_factor(
        packs(), _method(row), carrier, _base(row), path=_path(row), year=int(year) if year else None, known=KNOWN,
        given=Given(given, given),
    )  # fmt: skip


def _co2_factor(row: Mapping[str, Any]) -> Factor:
    carrier = carrier_named(packs(), text(row, "item"))
    if carrier is None:
        return Factor(None, "", "unknown_carrier")
    return co2_factor(packs(), _method(row), carrier, _base(row), path=_path(row), known=KNOWN)


def _factor_row(asked: Mapping[str, Any], f: Factor) -> dict[str, Any]:
    return {
        **asked, "value": f.value, "low": f.low, "high": f.high, "state": f.state, "confidence": f.confidence,
        "printed": f.printed,
    }  # fmt: skip


def _chained(given: Mapping[str, object], place: str) -> Rows:
    rates = records(
        table(given.get("rates"), f"{place} given.rates"), place,
        allowed=("indicator_id", "subject_id", "year", "value", "confidence"),
    )  # fmt: skip
    plans = records(table(given.get("bases"), place), place, allowed=("indicator_id", "base_year", "last_year"))
    read = [
        Rate(
            text(r, "indicator_id"), text(r, "subject_id"), int(text(r, "year")), decimal(r, "value"),
            text(r, "confidence", "confirmed"), f"r{i}",
        )
        for i, r in enumerate(rates)
    ]  # fmt: skip
    bases = [(text(p, "indicator_id"), int(text(p, "base_year")), int(text(p, "last_year"))) for p in plans]
    return [
        {
            "indicator_id": c.indicator_id, "subject_id": c.subject_id, "base_year": c.base_year, "year": c.year,
            "value": c.value, "needs": "、".join(map(str, c.missing)) or None, "confidence": c.confidence,
            "state": "missing_years" if c.missing else "ok",
        }
        for c in chained(read, bases)
    ]  # fmt: skip


def _streak(given: Mapping[str, object], place: str) -> Rows:
    allowed = ("comparator", "threshold", "every", "start", "upto")
    rule = records(table(given.get("rule"), f"{place} given.rule"), place, allowed=allowed)[0]
    rows = records(
        table(given.get("figures"), f"{place} given.figures"), place,
        allowed=("subject_id", "period_key", "value", "state", "coverage", "confidence"),
    )  # fmt: skip
    every: Every = "year" if text(rule, "every", "month") == "year" else "month"
    figures = [
        figure(
            text(r, "subject_id"), text(r, "period_key"), decimal(r, "value"), state=text(r, "state", "ok"),
            coverage=decimal(r, "coverage") or Decimal(1), confidence=text(r, "confidence", "confirmed"),
        )
        for r in rows
    ]  # fmt: skip
    start = text(rule, "start")
    values, _ = counted_rows(
        figures, text(rule, "comparator"), decimal(rule, "threshold"), every=every,
        upto=index_of(Period.parse(text(rule, "upto")).start, every),
        start=index_of(Period.parse(start).start, every) if start else None,
    )  # fmt: skip
    return values


def _decide(given: Mapping[str, object], place: str) -> Rows:
    import ibis

    if isinstance(given.get("table"), str):
        return _decide_named(str(given["table"]), given, place)
    rules = DecisionTable.model_validate(_exact(given.get("table")))
    inputs = table(given.get("inputs"), f"{place} given.inputs")
    numbers = {c.name for c in rules.inputs}
    head = [h if h in numbers else column_of(h) for h in inputs.head]
    types = [pa.decimal128(38, 6) if h in numbers else pa.string() for h in head]
    cells = [
        [None if c is None else Decimal(str(c)) if h in numbers else str(c) for c in column]
        for h, column in zip(head, _columns(inputs.rows, len(head)), strict=True)
    ]
    rows = pa.table([pa.array(c, t) for c, t in zip(cells, types, strict=True)], names=head)
    schema = {h: "decimal(38, 6)" if h in numbers else "string" for h in head}
    with DuckDB(threads=1) as engine:
        engine.bind("asked", rows)
        found: Rows = engine.run(compile_sql(decide(rules, ibis.table(schema, name="asked")))).to_pylist()
    return found


def _decide_named(name: str, given: Mapping[str, object], place: str) -> Rows:
    """A table of a pack, PACK:TABLE, on a day (`day`; the first one of the pack) as known on another (`known`)."""
    pack, _, wanted = name.partition(":")
    asked = table(given.get("inputs"), f"{place} given.inputs")
    head = [column_of(h) for h in asked.head]
    rows = [dict(zip(head, r, strict=True)) for r in asked.rows]
    day = date.fromisoformat(str(given["day"])) if "day" in given else packs().table(pack, wanted).start
    known = date.fromisoformat(str(given["known"])) if "known" in given else KNOWN
    return decided_rows(packs(), pack, wanted, rows, day=day, known=known, where=place)


def _exact(data: object) -> object:
    """Whole numbers as decimals, as tables want them."""
    if isinstance(data, dict):
        return {k: _exact(v) for k, v in data.items()}
    if isinstance(data, list):
        return [_exact(v) for v in data]
    return Decimal(data) if isinstance(data, int) and not isinstance(data, bool) else data


def _columns(rows: tuple[tuple[object, ...], ...], width: int) -> list[list[object]]:
    return [[row[i] for row in rows] for i in range(width)]


def runners() -> dict[str, Runner]:
    """Every rule that a case may name, with how it is tried."""
    every: dict[str, Runner] = {name: partial(_query, name) for name in (*QUERIES, *INDICATORS)}
    every.update(energy_factor=_energy, co2_factor=_co2, chained=_chained, streak=_streak, decide=_decide)
    return every
