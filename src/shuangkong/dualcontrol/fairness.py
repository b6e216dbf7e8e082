"""How evenly a burden lies (公平性): range, Gini coefficient and Theil index of what each part has to save.

A burden is what a part saves (tce) over what it is measured by: its energy of the base year, or its output (GDP). Parts
count by that measure, so that a county does not weigh as much as a province and the index depends on no cutting-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from shuangkong.dualcontrol.sharing import integers

_CONTEXT = Context(prec=34, rounding=ROUND_HALF_UP)
#: Burdens are put in order by so many digits after the point; those nearer to each other count as alike.
_ORDER = 10**40
_MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Burden:
    """What one part saves, in tce, and the measure that it is held against (tce of energy, 10⁴ yuan of GDP)."""

    id: str
    saved: Fraction
    measure: Fraction


@dataclass(frozen=True, slots=True)
class Fairness:
    """Burdens of all parts in the unit saved ÷ measure: mean, least and most (with who bears it), Gini and Theil.

    `gini`: 0 where all bear alike, towards 1 where one bears all. `theil`: 0 likewise, and it weighs the heavy burdens
    more. Both None where nobody saves anything, or somebody's use may grow (burdens below nought have no such index).
    """

    mean: Decimal
    least: tuple[str, Decimal]
    most: tuple[str, Decimal]
    gini: Decimal | None
    theil: Decimal | None

    @property
    def spread(self) -> Decimal:
        """Most less least."""
        return self.most[1] - self.least[1]


def fairness(burdens: Sequence[Burden]) -> Fairness | None:
    """The evenness of burdens; None where there is none. ValueError for a measure that is not above nought.

    Of several parts with the same burden the one whose id sorts first is named.
    """
    if not burdens:
        return None
    if any(b.measure <= 0 for b in burdens):
        raise ValueError("a measure must be above nought")
    saved, unit = integers([b.saved for b in burdens])
    measure, other = integers([b.measure for b in burdens])
    rows = sorted(
        ((s * _ORDER // m, b.id, s, m) for s, m, b in zip(saved, measure, burdens, strict=True)),
        key=lambda r: r[:2],
    )  # fmt: skip
    whole, total = sum(measure), sum(saved)
    top = next(r for r in rows if r[0] == rows[-1][0])
    scale = Fraction(other, unit)
    indexed = total > 0 and rows[0][2] >= 0
    return Fairness(
        _near(Fraction(total, whole) * scale), (rows[0][1], _near(Fraction(*rows[0][2:]) * scale)),
        (top[1], _near(Fraction(*top[2:]) * scale)), _near(_gini(rows, whole, total)) if indexed else None,
        _theil(rows, whole, total) if indexed else None,
    )  # fmt: skip


_Row = tuple[int, str, int, int]


def _gini(rows: Sequence[_Row], whole: int, total: int) -> Fraction:
    """Half the mean absolute difference of two burdens over the mean, each pair counted by its measures.

    With burdens in rising order, Σᵢ savedᵢ·(measure before i − measure after i) is that sum, in one walk.
    """
    before, found = 0, 0
    for _, _, saved, measure in rows:
        found += saved * (2 * before + measure - whole)
        before += measure
    return Fraction(found, whole * total)


def _theil(rows: Sequence[_Row], whole: int, total: int) -> Decimal:
    """Σ share of the savings × logarithm of the relative burden; a burden of nought adds nothing."""
    found = Decimal(0)
    for _, _, saved, measure in rows:
        if saved:
            ratio = _CONTEXT.divide(Decimal(saved * whole), Decimal(total * measure))
            share = _CONTEXT.divide(Decimal(saved), Decimal(total))
            found = _CONTEXT.add(found, _CONTEXT.multiply(share, _CONTEXT.ln(ratio)))
    return max(Decimal(0), _CONTEXT.quantize(found, _MILLIONTH))


def _decimal(x: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(x.numerator), Decimal(x.denominator))


def _near(x: Fraction) -> Decimal:
    return _CONTEXT.quantize(_decimal(x), _MILLIONTH)
