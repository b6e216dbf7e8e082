"""Every key method computed a second way, in fractions written apart from the program, and held equal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.accounting.account_choices import Choices
from shuangkong.accounting.account_rows import Line, Read
from shuangkong.accounting.api import Given, Method, Rate, chained, work_out
from shuangkong.accounting.files import account_lines
from shuangkong.testkit.scenario import packs, tables

#: As printed: kgce per kg, m3 or kWh. Typed from the tables of GB/T 2589-2020, not read from a pack.
PRINTED = {"原煤": "0.7143", "焦炭": "0.9714", "柴油": "1.4571", "高炉煤气": "0.1286", "电力": "0.1229"}
UNITS = {"原煤": "吨", "焦炭": "吨", "柴油": "千克", "高炉煤气": "万立方米", "电力": "万千瓦时"}
#: How many of the unit that the coefficient is for (kg, m3, kWh) one written unit is.
SIZE = {"吨": 1000, "千克": 1, "万立方米": 10000, "万千瓦时": 10000}
PARENT = {"甲厂": "甲县", "乙厂": "甲县", "丙厂": "乙县", "甲县": "市", "乙县": "市"}
HEAD = ["主体", "期间", "品种", "数量", "单位"]
FEW = settings(max_examples=12, deadline=None)


def six(value: Fraction) -> Fraction:
    """Half away from zero to six places, in whole numbers."""
    n = abs(value) * 10**6
    up = (2 * n.numerator + n.denominator) // (2 * n.denominator)
    return Fraction(up if value >= 0 else -up, 10**6)


def exact(value: Decimal) -> Fraction:
    """The fraction that a decimal is."""
    return Fraction(*value.as_integer_ratio())


quantities = st.decimals(min_value=-(10**6), max_value=10**7, places=6)
carriers = st.sampled_from(sorted(PRINTED))
months = st.sampled_from(["2020-01", "2020-02", "2020-11", "2021-05"])
units = st.sampled_from(["甲厂", "乙厂", "丙厂", "甲县", "市"])
rows_of_a_book = st.lists(st.tuples(units, months, carriers, quantities), min_size=1, max_size=12)


def tce(carrier: str, quantity: Decimal) -> Fraction:
    """One row in tce: the entry is kept to six places of its base unit, the product is rounded once."""
    base = {"千克": 1000, "万立方米": Fraction(1, 10000), "万千瓦时": Fraction(1, 10000)}.get(UNITS[carrier], 1)
    kept = six(exact(quantity) / base)
    per_base = Fraction(PRINTED[carrier]) * SIZE[UNITS[carrier]] * base / 1000
    return six(kept * per_base)


def books(rows: list[tuple[str, str, str, Decimal]]) -> dict[str, Any]:
    """The rows as a case gives them."""
    return {
        "inside": [["主体", "上级"], *map(list, PARENT.items())],
        "entries": [HEAD, *([s, m, c, q, UNITS[c]] for s, m, c, q in rows)],
    }


def subtrees(rows: list[tuple[str, str, str, Decimal]]) -> dict[tuple[str, str], Fraction]:
    """Energy by subject and year, summed upwards by hand."""
    found: dict[tuple[str, str], Fraction] = {}
    for subject, month, carrier, quantity in rows:
        place: str | None = subject
        while place is not None:
            key = (place, month[:4])
            found[key] = found.get(key, Fraction(0)) + tce(carrier, quantity)
            place = PARENT.get(place)
    return found


def years(table: pa.Table) -> dict[tuple[str, str], Fraction]:
    """Yearly values by subject and year."""
    return {
        (r["subject_id"], r["period_key"]): exact(r["value"]) for r in table.to_pylist() if r["period_kind"] == "year"
    }


@FEW
@given(rows_of_a_book, st.randoms(use_true_random=False))
def test_the_whole_is_the_sum_of_its_parts_in_any_order(rows: list[Any], order: Any) -> None:
    """Units add up to counties and city, months to years, to the last digit and in whatever order rows come."""
    shuffled = list(rows)
    order.shuffle(shuffled)
    results = [
        years(work_out(tables(books(r), "t"), wanted=["energy_total"])["energy_total"]) for r in (rows, shuffled)
    ]
    assert results[0] == subtrees(rows)
    assert results[0] == results[1]


@FEW
@given(st.lists(st.tuples(carriers, quantities), min_size=1, max_size=8))
def test_a_file_and_a_run_give_the_same_digits(rows: list[tuple[str, Decimal]]) -> None:
    """`account` and the expression of the pipeline agree on every row, in tce and in CO2."""
    method = Method("gbt2589-2020", "calorific", "ghg-guides-2013-2015", "2022")
    lines = tuple(Line(i, c, format(q, "f"), UNITS[c]) for i, (c, q) in enumerate(rows, start=1))
    done = account_lines(Read(lines, ()), packs(), Choices(method, date(2026, 1, 1)))
    made = {
        "methods": [["版本", "口径", "指南", "电网因子"], [method.edition, method.basis, method.guide, method.grid]],
        "subjects": [["主体", "地区"], *([f"厂{i}", "000000"] for i, _ in enumerate(rows, start=1))],
        "entries": [HEAD, *([f"厂{i}", "2020", c, q, UNITS[c]] for i, (c, q) in enumerate(rows, start=1))],
    }
    found = work_out(tables(made, "t"), wanted=["amounts"])["amounts"].to_pylist()
    by_row = {(r["entry_id"], r["measure"]): (r["amount"], r["state"]) for r in found}
    for row in done.rows:
        assert by_row[f"e{row.line.row}", "energy"] == (row.tce, row.state)
        assert by_row[f"e{row.line.row}", "co2"] == (row.tco2, row.co2_state)
        assert row.tce is not None
        assert exact(row.tce) == tce(row.line.carrier, Decimal(row.line.quantity))


@FEW
@given(
    st.decimals(min_value=1, max_value=10**9, places=3),
    st.decimals(min_value="0.01", max_value=10**7, places=2),
    st.decimals(min_value=1, max_value=10**9, places=3),
    st.decimals(min_value="0.01", max_value=10**7, places=2),
)
def test_intensity_and_its_change(e0: Decimal, g0: Decimal, e1: Decimal, g1: Decimal) -> None:
    """Energy ÷ GDP by whole-number division, and its yearly change from what is divided, rounded once at the end."""
    head = [*HEAD, "价格"]
    made = {
        "entries": [
            head,
            *(["县", y, "原煤", e, "tce", None] for y, e in ((2020, e0), (2021, e1))),
            *(["县", y, "gdp", g, "万元", "constant:2020"] for y, g in ((2020, g0), (2021, g1))),
        ]
    }
    done = work_out(tables(made, "t"), wanted=["energy_per_gdp", "level_changes"])
    levels = [six(exact(e) * 10000 / (exact(g) * 10000)) for e, g in ((e0, g0), (e1, g1))]
    assert years(done["energy_per_gdp"]) == {("县", "2020"): levels[0], ("县", "2021"): levels[1]}
    moved = [r["value"] for r in done["level_changes"].to_pylist() if r["indicator_id"] == "energy_per_gdp_change"]
    before, after = exact(e0) / exact(g0), exact(e1) / exact(g1)
    wanted = six((after - before) * 100 / before)
    assert [None if v is None else exact(v) for v in moved] == [wanted]


@given(st.lists(st.decimals(min_value=-30, max_value=30, places=2), min_size=2, max_size=5))
def test_chained_rates(rates: list[Decimal]) -> None:
    """The product of published yearly changes, in fractions."""
    rows = [Rate("x_change", "省", 2016 + i, r, "confirmed", str(i)) for i, r in enumerate(rates)]
    product = Fraction(1)
    for r in rates:
        product *= 1 + exact(r) / 100
    last = [c for c in chained(rows, [("x_change", 2015, 2015 + len(rates))]) if c.year == 2015 + len(rates)]
    assert [exact(c.value) for c in last if c.value is not None] == [six((product - 1) * 100)]


def test_a_worked_example_of_comprehensive_energy() -> None:
    """A made-up works by GB/T 2589-2020, added up by hand on paper, in both bases.

    Coal 12 000 t × 0.7143 = 8 571.6; coke 3 000 t × 0.9714 = 2 914.2; diesel 50 t × 1.4571 = 72.855; blast-furnace
    gas −200 × 10⁴ m³ × 1.286 = −257.2; power 800 × 10⁴ kWh × 1.229 = 983.2, at 0.3 kgce/kWh 2 400; water is an energy
    medium: 10⁵ t × 0.2571 kgce = 25.71, by primary value only.
    """
    written = [
        ("原煤", "12000", "吨"), ("焦炭", "3,000", "吨"), ("柴油", "50000", "千克"), ("高炉煤气", "-200", "万立方米"),
        ("电力", "800", "万千瓦时"), ("新水", "10", "万吨"),
    ]  # fmt: skip
    read = Read(tuple(Line(i, *w) for i, w in enumerate(written, start=2)), ())
    calorific = account_lines(read, packs(), Choices(Method("gbt2589-2020", "calorific"), date(2026, 1, 1)))
    assert [str(r.tce) for r in calorific.rows] == [
        "8571.600000", "2914.200000", "72.855000", "-257.200000", "983.200000", "None",
    ]  # fmt: skip
    assert str(calorific.total.tce) == "12284.655000"
    assert calorific.total.state == "partial"
    stated = Choices(Method("gbt2589-2020", "primary"), date(2026, 1, 1), given=Given(Decimal("0.3")))
    primary = account_lines(read, packs(), stated)
    assert str(primary.total.tce) == "13727.165000"
    assert primary.total.state == "ok"
