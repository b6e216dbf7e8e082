"""Published levels of two years (公布水平之间的变动): how far a level moved, and which years between are unknown.

An office that prints a level of one year and of another, and nothing between, has said by how much it moved as a whole.
It has not said by how much in each year: those years stay open, and no average is taken for one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise

#: What begins the part of a row's note that says which area a figure is of, where it is not all of the region.
EXTENT = "extent: "
#: States of a change between levels, and of a year on the way.
OK, EXTENT_CHANGED, INSUFFICIENT = "ok", "extent_changed", "insufficient"


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """A level (tce per 10⁴ yuan, …) that an office printed for a year, with what its row says of it."""

    year: int
    value: Decimal
    unit: str
    confidence: str
    note: str = ""

    @property
    def extent(self) -> str:
        """Which area the figure is of, where the row says that it is not all of the region; else empty."""
        parts = (p.strip() for p in self.note.split(";"))
        return next((p.removeprefix(EXTENT) for p in parts if p.startswith(EXTENT)), "")


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The change between two levels in %, negative for a fall, and the state that it has.

    `ok`, or `extent_changed`: the two levels are of different areas, so that part of the change is the boundary's.
    """

    first: PublishedLevel
    last: PublishedLevel
    value: Decimal
    state: str
    confidence: str


@dataclass(frozen=True, slots=True)
class YearOnTheWay:
    """One year between: the change in % that was published, or `insufficient` where none was."""

    year: int
    value: Decimal | None
    state: str


def level_change(first: PublishedLevel, last: PublishedLevel) -> LevelChange | None:
    """100 × (last − first) ÷ first to six places; None where the first is nought or the units differ.

    The units are those of the levels, the result is in %. As sure as the less sure of the two.
    """
    if first.unit != last.unit or not first.value or first.year >= last.year:
        return None
    with localcontext() as context:
        context.prec = 60
        value = quantise((last.value - first.value) * 100 / first.value)
    state = OK if first.extent == last.extent else EXTENT_CHANGED
    return LevelChange(first, last, value, state, least_sure(first.confidence, last.confidence))


def widest_change(levels: Iterable[PublishedLevel]) -> LevelChange | None:
    """The change between the first and the last level that was published; None where there are not two."""
    there = sorted(levels, key=lambda one: one.year)
    return level_change(there[0], there[-1]) if len(there) > 1 else None


def years_on_the_way(change: LevelChange, rates: Mapping[int, Decimal | None]) -> Sequence[YearOnTheWay]:
    """Each year after the first up to the last: its published change, or that there is none.

    rates: published changes against the year before in %, by year. Nothing is put in the place of a missing one.
    """
    found = []
    for year in range(change.first.year + 1, change.last.year + 1):
        value = rates.get(year)
        found.append(YearOnTheWay(year, value, INSUFFICIENT if value is None else OK))
    return found
