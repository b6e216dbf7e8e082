"""Shown right on real figures: a region's published-like balance, the bulletins' own arithmetic, and CEADs."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import accounting.ceads as ceads
from shuangkong.accounting.api import work_out
from shuangkong.testkit.scenario import tables
from source_tree import PACKAGE, ROOT

SHARED = ROOT.parent / "shared" / "data"
BULLETINS = PACKAGE / "app" / "demo" / "data" / "official_bulletins"


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shared(*parts: str) -> Path:
    """A file or folder of the design folder, or a skip that says so."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip("../shared is not beside the checkout")
    return path


def region_case(path: Path) -> dict[str, Any]:
    """Energy and constant-price GDP of 某区域 as a case gives them."""
    wanted = {
        ("能源消费总量", "全区域"): ("能源合计", "万吨标准煤", None),
        ("地区生产总值", "全区域"): ("gdp", "亿元", "constant:2010"),
    }
    entries: list[list[object]] = [["主体", "期间", "品种", "数量", "单位", "价格"]]
    for r in rows(path):
        if (r["indicator"], r["item"]) in wanted:
            item, unit, price = wanted[r["indicator"], r["item"]]
            assert r["unit"] == unit
            entries.append(["某区域", r["year"], item, r["value"], unit, price])
    bases = [["指标", "基年"], ["energy_per_gdp", 2010], ["energy_per_gdp", 2015]]
    return {"entries": entries, "bases": bases}


@pytest.mark.shared
def test_a_coastal_region_reproduces_its_intensities() -> None:
    """某区域: energy per GDP at constant prices 0.5688 → 0.4429 → 0.3545, down 22.1 % and then 20.0 % in five years."""
    path = shared("region-dual-control-2010-2020", "region_gdp_energy_2010_2020.csv")
    done = work_out(tables(region_case(path), "t"), wanted=["energy_per_gdp", "level_changes"])
    levels = {r["period_key"]: (f"{r['value']:.4f}", r["state"]) for r in done["energy_per_gdp"].to_pylist()}
    assert len(levels) == 11
    assert [levels[y] for y in ("2010", "2015", "2020")] == [("0.5688", "ok"), ("0.4429", "ok"), ("0.3545", "ok")]
    moved = {
        (r["base"], r["period_key"]): f"{r['value']:.1f}"
        for r in done["level_changes"].to_pylist()
        if r["indicator_id"] == "energy_per_gdp_change"
    }
    assert (moved["2010", "2015"], moved["2015", "2020"]) == ("-22.1", "-20.0")


def implied_growth(energy: str, intensity: str) -> Decimal:
    """GDP growth in % that total growth and intensity change imply: (1 + E) ÷ (1 + e) − 1."""
    return ((100 + Decimal(energy)) / (100 + Decimal(intensity)) - 1) * 100


def gaps(year: int) -> dict[str, Decimal]:
    """Implied minus published real growth in percentage points, by province."""
    growth = {
        r["province"]: Decimal(r["growth_pct"])
        for r in rows(BULLETINS / "gdp_growth_constant_price.csv")
        if r["year"] == str(year)
    }
    found = {}
    for r in rows(BULLETINS / f"national_{year}.csv"):
        if r["energy_total_growth_pct"] and r["energy_intensity_change_pct"]:
            implied = implied_growth(r["energy_total_growth_pct"], r["energy_intensity_change_pct"])
            found[r["province"]] = implied - growth[r["province"]]
    return found


@pytest.mark.parametrize(("year", "within"), [(2018, "0.3"), (2020, "0.1")])
def test_the_bulletins_agree_with_published_growth(year: int, within: str) -> None:
    """(1 + total growth) ÷ (1 + intensity change) − 1 is published real growth: thirty provinces, none left out."""
    found = gaps(year)
    assert len(found) == 30
    assert {p: round(g, 3) for p, g in found.items() if abs(g) > Decimal(within)} == {}


def test_the_widest_gaps_of_the_bulletins_are_those_in_the_note() -> None:
    """The note names the provinces that use the tolerance up."""
    wide = {p: f"{g:+.2f}" for p, g in gaps(2018).items() if abs(g) > Decimal("0.2")}
    note = (ROOT / "docs" / "methods" / "bulletin-arithmetic.md").read_text("utf-8")
    assert wide != {}
    assert [p for p, g in wide.items() if f"{p} {g}" not in note] == []
    worst = max((abs(g), p) for p, g in gaps(2020).items())
    assert f"{worst[1]} {gaps(2020)[worst[1]]:+.2f}" in note


@pytest.mark.shared
def test_industry_beside_ceads() -> None:
    """Thirty provinces rank alike (≥ 0.9), the median ratio is in its band, and those far off are named in the note."""
    shared("ceads-province-co2")
    found = ceads.pairs(SHARED)
    note = (ROOT / "docs" / "methods" / "ceads-comparison.md").read_text("utf-8")
    assert len(found) == 30
    assert ceads.rank_correlation(found) >= Decimal("0.9")
    assert Decimal("0.85") <= ceads.median([p.ratio for p in found]) <= Decimal("1.35")
    far = [p.province for p in found if not Decimal("0.8") <= p.ratio <= Decimal("1.6")]
    assert far == ["北京", "浙江", "广东", "海南", "宁夏"]
    assert "\n".join(ceads.table(found)) in note
    assert [s for s in ceads.SECTORS if s not in note] == []
    assert len(ceads.SECTORS) == 38


@pytest.mark.shared
def test_process_emissions_stand_in_one_sector() -> None:
    """Where sector × fuel is given (Hebei), process CO2 is all in nonmetal minerals: it may be taken off there."""
    path = shared("ceads-province-co2", "hebei_sector_fuel_1997_2019.csv")
    places = {r["sector"] for r in rows(path) if r["fuel"] == "Process" and r["year"] == ceads.YEAR}
    assert places == {"TotalEmissions", "Nonmetal Mineral Products"}
