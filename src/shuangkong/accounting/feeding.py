"""What an entry feeds (归集): which measures a role adds to, and the factor rows for every case that occurs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shuangkong.accounting.emitted import COUNTS_AS, SUMMED, counted_as
from shuangkong.accounting.factors import SECONDARY, Factor, co2_factor, energy_factor, node
from shuangkong.accounting.methods import Method
from shuangkong.engine.api import TableContract, number, text
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.labels import Label
from shuangkong.kernel.units import convert, unit
from shuangkong.policy.api import Carrier, PackSet

#: role of an energy entry → (what is computed, measure it adds to). Of-which roles feed measures of their own.
ROLES: dict[str, tuple[tuple[str, str], ...]] = {
    "consumption": (("energy", "energy"), ("co2", "co2"), ("electricity", "electricity")),
    "industry_consumption": (("energy", "energy_industry"), ("co2", "co2_industry")),
    "feedstock": (("energy", "energy_feedstock"), ("co2_not_burnt", "co2")),
    "new_renewable": (("energy", "energy_new_renewable"),),
    "major_project": (("energy", "energy_major_project"),),
    "certificate": (("energy", "energy_certificate"),),
    "nonfossil": (("energy", "energy_nonfossil"),),
}
#: role of an entry of a unit of industry (工业) → what it adds to besides: what its industry adds to the whole.
INDUSTRY: dict[str, tuple[tuple[str, str], ...]] = {
    "consumption": (("energy", "energy_industry"), ("co2", "co2_industry")),
    "feedstock": (("co2_not_burnt", "co2_industry"),),
}
UNITS = {"energy": "tce", "co2": "tCO2", "co2_not_burnt": "tCO2", "electricity": "kWh"}

FACTORS = TableContract(
    "factors",
    Label("折算系数", "factors"),
    (
        text("method_id", "核算方法", "method"),
        text("measure", "量", "measure"),
        text("measure_unit", "量的单位", "unit of the measure"),
        text("book", "账", "book"),
        text("item", "品种", "item"),
        text("role", "性质", "role"),
        text("entry_unit", "账目单位", "unit of the entry"),
        number("factor_year", "integer", "年", "year", "item"),
        text("factor_area", "地区", "area"),
        text("stated_basis", "原口径", "stated basis"),
        text("sector", "部门", "sector", doc="industry, or empty for all"),
        text("part", "组成", "part"),
        number("factor", "factor", "系数", "factor", "column:measure_unit", nullable=True),
        number("factor_low", "factor", "下限", "low", "column:measure_unit", nullable=True),
        number("factor_high", "factor", "上限", "high", "column:measure_unit", nullable=True),
        text("factor_state", "状态", "state"),
        text("factor_edition", "版本", "edition"),
        text("factor_printed", "原文数", "as printed"),
        text("factor_key", "依据参数", "parameter", nullable=True),
        text("factor_confidence", "可信度", "confidence"),
    ),
    key=(
        "method_id", "measure", "book", "item", "role", "entry_unit", "factor_year", "factor_area", "stated_basis",
        "sector",
    ),
    subject=None,
    doc="One row for every combination of entry and measure that occurs in a run, with its factor or its state.",
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """A combination that occurs in the books: everything a factor depends on."""

    book: str
    item: str
    role: str
    unit: str
    year: int
    area: str
    basis: str


def factor_rows(
    packs: PackSet,
    methods: Sequence[Method],
    cases: Iterable[Case],
    paths: Mapping[str, tuple[str, ...]],
    known: date,
    stated_only: Sequence[Method] = (),
) -> list[dict[str, object]]:
    """FACTORS for the cases; `paths` gives the region codes from the nation down to each area.

    Methods in `stated_only` are for figures that come in standard coal already; physical quantities are not
    converted under them.
    """
    rows: list[dict[str, object]] = []
    factors = _Factors(packs, known)
    for case in sorted(cases):
        if case.book == "energy":
            for method in (*methods, *(stated_only if case.unit == "tce" else ())):
                rows += _energy_rows(factors, method, case, paths.get(case.area, ()))
        elif case.book == "output":
            rows.append(_row(case, "", "output", case.unit, case.item, Factor(Decimal(1), case.unit)))
        elif case.book == "pollutant":
            rows.append(_pollutant_row(packs, case, known))
        elif case.book == "carbon":
            rows.append(_row(case, "", case.item, case.unit, case.item, Factor(Decimal(1), case.unit)))
        elif case.book == "value":
            measure = case.item if case.basis.startswith("constant:") else f"{case.item}_nominal"
            # entries may be in yuan or in 10⁴ yuan; what is divided by is in yuan, whatever they are in
            yuan = Factor(convert(Decimal(1), case.unit, "CNY"), "CNY")
            rows.append(_row(case, case.basis, measure, "CNY", case.basis, yuan))
    return rows


def _energy_rows(factors: _Factors, method: Method, case: Case, path: tuple[str, ...]) -> Iterable[dict[str, object]]:
    carrier = factors.packs.carriers.get(case.item)
    part = carrier.kind if carrier else "unknown"
    for sector, feeds in (("", ROLES.get(case.role, ())), ("industry", INDUSTRY.get(case.role, ()))):
        for what, measure in feeds:
            if what == "electricity" and part != "electricity":
                continue
            if UNITS[what] == "tCO2" and not (method.guide or method.grid):
                continue  # a method that names neither guide nor grid factor is one of energy alone
            factor = factors.of(method, carrier, what, case, path)
            yield _row(case, method.id, measure, UNITS[what], part, factor, sector)
    if carrier is not None and carrier.nonfossil and case.role == "consumption":
        factor = factors.of(method, carrier, "energy", case, path)
        yield _row(case, method.id, "energy_nonfossil", "tce", part, factor)


def _pollutant_row(packs: PackSet, case: Case, known: date) -> dict[str, object]:
    """A pollutant that a pack names adds to its measure in tonnes, any other to one of its own as it is booked."""
    found = counted_as(packs, case.item, date(case.year, 12, 31), known)
    if found is None or unit(case.unit).dimension != "mass":
        return _row(case, "", case.item, case.unit, case.item, Factor(Decimal(1), case.unit))
    pack = packs.pack_of(COUNTS_AS, found.row)
    factor = Factor(
        convert(found.share, case.unit, SUMMED), SUMMED, edition=found.row.edition,
        confidence=least_sure(found.row.confidence, pack.instrument.confidence),
        keys=(node(pack, COUNTS_AS, found.row),),
    )  # fmt: skip
    return _row(case, "", found.measure, SUMMED, case.item, factor)


class _Factors:
    """Factors of the cases of one run: roles share theirs, and those of carbon every year, so each is made once."""

    def __init__(self, packs: PackSet, known: date) -> None:
        self.packs, self.known = packs, known
        self._energy: dict[tuple[Method, str, str, int, tuple[str, ...]], Factor] = {}
        self._co2: dict[tuple[Method, str, str, tuple[str, ...]], Factor] = {}

    def of(self, method: Method, carrier: Carrier | None, what: str, case: Case, path: tuple[str, ...]) -> Factor:
        """The factor of a case for one of UNITS."""
        if carrier is None:
            return Factor(None, "", "unknown_carrier")
        if what == "electricity":
            return Factor(Decimal(1), "kWh") if case.unit == "kWh" else Factor(None, "kWh", "no_physical_quantity")
        if what == "energy":
            if case.unit == "tce" and carrier.kind in SECONDARY and case.basis != method.basis:
                return Factor(None, "tce", "other_basis")
            return self._energy_of(method, carrier, case, path)
        factor = self._co2_of(method, carrier, case.unit, path)
        if what == "co2_not_burnt" and factor.value is not None:
            # fuel that goes into the product is not burnt; its carbon leaves the fuel account again
            return Factor(
                -factor.value, factor.unit, edition=factor.edition, confidence=factor.confidence, keys=factor.keys,
                printed=f"−({factor.printed})",
            )  # fmt: skip
        return factor

    def _energy_of(self, method: Method, carrier: Carrier, case: Case, path: tuple[str, ...]) -> Factor:
        key = (method, carrier.id, case.unit, case.year, path)
        if key not in self._energy:
            self._energy[key] = energy_factor(
                self.packs, method, carrier, case.unit, path=path, year=case.year, known=self.known
            )
        return self._energy[key]

    def _co2_of(self, method: Method, carrier: Carrier, base_unit: str, path: tuple[str, ...]) -> Factor:
        key = (method, carrier.id, base_unit, path)
        if key not in self._co2:
            self._co2[key] = co2_factor(self.packs, method, carrier, base_unit, path=path, known=self.known)
        return self._co2[key]


def _row(
    case: Case, method_id: str, measure: str, unit: str, part: str, factor: Factor, sector: str = ""
) -> dict[str, object]:
    return {
        "method_id": method_id,
        "measure": measure,
        "measure_unit": unit,
        "book": case.book,
        "item": case.item,
        "role": case.role,
        "entry_unit": case.unit,
        "factor_year": case.year,
        "factor_area": case.area,
        "stated_basis": case.basis,
        "sector": sector,
        "part": part,
        "factor": factor.value,
        "factor_low": factor.low,
        "factor_high": factor.high,
        "factor_state": factor.state,
        "factor_edition": factor.edition,
        "factor_printed": factor.printed,
        "factor_key": " ".join(factor.keys) or None,
        "factor_confidence": factor.confidence,
    }
