"""Readings (输入取值): what inputs of decision tables can be bound to, and its columns for all subjects at once.

A reading is one figure for a subject and a year, or a month. It is used where every return behind it is known: one
from part of the returns is told and not decided on, because a condition on a sum that is too small would be answered
wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from shuangkong.accounting.api import (
    CHANGE,
    INCREMENT,
    INDICATOR_VALUES,
    INDICATORS,
    TOTALS,
    Method,
    named_period,
)
from shuangkong.engine.api import RunContext, amount, confidence_rank, exact_ratio
from shuangkong.judgement.reaching import Bindings
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import AMOUNT
from shuangkong.policy.api import Accounting, Bindable, Every, Kind, SubjectKind, conversion, unit_of
from shuangkong.registry.api import ProjectField, industry, industry_path, project_fields

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ALL: frozenset[SubjectKind] = frozenset({"unit", "region", "project"})
_MADE: frozenset[SubjectKind] = frozenset({"unit", "project"})
_REGION: frozenset[SubjectKind] = frozenset({"region"})
_BOTH: frozenset[SubjectKind] = frozenset({"unit", "region"})
LEVELS = ("nation", "province", "prefecture", "county", "zone")


def _field(name: str, zh: str, en: str, whose: frozenset[SubjectKind], choices: Sequence[str] = ()) -> Bindable:
    return Bindable("field", name, Kind("text"), Label(zh, en), whose, "", tuple(choices))


#: The day for which a table is decided: a field of everybody that no register holds.
DECIDED_FOR = "decided_for"
_DAY = Label("判定日", "day decided for")


def _of_project(one: ProjectField) -> Bindable:
    kind = Kind("number", unit_of(one.stored)) if one.type == "number" else Kind(one.type)
    return Bindable("field", one.name, kind, one.label, frozenset({"project"}), one.stored, one.choices)


#: Fields of the register, by name.
FIELDS: dict[str, Bindable] = {
    f.name: f
    for f in (
        _field("industry_section", "行业门类", "section of industry", _MADE),
        _field("industry_division", "行业大类", "division of industry", _MADE),
        _field("industry_group", "行业中类", "group of industry", _MADE),
        _field("industry_code", "行业小类", "class of industry", _MADE),
        _field("unit_class", "单位类别", "class of unit", frozenset({"unit"})),
        _field("region_level", "地区层级", "level of region", _REGION, LEVELS),
        _field("region_code", "所在地区代码", "code of the region", _ALL),
        _field("province_code", "所在省级代码", "code of the province", _ALL),
        _field("city_code", "所在市级代码", "code of the prefecture", _ALL),
        _field("county_code", "所在县级代码", "code of the county", _ALL),
        Bindable("field", DECIDED_FOR, Kind("day"), _DAY, _ALL),
        *(_of_project(one) for one in project_fields().values()),
    )
}
_COLUMNS = {"text": "string", "number": AMOUNT, "flag": "boolean", "day": "date"}
_PARTS = {
    "coal": Label("煤", "coal"), "oil": Label("油", "oil"), "gas": Label("气", "gas"),
    "electricity": Label("电力", "electricity"), "heat": Label("热力", "heat"), "other": Label("其他", "other"),
}  # fmt: skip
_MEASURES: dict[str, tuple[str, Label, frozenset[SubjectKind], bool]] = {
    "energy": ("tce", Label("能源消费量", "energy"), _BOTH, True),
    "electricity": ("kWh", Label("用电量", "electricity"), _BOTH, False),
    "co2": ("tCO2", Label("二氧化碳排放量", "CO2"), _BOTH, True),
    "energy_feedstock": ("tce", Label("原料用能", "feedstock"), _BOTH, False),
    "energy_nonfossil": ("tce", Label("非化石能源", "non-fossil energy"), _BOTH, False),
    "energy_new_renewable": ("tce", Label("新增可再生能源", "new renewable energy"), _BOTH, False),
    "energy_major_project": ("tce", Label("国家重大项目用能", "listed major projects"), _BOTH, False),
    "energy_certificate": ("tce", Label("绿证对应能源", "energy of certificates"), _BOTH, False),
    "energy_industry": ("tce", Label("规模以上工业用能", "energy of industry"), _REGION, False),
    "gdp": ("CNY", Label("地区生产总值（不变价）", "GDP at constant prices"), _REGION, False),
    "industry_value_added": ("CNY", Label("工业增加值（不变价）", "industrial value added"), _REGION, False),
    "gdp_nominal": ("CNY", Label("地区生产总值（当年价）", "GDP at current prices"), _REGION, False),
}


def _sums() -> dict[str, Bindable]:
    found = {}
    for measure, (unit, label, whose, parted) in _MEASURES.items():
        kind = Kind("number", unit_of(unit))
        found[measure] = Bindable("sum", measure, kind, label, whose, unit)
        for part, words in _PARTS.items() if parted else ():
            both = Label(f"{label.zh}：{words.zh}", f"{label.in_('en')}: {words.in_('en')}")
            found[f"{measure}.{part}"] = Bindable("sum", f"{measure}.{part}", kind, both, whose, unit)
    return found


#: Sums of the books by measure, and by measure and part.
SUMS: dict[str, Bindable] = _sums()
#: Measures that only regions have: an indicator made of one is of regions.
_OF_REGIONS = ("gdp", "industry_value_added", "energy_industry")
_OF_UNITS = ("product_energy_intensity",)


def indicator_inputs() -> dict[str, Bindable]:
    """The computed indicators as inputs: each as it is, and its change against the year before in percent."""
    found = {}
    for name, one in INDICATORS.items():
        whose = _REGION if {m for m, _ in one.inputs} & set(_OF_REGIONS) else _BOTH
        whose = frozenset({"unit"}) if name in _OF_UNITS else _REGION if name == "energy_total_assessed" else whose
        unit = "" if "product unit" in one.unit else one.unit
        kind = Kind("number", unit_of(unit)) if unit else Kind("number")
        found[name] = Bindable("indicator", name, kind, one.label, whose, one.unit)
        moved = Label(f"{one.label.zh}比上年变化", f"change of {one.label.in_('en')} against the year before")
        found[name + CHANGE] = Bindable("indicator", name + CHANGE, Kind("number", unit_of("%")), moved, whose, "%")
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table asks of the books: a bound figure of each month or year, under a method where the table names one.

    `before`: the figure of so many periods before stands for each period. `counted`: it is a streak.
    """

    source: Literal["indicator", "sum"]
    name: str
    accounting: Accounting | None = None
    every: Every = "year"
    before: int = 0
    counted: bool = False

    def rows(self, methods: Sequence[Method]) -> ir.Table:
        """One row per subject and period: subject_id, period_key, seen, state, coverage, rank, source_key.

        state: ok; partial; method_open (no method is named, and those there are disagree); of a streak also at_least (a
        lower bound) and missing_periods; or why there is no value.
        """
        found = self._values() if self.source == "indicator" else self._sums()
        wanted = self._method(methods)
        if wanted is not None:
            found = found.filter(found.method_id == wanted)
        found = found.mutate(period_key=self._period(found)) if self.before else found
        return _counts_agreed(found) if self.counted else _agreed(found)

    def _period(self, t: ir.Table) -> ir.StringValue:
        index = t.period_key.substr(0, 4).cast("int64")
        if self.every == "month":
            index = index * 12 + t.period_key.substr(5, 2).cast("int64") - 1
        return named_period(index + self.before, self.every)

    def _values(self) -> ir.Table:
        import ibis

        v = INDICATOR_VALUES.ibis()
        year = v.period_start.year()
        moved = self.name.endswith((CHANGE, INCREMENT))
        base = (year - 1).cast("string") if moved else ibis.literal("")
        v = v.filter(v.indicator_id == self.name, v.period_kind == self.every, v.base == base)
        return v.select(
            "subject_id", "period_key", "method_id", "value", "state", "coverage", kind=ibis.literal("indicator"),
            rank=confidence_rank(v.confidence), source_key=v.value_key, printed=v.origin != "computed",
        )  # fmt: skip

    def _sums(self) -> ir.Table:
        import ibis

        measure, _, part = self.name.partition(".")
        t = TOTALS.ibis()
        t = t.filter(t.measure == measure, t.level == "subtree", t.period_kind == self.every)
        own = t.part == part if part else ibis.literal(True)
        # returns that name no coal have nought of it, as far as they are there: where a month is missing for the rest,
        # it is missing for coal too, and the answer is partial; no returns at all have no row here
        named = t.count(where=own) > 0
        known = ibis.ifelse(named, t.amount.notnull().all(where=own), t.amount.notnull().all())
        ok = ibis.ifelse(named, (t.state == "ok").all(where=own), (t.state == "ok").all())
        worst = ibis.ifelse(named, t.state.nullif("ok").min(where=own), t.state.nullif("ok").min())
        found = t.group_by("subject_id", "period_key", "method_id").aggregate(
            value=ibis.ifelse(known, t.amount.sum(where=own).coalesce(amount(0)).cast(AMOUNT), ibis.null(AMOUNT)),
            state=ibis.ifelse(ok, "ok", worst), coverage=t.coverage.min(),
            rank=confidence_rank(t.confidence).max(), source_key=t.total_key.min(where=own).coalesce(t.total_key.min()),
        )  # fmt: skip
        return found.mutate(kind=ibis.literal("total"), printed=ibis.literal(False))

    def _method(self, methods: Sequence[Method]) -> str | None:
        a = self.accounting
        if a is None:
            return None
        price = f"constant:{a.price_base}" if a.price_base else ""
        if a.edition is None or a.basis is None:
            return price or None
        named = Method(a.edition, a.basis, a.guide or "", a.grid_factor or "", price)
        served = next((m for m in methods if m.serves(named, carbon="co2" in self.name)), named)
        return Method(served.edition, served.basis, served.guide, served.grid, price).id


def _counts_agreed(v: ir.Table) -> ir.Table:
    """One count for each subject and period: of published figures where there are such, else that of all methods."""
    import ibis

    by = ["subject_id", "period_key"]
    printed = v.filter(v.method_id == "reported")
    v = printed.union(v.anti_join(printed, by))
    g = v.group_by(by).aggregate(
        low=v.value.min(), high=v.value.max(), lost=v.value.isnull().any(), first=v.state.min(), last=v.state.max(),
        coverage=v.coverage.min(), rank=v["rank"].max(), source_key=v.source_key.min(), source_kind=v.kind.min(),
    )  # fmt: skip
    one = (g.low == g.high) & ~g.lost & (g.first == g.last)
    state = ibis.cases((g.low.isnull(), g.first), (one, g.first), else_="method_open")
    return g.select(
        *by, "rank", "coverage", "source_key", "source_kind", state=state,
        seen=ibis.ifelse(one, g.low, ibis.null(AMOUNT)).cast(AMOUNT),
    )  # fmt: skip


def _agreed(v: ir.Table) -> ir.Table:
    """One value for each subject and year: the published one, else the one that all methods give."""
    import ibis

    v = v.mutate(whole=v.value.notnull() & (v.coverage >= amount(1)) & (v.state == "ok"))
    computed, printed = ~v.printed, v.printed & v.value.notnull()
    g = v.group_by("subject_id", "period_key").aggregate(
        said=v.value.max(where=printed), low=v.value.min(where=computed), high=v.value.max(where=computed),
        part=v.whole.all(where=computed), lost=v.value.isnull().any(where=computed), why=v.state.nullif("ok").min(),
        coverage=v.coverage.min(where=computed | printed), rank=v["rank"].max(), source_key=v.source_key.min(),
        said_key=v.source_key.min(where=printed), kind=v.kind.min(),
    )  # fmt: skip
    one = (g.low == g.high) & ~g.lost
    state = ibis.cases(
        (g.said.notnull(), "ok"), (g.low.isnull(), g.why.coalesce("no_value")), (~one, ibis.literal("method_open")),
        (g.part, "ok"), else_="partial",
    )  # fmt: skip
    seen = ibis.cases((g.said.notnull(), g.said), (one, g.low), else_=ibis.null(AMOUNT))
    return g.select(
        "subject_id", "period_key", "rank", seen=seen.cast(AMOUNT), state=state,
        coverage=ibis.ifelse(g.said.notnull(), amount(1), g.coverage.coalesce(amount(0))),
        source_key=g.said_key.coalesce(g.source_key), source_kind=g.kind,
    )  # fmt: skip


def converted(column: ir.DecimalValue, stored: str, asked: str) -> ir.DecimalValue:
    """A column in the unit that a table asks for; as it is where the two are one."""
    if stored == asked:
        return column
    factor = conversion(unit_of(stored), unit_of(asked))
    if factor is None:
        raise ValueError(f"{stored} and {asked} are of two dimensions")
    over, under = factor
    if over == under:
        return column
    return (
        exact_ratio((column * amount(over)).cast(AMOUNT), amount(under))
        if over != 1
        else exact_ratio(column, amount(under))
    )


def bind_subjects(run: RunContext) -> ir.Table:
    """Every subject of the run with the fields of the register that tables can ask for, as the table rule_subjects."""
    import ibis

    seen = run.executor.run("SELECT DISTINCT industry_code AS c, industry_edition AS e FROM subjects").to_pylist()
    rows = [(r["c"], r["e"] or "", *_path(r["c"], r["e"])) for r in seen if r["c"]]
    names = ("code", "edition", "section", "division", "grp", "class")
    given = {n: pa.array([r[i] for r in rows], pa.string()) for i, n in enumerate(names)}
    run.executor.bind("rule_industries", pa.table(given))
    day = f"DATE '{run.as_of.isoformat()}'"
    above = ", ".join(
        f"max(k.code) FILTER (WHERE k.level = '{level}') AS {name}_code"
        for level, name in (("province", "province"), ("prefecture", "city"), ("county", "county"))
    )
    run.executor.keep(
        "rule_subjects",
        f"WITH above AS (SELECT c.subject_id, {above} FROM subject_closure c JOIN subjects k"
        f" ON k.subject_id = c.ancestor_id WHERE c.valid_from <= {day} AND {day} < c.valid_to GROUP BY 1)"
        " SELECT s.subject_id, s.kind, s.synthetic, i.section AS industry_section, i.division AS industry_division,"
        " i.grp AS industry_group, coalesce(i.class, s.industry_code) AS industry_code, s.unit_class,"
        " CASE WHEN s.kind = 'region' THEN s.level END AS region_level,"
        " CASE WHEN s.kind = 'region' THEN s.code ELSE s.region_code END AS region_code,"
        " a.province_code, a.city_code, a.county_code"
        + "".join(f", p.{name}" for name in project_fields())
        + " FROM subjects s LEFT JOIN rule_industries i"
        " ON i.code = s.industry_code AND i.edition = coalesce(s.industry_edition, '')"
        " LEFT JOIN above a ON a.subject_id = s.subject_id"
        " LEFT JOIN project_facts p ON p.subject_id = s.subject_id",
    )
    columns = {"subject_id": "string", "kind": "string", "synthetic": "boolean"} | {
        name: _COLUMNS[one.kind.name] for name, one in FIELDS.items() if name != DECIDED_FOR
    }
    return ibis.table(columns, name="rule_subjects")


def _path(code: str, edition: str | None) -> tuple[str | None, str | None, str | None, str | None]:
    """Section, division, group and class; null where the registered code is less exact, or unknown."""
    try:
        path = industry_path(industry(code, edition or "2017"))
    except UserError:
        return (None, None, None, code)
    padded: list[str | None] = [*path[:4], None, None, None]
    return padded[0], padded[1], padded[2], padded[3]


def reading_of(inputs: Bindings, name: str) -> Reading:
    """What a bound input of a table asks of the books."""
    bound, entry = inputs.bound[name], inputs.entries[name]
    assert bound.source != "field"
    return Reading(
        bound.source, bound.name, entry.accounting, inputs.every(name), entry.before or 0, bound.every is not None
    )
