"""The base of a path (情景基年) from a run's totals, and goals, ranges and spreads from packs. Rows in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.dualcontrol.flexing_rules import row_of
from shuangkong.dualcontrol.peaking import INDUSTRY, LEVERS, OTHER, Base, Fuel, Moves, Sector
from shuangkong.dualcontrol.peaking_gaps import Goal, Kind
from shuangkong.kernel.findings import CANDIDATE, least_sure
from shuangkong.policy.api import NATION, PackSet, Target

Row = dict[str, Any]
Parts = Mapping[str, Decimal | None]
LEVER, SPREAD, RULE = "scenario.lever", "scenario.spread", "scenario.rule"
_KINDS: tuple[Kind, ...] = ("energy_per_gdp", "co2_per_gdp", "nonfossil_share")
_BY_SECTOR = ("energy_industry", "industry_value_added")
_PEAK_DUTY = "peak-before-2030"
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Found:
    """A year that a path may begin with: its base, or the codes of what is missing; the least coverage of its sums.

    `one_sector`: industry is not told apart, so structure cannot be moved.
    """

    year: int
    base: Base | None
    missing: tuple[str, ...]
    coverage: Decimal
    confidence: str
    method: str
    price: str
    one_sector: bool = False


def base_in(rows: Sequence[Row], method: str, year: int) -> Found:
    """The base of one year under a method.

    rows: TOTALS of the region with all that lies in it, by year; measures energy, energy_nonfossil, energy_industry,
    co2, gdp and industry_value_added. GDP is that at the newest constant prices there are. A year whose CO2 is less
    known than its energy is none to begin with (co2 is named as missing).
    """
    mine = [r for r in rows if r["period_key"] == str(year)]
    price = max((r["method_id"] for r in mine if r["measure"] == "gdp" and r["method_id"].startswith("constant:")),
                default="")  # fmt: skip
    sums = {m: _parts(mine, m, method) for m in ("energy", "energy_nonfossil", "energy_industry", "co2")}
    worth = {m: _parts(mine, m, price) for m in ("gdp", "industry_value_added")}
    needed = ("energy", "co2", "energy_nonfossil", "gdp")
    missing = [m for m in needed if _sum({**sums, **worth}[m]) is None]
    lacks = {m: max((r["expected"] - r["known"] for r in _of(mine, m, method, price)), default=0)
             for m in (*sums, *worth)}  # fmt: skip
    # returns whose energy is known and whose CO2 is not would make a factor that is too low
    if "co2" not in missing and lacks["co2"] > lacks["energy"]:
        missing.append("co2")
    energy, gdp, clean = _sum(sums["energy"]), _sum(worth["gdp"]), _sum(sums["energy_nonfossil"])
    parts = _sectors(sums, worth, lacks)
    used = [r for m in (*needed, *(_BY_SECTOR if parts else ())) for r in _of(mine, m, method, price)]
    coverage = min((r["coverage"] for r in used), default=_ZERO)
    sure = least_sure(*(r["confidence"] for r in used))
    if missing or energy is None or gdp is None or clean is None:
        return Found(year, None, tuple(missing), coverage, sure, method, price)
    fuels = _fuels(sums["energy"], sums["energy_nonfossil"], sums["co2"])
    base = Base(year, parts or (Sector("all", gdp, energy),), fuels, clean)
    wrong = base.missing() if fuels else ("fuels",)
    return Found(year, None if wrong else base, wrong, coverage, sure, method, price, not parts)


def _of(rows: Sequence[Row], measure: str, method: str, price: str) -> list[Row]:
    return [r for r in rows if r["measure"] == measure and r["method_id"] in (method, price)]


def _fuels(energy: Parts, clean: Parts, co2: Parts) -> tuple[Fuel, ...]:
    """Fuels without what is non-fossil of them; none where energy or CO2 of one has no row: its factor is not nought.

    A fuel without a row of non-fossil energy has none: who hands some in hands in all (`accounting.rollup`).
    """
    found = []
    for p in sorted({*energy, *co2}):
        used, made = energy.get(p), co2.get(p)
        if used is None or made is None:
            return ()
        found.append(Fuel(p, used - (clean.get(p) or _ZERO), made))
    return tuple(found)


def _parts(rows: Sequence[Row], measure: str, method: str) -> dict[str, Decimal | None]:
    return {r["part"]: r["amount"] for r in rows if (r["measure"], r["method_id"]) == (measure, method)}


def _sum(parts: Mapping[str, Decimal | None]) -> Decimal | None:
    """The sum, or None where a part is not known or none is there: missing is not nought."""
    known = [v for v in parts.values() if v is not None]
    return sum(known, _ZERO) if known and len(known) == len(parts) else None


def _sectors(sums: Mapping[str, Parts], worth: Mapping[str, Parts], lacks: Mapping[str, int]) -> tuple[Sector, ...]:
    """Industry and the rest where both are told; none where they are not, or industry lacks returns that the whole has:
    what is missing of it would count as of the rest.
    """
    energy, gdp = _sum(sums["energy"]), _sum(worth["gdp"])
    part, added = _sum(sums["energy_industry"]), _sum(worth["industry_value_added"])
    if energy is None or gdp is None or part is None or added is None:
        return ()
    if lacks["energy_industry"] > lacks["energy"] or lacks["industry_value_added"] > lacks["gdp"]:
        return ()
    if not (0 < added < gdp and 0 <= part <= energy):
        return ()
    return Sector(INDUSTRY, added, part), Sector(OTHER, gdp - added, energy - part)


def goals_for(
    packs: PackSet, code: str, base_year: int, known: date, levels: Mapping[tuple[str, int], Decimal]
) -> tuple[Goal, ...]:
    """What a path is held against: the region's own targets that fall due after the base year, else the nation's.

    levels: by kind and year the level (tce or tCO2 per yuan) of base years before the path.
    """
    found: list[Goal] = []
    for kind in _KINDS:
        for place, own in ((code, True), (NATION, code == NATION)):
            goal = _goal(packs, kind, place, base_year, known, levels, own=own)
            if goal is not None:
                found.append(goal)
                break
    peak = _peak(packs, base_year, known)
    return (*found, *([peak] if peak else []))


def _goal(
    packs: PackSet, kind: Kind, code: str, base_year: int, known: date, levels: Mapping[tuple[str, int], Decimal], *,
    own: bool,
) -> Goal | None:  # fmt: skip
    """The target that is due first after the base year; of one year the one that was known last."""
    hits = [
        (t.target_year, -t.source.known.toordinal(), pack.key, t)
        for pack in packs.packs for t in pack.targets
        if t.indicator == kind and code in t.subject.regions and t.source.known <= known and t.level == "base"
        and t.target_year is not None and t.target_year > base_year and t.confidence != CANDIDATE
        and _asks(t, kind)
    ]  # fmt: skip
    # of falls since another base year (65 % since 2005) the one with the newest base is meant
    newest = max((h[3].base_year or 0 for h in hits), default=0)
    hits = [h for h in hits if (h[3].base_year or 0) == newest]
    if not hits:
        return None
    year, _, key, t = min(hits, key=lambda h: h[:3])
    level = levels.get((kind, t.base_year)) if t.base_year is not None and t.base_year < base_year else None
    sure = least_sure(t.confidence, packs.pack(key).instrument.confidence)
    return Goal(kind, year or 0, t.value, t.base_year, level, key, t.slug, t.clause or "", sure, own)


def _asks(t: Target, kind: Kind) -> bool:
    if t.unit != "%":
        return False
    return t.comparator in ("reach", "at_least") if kind == "nonfossil_share" else t.comparator == "decrease_by"


def _peak(packs: PackSet, base_year: int, known: date) -> Goal | None:
    """The peak as the plan of the nation asks for it: a duty with a last day."""
    for pack in packs.packs:
        for duty in pack.duties:
            if duty.slug == _PEAK_DUTY and duty.due is not None and pack.instrument.source.known <= known:
                own = pack.instrument.region != NATION
                return Goal("peak", max(duty.due.year, base_year), pack=pack.key, slug=duty.slug, clause=duty.clause,
                            confidence=pack.instrument.confidence, own=own)  # fmt: skip
    return None


def _figure(packs: PackSet, name: str, known: date, *key: str) -> Decimal | None:
    row = row_of(packs, name, known, known, *key)
    return None if row is None else row.value


def starting_moves(packs: PackSet, known: date) -> Moves:
    """What a form begins with; a lever that no pack gives stands still."""
    return Moves(**{lever: _figure(packs, LEVER, known, lever, "start") or _ZERO for lever in LEVERS})


def ranges_of(packs: PackSet, known: date, *, one_sector: bool = False) -> dict[str, tuple[Decimal, Decimal]]:
    """How far each lever may be moved; one that no pack bounds, and structure of one sector, cannot be."""
    found = {}
    for lever in LEVERS:
        low, high = (_figure(packs, LEVER, known, lever, part) for part in ("low", "high"))
        if low is not None and high is not None and not (one_sector and lever == "structure"):
            found[lever] = (low, high)
    return found


def spread_of(packs: PackSet, known: date) -> dict[tuple[str, str], Decimal]:
    """Standard deviations of the fan, by lever and whether they last."""
    made = {(lever, part): _figure(packs, SPREAD, known, lever, part) for lever in LEVERS for part in ("path", "year")}
    return {k: v for k, v in made.items() if v is not None}


def rule_of(packs: PackSet, known: date, part: str) -> int | None:
    """A whole number of the rules: draws, horizon, peak_after, longest."""
    found = _figure(packs, RULE, known, part)
    return None if found is None else int(found)
