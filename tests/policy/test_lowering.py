"""Targets as one-row tables, and the pace of a plan, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.kernel.numbers import quantise
from shuangkong.policy.api import DecisionTable, Target, lower_target, schedule, yearly_pace

BASE = {
    "slug": "share",
    "clause": "一",
    "indicator": "nonfossil_share",
    "subject": {"region": "000000"},
    "value": "20",
    "unit": "%",
    "year": 2025,
    "horizon": "year",
    "confidence": "synthetic",
    "source": {"doc": "试验文件", "place": "一", "known": "2022-01-01"},
}


def table(**changes: object) -> DecisionTable:
    """The table of the base target with these fields changed."""
    return lower_target(Target.model_validate({**BASE, **changes}))


@pytest.mark.parametrize(
    ("comparator", "operator"),
    [
        ("decrease_by", "ge"), ("increase_by", "ge"), ("at_least", "ge"), ("reach", "ge"), ("at_most", "le"),
        ("more_than", "gt"), ("less_than", "lt"),
    ],
)  # fmt: skip
def test_a_one_sided_target_compares_with_its_threshold(comparator: str, operator: str) -> None:
    """不低于 and 不超过 include the number itself, 超过 and 低于 do not; a fall is compared as a positive change."""
    found = table(comparator=comparator)
    assert [(i.name, i.unit) for i in found.inputs] == [("value", "%"), ("threshold", "%")]
    assert [(c.input, c.op, c.operand) for r in found.rows for c in r.when] == [("value", operator, "threshold")]
    assert (found.rows[0].id, found.rows[0].then, found.hit) == ("share", ("met",), "first")


@pytest.mark.parametrize(
    "band", [{"comparator": "between", "value_high": "25"}, {"comparator": "about", "tolerance": "1"}]
)
def test_a_band_includes_both_ends(band: dict[str, str]) -> None:
    """A band has two conditions, and `about` with a tolerance is a band."""
    found = table(**band)
    assert [i.name for i in found.inputs] == ["value", "threshold", "threshold_high"]
    assert [(c.op, c.operand) for c in found.rows[0].when] == [("ge", "threshold"), ("le", "threshold_high")]


def test_about_without_tolerance_stays_open() -> None:
    """A document that says 左右 is not read as more than it says."""
    found = table(comparator="about")
    assert (found.rows, found.open_because) == ((), "the document says about 20 and no tolerance is given")


def test_bounds_of_a_target() -> None:
    """A tolerance is laid around the figure as printed."""
    about = Target.model_validate({**BASE, "comparator": "about", "tolerance": "0.5"})
    assert about.bounds == (Decimal("19.5"), Decimal("20.5"))
    assert Target.model_validate({**BASE, "comparator": "reach"}).bounds == (Decimal(20), None)


def test_a_table_asks_only_for_its_inputs() -> None:
    """A row that names what is no input is refused when the table is made."""
    good = table(comparator="reach")
    with pytest.raises(ValueError) as caught:
        DecisionTable(id="t", inputs=good.inputs[:1], rows=good.rows, outputs=good.outputs)
    assert "row share asks for threshold, which is no input." in str(caught.value)
    with pytest.raises(ValueError) as caught:
        DecisionTable(id="t", inputs=good.inputs, rows=good.rows, outputs=())
    assert "row share gives 1 values for 0 outputs." in str(caught.value)


@pytest.mark.parametrize(
    ("total", "years", "pace"),
    [
        # 0.83^(1/5): 0.96342 squared is 0.928178, squared again 0.861515, times 0.96342 is 0.830000
        ("0.17", 5, "0.036580"),
        # ln 0.865 is -0.1450258, a fifth of it -0.0290052, and e to that 0.9714115
        ("0.135", 5, "0.028589"),
        # 0.19 over two years: 0.81 is 0.9 squared
        ("0.19", 2, "0.100000"),
        # a rise by 21 % over two years is 10 % a year
        ("-0.21", 2, "-0.100000"),
        ("0", 5, "0.000000"),
        ("1", 5, "1.000000"),
    ],
)
def test_compound_pace(total: str, years: int, pace: str) -> None:
    """1 − (1 − R)^(1/n), worked out by hand."""
    assert str(yearly_pace(Decimal(total), years, "compound")) == pace


def test_linear_pace() -> None:
    """R/n, with the last place rounded half away from zero."""
    assert str(yearly_pace(Decimal("0.17"), 5, "linear")) == "0.034000"
    assert str(yearly_pace(Decimal("0.10"), 3, "linear")) == "0.033333"
    assert str(yearly_pace(Decimal("0.20"), 3, "linear")) == "0.066667"


def test_schedule_by_hand() -> None:
    """0.3439 over four years is 10 % a year: 0.1, 0.19, 0.271, 0.3439 (compound), quarters of it (linear)."""
    total = Decimal("0.3439")
    compound = [str(schedule(total, t, 4, "compound")) for t in range(5)]
    assert compound == ["0.000000", "0.100000", "0.190000", "0.271000", "0.343900"]
    assert [str(schedule(total, t, 4, "linear")) for t in (0, 1, 2, 4)] == [
        "0.000000",
        "0.085975",
        "0.171950",
        "0.343900",
    ]


@pytest.mark.parametrize(("elapsed", "years"), [(-1, 5), (6, 5), (0, 0)])
def test_a_point_outside_the_plan_is_a_bug(elapsed: int, years: int) -> None:
    """Asking outside the plan's years is no user error but a wrong call."""
    with pytest.raises(ValueError):
        schedule(Decimal("0.1"), elapsed, years, "linear")


def test_more_than_everything_cannot_fall() -> None:
    """A fall by more than the whole is refused."""
    with pytest.raises(ValueError):
        schedule(Decimal("1.01"), 1, 5, "linear")


shares = st.integers(0, 900_000).map(lambda n: Decimal(n).scaleb(-6))


@given(shares, st.integers(1, 15))
def test_the_yearly_pace_adds_up_to_the_total(total: Decimal, years: int) -> None:
    """What is left after n yearly steps is what the total leaves, but for the rounding of the pace."""
    left = (1 - yearly_pace(total, years, "compound")) ** years
    assert abs(quantise(1 - left) - total) <= Decimal(years) * Decimal("0.000001")


@given(shares, st.integers(1, 15), st.integers(0, 14))
def test_a_schedule_never_goes_back(total: Decimal, years: int, elapsed: int) -> None:
    """A later year never asks for less, and the compound way asks for at least the linear share early on."""
    if elapsed < years:
        for method in ("compound", "linear"):
            assert schedule(total, elapsed, years, method) <= schedule(total, elapsed + 1, years, method)
        assert schedule(total, elapsed, years, "compound") <= total
