"""Packs of efficiency levels and limits of unit energy beside the tables that they were taken from."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from shuangkong.policy.api import PackSet

Table = Callable[[str], list[dict[str, str]]]
#: Units of the tables → units of the packs; where two are one, the number is the same in both.
UNITS = {
    "kgce/t": "kgce/t", "kgce/m2": "kgce/m2", "kgce/m3": "kgce/m3", "kgoe/t": "kgoe/t", "kWh/t": "kWh/t",
    "kgoe/(t·能量因数)": "kgoe/t", "kgce/重量箱": "kgce/weight_case", "gce/kWh": "kgce/MWh", "kgce/kL": "kgce/m3",
    "ratio": "1",
}  # fmt: skip
#: Where the levels of PUE stand: document and condition → pack, key.
PUE = {
    ("GB 40879-2021", "能效等级 1级"): ("gb40879-2021", "grade-1"),
    ("GB 40879-2021", "能效等级 2级"): ("gb40879-2021", "grade-2"),
    ("GB 40879-2021", "能效等级 3级"): ("gb40879-2021", "grade-3"),
    ("2021-12 four-ministry data-centre green plan", "新建大型及以上数据中心"): ("data-centre-plan-2021", "new-large"),
    ("2021-12 four-ministry data-centre green plan", "国家枢纽节点"): ("data-centre-plan-2021", "hub"),
    ("数据中心绿色低碳发展专项行动计划 2024", "全国平均"): ("data-centre-plan-2024", "average"),
    ("数据中心绿色低碳发展专项行动计划 2024", "新建改扩建大型和超大型"): ("data-centre-plan-2024", "new-large"),
    ("数据中心绿色低碳发展专项行动计划 2024", "国家枢纽节点新建"): ("data-centre-plan-2024", "hub-new"),
    ("国家绿色数据中心推荐条件 2025", ""): ("green-data-centre-2025", "green"),
    ("北京市 数据中心差别电价 (from 2026)", "北京"): ("power-price-beijing-data-centre-2026", None),
}
Held = dict[tuple[str, ...], tuple[Decimal | None, str, str]]


def held(packs: PackSet, pack: str, prefix: str) -> Held:
    """Rows of a pack by key: value, confidence, unit."""
    return {
        r.key: (r.value, r.confidence, q.unit)
        for q in packs.pack(pack).parameters
        if q.id.startswith(prefix)
        for r in q.values
    }


def item(row: dict[str, str], also: str = "") -> str:
    """A row's product with its condition, as the packs name it."""
    condition = row["condition_zh"].replace(",", "，")
    return row["product_zh"] + (f"（{condition}）" if condition else "") + also


def figure(text: str) -> Decimal | None:
    """A printed figure; none where the cell is empty."""
    return Decimal(text) if text else None


@pytest.mark.shared
@pytest.mark.parametrize("edition", ["2021", "2023"])
def test_efficiency_levels_are_those_of_the_table(packs: PackSet, table: Table, edition: str) -> None:
    """No benchmark or baseline level of an edition is lost, changed or invented, nor made surer than in the table."""
    wanted: Held = {}
    deadlines = set()
    for r in table("reference/efficiency_benchmarks.csv"):
        if r["edition"] == edition:
            for level in ("benchmark", "baseline"):
                wanted[item(r), level] = figure(r[f"{level}_level"]), r["confidence"], UNITS[r["unit"]]
            deadlines.add((item(r), r["retrofit_deadline"]))
    assert held(packs, f"efficiency-levels-{edition}", "efficiency.level.") == wanted
    assert len(wanted) == 2 * {"2021": 56, "2023": 61}[edition]
    if edition == "2023":
        rows = {
            (str(row.when["item"]), str(row.then["deadline"]))
            for t in packs.pack("efficiency-levels-2023").tables
            if t.id.startswith("national-")
            for row in t.rows
        }
        assert rows == deadlines


@pytest.mark.shared
def test_limits_are_those_of_the_table(packs: PackSet, table: Table) -> None:
    """Each limit of a standard with its three levels; an empty level is no figure, and starts are those recorded."""
    wanted: dict[str, Held] = {}
    starts = {}
    rows = table("reference/energy_limit_standards.csv")
    for r in rows:
        standard, _, year = r["standard"].removeprefix("GB ").partition("-")
        pack = f"gb{standard}-{year}"
        twins = [x for x in rows if x["standard"] == r["standard"] and x["unit"] == r["unit"] and item(x) == item(r)]
        name = item(r, r["indicator"] if len(twins) > 1 else "")
        for grade in "123":
            level = figure(r[f"level_{grade}"]), r["confidence"], UNITS[r["unit"]]
            assert wanted.setdefault(pack, {}).setdefault((name, grade), level) == level
        if r["effective_date"]:
            starts[pack] = r["effective_date"]
    got = {pack: held(packs, pack, "energy-limit.") for pack in wanted}
    assert got == wanted
    assert sum(len(h) for h in wanted.values()) == 3 * len(rows)
    assert {p: packs.pack(p).instrument.in_force_from.isoformat() for p in starts} == starts


@pytest.mark.shared
def test_levels_of_data_centres_are_those_of_the_table(packs: PackSet, table: Table) -> None:
    """Each level of PUE stands in the pack of its document."""
    seen = set()
    for r in table("reference/efficiency_benchmarks.csv"):
        if r["edition"].startswith("not in"):
            keys = [(r["source"], r["condition_zh"]), (r["source"], r["product_zh"])]
            pack, kind = next(PUE[k] for k in keys if k in PUE)
            seen.add((pack, kind))
            value = figure(r["benchmark_level"] or r["baseline_level"])
            there = held(packs, pack, "pue." if kind else "power-price.beijing-2026.pue")
            assert there[(kind,) if kind else ()] == (value, r["confidence"], UNITS[r["unit"]])
    assert seen == set(PUE.values())


@pytest.mark.shared
def test_pollution_equivalents_are_those_of_the_table(packs: PackSet, table: Table) -> None:
    """Each pollutant with an equivalent value has it, as sure as in the table; pollutants without one are not there."""
    wanted: dict[tuple[str, str], tuple[Decimal | None, str]] = {}
    for r in table("reference/pollutant_accounting.csv"):
        value = figure(r["equivalent_value"])
        if value is None:
            continue
        name, kind = r["name_zh"], r["medium"] + (f"-{r['water_pollutant_class']}" if r["medium"] == "water" else "")
        if r["equivalent_value_unit"] != "kg":
            kind = "ph" if name.startswith("pH ") else "colour" if name == "色度" else "waste-water"
            name = "" if kind == "colour" else name.removeprefix("pH ").replace("(", "（").replace(")", "）")
        wanted[kind, name] = value, r["confidence"]
    law = packs.pack("environmental-protection-tax").parameters
    got = {
        (q.id.removeprefix("pollution-equivalent."), *(r.key or ("",))): (r.value, r.confidence)
        for q in law
        if not q.id.endswith("-traces")
        for r in q.values
    }
    assert got == wanted
    (row,) = (r for q in law if q.id.endswith("-traces") for r in q.values)
    printed = wanted["water-1", row.key[0]][0]
    assert printed is not None
    assert row.value == printed * 10**6  # milligrams
