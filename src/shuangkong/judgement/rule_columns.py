"""The columns of rules (规则结论的列): inputs, answer, outputs and readings of all subjects of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from shuangkong.accounting.api import AT_LEAST, MISSING
from shuangkong.engine.api import amount, confidence_mark, confidence_rank
from shuangkong.judgement.collecting import BITS
from shuangkong.judgement.columns import AT_LEAST as LOW
from shuangkong.judgement.columns import balanced
from shuangkong.judgement.reaching import Bindings
from shuangkong.judgement.readings import DECIDED_FOR, converted
from shuangkong.judgement.rule_tables import RuleStatus
from shuangkong.judgement.rules import slugged
from shuangkong.kernel.numbers import AMOUNT
from shuangkong.policy.api import CheckedTable, Pack, SubjectKind, TableEntry, names_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: The columns of the period that a subject is decided for; of a month also the year that it lies in.
PERIOD = {
    "rule__period": "string", "rule__year": "string", "rule__period_kind": "string", "rule__start": "date",
    "rule__end": "date", "rule__day": "date", "rule__newest": "boolean",
}  # fmt: skip
#: The columns of a reading, by the end of the names that they have beside its input's.
_READ = {
    "subject": "subject_id", "period": "period_key", "seen": "seen", "state": "state", "cover": "coverage",
    "rank": "rank", "key": "source_key", "kind": "source_kind",
}  # fmt: skip
NO = ibis.literal(False)
_IBIS = {"number": "decimal(38, 6)", "text": "string", "flag": "boolean", "day": "date"}


@dataclass(frozen=True, slots=True)
class Docket:
    """A table that is decided for every subject of a kind, with what its inputs are bound to."""

    pack: Pack
    table: TableEntry
    kind: SubjectKind
    inputs: Bindings


def given(subjects: ir.Table, one: Docket, readings: Mapping[str, ir.Table]) -> ir.Table:
    """Every subject with the inputs under their names, and beside each its state, coverage, rank and source."""
    t = subjects.select(*PERIOD, rule__subject="subject_id", rule__synthetic="synthetic", **{
        f"rule__field_{n}": b.name for n, b in one.inputs.bound.items() if b.source == "field" and b.name != DECIDED_FOR
    })  # fmt: skip
    told = _said(t, one)
    columns = t.columns
    for n, name in enumerate(one.inputs.readings):
        by = "rule__period" if one.inputs.every(name) == one.inputs.grain else "rule__year"
        r = readings[name].select(**{f"rule__{n}_{to}": column for to, column in _READ.items()})
        t = t.left_join(r, [("rule__subject", f"rule__{n}_subject"), (by, f"rule__{n}_period")])
        told |= _read(name, one, {to: t[f"rule__{n}_{to}"] for to in _READ})
    return t.select(*columns, **told)


def _said(t: ir.Table, one: Docket) -> dict[str, Any]:
    """The inputs that only a person can give, and those that the register says."""
    said: dict[str, Any] = {}
    for name, entry in one.inputs.entries.items():
        bound = one.inputs.bound.get(name)
        if bound is None:
            said |= {name: ibis.null(_IBIS[entry.type])} | _facts(name, "asked", amount(1), 0, "asked", None)
        elif bound.source == "field":
            value = t.rule__day if bound.name == DECIDED_FOR else t[f"rule__field_{name}"]
            if bound.kind.name == "number":
                value = converted(value, bound.unit, entry.unit or bound.unit).cast(AMOUNT)
                said[f"rule__seen_{name}"] = value
            state = ibis.ifelse(value.isnull(), "not_registered", "ok")
            said |= {name: value} | _facts(name, state, amount(1), 0, "field", None)
    return said


def _read(name: str, one: Docket, r: Mapping[str, Any]) -> dict[str, Any]:
    """An input that is a figure of the books. r: the columns of its reading."""
    bound, entry = one.inputs.bound[name], one.inputs.entries[name]
    seen = converted(r["seen"], bound.unit, entry.unit or bound.unit)
    enough = amount(entry.min_coverage if entry.min_coverage is not None else 1)
    whole = (r["state"] == "ok") | ((r["state"] == "partial") & (r["cover"] >= enough))
    low = r["state"] == AT_LEAST
    # of a streak a lower bound may settle what it is held against
    bounds = {name + LOW: ibis.ifelse(low, seen, ibis.null(AMOUNT)).cast(AMOUNT)} if bound.every else {}
    return {
        **bounds,
        name: ibis.ifelse(whole, seen, ibis.null(AMOUNT)).cast(AMOUNT),
        **_facts(
            name, r["state"].coalesce("no_value"), r["cover"].coalesce(amount(0)),
            ibis.ifelse(whole | low, r["rank"], 0).coalesce(0), r["kind"].coalesce(bound.source), r["key"],
        ),
        f"rule__seen_{name}": seen.cast(AMOUNT),
    }  # fmt: skip


def _facts(name: str, state: Any, cover: Any, rank: Any, kind: Any, key: Any) -> dict[str, Any]:
    def text(given: Any) -> Any:
        return ibis.literal(given) if isinstance(given, str) else ibis.null("string") if given is None else given

    return {
        f"rule__state_{name}": text(state), f"rule__cover_{name}": cover, f"rule__kind_{name}": text(kind),
        f"rule__rank_{name}": ibis.literal(rank) if isinstance(rank, int) else rank, f"rule__key_{name}": text(key),
    }  # fmt: skip


def needed(answer: ir.Table, one: Docket) -> ir.Table:
    """With `rule__needs_<input>`: whether the answer waits for an input or parameter, through all earlier tables."""
    chain = {t.id: t for t in one.inputs.chain}
    last = one.inputs.chain[-1]
    waits: dict[str, list[Any]] = {}

    def walk(table: CheckedTable, here: Any, missing: Any) -> None:
        listed_ = ", " + missing.coalesce("") + ","
        for i in table.inputs:
            asks = here & listed_.contains(f", {i.name},")
            if i.upstream is None:
                waits.setdefault(i.name, []).append(asks)
            else:
                above = chain[i.upstream[0]]
                walk(above, asks, answer[f"{slugged(above.id)}__missing"])
        for p in table.parameters:
            waits.setdefault(p.name, []).append(here & listed_.contains(f", {p.name},"))

    walk(last, ~answer.decided, answer.missing)
    joined = {n: balanced(lambda a, b: a | b, every) for n, every in waits.items()}
    return answer.mutate(**{f"rule__needs_{n}": w for n, w in joined.items()})


def worth_telling(t: ir.Table, one: Docket) -> ir.Table:
    """Without what nobody could act on: answers that wait for what only a person can give, subjects without any data.

    Of earlier periods what could not be told is left out: nothing can be handed in for them any more that a reader of
    today's answers waits for. A streak that is cut short by a month that is missing stays: that month can be handed in.
    """
    streaks = [t[f"rule__state_{n}"] == AT_LEAST for n in one.inputs.readings if one.inputs.bound[n].every]
    t = t.filter(t.decided | t.rule__newest | (balanced(lambda a, b: a | b, streaks) if streaks else NO))
    waiting = [t[f"rule__needs_{n}"] for n in one.inputs.asked if f"rule__needs_{n}" in t.columns]
    if waiting:
        t = t.filter(t.decided | ~balanced(lambda a, b: a | b, waiting))
    if one.kind == "region" and one.inputs.readings:
        some = [t[f"rule__seen_{n}"].notnull() for n in one.inputs.readings]
        some += [t[f"rule__state_{n}"] == MISSING for n in one.inputs.readings if one.inputs.bound[n].every]
        t = t.filter(t.decided | balanced(lambda a, b: a | b, some))
    return t


@ibis.udf.scalar.builtin(name="sha256", signature=(("string",), "string"))
def _sha256(text):  # type: ignore[no-untyped-def]
    ...


def keyed(t: ir.Table, one: Docket) -> ir.Table:
    """With the key of each finding: the same for subject, pack, table and period in every run and edition."""
    about = t.rule__subject + ibis.literal("|".join(("", one.pack.id, one.table.id, ""))) + t.rule__period
    return t.mutate(rule__finding=ibis.literal("f_") + _sha256(about).substr(0, 20))


def _row_hit(t: ir.Table, table: CheckedTable) -> Any:
    if not table.collects:
        return t.row_hit
    parts = [
        ibis.ifelse(((t[f"hits_{n // BITS}"] >> (n % BITS)) & 1) == 1, ibis.literal(f"{r.id}, "), "")
        for n, r in enumerate(table.ordered)
    ]
    return ibis.ifelse(t.decided, _joined(parts).nullif(""), ibis.null("string"))


def _text(t: ir.Table, table: CheckedTable, n: int) -> Any:
    """An output as it is written in the answer."""
    kind = "text" if table.hit == "collect" else table.outputs[n].kind.name
    column = t[table.outputs[n].name]
    if kind == "flag":
        return ibis.ifelse(column, "true", "false")
    return column.cast("string")


def findings_of(t: ir.Table, one: Docket) -> ir.Table:
    table = one.inputs.chain[-1]
    row_hit = _row_hit(t, table)
    clauses = [(row_hit == r.id, r.clause) for r in table.rows if r.clause and r.clause != one.table.clause]
    answer = [
        ibis.ifelse(_text(t, table, n).isnull(), "", ibis.literal(f"{o.name}=") + _text(t, table, n) + "; ")
        for n, o in enumerate(table.outputs)
    ]
    told = balanced(lambda a, b: a + b, answer).re_replace("; $", "").nullif("")
    names = [c.removeprefix("rule__needs_") for c in t.columns if c.startswith("rule__needs_")]
    needs = _joined([ibis.ifelse(t[f"rule__needs_{n}"], ibis.literal(f"{n}, "), "") for n in names]).nullif("")
    earlier = [slugged(c.id) for c in one.inputs.chain[:-1]]
    marks = [t.confidence, *(t[f"{e}__confidence"] for e in earlier)]
    ranks = [*(confidence_rank(m.coalesce("confirmed")) for m in marks), *_ranks(t, one)]
    used = [t.parameters.coalesce(""), *(t[f"{e}__parameters"].coalesce("") for e in earlier)]
    cover = [t[f"rule__cover_{n}"] for n in one.inputs.readings]
    status = ibis.cases(
        (~t.decided, RuleStatus.UNDETERMINED.value), (row_hit.isnull(), RuleStatus.NO_ROW.value),
        else_=RuleStatus.HIT.value,
    )  # fmt: skip
    return t.select(
        finding_key=t.rule__finding, subject_id=t.rule__subject, pack_id=ibis.literal(one.pack.id),
        pack_edition=ibis.literal(one.pack.edition), slug=ibis.literal(one.table.id),
        clause=ibis.cases(*clauses, else_=one.table.clause) if clauses else ibis.literal(one.table.clause),
        period_key=t.rule__period, period_kind=t.rule__period_kind, period_start=t.rule__start,
        period_end=t.rule__end, decided_for=t.rule__day, status=status, row_hit=row_hit,
        answer=ibis.ifelse(t.decided, told, ibis.null("string")), reason=t.undecided, needs=needs,
        coverage=ibis.least(*cover) if len(cover) > 1 else cover[0] if cover else amount(1),
        parameters=balanced(lambda a, b: a + b, [ibis.ifelse(u == "", "", u + ", ") for u in used]).re_replace(
            ", $", ""
        ),
        confidence=confidence_mark(ibis.greatest(*ranks) if len(ranks) > 1 else ranks[0]),
        synthetic=t.rule__synthetic | ibis.literal(one.pack.instrument.synthetic), signal=_signal(t, one),
    )  # fmt: skip


_SIGNALS = ("good", "warn", "bad")


def _signal(t: ir.Table, one: Docket) -> Any:
    """The worst of what the pack says that the outputs mean; null where it says nothing of them, or nothing is told."""
    table = one.inputs.chain[-1]
    ranks = []
    for n, output in enumerate(one.table.outputs):
        if output.signals and not table.collects:
            told = _text(t, table, n)
            cases = [(told.isin(output.signals[s]), r) for r, s in enumerate(_SIGNALS, 1) if s in output.signals]
            ranks.append(ibis.cases(*cases, else_=0))
    if not ranks:
        return ibis.null("string")
    worst = ibis.greatest(*ranks) if len(ranks) > 1 else ranks[0]
    named = ibis.cases(*((worst == r, s) for r, s in enumerate(_SIGNALS, 1)), else_=ibis.null("string"))
    return ibis.ifelse(t.decided, named, ibis.null("string"))


def _ranks(t: ir.Table, one: Docket) -> list[Any]:
    """Of the readings that a condition or an output asks for, as far as they are known."""
    asked = {n for table in one.inputs.chain for r in table.rows for n in names_in(r.condition, *r.then)}
    return [t[f"rule__rank_{n}"] for n in one.inputs.readings if n in asked]


def outputs_of(t: ir.Table, one: Docket) -> ir.Table:
    """One row for each output of what was decided."""
    table, done = one.inputs.chain[-1], t.filter(t.decided)
    parts = []
    for n, output in enumerate(table.outputs):
        number = output.kind.name == "number" and table.hit != "collect"
        parts.append(done.select(
            finding_key=done.rule__finding, subject_id=done.rule__subject, position=ibis.literal(n, type="int64"),
            output=ibis.literal(output.name),
            value=done[output.name].cast(AMOUNT) if number else ibis.null(AMOUNT),
            words=ibis.null("string") if number else _text(done, table, n),
            unit=ibis.literal(one.table.outputs[n].unit or "" if number else ""),
        ))  # fmt: skip
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def readings_of(t: ir.Table, one: Docket) -> ir.Table:
    """One row for each input that comes from no earlier table, also where it is not known."""
    parts = []
    for n, (name, entry) in enumerate(one.inputs.entries.items()):
        number = f"rule__seen_{name}" in t.columns
        parts.append(t.select(
            finding_key=t.rule__finding, subject_id=t.rule__subject, position=ibis.literal(n, type="int64"),
            input=ibis.literal(name), value=t[f"rule__seen_{name}"] if number else ibis.null(AMOUNT),
            words=ibis.null("string") if number else t[name].cast("string"), unit=ibis.literal(entry.unit or ""),
            state=t[f"rule__state_{name}"], coverage=t[f"rule__cover_{name}"],
            confidence=confidence_mark(t[f"rule__rank_{name}"]), source_kind=t[f"rule__kind_{name}"],
            source_key=t[f"rule__key_{name}"],
        ))  # fmt: skip
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _joined(parts: list[Any]) -> Any:
    """Names one after the other; each part is a name with a comma behind it, or nothing."""
    return balanced(lambda a, b: a + b, parts).re_replace(", $", "")
