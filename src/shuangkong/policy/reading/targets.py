"""Quantitative targets (定量目标) of a document, as sentences set them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shuangkong.policy.reading import names
from shuangkong.policy.reading.clean import Clean
from shuangkong.policy.reading.filters import is_target
from shuangkong.policy.reading.model import Document, Target
from shuangkong.policy.reading.times import YEARLY, base_of, years_at
from shuangkong.policy.reading.tree import clause_of, number_at
from shuangkong.policy.reading.values import COUNTED, Amount, amounts

_SENTENCE = re.compile(r"[。！？\n；]")
_QUOTE = 60
#: No sentence is longer; a file that never stops is cut so that reading it stays quick.
_LONGEST = 1500
_CONDITIONS = re.compile("(?:符合|满足|具备)(?:以下|下列)[^。]{0,6}条件")
_GOAL = re.compile("目标|指标")


@dataclass(slots=True)
class _Time:
    """The year that numbers are for at a place, and whether a five-year period was named."""

    year: int | None = None
    five: bool = False
    age: int = 0


@dataclass(slots=True)
class _Said:
    """What the sentence has said so far, for what it leaves out later."""

    name: str = ""
    scope: str | None = None
    base: int | None = None
    comparator: str = ""
    unit: str = ""
    extra: list[str] = field(default_factory=list)


def targets(cleaned: Clean, document: Document) -> Iterator[Target]:
    """The targets of a document in order."""
    text = cleaned.text
    last = document.period[1] if document.period else None
    annual = document.period[0] == document.period[1] if document.period else False
    goals = {c.id for c in document.clauses if c.rank and _GOAL.search(c.title[:16])}
    time, held = _Time(), False
    for start, end, broken in sentences(text, document.start, document.end):
        number = number_at(text, start)
        start = min(end, number[3]) if number else start
        clause = clause_of(document.clauses, start)
        if _CONDITIONS.search(
            text, clause.start if clause.rank < 5 else max(clause.start - 200, document.start), start
        ):
            continue
        goal = any(clause.id.startswith(g) for g in goals)
        time.age += 1
        if not goal and not held and (broken or time.age > 1):
            time = _Time()
        found = list(_sentence(cleaned, document, start, end, time, last if annual else None, last))
        if found:
            time.age = 0
        # 到2025年 on a line of its own is for what stands below it.
        held = time.year is not None and end - start <= 12 and not found
        yield from found


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether a paragraph ended before it) of every sentence; stops in brackets do not end one."""
    at, depth, broken = start, 0, True
    for i in range(start, end):
        sign = text[i]
        depth = 0 if sign == "\n" else max(0, depth + (sign in "（〔") - (sign in "）〕"))
        too_long = i - at >= _LONGEST and sign == "，"
        if too_long or (_SENTENCE.match(sign) and (not depth or sign == "\n")):
            if i > at:
                yield at, i, broken
                broken = False
            broken = broken or sign == "\n"
            at = i + 1
    if at < end:
        yield at, end, broken


def _sentence(
    cleaned: Clean, document: Document, start: int, end: int, time: _Time, annual: int | None, last: int | None
) -> Iterator[Target]:
    text = cleaned.text
    marks = list(years_at(text, start, end, last))
    # A date phrase in a name or a title is none of the sentence's.
    marks = [m for m in marks if text.rfind("《", start, m[0]) <= text.rfind("》", start, m[0])]
    said = _Said()
    all_found = list(amounts(text, start, end))
    groups = _groups(text, all_found)
    used = start
    for group in groups:
        first = group[0]
        for place, year, five in marks:
            if place < first.start:
                time.year, time.five, time.age = year, five, 0
        part = _part(text, start, first.start, used)
        if not is_target(text, start, end, part, group):
            continue
        yield from _of_group(cleaned, document, text, part, end, group, time, annual, said)
        used = group[-1].end


def _groups(text: str, found: Sequence[Amount]) -> list[list[Amount]]:
    """Amounts that follow one another as a list (55%、45%) belong together."""
    groups: list[list[Amount]] = []
    for amount in found:
        if groups and re.fullmatch(r"[、和及与]|以及|，", text[groups[-1][-1].end : amount.start]):
            between = text[groups[-1][-1].end : amount.start]
            same = bool(groups[-1][-1].unit) and groups[-1][-1].unit[-1:] == amount.unit[-1:]
            if same and (between != "，" or "分别" in groups[-1][0].before):
                groups[-1].append(amount)
                continue
        groups.append([amount])
    return groups


def _part(text: str, start: int, number: int, used: int) -> int:
    """Where the words that belong to a number begin: behind the last comma outside brackets, or the last amount."""
    depth = 0
    for i in range(number - 1, start - 1, -1):
        sign = text[i]
        if sign in "）〕":
            depth += 1
        elif sign in "（〔":
            if not depth:
                return i + 1
            depth -= 1
        elif not depth and (sign in "，：" or i < used):
            if i == number - 1 and sign == "，":
                continue
            return max(i + 1, used) if i >= used else used
    return max(start, used)


def _of_group(
    cleaned: Clean, document: Document, text: str, part: int, end: int, group: Sequence[Amount], time: _Time,
    annual: int | None, said: _Said,
) -> Iterator[Target]:  # fmt: skip
    first = group[0]
    words = text[part : first.start]
    unsure: list[str] = []
    named, begun = _names(text, part, end, words, group, said, unsure)
    year = time.year if time.year is not None else annual
    yearly = YEARLY.search(words)
    if yearly and not re.search(r"20\d\d年|十[四五]五", text[max(0, part - 30) : first.start]):
        year = annual
    if time.age and year:
        unsure.append("year_carried")
    comparator = next((a.comparator for a in group if a.comparator not in ("reach", "about")), first.comparator)
    stated = base_of(words, year)
    for i, (name, scope, amount) in enumerate(_paired(named, group)):
        own = amount.comparator if amount.comparator != "reach" else comparator
        if comparator in ("decrease_by", "increase_by"):
            own = comparator
        elif i and amount.comparator == "reach":
            own = first.comparator if "以上" not in first.behind and "左右" not in first.behind else "reach"
        if own == "reach" and said.comparator in ("decrease_by", "increase_by") and not names.trimmed(words):
            # 下降13.5%、力争14%: the second value goes the way of the first.
            own = said.comparator
        rises = own in ("decrease_by", "increase_by")
        base = stated
        if base is None and rises and not yearly and time.five:
            base = 2020
        if (
            base is None
            and rises
            and said.base
            and not yearly
            and own == said.comparator
            and "百分点" not in amount.unit
        ):
            base = said.base
            unsure.append("base_carried")
        if yearly and rises:
            name += f"（{yearly[0] if yearly[0] in ('年均', '每年') else '年均'}）"
            base = None if "同比" not in words else base
        if "力争" in words[-8:] and said.name and name == said.name:
            name += "（力争）"
        unit, value, high = _unit(amount, group, said)
        quote_start, quote_end = _quoted(cleaned, begun, group[-1].end, amount)
        first_place, last_place = cleaned.span(quote_start, quote_end)
        if last_place - first_place > _QUOTE:
            first_place = max(first_place, min(cleaned.places[amount.start], last_place - _QUOTE))
            last_place = min(last_place, first_place + _QUOTE)
        yield Target(
            document.number, clause_of(document.clauses, amount.start).id, name, scope, own, value, high, unit, base,
            year, cleaned.original[first_place:last_place], first_place, last_place,
            "high" if not unsure and name else "medium", tuple(dict.fromkeys(unsure)),
        )  # fmt: skip
        said.base = base if stated else said.base
        said.comparator, said.unit = own, unit
    bare = named[-1][0]
    said.name, said.scope = re.sub("（(?:力争|年均|每年)）$", "", bare) or said.name, named[-1][1]


def _quoted(cleaned: Clean, begun: int, end: int, amount: Amount) -> tuple[int, int]:
    start = max(begun, end - _QUOTE)
    while start < amount.start and cleaned.text[start] in "，、：；。）":
        start += 1
    return (start, end) if start <= amount.start else (amount.start, min(end, amount.start + _QUOTE))


def _unit(amount: Amount, group: Sequence[Amount], said: _Said) -> tuple[str, Decimal, Decimal | None]:
    unit = amount.unit or next((a.unit for a in group if a.unit), "")
    unit = "%" if unit == "翻番" else {"百分点": "个百分点"}.get(unit, unit)
    return unit, amount.value, amount.high


def _paired(
    named: Sequence[tuple[str, str | None]], group: Sequence[Amount]
) -> Iterator[tuple[str, str | None, Amount]]:
    if len(group) == 1:
        yield from ((name, scope, group[0]) for name, scope in named)
        return
    for i, amount in enumerate(group):
        yield (*named[min(i, len(named) - 1)], amount)


def _names(
    text: str, part: int, end: int, words: str, group: Sequence[Amount], said: _Said, unsure: list[str]
) -> tuple[list[tuple[str, str | None]], int]:
    """Names and scopes of a group's entries, and where its quote may begin."""
    first = group[0]
    name, scope = names.name_of(words)
    if len(group) > 1:
        many = names.listed(names.trimmed(words), len(group))
        if many is None:
            # 甲、乙X下降10%、5%: the places are listed, the indicator is one.
            places = re.match(r"(.+?[、和].+?(?:区|市|地区|省|县|企业|行业))(.{2,})$", name)
            if places and (spots := re.split(r"[、和]", places[1])) and len(spots) == len(group):
                return [(places[2], spot) for spot in spots], part
            unsure.append("list_unlike")
            return [(name or said.name, scope)] * len(group), part
        return [(n, scope) for n in many], part
    if re.match("的?节能(?:设计)?标准", first.after):
        return [(name + "节能设计标准", scope)], part
    if not first.unit and first.value < 1 and (shared := names.share(first.after)):
        return [shared], part
    if (first.unit == "%" and first.behind and not first.said) or (
        first.unit == "%" and re.match(r"的?[一-鿿]", first.after)
    ):
        shared = names.share(first.after)
        if shared and not (names.has_indicator(name) and first.said):
            return [shared], part
        if first.after.startswith("达标"):
            return [(name + "达标率", scope)], part
    if COUNTED.search(first.unit) or _things_behind(name, first):
        return [(names.counted(words, first.unit, first.after), scope)], part
    if re.search(r"倍", first.unit) and re.search("替代|置换|减量", first.after[:14] + words):
        of = re.sub(r"^.*(?:项目|企业)|实行|须|应|落实|区域内|原则上|执行|实施", "", name)
        return [(of + ("减量" if "减量" in first.after[:8] else "") + "替代倍数", None)], part
    if re.search("[均都各]", words[-8:]) and (many := _both(name)):
        return [(n, scope) for n in many], part
    if said.name and not names.has_indicator(name) and names.is_place(name) and not first.unit.endswith("元"):
        unsure.append("subject_elided")
        return [(said.name, name or said.scope)], part
    return [(name, scope)], part


def _things_behind(name: str, amount: Amount) -> bool:
    """Whether what is counted or measured stands behind the amount: 5.3亿吨钢铁产能."""
    acts = re.search("(?:完成|建成|新增|实现|具备)$", amount.before)
    if amount.unit in ("‰", "倍", "") or (amount.said and not acts) or names.has_indicator(name):
        return False
    if amount.unit == "%" and not amount.before.endswith("具备"):
        return False
    return re.match(r"的?(?![或和及并且与])[一-鿿]{2}", amount.after) is not None


def _both(name: str) -> list[str] | None:
    items = [w for w in re.split(r"、|(?<=[一-鿿])(?:和|及)(?=[一-鿿])", name) if w]
    return names.spread(items) if len(items) >= 2 else None
