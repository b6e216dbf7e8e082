"""Sharing out: energy closes, no name or order matters, more potential never means less effort."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shuangkong.dualcontrol.sharing import (
    Clash,
    Criterion,
    SharedOut,
    Sharer,
    Terms,
    by_productivity,
    equal_rate,
    grandfathered,
    share_out,
)

CRITERIA = (Criterion("potential", D("0.6")), Criterion("past_effort", D("0.4"), -1))


@st.composite
def _cases(draw: st.DrawFn) -> tuple[list[Sharer], Terms]:
    figure = st.decimals("1", "100000", places=2)
    sharers = []
    for n in range(draw(st.integers(1, 8))):
        low = draw(st.decimals("0", "10", places=1))
        sharers.append(Sharer(
            f"r{n}", draw(figure), draw(st.decimals("0.8", "2", places=3)), low,
            low + draw(st.decimals("0", "20", places=1)),
            {c.id: draw(figure) for c in CRITERIA if draw(st.booleans())}, draw(st.decimals("0", "10", places=2)),
        ))  # fmt: skip
    whole = sum((s.energy for s in sharers), D(0))
    free = sum((s.energy * s.growth for s in sharers), D(0))
    terms = Terms(
        draw(st.decimals("0", "20", places=1)), whole, (free / whole).quantize(D("0.0001")), CRITERIA,
        draw(st.decimals("0", "2", places=1)), draw(st.decimals("0", "0.05", places=3)),
        draw(st.decimals("0", "5", places=1)),
    )  # fmt: skip
    return sharers, terms


def test_a_worked_example() -> None:
    """Two cities of 100 tce, growth 1.2, 13.5 % asked of the whole, a city with twice the potential of the other.

    Potential is 2 and 1, the mean 1.5: +1/3 and −1/3 of a weight of 0.6 and a spread of 3 points: 14.1 and 12.9 %.
    120 × (1 − 14.1 %) = 103.08 and 120 × (1 − 12.9 %) = 104.52: together 207.6 = 240 × (1 − 13.5 %).
    """
    a = Sharer("a", D(100), D("1.2"), criteria={"potential": D(2)})
    b = Sharer("b", D(100), D("1.2"), criteria={"potential": D(1)})
    found = share_out([a, b], Terms(D("13.5"), D(200), D("1.2"), CRITERIA[:1], spread=D(3)))
    assert isinstance(found, SharedOut)
    assert [(s.rate, s.allowed) for s in found.shares] == [(D("14.1"), D("103.08")), (D("12.9"), D("104.52"))]
    assert found.total == D("207.6")
    assert found.reserve == found.kept == 0
    assert found.shares[0].moved == {"potential": D("0.6")}


@settings(max_examples=1000, deadline=None)
@given(_cases())
def test_energy_closes_or_the_clash_is_named(case: tuple[list[Sharer], Terms]) -> None:
    """A thousand decompositions: parts, listed projects and reserve make up the whole to the last digit."""
    sharers, terms = case
    found = share_out(sharers, terms)
    if isinstance(found, Clash):
        assert found.missing > 0
        assert set(found.at) == {s.id for s in sharers}
        return
    assert sum(x.allowed + x.apart for x in found.shares) + found.reserve == found.total
    assert found.reserve >= found.kept
    for x, s in zip(found.shares, sharers, strict=True):
        assert s.low <= x.rate <= s.high
        assert x.rate % terms.step == 0
        assert x.rate >= x.solved - D("0.000001")


@settings(max_examples=200, deadline=None)
@given(_cases(), st.randoms())
def test_neither_order_nor_names_change_a_digit(case: tuple[list[Sharer], Terms], chance: random.Random) -> None:
    """Regions renamed and shuffled get what they got."""
    sharers, terms = case
    other = [replace(s, id=f"x{len(sharers) - n}") for n, s in enumerate(sharers)]
    order = list(range(len(sharers)))
    chance.shuffle(order)
    a, b = share_out(sharers, terms), share_out([other[n] for n in order], terms)
    if isinstance(a, Clash) or isinstance(b, Clash):
        assert isinstance(a, Clash)
        assert isinstance(b, Clash)
        assert a.missing == b.missing
        return
    assert [(a.shares[n].rate, a.shares[n].allowed) for n in order] == [(x.rate, x.allowed) for x in b.shares]
    assert a.reserve == b.reserve


@settings(max_examples=300, deadline=None)
@given(_cases(), st.data())
def test_more_potential_never_means_less_effort(case: tuple[list[Sharer], Terms], data: st.DataObject) -> None:
    """Raising one region's potential, all else the same, never lowers its rate."""
    sharers, terms = case
    n = data.draw(st.integers(0, len(sharers) - 1))
    old = dict(sharers[n].criteria or {})
    assume("potential" in old)
    added = data.draw(st.decimals("0", "1000", places=2))
    more = replace(sharers[n], criteria=old | {"potential": old["potential"] + added})
    before, after = share_out(sharers, terms), share_out([*sharers[:n], more, *sharers[n + 1 :]], terms)
    if isinstance(before, SharedOut):
        assert isinstance(after, SharedOut)
        assert after.shares[n].rate >= before.shares[n].rate


@settings(max_examples=100, deadline=None)
@given(_cases())
def test_no_other_rates_are_nearer_to_the_wishes(case: tuple[list[Sharer], Terms]) -> None:
    """A second opinion: moving energy between any two parts, within their bounds, never lowers the objective."""
    sharers, terms = case
    found = share_out(sharers, terms)
    assume(isinstance(found, SharedOut))
    assert isinstance(found, SharedOut)
    weight = [Fraction(s.energy * s.growth) for s in sharers]
    rates = [Fraction(x.solved) for x in found.shares]
    wish = [Fraction(x.wished) for x in found.shares]
    # at an optimum the gradient 2w(r − t) per unit of w is the same for all that may move both ways
    for i in range(len(sharers)):
        for j in range(len(sharers)):
            up = rates[i] + Fraction(1, 10**5) <= Fraction(sharers[i].high) // Fraction("0.1") * Fraction("0.1")
            down = rates[j] - Fraction(1, 10**5) >= Fraction(sharers[j].low)
            if i != j and up and down:
                assert (rates[i] - wish[i]) - (rates[j] - wish[j]) >= -Fraction(1, 10**4)
    assert all(w > 0 for w in weight)


def test_methods_close_and_differ() -> None:
    """Equal rates, past use and productivity: each closes the energy; who grows fast saves most by past use."""
    slow = Sharer("slow", D(100), D("1.1"))
    fast = Sharer("fast", D(100), D("1.5"))
    terms = Terms(D(10), D(200), D("1.3"))
    equal = share_out([slow, fast], terms, equal_rate([slow, fast], terms))
    past = share_out([slow, fast], terms, grandfathered([slow, fast], terms))
    dense = share_out([slow, fast], terms, by_productivity([slow, fast], terms, {"slow": D(3), "fast": D(1)}))
    assert isinstance(equal, SharedOut)
    assert isinstance(past, SharedOut)
    assert isinstance(dense, SharedOut)
    assert [x.rate for x in equal.shares] == [D("10.0"), D("10.0")]
    assert past.shares[1].rate > past.shares[0].rate
    assert dense.shares[0].rate > dense.shares[1].rate
    for found in (equal, past, dense):
        assert sum(x.allowed for x in found.shares) + found.reserve == found.total


def test_wrong_figures_are_refused() -> None:
    """No energy, bounds without a step between them, two of one name."""
    with pytest.raises(ValueError, match="above nought"):
        share_out([Sharer("a", D(0), D(1))], Terms(D(1), D(1), D(1)))
    with pytest.raises(ValueError, match="no step"):
        share_out([Sharer("a", D(1), D(1), D("1.01"), D("1.02"))], Terms(D(1), D(1), D(1)))
    with pytest.raises(ValueError, match="one id"):
        share_out([Sharer("a", D(1), D(1))] * 2, Terms(D(1), D(1), D(1)))
    with pytest.raises(ValueError, match="nobody"):
        share_out([], Terms(D(1), D(1), D(1)))
