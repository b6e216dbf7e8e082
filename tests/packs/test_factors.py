"""Factor packs beside the reference tables, row by row and in both directions."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.policy.api import Dated, PackSet

Table = Callable[[str], list[dict[str, str]]]
ENERGY, CARBON = "reference/energy_conversion_factors.csv", "reference/carbon_factors.csv"
EDITIONS = {"2020": "gbt2589@2020", "2008": "gbt2589@2008", "NBS": "nbs-205-1@2020s"}
TODAY = date(2026, 11, 20)
Figure = tuple[str, str, str]


def named(packs: PackSet, name: str) -> str:
    """The carrier that the reference calls `name`."""
    extra = {"电力(当量值)": "electricity", "电力(等价值)": "electricity", "热力(当量值)": "heat"}
    hits = {c.id for c in packs.carriers.values() if name in (c.label.zh, *c.aliases)}
    return extra[name] if name in extra else hits.pop()


def figure(low: str, high: str, confidence: str) -> Figure:
    """How a figure of the table is compared: low, high and how sure it is."""
    return low, high, confidence


def shown(row: Dated) -> Figure:
    """How a row of a pack is compared, with its digits as printed."""
    low, high = (row.value, row.value) if row.low is None else (row.low, row.high)
    return "" if low is None else str(low), "" if high is None else str(high), row.confidence


def carried(packs: PackSet, pack: str, prefix: str) -> dict[tuple[str, ...], Figure]:
    """Rows of a pack whose parameter starts with `prefix`, by parameter and key."""
    return {(p.id, *r.key): shown(r) for p in packs.pack(pack).parameters if p.id.startswith(prefix) for r in p.values}


@pytest.mark.shared
@pytest.mark.parametrize("edition", EDITIONS)
def test_energy_rows_are_those_of_the_table(packs: PackSet, table: Table, edition: str) -> None:
    """No coefficient of GB/T 2589 or of the energy return is lost, changed or invented."""
    wanted: dict[tuple[str, ...], Figure] = {}
    for r in (r for r in table(ENERGY) if r["edition"] == edition):
        if r["section"] == "base_constant":
            kj = r["kj_per_quantity_unit_low"]
            wanted[("energy.standard_coal",)] = figure(kj, kj, r["confidence"])
            continue
        carrier = named(packs, r["name_zh"])
        medium, primary = r["section"] == "energy_medium", "等价值" in r["name_zh"]
        coal = "energy.medium" if medium else f"energy.conversion.{'primary' if primary else 'calorific'}"
        heat = "energy.medium.energy" if medium else "energy.heating_value"
        for name, what in ((coal, "kgce"), (heat, "kj")):
            low, high = (r[f"{what}_per_quantity_unit_{end}"] for end in ("low", "high"))
            if what == "kgce" or low:
                wanted[(name, carrier)] = figure(low, high, r["confidence"])
        if r["quantity_unit"]:
            assert packs.carriers[carrier].unit == r["quantity_unit"]
        assert r["code_nbs_205_1"] in ("", packs.carriers[carrier].nbs_code)
    if edition == "2020":  # the rule of the standard for heat; the table has no row for it
        wanted[("energy.conversion.primary", "heat")] = figure("", "", "confirmed")
    assert carried(packs, EDITIONS[edition], "energy.") == wanted
    statuses = {q.status for p in packs.pack(EDITIONS[edition]).parameters for q in p.values}
    assert statuses == {"superseded" if edition == "2008" else "current"}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("group", "pack"),
    [("fuel_carbon_market_steel", "cets-steel"), ("fuel_industry_guides_2013_2015", "ghg-guides-2013-2015")],
)
def test_fuel_rows_are_those_of_the_table(packs: PackSet, table: Table, group: str, pack: str) -> None:
    """No heating value, carbon content or oxidation of a guide is lost, changed or invented."""
    columns = {
        "ncv_gj_per_t": "ncv.mass",
        "ncv_gj_per_10k_nm3": "ncv.gas",
        "carbon_tc_per_gj": "carbon_content",
        "oxidation_pct": "oxidation",
    }
    wanted = {
        (f"carbon.fuel.{name}", named(packs, r["item_zh"])): figure(r[column], r[column], r["confidence"])
        for r in table(CARBON)
        if r["group"] == group
        for column, name in columns.items()
        if r[column]
    }
    assert carried(packs, pack, "carbon.fuel.") == wanted


@pytest.mark.shared
@pytest.mark.parametrize(
    ("group", "pack"),
    [("fuel_carbon_market_steel", "cets-steel"), ("fuel_industry_guides_2013_2015", "ghg-guides-2013-2015")],
)
def test_factors_multiply_to_the_computed_column(packs: PackSet, table: Table, group: str, pack: str) -> None:
    """Heating value × carbon content × oxidation × 44/12 is the table's own product, to its last digit."""
    rows = {k: Decimal(f[0]) for k, f in carried(packs, pack, "carbon.").items() if f[0]}
    ratio = rows[("carbon.co2_molar",)] / rows[("carbon.c_molar",)]
    compared = 0
    for r in (r for r in table(CARBON) if r["group"] == group):
        fuel = named(packs, r["item_zh"])
        for name, column in (("mass", "computed_tco2_per_t"), ("gas", "computed_tco2_per_10k_nm3")):
            if r[column]:
                heat = rows[(f"carbon.fuel.ncv.{name}", fuel)]
                share = rows[("carbon.fuel.oxidation", fuel)] / 100
                product = heat * rows[("carbon.fuel.carbon_content", fuel)] * share * ratio
                assert abs(product - Decimal(r[column])) <= Decimal("0.00005"), r["item_en"]
                compared += 1
    assert compared >= 25


#: group of the table → parameter, column of the figure.
OTHERS = {
    "grid_average_by_data_year": ("carbon.grid.average", "ef_kgco2_per_kwh"),
    "grid_residual": ("carbon.grid.residual", "ef_kgco2_per_kwh"),
    "grid_fossil": ("carbon.grid.fossil", "ef_kgco2_per_kwh"),
    "grid_enterprise_reporting": ("carbon.grid.enterprise_reporting", "ef_kgco2_per_kwh"),
    "grid_footprint": ("carbon.grid.footprint", "other_value"),
    "grid_regional_legacy": ("carbon.grid.regional_legacy", "ef_kgco2_per_kwh"),
    "heat": ("carbon.heat", "ef_tco2_per_gj"),
    "process_steel": ("carbon.process.steel", "ef_tco2_per_t"),
    "process_other": ("carbon.process.product", "ef_tco2_per_t"),
    "process_aluminium": ("carbon.process.aluminium.", "other_value"),
    "carbonate_stoichiometric": ("carbon.carbonate", "ef_tco2_per_t"),
    "regional_intensity_default": ("carbon.region.default", "ef_tco2_per_tce"),
    "market_threshold": ("carbon.market.threshold", "other_value"),
}


@pytest.mark.shared
@pytest.mark.parametrize("group", OTHERS)
def test_other_carbon_rows_are_those_of_the_table(packs: PackSet, table: Table, group: str) -> None:
    """Every other figure of the carbon table is in the packs as often, and as surely, as in the table."""
    name, column = OTHERS[group]
    wanted = sorted((r[column], r["confidence"], r["source"]) for r in table(CARBON) if r["group"] == group)
    ids = [i for i in packs.parameter_ids() if i == name or (name.endswith(".") and i.startswith(name))]
    rows = [r for i in ids for r in packs.parameters(i).values]
    got = sorted((str(r.value), r.confidence, cited(r)) for r in rows)
    assert [g[:2] for g in got] == [w[:2] for w in wanted]
    assert [g[2] in w[2] for g, w in zip(got, wanted, strict=True)] == [True] * len(wanted)


def cited(row: Dated) -> str:
    """The document of a row as the table writes it."""
    return row.source.doc


@pytest.mark.shared
def test_every_group_of_the_carbon_table_is_carried(table: Table) -> None:
    """The table has no group that the tests beside it leave out."""
    fuels = {"fuel_carbon_market_steel", "fuel_industry_guides_2013_2015"}
    assert {r["group"] for r in table(CARBON)} == {*OTHERS, *fuels}


@pytest.mark.shared
def test_grid_factors_stand_under_their_region_and_year(packs: PackSet, table: Table) -> None:
    """Each grid average is found by region and data year, and only when the data year is named."""
    codes = {r["name"]: r["code"] + "0000" for r in table("data/division-codes/provinces.csv")}
    grids = dict(
        zip(
            ("华北", "东北", "华东", "华中", "西北", "南方", "西南"),
            ("north", "northeast", "east", "central", "northwest", "south", "southwest"),
            strict=True,
        )
    )
    for r in (r for r in table(CARBON) if r["group"] == "grid_average_by_data_year"):
        name, year = r["region"], r["data_year"]
        hits = [c for n, c in codes.items() if n.startswith(name)]
        region = "000000" if name == "全国" else f"grid_{grids[name]}" if name in grids else hits[0]
        row = packs.parameter("carbon.grid.average", day=date(2025, 1, 1), known=TODAY, edition=year, region=region)
        assert (str(row.value), row.start) == (r["ef_kgco2_per_kwh"], date(int(year), 1, 1))


@pytest.mark.shared
def test_generated_files_are_up_to_date(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running the generator again would change nothing."""
    root = Path(__file__).parents[2]
    spec = importlib.util.spec_from_file_location("packs_from_reference", root / "tools" / "packs_from_reference.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, tool)
    spec.loader.exec_module(tool)
    where = root / "src" / "shuangkong" / "packs"
    stale = [n for n, t in tool.files(shared / "reference", where).items() if (where / n).read_text("utf-8") != t]
    assert stale == []


def test_a_range_and_a_missing_figure_are_not_numbers(packs: PackSet) -> None:
    """Natural gas is a range, primary electricity a state, and a carrier without coefficient says so."""
    day = date(2022, 6, 1)
    gas = packs.parameter("energy.conversion.calorific", day=day, known=TODAY, carrier="natural_gas")
    assert (gas.value, gas.low, gas.high) == (None, Decimal("1.1000"), Decimal("1.3300"))
    power = packs.parameter("energy.conversion.primary", day=day, known=TODAY, carrier="electricity")
    assert (power.value, power.state) == (None, "yearly_coefficient_needed")
    methane = packs.parameter("energy.conversion.calorific", day=day, known=TODAY, carrier="coal_bed_methane")
    assert (methane.value, methane.state, methane.confidence) == (None, "not_recorded", "recalled")


def test_fresh_water_depends_on_the_edition(packs: PackSet) -> None:
    """0.0857 before and 0.2571 after 2021-04-01: the day decides which edition speaks."""
    values = [
        packs.parameter("energy.medium", day=day, known=TODAY, carrier="fresh_water").value
        for day in (date(2021, 3, 31), date(2021, 4, 1))
    ]
    assert values == [Decimal("0.0857"), Decimal("0.2571")]


def test_deductions_are_what_the_documents_say(packs: PackSet) -> None:
    """New renewable power goes from the total only, feedstock from both sides and the base year too."""
    rule = packs.parameters("deduction.applies")
    day = date(2024, 12, 31)
    steps = {r.key: (r.value, r.confidence) for r in rule.values if r.covers(day)}
    assert steps == {
        ("new_renewable", "total"): (1, "recalled"),
        ("new_renewable", "intensity"): (0, "recalled"),
        ("feedstock", "total"): (1, "confirmed"),
        ("feedstock", "intensity"): (1, "confirmed"),
        ("nonfossil", "total"): (1, "confirmed"),
        ("nonfossil", "intensity"): (1, "inferred"),
        ("certificate", "total"): (1, "confirmed"),
        ("certificate", "intensity"): (1, "inferred"),
        ("major_project", "total"): (1, "confirmed"),
        ("major_project", "intensity"): (1, "inferred"),
    }
    assert packs.parameter("deduction.certificate_cap", day=day, known=TODAY).value == Decimal("0.5")
    assert packs.parameter("deduction.feedstock_base_year", day=day, known=TODAY).value == 1


def test_coefficients_agree_with_their_heating_values(packs: PackSet) -> None:
    """Computed a second way, heating value ÷ 29307.6, each 2020 coefficient comes out within one in its last digit."""
    coal = packs.parameters("energy.standard_coal").values[0].value
    assert coal == Decimal("29307.6")
    heats = {r.key: r for r in packs.parameters("energy.heating_value").values if r.edition == "2020"}
    compared = 0
    for r in packs.parameters("energy.conversion.calorific").values:
        if r.edition != "2020":
            continue
        ends = ((r.value, heats[r.key].value), (r.low, heats[r.key].low), (r.high, heats[r.key].high))
        for printed, kj in ends:
            assert (printed is None) == (kj is None), r.key
            if printed is not None and kj is not None:
                last = Decimal(1).scaleb(int(printed.as_tuple().exponent))
                assert abs(kj / coal - printed) <= last, r.key
                compared += 1
    assert compared == 35
