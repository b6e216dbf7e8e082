"""Factors of the cases of the books: made once for cases that share them, and the same as if each were asked alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product

from shuangkong.accounting.feeding import Case, factor_rows
from shuangkong.accounting.methods import Method
from shuangkong.policy.api import PackSet, builtin_packs

KNOWN = date(2026, 11, 21)
#: Regions that differ in grid factor and coefficients; the second is the city of the demo (合成).
PATHS = {"110000": ("000000", "110000"), "990100": ("000000", "990000", "990100"), "": ()}
METHODS = (
    Method("gbt2589-2020", "primary", "ghg-guides-2013-2015", "2023"),
    Method("gbt2589-2020", "primary", "ghg-guides-2013-2015", "2022"),
    Method("gbt2589-2020", "calorific", "ghg-guides-2013-2015", ""),
)


def test_shared_factors_are_those_of_each_case_alone() -> None:
    """Years, areas, units, roles and methods get no factor of one another, whatever was asked before."""
    packs = PackSet(builtin_packs())
    cases = [
        Case("energy", item, role, unit, year, area, "")
        for item, role, unit, year, area in product(
            ("electricity", "raw_coal", "heat"), ("consumption", "feedstock"), ("kWh", "t", "tce", "GJ"),
            (2020, 2024), PATHS,
        )
    ]  # fmt: skip
    together = factor_rows(packs, METHODS, cases, PATHS, KNOWN)
    alone = [row for case in sorted(cases) for row in factor_rows(packs, METHODS, [case], PATHS, KNOWN)]
    assert together == alone
    known = {(r["item"], r["factor_year"], r["factor_area"], r["method_id"], r["factor"]) for r in together}
    power = {k[4] for k in known if k[0] == "electricity" and k[2] == "990100" and isinstance(k[4], Decimal)}
    assert len(power) > 3
