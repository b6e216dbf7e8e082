"""Where a why of watching or flexing starts (缘由取数): rows of a run by key, as the reader may see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import readable_subjects
from shuangkong.dualcontrol.flexing_tables import FLEX_TOTALS
from shuangkong.dualcontrol.watch_tables import WATCH_ESTIMATES, WATCH_MEASURES, WATCH_MONTHS, WATCH_YEARS
from shuangkong.engine.api import RunRecord, TableContract, Workspace, read_result, reading
from shuangkong.judgement.api import Why, named, not_one
from shuangkong.kernel.ids import SubjectId, digest
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import scope_subjects

Row = dict[str, Any]
#: How keys begin: a grade or nowcast, what follows, an estimate of a late return, a flexed total.
GRADE, MEASURE, LATE, FLEX = "w_", "x_", "l_", "t_"
PREFIXES = (GRADE, MEASURE, LATE, FLEX)
_LENGTH = 22


@dataclass
class Reason:
    """The chain behind one row of watching or flexing.

    kind: month, year, measure, estimate or flex. row: the row as the run has it, with the name of its subject. clause
    and target: what asks (see `judgement.Why`). table: the decision table with the row that hit, its clause (whose
    title names the owner), its inputs and its parameters. parameters: what else it was worked out with, each with id,
    keys, value, unit, pack, clause, owner_zh, owner_en, from, confidence and source. follows: other rows that it rests
    on, each with key, role, what, test, period_key, value, unit, grade and state. months: what is known of each month,
    with side (now, before), period_key, measure, amount, unit, known, expected, estimated, late. sums: by side, what
    the parts come to and the figure that they are the parts of. estimates: rows of WATCH_ESTIMATES with key, low and
    high, the largest first; estimates_total: how many there are. growth: the value of the growth used. learned: earlier
    years that a drift was learned from. steps: rows of FLEX_STEPS with their parameter; step: the one asked for.
    findings: other findings that speak in it. links: rows of WATCH_LINKS. below: totals, entries, sources and meters.
    """

    kind: str
    key: str
    row: Row
    clause: Row | None = None
    target: Row | None = None
    incentive: Row | None = None
    table: Row | None = None
    parameters: list[Row] = field(default_factory=list)
    follows: list[Row] = field(default_factory=list)
    months: list[Row] = field(default_factory=list)
    sums: list[Row] = field(default_factory=list)
    estimates: list[Row] = field(default_factory=list)
    estimates_total: int = 0
    growth: Row | None = None
    learned: list[int] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    step: str = ""
    findings: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    below: Why = field(default_factory=lambda: Why({}, {}, {}, None))

    def as_dict(self) -> Row:
        """Everything as plain data for JSON; decimals stay decimals."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "below"}
        kept = ("levels", "rates", "totals", "deductions", "entries", "entries_total", "rest", "sources", "edges",
                "meters", "outlets")  # fmt: skip
        return told | {name: getattr(self.below, name) for name in kept}


@dataclass
class Reads:
    """Reads of one run through the rights of one reader."""

    workspace: Workspace
    run: RunRecord
    packs: PackSet
    scope: Scope

    @cached_property
    def seen(self) -> pa.Table | None:
        """The subjects whose rows the reader may see; None where nothing is hidden."""
        return readable_subjects(self.workspace, self.run, self.scope)

    @property
    def known(self) -> date:
        """The day as known on which the run was made."""
        return self.run.known_day

    def rows(self, contract: TableContract, where: str = "") -> list[Row]:
        """Rows of a table of the run; `where` is SQL made of what the program itself wrote."""
        found: list[Row] = read_result(self.run, contract, self.scope, self.seen, where=where).to_pylist()
        return found

    def one(self, contract: TableContract, column: str, key: str) -> Row | None:
        """The row of a key; None where there is none that the reader may see."""
        found = self.rows(contract, f"{column} IN {quoted([key])}")
        return found[0] if found else None

    def named(self, subjects: Iterable[str]) -> dict[str, Row]:
        """Names and codes of subjects that the reader may see: subject_zh, subject_en, subject_code."""
        with reading(self.workspace.engine) as db:
            return {s: named(db, s, self.scope, self.run) for s in dict.fromkeys(subjects)}

    def within(self, region: str, day: date) -> frozenset[str]:
        """A region with all that lay in it on a day."""
        with reading(self.workspace.engine) as db:
            scope = Scope.region(self.scope.principal, SubjectId(region), day).for_writing()
            table = scope_subjects(db, scope, self.run.known)
        return frozenset(table["subject_id"].to_pylist() if table is not None else ())


def quoted(values: Iterable[str]) -> str:
    """Texts as a list of SQL."""
    return "(" + ", ".join("'" + v.replace("'", "''") + "'" for v in sorted({*values, ""})) + ")"


def late_key(row: Row) -> str:
    """How an estimate of a late return is named: the same in every run."""
    return f"{LATE}{digest('late', row['method_id'], row['measure'], row['subject_id'], row['period_key'])}"


def flex_key(row: Row) -> str:
    """How a flexed total is named: the same in every run. A step of it is that with `_` and the step."""
    return f"{FLEX}{digest('flex', row['control'], row['subject_id'], row['period_key'], row['method_id'])}"


def found(reads: Reads, key: str) -> Reason:
    """The one row whose key begins so, with the name of its subject; RUN-002 where there is none, or several."""
    begins = key if all(c.isascii() and (c.isalnum() or c == "_") for c in key) else ""
    rows = _rows(reads, begins)
    if len(rows) != 1:
        raise not_one(key, several=len(rows) > 1)
    made = rows[0]
    made.row |= reads.named([made.row["subject_id"]])[made.row["subject_id"]]
    return made


def _rows(reads: Reads, begins: str) -> list[Reason]:
    kind = begins[:2]
    if kind == GRADE:
        where = f"starts_with(watch_key, '{begins}')"
        months = [Reason("month", r["watch_key"], r) for r in reads.rows(WATCH_MONTHS, where)]
        return months + [Reason("year", r["watch_key"], r) for r in reads.rows(WATCH_YEARS, where)]
    if kind == MEASURE:
        where = f"starts_with(measure_key, '{begins}')"
        return [Reason("measure", r["measure_key"], r) for r in reads.rows(WATCH_MEASURES, where)]
    if kind == LATE:
        late = ((late_key(r), r) for r in reads.rows(WATCH_ESTIMATES))
        return [Reason("estimate", k, r) for k, r in late if k.startswith(begins)]
    if kind == FLEX:
        whole, step = begins[:_LENGTH], begins[_LENGTH + 1 :]
        flexed = ((flex_key(r), r) for r in reads.rows(FLEX_TOTALS))
        return [Reason("flex", k, r, step=step) for k, r in flexed if k.startswith(whole)]
    return []
