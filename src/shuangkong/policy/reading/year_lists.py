"""Lists of values for several years (分年度): which year each value is for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shuangkong.policy.reading.subjects import Said
from shuangkong.policy.reading.times import years_listed, years_spanned
from shuangkong.policy.reading.values import Amount

#: What 分别 governs ends behind its values or with another time.
_ENDS_LIST = re.compile(r"[0-9][^，]*，|20\d\d年|年累计")


def years_of(text: str, first: Amount, named: Sequence[tuple[str, str | None]], group: Sequence[Amount]) -> list[int]:
    """The years of a list (2023年、2024年分别…) where each value is for one of them; else none."""
    before = text[max(0, first.start - 60) : first.start]
    before = re.split("[。；\n]", before)[-1]
    if "分别" not in before or len({n for n, _ in named}) != 1:
        return []
    if _ENDS_LIST.search(before.rsplit("分别", 1)[1]):
        return []
    years = years_listed(before.split("分别")[0]) or years_listed(before)
    if not years and len(spanned := years_spanned(before)) == len(group):
        return spanned
    if len(group) > 1:
        return years if len(years) == len(group) else []
    return years


def horizons(words: str, named: Sequence[tuple[str, str | None]], group: Sequence[Amount], said: Said) -> list[int]:
    """The years that a sentence went through, where behind them 分别 gives one thing a value for each; else none."""
    goes = "分别" in words and not re.search("[、和及与]", words) and len(set(named)) == 1
    return said.years if goes and 1 < len(group) == len(said.years) and said.years == sorted(said.years) else []
