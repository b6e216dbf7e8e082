"""Further candidates (候选): rules as decision tables, ranges, deadlines without a number, lists, platforms."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from shuangkong.policy.reading.clean import Clean
from shuangkong.policy.reading.draft_words import said
from shuangkong.policy.reading.model import Candidate, Clause, Document, Target
from shuangkong.policy.reading.rule_left import left_out
from shuangkong.policy.reading.rule_parts import Gives, Rule
from shuangkong.policy.reading.rule_tables import NoTable, conditions_table, table_of
from shuangkong.policy.reading.ruling import Taken, conditions_in, rules_in
from shuangkong.policy.reading.targets import sentences
from shuangkong.policy.reading.times import years_at
from shuangkong.policy.reading.tree import clause_of, number_at
from shuangkong.policy.reading.values import amounts

_RANGE = re.compile(r"(?:是指|，指|所称|暂以[^。]+为重点|适用于|范围(?:为|包括|是)|不包括)")
_LIST = re.compile(r"(?:建立|制定|发布|编制|更新|公布|形成|建成)[^，。]{0,24}?(清单|台账|目录|名录|名单|项目库)")
_PLATFORM = re.compile(r"(?:建设|搭建|建立|构建|打造|升级改造|建成)[^，。]{0,24}?(平台|系统(?!化|性)|数据库)")
_DONE = re.compile(r"完成|建成|实现|建立|达到|淘汰|消除|纳入|退出|形成|覆盖")
_CAP_ALONE = re.compile(r"^(?:以上|上述|单个|单户|单家|单项|同一|每[户家个])[^，]{0,12}")
#: A sentence that goes on with what is given, though no rule is read in it: 比例上浮至25%，每站最高30万元.
_MORE = re.compile("[补奖]|比例|标准|最高|上限|不超过|上浮|减半|封顶")
#: What rises or falls, without what it is: 下降20%以上的 behind 能耗下降15%以上的.
_ELIDED = re.compile("(?:下降|降低|降|减少|提高|提升|增加|增长)?")
_CONDITIONS = re.compile(r"(?:符合|满足|具备)(?:以下|下列)[^。；：]{0,6}条件(?P<some>之一)?[：:]?")
#: Items of a list of conditions are numbered at this rank or below: 1., （1）, ①.
_ITEM = 4
_QUOTE = 120
#: Words of several sentences that make one table are longer.
_TABLE_QUOTE = 400
Found = tuple[int, int, str, dict[str, object], tuple[str, ...]]


def candidates(cleaned: Clean, document: Document, targets: Iterable[Target] = ()) -> Iterator[Candidate]:
    """What a document asks for beside targets and duties, in order.

    targets: those read of the document; their amounts are no rule's. A rule has `table`, an entry of a pack's tables
    without clause and days, or `no_table`, the reason why there is none.
    """
    text = cleaned.text
    spans = sorted((t.start, t.end) for t in targets)

    def taken(place: int) -> bool:
        original = cleaned.places[place]
        return any(s <= original < e for s, e in spans[: bisect_right(spans, (original, len(cleaned.original)))][-4:])

    found = [*_others(text, document), *_rules(text, document, taken)]
    for start, end, kind, fields, unsure in sorted(found, key=lambda f: f[0]):
        longest = _TABLE_QUOTE if kind == "rule" else _QUOTE
        first, stop = cleaned.span(start, min(end, start + longest))
        yield Candidate(
            document.number, clause_of(document.clauses, start).id, kind, fields, cleaned.original[first:stop], first,
            stop, "low" if unsure else "medium", unsure,
        )  # fmt: skip


def _sentences(text: str, document: Document) -> Iterator[tuple[int, int]]:
    for start, end, _ in sentences(text, document.start, document.end):
        number = number_at(text, start)
        yield min(end, number[3]) if number else start, end


def _rules(text: str, document: Document, taken: Taken) -> Iterator[Found]:
    """Rules; those that go on with one quantity in bands, or cap what was said before, are one."""
    groups: list[list[Rule]] = []
    last: Clause | None = None
    listed = list(_condition_lists(text, document, taken))
    yield from listed
    for start, end in _sentences(text, document):
        if any(s <= start < e for s, e, *_ in listed):
            continue
        clause = clause_of(document.clauses, start)
        found = list(rules_in(text, start, end, taken))
        on = groups and groups[-1][-1].gives and last == clause and start - groups[-1][-1].end <= 3
        if on and not found and _more(text, start, end, taken):
            groups[-1][-1].end = end
        for rule in found:
            near = groups and last == clause and rule.start - groups[-1][-1].end <= 3
            if not (near and _joined(text, groups[-1], rule)):
                groups.append([rule])
            last = clause
    for rules in groups:
        clause = clause_of(document.clauses, rules[0].start)
        fields, unsure = _fields(text, rules, clause.title, taken)
        yield rules[0].start, rules[-1].end, "rule", fields, unsure


def _condition_lists(text: str, document: Document, taken: Taken) -> Iterator[Found]:
    """Lists of conditions with bounds: the sentence that opens one, and the numbered ones that go on with it."""
    spans = [(s, e) for s, e, _ in sentences(text, document.start, document.end)]
    for n, (start, end) in enumerate(spans):
        opened = _CONDITIONS.search(text, start, end)
        if not opened:
            continue
        items = [(opened.end(), end)] if end > opened.end() else []
        for s, e in spans[n + 1 :]:
            number = number_at(text, s)
            if number is None or number[0] < _ITEM:
                break
            items.append((s, e))
        conditions = [c for s, e in items for c in conditions_in(text, s, e, taken)]
        if not conditions:
            continue
        title = clause_of(document.clauses, start).title or text[start:end]
        fields: dict[str, object] = {"when": None, "then": "conditions", "amounts": _all_amounts(text, items)}
        conditions = [[b for c in conditions for b in c]] if opened["some"] else conditions
        unsure: tuple[str, ...] = ()
        try:
            made = fields | {"table": conditions_table(conditions, title)}
            yield start, items[-1][1], "rule", *_told(text, items, made, unsure, taken)
        except NoTable as error:
            yield start, items[-1][1], "rule", fields | {"no_table": str(error)}, (*unsure, "no_table")


def _joined(text: str, group: list[Rule], rule: Rule) -> bool:
    """Put a rule to the ones before it where it goes on with them; whether it did."""
    before = group[-1]
    if rule.cap is not None or (len(rule.gives) == 1 and rule.gives[0].at_most and not rule.bounds):
        alone = _CAP_ALONE.match(text[rule.start : rule.end])
        given = rule.gives[0] if rule.gives else None
        if alone and before.gives and before.cap is None and (given is None or given.kind == "fixed"):
            cap = rule.cap or ((given.value, given.unit) if given else None)
            for one in group:
                one.cap = one.cap or cap
            before.end = rule.end
            return True
    if before.gives and not rule.flags and not rule.bounds and rule.gives and all(g.at_most for g in rule.gives):
        # 单个项目补助总额不超过总投资的30%: a cap of another kind, which no table holds.
        before.end = rule.end
        return True
    # 200万元至500万元的改造项目: what is measured is that of the band before
    if len(rule.bounds) == 1 and len(before.bounds) == 1 and not rule.flags and bool(rule.gives) == bool(before.gives):
        own, first = rule.bounds[0], before.bounds[0]
        elided = _ELIDED.fullmatch(own.what) is not None and first.what.endswith(own.what)
        if (own.guessed or elided or own.what == first.what) and own.unit == first.unit:
            if own.what != first.what:
                rule.unsure.append("carried")
            rule.bounds = [replace(own, what=first.what)]
            rule.flags = list(before.flags)
            rule.gives = [_of_before(g, before.gives) for g in rule.gives]
            group.append(rule)
            return True
    return False


def _of_before(gives: Gives, before: Sequence[Gives]) -> Gives:
    """A rate of a further tier, of the quantity that the tier before names: 补助标准提高到800元/吨."""
    like = [g.of for g in before if (g.kind, g.per) == (gives.kind, gives.per)]
    return replace(gives, of=like[0]) if gives.kind == "rate" and not gives.of and like else gives


def _more(text: str, start: int, end: int, taken: Taken) -> bool:
    """Whether a sentence in which no rule was read goes on with the figures of the one before."""
    return _MORE.search(text, start, end) is not None and any(not taken(a.start) for a in amounts(text, start, end))


def _fields(text: str, rules: Sequence[Rule], title: str, taken: Taken) -> tuple[dict[str, object], tuple[str, ...]]:
    first = rules[0]
    fields: dict[str, object] = {
        "when": "；".join(first.flags) or None,
        "then": first.measure or "、".join(dict.fromkeys(g.kind for g in first.gives)) or "limit",
        "amounts": _all_amounts(text, [(r.start, r.end) for r in rules]),
    }
    try:
        table, unsure = table_of(rules, title or text[first.start : first.start + 24])
    except NoTable as error:
        return fields | {"no_table": str(error)}, (*(u for r in rules for u in r.unsure), "no_table")
    return _told(text, [(r.start, r.end) for r in rules], fields | {"table": table}, unsure, taken)


def _told(
    text: str, spans: Sequence[tuple[int, int]], fields: dict[str, Any], unsure: tuple[str, ...], taken: Taken
) -> tuple[dict[str, object], tuple[str, ...]]:
    """A rule with its table, and which figures of its sentences the table does not hold."""
    table = fields["table"]
    left = left_out(text, spans, table, taken)
    if not left:
        return fields, unsure
    told = said("tables", "figures_left", figures="、".join(left))
    table["assumptions"] = [*table.get("assumptions", ()), {"zh": told.zh, "en": told.en}]
    return fields | {"left": list(left)}, (*unsure, "figures_left")


def _all_amounts(text: str, places: Iterable[tuple[int, int]]) -> list[dict[str, object]]:
    return [_amount(text, a) for start, end in places for a in amounts(text, start, end)]


def _amount(text: str, amount: Any) -> dict[str, object]:
    return {
        "printed": text[amount.start : amount.end], "value": str(amount.value), "unit": amount.unit,
        "comparator": amount.comparator,
    }  # fmt: skip


def _others(text: str, document: Document) -> Iterator[Found]:
    for start, end in _sentences(text, document):
        sentence = text[start:end]
        if _RANGE.search(sentence):
            long: tuple[str, ...] = ("long",) if len(sentence) > _QUOTE else ()
            yield start, end, "range", {"words": sentence[:_QUOTE]}, long
        years = list(years_at(text, start, end, document.period))
        if years and _DONE.search(sentence) and not years[0][2] and not list(amounts(text, start, end)):
            yield start, end, "deadline", {"year": years[0][1]}, ()
        for kind, pattern in (("list", _LIST), ("platform", _PLATFORM)):
            for named in pattern.finditer(sentence):
                yield start, end, kind, {"words": named[0], "what": named[1]}, ()
