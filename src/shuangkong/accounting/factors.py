"""Factors (折算系数): from packs to one number per base unit, or to the state that says why there is none.

Everything here is Decimal with 50 digits; a factor is brought to 14 places once, by `factor_half_up_14`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext

from shuangkong.accounting.methods import Method
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise
from shuangkong.kernel.units import base_of, convert, unit
from shuangkong.policy.api import Carrier, Dated, Pack, PackSet

FACTOR_PLACES = 14
CALORIFIC = "energy.conversion.calorific"
MEDIUM = "energy.medium"
COEFFICIENT = "energy.primary_coefficient"
STANDARD_COAL = "energy.standard_coal"
CARBON = "carbon.fuel.carbon_content"
GRID = "carbon.grid.average"
HEAT = "carbon.heat"
SECONDARY = ("electricity", "heat")
NATION = "000000"


@dataclass(frozen=True, slots=True)
class Factor:
    """How much of a measure one base unit of a carrier is.

    `value` is null unless `state` is ok; `low` and `high` are given where the standard prints a range;
    `keys` name the parameter rows that it was made of, `sources` the document and place of each.
    """

    value: Decimal | None
    unit: str
    state: str = "ok"
    low: Decimal | None = None
    high: Decimal | None = None
    edition: str = ""
    confidence: str = "confirmed"
    keys: tuple[str, ...] = ()
    printed: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """Primary-value coefficients that the user states for this calculation alone: kgce/kWh, and kgce/MJ of heat."""

    primary_electricity: Decimal | None = None
    primary_heat: Decimal | None = None


def editions(packs: PackSet) -> dict[str, Pack]:
    """Packs that carry conversion factors, by the name used on the command line: gbt2589-2020."""
    return {f"{p.id}-{p.edition}": p for p in packs.packs if any(q.id == CALORIFIC for q in p.parameters)}


def guides(packs: PackSet) -> dict[str, Pack]:
    """Packs that carry fuel carbon factors, by id."""
    return {p.id: p for p in packs.packs if any(q.id == CARBON for q in p.parameters)}


def grid_editions(packs: PackSet) -> tuple[str, ...]:
    """Data years of the published grid-average factors."""
    if GRID not in packs.parameter_ids():
        return ()
    return tuple(sorted({r.edition for r in packs.parameters(GRID).values}))


def _row(pack: Pack, name: str, key: tuple[str, ...], known: date) -> Dated | None:
    """The newest row of a key: an edition chosen by name holds for any year it is applied to."""
    rows = [r for p in pack.parameters if p.id == name for r in p.rows(known) if r.key == key]
    return max(rows, key=lambda r: r.start, default=None)


def node(pack: Pack, name: str, row: Dated) -> str:
    """How a factor names the row of a parameter that it was made of."""
    return f"{pack.key}#{name}[{','.join(row.key)}]@{row.edition}/{row.start.isoformat()}"


def _place(row: Dated) -> str:
    return f"{row.source.doc}, {row.source.place}"


def _exact(value: Decimal) -> Decimal:
    return quantise(value, FACTOR_PLACES)


def amount_of(quantity: Decimal, factor: Decimal) -> Decimal:
    """quantity (in the base unit) × factor, rounded once by the named step `half_up_6`."""
    with localcontext() as ctx:
        ctx.prec = 60
        return quantise(quantity * factor)


def energy_factor(
    packs: PackSet,
    method: Method,
    carrier: Carrier,
    base_unit: str,
    *,
    path: Iterable[str],
    year: int | None,
    known: date,
    given: Given = Given(),
) -> Factor:
    """tce per base unit of a carrier by edition and basis.

    Electricity and heat by primary value (等价值) need a yearly coefficient: one that the user gave, or one from
    a pack of a region in `path`. Fuels have one value for both bases; energy media (耗能工质) have a primary
    value only. States: ok, no_factor, range, wrong_unit, yearly_coefficient_needed, coefficient_needed.
    """
    if base_unit == "tce":
        return Factor(Decimal(1), "tce/tce", edition=method.edition)
    if unit(base_unit).dimension != unit(carrier.unit).dimension:
        return Factor(None, f"tce/{base_unit}", "wrong_unit", edition=method.edition)
    if method.basis == "primary" and carrier.kind in SECONDARY:
        return _primary(packs, method, carrier, base_unit, tuple(path), year, known, given)
    pack = editions(packs)[method.edition]
    name = CALORIFIC
    if carrier.kind == "medium" and method.basis == "primary":
        name = MEDIUM
    row = _row(pack, name, (carrier.id,), known)
    if row is None:
        return Factor(None, f"tce/{base_unit}", "no_factor", edition=method.edition)
    return _converted(pack, name, row, method.edition, carrier, base_unit)


def _converted(pack: Pack, name: str, row: Dated, edition: str, carrier: Carrier, base_unit: str) -> Factor:
    scale = convert(Decimal(1), base_unit, carrier.unit) / 1000
    shown = str(row.value) if row.value is not None else f"{row.low}–{row.high}" if row.low is not None else ""
    factor = Factor(
        None,
        f"tce/{base_unit}",
        row.state or "range",
        edition=edition,
        confidence=row.confidence,
        keys=(node(pack, name, row),),
        printed=f"{shown} kgce/{carrier.unit}" if shown else "",
        sources=(_place(row),),
    )
    if row.value is not None:
        return replace(factor, value=_exact(row.value * scale), state="ok")
    if row.low is not None and row.high is not None:
        return replace(factor, low=_exact(row.low * scale), high=_exact(row.high * scale))
    return factor


def _primary(
    packs: PackSet,
    method: Method,
    carrier: Carrier,
    base_unit: str,
    path: tuple[str, ...],
    year: int | None,
    known: date,
    given: Given,
) -> Factor:
    stated = {"kWh": given.primary_electricity, "MJ": given.primary_heat}.get(carrier.unit)
    scale = convert(Decimal(1), base_unit, carrier.unit) / 1000
    if stated is not None:
        return Factor(
            _exact(stated * scale),
            f"tce/{base_unit}",
            edition=f"{method.edition}+given",
            # the figure may well be official, but nothing here can vouch for it
            confidence="unofficial",
            keys=("given",),
            printed=f"{stated} kgce/{carrier.unit}",
            sources=("stated by the user",),
        )
    missing = Factor(None, f"tce/{base_unit}", "yearly_coefficient_needed", edition=method.edition)
    if year is None:
        return missing
    for code in reversed(path):
        for pack in packs.packs:
            if pack.instrument.region != code or COEFFICIENT not in {p.id for p in pack.parameters}:
                continue
            rows = [r for p in pack.parameters if p.id == COEFFICIENT for r in p.rows(known)]
            hit = [r for r in rows if r.key == (carrier.id,) and r.covers(date(year, 12, 31))]
            if hit:
                return _converted(pack, COEFFICIENT, hit[-1], f"{method.edition}+{hit[-1].edition}", carrier, base_unit)
    return missing


def co2_factor(
    packs: PackSet, method: Method, carrier: Carrier, base_unit: str, *, path: Iterable[str], known: date
) -> Factor:
    """tCO2 per base unit of a carrier by guide and grid-factor data year.

    Fuels: net calorific value × carbon content × oxidation × 44/12 of the named guide. Electricity: the grid
    average of the narrowest region in `path` that has one. Heat: the guide's own figure, or that of a region in
    `path`. Steam by weight has none. States: ok, no_guide, no_factor, no_grid_factor, wrong_unit.
    """
    if carrier.kind == "electricity":
        return _grid(packs, method, base_unit, tuple(path), known)
    if not method.guide:
        return Factor(None, f"tCO2/{base_unit}", "no_guide")
    if base_unit != "tce" and unit(base_unit).dimension != unit(carrier.unit).dimension:
        return Factor(None, f"tCO2/{base_unit}", "wrong_unit", edition=method.guide)
    pack = guides(packs)[method.guide]
    if carrier.kind == "heat":
        return _heat(packs, pack, base_unit, tuple(path), known)
    content = _row(pack, CARBON, (carrier.id,), known)
    oxidation = _row(pack, "carbon.fuel.oxidation", (carrier.id,), known)
    heat = _heating_value(packs, method, pack, carrier, base_unit, known)
    ratio = [_row(pack, f"carbon.{name}", (), known) for name in ("co2_molar", "c_molar")]
    if content is None or oxidation is None or heat is None or None in ratio:
        return Factor(None, f"tCO2/{base_unit}", "no_factor", edition=method.guide)
    gj, heat_key, heat_confidence, heat_text, heat_place = heat
    co2, c = (r.value for r in ratio if r is not None)
    if content.value is None or oxidation.value is None or co2 is None or c is None:
        return Factor(None, f"tCO2/{base_unit}", "no_factor", edition=method.guide)
    with localcontext() as ctx:
        ctx.prec = 50
        value = gj * content.value * oxidation.value / 100 * co2 / c
    return Factor(
        _exact(value),
        f"tCO2/{base_unit}",
        edition=method.guide,
        confidence=least_sure(content.confidence, oxidation.confidence, heat_confidence),
        keys=(heat_key, node(pack, CARBON, content), node(pack, "carbon.fuel.oxidation", oxidation)),
        printed=f"{heat_text} × {content.value} tC/GJ × {oxidation.value} % × {co2}/{c}",
        sources=tuple(dict.fromkeys((heat_place, _place(content), _place(oxidation)))),
    )


def _heating_value(
    packs: PackSet, method: Method, pack: Pack, carrier: Carrier, base_unit: str, known: date
) -> tuple[Decimal, str, str, str, str] | None:
    """GJ per base unit, the row it came from, its confidence, how it is printed and where."""
    if base_unit == "tce":
        home = editions(packs)[method.edition]
        row = _row(home, STANDARD_COAL, (), known)
        if row is None or row.value is None:
            return None
        printed = f"{row.value} kJ/kgce"
        return row.value / 1000, node(home, STANDARD_COAL, row), row.confidence, printed, _place(row)
    name, per = (
        ("carbon.fuel.ncv.mass", "t") if unit(base_unit).dimension == "mass" else ("carbon.fuel.ncv.gas", "10k_m3")
    )
    row = _row(pack, name, (carrier.id,), known)
    if row is None or row.value is None or unit(base_unit).dimension != unit(per).dimension:
        return None
    with localcontext() as ctx:
        ctx.prec = 50
        gj = row.value * convert(Decimal(1), base_unit, per)
    return gj, node(pack, name, row), row.confidence, f"{row.value} GJ/{per}", _place(row)


def _grid(packs: PackSet, method: Method, base_unit: str, path: tuple[str, ...], known: date) -> Factor:
    missing = Factor(None, f"tCO2/{base_unit}", "no_grid_factor", edition=method.grid)
    if not method.grid or GRID not in packs.parameter_ids():
        return missing
    if unit(base_unit).dimension != "electricity":
        return replace(missing, state="wrong_unit")
    rows = [r for r in packs.parameters(GRID).rows(known) if r.edition == method.grid]
    for code in reversed(path):
        for row in rows:
            if row.key == (code,) and row.value is not None:
                pack = packs.pack_of(GRID, row)
                return Factor(
                    _exact(row.value / 1000 * convert(Decimal(1), base_unit, "kWh")),
                    f"tCO2/{base_unit}",
                    edition=f"grid-{method.grid}",
                    confidence=row.confidence,
                    keys=(node(pack, GRID, row),),
                    printed=f"{row.value} kgCO2/kWh ({code}, {method.grid})",
                    sources=(_place(row),),
                )
    return missing


def _heat(packs: PackSet, guide: Pack, base_unit: str, path: tuple[str, ...], known: date) -> Factor:
    missing = Factor(None, f"tCO2/{base_unit}", "no_factor", edition=guide.id)
    if unit(base_unit).dimension != "heat" or HEAT not in packs.parameter_ids():
        return missing
    rows = packs.parameters(HEAT).rows(known)
    for code in reversed(path):
        for row in rows:
            if row.key == (code,) and row.value is not None:
                pack = packs.pack_of(HEAT, row)
                if code == NATION and pack.key != guide.key:
                    continue  # another guide's default is not this guide's
                return Factor(
                    _exact(row.value * convert(Decimal(1), base_unit, "GJ")),
                    f"tCO2/{base_unit}",
                    edition=pack.key,
                    confidence=row.confidence,
                    keys=(node(pack, HEAT, row),),
                    printed=f"{row.value} tCO2/GJ ({code})",
                    sources=(_place(row),),
                )
    return missing


def carrier_named(packs: PackSet, text: str) -> Carrier | None:
    """The carrier of a code or a name: NBS 205-1 code, slug, Chinese or English name, or an alias."""
    return carrier_names(packs).get(folded(text))


def carrier_names(packs: PackSet) -> dict[str, Carrier]:
    """Carriers by every folded code and name they go by; the first that claims a name keeps it."""
    names: dict[str, Carrier] = {}
    for carrier in packs.carriers.values():
        for name in (carrier.id, carrier.nbs_code, carrier.label.zh, carrier.label.en, *carrier.aliases):
            if name:
                names.setdefault(folded(name), carrier)
    return names


def folded(text: str) -> str:
    """A name without width, case, spaces, hyphens and underscores: what two spellings of it share."""
    raw = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in raw if not c.isspace() and c not in "_-")


def check_method(packs: PackSet, method: Method) -> None:
    """Refuse a method that names an edition, guide or data year that no pack has (ACC-001)."""
    for given, known, what in (
        (method.edition, tuple(editions(packs)), "edition"),
        (method.guide, tuple(guides(packs)), "carbon guide"),
        (method.grid, grid_editions(packs), "grid-factor data year"),
    ):
        if given and given not in known:
            raise UserError(
                "ACC-001", f"“{given}” is no {what}.", remedy=f"Known: {', '.join(sorted(known)) or 'none'}."
            )


def base_unit_of(name: str) -> str:
    """The base unit in which an amount given in `name` is stored."""
    return base_of(unit(name).dimension).id
