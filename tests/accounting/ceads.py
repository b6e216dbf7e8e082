"""Fuel CO2 of industry by province beside CEADs: our factors on one side, their sector inventory on the other.

`python tests/accounting/ceads.py SHARED` prints the table of docs/methods/ceads-comparison.md.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from shuangkong.accounting.api import Method, carrier_named, co2_factor
from shuangkong.policy.api import PackSet, builtin_packs

YEAR = "2014"
METHOD = Method("gbt2589-2020", "calorific", "ghg-guides-2013-2015")
#: The guides have no raw coal (原煤); the kind of coal that most of it is stands in. Fixed before any figure was seen.
STAND_INS = {"原煤": "烟煤"}
NOT_FUELS = ("总量", "电力", "热力")
#: Industry (工业) of the inventory without power and heat, whose fuel is no final consumption.
SECTORS = (
    "Coal Mining and Dressing", "Petroleum and Natural Gas Extraction", "Ferrous Metals Mining and Dressing",
    "Nonferrous Metals Mining and Dressing", "Nonmetal Minerals Mining and Dressing",
    "Other Minerals Mining and Dressing", "Food Processing", "Food Production", "Beverage Production",
    "Tobacco Processing", "Textile Industry", "Garments and Other Fiber Products",
    "Leather, Furs, Down and Related Products", "Timber Processing, Bamboo, Cane, Palm Fiber & Straw Products",
    "Furniture Manufacturing", "Papermaking and Paper Products", "Printing and Record Medium Reproduction",
    "Cultural, Educational and Sports Articles", "Petroleum Processing and Coking",
    "Raw Chemical Materials and Chemical Products", "Medical and Pharmaceutical Products", "Chemical Fiber",
    "Rubber Products", "Plastic Products", "Nonmetal Mineral Products", "Smelting and Pressing of Ferrous Metals",
    "Smelting and Pressing of Nonferrous Metals", "Metal Products", "Ordinary Machinery",
    "Equipment for Special Purposes", "Transportation Equipment", "Electric Equipment and Machinery",
    "Electronic and Telecommunications Equipment", "Instruments, Meters, Cultural and Office Machinery",
    "Other Manufacturing Industry", "Scrap and waste", "Production and Supply of Gas",
    "Production and Supply of Tap Water",
)  # fmt: skip


class Pair(NamedTuple):
    """One province: fuel CO2 by our factors and by the inventory, in Mt."""

    province: str
    ours: Decimal
    theirs: Decimal

    @property
    def ratio(self) -> Decimal:
        """Ours ÷ theirs."""
        return self.ours / self.theirs


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of the year."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from (r for r in csv.DictReader(file) if r["year"] == YEAR)


def pairs(data: Path) -> list[Pair]:
    """The provinces in the order of their codes."""
    packs = PackSet(builtin_packs())
    ours: dict[str, Decimal] = {}
    theirs: dict[str, Decimal] = {}
    names: dict[str, str] = {}
    for r in rows(data / "province-industry-energy" / "province_industry_energy_2006_2014.csv"):
        if r["fuel"] in NOT_FUELS:
            continue
        carrier = carrier_named(packs, STAND_INS.get(r["fuel"], r["fuel"]))
        assert carrier is not None, r["fuel"]
        factor = co2_factor(packs, METHOD, carrier, "tce", path=("000000",), known=date(2026, 1, 1))
        assert factor.value is not None, r["fuel"]
        names[r["adcode"]] = r["province"]
        # 10⁴ tce × tCO2/tce = 10⁴ t; ÷ 100 = Mt
        ours[r["adcode"]] = ours.get(r["adcode"], Decimal(0)) + Decimal(r["energy_10k_tce"]) * factor.value / 100
    for r in rows(data / "ceads-province-co2" / "province_sector_1997_2019.csv"):
        if r["sector"] in SECTORS:
            theirs[r["adcode"]] = theirs.get(r["adcode"], Decimal(0)) + Decimal(r["co2_mt"])
    for r in rows(data / "ceads-province-co2" / "province_fuel_1997_2019.csv"):
        if r["fuel"] == "Process":
            theirs[r["adcode"]] -= Decimal(r["co2_mt"])
    return [Pair(names[code], ours[code], theirs[code]) for code in sorted(ours)]


def median(values: list[Decimal]) -> Decimal:
    """The middle value, or the mean of the two."""
    s, n = sorted(values), len(values)
    return s[n // 2] if n % 2 else (s[n // 2 - 1] + s[n // 2]) / 2


def rank_correlation(found: list[Pair]) -> Decimal:
    """Spearman's, without ties."""
    n = len(found)
    a = {p.province: i for i, p in enumerate(sorted(found, key=lambda p: p.ours))}
    b = {p.province: i for i, p in enumerate(sorted(found, key=lambda p: p.theirs))}
    return 1 - Decimal(6 * sum((a[p] - b[p]) ** 2 for p in a)) / (n * (n * n - 1))


def table(found: list[Pair]) -> list[str]:
    """The table of the note: our figure in Mt, and the ratio."""
    lines = ["| province | fuel CO2 by our factors, Mt | ÷ inventory |", "|---|---|---|"]
    lines += [f"| {p.province} | {p.ours:.1f} | {p.ratio:.2f} |" for p in found]
    whole = sum((p.ours for p in found), Decimal(0)), sum((p.theirs for p in found), Decimal(0))
    lines.append(f"| 30 provinces | {whole[0]:.1f} | {whole[0] / whole[1]:.2f} |")
    middle = median([p.ratio for p in found])
    return [*lines, "", f"Median ratio {middle:.2f}; rank correlation {rank_correlation(found):.3f}."]


if __name__ == "__main__":
    sys.stdout.write("\n".join(table(pairs(Path(sys.argv[1]) / "data"))) + "\n")
