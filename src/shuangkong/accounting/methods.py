"""Accounting methods (核算方法): the choices that a figure in tce or CO2 depends on, named and never implied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Basis = Literal["calorific", "primary"]

BASIS_LABELS = {"calorific": ("当量值", "calorific value"), "primary": ("等价值", "primary-energy value")}


@dataclass(frozen=True, slots=True, order=True)
class Method:
    """Edition of the conversion standard, basis of power and heat, carbon guide, grid-factor data year, price base.

    `basis`: calorific (当量值) counts what a kWh holds, primary (等价值) what it took to make it. `guide` and
    `grid` may be empty: CO2 is then not computed and says so.
    `price` (constant:2020) is set on ratios to GDP or value added.
    """

    edition: str
    basis: Basis
    guide: str = ""
    grid: str = ""
    price: str = ""

    @property
    def id(self) -> str:
        """How the method is named in stored rows."""
        return "/".join((self.edition, self.basis, self.guide or "-", self.grid or "-", *filter(None, (self.price,))))

    @classmethod
    def parse(cls, text: str) -> Method:
        """The method of an id."""
        edition, basis, guide, grid, *price = text.split("/")
        guide, grid = ("" if p == "-" else p for p in (guide, grid))
        return cls(edition, "primary" if basis == "primary" else "calorific", guide, grid, "".join(price))

    def serves(self, asked: Method, *, carbon: bool) -> bool:
        """Whether figures under this method answer a question about `asked`: energy depends on no carbon guide."""
        same = (self.edition, self.basis) == (asked.edition, asked.basis)
        return same and (not carbon or (self.guide, self.grid) == (asked.guide, asked.grid))

    def zh(self) -> str:
        """The method in one Chinese line."""
        parts = [self.edition, BASIS_LABELS[self.basis][0]]
        parts += [f"碳核算指南 {self.guide}"] if self.guide else []
        parts += [f"电网因子数据年 {self.grid}"] if self.grid else []
        if self.price:
            parts.append("当年价" if self.price == "nominal" else f"{self.price.removeprefix('constant:')} 年不变价")
        return "，".join(parts)


def fewest(methods: Iterable[Method]) -> tuple[Method, ...]:
    """The methods without those that another one serves for energy and that name no guide of their own."""
    every = sorted(set(methods))
    return tuple(m for m in every if m.guide or m.grid or not any(o != m and o.serves(m, carbon=False) for o in every))
