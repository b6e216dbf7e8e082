"""A decomposition from the books (账册取数): what the newest run holds of the parts of a region in the base year.

Taken are energy, gross product at constant prices, the share of industry in it, and how far the intensity fell in the
five years before. Development per head and saving potential stand in no book: they are entered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS, Method
from shuangkong.engine.api import RunRecord, read_result
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.scope import Scope
from shuangkong.kernel.units import convert

#: How many years before the base year the effort of the past is counted from.
PAST_YEARS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A region as a plan names it: subject id, code and name."""

    subject_id: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class FromBooks:
    """What the books hold: the whole's energy, rows of parts as plain data (a figure that is missing is not there),
    the method they were accounted by, and whether anything in them is made up."""

    energy: str
    rows: tuple[dict[str, Any], ...]
    method: str
    synthetic: bool


def from_books(
    run: RunRecord, scope: Scope, visible: pa.Table | None, whole: Place, parts: Sequence[Place], base_year: int
) -> FromBooks:  # fmt: skip
    """Figures of a base year for a region and its parts; SHARE-003 where the books have no energy of any of them.

    `visible` are the subjects whose figures the reader may see (`readable_subjects`).
    """
    ids = ", ".join(f"'{p.subject_id}'" for p in (whole, *parts))
    about = f"subject_id IN ({ids}) AND indicator_id IN ('energy_total', 'energy_per_gdp') AND period_kind = 'year'"
    values = read_result(run, INDICATOR_VALUES, scope, visible, where=about).to_pylist()
    energy = [r for r in values if r["indicator_id"] == "energy_total" and r["period_key"] == str(base_year)]
    energy = [r for r in energy if r["value"] is not None and r["value"] > 0 and r["method_id"] and not r["base"]]
    method = _method(energy, parts)
    if not method:
        raise UserError(
            "SHARE-003", f"the books have no energy of {base_year} for what lies in {whole.name}.", case="books",
            facts={"region": whole.name, "year": base_year}, remedy="Import and judge first, or hand up a sheet.",
        )  # fmt: skip
    used = {r["subject_id"]: r for r in energy if r["method_id"] == method}
    output, prices = _output(run, scope, visible, ids, base_year)
    falls = _falls([r for r in values if r["indicator_id"] == "energy_per_gdp"], method, base_year)
    made = any(r["confidence"] == "synthetic" for r in used.values())
    own = tuple(_row(p, used, output, falls) for p in parts)
    total = used.get(whole.subject_id)
    basis = f"{method}/{prices}" if prices else method
    return FromBooks("" if total is None else _plain(total["value"]), own, basis, made)


def product_units(
    run: RunRecord, scope: Scope, visible: pa.Table | None, units: Mapping[str, str], year: int, accounted: str
) -> frozenset[str]:  # fmt: skip
    """The codes of those units whose energy per unit of product the books have in a year, by edition/basis.

    units: subject id by code. A unit has it that makes one product and whose returns of energy and output are there.
    """
    if not units or "/" not in accounted.strip("/"):
        return frozenset()
    ids = ", ".join(f"'{s}'" for s in sorted(units.values()))
    where = (
        f"subject_id IN ({ids}) AND indicator_id = 'product_energy_intensity' AND period_kind = 'year'"
        f" AND period_key = '{year}' AND base = '' AND value > 0"
    )
    rows = read_result(run, INDICATOR_VALUES, scope, visible, where=where).to_pylist()
    held = {r["subject_id"] for r in rows if r["method_id"].startswith(f"{accounted}/")}
    return frozenset(code for code, subject in units.items() if subject in held)


def _method(energy: Sequence[Mapping[str, Any]], parts: Sequence[Place]) -> str:
    """The method under which most parts have energy; of several the primary value (等价值), as plans are assessed."""
    wanted = {p.subject_id for p in parts}
    counts: dict[str, set[str]] = defaultdict(set)
    for r in energy:
        if r["subject_id"] in wanted:
            counts[r["method_id"]].add(r["subject_id"])
    return min(counts, key=lambda m: (-len(counts[m]), "/primary/" not in m, m), default="")


def _output(
    run: RunRecord, scope: Scope, visible: pa.Table | None, ids: str, base_year: int
) -> tuple[dict[tuple[str, str], Decimal], str]:  # fmt: skip
    """Gross product and industrial value added of the base year in 10⁴ yuan, at the latest constant prices, named."""
    where = (
        f"subject_id IN ({ids}) AND measure IN ('gdp', 'industry_value_added') AND level = 'subtree'"
        f" AND period_kind = 'year' AND period_key = '{base_year}'"
    )
    rows = read_result(run, TOTALS, scope, visible, where=where).to_pylist()
    rows = [r for r in rows if r["part"].startswith("constant:") and r["amount"] is not None and r["amount"] > 0]
    newest = max((r["part"] for r in rows), default="")
    held = {
        (r["subject_id"], r["measure"]): quantise(convert(r["amount"], r["unit"], "10k_CNY"), 6)
        for r in rows if r["part"] == newest
    }  # fmt: skip
    return held, newest


def _falls(levels: Sequence[Mapping[str, Any]], method: str, base_year: int) -> dict[str, Decimal]:
    """By how many per cent the intensity of each subject fell in the years before the base year."""
    named = Method.parse(method)
    of: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for r in levels:
        if r["value"] is None or not r["method_id"] or r["base"]:
            continue
        if Method.parse(r["method_id"]).serves(named, carbon=False):
            of[r["subject_id"], r["method_id"]][r["period_key"]] = r["value"]
    found: dict[str, Decimal] = {}
    for (subject, _), by_year in sorted(of.items()):
        now, then = by_year.get(str(base_year)), by_year.get(str(base_year - PAST_YEARS))
        if now is not None and then:
            found.setdefault(subject, quantise((1 - now / then) * 100, 4))
    return found


def _row(
    place: Place, used: Mapping[str, Mapping[str, Any]], output: Mapping[tuple[str, str], Decimal],
    falls: Mapping[str, Decimal],
) -> dict[str, Any]:  # fmt: skip
    row: dict[str, Any] = {"code": place.code, "name": place.name, "source": "entered"}
    figures: dict[str, str] = {}
    if (energy := used.get(place.subject_id)) is not None:
        row |= {"energy": _plain(energy["value"]), "coverage": _plain(energy["coverage"]), "source": "books"}
    gdp, industry = (output.get((place.subject_id, m)) for m in ("gdp", "industry_value_added"))
    if gdp is not None:
        row["output"] = _plain(gdp)
    if gdp is not None and industry is not None:
        figures["structure"] = _plain(quantise(industry / gdp * 100, 4))
    if place.subject_id in falls:
        figures["past_effort"] = _plain(falls[place.subject_id])
    return {**row, "figures": figures}


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
