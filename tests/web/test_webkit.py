"""Figures as people read them, lists, and charts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shuangkong.webkit.api import (
    STATUS_MARKS,
    Axes,
    Series,
    bar_chart,
    figure,
    grouped,
    line_chart,
    nice_ticks,
    period_words,
    stack_chart,
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


def test_units_and_periods_in_words() -> None:
    """Units and periods are written as each language has them; what is unknown stays as it is."""
    assert unit_words("kgce/product unit", "zh") == "千克标准煤/单位产品"
    assert unit_words("furlong", "en") == "furlong"
    assert period_words("P2016-2020", "en") == "2016–2020"
    assert period_words("2025-03", "zh") == "2025年3月"
    assert period_words("sometime", "en") == "sometime"


def test_a_gap_in_a_line_is_a_gap() -> None:
    """A missing value breaks the line and says why; the line is never drawn across it."""
    values = (Decimal(1), Decimal(2), None, Decimal(4), Decimal(5))
    svg = line_chart(
        Axes(("a", "b", "c", "d", "e"), "%", "t"),
        [Series("s", "reached", values, "disc", ("", "", "why <not>", "", ""))],
    )
    assert svg.count("<polyline") == 2
    assert svg.count("<circle") == 4
    assert "why &lt;not&gt;" in svg
    assert "style=" not in svg


def test_bars_and_stacks_escape_and_stand_on_nought() -> None:
    """Bars start at nought, also downwards; labels are escaped."""
    axes = Axes(("<b>", "2"), "x & y", "t")
    bars = bar_chart(axes, Series("s", "yearly", (Decimal(-2), Decimal(3))), Series("l", "limit", (Decimal(1), None)))
    assert bars.count('class="bar') == 2
    assert bars.count('class="limit"') == 1
    assert "&lt;b&gt;" in bars
    parts = [Series("a", "part-coal", (Decimal(1), None)), Series("b", "part-oil", (Decimal(2), None))]
    assert stack_chart(axes, parts).count('class="gap"') == 1


@pytest.mark.parametrize(("low", "high"), [(0, 15), (-4, 4), (0.61, 0.7), (5, 5), (0, 1e7)])
def test_ticks_are_round_and_span(low: float, high: float) -> None:
    """The scale holds both ends with few round steps."""
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 3 <= len(ticks) <= 9


def test_each_status_has_its_own_shape() -> None:
    """Statuses can be told apart without colour."""
    assert len({m.shape for m in STATUS_MARKS.values()}) == len(STATUS_MARKS)
