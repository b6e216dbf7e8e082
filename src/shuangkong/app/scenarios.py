"""Scenarios of the path to the peak (达峰情景) as pages and commands use them: read a base, work out, save, share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting.api import INDICATOR_VALUES, TOTALS, readable_subjects
from shuangkong.app.explaining import packs_of_run
from shuangkong.dualcontrol.api import (
    FLEX_TOTALS,
    LEVERS,
    Assumed,
    BaseFound,
    Moves,
    Saved,
    Scenario,
    Worked,
    base_in,
    canonical,
    goals_for,
    ranges_of,
    result_hash,
    rule_of,
    save_scenario,
    scenario_from,
    scenario_seen,
    spread_of,
    starting_moves,
    work_out,
)
from shuangkong.engine.api import RunRecord, Workspace, latest_run, read_result, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import subjects_seen

MEASURES = ("energy", "energy_nonfossil", "energy_industry", "co2", "gdp", "industry_value_added")
#: Fuels that can take the place of coal in a path.
INSTEAD = ("gas", "electricity")
#: A seed of a fan; small, so that people can copy it.
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Place:
    """A region with the years that a path of it may begin with, newest first; those that lack something say what."""

    subject_id: str
    code: str
    synthetic: bool
    found: tuple[BaseFound, ...]
    run: RunRecord
    packs: PackSet
    levels: Mapping[tuple[str, int], Decimal]

    def usable(self) -> tuple[BaseFound, ...]:
        """Years with a base."""
        return tuple(f for f in self.found if f.base is not None)

    def begin(self, year: int | None) -> BaseFound:
        """The base of a year, the newest usable one where none is named; RUN-001 with what is missing."""
        usable = self.usable()
        for found in usable:
            if year is None or found.year == year:
                return found
        lacking = sorted({m for f in self.found[:1] for m in f.missing}) or ["no_books"]
        raise UserError(
            "RUN-001", f"the books give no base for a path: {', '.join(lacking)} missing.", where=self.code,
            remedy="Import what is missing and judge again.", case="no_base", facts={"missing": ", ".join(lacking)},
        )  # fmt: skip


def newest_run(workspace: Workspace, scope: Scope) -> RunRecord:
    """The newest run; RUN-001 where there is none, or where it was made before totals were flexed."""
    found = latest_run(workspace, scope, known=None)
    if found is None or not (found.folder / f"{FLEX_TOTALS.name}.parquet").exists():
        raise UserError("RUN-001", "nothing was judged yet that a path could begin with.", case="nothing_judged",
                        remedy="Run `shuangkong judge` first.")  # fmt: skip
    return found


def place_of(workspace: Workspace, scope: Scope, region: str) -> Place:
    """A region by its code or id as the reader may see it; REG-001 for another, RUN-001 without a run."""
    run = newest_run(workspace, scope)
    with reading(workspace.engine) as db:
        rows = subjects_seen(db, scope.for_writing(), run.known, day=run.as_of).to_pylist()
    mine = next((r for r in rows if r["kind"] == "region" and region in (r["subject_id"], r["code"])), None)
    if mine is None:
        raise UserError("REG-001", f"no region “{region[:60]}” is known in this run.", case="not_seen",
                        facts={"id": region[:60]}, remedy="Give the code of a region in your scope.")  # fmt: skip
    seen = readable_subjects(workspace, run, scope)
    subject = mine["subject_id"]
    names = ", ".join(f"'{m}'" for m in MEASURES)
    where = f"subject_id = '{subject}' AND level = 'subtree' AND period_kind = 'year' AND measure IN ({names})"
    totals = read_result(run, TOTALS, scope, seen, where=where).to_pylist()
    method = _method(run, scope, seen, subject, totals)
    years = sorted({int(r["period_key"]) for r in totals if int(r["period_key"]) <= _last_full(run)}, reverse=True)
    levels = _levels(run, scope, seen, subject)
    found = tuple(base_in(totals, method, y) for y in years)
    packs = packs_of_run(workspace, run)
    return Place(subject, mine["code"] or "", bool(mine["synthetic"]), found, run, packs, levels)


def _last_full(run: RunRecord) -> int:
    return run.as_of.year if (run.as_of.month, run.as_of.day) == (12, 31) else run.as_of.year - 1


def _method(run: RunRecord, scope: Scope, seen: Any, subject: str, totals: Sequence[Mapping[str, Any]]) -> str:
    """The method that the region's carbon is answered under, else the one whose CO2 covers most."""
    where = f"subject_id = '{subject}' AND control = 'carbon'"
    named = sorted({r["method_id"] for r in read_result(run, FLEX_TOTALS, scope, seen, where=where).to_pylist()})
    if named:
        return str(named[-1])
    of_carbon = [r for r in totals if r["measure"] == "co2" and r["amount"] is not None]
    return str(max(((r["coverage"], r["method_id"]) for r in of_carbon), default=(0, ""))[1])


def _levels(run: RunRecord, scope: Scope, seen: Any, subject: str) -> dict[tuple[str, int], Decimal]:
    """Levels of energy and CO2 per yuan by year, of years before a path."""
    where = (f"subject_id = '{subject}' AND indicator_id IN ('energy_per_gdp', 'co2_per_gdp') AND base = ''"
             " AND period_kind = 'year' AND origin = 'computed' AND value IS NOT NULL")  # fmt: skip
    rows = read_result(run, INDICATOR_VALUES, scope, seen, where=where).to_pylist()
    return {(r["indicator_id"], int(r["period_key"])): r["value"] / 10000 for r in rows}


def begun(place: Place, year: int | None = None, horizon: int | None = None) -> Scenario:
    """A scenario as a form begins it: the newest base, house assumptions, the goals that hold; seed 1."""
    found, packs, known = place.begin(year), place.packs, place.run.known_day
    assert found.base is not None
    after, draws = rule_of(packs, known, "peak_after") or 1, rule_of(packs, known, "draws") or 0
    last = horizon or max(rule_of(packs, known, "horizon") or 0, found.year + 1)
    goals = goals_for(packs, place.code, found.year, known, place.levels)
    sure = least_sure(found.confidence, *(["synthetic"] if place.synthetic else []))
    origin = {"method": found.method, "price": found.price, "coverage": f"{found.coverage:f}", "confidence": sure,
              "run": str(place.run.run_id), "as_of": place.run.as_of.isoformat()}  # fmt: skip
    return Scenario(
        found.base, Assumed(starting_moves(packs, known), last), goals,
        ranges_of(packs, known, one_sector=found.one_sector), spread_of(packs, known), draws, 1, after, origin,
    )  # fmt: skip


def assumed(start: Scenario, place: Place, moves: Mapping[str, Decimal], *, horizon: int, instead: str, seed: int
            ) -> Scenario:  # fmt: skip
    """The scenario with what was chosen; FORM-001 for a lever beyond its range, a horizon or seed that cannot be."""
    longest = rule_of(place.packs, place.run.known_day, "longest") or 0
    for lever, value in moves.items():
        low, high = start.ranges.get(lever, (value, value))
        if not low <= value <= high:
            raise _wrong(lever, f"{value} is not between {low} and {high}.", f"{low}–{high}")
    if not start.base.year < horizon <= start.base.year + longest:
        raise _wrong("horizon", f"{horizon} is no last year of a path that begins in {start.base.year}.",
                     f"{start.base.year + 1}–{start.base.year + longest}")  # fmt: skip
    if not 0 <= seed <= MOST_SEED:
        raise _wrong("seed", f"{seed} is no seed.", f"0–{MOST_SEED}")
    if instead not in INSTEAD:
        raise _wrong("instead", f"{instead[:20]} takes no coal's place.", " / ".join(INSTEAD))
    given = {lever: moves.get(lever, start.assumed.moves.of(lever)) for lever in LEVERS}
    return Scenario(start.base, Assumed(Moves(**given), horizon, instead), start.goals, start.ranges, start.spread,
                    start.draws, seed, start.after, start.origin)  # fmt: skip


def _wrong(field: str, message: str, allowed: str) -> UserError:
    return UserError("FORM-001", message, where=field, remedy=f"Take one of {allowed}.", case="scenario_range",
                     facts={"field": field, "allowed": allowed})  # fmt: skip


def saved(
    workspace: Workspace, scope: Scope, place: Place, scenario: Scenario, title: str, because: str, *, principal: str,
    follows: str | None = None,
) -> str:  # fmt: skip
    """Work a scenario out and keep it; gives its id. FORM-001 without a title."""
    worked = work_out(scenario)
    with writing(workspace.engine) as db:
        return save_scenario(
            db, place.subject_id, title, because, inputs=canonical(scenario), result_hash=result_hash(worked),
            run_id=str(place.run.run_id), synthetic=place.synthetic, at=workspace.clock(), principal=principal,
            follows=follows,
        )  # fmt: skip


@dataclass(frozen=True)
class Read:
    """A saved scenario read again. `same`: what is worked out now is what it was when it was saved."""

    saved: Saved
    scenario: Scenario
    worked: Worked
    same: bool


def read_again(workspace: Workspace, scope: Scope, scenario_id: str) -> Read:
    """A saved scenario that the reader may see, worked out anew; RUN-001 for another."""
    return _read(workspace, lambda db: scenario_seen(db, scope, scenario_id, workspace.clock()))


def _read(workspace: Workspace, find: Callable[[sa.Connection], Saved]) -> Read:
    with reading(workspace.engine) as db:
        found = find(db)
    scenario = scenario_from(found.inputs)
    worked = work_out(scenario)
    return Read(found, scenario, worked, result_hash(worked) == found.result_hash)
