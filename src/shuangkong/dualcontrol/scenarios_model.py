"""A scenario of the path to the peak (达峰情景): all that it is made of as canonical JSON, and what follows from it.

A saved scenario carries its base, goals, ranges and spreads itself, so that it gives the same figures whatever books
and packs say later; `result_hash` is held against what is worked out when it is read again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from shuangkong.dualcontrol.peaking import (
    LEVERS,
    Assumed,
    Base,
    Fuel,
    Moves,
    Point,
    Sector,
    co2_of,
    exact_path,
    peak_year,
)
from shuangkong.dualcontrol.peaking_fan import Band, Fan, fan
from shuangkong.dualcontrol.peaking_gaps import Alone, Gap, Goal, alone, gap_of

VERSION = 1
Ranges = Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True)
class Scenario:
    """All that a path is worked out from. `origin` says of the base: method, price base, coverage, confidence."""

    base: Base
    assumed: Assumed
    goals: tuple[Goal, ...]
    ranges: Ranges
    spread: Mapping[tuple[str, str], Decimal]
    draws: int
    seed: int
    after: int
    origin: Mapping[str, str]

    def moved(self, **moves: Decimal) -> Scenario:
        """The same with other assumptions."""
        return replace(self, assumed=replace(self.assumed, moves=replace(self.assumed.moves, **moves)))


@dataclass(frozen=True)
class Worked:
    """What follows: the path, the peak of its CO2, the fan, the gap of each goal, and for what is short each lever."""

    points: tuple[Point, ...]
    peak: int | None
    fan: Fan
    gaps: tuple[Gap, ...]
    levers: tuple[tuple[Alone, ...], ...]


def work_out(scenario: Scenario) -> Worked:
    """Work a scenario out; the same digits every time."""
    base, assumed, after = scenario.base, scenario.assumed, scenario.after
    exact = exact_path(base, assumed)
    gaps = tuple(gap_of(exact, goal, after) for goal in scenario.goals)
    levers = tuple(
        alone(base, assumed, gap.goal, scenario.ranges, after) if gap.state == "short" else () for gap in gaps
    )
    points = tuple(p.rounded() for p in exact)
    drawn = fan(scenario.base, scenario.assumed, scenario.spread, draws=scenario.draws, seed=scenario.seed,
                after=scenario.after)  # fmt: skip
    return Worked(points, peak_year(co2_of(points), scenario.after), drawn, gaps, levers)


def canonical(scenario: Scenario) -> str:
    """The scenario as JSON: keys in order, figures as texts with their digits."""
    data = {
        "version": VERSION,
        "base": {
            "year": scenario.base.year, "nonfossil": _text(scenario.base.nonfossil),
            "sectors": [[s.name, _text(s.value_added), _text(s.energy)] for s in scenario.base.sectors],
            "fuels": [[f.name, _text(f.energy), _text(f.co2)] for f in scenario.base.fuels],
        },
        "assumed": {
            "horizon": scenario.assumed.horizon, "instead": scenario.assumed.instead,
            "moves": {name: _text(scenario.assumed.moves.of(name)) for name in LEVERS},
        },
        "goals": [_goal_data(g) for g in scenario.goals],
        "ranges": {k: [_text(v) for v in pair] for k, pair in scenario.ranges.items()},
        "spread": {f"{lever}/{part}": _text(v) for (lever, part), v in scenario.spread.items()},
        "draws": scenario.draws, "seed": scenario.seed, "after": scenario.after, "origin": dict(scenario.origin),
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def scenario_from(text: str) -> Scenario:
    """The scenario of a canonical JSON; ValueError for one that another version of the program wrote."""
    data = json.loads(text)
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']} of a scenario")
    base, assumed = data["base"], data["assumed"]
    return Scenario(
        Base(
            base["year"], tuple(Sector(n, Decimal(v), Decimal(e)) for n, v, e in base["sectors"]),
            tuple(Fuel(n, Decimal(e), Decimal(c)) for n, e, c in base["fuels"]), Decimal(base["nonfossil"]),
        ),
        Assumed(Moves(**{k: Decimal(v) for k, v in assumed["moves"].items()}), assumed["horizon"], assumed["instead"]),
        tuple(_goal_from(g) for g in data["goals"]),
        {k: (Decimal(low), Decimal(high)) for k, (low, high) in data["ranges"].items()},
        {(k.split("/")[0], k.split("/")[1]): Decimal(v) for k, v in data["spread"].items()},
        data["draws"], data["seed"], data["after"], data["origin"],
    )  # fmt: skip


def _goal_data(goal: Goal) -> dict[str, Any]:
    found = {f.name: getattr(goal, f.name) for f in fields(goal)}
    return {k: _text(v) if isinstance(v, Decimal) else v for k, v in found.items()}


def _goal_from(data: Mapping[str, Any]) -> Goal:
    level = data["base_level"]
    return Goal(**{**data, "value": Decimal(data["value"]), "base_level": Decimal(level) if level else None})


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def told(worked: Worked) -> dict[str, Any]:
    """What was worked out as plain data: figures as texts with their digits, units in the names."""
    return {
        "peak_year": worked.peak,
        "path": [_point_data(p) for p in worked.points],
        "fan": {
            "draws": worked.fan.draws, "seed": worked.fan.seed, "quantiles": ["0.1", "0.25", "0.5", "0.75", "0.9"],
            "bands": [_band_data(b) for b in worked.fan.bands],
            "peaks": {str(y): _text(s) for y, s in worked.fan.peaks.items()}, "none": _text(worked.fan.none),
        },
        "goals": [_gap_data(g, levers) for g, levers in zip(worked.gaps, worked.levers, strict=True)],
    }  # fmt: skip


def _point_data(p: Point) -> dict[str, Any]:
    return {
        "year": p.year, "value_added_cny": _text(p.value_added), "energy_tce": _text(p.energy),
        "co2_tco2": _text(p.co2), "energy_per_gdp_tce_per_10k_cny": _text(p.energy_per_gdp),
        "co2_per_gdp_tco2_per_10k_cny": _text(p.co2_per_gdp), "industry_share": _text(p.industry_share),
        "nonfossil_share": _text(p.nonfossil_share), "coal_share_of_the_rest": _text(p.coal_share),
        "held": list(p.held),
    }  # fmt: skip


def _band_data(b: Band) -> dict[str, Any]:
    return {"year": b.year, "co2_tco2": [_text(v) for v in b.co2], "energy_tce": [_text(v) for v in b.energy]}


def _gap_data(gap: Gap, levers: tuple[Alone, ...]) -> dict[str, Any]:
    return {
        **_goal_data(gap.goal), "state": gap.state, "reached": _text(gap.reached), "gap": _text(gap.gap),
        "amount": _text(gap.amount), "amount_unit": gap.amount_unit,
        "levers": [
            {"lever": a.lever, "reach": a.reach, "now": _text(a.now), "needed": _text(a.needed), "how": a.how,
             "left": _text(a.left)} for a in levers
        ],
    }  # fmt: skip


def result_hash(worked: Worked) -> str:
    """SHA-256 of what was worked out."""
    data = json.dumps(told(worked), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(data.encode()).hexdigest()
