"""Figures as people read them, and lists."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.webkit.api import (
    STATUS_MARKS,
    figure,
    grouped,
    period_words,
    unit_words,
)


@pytest.mark.parametrize(
    ("value", "unit", "zh"),
    [
        ("12345678", "tce", "1234.57\u2009万吨标准煤"),
        ("9999", "tce", "9999\u2009吨标准煤"),
        ("-3.658", "%", "−3.66%"),
        ("0.204", "kgce/kWh", "0.204\u2009千克标准煤/千瓦时"),
        ("1732.34", "kgce/t", "1732.3\u2009千克标准煤/吨"),
        ("0.61943", "tce/10k_CNY", "0.619\u2009吨标准煤/万元"),
        ("0.000012", "%", "0.00001%"),
        ("0", "%", "0%"),
        ("1234567", "t", "1\u2009234\u2009567\u2009吨"),
    ],
)
def test_a_figure_bears_the_digits_of_its_unit(value: str, unit: str, zh: str) -> None:
    """Size chooses the unit, the unit the digits; no figure that is not nought is shown as nought."""
    assert str(figure(Decimal(value), unit, "zh")) == zh


def test_what_is_missing_is_a_dash() -> None:
    """A missing figure is never a nought."""
    assert str(figure(None, "%", "zh")) == "—"


def test_changes_are_signed() -> None:
    """A change says its direction with a true minus or a plus."""
    assert grouped(Decimal("1.5"), 2, signed=True) == "+1.5"
    assert grouped(Decimal("-1.5"), 2, signed=True) == "−1.5"
    assert grouped(Decimal("-0.001"), 2) == "0"


@given(st.decimals(-(10**15), 10**15, allow_nan=False, places=6), st.integers(0, 6))
def test_a_figure_keeps_its_digits(value: Decimal, places: int) -> None:
    """Without its thin spaces a figure is the number, rounded; threes stand from five digits on."""
    text = grouped(value, places)
    half = Decimal(5).scaleb(-places - 1).copy_sign(value)
    wanted = (value + half).quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
    assert Decimal(text.replace("\u2009", "").replace("\u2212", "-")) == wanted
    whole = text.partition(".")[0].lstrip("\u2212")
    assert all(len(part) == 3 for part in whole.split("\u2009")[1:])
    assert ("\u2009" in whole) == (len(whole.replace("\u2009", "")) > 4)


def test_units_and_periods_in_words() -> None:
    """Units and periods are written as each language has them; what is unknown stays as it is."""
    assert unit_words("kgce/product unit", "zh") == "千克标准煤/单位产品"
    assert unit_words("furlong", "en") == "furlong"
    assert period_words("P2016-2020", "en") == "2016–2020"
    assert period_words("2025-03", "zh") == "2025年3月"
    assert period_words("sometime", "en") == "sometime"


def test_each_status_has_its_own_shape() -> None:
    """Statuses can be told apart without colour."""
    assert len({m.shape for m in STATUS_MARKS.values()}) == len(STATUS_MARKS)
