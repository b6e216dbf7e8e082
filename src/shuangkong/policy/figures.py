"""Figures as documents print them (数字): found in a text, and read as exact numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}
_GREAT = {"万": 10_000, "亿": 100_000_000}
_CHINESE = "零〇一二两三四五六七八九十百千万亿"
_ARABIC = r"(?<![A-Za-z0-9.])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?![0-9.])"
#: What a Chinese numeral has to count before it is a figure; 一 and 两 stand in too many other words.
_COUNTED = r"个?(?:月|季度|工作日|小时)|年(?!度|规划|计划)|倍|成(?=以上|以下|以内)|天|日内"
#: A day or a month of a year is one figure.
_DATE = r"(?:[0-9]{4}年)?[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}年[0-9]{1,2}月(?![0-9])"
_SPELT = rf"百分之[{_CHINESE}]+|[一二两三四五六七八九十百千]+分之[{_CHINESE}]+|[{_CHINESE}]+(?=(?:{_COUNTED}))"
_FIGURE = re.compile(rf"(?P<date>{_DATE})|(?P<arabic>{_ARABIC})|(?P<spelt>{_SPELT})")
#: Numerals that count nothing: 十四五, 一年一度, 第一年, 二十大; years written out have no unit either.
_NOT_BEFORE = ("第", "每一", "五")
_ITEM = re.compile("[①-⑳⑴-⒇]")
_BLANK = re.compile(r"(?<=[0-9.])[ \t\r\n]+(?=[0-9.%年月日])|(?<=[年月])[ \t\r\n]+(?=[0-9])")


def tidy(text: str) -> str:
    """The text in half-width digits and without the blanks and line ends that page layout puts inside numbers."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", _ITEM.sub(" ", text)).replace("，", ","))


def figures_in(text: str) -> Iterator[tuple[str, int]]:
    """Each figure of a text as printed, and where it starts in `tidy(text)`.

    Arabic digits always, unless letters stand right before them (PM2.5, CO2); Chinese numerals where they count a
    time or a multiple, or say a fraction.
    """
    tidied = tidy(text)
    for found in _FIGURE.finditer(tidied):
        if found["spelt"] and (tidied[: found.start()].endswith(_NOT_BEFORE) or not number_of(found[0])):
            continue
        yield found[0], found.start()


def number_of(printed: str) -> Decimal | None:
    """The number that a printed figure starts with: 14.5%, 3000万吨 → 3000, 百分之十 → 10, 三个月 → 3; else None.

    万 and 亿 behind Arabic digits belong to the unit, as documents print them; inside a Chinese numeral they count.
    """
    text = tidy(printed).strip()
    found = re.match(r"-?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?", text)
    if found:
        return Decimal(found[0].replace(",", ""))
    fraction = re.match(rf"(百|[{_CHINESE}]+)分之([{_CHINESE}]+)", text)
    if fraction:
        below, above = _spelt(fraction[1]), _spelt(fraction[2])
        if below is None or above is None:
            return None
        return Decimal(above) if below in (1, 100) else Decimal(above) / Decimal(below)
    spelt = re.match(rf"[{_CHINESE}]+", text)
    value = _spelt(spelt[0]) if spelt else None
    return None if value is None else Decimal(value)


def _spelt(text: str) -> int | None:
    """A Chinese numeral as a number: 二十五 → 25, 百 → 100; None where it is none."""
    total = part = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _TENS:
            part, digit = part + (digit or 1) * _TENS[sign], 0
        elif sign in _GREAT:
            total, part, digit = (total + part + digit) * _GREAT[sign], 0, 0
        else:
            return None
    return total + part + digit or None
