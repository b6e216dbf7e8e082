"""Numbers are exact, and units go there and back without a loss."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import parse_decimal, quantise
from shuangkong.kernel.units import all_units, base_of, convert, unit

figures = st.integers(-(10**18), 10**18).map(lambda n: Decimal(n).scaleb(-6))
PAIRS = [(a.id, b.id) for a in all_units() for b in all_units() if a.dimension == b.dimension]
STRANGERS = [("tce", "t"), ("kWh", "GJ"), ("tCO2", "tce"), ("CNY", "1")]


@given(figures, st.sampled_from(PAIRS))
def test_units_there_and_back(value: Decimal, pair: tuple[str, str]) -> None:
    """A figure put into another unit of its dimension and back is the same to the last digit."""
    assert convert(convert(value, *pair), *reversed(pair)) == value


@pytest.mark.parametrize(("a", "b"), STRANGERS)
def test_dimensions_never_mix(a: str, b: str) -> None:
    """Across dimensions there is no factor: what a document sets is never a unit."""
    with pytest.raises(UserError, match="UNIT-001"):
        convert(Decimal(1), a, b)


def test_every_name_of_a_unit_finds_it() -> None:
    """Ids, Chinese and English names lead to the unit; each dimension has a base of factor one."""
    for one in all_units():
        assert unit(one.id) == unit(one.label.zh) == one
        assert base_of(one.dimension).factor == 1


def test_an_unknown_unit_is_refused() -> None:
    """A name nobody knows is a user error."""
    with pytest.raises(UserError, match="UNIT-001 “斗” is not a known unit"):
        unit("斗")


@given(figures)
def test_numbers_as_typed_are_read(value: Decimal) -> None:
    """A plain, a grouped and a full-width figure are the same number."""
    full = str(f"{value:f}").translate(str.maketrans("0123456789.-", "０１２３４５６７８９．－"))
    assert parse_decimal(f"{value:f}") == parse_decimal(f"{value:,f}") == parse_decimal(full) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1 234", "1234"), ("-12 345 678.9", "-12345678.9"), ("1\u2009234.5", "1234.5"), ("- 5", "-5"), ("12. 5", "12.5")],
)
def test_blanks_separate_thousands_and_nothing_else(text: str, value: str) -> None:
    """A blank, also a thin or a hard one, stands before groups of three, or after a sign or a point."""
    assert parse_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,00",
        "12,34,567",
        "1e",
        "50%",
        "三",
        "nan",
        "inf",
        "1.2.3",
        "1 t",
        "5²",
        "①",
        "1 2",
        "12 34",
        "1 23 456",
        "2 .5 1",
        "１　２",
        "1\u00a02",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    """Anything doubtful is not guessed."""
    assert parse_decimal(text) is None


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.0000005", "0.000001"), ("-0.0000005", "-0.000001"), ("0.0000004999", "0"), ("2.5", "2.5")],
)
def test_half_goes_away_from_nought(value: str, rounded: str) -> None:
    """四舍五入: a half goes away from nought on both sides."""
    assert quantise(Decimal(value)) == Decimal(rounded)


@given(st.integers(-(10**40), 10**40).map(lambda n: Decimal(n).scaleb(-20)))
def test_rounding_moves_at_most_half(value: Decimal) -> None:
    """The rounded figure is within half of the sixth place, and rounding it again changes nothing."""
    from decimal import localcontext

    once = quantise(value)
    with localcontext() as ctx:
        ctx.prec = 80
        assert abs(once - value) <= Decimal("0.0000005")
    assert quantise(once) == once
