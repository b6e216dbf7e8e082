"""The findings of rules (规则结论): decision tables decided for all subjects of a run, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from shuangkong.accounting.api import AGAIN, EDGES, Method, fewest, index_of, packs_of
from shuangkong.engine.api import WITHHELD, RunContext, TableContract
from shuangkong.judgement.bindings import standing_editions
from shuangkong.judgement.earlier_readings import PERIODS, EarlierReadings
from shuangkong.judgement.reaching import Sitting, bindings_of, decided_kind, reach, sittings
from shuangkong.judgement.readings import Reading, bind_subjects, reading_of
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
from shuangkong.judgement.step import ibis_table
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import (
    Catalogue,
    Every,
    PackSet,
    ParameterValue,
    SubjectKind,
    with_declared,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

Values = Mapping[str, Mapping[str, ParameterValue]]


def docket(packs: PackSet, catalogue: Catalogue, run: RunContext) -> list[Docket]:
    """The tables that the run decides: published by then, not superseded, and bound as `decided_kind` asks."""
    known = with_declared(catalogue, packs)
    found = []
    for pack in standing_editions(packs, as_of=run.as_of, known=run.known_day):
        for table in pack.tables:
            if table.source.known > run.known_day:
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
        work.keep_periods()
        for contract in (RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS):
            _publish(run, contract, [f"{part}_{contract.name}" for part in work.parts])
        _publish(run, RULE_LEFT_OUT, work.open)
        _withhold(run)
        before = TableContract("rule_findings_before", RULE_FINDINGS.label, RULE_FINDINGS.columns, RULE_FINDINGS.key)
        known = run.bind(before, run.earlier(RULE_FINDINGS))
        every = ibis_table(RULE_FINDINGS, run.whole(RULE_FINDINGS.name, RULE_FINDINGS))
        run.publish(RULE_CHANGES, lambda: rule_changes(every, known), whole=True)
        _add_edges(run)


def _withhold(run: RunContext) -> None:
    """Findings by month whose figures are not told to who sees a region only because it is public: nor are they.

    In an update also those of regions of which something else is withheld than before.
    """
    sources = [("rule_findings", "rule_readings")]
    if run.update is not None:
        again = f"SELECT * FROM {{}} WHERE subject_id IN (SELECT subject_id FROM {AGAIN})"
        found = (run.before(c.name, c) for c in (RULE_FINDINGS, RULE_READINGS))
        a, b = (f"({again.format(name)})" for name in found)
        sources.append((a, b))
    marked = "".join(
        f" UNION ALL SELECT DISTINCT 'rule', f.finding_key, f.subject_id, 'months' FROM {findings} f"
        f" JOIN {readings} r USING (finding_key) WHERE f.period_kind = 'month'"
        f" AND r.source_key IN (SELECT key FROM {WITHHELD.name})"
        for findings, readings in sources
    )
    run.executor.keep(WITHHELD.name, f"SELECT * FROM {WITHHELD.name}{marked}")


def _publish(run: RunContext, contract: TableContract, names: Sequence[str]) -> None:
    """The kept tables of these names as one."""
    columns = ", ".join(c.name for c in contract.columns)
    run.executor.bind(f"{contract.name}__none", contract.arrow_schema.empty_table())
    every = [f"SELECT {columns} FROM {name}" for name in (f"{contract.name}__none", *names)]
    run.publish_sql(contract, " UNION ALL ".join(every))


class _Work:
    """Tables decided one after the other; each leaves kept tables under its own name."""

    def __init__(self, run: RunContext, packs: PackSet, methods: Sequence[Method], subjects: ir.Table | None) -> None:
        self.run, self.packs, self.methods, self.subjects = run, packs, methods, subjects
        self.read: dict[Reading, ir.Table] = {}
        self.there: dict[tuple[SubjectKind, tuple[str, ...]], tuple[ir.Table, bool]] = {}
        self.seen: list[dict[str, object]] = []
        self.sat = 0
        self.parts: list[str] = []
        self.open: list[str] = []
        self.before = EarlierReadings(run)

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
                t.id: self.packs.values_of(t, sitting.day, self.run.known_day) for t in one.inputs.chain
            }  # fmt: skip
            stood = replace(one, inputs=replace(one.inputs, chain=tuple(t.on(sitting.day) for t in one.inputs.chain)))
            same = next((found for key, found in alike if key == (values, stood)), None)
            if same is None:
                alike.append(((values, stood), [sitting]))
            else:
                same.append(sitting)
        self._sit_all(one, alike, readings)

    def _sit_all(
        self, one: Docket, alike: Sequence[tuple[tuple[Values, Docket], Sequence[Sitting]]],
        readings: Mapping[str, ir.Table],
    ) -> None:  # fmt: skip
        """Periods under the same rows and parameters as one relation: an expression costs more to compile than to run.

        For the same reason nothing is decided, and who may be in scope is not asked, where nobody is in reach.
        """
        if not alike:
            return
        there, some = self._there(one)
        for (known, stood), found in alike:
            name, self.sat = f"rule_part_{self.sat}", self.sat + 1
            if some:
                self._sit(name, stood, found, known, there, readings)
        if some:
            self._tell_open(one, there)

    def _any(self, table: ir.Table) -> bool:
        return bool(self.run.executor.run(f"SELECT 1 FROM {table.get_name()} LIMIT 1").num_rows)

    def _reading(self, one: Docket, name: str) -> ir.Table:
        asked = reading_of(one.inputs, name)
        if asked not in self.read:
            table = f"rule_reading_{len(self.read)}"
            self.read[asked] = self.run.keep(table, lambda: asked.rows(self.methods))
            counted = self.run.executor.run(
                f"SELECT period_key, count(*) AS n FROM {table} WHERE seen IS NOT NULL GROUP BY 1"
            ).to_pylist()
            found = {r["period_key"]: r["n"] for r in counted}
            self.seen += self.before.counted(table, found)
        return self.read[asked]

    def keep_periods(self) -> None:
        """How many subjects have a figure of each reading in each period: what an update counts on from."""
        names = {"reading": pa.string(), "period_key": pa.string(), "n": pa.int64()}
        columns = {n: pa.array([r[n] for r in self.seen], kind) for n, kind in names.items()}
        self.run.executor.bind(PERIODS, pa.table(columns))
        self.run.retain(PERIODS, by_subject=False)

    def _periods_seen(self, readings: Sequence[ir.Table], grain: Every) -> list[int]:
        names = {t.get_name() for t in readings}
        keys = {str(r["period_key"]) for r in self.seen if r["reading"] in names and r["n"]}
        return sorted({index_of(Period.parse(k).start, grain) for k in keys})

    def _sit(
        self, name: str, one: Docket, found: Sequence[Sitting], values: Values, there: ir.Table,
        readings: Mapping[str, ir.Table],
    ) -> None:  # fmt: skip
        periods = self._periods(f"{name}_periods", found)

        def answered() -> ir.Table:
            asked = inside(there, scope_tests(there, one.table)).cross_join(periods)
            answer = decide_chain(one.inputs.chain, given(asked, one, readings), values)
            return keyed(worth_telling(needed(answer, one), one), one)

        kept = self.run.keep(f"{name}_kept", answered)
        if not self._any(kept):
            return
        for contract, rows in ((RULE_FINDINGS, findings_of), (RULE_OUTPUTS, outputs_of), (RULE_READINGS, readings_of)):
            columns = [c.name for c in contract.columns]
            self.run.keep(f"{name}_{contract.name}", partial(_selected, rows, kept, one, columns))
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

    def _there(self, one: Docket) -> tuple[ir.Table, bool]:
        """The subjects of the table's kind in its places, once for all tables alike; and whether there are any."""
        asked = one.kind, reach(one.pack, one.table)
        if asked not in self.there:
            there = self.run.keep(f"rule_subjects_{len(self.there)}", lambda: self._within(*asked))
            self.there[asked] = there, self._any(there)
        return self.there[asked]

    def _within(self, kind: SubjectKind, places: Sequence[str]) -> ir.Table:
        subjects = self.subjects
        assert subjects is not None
        t = subjects.filter(subjects.kind == kind)
        return t.semi_join(self._inside(places), "subject_id") if places else t

    def _tell_open(self, one: Docket, there: ir.Table) -> None:
        """Who may or may not be in the scope of a table for all that the register says."""
        tests = scope_tests(there, one.table)
        if tests:
            name = f"rule_open_{self.sat}"
            columns = [c.name for c in RULE_LEFT_OUT.columns]
            self.run.keep(
                name,
                lambda: left_out(there, tests, one.pack.id, one.pack.edition, one.table.id).select(columns),
            )
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


def _selected(
    rows: Callable[[ir.Table, Docket], ir.Table], kept: ir.Table, one: Docket, columns: Sequence[str]
) -> ir.Table:  # fmt: skip
    return rows(kept, one).select(columns)


def _add_edges(run: RunContext) -> None:
    """From each finding to its rule and clause, to the parameters that its row used and to what its inputs were."""
    columns = ", ".join(c.name for c in EDGES.columns)
    rule = "pack_id || '@' || pack_edition || '#table:' || slug"
    clause = "pack_id || '@' || pack_edition || '#clause:' || clause"
    every = run.whole(RULE_FINDINGS.name, RULE_FINDINGS)
    parts = (
        f"SELECT 'rule_finding', finding_key, 'rule', {rule}, 'decided by', subject_id FROM rule_findings",
        f"SELECT DISTINCT 'rule', {rule}, 'clause', {clause}, 'stands in', NULL FROM {every}",
        "SELECT DISTINCT 'rule_finding', finding_key, 'parameter', p, 'with', subject_id FROM"
        " (SELECT finding_key, subject_id, unnest(string_split(parameters, ', ')) AS p FROM rule_findings)"
        " WHERE p <> ''",
        "SELECT DISTINCT 'rule_finding', finding_key, source_kind, source_key, 'answered by', subject_id"
        " FROM rule_readings WHERE source_key IS NOT NULL",
    )
    found = " UNION ALL ".join(parts)
    run.executor.add("edges", f"SELECT * FROM ({found}) AS found({columns})")
