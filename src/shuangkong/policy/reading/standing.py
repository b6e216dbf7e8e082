"""How things stand (现状): clauses and figures that tell what is, among those that set what is to be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shuangkong.policy.reading import names
from shuangkong.policy.reading.values import Amount

#: Clauses that tell how things stand.
STANDS = re.compile(
    "(?:发展|工作|现实|产业|现有)基础|基础$|现状|(?:工作|主要|取得)成效|回顾|形势|(?:发展|规划|编制)背景|存在的?(?:主要)?问题|概况|进展情况|挑战|困难"
)
#: 2023年，…为41微克/立方米 and 2023年末…12万辆; not 到2023年, 2023年起 or 2023年底前.
_PLAIN_YEAR = re.compile(r"(?<![到至于自在])(20\d\d)年[底末]?(?!前|起)")
#: 50台机组2025年底前投产: until when stands between what is counted and what becomes of it.
BY_THEN = re.compile("[^，。；：、（0-9]{1,12}20[0-9]{2}年(?:[0-9]{1,2}月)?[底末]?前[^，。；：0-9]*(?:[，。；\n]|$)")
#: Since when things have stood: 2000年以前建成的小区.
BUILT = re.compile(
    "[在于]?20[0-9]{2}年[底末]?(?:及?以前|及?之前|前)(?:建成|建设|修建|竣工|投产|投运|投用|投入使用|注册|登记|生产|出厂|购置)(?:的|[^，。；0-9]{1,6}的)"
)
#: Before the figure stands what says that it is so, not that it is to be.
_SAYS = re.compile("(?<![标均])(?:为|是|有)$")
#: Years from the first of a plan to its last within which its years are all still to come.
_SHORT = 2
#: A list of years goes on.
_NEXT = re.compile("、20[0-9]{2}年")


def tells(
    text: str, amount: Amount, marks: Sequence[tuple[int, int, bool]], end: int, period: tuple[int, int] | None
) -> bool:
    """Whether an amount tells how things are in a year before the one that the goals right behind it are for."""
    year = next((m[:2] for m in reversed(marks) if m[0] < amount.start), None)
    if year is None or amount.comparator != "reach" or (amount.said and not _SAYS.search(amount.before)):
        return False
    if not _SAYS.search(amount.before) and _NEXT.match(text, amount.end):
        # 产能2024年10万吨、2025年20万吨: a list of years sets both.
        return False
    if not (spoken := _PLAIN_YEAR.match(text, year[0])) or "目标" in text[year[0] : amount.start]:
        return False
    short = period and period[1] - period[0] <= _SHORT and year[1] >= period[0]
    if short and names.ACT.match(text, spoken.end()):
        # 2024年完成改造420万千瓦 in a plan of 2024—2025 is to be done; in a longer plan it may have been.
        return False
    if not _SAYS.search(amount.before) and not names.has_indicator(names.trimmed(amount.before)):
        return False
    ahead = _AHEAD.search(text, spoken.end(), end + 60)
    return ahead is not None and int(ahead[1] or ahead[2]) > year[1]


_AHEAD = re.compile(r"(?<=[到至])(20\d\d)年|(?<=[，。；、\n])(20\d\d)年")
#: What is new or renewed, whenever that is.
_NEW = re.compile("新建|新上|改建|扩建|新改扩|新增[及和或、]更新|更新[及和或、]新增|新购")
_MUST = re.compile("原则上|不得|一律|必须|(?<![供相对响适反])应(?![用急对收])|须|严禁|禁止")


def standing_rule(words: str, amount: Amount) -> bool:
    """Whether an amount binds all that is new at any time (新建机组供电煤耗不高于270克, 新增及更新车辆原则上…)."""
    if not _NEW.search(words) or amount.comparator not in ("at_most", "at_least"):
        return False
    # Of amounts without such a word only norms are standing: per something, or without a unit (PUE).
    norm = not amount.unit or "/" in amount.unit
    return _MUST.search(words) is not None or (norm and amount.comparator == "at_most")
