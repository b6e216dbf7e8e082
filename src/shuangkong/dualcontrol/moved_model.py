"""What a change taken apart is made of (因素分解的模型): parts at two times, and what each factor did to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Literal

What = Literal["energy", "co2", "energy_intensity", "co2_intensity"]
WHATS: tuple[What, ...] = ("energy", "co2", "energy_intensity", "co2_intensity")
STEP = Decimal("0.000001")
ZERO = Decimal(0)
#: Doubles would not hold a nation's energy with six places through so many sums.
CONTEXT = Context(prec=50)
Pair = tuple[Decimal, Decimal]
Known = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class End:
    """One part at one time: activity, energy in tce and CO2 in t by fuel; `state` is ok, or why there is no figure.

    A fuel that is not in `carbon` has no figure of CO2: that is not nought.
    """

    activity: Decimal | None
    energy: Mapping[str, Decimal]
    carbon: Mapping[str, Decimal] = field(default_factory=dict)
    state: str = "ok"

    @property
    def used(self) -> Decimal:
        """Energy of all fuels, tce."""
        return sum(self.energy.values(), ZERO)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part at both times. Activities of one `basket` add up: all value added, or the output of one product.

    `why_not` names what else keeps it from being compared, e.g. several products.
    """

    id: str
    before: End
    after: End
    basket: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """What the parts are parts of: energy, CO2 and activity at both times; None where it has no figure of its own.

    `state` is ok, or partial where returns behind its figure are missing.
    """

    energy: Known = (None, None)
    carbon: Known = (None, None)
    activity: Known = (None, None)
    state: str = "ok"


@dataclass(frozen=True, slots=True)
class PartMoved:
    """A part: its amount at both times and what each factor did to it, in the unit of the whole.

    `zeros` are factors that were nought at one end and so bear the whole change of what appeared or vanished.
    """

    id: str
    before: Decimal
    after: Decimal
    effects: tuple[Decimal, ...]
    zeros: tuple[str, ...] = ()

    @property
    def change(self) -> Decimal:
        """What the part did to the whole: the sum of its effects."""
        return sum(self.effects, ZERO)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part that could not be broken down, or one fuel of it, and why."""

    id: str
    reason: str
    fuel: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A change taken apart. `effects`, in the order of `factors`, and `rest` sum to `after - before`.

    state: ok; partial: something is not broken down, or the whole is partial; insufficient: `needs` says what is
    lacking, and there is nothing else. `own` says whether the whole has a figure of its own; without, it is the sum
    of the parts compared. `covered` is the share of the whole that the parts hold at each time; `fuelled`, for CO2,
    the share of the energy of the parts compared that is of fuels whose CO2 is known at both times. ratios: of the
    multiplicative form, six places; None where the whole is nought at one end.
    """

    what: What
    state: str
    needs: tuple[str, ...] = ()
    before: Decimal = ZERO
    after: Decimal = ZERO
    factors: tuple[str, ...] = ()
    effects: tuple[Decimal, ...] = ()
    ratios: tuple[Decimal | None, ...] = ()
    rest: Decimal = ZERO
    rest_ends: Pair = (ZERO, ZERO)
    rest_ratio: Decimal | None = None
    parts: tuple[PartMoved, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    own: bool = False
    covered: Known = (None, None)
    fuelled: Known = (None, None)

    @property
    def change(self) -> Decimal:
        """After less before."""
        return self.after - self.before

    @property
    def ratio(self) -> Decimal | None:
        """After ÷ before, six places; None where before is nought."""
        return CONTEXT.quantize(CONTEXT.divide(self.after, self.before), STEP) if self.before else None
