"""Quantitative targets (定量目标) of a document, as sentences set them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.policy.reading import names
from shuangkong.policy.reading.clean import Clean
from shuangkong.policy.reading.filters import goes_on, is_target, of_which, past
from shuangkong.policy.reading.model import Clause, Document, Target
from shuangkong.policy.reading.periods import spans_plan
from shuangkong.policy.reading.standing import BUILT, BY_THEN, STANDS, standing_rule, tells
from shuangkong.policy.reading.subjects import Said, subjects
from shuangkong.policy.reading.times import (
    FIVE,
    THAN,
    YEARLY,
    base_of,
    five_alone,
    years_at,
)
from shuangkong.policy.reading.tree import clause_of, number_at
from shuangkong.policy.reading.values import Amount, amounts
from shuangkong.policy.reading.year_lists import horizons, years_of

_SENTENCE = re.compile(r"[。！？\n；]")
_QUOTE = 60
#: No sentence is longer; a file that never stops is cut so that reading it stays quick.
_LONGEST = 160
_CONDITIONS = re.compile("(?:符合|满足|具备)(?:以下|下列)[^。]{0,6}条件")
_GOAL = re.compile("目标|指标")
#: What stands between 其中 and a year that dates a part of a total alone.
_OF_PART = re.compile("其中[^，。；]*$")
_COMPARED = re.compile(rf"{THAN}20\d\d年")
#: The year of a peak is no year of the goals around it.
_PEAK = re.compile("[在于]?20[0-9]{2}年(?:左右|前后|之?前)?[^，。；0-9]{0,8}(?:达峰|峰值)")
#: 以2020年为基数, 与2020年相比， hold for the whole sentence.
_AGAINST = re.compile(r"以(20\d\d)年[^，。]{0,14}为(?:基数|基期|基准|参照)|(?:较|比|与|同)(20\d\d)年(?:相比)?，")


@dataclass(slots=True)
class _Time:
    """The year that numbers are for at a place, and whether a five-year period was named."""

    year: int | None = None
    five: bool = False
    age: int = 0
    #: Whether the year stood behind what it is for (覆盖率到2027年底达到60%): it holds up to the full stop.
    own: bool = False
    #: Whether the paragraph has been telling of what has been, with no time to come since.
    behind: bool = False


def targets(cleaned: Clean, document: Document) -> Iterator[Target]:
    """The targets of a document in order."""
    text = cleaned.text
    last = document.period[1] if document.period else None
    annual = document.period[0] == document.period[1] if document.period else False
    stands = {c.id for c in document.clauses if c.rank and STANDS.search(c.title[:16]) and not _GOAL.search(c.title)}
    stands |= {c.id for c in document.clauses if any(c.id.startswith(s) for s in stands)}
    goals = {c.id for c in document.clauses if c.rank and _GOAL.search(c.title[:16])}
    time, held, under, goal = _Time(), False, "", ""
    below: int | None = None
    heads = 0
    said = Said()
    for start, end, broken in sentences(text, document.start, document.end):
        if broken or text[start - 1 : start] != "；":
            said = Said()
        number = number_at(text, start)
        start = min(end, number[3]) if number else start
        clause = clause_of(document.clauses, start)
        if _conditions(text, document, clause, start, end):
            continue
        goal, before = next((g for g in sorted(goals) if clause.id.startswith(g)), ""), goal
        time.age += 1
        if under and not (clause.id.startswith(under) and (number or clause.id != under)):
            under = ""
        carried = goal and goal == before
        if time.own and not carried and text[start - 1 : start] == "。":
            time = _Time(behind=time.behind)
        if not carried and not held and not under and (broken or time.age > 1):
            time = _Time(behind=time.behind)
        if broken:
            time.behind = clause.id in stands
        if (
            goal
            and time.year is None
            and not annual
            and "五”" not in text[start:end]
            and last in _coming(text, document, start)
        ):
            # 控制在…以内；…2025年下降…: goals before the year that all of them are for.
            time.year, time.age = last, 1
        heads += bool(number) and clause.rank <= 3
        below = below if heads < 2 else None
        if below and time.year is None and not number and _COMPARED.search(text, start, end):
            # 到2025年 on its line goes on below a heading for what is compared with a year before.
            time.year, time.age = below, 1
        found = list(_sentence(cleaned, document, start, end, time, last if annual else None, said))
        if found:
            time.age = 0
        # 到2025年 on a line of its own is for what stands below it, 到2025年实现：for the list below it.
        held = time.year is not None and not time.age and end - start <= 12 and not found
        if held:
            below, heads = time.year, 0
        if time.year is not None and not time.age and not found and text[end - 1] == "：":
            held, under = True, clause.id
        yield from found


def _coming(text: str, document: Document, start: int) -> list[int]:
    """The first year that a paragraph names from here on, if any."""
    stop = text.find("\n", start, document.end)
    found = years_at(text, start, stop if stop >= 0 else document.end, document.period)
    return [year for _, year, _ in found][:1]


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether a paragraph ended before it) of every sentence; stops in brackets do not end one."""
    at, depth, broken = start, 0, True
    for i in range(start, end):
        sign = text[i]
        depth = 0 if sign == "\n" else max(0, depth + (sign in "（〔") - (sign in "）〕"))
        so_far = i - at
        too_long = so_far >= _LONGEST and (sign == "，" or (so_far >= _LONGEST + 500 and not sign.isalnum()))
        too_long = too_long or so_far >= _LONGEST + 1000
        if too_long or (_SENTENCE.match(sign) and (not depth or sign == "\n")):
            if i > at:
                yield at, i, broken
                broken = False
            broken = broken or sign == "\n"
            at = i + 1
    if at < end:
        yield at, end, broken


def _sentence(
    cleaned: Clean, document: Document, start: int, end: int, time: _Time, annual: int | None, said: Said,
) -> Iterator[Target]:  # fmt: skip
    text = cleaned.text
    marks = list(years_at(text, start, end, document.period))
    # A date phrase in a name or a title is none of the sentence's.
    marks = [m for m in marks if text.rfind("《", start, m[0]) <= text.rfind("》", start, m[0])]
    # 在2028年左右达到峰值 dates the peak alone.
    marks = [m for m in marks if not _PEAK.match(text, m[0])]
    since = document.period[0] if document.period else 0
    # 2000年以前建成的小区: since when they have stood is no time of the sentence.
    marks = [m for m in marks if m[1] >= since or not BUILT.match(text, m[0])]
    groups = _groups(text, list(amounts(text, start, end)))
    against = _AGAINST.search(text, start, end)
    said.whole = int(against[1] or against[2]) if against else said.whole
    whole = next(((y, f) for p, y, f in reversed(marks) if not _OF_PART.search(text, start, p)), (time.year, time.five))
    ahead = [p for p, year, _ in marks if year >= since and not _until(text, p) and not spans_plan(text, p)]
    used = start
    kept: Sequence[Amount] = said.group
    for group in groups:
        first = group[0]
        by_then = BY_THEN.match(group[-1].after)
        upto = group[-1].end + by_then.end() if by_then else first.start
        for place, year, five in marks:
            if place < upto:
                time.year, time.five, time.age, time.own = year, five, 0, _dates(text, start, place)
        said.years = list(dict.fromkeys(year for place, year, _ in marks if place < first.start))
        coming = max((p for p in ahead if p < first.start), default=-1)
        was = past(text, start, first.start, coming) or (time.year is not None and not time.age and time.year < since)
        time.behind = was or (time.behind and coming < 0)
        part = _part(text, start, first.start, used)
        if time.behind or tells(text, first, marks, end, document.period):
            kept = []
            name = names.name_of(text[part : first.start])[0]
            said.name = name if names.has_indicator(name) else said.name
            used = max(used, group[-1].end)
            continue
        sets = (
            is_target(text, start, end, part, group)
            or (kept and goes_on(text, kept[-1], part, group))
            or of_which(text[max(start, first.start - 20) : first.start], group, said.units)
        )
        if not sets:
            kept = []
            continue
        over = time.age and annual is None and text[start - 1 : start] == "。"
        if over and standing_rule(text[part : first.start], first):
            time.year, time.five = None, False
        yield from _of_group(cleaned, document, text, part, end, group, time, annual, said)
        used = group[-1].end
        kept = said.group = group
        said.units |= {a.unit for a in group}
    if not groups:
        coming = max(ahead, default=-1)
        time.behind = past(text, start, end, coming) or (time.behind and coming < 0)
    for place, year, five in marks:
        # 到2025年 without a number holds for the sentence behind it.
        if place >= used and text[place - 1 : place] in ("到", "至"):
            time.year, time.five, time.age, time.own = year, five, 0, False
    if marks and _OF_PART.search(text, start, marks[-1][0]) and time.year == marks[-1][1]:
        # 新增150万千瓦，其中2024年70万千瓦；… goes on with the year of the whole.
        time.year, time.five = whole


#: No name of an indicator is longer; a text of years alone would be gone through again for each of them.
_LONGEST = 160


def _dates(text: str, start: int, place: int) -> bool:
    """Whether a year stands behind what it is for."""
    words = re.split("[，；：]", text[max(start, place - _LONGEST - 1) : place])[-1]
    return len(words) <= _LONGEST and names.has_indicator(names.trimmed(words.rstrip("到至在")))


def _begun(text: str, at: int) -> int:
    """Where the sentence around a place begins."""
    return max(text.rfind(stop, 0, at) + 1 for stop in "。\n；")


def _conditions(text: str, document: Document, clause: Clause, start: int, end: int) -> bool:
    """Whether a sentence stands in the list of conditions that somebody has to meet (符合下列条件：…)."""
    if _CONDITIONS.search(text, clause.start if clause.rank < 5 else max(clause.start - 200, document.start), end):
        return True
    spoken = list(_CONDITIONS.finditer(text, max(document.start, start - 300), start))
    if not spoken or "。" in text[spoken[-1].end() : start][:8]:
        return False
    around = clause_of(document.clauses, spoken[-1].start())
    return around.id != clause.id and around.rank > 0 and clause.id.startswith(around.id)


def _until(text: str, place: int) -> bool:
    """Whether a year says until when something has been counted (截至2022年底)."""
    return text[place - 2 : place] in ("截至", "截止")


def _groups(text: str, found: Sequence[Amount]) -> list[list[Amount]]:
    """Amounts that follow one another as a list (55%、45%) belong together."""
    groups: list[list[Amount]] = []
    for amount in found:
        if groups and re.fullmatch(r"[、和及与/]|以及|，", text[groups[-1][-1].end : amount.start]):
            between = text[groups[-1][-1].end : amount.start]
            bare = not groups[-1][-1].unit and between == "、"
            same = bare or (bool(groups[-1][-1].unit) and groups[-1][-1].unit[-1:] == amount.unit[-1:])
            # PM2.5浓度、优良天数比率分别达到34微克/立方米、83%
            same = same or (between == "/" and {groups[-1][-1].unit[-3:], amount.unit[-3:]} == {"万千瓦", "千瓦时"})
            same = same or (between == "/" and amount.unit == groups[-1][-1].unit + "时")
            same = same or (between in ("、", "和") and re.search("分别.{0,4}$", groups[-1][0].before) is not None)
            listed = "分别" in groups[-1][0].before and not re.match("的?[一-鿿]", amount.after)
            if same and (between != "，" or listed):
                groups[-1].append(amount)
                continue
        groups.append([amount])
    for group in groups:
        # 500、900、60万千瓦: the unit stands behind the last.
        for amount in group:
            # 20个、10个百分点: the first is cut short.
            short = amount.unit in ("", "个", "万", "亿") and group[-1].unit.startswith(amount.unit)
            amount.unit = group[-1].unit if short else amount.unit
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
    annual: int | None, said: Said,
) -> Iterator[Target]:  # fmt: skip
    first = group[0]
    words = text[part : first.start]
    unsure: list[str] = []
    named, begun = subjects(text, part, end, words, group, said, unsure)
    year = time.year if time.year is not None else annual
    yearly = YEARLY.search(words)
    if yearly and not re.search(r"20\d\d年|十[四五]五", re.split("[。\n]", text[max(0, part - 240) : first.start])[-1]):
        year = annual
        if yearly[0] == "每年" and not time.five:
            time.year = None
    five = time.five or ("五年" in words and year is not None and year % FIVE == 0)
    if annual and time.age and year != annual:
        # A plan for one year takes no other over from what was told before.
        year, five = annual, False
    if year is None and first.comparator in ("decrease_by", "increase_by") and not yearly:
        year, five = five_alone(text, _begun(text, first.start), first.start), True
    elif time.age and year:
        unsure.append("year_carried")
    stated = base_of(words, year)
    times = re.search(r"(20\d\d)年(?:底|末)?的$", words)
    if times and first.unit == "倍":
        stated = int(times[1])
    years = years_of(text, first, named, group) or horizons(words, named, group, said)
    went = said.comparator
    for name, scope, amount, own, its in _paired(named, _compared(group), years or [year]):
        year = its
        another = re.fullmatch("(?:力争|激励|奋斗|预期|约束性?|基本)目标|目标|激励|奋斗", names.trimmed(words))
        if another and said.name:
            name, year = said.name, year or said.year
            five = five or year == said.year
        if (
            own == "reach"
            and said.comparator in ("decrease_by", "increase_by")
            and (another or (not names.trimmed(words) and not first.said))
        ):
            # 下降13.5%、力争14%: the second value goes the way of the first.
            own = said.comparator
        rises = own in ("decrease_by", "increase_by")
        base = stated
        if base is None and rises and not yearly and five and year:
            base = year - FIVE
        if base is None and rises and said.whole and not yearly and "再" not in words[-6:]:
            base = said.whole
        if base is None and rises and said.base and not yearly and own == went and "百分点" not in amount.unit:
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
        said.comparator, said.year = own, year
    bare = named[-1][0]
    bare = re.sub("（(?:力争|年均|每年)）$|(?:年均)?(?:增速|增幅|增长率)$", "", bare)
    said.name, said.scope = bare or said.name, named[-1][1]
    said.by_unit[first.unit] = said.name


def _quoted(cleaned: Clean, begun: int, end: int, amount: Amount) -> tuple[int, int]:
    start = max(begun, end - _QUOTE)
    while start < amount.start and cleaned.text[start] in "，、：；。）":
        start += 1
    return (start, end) if start <= amount.start else (amount.start, min(end, amount.start + _QUOTE))


def _unit(amount: Amount, group: Sequence[Amount], said: Said) -> tuple[str, Decimal, Decimal | None]:
    unit = amount.unit or next((a.unit for a in group if a.unit), "")
    unit = "%" if unit == "翻番" else {"百分点": "个百分点"}.get(unit, unit)
    return unit, amount.value, amount.high


def _compared(group: Sequence[Amount]) -> Iterator[tuple[Amount, str]]:
    """Each amount of a list with how it is compared: as the first says, or as words behind the last say for all."""
    first, last = group[0], group[-1]
    for amount in group:
        own = amount.comparator
        if own == "reach" and amount is not first and not first.behind:
            own = first.comparator
        pair = amount.unit + "时" == last.unit
        if own == "reach" and (amount.unit == last.unit or pair) and not any(a.behind for a in group[:-1]):
            own = last.comparator
        if first.comparator in ("decrease_by", "increase_by"):
            own = first.comparator
        yield amount, own


def _paired(
    named: Sequence[tuple[str, str | None]], group: Iterator[tuple[Amount, str]], years: Sequence[int | None]
) -> Iterator[tuple[str, str | None, Amount, str, int | None]]:
    """(name, scope, amount, comparator, year) of each entry: as many as there are names, values or years."""
    compared = list(group)
    for i in range(max(len(named), len(compared), len(years))):
        amount, own = compared[min(i, len(compared) - 1)]
        yield (*named[min(i, len(named) - 1)], amount, own, years[min(i, len(years) - 1)])
