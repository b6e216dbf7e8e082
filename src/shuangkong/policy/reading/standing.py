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
#: Before the figure stands what says that it is so, not that it is to be.
_SAYS = re.compile("(?<![标均])(?:为|是|有)$")


def tells(text: str, amount: Amount, marks: Sequence[tuple[int, int, bool]], end: int) -> bool:
    """Whether an amount tells how things are in a year before the one that the goals right behind it are for."""
    year = next((m[:2] for m in reversed(marks) if m[0] < amount.start), None)
    if year is None or amount.comparator != "reach" or (amount.said and not _SAYS.search(amount.before)):
        return False
    if not (spoken := _PLAIN_YEAR.match(text, year[0])) or "目标" in text[year[0] : amount.start]:
        return False
    if not _SAYS.search(amount.before) and not names.has_indicator(names.trimmed(amount.before)):
        return False
    ahead = _AHEAD.search(text, spoken.end(), end + 60)
    return ahead is not None and int(ahead[1] or ahead[2]) > year[1]


_AHEAD = re.compile(r"(?<=[到至])(20\d\d)年|(?<=[，。；、\n])(20\d\d)年")
