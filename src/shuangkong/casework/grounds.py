"""Grounds read from a run (立案依据): what its rules said by month, the measure of each, the figures behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

from shuangkong.accounting.api import INDICATOR_VALUES, readable_subjects
from shuangkong.casework.model import KIND_OF, FigureSeen, Ground, Kind, Measure, Proposed
from shuangkong.casework.rules import MeasureOf, Said, case_key, newest_grounds
from shuangkong.engine.api import RunRecord, Workspace, read_result
from shuangkong.judgement.api import RULE_FINDINGS, decided_rows
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Pack, PackSet, StreakRule, threshold_of

#: The pack that says which paper, deadline and evidence a consequence calls for.
HOUSE, MEASURES, SITE, DEADLINES = "shuangkong.casework", "measures", "site-check", "casework.deadline"
#: The table of clauses upon which a case may be opened by hand.
BY_HAND = "by-hand"
_NONE = Measure(None, "", 0, (), "")
_NOTHING = "无"
#: How many months, or years, before the newest one the figures of a ground go back to.
_MONTHS, _YEARS = 12, 3
#: Answers are read back so many years from the day of the run: a longer row is longer than any clause asks for.
_BACK = 3


def named_tables(packs: PackSet) -> frozenset[tuple[str, str]]:
    """(pack, table) of each rule whose consequences call for a measure; none where the house pack is not there."""
    return frozenset((pack, table) for pack, table in listed_rows(packs, MEASURES, "pack", "table"))


def listed_rows(packs: PackSet, table: str, *inputs: str) -> list[tuple[str, ...]]:
    """What the rows of a table of the house pack name in some of its inputs, as written; none where it is not there."""
    house = next((p for p in packs.packs if p.id == HOUSE), None)
    rows = next((t.rows for t in house.tables if t.id == table), ()) if house else ()
    cells = [[_several(r.when[i]) for i in inputs] for r in rows if set(inputs) <= set(r.when)]
    return list(dict.fromkeys(one for row in cells for one in product(*row)))


def _several(cell: object) -> list[str]:
    """A cell of a row: one text, or several that it may be."""
    return [str(c) for c in cell] if isinstance(cell, list | tuple) else [str(cell)]


def called(packs: Iterable[Pack], pack: str, table: str, answer: str | None) -> Label:
    """A consequence as people read it, in the words of the first pack that has some; else as it is written.

    `pack` is an id, or id@edition. Without a table it is the occasion of a case opened by hand, which the house pack
    names.
    """
    text = answer or ""
    name, of = (pack, table) if table else (HOUSE, BY_HAND)
    tables = (t for p in packs if name in (p.id, p.key) for t in p.tables if t.id == of)
    outputs = (o for t in tables for o in t.outputs)
    return next((told for o in outputs if (told := o.called(text)).en), Label(text))


def excepted_words(packs: Iterable[Pack], text: str) -> Label:
    """What a measure excepts, as people read it."""
    outputs = (o for p in packs if p.id == HOUSE for t in p.tables for o in t.outputs if o.name == "excepted")
    return next((told for o in outputs if (told := o.called(text)).en), Label(text))


def measures_of(
    packs: PackSet, asked: Iterable[tuple[str, str, str]], day: date
) -> dict[tuple[str, str, str], Measure]:
    """The measure of each (pack, table, answer) by the table of the house pack on a day, as known then."""
    wanted = sorted(set(asked))
    if not wanted or not named_tables(packs):
        return dict.fromkeys(wanted, _NONE)
    rows = [{"pack": p, "table": t, "answer": a} for p, t, a in wanted]
    told = decided_rows(packs, HOUSE, MEASURES, rows, day=day, known=day, where=f"{HOUSE}:{MEASURES}")
    return {one: _measure(row) for one, row in zip(wanted, told, strict=True)}


def _measure(row: Mapping[str, Any]) -> Measure:
    kind: Kind | None = KIND_OF.get(row["kind"] or "")
    return _NONE if kind is None else measure_in(row, kind)


def measure_in(row: Mapping[str, Any], kind: Kind) -> Measure:
    """A row of the house pack's answer as the measure of a kind."""
    items = tuple(i.strip() for i in str(row["evidence"]).split("；") if i.strip() and i.strip() != _NOTHING)
    excepted = "" if row["excepted"] == _NOTHING else str(row["excepted"])
    return Measure(kind, str(row["measure"]), int(row["severity"]), items, excepted)


def measuring(packs: PackSet, said: Sequence[Said], day: date) -> MeasureOf:
    """What an answer calls for, looked up once for all the answers of a run."""
    known = measures_of(packs, ((s.pack_id, s.slug, s.answer) for s in said if s.answer is not None), day)
    return lambda s: _NONE if s.answer is None else known[s.pack_id, s.slug, s.answer]


def site_check_first(packs: PackSet, kind_zh: str, basis: str, day: date) -> bool:
    """Whether a record of an on-site check must be on file before the paper is served, by the house pack."""
    if basis not in ("published", "computed"):
        return False
    row = {"kind": kind_zh, "basis": basis}
    told = decided_rows(packs, HOUSE, SITE, [row], day=day, known=day, where=f"{HOUSE}:{SITE}")
    return bool(told[0]["check"])


def working_days(packs: PackSet, measure: str, step: str, day: date) -> int:
    """Working days that a step may take, by the pack in force on the day; PACK-004 where it says none."""
    # a deadline is set by what is in force on its day as the packs at hand have it, whenever they came to be known
    value = packs.parameter(DEADLINES, day=day, known=date.max, measure=measure, step=step).value
    if value is None:
        raise UserError("PACK-004", f"{DEADLINES} has no value for {measure}, {step}.", where=HOUSE,
                        remedy="Give the row a value in a pack or an overlay.", case="casework",
                        facts={"measure": measure, "step": step})  # fmt: skip
    return int(value)


def said_in_run(workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope) -> list[Said]:
    """What the rules that call for measures said in a run, as far as the reader may see it.

    Such a rule has one output, whose name is therefore not kept.
    """
    tables = named_tables(packs)
    if not tables:
        return []
    slugs = ", ".join(sorted({f"'{t}'" for _, t in tables}))
    since = run.as_of.replace(year=run.as_of.year - _BACK, day=1)
    where = f"slug IN ({slugs}) AND period_end > DATE '{since}'"
    rows = read_result(run, RULE_FINDINGS, scope, readable_subjects(workspace, run, scope), where=where).to_pylist()
    return [
        Said(
            r["subject_id"], r["pack_id"], r["pack_edition"], r["slug"], r["clause"], "",
            r["period_key"], _value(r["answer"]) if r["status"] != "undetermined" else None, r["finding_key"],
            str(run.run_id), "published", r["confidence"], bool(r["synthetic"]),
        )
        for r in rows if (r["pack_id"], r["slug"]) in tables
    ]  # fmt: skip


def _value(answer: str | None) -> str | None:
    """The value of the one output, which an answer writes as name=value."""
    if answer is None:
        return ""
    return answer.partition("=")[2]


def proposed(
    workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope, extra: Sequence[Said] = ()
) -> list[Proposed]:
    """Every consequence of a run upon which a case may be opened, with its figures; cases that are there included.

    `extra` are answers that another slice worked out of its own figures, in the same shape.
    """
    said = [*said_in_run(workspace, run, packs, scope), *extra]
    measure = measuring(packs, said, run.as_of)
    at = {(s.series, s.period): s for s in said}
    found = []
    for ground in with_figures(workspace, run, packs, scope, newest_grounds(said, measure)):
        series = (ground.subject_id, ground.pack_id, ground.slug, ground.output)
        found.append(Proposed(case_key(ground), ground, measure(at[series, ground.period])))
    return sorted(found, key=lambda p: (-p.measure.severity, p.ground.subject_id, p.key))


def with_figures(
    workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope, grounds: Sequence[Ground]
) -> list[Ground]:
    """The grounds with the figures behind them; computed where one of those is no published one."""
    if not grounds:
        return []
    named = {(g.pack_id, g.pack_edition, g.slug): bases_of(packs, g) for g in grounds}
    wanted = sorted({i for names in named.values() for i in names})
    if not wanted:
        return list(grounds)
    quoted = ", ".join(f"'{i}'" for i in wanted)
    subjects = ", ".join(f"'{s}'" for s in sorted({g.subject_id for g in grounds}))
    where = f"indicator_id IN ({quoted}) AND subject_id IN ({subjects}) AND base = ''"
    table = read_result(run, INDICATOR_VALUES, scope, readable_subjects(workspace, run, scope), where=where)
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        by_subject.setdefault(row["subject_id"], []).append(row)
    return [
        _figured(g, named[g.pack_id, g.pack_edition, g.slug], by_subject.get(g.subject_id, []), packs) for g in grounds
    ]


def bases_of(packs: PackSet, ground: Ground) -> dict[str, StreakRule | None]:
    """The indicators behind a rule: of a streak what is counted in it, with how; none for the program's own figures.

    Those are shown where they were worked out: a published figure is no ground of what nobody published.
    """
    if ground.basis == "computed":
        return {}
    try:
        chain = packs.chain(f"{ground.pack_id}@{ground.pack_edition}", ground.slug)
        entries = [packs.table(f"{ground.pack_id}@{ground.pack_edition}", t.id) for t in chain]
    except UserError:
        return {}
    found: dict[str, StreakRule | None] = {}
    for one in (i.indicator for t in entries for i in t.inputs if i.indicator):
        declared = packs.indicators.get(one)
        rule = declared.streak if declared else None
        found.setdefault(rule.of if rule else one, rule)
    return found


def _figured(
    ground: Ground, bases: Mapping[str, StreakRule | None], rows: Sequence[Mapping[str, Any]], packs: PackSet
) -> Ground:
    names = list(bases)
    newest = Period.parse(ground.period)
    seen: dict[tuple[str, str], tuple[FigureSeen, str]] = {}
    for row in rows:
        period = Period.parse(row["period_key"])
        back = (newest.end.year - period.end.year) * 12 + newest.end.month - period.end.month
        near = 0 <= back < (_MONTHS if period.kind is newest.kind and newest.kind == "month" else _YEARS * 12 + 1)
        if row["indicator_id"] in names and period.kind is newest.kind and near:
            seen[row["indicator_id"], row["period_key"]] = (
                _figure(row, packs, bases[row["indicator_id"]]),
                row["origin"],
            )
    order = sorted(seen, key=lambda k: (names.index(k[0]), Period.parse(k[1]).start))
    own = {o for _, o in seen.values()} - {"reported"}
    figures = tuple(seen[k][0] for k in order)
    basis = "computed" if own else ground.basis
    return replace(ground, figures=figures, basis=basis)


def _counts(row: Mapping[str, Any], rule: StreakRule | None, packs: PackSet) -> bool:
    """Whether a figure is one that its streak counts."""
    if rule is None:
        return True
    day = Period.parse(row["period_key"]).last_day
    limit = threshold_of(packs, rule, day, date.max)
    value = row["value"]
    if limit is None or value is None:
        return False
    met: dict[str, bool] = {
        "at_most": value <= limit, "less_than": value < limit, "more_than": value > limit, "at_least": value >= limit,
    }  # fmt: skip
    return met[rule.comparator]


def _figure(row: Mapping[str, Any], packs: PackSet, rule: StreakRule | None) -> FigureSeen:
    declared = packs.indicators.get(row["indicator_id"])
    label = declared.label.label if declared else Label(row["indicator_id"])
    word = next((g.label.label for g in declared.grades if g.value == row["value"]), None) if declared else None
    return FigureSeen(
        row["indicator_id"], label.zh, label.en or label.zh, row["period_key"], row["value"], row["unit"],
        word.zh if word else "", (word.en or word.zh) if word else "", row["confidence"],
        _counts(row, rule, packs),
    )  # fmt: skip
