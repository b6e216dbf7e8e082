"""Amounts of rules (规则中的数): with their whole unit, and with which ends of a range are in (含、不含)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shuangkong.policy.figures import number_of
from shuangkong.policy.reading.rule_parts import Bound
from shuangkong.policy.reading.values import BEHIND, Amount, amounts

_LETTERS = re.compile(r"[A-Za-z]+[²³]?|厘米|毫米|米")
_PER_BEHIND = re.compile(r"/[一-鿿A-Za-z]{1,6}?(?=的|标准|给予|补|奖|扶|[，。；、）]|$)")
#: Whether the number itself is in: （含）, （不含）, （含本数）, （含200万元）.
_MARK = re.compile(r"[（(](?P<mark>不?含)[^（）()，；。]{0,12}[）)]")
_TO = re.compile("至|到|[-—~～－]")

#: Before a comparing word: what is not so.
NOT = "(?:[尚仍并均都还也]?(?:未能?|没有?|不得|不能|不会|不应|不宜|无法|难以|不))"
OPS = (
    (re.compile(rf"{NOT}(?:达到?|满|及)$|达不到$|不足$|不到$"), "<"),
    (re.compile(rf"{NOT}(?:达到?)?(?:超过?|突破|高于|大于|多于|过)$"), "<="),
    (re.compile(rf"{NOT}(?:低于|小于|少于)$|(?:达到?|至少|达到或者?超过)$"), ">="),
    (re.compile(r"(?:超过|突破|大于|高于|多于|过)$"), ">"),
    (re.compile(r"(?:低于|小于|少于)$"), "<"),
)
#: The other way round, where what is reached or not reached is an amount 以下.
DOWNWARD = {">=": "<=", "<": ">"}
#: Periods in a row.
RUN = re.compile(
    r"连续(?P<n>[0-9]{1,2}|[一二两三四五六七八九十]{1,2})个?(?P<unit>月|季度|年|次)(?P<what>[^，。；的]{0,20})"
)


def amounts_of(text: str, start: int, end: int) -> Iterator[Amount]:
    """The amounts of a sentence; 200万元（含）至1000万元 is one, and what a mark repeats is none."""
    marks = list(_MARK.finditer(text, start, end))
    every = [a for a in amounts(text, start, end) if not any(m.start() <= a.start < m.end() for m in marks)]
    skipped = None
    for n, amount in enumerate(every):
        after = every[n + 1] if n + 1 < len(every) else None
        if amount is skipped:
            continue
        mark = _MARK.match(text, amount.unit_end, end)
        to = _TO.match(text, mark.end(), end) if mark else None
        if to and after is not None and after.start == to.end() and amount.unit in ("", after.unit):
            skipped = after
            amount.high, amount.unit, amount.unit_end = after.value, after.unit, after.unit_end
            amount.behind, amount.end, amount.after = after.behind, after.end, after.after
        elif mark and not amount.behind and (behind := BEHIND.match(text, mark.end(), end)):
            amount.behind, amount.end, amount.after = behind[0], behind.end(), text[behind.end() : end]
        yield _whole(text, amount, end)


def _whole(text: str, amount: Amount, end: int) -> Amount:
    more = _LETTERS.match(text, amount.unit_end, end) if not amount.unit else None
    if amount.unit.endswith("元"):
        more = _PER_BEHIND.match(text, amount.unit_end, end)
    if more:
        amount.unit, amount.unit_end = amount.unit + more[0], more.end()
        amount.end, amount.after = more.end(), text[more.end() : end]
    return amount


def ends_in(text: str, amount: Amount, end: int) -> tuple[bool | None, bool | None]:
    """Whether the lower and the upper end of a range are said to be in; of one number the second says it."""
    last = _MARK.match(text, amount.unit_end, end) or _MARK.match(text, amount.end, end)
    first = next(_MARK.finditer(text, amount.start, amount.unit_end), None) if amount.high is not None else None
    return _in(first), _in(last)


def _in(mark: re.Match[str] | None) -> bool | None:
    return None if mark is None else mark["mark"] == "含"


def runs_in(text: str, start: int, end: int) -> Iterator[Bound]:
    """The bounds on periods in a row: 连续3个月预警为红色."""
    for run in RUN.finditer(text, start, end):
        number = number_of(run["n"] + "个")
        if number is not None:
            yield Bound(f"{run['what']}的连续{run['unit']}数", ">=", number, run["unit"])
