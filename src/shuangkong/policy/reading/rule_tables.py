"""Rules as decision tables (候选决策表): what a rule asks, its rows and what they give, as a pack's table entry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.loading import load_files
from shuangkong.policy.reading.draft_words import said, short_title, tag
from shuangkong.policy.reading.printed_units import PrintedUnit, dimension_of, printed_unit
from shuangkong.policy.reading.rule_parts import Bound, Choice, Gives, Rule
from shuangkong.policy.reading.rule_tiers import tiers
from shuangkong.policy.writing_yaml import as_yaml

_INSTRUMENT = {
    "id": "candidate", "edition": "1", "title": {"zh": "候选"}, "issuer": "候选", "level": "nation", "region": "000000",
    "issued": "2000-01-01", "in_force_from": "2000-01-01", "confidence": "candidate",
    "source": {"doc": "候选", "place": "1", "known": "2000-01-01"},
}  # fmt: skip
_WRITTEN = re.compile(r'(-?)q\("([0-9.]+)", "([^"]+)"\)')
_LISTED = re.compile("(?P<lead>.*?(?:列入|入选|获评为?|获批|获得?|创建|认定为|评为|被评为))(?P<items>.+)")
#: 下降20%以上 without what falls.
_CHANGE = re.compile("下降|降低|降|减少|提高|提升|增加|增长")
#: 淘汰类企业: a class and what is of it.
_KINDS = re.compile("(?P<item>.*(?P<kind>[类级型档色等]))(?P<noun>[一-鿿]{2,12})")
_OPS = {">=": ">=", "<=": "<=", ">": ">", "<": "<"}


class NoTable(Exception):
    """Why a rule could not be made a table: a key of `no_table` in the data file."""


@dataclass(slots=True)
class _Making:
    """Inputs by label as they are needed, so that rows of one table share them."""

    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def input(self, label: str, kind: str, **more: Any) -> str:
        """The name of an input with this label; RuleTable's names are ascii, its labels the document's words."""
        if not label or _CHANGE.fullmatch(label) or label.endswith(("未", "不", "没", "没有")):
            raise NoTable("no_name")
        if label not in self.inputs:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            name = f"{kind}_{self.counts[kind]}"
            self.inputs[label] = {"name": name, "label": {"zh": label}, **more}
        elif self.inputs[label].get("unit") != more.get("unit") or self.inputs[label].get("type") != more.get("type"):
            raise NoTable("units_apart")
        return str(self.inputs[label]["name"])


def table_of(rules: Sequence[Rule], title: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(the table, what is unsure about it) of the rules that make one; raises NoTable.

    The table is an entry of `tables/<name>.yaml` without clause, days, source and confidence. It has been read by the
    loader: units agree, rows do not overlap, and each can hit.
    """
    making = _Making()
    rules = tiers(rules)
    unsure = list(dict.fromkeys(u for r in rules for u in r.unsure))
    if "list_unlike" in unsure:
        raise NoTable("list_unlike")
    if "given_range" in unsure:
        raise NoTable("given_range")
    rows: list[dict[str, Any]] = []
    outputs: dict[str, dict[str, Any]] = {}
    for n, rule in enumerate(rules):
        if rule.limit is not None:
            rows += _limit_rows(rule, making, outputs, n)
            continue
        when = _when(rule, making, following=rules[n + 1 :], unsure=unsure)
        rows += _rows(rule, when, making, outputs, n, unsure)
    if not making.inputs:
        raise NoTable("no_condition")
    label = short_title(title)
    hit = "collect" if _collects(rules) else "unique"
    table: dict[str, Any] = {
        "id": f"rule.{tag(title, *(r['then'] for r in rows), *making.inputs)}", "label": {"zh": label}, "hit": hit,
        "inputs": list(making.inputs.values()), "outputs": list(outputs.values()), "rows": _whole(rows, outputs),
        "no_row_because": {k: getattr(said("tables", "no_row"), k) for k in ("zh", "en")},
    }  # fmt: skip
    assumed = ("all_hold", "bounds_shared", "tops_closed", "alternatives")
    assumptions = [said("tables", u) for u in assumed if u in unsure]
    if assumptions:
        table["assumptions"] = [{"zh": a.zh, "en": a.en} for a in assumptions]
    _proved(table)
    return table, tuple(dict.fromkeys(unsure))


def choice_of(rule: Rule, words: str) -> Choice | None:
    """The listed things where as many values stand in a list: 限制类、淘汰类企业分别加价0.1元和0.3元.

    Where they are found, the values of `rule` belong to them one by one.
    """
    if "list_unlike" not in rule.unsure or len({g.kind for g in rule.gives}) != 1:
        return None
    words = re.sub("(?:的?用电量?|，)$", "", words.split("分别")[0]).removesuffix("的")
    listed = _LISTED.match(words)
    items = [i for i in re.split("、|以?及|和|与", listed["items"] if listed else words) if i]
    if len(items) < 2 or len(items) != len(rule.gives) or len(set(items)) != len(items):
        return None
    what = listed["lead"] if listed else "对象"
    kinds = _KINDS.fullmatch(items[-1])
    if not listed and kinds and all(i.endswith(kinds["kind"]) for i in items[:-1]):
        items[-1], what = kinds["item"], f"{kinds['noun']}类别"
    rule.gives = [replace(g, item=n) for n, g in enumerate(rule.gives)]
    rule.unsure = [u for u in rule.unsure if u != "list_unlike"]
    return Choice(what, tuple(items))


def conditions_table(conditions: Sequence[Sequence[Bound]], title: str) -> dict[str, Any]:
    """The table of a list of conditions (须同时符合以下条件): all must hold; of those together one is enough.

    Raises NoTable.
    """
    making = _Making()
    tests = []
    for one in conditions:
        parts = [_comparison(b, making) for b in one]
        tests.append(parts[0] if len(parts) == 1 else f"({' || '.join(parts)})")
    if not tests:
        raise NoTable("no_condition")
    table: dict[str, Any] = {
        "id": f"rule.{tag(title, *tests)}", "label": {"zh": short_title(title)}, "hit": "first",
        "inputs": list(making.inputs.values()), "outputs": [_output("meets", "flag")],
        "rows": [
            {"id": "meets", "if": " && ".join(tests), "then": {"meets": True}},
            {"id": "fails", "then": {"meets": False}},
        ],
    }  # fmt: skip
    _proved(table)
    return table


def _comparison(bound: Bound, making: _Making) -> str:
    unit = _unit(bound.unit)
    name = making.input(bound.what, _kind(unit), unit=unit.unit)
    value = f'q("{_number(bound.value * unit.factor)}", "{unit.unit}")'
    if bound.op != "band" or bound.high is None:
        return f"{name} {_OPS.get(bound.op, '>=')} {value}"
    low, high = ">" if bound.low_in is False else ">=", "<" if bound.high_in is False else "<="
    return f'({name} {low} {value} && {name} {high} q("{_number(bound.high * unit.factor)}", "{unit.unit}"))'


def _collects(rules: Sequence[Rule]) -> bool:
    """Whether several rows may hold at once: warnings after two months and after three are both given."""
    return len(rules) > 1 and all(r.measure and not r.gives for r in rules)


def _when(rule: Rule, making: _Making, following: Sequence[Rule], unsure: list[str]) -> dict[str, Any]:
    when: dict[str, Any] = {}
    if len(rule.flags) > 1:
        unsure.append("all_hold")
    for flag in rule.flags:
        when[making.input(flag, "flag", type="flag")] = True
    for bound in rule.bounds:
        unit = _unit(bound.unit)
        name = making.input(bound.what, _kind(unit), unit=unit.unit)
        starts = {b.value: _begins(b) for r in following for b in r.bounds if b.what == bound.what}
        if name in when:
            raise NoTable("two_bounds")
        when[name] = _cell(bound, unit, starts, unsure)
    return when


def _begins(bound: Bound) -> bool | None:
    """Whether a bound's lower end is in; None where the document leaves it open."""
    return bound.low_in if bound.op == "band" else {">=": True, ">": False}.get(bound.op)


def _cell(bound: Bound, unit: PrintedUnit, starts: Mapping[Decimal, bool | None], unsure: list[str]) -> str:
    low = _number(bound.value * unit.factor)
    if bound.op != "band" or bound.high is None:
        return f"{_OPS.get(bound.op, '>=')} {low}"
    # where the next band begins with this one's end, the end belongs to the next: the row with the higher figure
    closed = bound.high_in
    if closed is None:
        closed = bound.high not in starts or starts[bound.high] is False
        if not closed and not (bound.low_in and starts[bound.high]):
            unsure.append("bounds_shared")
    first, last = "(" if bound.low_in is False else "[", "]" if closed else ")"
    return f"{first}{low}, {_number(bound.high * unit.factor)}{last}"


def _limit_rows(rule: Rule, making: _Making, outputs: dict[str, Any], n: int) -> list[dict[str, Any]]:
    limit = rule.limit
    assert limit is not None
    unit = _unit(limit.unit)
    when = _when(rule, making, (), [])
    name = making.input(limit.what, _kind(unit), unit=unit.unit)
    number = _number(limit.value * unit.factor)
    other = {"<=": ">", ">=": "<"}[limit.op]
    outputs.setdefault("meets", _output("meets", "flag"))
    return [
        {"id": f"meets-{n + 1}", "when": {**when, name: f"{limit.op} {number}"}, "then": {"meets": True}},
        {"id": f"fails-{n + 1}", "when": {**when, name: f"{other} {number}"}, "then": {"meets": False}},
    ]


def _rows(
    rule: Rule, when: dict[str, Any], making: _Making, outputs: dict[str, Any], n: int, unsure: list[str]
) -> list[dict[str, Any]]:
    beside: dict[str, Any] = {}
    if rule.measure:
        outputs.setdefault("measure", _output("measure", "text"))
        beside = {"measure": rule.measure}
        if not rule.gives:
            return [{"id": f"row-{n + 1}", "when": when, "then": beside}]
    if rule.choice is not None:
        name = making.input(rule.choice.what, "choice", type="text", choices=list(rule.choice.items))
        return [
            {
                "id": f"row-{n + 1}-{k + 1}",
                "when": {**when, name: item},
                "then": beside | _then([g], rule, making, outputs),
            }
            for k, (item, g) in enumerate(zip(rule.choice.items, rule.gives, strict=True))
        ]
    if len(rule.gives) > 1:
        unsure.append("alternatives")
    return [{"id": f"row-{n + 1}", "when": when, "then": beside | _then(rule.gives, rule, making, outputs)}]


def _then(gives: Sequence[Gives], rule: Rule, making: _Making, outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a row; the cap holds for each sum, and stands alone where no sum is said."""
    then: dict[str, Any] = {}
    cap = (rule.cap[0], _unit(rule.cap[1])) if rule.cap else None
    for n, one in enumerate(gives):
        kind = "most" if one.at_most else "added" if one.kind == "step" else "sum"
        name = kind if n == 0 else f"{kind}_{n + 1}"
        unit, expression = _expression(one, making, cap)
        known = outputs.setdefault(name, _output(kind, "number", name, unit))
        if known["unit"] != unit:
            raise NoTable("units_apart")
        then[name] = expression
    if not then and cap:
        outputs.setdefault("most", _output("most", "number", "most", cap[1].unit))
        then["most"] = written(cap[0] * cap[1].factor, cap[1].unit)
    return then


def _expression(one: Gives, making: _Making, cap: tuple[Decimal, PrintedUnit] | None) -> tuple[str, Any]:
    """Unit and value or formula of one sum."""
    unit = _unit(one.unit)
    value = one.value * unit.factor
    if one.kind in ("fixed", "step"):
        return unit.unit, written(value, unit.unit)
    if one.kind == "share":
        if not one.of:
            raise NoTable("no_base")
        money = cap[1].unit if cap else "10k_CNY"
        name = making.input(one.of, "money", unit=money, at_least=0)
        return money, {"calc": _capped(f"{_number(value / 100)} * {name}", cap, money)}
    per = _unit(one.per)
    what = one.of or said("tables", "counted", unit=one.per.removeprefix("份")).zh
    name = making.input(what, _kind(per), unit=per.unit, at_least=0)
    money = cap[1].unit if cap else unit.unit
    sum_ = f'q("{_number(value)}", "{unit.unit}/{per.unit}") * {name}'
    return money, {"calc": _capped(sum_ if money == unit.unit else f'to({sum_}, "{money}")', cap, money)}


def _capped(sum_: str, cap: tuple[Decimal, PrintedUnit] | None, money: str) -> str:
    return f'min({sum_}, q("{_number(cap[0] * cap[1].factor)}", "{money}"))' if cap else sum_


def _output(kind: str, type_: str, name: str = "", unit: str | None = None) -> dict[str, Any]:
    label = said("tables", kind)
    entry: dict[str, Any] = {"name": name or kind, "label": {"zh": label.zh, "en": label.en}, "type": type_}
    return entry | ({"unit": unit} if unit else {})


def _whole(rows: list[dict[str, Any]], outputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of one table say something of each output."""
    if any(set(r["then"]) != set(outputs) for r in rows):
        raise NoTable("outputs_apart")
    return rows


def _unit(printed: str) -> PrintedUnit:
    """The unit of the kernel; a counter such as 份报告 counts items, and what it has not makes no table."""
    unit = printed_unit({"次": "个"}.get(printed, printed))
    if not unit.known and printed[:1] in "份个台套家户张座":
        unit = printed_unit("个")
    if not unit.known:
        raise NoTable("unit_unknown")
    return unit


def _kind(unit: PrintedUnit) -> str:
    return (dimension_of(unit.unit) or "amount").split("/")[0].replace("_tce", "")


def _number(value: Decimal) -> str:
    return format(value.normalize(), "f")


def written(value: Decimal, unit: str) -> dict[str, str]:
    """A sum as an amount in its unit: candidates hold no numbers but text, so that JSON loses no digit."""
    return {"calc": f'{"-" if value < 0 else ""}q("{_number(abs(value))}", "{unit}")'}


def plainly_written(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with written amounts as plain numbers, as packs have them."""
    units = {o["name"]: o.get("unit") for o in table["outputs"]}
    rows = [{**r, "then": {k: _bare(v, units.get(k)) for k, v in r["then"].items()}} for r in table["rows"]]
    return {**table, "rows": rows}


def _bare(value: Any, unit: str | None) -> Any:
    found = _WRITTEN.fullmatch(value["calc"]) if isinstance(value, Mapping) else None
    return Decimal(found[1] + found[2]) if found and found[3] == unit else value


def _proved(table: dict[str, Any]) -> None:
    """Raise NoTable where the loader finds a fault in the table."""
    files = {
        "instrument.yaml": _INSTRUMENT, "clauses.yaml": [{"id": "1", "title": {"zh": "1"}, "kind": "rule"}],
        "tables/candidate.yaml": [{"clause": "1", **table}],
    }  # fmt: skip
    try:
        load_files({n: as_yaml(d).encode() for n, d in files.items()}, origin="candidate")
    except PackErrors as errors:
        raise NoTable(f"refused:{errors.problems[0].code}") from errors
