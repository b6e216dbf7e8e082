"""Invented books (合成) for tests that hold engines equal: everything that makes accounting hard, from a seed.

Quantities are missing, factors unknown, one unit hands in months and a year, units move, a county has a figure
for its whole extent, products of quantity and factor end in a 5, and values run from a millionth to billions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from shuangkong.accounting.feeding import FACTORS
from shuangkong.accounting.snapshots import APPLIES, AREAS, BASES, CAPS, EXPECTED
from shuangkong.accounting.tables import BOOK_ENTRIES
from shuangkong.engine.api import TableContract
from shuangkong.kernel.periods import Period
from shuangkong.registry.rules import Edge, closure
from shuangkong.registry.tables import SUBJECT_CLOSURE, SUBJECTS

YEARS = (2023, 2024)
METHODS = ("demo/calorific/-/-", "demo/primary/-/-")
ITEMS = (("raw_coal", "t", "coal"), ("gas", "m3", "gas"), ("power", "kWh", "electricity"), ("peat", "t", "coal"))
MEASURES = {
    "consumption": ("energy", "co2"),
    "feedstock": ("energy_feedstock",),
    "new_renewable": ("energy_new_renewable",),
    "major_project": ("energy_major_project",),
    "certificate": ("energy_certificate",),
    "nonfossil": ("energy_nonfossil",),
}
UNITS = {"co2": "tCO2", "output": "t", "gdp": "CNY", "industry_value_added": "CNY"}
#: What the books call a pollutant by its code, by the measure that it adds to; masses are booked in kilograms.
POLLUTANTS = {
    "w01018": "cod", "w21003": "ammonia_nitrogen", "a21002": "nox", "a21026": "so2", "a34013": "particulates",
    "a24088": "voc",
}  # fmt: skip
MARKS = ("confirmed", "inferred", "unofficial", "recalled", "synthetic")
OPEN = date(9999, 12, 31)
LONG_AGO = date(2000, 1, 1)
KNOWN = date(2025, 2, 1)
RECORDED = datetime(2025, 2, 1, tzinfo=UTC)

Row = dict[str, object]


@dataclass(frozen=True)
class Books:
    """Every input of the accounting expressions, by the name that the expressions use."""

    tables: dict[str, pa.Table]


def made(seed: int, units: int = 24) -> Books:
    """The same books for the same seed."""
    draw = random.Random(seed)
    regions = ["nation", "p1", "p2"] + [f"c{i}" for i in range(4)] + [f"k{i}" for i in range(8)]
    above = {"p1": "nation", "p2": "nation"}
    above |= {f"c{i}": f"p{i % 2 + 1}" for i in range(4)} | {f"k{i}": f"c{i % 4}" for i in range(8)}
    names = [f"u{i:02d}" for i in range(units)]
    edges = [Edge(child, parent, LONG_AGO, OPEN) for child, parent in above.items()]
    for i, name in enumerate(names):
        edges += _home(draw, i, name)
    entries = _entries(draw, names, regions)
    return Books(
        {
            "book_entries": _table(BOOK_ENTRIES, entries),
            "factors": _table(FACTORS, _factors(draw)),
            "areas": _table(AREAS, _areas(names, regions)),
            "subjects": _table(SUBJECTS, _subjects(names, regions)),
            "subject_closure": _table(SUBJECT_CLOSURE, _closure(names + regions, edges)),
            "expected_returns": _table(EXPECTED, _expected(draw, names)),
            "deduction_rules": _table(APPLIES, _rules()),
            "certificate_caps": _table(CAPS, _caps(draw)),
            "bases": _table(BASES, _bases()),
        }
    )


def _table(contract: TableContract, rows: list[Row]) -> pa.Table:
    return contract.from_rows(rows)


def _home(draw: random.Random, i: int, name: str) -> list[Edge]:
    first, second = f"k{draw.randrange(8)}", f"k{draw.randrange(8)}"
    if i % 6 or first == second:
        return [Edge(name, first, LONG_AGO, OPEN)]
    moved = date(2023, 7, 1) if i % 12 else date(2024, 1, 1)
    return [Edge(name, first, LONG_AGO, moved), Edge(name, second, moved, OPEN)]


def _months(year: int) -> list[Period]:
    return [Period.month(year, m) for m in range(1, 13)]


def _entries(draw: random.Random, names: list[str], regions: list[str]) -> list[Row]:
    rows: list[Row] = []
    for i, name in enumerate(names):
        for year in YEARS:
            periods = [Period.year(year)] if i % 3 == 0 else _months(year)[: draw.choice((12, 12, 7))]
            if i % 7 == 0:
                periods += _months(year)[:4]  # months beside a yearly return
            for period in periods:
                for item, unit, _ in draw.sample(ITEMS, 2):
                    rows.append(_energy(draw, name, period, item, unit, "consumption", "own"))
                    if draw.random() < 0.25:
                        role = draw.choice([r for r in MEASURES if r != "consumption"])
                        rows.append(_energy(draw, name, period, item, unit, role, "own"))
                if draw.random() < 0.7:
                    rows.append(_other(draw, "output", name, period, "steel", "t", None))
                if i % 11 == 0:
                    rows.append(_other(draw, "output", name, period, "iron", "t", None))
                if i % 4 == 0:
                    code = draw.choice(list(POLLUTANTS))
                    rows.append(_other(draw, "pollutant", name, period, code, "kg", None))
    for region in regions:
        for year in YEARS:
            for item in ("gdp", "industry_value_added"):
                base = draw.choice(("constant:2020", "constant:2020", "nominal"))
                rows.append(_other(draw, "value", region, Period.year(year), item, "CNY", base))
    for year in YEARS:
        for item, unit, _ in ITEMS[:3]:
            rows.append(_energy(draw, "k1", Period.year(year), item, unit, "consumption", "whole"))
            # what a county hands in for itself, beside the units in it
            rows.append(_energy(draw, "k2", Period.year(year), item, unit, "consumption", "own"))
    draw.shuffle(rows)
    return [r | {"entry_id": f"e{i:06d}", "source_row": i + 2} for i, r in enumerate(rows)]


def _entry(draw: random.Random, subject: str, period: Period, quantity: Decimal | None) -> Row:
    return {
        "subject_id": subject,
        "period_key": period.key,
        "period_kind": period.kind.value,
        "period_start": period.start,
        "period_end": period.end,
        "quantity": quantity,
        "state": "ok" if quantity is not None else draw.choice(("no_quantity", "illegible")),
        "source_id": "made",
        "known_on": KNOWN,
        "recorded_at": RECORDED,
        "confidence": draw.choice(MARKS),
    }


def _energy(
    draw: random.Random, subject: str, period: Period, item: str, unit: str, role: str, extent: str
) -> Row:  # fmt: skip
    row = _entry(draw, subject, period, _quantity(draw))
    return row | {"book": "energy", "item": item, "role": role, "extent": extent, "unit": unit}


def _other(
    draw: random.Random, book: str, subject: str, period: Period, item: str, unit: str, base: str | None
) -> Row:  # fmt: skip
    quantity = _quantity(draw)
    if quantity:  # a ratio to next to nothing would leave the range of exact_ratio
        quantity += 1
    extent = "whole" if book == "value" else "own"
    row = _entry(draw, subject, period, quantity)
    return row | {
        "book": book, "item": item, "role": book, "extent": extent, "unit": unit, "price_base": base
    }  # fmt: skip


def _quantity(draw: random.Random) -> Decimal | None:
    kind = draw.random()
    if kind < 0.06:
        return None
    if kind < 0.10:
        return Decimal(0)
    if kind < 0.25:
        return Decimal(draw.randrange(1, 40)) / 1000000
    if kind < 0.30:
        return Decimal(draw.randrange(10**15, 9 * 10**15)) / 1000000
    return Decimal(draw.randrange(1, 10**10)) / 1000


def _factors(draw: random.Random) -> list[Row]:
    rows: list[Row] = []
    for method in METHODS:
        for year in YEARS:
            for item, unit, part in ITEMS:
                for role, measures in MEASURES.items():
                    for measure in measures:
                        rows.append(_factor(draw, method, measure, "energy", item, role, unit, year, part))
                rows.append(
                    _factor(draw, method, "energy_industry", "energy", item, "consumption", unit, year, part)
                    | {"sector": "industry"}
                )
                rows.append(_factor(draw, method, "electricity", "energy", item, "consumption", unit, year, part))
    for year in YEARS:
        for product in ("steel", "iron"):
            rows.append(_plain("", "output", "output", product, "output", "t", year, ""))
        for code, pollutant in POLLUTANTS.items():
            measure = f"pollutant_{pollutant}"
            rows.append(
                _plain("", measure, "pollutant", code, "pollutant", "kg", year, "")
                | {"measure_unit": "t", "part": code, "factor": Decimal("0.001"), "factor_printed": "0.001"}
            )
        for item in ("gdp", "industry_value_added"):
            for base in ("constant:2020", "nominal"):
                measure = item if base != "nominal" else f"{item}_nominal"
                rows.append(_plain(base, measure, "value", item, "value", "CNY", year, base))
    return rows


def _plain(
    method: str, measure: str, book: str, item: str, role: str, unit: str, year: int, basis: str
) -> Row:  # fmt: skip
    return {
        "method_id": method, "measure": measure, "measure_unit": unit, "book": book, "item": item, "role": role,
        "entry_unit": unit, "factor_year": year, "factor_area": "", "stated_basis": basis, "sector": "",
        "part": item if book == "output" else basis, "factor": Decimal(1), "factor_state": "ok",
        "factor_edition": "", "factor_printed": "1", "factor_confidence": "confirmed",
    }  # fmt: skip


def _factor(
    draw: random.Random, method: str, measure: str, book: str, item: str, role: str, unit: str, year: int, part: str
) -> Row:
    row = _plain(method, measure, book, item, role, unit, year, "")
    unknown = item == "peat"
    # 0.5, 0.05 and the like make products that lie half-way between two sixth places; -0.5 those below nought
    exact = draw.choice(("0.5", "0.7143", "0.00000000000005", "1.33", "0.05", "-0.5", "0.1229", "12.34567890123456"))
    return row | {
        "measure_unit": UNITS.get(measure, "tce"), "part": part, "factor": None if unknown else Decimal(exact),
        "factor_state": draw.choice(("no_factor", "range")) if unknown else "ok", "factor_key": f"demo#{item}",
        "factor_confidence": draw.choice(MARKS),
    }  # fmt: skip


def _areas(names: list[str], regions: list[str]) -> list[Row]:
    rows: list[Row] = [
        {"subject_id": name, "area": None, "sector": "industry" if i % 2 else None} for i, name in enumerate(names)
    ]
    return rows + [{"subject_id": r, "area": None, "sector": None} for r in regions if r != "k7"]


def _subjects(names: list[str], regions: list[str]) -> list[Row]:
    rows: list[Row] = [{"subject_id": n, "kind": "unit", "synthetic": True} for n in names]
    return rows + [{"subject_id": r, "kind": "region", "synthetic": True} for r in regions]


def _closure(subjects: list[str], edges: list[Edge]) -> list[Row]:
    return [
        {"ancestor_id": d.ancestor, "subject_id": d.subject, "valid_from": d.start, "valid_to": d.end, "depth": d.depth}
        for d in closure(subjects, edges)
    ]


def _expected(draw: random.Random, names: list[str]) -> list[Row]:
    return [
        {
            "method_id": method, "measure": measure, "unit": UNITS.get(measure, "tce"), "subject_id": name,
            "period_key": p.key, "period_kind": p.kind.value, "period_start": p.start, "period_end": p.end,
        }
        for name in draw.sample(names, len(names) * 2 // 3)
        for method in METHODS
        for measure in ("energy", "co2")
        for p in _months(2024)
    ]  # fmt: skip


def _rules() -> list[Row]:
    steps = (("new_renewable", ("total",)), ("feedstock", ("total", "intensity")), ("certificate", ("intensity",)))
    return [
        {"step": step, "side": side, "year": str(year), "applies": int(year == 2024 or side == "total"),
         "parameter": f"demo#{step}", "confidence": "recalled" if step == "new_renewable" else "confirmed"}
        for step, sides in steps for side in sides for year in YEARS
    ]  # fmt: skip


def _caps(draw: random.Random) -> list[Row]:
    return [
        {
            "method_id": m,
            "subject_id": r,
            "period_key": "2024",
            "cap": None if draw.random() < 0.2 else Decimal(draw.randrange(1, 10**9)) / 1000,
        }
        for m in METHODS
        for r in ("nation", "p1", "c0")
    ]


def _bases() -> list[Row]:
    levels = ("energy_total", "energy_per_gdp", "coal_share", "co2_per_gdp")
    rows: list[Row] = [
        {"indicator_id": i, "base_year": 2023, "last_year": 2025, "kind": "level"} for i in levels
    ]  # fmt: skip
    rows.append({"indicator_id": "coal_share", "base_year": 2020, "last_year": 2025, "kind": "level"})
    rows.append({"indicator_id": "energy_total", "base_year": 2023, "last_year": 2025, "kind": "increment"})
    return rows
