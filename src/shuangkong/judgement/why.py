"""Why (为什么): from a finding back to the clause that asks and the readings that answer, by the stored edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from shuangkong.accounting.api import (
    AMOUNTS,
    BOOK_ENTRIES,
    DEDUCTIONS,
    EDGES,
    INDICATOR_VALUES,
    INDICATORS,
    METERED,
    REPORTED_VALUES,
    TOTALS,
    Method,
    readable_subjects,
)
from shuangkong.engine.api import DuckDB, RunRecord, TableContract, Workspace, bind_rows, reading, shown
from shuangkong.judgement.rule_scope import RULE_LEFT_OUT
from shuangkong.judgement.rule_tables import RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS
from shuangkong.judgement.tables import FINDINGS
from shuangkong.judgement.why_asked import asked_by_rule, asked_by_target
from shuangkong.judgement.why_change import what_would_change
from shuangkong.judgement.why_metered import ENTRIES, bind_metered, let_out, metered
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.provenance import NodeKind
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import describe, source_row

Row = dict[str, Any]
#: How many book entries and totals are listed one by one; the rest is counted and summed.
LISTED = 200
_LEVELS = 12
#: Kinds of nodes whose rows are somebody's: the view that a reader sees them through, and its key.
_NODES = {
    NodeKind.FINDING.value: ("findings", "finding_key"),
    NodeKind.RULE_FINDING.value: ("rule_findings", "finding_key"),
    NodeKind.INDICATOR.value: ("indicator_values", "value_key"),
    NodeKind.REPORTED.value: ("reported_values", "reported_id"),
    NodeKind.TOTAL.value: ("totals", "total_key"),
    NodeKind.ENTRY.value: ("amounts", "entry_id"),
}
#: Indicators whose energy is counted after deductions.
ASSESSED = ("energy_per_gdp", "energy_total_assessed")


@dataclass
class Why:
    """The chain behind one finding, each link with the key that it is stored under.

    `entries` are the largest; `rest` says of the others how many there are and what they sum to, by measure, method and
    year (measure, unit, method_id, year, entries, amount), so that the listed ones and the rest add up to the whole.
    Of a rule, `target` is its table, and `readings` and `outputs` are what its inputs were and what its row gives;
    `left_out` are subjects in the scope of the reader whose register leaves open whether the rule is about them.
    """

    finding: Row
    clause: Row
    target: Row
    indicator: Row | None
    levels: list[Row] = field(default_factory=list)
    rates: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    deductions: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    entries_total: int = 0
    rest: list[Row] = field(default_factory=list)
    sources: list[Row] = field(default_factory=list)
    edges: list[Row] = field(default_factory=list)
    readings: list[Row] = field(default_factory=list)
    outputs: list[Row] = field(default_factory=list)
    left_out: list[Row] = field(default_factory=list)
    meters: list[Row] = field(default_factory=list)
    outlets: list[Row] = field(default_factory=list)
    change: Row | None = None

    def beyond(self, listed: int) -> list[Row]:
        """As `rest`, where only the first `listed` of the entries are shown."""
        later = [{**e, "unit": e["amount_unit"]} for e in self.entries[listed:]]
        return summed([*later, *self.rest])

    def as_dict(self) -> Row:
        """Everything as plain data for JSON; decimals stay decimals."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def why(workspace: Workspace, run: RunRecord, packs: PackSet, key: str, scope: Scope) -> Why:
    """The chain of a finding in a run; raises RUN-002 where there is none that the reader may see.

    `key` may be shortened to an unambiguous beginning. `packs` are those of the run.
    """
    seen = readable_subjects(workspace, run, scope)
    with reading(workspace.engine) as db, DuckDB(threads=1) as engine:
        walk = Walk(workspace, run, engine, seen)
        finding = walk.finding(key)
        finding |= named(db, finding["subject_id"], scope, run)
        ruled = "decided_for" in finding
        clause, target = (
            asked_by_rule(packs, finding, run.known_day) if ruled else asked_by_target(packs, finding)
        )  # fmt: skip
        result = Why(finding, clause, target, None)
        walk.fill(result, NodeKind.RULE_FINDING if ruled else NodeKind.FINDING)
        close(walk, db, result, scope, packs)
        for row in result.left_out[:LISTED]:
            row |= named(db, row["subject_id"], scope, run)
    result.change = None if ruled else what_would_change(finding, result.indicator, result.rates)
    return result


def not_one(key: str, *, several: bool) -> UserError:
    """What is said of a key that begins no finding that the reader may see, or several: RUN-002."""
    return UserError(
        "RUN-002",
        "several findings begin so." if several else "no finding with this key in this run and scope.",
        where=key,
        remedy="`shuangkong judge --json` lists the keys of all findings.",
        case="not_seen",
        facts={"id": key[:80]},
    )


def close(walk: Walk, db: sa.Connection, result: Why, scope: Scope, packs: PackSet) -> None:
    """Meters, outlets and sources of what a walk found, and the names that packs give to indicators."""
    result.meters = metered(walk.engine, walk.workspace, walk.run, scope, result.entries)
    result.outlets = let_out(walk.engine, walk.workspace, walk.run, packs, scope, result.entries)
    result.sources = _sources(db, scope, result)
    for row in result.levels:
        declared = packs.indicators.get(row["indicator_id"]) if row["label_zh"] is None else None
        if declared is not None:
            row |= {"label_zh": declared.label.zh, "label_en": declared.label.en}


def named(db: sa.Connection, subject: str, scope: Scope, run: RunRecord) -> Row:
    """Name and code of the subject on the run's day, else the last ones: subject_zh, subject_en, subject_code."""
    card = describe(db, SubjectId(subject), scope, run.known)
    told: dict[str, str] = {}
    for fact in sorted(card.aliases, key=lambda f: (f.valid_from <= run.as_of < f.valid_to, f.valid_from)):
        told[fact.name] = fact.value
    code = next((told[scheme] for scheme in ("gbt2260", "uscc", "local") if scheme in told), None)
    return {"subject_zh": told.get("name_zh"), "subject_en": told.get("name_en"), "subject_code": code}


class Walk:
    """One walk over the files of a run; every read is limited to the subjects that the reader may see."""

    def __init__(self, workspace: Workspace, run: RunRecord, engine: DuckDB, seen: pa.Table | None) -> None:
        self.workspace, self.run, self.engine = workspace, run, engine
        self.folder = run.folder
        self.seen = seen
        self.measures: set[str] = set()
        #: Accounting methods that amounts are told by; empty: those of the indicators that were reached.
        self.methods: set[str] = set()
        if seen is not None:
            engine.bind("scope_subjects", seen)
        for contract in (
            FINDINGS, RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS, RULE_LEFT_OUT, EDGES, INDICATOR_VALUES, TOTALS,
            AMOUNTS, DEDUCTIONS,
        ):  # fmt: skip
            bind_rows(engine, f"{contract.name}__files", contract, run.folder)
            self._bind(contract)
        bind_metered(engine, run)
        for contract in (BOOK_ENTRIES, REPORTED_VALUES):
            files = workspace.lake.files(contract, run.known)
            engine.bind_files(f"{contract.name}__files", files, contract.arrow_schema)
            self._bind(contract)

    def _bind(self, contract: TableContract) -> None:
        where = ""
        if self.seen is not None and contract.subject:
            where = f" WHERE {contract.subject} IN (SELECT subject_id FROM scope_subjects)"
        rows = shown(self.engine, contract, f"{contract.name}__files", self.folder, self.seen)
        if contract is BOOK_ENTRIES:
            rows = f"{rows} UNION ALL BY NAME {ENTRIES}"
        self.engine.connection.execute(f"CREATE VIEW {contract.name} AS SELECT * FROM ({rows}){where}")

    def finding(self, key: str) -> Row:
        """The one finding whose key begins so."""
        # a key holds letters, digits and _ alone: anything else begins none, and is not asked for in SQL
        begins = key if key and all(c.isascii() and (c.isalnum() or c == "_") for c in key) else None
        found: list[Row] = []
        for table in ("findings", "rule_findings") if begins else ():
            sql = f"SELECT * FROM {table} WHERE starts_with(finding_key, '{begins}') LIMIT 2"
            found += self.engine.run(sql).to_pylist()
        if len(found) != 1:
            raise not_one(key, several=len(found) > 1)
        return found[0]

    def fill(self, result: Why, kind: NodeKind) -> None:
        """Follow the edges from the finding downwards, kind by kind."""
        frontier = [(kind.value, result.finding["finding_key"])]
        if kind is NodeKind.RULE_FINDING:
            result.readings = self._by_key("rule_readings", "finding_key", [frontier[0][1]], "ORDER BY position")
            result.outputs = self._by_key("rule_outputs", "finding_key", [frontier[0][1]], "ORDER BY position")
            f = result.finding
            table = f"pack_id = '{f['pack_id']}' AND pack_edition = '{f['pack_edition']}' AND slug = '{f['slug']}'"
            asked = f"SELECT subject_id, fields FROM rule_left_out WHERE {table} ORDER BY subject_id"
            result.left_out = self.engine.run(asked).to_pylist()
        self.follow(result, frontier)

    def follow(self, result: Why, frontier: list[tuple[str, str]]) -> None:
        """Everything below some nodes (kind, key), and the nodes themselves."""
        reached: dict[str, dict[str, None]] = {}
        for kind, key in frontier:
            reached.setdefault(kind, {})[key] = None
        for _ in range(_LEVELS):
            edges = self._out(frontier)
            if not edges:
                break
            kept = [e for e in edges if e["to_key"] not in reached.get(e["to_kind"], ())]
            result.edges += self._shown(kept)[: max(0, LISTED * 5 - len(result.edges))]
            for e in kept:
                reached.setdefault(e["to_kind"], {})[e["to_key"]] = None
            frontier = list(dict.fromkeys((e["to_kind"], e["to_key"]) for e in kept))
        self._values(result, reached.get(NodeKind.INDICATOR.value, ()))
        self._reported(result, reached.get(NodeKind.REPORTED.value, ()))
        self._totals(result, reached.get(NodeKind.TOTAL.value, ()))
        self._entries(result, reached.get(NodeKind.ENTRY.value, ()))
        self._deductions(result)

    def _out(self, frontier: list[tuple[str, str]]) -> list[Row]:
        if not frontier:
            return []
        kinds, keys = zip(*frontier, strict=True)
        self.engine.bind("frontier", pa.table({"from_kind": pa.array(kinds), "from_key": pa.array(keys)}))
        edges: list[Row] = self.engine.run(
            "SELECT e.* FROM edges e SEMI JOIN frontier f ON e.from_kind = f.from_kind AND e.from_key = f.from_key"
        ).to_pylist()
        return edges

    def _shown(self, edges: list[Row]) -> list[Row]:
        """The edges between nodes that the reader may see: the key of a total or value names its subject."""
        if self.seen is None:
            return edges
        sides = {(e[f"{end}_kind"], e[f"{end}_key"]) for e in edges for end in ("from", "to")}
        hidden = self._hidden(sides)
        return [e for e in edges if not {(e["from_kind"], e["from_key"]), (e["to_kind"], e["to_key"])} & hidden]

    def _hidden(self, nodes: set[tuple[str, str]]) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for kind, (table, column) in _NODES.items():
            keys = {k for of, k in nodes if of == kind}
            found |= {(kind, k) for k in keys - {r[column] for r in self._by_key(table, column, keys)}}
        return found

    def visible(self, nodes: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The nodes that are there and that the reader may see."""
        hidden = self._hidden({*nodes})
        return [n for n in nodes if n not in hidden]

    def _by_key(self, table: str, column: str, keys: Iterable[str], more: str = "") -> list[Row]:
        wanted = sorted(set(keys))
        if not wanted:
            return []
        self.engine.bind("wanted", pa.table({"k": pa.array(wanted, pa.string())}))
        rows: list[Row] = self.engine.run(
            f"SELECT t.* FROM {table} t SEMI JOIN wanted w ON t.{column} = w.k {more}"
        ).to_pylist()
        return rows

    def _values(self, result: Why, keys: Iterable[str]) -> None:
        rows = self._by_key("indicator_values", "value_key", keys, "ORDER BY period_key, base")
        for row in rows:
            if row["value_key"] == result.finding.get("value_key"):
                result.indicator = {**row, **_described(row)}
            elif row["origin"] == "reported":
                result.rates.append(row)
            else:
                result.levels.append({**row, **_described(row)})

    def _reported(self, result: Why, keys: Iterable[str]) -> None:
        rows = {(r["indicator_id"], r["period_key"]): r for r in self._by_key("reported_values", "reported_id", keys)}
        shown = [*result.rates, *([result.indicator] if result.indicator else [])]
        for rate in shown:
            row = rows.get((rate["indicator_id"], rate["period_key"]))
            if row and rate["origin"] == "reported":
                rate |= {k: row[k] for k in ("source_id", "source_row", "known_on", "note")}
        result.rates = result.rates or [r for r in shown if r["origin"] == "reported"]

    def _totals(self, result: Why, keys: Iterable[str]) -> None:
        period = result.finding["period_key"]
        first = f"level DESC, (period_key = '{period}') DESC, period_key"
        order = f"ORDER BY {first}, abs(amount) DESC NULLS LAST LIMIT {LISTED}"
        result.totals = self._by_key("totals", "total_key", keys, order)
        self.measures = {t["measure"] for t in self._by_key("totals", "total_key", keys)}

    def _entries(self, result: Why, keys: Iterable[str]) -> None:
        methods = {Method.parse(r["method_id"]) for r in self._counted(result)}
        wanted = self.methods or {Method(m.edition, m.basis, m.guide, m.grid).id for m in methods}
        amounts = self._by_key("amounts", "entry_id", keys)
        # an entry that the reader may not see is not counted either
        result.entries_total = len({a["entry_id"] for a in amounts})
        counted = sorted(
            (
                a
                for a in amounts
                # an entry is also counted as electricity, CO2, …
                if a["measure"] in self.measures and (not a["method_id"] or not wanted or a["method_id"] in wanted)
            ),
            key=lambda a: (-abs(a["amount"] or Decimal(0)), a["entry_id"], a["measure"]),
        )
        best = counted[:LISTED]
        entries = {e["entry_id"]: e for e in self._by_key("book_entries", "entry_id", [a["entry_id"] for a in best])}
        for a in best:
            e = entries.get(a["entry_id"])
            if e:
                kept = {k: a[k] for k in ("amount", "measure", "part", "factor_key", "method_id")}
                result.entries.append({**e, **kept, "amount_unit": a["unit"], "amount_state": a["state"]})
        result.rest = summed(counted[LISTED:])

    def _counted(self, result: Why) -> list[Row]:
        rows = [*([result.indicator] if result.indicator else []), *result.levels]
        return [r for r in rows if r["origin"] == "computed"]

    def _deductions(self, result: Why) -> None:
        periods = {r["period_key"] for r in self._counted(result)}
        if not periods or not result.finding.get("indicator_id", "").startswith(ASSESSED):
            return
        listed = ", ".join(f"'{p}'" for p in sorted(periods))
        subject, ids = result.finding["subject_id"], {r["indicator_id"] for r in self._counted(result)}
        side = "total" if any(i.startswith("energy_total_assessed") for i in ids) else "intensity"
        methods = {"/".join(r["method_id"].split("/")[:4]) for r in self._counted(result)}
        rows = self.engine.run(
            f"SELECT * FROM deductions WHERE subject_id = '{subject}' AND period_key IN ({listed})"
            f" AND side = '{side}' ORDER BY method_id, period_key, position"
        ).to_pylist()
        result.deductions = [r for r in rows if r["method_id"] in methods]


def summed(amounts: Iterable[Row]) -> list[Row]:
    """How many entries there are by measure, method, unit and year, and their exact sum; null where none is known.

    amounts: rows with measure, method_id, unit, amount, and period_start; or rows that were summed so already.
    """
    groups: dict[tuple[str, str, str, int], list[tuple[int, Decimal | None]]] = {}
    for a in amounts:
        key = (a["measure"], a["method_id"], a["unit"], a.get("year") or a["period_start"].year)
        groups.setdefault(key, []).append((a.get("entries", 1), a["amount"]))
    return [
        {
            "measure": measure, "method_id": method, "unit": unit, "year": year, "entries": sum(n for n, _ in every),
            "amount": _exact_sum([x for _, x in every if x is not None]),
        }
        for (measure, method, unit, year), every in sorted(groups.items())
    ]  # fmt: skip


def _exact_sum(values: Sequence[Decimal]) -> Decimal | None:
    with localcontext() as ctx:
        ctx.prec = 60
        return sum(values, Decimal(0)) if values else None


def _described(row: Row) -> Row:
    known = INDICATORS.get(row["indicator_id"].removesuffix("_change").removesuffix("_increment"))
    method = row["method_id"]
    named = Method.parse(method).zh() if method.count("/") >= 3 else ""
    return {
        "label_zh": known.label.zh if known else None, "label_en": known.label.en if known else None,
        "formula": known.doc if known else None, "asked_in": known.clause if known else None, "method_zh": named,
    }  # fmt: skip


def _sources(db: sa.Connection, scope: Scope, result: Why) -> list[Row]:
    rows: dict[str, set[int]] = {}
    for r in [*result.entries, *result.rates]:
        if r.get("source_id") and r["source_id"] != METERED:
            rows.setdefault(r["source_id"], set()).add(r["source_row"])
    found = []
    for source_id, numbers in sorted(rows.items()):
        known = source_row(db, scope, source_id)  # type: ignore[arg-type]
        found.append({**(known or {"source_id": source_id}), "rows": sorted(numbers)})
    return found
