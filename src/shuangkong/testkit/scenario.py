"""From what a case gives to the tables of the accounting expressions: books, places, returns due and rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import (
    BOOK_ENTRIES,
    BOOKED,
    INPUTS,
    MEASURE,
    SUMMED,
    Method,
    carrier_named,
    factors_for,
    is_mass,
)
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.periods import Period
from shuangkong.kernel.units import base_of, convert, unit
from shuangkong.policy.api import NATION, PackSet, builtin_packs
from shuangkong.testkit.columns import decimal, records, text
from shuangkong.testkit.model import Table, table, wrong

#: What a case may give for books and indicators.
TABLES = ("entries", "subjects", "inside", "due", "applies", "caps", "bases", "methods")
ENTRY = (
    "subject_id", "period_key", "item", "quantity", "unit", "role", "extent", "basis", "price_base", "state",
    "confidence", "measured",
)  # fmt: skip
VALUES = {
    "地区生产总值": "gdp",
    "gdp": "gdp",
    "工业增加值": "industry_value_added",
    "industry_value_added": "industry_value_added",
}
ROLES = {
    "": "consumption", "消费": "consumption", "原料用能": "feedstock", "新增可再生": "new_renewable",
    "重大项目": "major_project", "绿证": "certificate", "非化石": "nonfossil", "规上工业": "industry_consumption",
}  # fmt: skip
MEASURE_UNITS = {
    "energy": "tce", "co2": "tCO2", "electricity": "kWh", "energy_industry": "tce", "co2_industry": "tCO2",
}  # fmt: skip
DEFAULT_METHOD = Method("gbt2589-2020", "calorific")
KNOWN = date(2026, 1, 1)
_EARLY, _OPEN = date(1, 1, 1), date(9999, 12, 31)
Rows = list[dict[str, object]]


@cache
def packs() -> PackSet:
    """The packs that ship with the program, read once."""
    return PackSet(builtin_packs())


def tables(given: Mapping[str, object], place: str) -> dict[str, pa.Table]:
    """The input tables of the accounting expressions; raises PACK-003 where a case gives what nobody reads."""
    strange = sorted(set(given) - set(TABLES))
    if strange:
        raise wrong(place, f"nothing reads {', '.join(strange)}.", f"Give {', '.join(TABLES)}.")
    read = {name: table(given[name], f"{place} given.{name}") for name in TABLES if name in given}
    methods = _methods(read.get("methods"), place)
    entries = [_entry(i, r, place) for i, r in enumerate(_rows(read, "entries", place, ENTRY), start=1)]
    inside = _rows(read, "inside", place, ("subject_id", "ancestor_id"))
    names = {str(e["subject_id"]) for e in entries} | {text(r, c) for r in inside for c in r}
    subjects = _subjects(_rows(read, "subjects", place, ("subject_id", "kind", "sector", "area")), names)
    contracts = {c.name: c for c in INPUTS}
    made: dict[str, Rows] = {
        "book_entries": entries,
        "subjects": [{"subject_id": s["subject_id"], "kind": s["kind"], "synthetic": True} for s in subjects],
        "areas": [{k: s[k] for k in ("subject_id", "area", "sector")} for s in subjects],
        "subject_closure": _closure([str(s["subject_id"]) for s in subjects], inside),
        "expected_returns": _due(_rows(read, "due", place, ("subject_id", "period_key", "measure")), methods),
        "deduction_rules": _applies(_rows(read, "applies", place, ("step", "side", "year"))),
        "certificate_caps": _caps(_rows(read, "caps", place, ("subject_id", "period_key", "cap")), methods),
        "bases": _bases(_rows(read, "bases", place, ("indicator_id", "base_year", "kind"))),
    }
    done = {name: contracts[name].from_rows(rows) for name, rows in made.items()}
    paths = {str(s["area"]): (NATION, str(s["area"])) for s in subjects if s["area"]}
    done["factors"] = factors_for(done["book_entries"], done["areas"], packs(), methods, paths, KNOWN)
    return done


def _rows(read: Mapping[str, Table], name: str, place: str, allowed: tuple[str, ...]) -> Rows:
    return records(read[name], f"{place} given.{name}", allowed=allowed) if name in read else []


def _methods(given: Table | None, place: str) -> tuple[Method, ...]:
    if given is None:
        return (DEFAULT_METHOD,)
    rows = records(given, f"{place} given.methods", allowed=("edition", "basis", "guide", "grid"))
    return tuple(
        Method(
            text(r, "edition"),
            "primary" if r.get("basis") == "primary" else "calorific",
            text(r, "guide"),
            text(r, "grid"),
        )
        for r in rows
    )


def period(key: str) -> dict[str, Any]:
    """The four period columns of a period text."""
    p = Period.parse(key)
    return {"period_key": p.key, "period_kind": p.kind.value, "period_start": p.start, "period_end": p.end}


def _entry(number: int, row: Mapping[str, object], place: str) -> dict[str, object]:
    item, of = text(row, "item"), unit(text(row, "unit"))
    quantity = decimal(row, "quantity")
    pollutant = is_mass(item, of.id)
    base = BOOKED if pollutant else base_of(of.dimension).id
    carrier = carrier_named(packs(), item)
    book = "value" if item in VALUES else "energy" if carrier is not None else "pollutant" if pollutant else "output"
    if quantity is not None:
        quantity = quantise(convert(quantity, of.id, base))
    role = text(row, "role") or ("emission" if pollutant else "")
    made: dict[str, object] = {
        "entry_id": f"e{number}",
        "book": book,
        "subject_id": text(row, "subject_id"),
        **period(text(row, "period_key")),
        "item": VALUES.get(item, carrier.id if carrier is not None else item),
        "role": ROLES.get(role, role),
        "extent": text(row, "extent", "own"),
        "quantity": quantity,
        "unit": base,
        "basis": row.get("basis"),
        "price_base": text(row, "price_base", "nominal") if book == "value" else None,
        "state": text(row, "state", "ok" if quantity is not None else "no_quantity"),
        "use": None,
        "source_id": place,
        "source_row": number,
        "known_on": KNOWN,
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
        "corrects": None,
        "confidence": text(row, "confidence", "confirmed"),
        "measured": decimal(row, "measured"),
    }
    return {c.name: made.get(c.name) for c in BOOK_ENTRIES.columns}


def _subjects(given: Rows, names: set[str]) -> Rows:
    said = {text(r, "subject_id"): r for r in given}
    return [
        {
            "subject_id": name,
            "kind": text(said.get(name, {}), "kind", "region"),
            "sector": said.get(name, {}).get("sector"),
            "area": text(said.get(name, {}), "area") or None,
        }
        for name in sorted(names | set(said))
    ]


def _closure(subjects: list[str], inside: Rows) -> Rows:
    above = {text(r, "subject_id"): text(r, "ancestor_id") for r in inside}
    rows: Rows = []
    for subject in subjects:
        ancestor, depth = subject, 0
        while ancestor and depth <= len(above):
            rows.append(
                {
                    "ancestor_id": ancestor,
                    "subject_id": subject,
                    "valid_from": _EARLY,
                    "valid_to": _OPEN,
                    "depth": depth,
                }
            )
            ancestor, depth = above.get(ancestor, ""), depth + 1
    return rows


def _due(given: Rows, methods: tuple[Method, ...]) -> Rows:
    # a pollutant is summed by no method: what is due of it is due once
    pollutant = {id(r) for r in given if text(r, "measure").startswith(MEASURE)}
    return [
        {
            "method_id": "" if id(r) in pollutant else m.id,
            "measure": text(r, "measure", "energy"),
            "unit": SUMMED if id(r) in pollutant else MEASURE_UNITS.get(text(r, "measure", "energy"), ""),
            "subject_id": text(r, "subject_id"),
            **period(text(r, "period_key")),
        }
        for r in given
        for m in (methods[:1] if id(r) in pollutant else methods)
    ]


def _applies(given: Rows) -> Rows:
    return [
        {
            "step": text(r, "step"), "side": text(r, "side"), "year": text(r, "year"), "applies": 1,
            "parameter": f"deduction.applies[{text(r, 'step')},{text(r, 'side')}]", "confidence": "confirmed",
        }
        for r in given
    ]  # fmt: skip


def _caps(given: Rows, methods: tuple[Method, ...]) -> Rows:
    return [
        {
            "method_id": m.id, "subject_id": text(r, "subject_id"), "period_key": text(r, "period_key"),
            "cap": None if cap is None else quantise(cap),
        }
        for r, cap in ((r, decimal(r, "cap")) for r in given)
        for m in methods
    ]  # fmt: skip


def _bases(given: Rows) -> Rows:
    return [
        {
            "indicator_id": text(r, "indicator_id"), "base_year": int(text(r, "base_year")), "last_year": 2100,
            "kind": text(r, "kind", "level"),
        }
        for r in given
    ]  # fmt: skip
