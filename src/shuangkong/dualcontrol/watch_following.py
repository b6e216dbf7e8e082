"""What follows from red months in a row (预警后果): the packs' own tables, decided on the months counted here.

A table is asked where it is about regions and reads nothing but streaks of warning grades. The published grades have
been decided on by the rules already; those answers stand beside, marked by what they rest on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shuangkong.dualcontrol.watch_grading import lamps_of
from shuangkong.dualcontrol.watch_reading import Names, listed
from shuangkong.dualcontrol.watch_tables import GRADED
from shuangkong.engine.api import RunContext
from shuangkong.judgement.api import (
    RULE_FINDINGS,
    RULE_OUTPUTS,
    RULE_READINGS,
    decided_rows,
    standing_editions,
)
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.ids import digest
from shuangkong.policy.api import NATION, Pack, PackSet, TableEntry

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A table of a pack that reads streaks of warning grades alone: its inputs, and what each counts."""

    pack: Pack
    table: TableEntry
    inputs: Mapping[str, str]


def asked_tables(packs: PackSet, *, as_of: date, known: date) -> list[Asked]:
    """The tables that are asked, in the order of the packs."""
    found = []
    for pack in standing_editions(packs, as_of=as_of, known=known):
        for table in pack.tables:
            inputs = {}
            for one in table.inputs:
                declared = packs.indicators.get(one.indicator or "")
                streak = declared.streak if declared is not None else None
                if streak is not None and streak.of in GRADED and streak.every == "month":
                    inputs[one.name] = GRADED[streak.of][0]
            if table.about == "region" and inputs and len(inputs) == len(table.inputs) and table.source.known <= known:
                found.append(Asked(pack, table, inputs))
    return found


def measures(run: RunContext, packs: PackSet, rows: Sequence[Row], names: Names) -> list[Row]:
    """Rows of WATCH_MEASURES: on the grades computed here, then on the published ones."""
    tables = asked_tables(packs, as_of=run.as_of, known=run.known_day)
    lamps: dict[tuple[str, str], dict[str, Row]] = {}
    for r in lamps_of(rows):
        if r.get("red_state") is not None:
            lamps.setdefault((r["subject_id"], r["period_key"]), {})[r["what"]] = r
    found = [m for one in tables for m in _computed(run, packs, one, lamps, names)]
    return [*found, *(m for one in tables for m in _published(run, one))]


def _computed(
    run: RunContext, packs: PackSet, one: Asked, lamps: Mapping[tuple[str, str], Mapping[str, Row]], names: Names
) -> Iterator[Row]:  # fmt: skip
    """The table's answers for the months in which something it reads is red."""
    chain = packs.chain(one.pack.key, one.table.id)
    groups: dict[str, tuple[date, list[tuple[Mapping[str, Row], Row]]]] = {}
    for (subject, _), mine in sorted(lamps.items()):
        there = {n: mine[w] for n, w in one.inputs.items() if w in mine}
        if not any(r.get("red_months") for r in there.values()) or not _in_reach(one, subject, names):
            continue
        first = next(iter(there.values()))
        day = first["period_end"] - timedelta(days=1)
        if not (one.table.start <= day and (one.table.end is None or day < one.table.end)):
            continue
        given: Row = {n: _given(there.get(n)) for n in one.inputs}
        same = repr([packs.values_of(t.on(day), day, run.known_day) for t in chain])
        groups.setdefault(same, (day, []))[1].append((there, given))
    for day, asked in groups.values():
        answers = decided_rows(
            packs, one.pack.key, one.table.id, [g for _, g in asked], day=day, known=run.known_day, where="watch"
        )
        for (rows, given), answer in zip(asked, answers, strict=True):
            yield from _measures_of(one, rows, given, answer)


def _in_reach(one: Asked, subject: str, names: Names) -> bool:
    """Whether the table is about a region: it lies in the places of the table, and is of one of its levels."""
    scope = one.table.scope
    places = (scope.regions if scope else ()) or (one.pack.instrument.region,)
    if NATION not in places and not names.above.get(subject, frozenset()) & {*places}:
        return False
    return scope is None or not scope.levels or names.levels.get(subject) in scope.levels


def _given(row: Row | None) -> object:
    """The months in a row as the table takes them: a number, a lower bound, or nothing."""
    if row is None or row.get("red_months") is None:
        return None
    return row["red_months"] if row["red_state"] == "ok" else f"≥ {row['red_months']}"


def _measures_of(one: Asked, there: Mapping[str, Row], given: Row, answer: Row) -> Iterator[Row]:
    first = next(iter(there.values()))
    signals = {o.name: o.signals for o in one.table.outputs}
    told = {n: None if (v := given[n]) is None else str(v) for n in one.inputs}
    for output in one.table.outputs:
        value = answer[output.name]
        signal = next((s for s, values in signals[output.name].items() if str(value) in values), None)
        if answer["decided"] and signal == "good":
            continue
        yield {
            "measure_key": measure_key(one, first["subject_id"], first["period_key"], output.name, "computed"),
            "subject_id": first["subject_id"], "what": ", ".join(sorted(set(one.inputs.values()))),
            **{n: first[n] for n in ("period_key", "period_kind", "period_start", "period_end")},
            "pack_key": one.pack.key, "table_id": one.table.id, "row_hit": answer["row_hit"], "output": output.name,
            "consequence": None if value is None else str(value), "signal": signal,
            "clause": answer["clause"] or one.table.clause, "basis": "computed",
            "inputs": json.dumps(told, ensure_ascii=False, sort_keys=True), "needs": answer["missing"],
            "confidence": least_sure(answer["confidence"] or "confirmed", *(r["confidence"] for r in there.values())),
        }  # fmt: skip


def measure_key(one: Asked, subject: str, period: str, output: str, basis: str) -> str:
    """How a measure is named: the same in every run and edition of the pack."""
    return f"x_{digest('measure', subject, one.pack.id, one.table.id, period, output, basis)}"


def _published(run: RunContext, one: Asked) -> Iterator[Row]:
    """What the rules said of the same table on published grades, where it is more than that nothing follows."""
    where = f"pack_id = '{one.pack.id}' AND slug = '{one.table.id}' AND period_kind = 'month'"
    findings = run.executor.run(
        f"SELECT * FROM {run.whole(RULE_FINDINGS.name, RULE_FINDINGS)} WHERE {where}"
        " AND (status <> 'hit' OR signal IS DISTINCT FROM 'good') ORDER BY subject_id, period_key"
    ).to_pylist()
    keys = listed(f["finding_key"] for f in findings)
    outputs = _by_finding(run, f"{run.whole(RULE_OUTPUTS.name, RULE_OUTPUTS)}", keys)
    inputs = _by_finding(run, f"{run.whole(RULE_READINGS.name, RULE_READINGS)}", keys)
    for f in findings:
        told = {r["input"]: _read(r) for r in inputs.get(f["finding_key"], ()) if r["input"] in one.inputs}
        for output in one.table.outputs:
            said = next((o for o in outputs.get(f["finding_key"], ()) if o["output"] == output.name), None)
            value = None if said is None else said["words"] if said["words"] is not None else f"{said['value']:f}"
            yield {
                "measure_key": measure_key(one, f["subject_id"], f["period_key"], output.name, "published"),
                "what": ", ".join(sorted(set(one.inputs.values()))),
                **{n: f[n] for n in ("subject_id", "period_key", "period_kind", "period_start", "period_end")},
                "pack_key": one.pack.key, "table_id": one.table.id, "row_hit": f["row_hit"], "output": output.name,
                "consequence": value, "signal": f["signal"], "clause": f["clause"], "basis": "published",
                "inputs": json.dumps(told, ensure_ascii=False, sort_keys=True), "needs": f["needs"],
                "confidence": f["confidence"],
            }  # fmt: skip


def _by_finding(run: RunContext, table: str, keys: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for r in run.executor.run(f"SELECT * FROM {table} WHERE finding_key IN {keys} ORDER BY position").to_pylist():
        found.setdefault(r["finding_key"], []).append(r)
    return found


def _read(r: Row) -> str | None:
    """A reading as it is told: a lower bound where months are missing."""
    if r["value"] is None:
        return None
    number = f"{r['value'].normalize():f}"
    return f"≥ {number}" if r["state"] == "at_least" else number
