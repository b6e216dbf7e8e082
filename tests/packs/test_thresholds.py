"""Packs of energy review, key units and two-high ranges beside the table of thresholds, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shuangkong.policy.api import Dated, PackSet

Table = Callable[[str], list[dict[str, str]]]
Figure = tuple[str, str, tuple[str, ...]]
ENERGY, COAL, FINE = "energy-review.threshold", "energy-review.coal", "key-unit.fine"
#: Row of the table (rule, condition, first day) → parameter and key of the pack.
FIGURES: dict[tuple[str, str, str], list[Figure]] = {
    ("provincial review", "annual energy (electricity at equivalent value)", "2025-09-01"): [
        ("energy-review-2025-31", ENERGY, ("province",))
    ],
    ("provincial review", "annual coal use", "2025-09-01"): [("energy-review-2025-31", COAL, ("province",))],
    ("no separate review", "energy AND coal both below", "2025-09-01"): [
        ("energy-review-2025-31", ENERGY, ("exempt",))
    ],
    ("no separate review", "coal part of the pair", "2025-09-01"): [("energy-review-2025-31", COAL, ("exempt",))],
    ("NDRC review", "projects in key fields, energy", "2025-09-01"): [("energy-review-2025-31", ENERGY, ("nation",))],
    ("NDRC review", "projects in key fields, coal", "2025-09-01"): [("energy-review-2025-31", COAL, ("nation",))],
    ("material correction", "incomplete application", "2025-09-01"): [
        ("energy-review-2025-31", "energy-review.correction-days", ())
    ],
    ("opinion lapses", "construction not started", "2025-09-01"): [
        ("energy-review-2025-31", "energy-review.start-years", ())
    ],
    ("acceptance", "after trial run", "2025-09-01"): [("energy-review-2025-31", "energy-review.acceptance-months", ())],
    (
        "rectification",
        "actual unit energy, unit carbon, annual energy or annual carbon above the approved value",
        "2025-09-01",
    ): [("energy-review-2025-31", "energy-review.excess", ())],
    ("provincial review", "", "2023-06-01"): [("energy-review-2023-2", ENERGY, ("province",))],
    ("no separate review", "energy AND electricity both below", "2023-06-01"): [
        ("energy-review-2023-2", ENERGY, ("exempt",))
    ],
    ("no separate review", "electricity part of the pair", "2023-06-01"): [
        ("energy-review-2023-2", "energy-review.electricity", ())
    ],
    ("provincial review", "", "2017-01-01"): [("energy-review-2016-44", ENERGY, ("province",))],
    ("no separate review", "", "2017-01-01"): [("energy-review-2016-44", ENERGY, ("exempt",))],
    ("key energy user", "", "2018-05-01"): [("key-units-2018-15", "key-unit.threshold", ("by-size",))],
    ("designated key user", "", "2018-05-01"): [("key-units-2018-15", "key-unit.threshold", ("designated",))],
    ("fine", "energy-management system deficiencies not corrected", "2018-05-01"): [
        ("key-units-2018-15", FINE, ("management-system",))
    ],
    ("fine", "no energy post or manager", "2018-05-01"): [("key-units-2018-15", FINE, ("energy-post",))],
    ("fine", "false or missing energy report", "2018-05-01"): [("key-units-2018-15", FINE, ("energy-report",))],
    ("fine", "online monitoring not built or data not uploaded", "2018-05-01"): [
        ("key-units-2018-15", FINE, ("online-monitoring",))
    ],
    ("central enterprise class 1", "", "2022-08-01"): [
        ("central-enterprises-2022-41", "central-enterprise.threshold", ("first",))
    ],
    ("central enterprise class 2", "", "2022-08-01"): [
        ("central-enterprises-2022-41", "central-enterprise.threshold", ("second",))
    ],
    ("carbon-market entry", "power, steel, cement, aluminium", "2026"): [
        ("cets-work-notices", "carbon.market.threshold", ())
    ],
    ("2021 definition", "six industries", "2021"): [("two-high-guangdong-2021", "two-high.guangdong-2021.energy", ())],
    ("class one", "8 industries", "2023"): [("two-high-henan-2023", "two-high.henan-2023.energy", ("first",))],
    ("class two", "19 sub-industries", "2023"): [("two-high-henan-2023", "two-high.henan-2023.energy", ("second",))],
    ("directory", "16 industries by product", "2022"): [
        ("two-high-shandong-2022", "two-high.shandong-2022.industries", ())
    ],
    ("project screening", "added-value energy intensity", "2021"): [
        ("high-energy-zhejiang-2021", "high-energy.zhejiang-2021", ())
    ],
}
#: Rules of the table without a figure, and the table of a pack that says them.
IN_TABLES = {
    "mandatory carbon evaluation": ("energy-review-2025-31", "carbon-evaluation"),
    "no delegation": ("energy-review-2025-31", "delegation"),
    "8 industries": ("two-high-guangdong-2022", "range"),
    "six industries": ("two-high-2021-45", "range"),
}
#: In the remark on a row, not in a column.
IN_REMARKS = {("energy-review-2016-44", "energy-review.electricity")}
ANNOUNCED = "revision"


def rows_of(packs: PackSet, pack: str, name: str, key: tuple[str, ...]) -> list[Dated]:
    """Rows of a pack's parameter whose key begins with `key`."""
    (parameter,) = (q for q in packs.pack(pack).parameters if q.id == name)
    return [r for r in parameter.values if r.key[: len(key)] == key]


@pytest.mark.shared
def test_every_threshold_of_the_table_is_in_a_pack(packs: PackSet, table: Table) -> None:
    """Each figure with its digits, its confidence and its days stands in the pack of its document, and no other."""
    wrong: list[tuple[object, ...]] = []
    seen: set[tuple[object, ...]] = set()
    for row in table("reference/energy_review_thresholds.csv"):
        place = row["rule_or_category_zh"], row["condition_zh"], row["effective_from"]
        if place[0] in (ANNOUNCED, *IN_TABLES) or row["topic"] == "六大高耗能行业":
            continue
        for pack, name, key in FIGURES[place]:
            found = rows_of(packs, pack, name, key)
            seen.update((pack, name, *r.key) for r in found)
            given = [Decimal(v) for v in row["threshold_value"].split("-")]
            if [r.value for r in found] != given or {r.confidence for r in found} != {row["confidence"]}:
                wrong.append((place, given, found))
            start, end = found[0].start, found[0].end
            if start.isoformat()[: len(row["effective_from"])] != row["effective_from"]:
                wrong.append((place, row["effective_from"], start))
            last = str(end - timedelta(days=1)) if end else ""
            if last[: len(row["effective_to"])] != row["effective_to"]:
                wrong.append((place, row["effective_to"], last))
    assert wrong == []
    packs_here = {pack for of in FIGURES.values() for pack, _, _ in of}
    held = {(p, q.id, *r.key) for p in packs_here for q in packs.pack(p).parameters for r in q.values}
    assert {h for h in held - seen if h[:2] not in IN_REMARKS} == set()


@pytest.mark.shared
def test_industries_of_the_table_are_those_of_the_ranges(packs: PackSet, table: Table) -> None:
    """Industries and divisions that the table names are the choices of the ranges, in its order."""
    named: dict[str, list[str]] = {}
    divisions = []
    for row in table("reference/energy_review_thresholds.csv"):
        if row["topic"] == "六大高耗能行业":
            divisions.append(row["threshold_value"])
        elif row["topic"] == "两高" and row["rule_or_category_zh"] in IN_TABLES:
            named[row["rule_or_category_zh"]] = row["condition_zh"].split(" ")[0].split(";")
    assert len(named) == 2
    for rule, industries in named.items():
        pack, name = IN_TABLES[rule]
        (entry,) = (t for t in packs.pack(pack).tables if t.id == name)
        assert [c for c in entry.inputs[0].choices if c != "其他"] == industries
    (entry,) = packs.pack("six-high-energy-2017").tables
    assert entry.rows[0].when["division"] == tuple(divisions) or list(entry.rows[0].when["division"]) == divisions


def test_one_order_on_energy_review_holds_on_each_day(packs: PackSet) -> None:
    """From 2017 on there is exactly one order, without a gap and without two on a day."""
    orders = sorted(
        (
            (p.instrument.in_force_from, p.instrument.in_force_to)
            for p in packs.packs
            if p.id.startswith("energy-review-")
        ),
        key=lambda days: days[0],
    )
    assert orders[0][0] == date(2017, 1, 1)
    assert [to for _, to in orders] == [*(start for start, _ in orders[1:]), None]
    assert len(orders) == 3
