"""The year to date (本年累计) of a watched sum: what is known by month, what stands in for late returns, how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import fsum

from shuangkong.accounting.api import period_at
from shuangkong.dualcontrol.watch_estimating import NONE, YEAR, Error, Estimate, error_of, together
from shuangkong.kernel.findings import CONFIDENCES, least_sure
from shuangkong.kernel.numbers import quantise

#: (sum, method, region)
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Month:
    """What the accounting knows of a month: the sum of known returns, and how many of those due are there.

    squares: Σ of the squares of the returns, where they may still be put right; 0 where they are final. there: whether
    any amount is known; where none is, `amount` is the sum of nothing, and is no figure of the month.
    """

    amount: Decimal
    expected: int
    known: int
    confidence: str
    squares: float = 0.0
    there: bool = True


@dataclass(frozen=True, slots=True)
class Late:
    """What stands in for the late returns of a month, and how many nothing stands in for."""

    made: tuple[Estimate, ...] = ()
    unsupported: int = 0


@dataclass(frozen=True, slots=True)
class Revising:
    """Priors of revisions, from the packs (`watching.revision`).

    share, spread: of returns that are put right, and how far, counted as `weight` returns. months: age from which a
    return is final. bound: a change beyond this share teaches nothing.
    """

    share: float
    spread: float
    weight: float
    months: int
    bound: float


@dataclass(frozen=True, slots=True)
class Revisions:
    """How returns are put right later: the share that is, the mean and the mean square of the relative change."""

    share: float
    mean: float
    square: float

    @property
    def shift(self) -> float:
        """What a sum is expected to move by, as a share."""
        return self.share * self.mean

    @property
    def variance(self) -> float:
        """Variance of one return's relative change."""
        return max(self.share * self.square - self.shift**2, 0.0)


def held_revisions(changes: Sequence[float], returns: int, prior: Revising) -> Revisions:
    """Revisions learned from relative changes of so many returns, held to the prior."""
    seen = [c for c in changes if abs(c) <= prior.bound]
    taken = prior.share * prior.weight
    return Revisions(
        (taken + len(seen)) / (prior.weight + returns), fsum(seen) / (taken + len(seen)),
        (taken * prior.spread**2 + fsum(c * c for c in seen)) / (taken + len(seen)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class YearToDate:
    """The sum from January to a month. amount is null where `needs` names what is missing; error: of the amount.

    shift: what revisions are expected to add. by_basis: basis → (returns, amount) of what is estimated.
    """

    amount: Decimal | None
    estimated: Decimal
    error: Error
    shift: float
    expected: int
    known: int
    confidence: str
    by_basis: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)
    needs: str | None = None

    @property
    def coverage(self) -> Decimal:
        """Known ÷ due returns."""
        return quantise(Decimal(self.known) / self.expected) if self.expected else Decimal(0)


class Sums:
    """The watched sums of a run, by key and month; year-to-dates are made when first asked for."""

    def __init__(
        self, months: Mapping[Key, Mapping[int, Month]], late: Mapping[Key, Mapping[int, Late]], revisions: Revisions,
        common: float,
    ) -> None:  # fmt: skip
        self.months, self.late = months, late
        self.revisions, self.common = revisions, common
        self._made: dict[tuple[Key, int], list[YearToDate]] = {}

    def last_of(self, key: Key, year: int, last: int) -> int | None:
        """The last month (by number) of the year, up to `last`, of which anything is known."""
        seen = [m for m in self.months.get(key, ()) if m // YEAR == year and m <= last]
        return max(seen, default=None)

    def years(self) -> list[int]:
        """Years with a month of anything."""
        return sorted({m // YEAR for rows in self.months.values() for m in rows})

    def to_date(self, key: Key, month: int) -> YearToDate:
        """January to the month."""
        year = month // YEAR
        if (key, year) not in self._made:
            self._made[key, year] = list(self._year(key, year))
        return self._made[key, year][month % YEAR]

    def _year(self, key: Key, year: int) -> Sequence[YearToDate]:
        months, late = self.months.get(key, {}), self.late.get(key, {})
        found: list[YearToDate] = []
        amount = estimated = Decimal(0)
        expected = known = 0
        confidence, needs = CONFIDENCES[0], None
        made: list[Estimate] = []
        squares = shift = 0.0
        error = NONE
        for m in range(year * YEAR, year * YEAR + YEAR):
            month, gap = months.get(m), late.get(m, Late())
            needs = needs or _missing(key[0], m, month, gap)
            if gap.made:
                made += gap.made
                # each is rounded once, so that the sums above are exact and the parts add up to the whole
                estimated += sum((rounded(e.amount) for e in gap.made), Decimal(0))
                error = error_of(made, self.common)
            if month is not None:
                amount += month.amount
                expected, known = expected + month.expected, known + month.known
                confidence = least_sure(confidence, month.confidence)
                squares += month.squares
                shift += float(month.amount) * self.revisions.shift if month.squares else 0.0
            revised = Error(squares * self.revisions.variance, 1e9)
            found.append(
                YearToDate(
                    None if needs else amount + estimated, estimated, together(error, revised) if squares else error,
                    shift, expected, known, confidence, _by_basis(made), needs,
                )
            )  # fmt: skip
        return found


def _missing(name: str, month: int, there: Month | None, gap: Late) -> str | None:
    """What is wanting of a month; None where nothing is."""
    period = period_at(month, "month").key
    if gap.unsupported:
        return f"{name} {period}: {gap.unsupported} returns {gap.unsupported} 份报表"
    if (there is None or not there.there) and not gap.made:
        return f"{name} {period}: no return 无报表"
    return None


def _by_basis(made: Sequence[Estimate]) -> dict[str, tuple[int, Decimal]]:
    found: dict[str, tuple[int, Decimal]] = {}
    for e in made:
        n, amount = found.get(e.basis, (0, Decimal(0)))
        found[e.basis] = (n + 1, amount + rounded(e.amount))
    return found


def rounded(value: float) -> Decimal:
    """A double of the statistics as a stored figure: the named step from doubles to decimals."""
    return quantise(Decimal(repr(value)))
