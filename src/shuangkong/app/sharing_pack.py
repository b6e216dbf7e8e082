"""From a decomposition to a pack (分解方案成规则包): base and incentive targets of each part, and what each may use.

The pack is a local document like any other: its targets name the clause and the annex they stand in, and everything
that judges by packs judges by it once a second person has published it. A region is asked for its energy per gross
product and its total as assessed; a unit for its total, and per unit of product where the books have that.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from shuangkong.app.sharing_industries import declarations, energy_of, industries_of, intensity_of
from shuangkong.dualcontrol.api import Outcome, Plan, Share, SharedOut, rate_with_listed
from shuangkong.kernel.numbers import parse_decimal
from shuangkong.policy.api import as_yaml

#: The clauses of the notice: rates, then totals, then the reserve.
RATES, TOTALS, RESERVE = "一", "二", "三"


Listed = Literal["deducted", "counted"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person says of the document: id and edition of the pack, number, issuer, days, and how it is accounted.

    `edition_` of the conversion standard, `basis` and `price_base` go into `accounting`; empty ones stay open.
    `min_coverage` is the share of returns from which a figure is judged. `per_output`: units that make one product are
    asked for its energy per unit too, industries for their energy per value added; whether a growth in the plan is one
    of that output, who shares out knows. `listed` says how a region's listed projects (单列项目) are accounted: taken
    off before anything is judged, as national major projects are, or counted with the rest.
    """

    pack_id: str
    edition: str
    title: str
    issuer: str
    level: str
    issued: date
    doc_number: str = ""
    standard: str = ""
    basis: str = ""
    price_base: str = ""
    min_coverage: Decimal = Decimal(1)
    totals: bool = True
    per_output: bool = True
    listed: Listed = "deducted"


def pack_files(
    plan: Plan, found: Outcome, facts: Facts, known: date, sha256: str, per_product: Container[str] = ()
) -> dict[str, bytes]:  # fmt: skip
    """The files of the pack of an outcome that closes; `sha256` of the plan stands in its note.

    `per_product` are codes of units whose energy per unit of product the books have in the base year. SHARE-003 for
    parts of a plan among industries that are none, or lie in each other.
    """
    if not isinstance(found.base, SharedOut):
        raise ValueError("what does not close is not published")
    files: dict[str, Any] = {"instrument.yaml": _instrument(plan, found, facts, known, sha256)}
    if plan.kind == "units":
        targets = _unit_targets(plan, found, facts, per_product)
        files |= {"targets.yaml": targets, "clauses.yaml": _split_clauses(targets, UNIT_CLAUSES)}
    elif plan.kind == "industries":
        targets = _industry_targets(plan, found, facts)
        files |= {
            "targets.yaml": targets, "clauses.yaml": _split_clauses(targets, INDUSTRY_CLAUSES),
            "indicators.yaml": declarations([*industries_of(plan).values()], per_output=facts.per_output),
        }  # fmt: skip
    else:
        files |= {"targets.yaml": _targets(plan, found, facts), "clauses.yaml": _clauses(facts)}
    return {name: as_yaml(content).encode() for name, content in files.items()}


def _instrument(plan: Plan, found: Outcome, facts: Facts, known: date, sha256: str) -> dict[str, Any]:
    doc = facts.doc_number or facts.title
    entry: dict[str, Any] = {
        "id": facts.pack_id, "edition": facts.edition, "title": {"zh": facts.title}, "issuer": facts.issuer,
        "level": facts.level, "region": plan.region, "issued": facts.issued, "in_force_from": facts.issued,
        "period": f"P{plan.base_year + 1}-{plan.end_year}",
        "source": {"doc": doc, "place": "全文", "known": known},
        "confidence": "synthetic" if plan.synthetic else "confirmed",
        "note": f"Made of the decomposition {plan.title}, SHA-256 {sha256}, method {found.method}.",
    }  # fmt: skip
    if facts.doc_number:
        entry["doc_number"] = facts.doc_number
    if plan.synthetic:
        entry["synthetic"] = True
    return entry


def _clauses(facts: Facts) -> list[dict[str, Any]]:
    clauses = [
        {"id": RATES, "title": {"zh": "各地能耗强度降低目标", "en": "Rates of energy intensity"}, "kind": "target"},
        {"id": RESERVE, "title": {"zh": "预留与单列项目", "en": "Reserve and listed projects"}, "kind": "rule"},
    ]
    if facts.totals:
        total = {"id": TOTALS, "title": {"zh": "各地能源消费总量", "en": "Total energy use"}, "kind": "target"}
        clauses.insert(1, total)
    return clauses


#: Titles of the clauses of rates and totals, and why a notice asks for no rate.
UNIT_CLAUSES = (
    {"zh": "单位产品综合能耗降低目标", "en": "Rates of energy per unit of product"},
    {"zh": "各单位能源消费总量", "en": "Total energy of units"},
    {
        "zh": "基期账册没有单位产品能耗，或不作此项要求",
        "en": "no energy per product in the base year, or none asked for",
    },
)
INDUSTRY_CLAUSES = (
    {"zh": "各行业单位增加值能耗降低目标", "en": "Rates of energy per value added of industries"},
    {"zh": "各行业能源消费总量", "en": "Total energy of industries"},
    {"zh": "不作此项要求", "en": "none asked for"},
)


def _split_clauses(
    targets: list[dict[str, Any]], titles: tuple[dict[str, str], dict[str, str], dict[str, str]]
) -> list[dict[str, Any]]:  # fmt: skip
    """The clauses of a notice to units or industries; that of rates says why where it asks nothing of anybody."""
    rates: dict[str, Any] = {"id": RATES, "kind": "target", "title": titles[0]}
    if not any(t["clause"] == RATES for t in targets):
        rates["none_because"] = titles[2]
    return [
        rates,
        {"id": TOTALS, "title": titles[1], "kind": "target"},
        {"id": RESERVE, "title": {"zh": "预留与单列项目", "en": "Reserve and listed projects"}, "kind": "rule"},
    ]  # fmt: skip


def _targets(plan: Plan, found: Outcome, facts: Facts) -> list[dict[str, Any]]:
    incentive = {s.id: s for s in found.incentive.shares} if isinstance(found.incentive, SharedOut) else {}
    names = _names(plan)
    entries: list[dict[str, Any]] = []
    shares = found.base.shares if isinstance(found.base, SharedOut) else ()
    for s in shares:
        entries += _rate(plan, facts, s, names[s.id], "base")
        if s.id in incentive:
            entries += _rate(plan, facts, incentive[s.id], names[s.id], "incentive")
        if facts.totals:
            entries.append(_total(plan, facts, s, names[s.id]))
    return entries


def _unit_targets(
    plan: Plan, found: Outcome, facts: Facts, per_product: Container[str]
) -> list[dict[str, Any]]:  # fmt: skip
    """A unit's total of the last year, and the fall of its energy per product, by each level that closes."""
    names = _names(plan)
    entries: list[dict[str, Any]] = []
    for shared, level in ((found.base, "base"), (found.incentive, "incentive")):
        for s in shared.shares if isinstance(shared, SharedOut) else ():
            entries.append(_unit_total(plan, facts, s, names[s.id], level))
            if facts.per_output and s.id in per_product:
                entries += _product_rate(plan, facts, s, names[s.id], level)
    return entries


def _industry_targets(plan: Plan, found: Outcome, facts: Facts) -> list[dict[str, Any]]:
    """An industry's energy of the last year and the fall of its energy per value added, by each level that closes.

    Both are asked of the region, as published. The cap is taken before any deduction: listed projects are in it.
    """
    names, industries = _names(plan), industries_of(plan)
    entries: list[dict[str, Any]] = []
    for shared, level in ((found.base, "base"), (found.incentive, "incentive")):
        for s in shared.shares if isinstance(shared, SharedOut) else ():
            one, ending = industries[s.id], "" if level == "base" else ".incentive"
            about = {"subject": {"region": plan.region}, "level": level}
            code = one.code.lower()
            entries.append({
                **_total(plan, facts, s, names[s.id]), **about, "slug": f"industry-energy.{code}{ending}",
                "indicator": energy_of(one),
            })  # fmt: skip
            if facts.per_output:
                entries += [
                    {**rate, **about, "slug": f"industry-intensity.{code}{ending}", "indicator": intensity_of(one)}
                    for rate in _rate(plan, facts, s, names[s.id], level)
                ]
    return entries


def _names(plan: Plan) -> dict[str, str]:
    return {p.code: p.name for p in plan.parts}


def _unit_total(plan: Plan, facts: Facts, share: Share, name: str, level: str) -> dict[str, Any]:
    """At most this in the last year; a unit's total is taken before any deduction, so its listed projects are in it."""
    return {
        **_total(plan, facts, share, name), **_about_unit("energy-total", share, level), "indicator": "energy_total",
    }  # fmt: skip


def _product_rate(plan: Plan, facts: Facts, share: Share, name: str, level: str) -> list[dict[str, Any]]:
    """The share's rate as the fall of the energy per unit of the one product: what grows with it is its output."""
    about = {**_about_unit("product-energy", share, level), "indicator": "product_energy_intensity"}
    return [
        {**{k: v for k, v in rate.items() if k != "accounting"}, **about, **_accounting(facts, price=False)}
        for rate in _rate(plan, facts, share, name, level)
    ]


def _about_unit(slug: str, share: Share, level: str) -> dict[str, Any]:
    ending = "" if level == "base" else ".incentive"
    return {"slug": f"{slug}.{share.id.lower()}{ending}", "subject": {"uscc": share.id}, "level": level}


def _rate(plan: Plan, facts: Facts, share: Share, name: str, level: str) -> list[dict[str, Any]]:
    """The fall that is asked, with the listed projects in it where they are judged with the rest; none for a rise."""
    asked = share.rate if _taken_off(plan, facts) else rate_with_listed(plan, share)
    if asked is None:
        return []
    entry: dict[str, Any] = {
        "slug": f"energy-per-gdp.{share.id.lower()}" + ("" if level == "base" else ".incentive"), "clause": RATES,
        "indicator": "energy_per_gdp", "subject": {"region": share.id}, "scope": {"zh": name},
        "comparator": "decrease_by", "value": asked, "unit": "%", "base_year": plan.base_year,
        "horizon": "plan", "level": level, "method": "compound", "min_coverage": facts.min_coverage,
        **_accounting(facts, price=True),
    }  # fmt: skip
    if asked != share.rate:
        listed = f"{share.apart.normalize():f} tce"
        entry["note"] = f"{share.rate:f} % without its listed projects of {listed}, which are judged with it."
    return [entry]


def _total(plan: Plan, facts: Facts, share: Share, name: str) -> dict[str, Any]:
    """What the part may use in the last year, in whole tce, never rounded up.

    Its listed projects are in it unless they are taken off what is judged.
    """
    may = share.allowed if _taken_off(plan, facts) else share.allowed + share.apart
    return {
        "slug": f"energy-total.{share.id.lower()}", "clause": TOTALS, "indicator": "energy_total_assessed",
        "subject": {"region": share.id}, "scope": {"zh": name}, "comparator": "at_most",
        "value": may.to_integral_value(ROUND_FLOOR), "unit": "tce",
        "year": plan.end_year, "horizon": "year", "min_coverage": facts.min_coverage,
        **_accounting(facts, price=False),
    }  # fmt: skip


def _taken_off(plan: Plan, facts: Facts) -> bool:
    """Whether listed projects are no part of what is judged; of units and industries nothing is taken off."""
    return plan.kind == "regions" and facts.listed == "deducted"


def _accounting(facts: Facts, *, price: bool) -> dict[str, Any]:
    held: dict[str, Any] = {"edition": facts.standard, "basis": facts.basis}
    found = {k: v for k, v in held.items() if v}
    year = parse_decimal(facts.price_base) if price and facts.price_base else None
    if year is not None:
        found["price_base"] = int(year)
    return {"accounting": found} if found else {}
