"""The findings of rules (规则结论): decision tables decided for all subjects of a run, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from shuangkong.accounting.api import EDGES, Method, fewest, index_of, packs_of
from shuangkong.engine.api import WITHHELD, RunContext, TableContract, compile_sql
from shuangkong.judgement.bindings import standing_editions
from shuangkong.judgement.reaching import Sitting, bindings_of, decided_kind, reach, sittings
from shuangkong.judgement.readings import Reading, bind_subjects, keep_reading, reading_of
from shuangkong.judgement.rule_changes import rule_changes
from shuangkong.judgement.rule_columns import (
    PERIOD,
    Docket,
    findings_of,
    given,
    keyed,
    needed,
    outputs_of,
    readings_of,
    worth_telling,
)
from shuangkong.judgement.rule_scope import RULE_LEFT_OUT, inside, left_out, scope_tests
from shuangkong.judgement.rule_tables import RULE_CHANGES, RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS
from shuangkong.judgement.rules import decide_chain
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import (
    Catalogue,
    Every,
    PackSet,
    ParameterValue,
    with_declared,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

Values = Mapping[str, Mapping[str, ParameterValue]]


def docket(packs: PackSet, catalogue: Catalogue, run: RunContext) -> list[Docket]:
    """The tables that the run decides: published by then, not superseded, and bound as `decided_kind` asks."""
    known = with_declared(catalogue, packs)
    found = []
    for pack in standing_editions(packs, as_of=run.as_of, known=run.known.date()):
        for table in pack.tables:
            if table.source.known > run.known.date():
                continue
            inputs = bindings_of(packs, pack, table, known)
            kind = decided_kind(table, inputs)
            if kind is not None:
                found.append(Docket(pack, table, kind, inputs))
    return found


def rule_methods(packs: PackSet) -> tuple[Method, ...]:
    """The accounting methods that inputs of decision tables name."""
    named = {i.accounting for p in packs.packs for t in p.tables for i in t.inputs if i.accounting is not None}
    return fewest(
        Method(a.edition, a.basis, a.guide or "", a.grid_factor or "") for a in named if a.edition and a.basis
    )


def judge_rules(run: RunContext, methods: Sequence[Method], catalogue: Catalogue) -> None:
    """Decide the decision tables of rules for every subject in reach; publish findings, outputs and readings."""
    packs = packs_of(run)
    with run.step("judge: rules"):
        asked = docket(packs, catalogue, run)
        work = _Work(run, packs, methods, bind_subjects(run) if asked else None)
        for one in asked:
            work.decide(one)
        for contract in (RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS):
            _publish(run, contract, [f"{part}_{contract.name}" for part in work.parts])
        _publish(run, RULE_LEFT_OUT, work.open)
        _withhold(run)
        before = TableContract("rule_findings_before", RULE_FINDINGS.label, RULE_FINDINGS.columns, RULE_FINDINGS.key)
        known = run.bind(before, run.earlier(RULE_FINDINGS))
        run.publish(RULE_CHANGES, rule_changes(RULE_FINDINGS.ibis(), known))
        _add_edges(run)


def _withhold(run: RunContext) -> None:
    """Findings by month whose figures are not told to who sees a region only because it is public: nor are they."""
    run.executor.keep(
        WITHHELD.name,
        f"SELECT * FROM {WITHHELD.name} UNION ALL SELECT DISTINCT 'rule', f.finding_key, f.subject_id, 'months'"
        " FROM rule_findings f JOIN rule_readings r USING (finding_key) WHERE f.period_kind = 'month'"
        f" AND r.source_key IN (SELECT key FROM {WITHHELD.name})",
    )


def _publish(run: RunContext, contract: TableContract, names: Sequence[str]) -> None:
    """The kept tables of these names as one."""
    if not names:
        run.publish(contract, contract.arrow_schema.empty_table())
        return
    columns = {c.name: contract.ibis()[c.name].type() for c in contract.columns}
    every = [ibis.table(columns, name=name) for name in names]
    run.publish(contract, ibis.union(*every) if len(every) > 1 else every[0])


class _Work:
    """Tables decided one after the other; each leaves kept tables under its own name."""

    def __init__(self, run: RunContext, packs: PackSet, methods: Sequence[Method], subjects: ir.Table | None) -> None:
        self.run, self.packs, self.methods, self.subjects = run, packs, methods, subjects
        self.read: dict[Reading, ir.Table] = {}
        self.parts: list[str] = []
        self.open: list[str] = []

    def decide(self, one: Docket) -> None:
        """All periods of a table."""
        readings = {n: self._reading(one, n) for n in one.inputs.readings}
        grain = one.inputs.grain
        own = [t for n, t in readings.items() if one.inputs.every(n) == grain]
        alike: list[tuple[tuple[Values, Docket], list[Sitting]]] = []
        for sitting in sittings(
            one.table, self._periods_seen(own, grain), as_of=self.run.as_of, of_books=bool(readings), every=grain,
            ahead=one.inputs.ahead,
        ):  # fmt: skip
            values = {
                t.id: self.packs.values_of(t, sitting.day, self.run.known.date()) for t in one.inputs.chain
            }  # fmt: skip
            stood = replace(one, inputs=replace(one.inputs, chain=tuple(t.on(sitting.day) for t in one.inputs.chain)))
            same = next((found for key, found in alike if key == (values, stood)), None)
            if same is None:
                alike.append(((values, stood), [sitting]))
            else:
                same.append(sitting)
        # periods under the same rows and parameters are one relation: an expression costs more to compile than to run
        for (known, stood), found in alike:
            self._sit(stood, found, known, readings)
        if alike:
            self._tell_open(one)

    def _reading(self, one: Docket, name: str) -> ir.Table:
        asked = reading_of(one.inputs, name)
        if asked not in self.read:
            self.read[asked] = keep_reading(self.run, asked, self.methods, f"rule_reading_{len(self.read)}")
        return self.read[asked]

    def _periods_seen(self, readings: Sequence[ir.Table], grain: Every) -> list[int]:
        found: set[int] = set()
        for table in readings:
            sql = f"SELECT DISTINCT period_key AS k FROM {table.get_name()} WHERE seen IS NOT NULL"
            keys = self.run.executor.run(sql).column("k").to_pylist()
            found |= {index_of(Period.parse(k).start, grain) for k in keys}
        return sorted(found)

    def _sit(self, one: Docket, found: Sequence[Sitting], values: Values, readings: Mapping[str, ir.Table]) -> None:
        name = f"rule_part_{len(self.parts)}"
        asked = self._in_reach(one).cross_join(self._periods(f"{name}_periods", found))
        answer = self._keep(f"{name}_answer", decide_chain(one.inputs.chain, given(asked, one, readings), values))
        kept = self._keep(f"{name}_kept", keyed(worth_telling(needed(answer, one), one), one))
        for contract, rows in (
            (RULE_FINDINGS, findings_of(kept, one)),
            (RULE_OUTPUTS, outputs_of(kept, one)),
            (RULE_READINGS, readings_of(kept, one)),
        ):
            self._keep(f"{name}_{contract.name}", rows.select([c.name for c in contract.columns]))
        self.parts.append(name)

    def _periods(self, name: str, found: Sequence[Sitting]) -> ir.Table:
        """The periods, as columns of every subject."""
        columns = {
            "rule__year": pa.array([str(s.period.start.year) for s in found], pa.string()),
            "rule__period": pa.array([s.period.key for s in found], pa.string()),
            "rule__period_kind": pa.array([s.period.kind.value for s in found], pa.string()),
            "rule__start": pa.array([s.period.start for s in found], pa.date32()),
            "rule__end": pa.array([s.period.end for s in found], pa.date32()),
            "rule__day": pa.array([s.day for s in found], pa.date32()),
            "rule__newest": pa.array([s.newest for s in found], pa.bool_()),
        }
        self.run.executor.bind(name, pa.table(columns))
        return ibis.table(PERIOD, name=name)

    def _in_reach(self, one: Docket) -> ir.Table:
        there = self._there(one)
        return inside(there, scope_tests(there, one.table))

    def _there(self, one: Docket) -> ir.Table:
        """The subjects of the table's kind in its places."""
        subjects = self.subjects
        assert subjects is not None
        t = subjects.filter(subjects.kind == one.kind)
        places = reach(one.pack, one.table)
        return t.semi_join(self._inside(places), "subject_id") if places else t

    def _tell_open(self, one: Docket) -> None:
        """Who may or may not be in the scope of a table for all that the register says."""
        there = self._there(one)
        tests = scope_tests(there, one.table)
        if tests:
            name = f"rule_open_{len(self.open)}"
            rows = left_out(there, tests, one.pack.id, one.pack.edition, one.table.id)
            self._keep(name, rows.select([c.name for c in RULE_LEFT_OUT.columns]))
            self.open.append(name)

    def _inside(self, places: Sequence[str]) -> ir.Table:
        day = ibis.literal(self.run.as_of)
        c = ibis.table(
            {"ancestor_id": "string", "subject_id": "string", "valid_from": "date", "valid_to": "date"},
            name="subject_closure",
        )
        s = ibis.table({"subject_id": "string", "code": "string"}, name="subjects")
        above = s.filter(s.code.isin(list(places))).select(ancestor_id="subject_id")
        inside = c.semi_join(above, "ancestor_id").filter(lambda x: (x.valid_from <= day) & (day < x.valid_to))
        return inside.select("subject_id").distinct()

    def _keep(self, name: str, rows: ir.Table) -> ir.Table:
        self.run.executor.keep(name, compile_sql(rows))
        return ibis.table(rows.schema(), name=name)


def _add_edges(run: RunContext) -> None:
    """From each finding to its rule and clause, to the parameters that its row used and to what its inputs were."""
    columns = ", ".join(c.name for c in EDGES.columns)
    rule = "pack_id || '@' || pack_edition || '#table:' || slug"
    clause = "pack_id || '@' || pack_edition || '#clause:' || clause"
    parts = (
        f"SELECT 'rule_finding', finding_key, 'rule', {rule}, 'decided by' FROM rule_findings",
        f"SELECT DISTINCT 'rule', {rule}, 'clause', {clause}, 'stands in' FROM rule_findings",
        "SELECT DISTINCT 'rule_finding', finding_key, 'parameter', p, 'with' FROM"
        " (SELECT finding_key, unnest(string_split(parameters, ', ')) AS p FROM rule_findings) WHERE p <> ''",
        "SELECT DISTINCT 'rule_finding', finding_key, source_kind, source_key, 'answered by' FROM rule_readings"
        " WHERE source_key IS NOT NULL",
    )
    every = " UNION ALL ".join(parts)
    run.executor.keep("edges", f"SELECT * FROM edges UNION ALL SELECT * FROM ({every}) AS found({columns})")
