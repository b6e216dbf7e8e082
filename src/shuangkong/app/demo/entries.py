"""Figures of the synthetic city before they become files, and the sums that everything must close to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from shuangkong.app.demo.design import Industries

Role = Literal[
    "consumption",
    "feedstock",
    "nonfossil",
    "new_renewable",
    "major_project",
    "certificate",
    "industry_consumption",
    "output",
    "value",
]
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class DemoEntry:
    """One invented figure: `subject` is a USCC or a county code, `period` canonical, `unit` as people write it."""

    subject: str
    period: str
    item: str
    role: Role
    quantity: Decimal
    unit: str

    @property
    def year(self) -> int:
        """The year of the period."""
        return int(self.period[:4])


def exact(value: Decimal) -> Decimal:
    """A drawn figure at the four places in which returns are written."""
    return value.quantize(_PLACES, rounding=ROUND_HALF_UP)


def tce(entries: Iterable[DemoEntry], data: Industries) -> Decimal:
    """tce at primary value of energy entries."""
    table = data.coefficients
    return sum((e.quantity * table.primary_tce(e.item, e.year) for e in entries), Decimal(0))


def by_item(entries: Iterable[DemoEntry]) -> dict[str, Decimal]:
    """Sums by item, in the units in which the items are reported."""
    found: dict[str, Decimal] = {}
    for e in entries:
        found[e.item] = found.get(e.item, Decimal(0)) + e.quantity
    return found
