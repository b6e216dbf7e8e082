"""LMDI-I: sums and products exact, a worked example, zeros, and a second opinion in doubles."""

from __future__ import annotations

import math
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.dualcontrol.lmdi import Part, decompose, intensity_parts, mean

_FACTOR = st.decimals("0.001", "1000", places=3)


def test_a_worked_example() -> None:
    """Two industries; value added 60+40 → 90+60, energy 120+20 → 144+24: what growth, structure and efficiency did.

    Energy rises by 28 of 140. Activity alone (100 → 150, structure kept) would have raised it by the logarithmic mean
    times ln 1.5; structure did not move; intensity fell from 2.0 to 1.6 and from 0.5 to 0.4.
    """
    names = ("steel", "machines")
    factors, parts = intensity_parts(
        names,
        ({"steel": D(60), "machines": D(40)}, {"steel": D(90), "machines": D(60)}),
        ({"steel": D(120), "machines": D(20)}, {"steel": D(144), "machines": D(24)}),
    )
    found = decompose(factors, parts)
    effects = {e.factor: e.amount for e in found.effects}
    assert (found.before, found.after) == (D(140), D(168))
    weight = 28 / math.log(168 / 140)
    assert float(effects["activity"]) == pytest.approx(weight * math.log(1.5))
    assert effects["structure"] == 0
    assert float(effects["intensity"]) == pytest.approx(weight * math.log(0.8))
    assert sum(effects.values()) == 28
    ratios = {e.factor: e.ratio for e in found.effects}
    assert ratios["activity"] is not None
    assert float(ratios["activity"]) == pytest.approx(1.5)


@given(st.lists(st.tuples(*[_FACTOR] * 8), min_size=1, max_size=6))
def test_effects_sum_and_ratios_multiply_without_residual(rows: list[tuple[D, ...]]) -> None:
    """Four factors, any parts: additive effects sum to the change to the last digit, ratios multiply to the ratio."""
    parts = [Part(str(n), r[:4], r[4:]) for n, r in enumerate(rows)]
    found = decompose(("a", "b", "c", "d"), parts)
    assert sum(e.amount for e in found.effects) == found.change.quantize(D("0.000001"))
    product = D(1)
    for e in found.effects:
        assert e.ratio is not None
        product *= e.ratio
    assert abs(product * found.before - found.after) <= found.after * D("1e-20")
    # a second opinion, in doubles and by the formula as it is printed
    for n, e in enumerate(found.effects):
        plain = math.fsum(
            _mean(math.prod(map(float, r[4:])), math.prod(map(float, r[:4]))) * math.log(float(r[4 + n]) / float(r[n]))
            for r in rows
        )
        size = max(float(found.before), float(found.after))
        exact = sum(e.by_part.values())
        assert float(exact) == pytest.approx(plain, abs=1e-9 + size * 1e-9)
    # each is rounded to the step; what that leaves of the change goes to one of them alone
    off = [abs(e.amount - sum(e.by_part.values())) for e in found.effects]
    assert sorted(off)[-2] <= D("0.0000005")
    assert max(off) <= D("0.0000025")


def _mean(a: float, b: float) -> float:
    return a if abs(a / b - 1) < 1e-9 else (a - b) / math.log(a / b)


@given(st.tuples(*[_FACTOR] * 6))
def test_turning_time_round_turns_the_signs(row: tuple[D, ...]) -> None:
    """What raised a figure forwards lowered it backwards."""
    there = decompose(("a", "b", "c"), [Part("x", row[:3], row[3:])])
    back = decompose(("a", "b", "c"), [Part("x", row[3:], row[:3])])
    for e, f in zip(there.effects, back.effects, strict=True):
        assert abs(e.amount + f.amount) <= D("0.000005")


def test_parts_that_appear_or_vanish_go_to_the_factor_that_was_zero() -> None:
    """The standard treatment of zeros in its limit: the zero factor bears the part's whole change; it is named."""
    parts = [Part("new", (D(100), D(0), D(2)), (D(120), D("0.5"), D(2))),
             Part("gone", (D(100), D(1), D(3)), (D(120), D("0.5"), D(0)))]  # fmt: skip
    found = decompose(("activity", "structure", "intensity"), parts)
    effects = {e.factor: e for e in found.effects}
    assert effects["structure"].by_part["new"] == 120
    assert effects["intensity"].by_part["gone"] == -300
    assert (found.appeared, found.vanished) == (("new",), ("gone",))
    assert found.zero_factors == {"new": ("structure",), "gone": ("intensity",)}
    assert sum(e.amount for e in found.effects) == found.change


def test_a_small_amount_in_place_of_nought_leads_to_the_limit() -> None:
    """With 10⁻⁴⁰ in place of zero (Ang 1998) the effects are those of the closed form, nearly."""
    tiny = D("1e-40")
    near = decompose(("a", "s", "i"), [Part("x", (D(100), tiny, D(2)), (D(120), D("0.5"), D(2)))])
    limit = decompose(("a", "s", "i"), [Part("x", (D(100), D(0), D(2)), (D(120), D("0.5"), D(2)))])
    for e, f in zip(near.effects, limit.effects, strict=True):
        assert abs(e.amount - f.amount) < D("0.5")


def test_wrong_parts_are_refused_by_name() -> None:
    """A negative factor, a missing one, a name twice, energy without output."""
    with pytest.raises(ValueError, match="below nought"):
        decompose(("a",), [Part("x", (D(-1),), (D(1),))])
    with pytest.raises(ValueError, match="has not 2"):
        decompose(("a", "b"), [Part("x", (D(1),), (D(1),))])
    with pytest.raises(ValueError, match="one name"):
        decompose(("a",), [Part("x", (D(1),), (D(1),))] * 2)
    with pytest.raises(ValueError, match="no intensity"):
        intensity_parts(("x",), ({"x": D(0)}, {"x": D(1)}), ({"x": D(1)}, {"x": D(1)}))


def test_the_mean_of_near_figures_lies_between_them() -> None:
    """Where the quotient would lose its digits the series does not."""
    a, b = D(1), D(1) + D("1e-20")
    assert a < mean(a, b) < b
