"""Writes the factor packs' parameters from the tables of ../shared/reference.

    python tools/packs_from_reference.py --shared ../shared --packs src/shuangkong/packs [--check]

Instruments and carriers are written by hand; this writes only `parameters/*.yaml`, one row per line, with the
digits as the tables print them. Nothing of this runs when Shuangkong runs.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

Record = Mapping[str, str]
Pairs = tuple[tuple[str, str], ...]
#: A record, the keys of its row, and its figure.
Line = tuple[Record, Pairs, str]
ENERGY, CARBON = "energy_conversion_factors.csv", "carbon_factors.csv"
COAL_ZH = "折标准煤系数"
PER_UNIT = "per quantity unit of the carrier"
NATION = "000000"
#: Names in the tables that say more than the carrier.
SPECIAL = {"电力(当量值)": "electricity", "电力(等价值)": "electricity", "热力(当量值)": "heat"}
#: Carriers of the statistical return that have no coefficient, and why.
NO_COEFFICIENT = {"waste_heat": "stated_in_standard_coal", "energy_total": "stated_in_standard_coal"}
GRIDS = {
    "华北": "grid_north",
    "东北": "grid_northeast",
    "华东": "grid_east",
    "华中": "grid_central",
    "西北": "grid_northwest",
    "南方": "grid_south",
    "西南": "grid_southwest",
}
#: Provinces as the table names them, each with the first two digits of its code.
_NAMED = (
    "北京11|天津12|河北13|山西14|内蒙古15|辽宁21|吉林22|黑龙江23|上海31|江苏32|浙江33|安徽34|福建35|江西36|山东37|"
    "河南41|湖北42|湖南43|广东44|广西45|海南46|重庆50|四川51|贵州52|云南53|陕西61|甘肃62|青海63|宁夏64|新疆65"
)
PROVINCES = {p[:-2]: p[-2:] for p in _NAMED.split("|")}
#: Report years of the enterprise factor as the table words them: edition, from, to, known.
REPORT_YEARS = {
    "report years up to 2020": ("2020", "2015-01-01", "2021-01-01", "2020-12-31"),
    "report year 2021": ("2021", "2021-01-01", "2022-01-01", "2022-12-31"),
    "report year 2022, reused for 2023": ("2022", "2022-01-01", "2024-01-01", "2023-12-31"),
}
ALUMINIUM = {
    "aluminium net anode consumption": "anode_consumption",
    "anode sulphur": "anode_sulphur",
    "anode ash": "anode_ash",
    "aluminium CF4 default": "cf4",
    "aluminium C2F6 default": "c2f6",
}
OUTPUT = {"clinker process emission, carbon-market guide 2024": "clinker", "clinker, provincial inventory": "clinker"}
SHANGHAI = "310000"
FORMULA = "formula for fuel combustion: NCV x carbon content x oxidation x 44/12"
#: Place and day known of each carbon document; the day is that of its instrument.yaml, which tells how it was chosen.
DOCUMENTS = {
    "cets-steel": ("formula for fuel combustion", "2024-12-31"),
    "guides-2013-2015": ("default table of fuels", "2015-12-31"),
    "grid-average-2021": ("annex", "2024-04-12"),
    "grid-average-2022": ("annex", "2024-12-20"),
    "grid-average-2023": ("annex", "2025-12-31"),
    "grid-regional-legacy": ("table of regional grids", "2012-12-31"),
    "heat-shanghai-2022": ("heat", "2022-12-31"),
    "cets-cement": ("clinker process emission", "2024-09-13"),
    "provincial-inventory": ("industrial processes", "2011-12-31"),
    "guide-aluminium-2013": ("default values", "2013-12-31"),
    "region-intensity": ("default factors", "2011-01-01"),
    "cets-2026": ("entry threshold", "2026-11-20"),
}


@dataclass(frozen=True)
class Row:
    """One line of a parameter; `own` are the fields that it does not take over from the parameter."""

    keys: Pairs
    figures: Pairs
    source: tuple[str, str, str] | None
    confidence: str
    note: str
    own: Pairs = ()


@dataclass(frozen=True)
class Parameter:
    """A parameter of one pack file; `lead` are fields for all of its rows, such as from or status."""

    file: str
    id: str
    zh: str
    en: str
    unit: str
    rows: tuple[Row, ...]
    note: str = ""
    lead: Pairs = field(default=())


def main() -> int:
    """Write every file, or with --check say which ones differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--packs", type=Path, default=Path("src/shuangkong/packs"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stale = 0
    for name, text in files(options.shared / "reference", options.packs).items():
        target = options.packs / name
        if target.is_file() and target.read_text("utf-8") == text:
            continue
        stale += 1
        print(f"{'stale' if options.check else 'written'}: {name}", file=sys.stderr)
        if not options.check:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, "utf-8")
    return 1 if options.check and stale else 0


def files(reference: Path, packs: Path) -> dict[str, str]:
    """Every generated file by its place below the packs folder."""
    energy, carbon = read(reference / ENERGY), read(reference / CARBON)
    carriers = carrier_names(packs)
    grouped: dict[str, list[Parameter]] = {}
    for parameter in (*energy_parameters(energy, carriers), *carbon_parameters(carbon, carriers)):
        if parameter.rows:
            grouped.setdefault(parameter.file, []).append(parameter)
    return {name: _render(name, found) for name, found in grouped.items()}


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a reference table."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def carrier_names(packs: Path) -> dict[str, str]:
    """Carrier ids by Chinese label and alias, over all packs."""
    names = dict(SPECIAL)
    for path in sorted(packs.glob("*/*/carriers.yaml")):
        for entry in yaml.safe_load(path.read_text("utf-8")):
            for name in (entry["label"]["zh"], *entry.get("aliases", ())):
                names.setdefault(name, entry["id"])
    return names


def slug(text: str) -> str:
    """A name for a material: pig iron -> pig_iron."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower().removesuffix(" as product")).strip("_")


# --- energy -----------------------------------------------------------------------------------------------


def energy_parameters(table: Iterable[Record], carriers: Mapping[str, str]) -> Iterator[Parameter]:
    """Coefficients and heating values of GB/T 2589 and of the statistical return, by pack."""
    rows = list(table)
    packs = {"2020": "standards/gbt2589-2020", "2008": "standards/gbt2589-2008", "NBS": "standards/nbs-205-1"}
    for edition, pack in packs.items():
        mine = [r for r in rows if r["edition"] == edition and r["section"] != "base_constant"]
        fuels = [r for r in mine if r["section"] != "energy_medium" and "等价值" not in r["name_zh"]]
        media = [r for r in mine if r["section"] == "energy_medium"]
        heated = [r for r in fuels if r["kj_per_quantity_unit_low"]]
        lead = (("status", "superseded"),) if edition == "2008" else ()
        make = _energy_maker(f"{pack}/parameters/energy.yaml", carriers, lead)
        yield make(
            "energy.conversion.calorific", COAL_ZH + "（当量值）", "Standard coal, calorific value", "kgce", fuels
        )
        yield make("energy.heating_value", "平均低位发热量", "Average net heating value", "kj", heated)
        yield make(
            "energy.medium",
            "耗能工质折标准煤系数（等价值）",
            "Standard coal of energy media, primary value",
            "kgce",
            media,
        )
        yield make("energy.medium.energy", "耗能工质单位能耗（等价值）", "Energy of media, primary value", "kj", media)
    yield from _primary([r for r in rows if "等价值" in r["name_zh"]])
    yield _standard_coal(next(r for r in rows if r["section"] == "base_constant"))


def _energy_maker(
    file: str, carriers: Mapping[str, str], lead: Pairs
) -> Callable[[str, str, str, str, list[Record]], Parameter]:
    def make(name: str, zh: str, en: str, what: str, rows: list[Record]) -> Parameter:
        made = tuple(_energy_row(r, carriers[r["name_zh"]], what) for r in rows)
        return Parameter(file, name, zh, en, f"{'kJ' if what == 'kj' else what} {PER_UNIT}", made, lead=lead)

    return make


def _energy_row(r: Record, carrier: str, what: str) -> Row:
    low, high = r[f"{what}_per_quantity_unit_low"], r[f"{what}_per_quantity_unit_high"]
    figures: Pairs = (("value", low),)
    if low != high:
        figures = (("low", low), ("high", high))
    elif not low:
        figures = (("state", NO_COEFFICIENT.get(carrier, "not_recorded")),)
    return Row((("carrier", carrier),), figures, _source(r["source"]), r["confidence"], r["note"])


def _primary(rows: list[Record]) -> Iterator[Parameter]:
    """Primary (等价) values: electricity as the table has it; heat by the rule of the standard, without a figure."""
    (row,) = rows
    source = _source(row["source"])
    electricity = Row(
        (("carrier", "electricity"),), (("state", "yearly_coefficient_needed"),), source, row["confidence"], row["note"]
    )
    heat = replace(
        electricity,
        keys=(("carrier", "heat"),),
        figures=(("state", "coefficient_needed"),),
        note="the table prints no figure",
    )
    yield Parameter(
        "standards/gbt2589-2020/parameters/energy.yaml",
        "energy.conversion.primary",
        "折标准煤系数（等价值）",
        "Standard coal, primary value",
        f"kgce {PER_UNIT}",
        (electricity, heat),
        note="Only electricity and heat have a primary value of their own; that of a fuel is its calorific value.",
    )


def _standard_coal(r: Record) -> Parameter:
    row = Row((), (("value", r["kj_per_quantity_unit_low"]),), _source(r["source"]), r["confidence"], r["note"])
    file = "standards/gbt2589-2020/parameters/energy.yaml"
    return Parameter(file, "energy.standard_coal", "标准煤热值", "Heating value of standard coal", "kJ/kg", (row,))


# --- carbon -----------------------------------------------------------------------------------------------


def carbon_parameters(table: Iterable[Record], carriers: Mapping[str, str]) -> Iterator[Parameter]:
    """Everything of the carbon table, by pack."""
    groups: dict[str, list[Record]] = {}
    for r in table:
        groups.setdefault(r["group"], []).append(r)
    steel, older = "carbon/cets-steel", "carbon/guides-2013-2015"
    yield from _fuels(f"{steel}/parameters/fuels.yaml", groups["fuel_carbon_market_steel"], carriers)
    yield from _fuels(f"{older}/parameters/fuels.yaml", groups["fuel_industry_guides_2013_2015"], carriers)
    yield from _grids(groups)
    for r in groups["heat"]:
        local = r["region"] == "上海"
        file = "carbon/heat-shanghai-2022" if local else older
        rows = [(r, (("region", SHANGHAI if local else NATION),), r["ef_tco2_per_gj"])]
        label = ("外购热力排放因子", "Purchased heat")
        yield _simple(f"{file}/parameters/heat.yaml", "carbon.heat", label, "tCO2/GJ", rows)
    yield from _processes(groups, f"{steel}/parameters/process.yaml", f"{older}/parameters/carbonates.yaml")
    yield _simple(
        "carbon/region-intensity/parameters/fuels.yaml",
        "carbon.region.default",
        ("分品种化石能源二氧化碳排放系数（地区核算）", "CO2 of fossil fuels, regional accounting"),
        "tCO2/tce",
        [(r, (("fuel", r["item_en"]),), r["ef_tco2_per_tce"]) for r in groups["regional_intensity_default"]],
    )
    for r in groups["market_threshold"]:
        yield _simple(
            "carbon/cets-2026/parameters/market.yaml",
            "carbon.market.threshold",
            ("全国碳市场纳入门槛（直接排放）", "Entry threshold of the national carbon market"),
            r["other_unit"],
            [(r, (), r["other_value"])],
        )


def _cited(file: str, text: str) -> tuple[str, str, str]:
    """Document and place as the table cites them, with the day on which the pack's document was known."""
    doc, _, table = text.partition(" Table ")
    doc = doc.replace(" (national carbon market, MEE)", "")
    place, known = DOCUMENTS[file.split("/")[1]]
    return doc, f"Table {table}" if table else place, known


def _marks(r: Record) -> tuple[str, str]:
    return r["confidence"], r["note"]


def _simple(
    file: str,
    name: str,
    label: tuple[str, str],
    unit: str,
    rows: Sequence[Line],
) -> Parameter:
    made = tuple(Row(keys, (("value", value),), _cited(file, r["source"]), *_marks(r)) for r, keys, value in rows)
    return Parameter(file, name, *label, unit, made)


def _fuels(file: str, rows: list[Record], carriers: Mapping[str, str]) -> Iterator[Parameter]:
    columns = (
        ("ncv.mass", "低位发热量（固体、液体）", "Net calorific value by mass", "GJ/t", "ncv_gj_per_t"),
        ("ncv.gas", "低位发热量（气体）", "Net calorific value of gases", "GJ/10k_m3", "ncv_gj_per_10k_nm3"),
        ("carbon_content", "单位热值含碳量", "Carbon per heating value", "tC/GJ", "carbon_tc_per_gj"),
        ("oxidation", "碳氧化率", "Oxidation", "%", "oxidation_pct"),
    )
    for name, zh, en, unit, column in columns:
        mine = [(r, (("carrier", carriers[r["item_zh"]]),), r[column]) for r in rows if r[column]]
        made = _simple(file, f"carbon.fuel.{name}", (zh, en), unit, mine)
        yield replace(made, note="Standard-state volume." if name == "ncv.gas" else "")
    for name, value, zh, en in (
        ("co2_molar", "44", "二氧化碳摩尔质量", "CO2"),
        ("c_molar", "12", "碳摩尔质量", "Carbon"),
    ):
        row = Row((), (("value", value),), None, "confirmed", FORMULA)
        yield Parameter(file, f"carbon.{name}", zh, f"{en}, molar mass", "g/mol", (row,))


def _grids(groups: Mapping[str, list[Record]]) -> Iterator[Parameter]:
    kinds = (
        ("grid_average_by_data_year", "average", "电力平均二氧化碳排放因子", "Grid average"),
        ("grid_residual", "residual", "电力平均二氧化碳排放因子（不含市场化交易的非化石能源电量）", "Residual mix"),
        ("grid_fossil", "fossil", "化石能源电力二氧化碳排放因子", "Fossil power"),
    )
    for group, name, zh, en in kinds:
        for year in ("2021", "2022", "2023"):
            mine = [r for r in groups[group] if r["data_year"] == year]
            file = f"carbon/grid-average-{year}/parameters/grid.yaml"
            rows = [(r, (("region", _region(r)),), r["ef_kgco2_per_kwh"]) for r in mine]
            made = _simple(file, f"carbon.grid.{name}", (zh, en), "kgCO2/kWh", rows)
            yield replace(made, lead=(("from", f"{year}-01-01"),))
    yield _reporting(groups["grid_enterprise_reporting"])
    years = tuple(_yearly(r, r["other_value"]) for r in groups["grid_footprint"])
    file = "carbon/grid-footprint/parameters/grid.yaml"
    yield Parameter(file, "carbon.grid.footprint", "电力碳足迹因子", "Footprint of electricity", "kgCO2e/kWh", years)
    legacy = [(r, (("region", _region(r)),), r["ef_kgco2_per_kwh"]) for r in groups["grid_regional_legacy"]]
    file = "carbon/grid-regional-legacy/parameters/grid.yaml"
    label = ("区域电网平均排放因子（旧）", "Regional grid average (legacy)")
    yield _simple(file, "carbon.grid.regional_legacy", label, "kgCO2/kWh", legacy)


def _region(r: Record) -> str:
    name = r["region"]
    return NATION if name == "全国" else GRIDS.get(name) or PROVINCES[name] + "0000"


def _yearly(r: Record, value: str) -> Row:
    year = r["data_year"]
    source = (r["source"], "national factor", "2026-11-20")
    own = (("edition", year), ("from", f"{year}-01-01"))
    return Row((("region", _region(r)),), (("value", value),), source, *_marks(r), own=own)


def _reporting(rows: list[Record]) -> Parameter:
    made = []
    for r in rows:
        edition, start, end, known = REPORT_YEARS[r["data_year"]]
        source = (r["source"], r["data_year"], known)
        own = (("edition", edition), ("from", start), ("to", end))
        made.append(
            Row((("region", NATION),), (("value", r["ef_kgco2_per_kwh"]),), source, *_marks(r), own=own),
        )
    return Parameter(
        "carbon/grid-enterprise-reporting/parameters/grid.yaml",
        "carbon.grid.enterprise_reporting",
        "全国电网平均排放因子（企业报告用）",
        "National grid factor for enterprise reporting",
        "kgCO2/kWh",
        tuple(made),
    )


def _processes(groups: Mapping[str, list[Record]], steel: str, carbonates: str) -> Iterator[Parameter]:
    def by_material(rows: Iterable[Record]) -> list[Line]:
        return [(r, (("material", OUTPUT.get(r["item_en"]) or slug(r["item_en"])),), r["ef_tco2_per_t"]) for r in rows]

    label = ("钢铁生产含碳物料排放因子", "Carbon of materials in steelmaking")
    yield _simple(steel, "carbon.process.steel", label, "tCO2/t", by_material(groups["process_steel"]))
    label = ("工业生产过程排放因子", "Process emission per product")
    for pack, mark in (("cets-cement", "CETS"), ("provincial-inventory", "省级")):
        products = by_material(r for r in groups["process_other"] if mark in r["source"])
        file = f"carbon/{pack}/parameters/process.yaml"
        yield _simple(file, "carbon.process.product", label, "tCO2/t", products)
    for r in groups["process_aluminium"]:
        file = "carbon/guide-aluminium-2013/parameters/process.yaml"
        name = f"carbon.process.aluminium.{ALUMINIUM[r['item_en']]}"
        yield _simple(file, name, (r["item_zh"], r["item_en"]), r["other_unit"], [(r, (), r["other_value"])])
    label = ("碳酸盐化学计量排放因子", "Carbonates, stoichiometric")
    salts = by_material(groups["carbonate_stoichiometric"])
    yield _simple(carbonates, "carbon.carbonate", label, "tCO2/t", salts)


# --- writing ----------------------------------------------------------------------------------------------


def _source(text: str) -> tuple[str, str, str]:
    """Document, place and day known of a source of the energy table."""
    for start, known in (("GB/T 2589-2020", "2020-09-29"), ("GB/T 2589-2008", "2008-02-03")):
        if text.startswith(start):
            return start, text.removeprefix(start).strip(), known
    return "NBS energy form 205-1", text.removeprefix("NBS energy form 205-1").strip(), "2020-01-01"


def _render(name: str, parameters: Iterable[Parameter]) -> str:
    table = ENERGY if name.startswith("standards/") else CARBON
    lines = [f"# Written by tools/packs_from_reference.py from {table}; change it there."]
    for parameter in parameters:
        lines += _lines(parameter)
    return "\n".join(lines) + "\n"


def _lines(p: Parameter) -> Iterator[str]:
    sources = Counter(r.source for r in p.rows)
    source = sources.most_common(1)[0][0]
    confidence = Counter(r.confidence for r in p.rows).most_common(1)[0][0]
    notes = Counter(r.note for r in p.rows)
    note = notes.most_common(1)[0][0] if len(notes) == 1 else ""
    yield f"- id: {p.id}"
    yield f"  label: {{zh: {_text(p.zh)}, en: {_text(p.en)}}}"
    yield f"  unit: {_text(p.unit)}"
    if p.rows[0].keys:
        yield f"  key: [{', '.join(k for k, _ in p.rows[0].keys)}]"
    for key, value in p.lead:
        yield f"  {key}: {value}"
    if source is not None:
        yield f"  source: {_place(source)}"
    yield f"  confidence: {confidence}"
    told = " ".join(t for t in (p.note, note) if t)
    if told:
        yield f"  note: {_text(told)}"
    yield "  values:"
    for row in p.rows:
        yield f"    - {{{', '.join(_fields(row, source, confidence, note))}}}"


def _fields(row: Row, source: tuple[str, str, str] | None, confidence: str, note: str) -> Iterator[str]:
    yield from (f"{k}: {_text(v)}" for k, v in row.keys)
    yield from (f"{k}: {_text(v) if k == 'edition' else v}" for k, v in row.own)
    yield from (f"{k}: {v}" for k, v in row.figures)
    if row.source is not None and row.source != source:
        yield f"source: {_place(row.source)}"
    if row.confidence != confidence:
        yield f"confidence: {row.confidence}"
    if row.note and row.note != note:
        yield f"note: {_text(row.note)}"


def _place(source: tuple[str, str, str]) -> str:
    doc, place, known = source
    return f"{{doc: {_text(doc)}, place: {_text(place)}, known: {known}}}"


def _text(value: str) -> str:
    """A plain word as it is; anything that YAML could read otherwise, quoted."""
    plain = re.fullmatch(r"[^\W\d][\w（）—〔〕、./ -]*", value) and value not in ("true", "false", "null", "no", "yes")
    return value if plain and not value.endswith(" ") else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
