"""The base of a path out of a run's totals: what is missing is named and never taken for nought."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from shuangkong.dualcontrol.scenarios_base import base_in

METHOD, PRICE = "gbt2589-2020/calorific/ghg-guides-2013-2015/2023", "constant:2020"
Row = dict[str, Any]


def a_row(measure: str, part: str, amount: int | None, lacking: int = 0) -> Row:
    """One total of 2025 (合成), of twenty returns that are due."""
    of = PRICE if measure in ("gdp", "industry_value_added") else METHOD
    return {
        "measure": measure, "part": part, "amount": None if amount is None else D(amount), "period_key": "2025",
        "method_id": of, "coverage": 1 - D(lacking) / 20, "expected": 20, "known": 20 - lacking,
        "confidence": "synthetic",
    }  # fmt: skip


def the_rows() -> list[Row]:
    """A region of coal and electricity, a tenth of the latter non-fossil, half of it industry (合成)."""
    return [
        a_row("energy", "coal", 600), a_row("energy", "electricity", 400), a_row("co2", "coal", 1600),
        a_row("co2", "electricity", 1200), a_row("energy_nonfossil", "electricity", 40), a_row("gdp", PRICE, 100_000),
        a_row("energy_industry", "coal", 500), a_row("industry_value_added", PRICE, 40_000),
    ]  # fmt: skip


def test_a_base_of_complete_books() -> None:
    """Fuels without what is non-fossil, CO2 as in the books, industry beside the rest."""
    found = base_in(the_rows(), METHOD, 2025)
    assert found.base is not None
    assert [(f.name, f.energy, f.co2) for f in found.base.fuels] == [
        ("coal", D(600), D(1600)), ("electricity", D(360), D(1200)),
    ]  # fmt: skip
    assert (found.base.nonfossil, found.coverage, found.one_sector) == (D(40), D(1), False)


def test_a_fuel_without_a_row_of_co2_is_no_fuel_without_emissions() -> None:
    """Coal is in the energy and not in the CO2: no base, and the fuels are named."""
    rows = [r for r in the_rows() if (r["measure"], r["part"]) != ("co2", "coal")]
    found = base_in(rows, METHOD, 2025)
    assert (found.base, found.missing) == (None, ("fuels",))


@pytest.mark.parametrize("amount", [None, 900])
def test_co2_that_is_less_known_than_energy_makes_no_factor(amount: int | None) -> None:
    """Half of the coal has no factor: 900 t over all of its energy would be a factor that nobody has."""
    rows = [r for r in the_rows() if r["measure"] != "co2"]
    rows += [a_row("co2", "coal", amount, 10), a_row("co2", "electricity", 1200, 10)]
    found = base_in(rows, METHOD, 2025)
    assert (found.base, found.missing, found.coverage) == (None, ("co2",), D("0.5"))


def lacking(rows: list[Row], measures: tuple[str, ...], returns: int, due: int = 20) -> list[Row]:
    """The rows, those of some measures without so many of their returns."""
    part = {"coverage": 1 - D(returns) / due, "expected": due, "known": due - returns}
    return [r | part if r["measure"] in measures else r for r in rows]


def test_returns_that_lack_altogether_lack_alike() -> None:
    """A return of a unit of industry that is missing is missing in all: the base stands, with the least coverage."""
    rows = lacking(lacking(the_rows(), ("energy", "co2"), 1), ("energy_industry",), 1, due=10)
    found = base_in(rows, METHOD, 2025)
    assert found.base is not None
    assert (found.one_sector, found.coverage) == (False, D("0.9"))


@pytest.mark.parametrize("measure", ["energy_industry", "industry_value_added"])
def test_industry_that_lacks_what_the_whole_has_is_not_told_apart(measure: str) -> None:
    """What is missing of industry would be energy, or product, of the rest: one sector."""
    found = base_in(lacking(the_rows(), (measure,), 10), METHOD, 2025)
    assert found.base is not None
    assert [(s.name, s.value_added, s.energy) for s in found.base.sectors] == [("all", D(100_000), D(1000))]
    assert (found.one_sector, found.coverage) == (True, D(1))
