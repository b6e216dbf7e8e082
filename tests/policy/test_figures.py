"""Figures in texts: what is one, what number it is, and what is only layout or part of a word."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.policy.api import figures_in, number_of

DIGITS = "零一二三四五六七八九"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("到 2025 年下降 14. 0%以上", ["2025", "14.0"]),
        ("连续两个月预警的，五年内至少一次", ["两", "五"]),
        ("百分之十以上、三分之二", ["百分之十", "三分之二"]),
        ("１００万元至２００万元", ["100", "200"]),
        ("PM2.5、CO2 和 GB2589", []),
        ("“十四五”期间第三年，五年规划，二次能源", []),
        ("2021 年 12 月 28 日起", ["2021年12月28日"]),
        ("①节能量 30 吨", ["30"]),
        ("1,000 家", ["1,000"]),
    ],
)
def test_figures_of_a_text(text: str, printed: list[str]) -> None:
    """Arabic digits always, Chinese numerals where they count; names and numbering never."""
    assert [p for p, _ in figures_in(text)] == printed


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("14.5%", "14.5"),
        ("3000万吨", "3000"),
        ("百分之十", "10"),
        ("三个月", "3"),
        ("二十五年", "25"),
        ("三分之二", None),
    ],
)
def test_the_number_of_a_figure(printed: str, number: str | None) -> None:
    """万 behind Arabic digits is part of the unit; a fraction is its quotient."""
    assert number_of(printed) == (Decimal(number) if number else Decimal(2) / Decimal(3))


def test_a_word_is_no_number() -> None:
    """Where no number stands first there is none."""
    assert number_of("若干") is None


@given(st.integers(1, 9999))
def test_chinese_numerals_are_read_back(number: int) -> None:
    """Every numeral up to 9999, written out digit by digit, is the number it was."""
    assert number_of(_written(number) + "年") == number


def _written(number: int) -> str:
    text, zero = "", False
    for place, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + sign
            zero = False
        else:
            zero = True
    return text
