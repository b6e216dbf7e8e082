"""Watching in updates: what every round of changes leaves is that of a full run, and what rests on nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import shuangkong.dualcontrol.watch_step as step
from app.same_runs import differences
from dualcontrol.test_watch_run import (
    ALL,
    CLAUSES,
    ENERGY,
    GROWTH,
    HEAD,
    INSTRUMENT,
    ISSUERS,
    PLACE,
    READER,
    TARGETS,
    WATCHING,
    hand_in,
    rows_of,
)
from registry.made_up import made_up_uscc
from shuangkong.app.catalogue import catalogue
from shuangkong.app.pipeline import run_pipeline
from shuangkong.dualcontrol.api import WATCH_ESTIMATES, WATCH_MEASURES, WATCH_MONTHS
from shuangkong.engine.api import Asked, RunRecord, Workspace, reading, writing
from shuangkong.policy.api import PackSet, builtin_packs, load_files
from shuangkong.registry.api import directory, ensure_regions, import_units

DAY = date(2025, 6, 30)
#: Two counties of one city and one of another; eight units in each.
PLACES = (PLACE, "410103", "410202")
UNITS = 24
YEARS = (2023, 2024, 2025)
#: Who is late, and with what; the first of them two years ago.
LATE = {(1, "2023-11"), (9, "2025-06"), (17, "2025-06"), (18, "2025-05")}


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs of `test_watch_run`, with targets for each of the counties."""
    asked = "".join(
        TARGETS.replace(PLACE, place).replace("slug: ", f"slug: c{place}-").replace("year: 2025", f"year: {year}")
        if year == 2025 else
        "".join(f"- slug: {t}" for t in TARGETS.split("- slug: ")[2:])
        .replace(PLACE, place).replace("slug: ", f"slug: c{place}-{year}-").replace("year: 2025", f"year: {year}")
        for place in PLACES for year in YEARS
    )  # fmt: skip
    files = {"instrument.yaml": INSTRUMENT.format(id="watch-test"), "clauses.yaml": CLAUSES, "targets.yaml": asked}
    made = load_files({name: text.encode() for name, text in files.items()}, origin="watch-test")
    return PackSet([*(p for p in builtin_packs() if p.id.startswith(ISSUERS)), made], catalogue=catalogue())


@pytest.fixture
def workspace(tmp_path: Path, packs: PackSet) -> Iterator[Workspace]:
    """Coal of all units, each month some per cent more than a year ago; growth of value added but for one month."""
    made = Workspace.create(tmp_path / "w")
    with writing(made.engine) as db:
        ensure_regions(db, made.clock(), list(PLACES))
    units = "".join(
        f"{code(n)},第{n}厂（合成）,{PLACES[n // 8]},{('3011', '3110')[n % 2]},2017,重点用能单位,2023-01-01,月报\n"
        for n in range(UNITS)
    )
    import_units(made, (HEAD + units).encode(), name="名录.csv", scope=READER)
    coal = "".join(
        coal_of(n, f"{year}-{month:02d}", (100 + 7 * n + month) * (10 + year - 2023 + n % 3) // 10)
        for n in range(UNITS) for year in YEARS for month in range(1, 7 if year == 2025 else 13)
        if (n, f"{year}-{month:02d}") not in LATE
    )  # fmt: skip
    hand_in(made, packs, "energy", ENERGY + coal, "一.csv")
    rates = "".join(
        f"{place},{year}年1—{m}月,规上工业增加值增速,{5 - place.count('2')}\n"
        for place in PLACES for year in (2024, 2025) for m in range(2, 7 if year == 2025 else 13)
        if (place, year, m) != (PLACES[2], 2025, 6)
    )  # fmt: skip
    hand_in(made, packs, "growth", GROWTH + rates, "增速.csv")
    yield made
    made.engine.dispose()


def code(n: int) -> str:
    """The number of a unit."""
    return made_up_uscc(n + 1)


def coal_of(n: int, month: str, amount: int) -> str:
    """A unit's coal of a month."""
    return f"{code(n)},{month},原煤,{amount},吨\n"


def subjects(workspace: Workspace) -> dict[str, str]:
    """The counties by what they are as subjects."""
    with reading(workspace.engine) as db:
        there = directory(db, ALL, workspace.clock())
        return {str(there.region(place, DAY)): place for place in PLACES}


@pytest.mark.slow
def test_every_round_of_changes_gives_what_a_full_run_gives(
    workspace: Workspace, packs: PackSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing, a growth rate, a month put right, a late return, the last one of a year, another day, another pack.

    Each round updates the one before. Only the regions and years that rest on what changed are asked anew.
    """
    asked: set[tuple[str, int]] = set()
    rows = step.month_rows

    def noted(facts: Any, question: Any) -> Any:
        asked.add((counties[question.subject_id], question.year))
        return rows(facts, question)

    def round_(of: RunRecord | None, day: date = DAY, by: PackSet = packs) -> RunRecord:
        asked.clear()
        update = None if of is None else Asked(of)
        return run_pipeline(workspace, by, known=workspace.clock(), as_of=day, scope=ALL, update=update)

    def held(run: RunRecord) -> RunRecord:
        """The run, which is an update and equal to a full run."""
        assert run.manifest.get("not_updated") is None
        full = run_pipeline(workspace, packs, known=run.known, as_of=DAY, scope=ALL)
        assert differences(run, full, WATCHING) == {}
        return run

    counties = subjects(workspace)
    monkeypatch.setattr(step, "month_rows", noted)
    first = round_(None)
    every = {(place, year) for place in PLACES for year in YEARS}
    assert asked == every
    assert len(rows_of(first, WATCH_ESTIMATES, measure="coal")) == len(LATE)
    assert rows_of(first, WATCH_MEASURES, basis="computed")

    run = round_(first)
    assert asked == set()
    held(run)

    # one region's growth moves nobody else: no return, no estimate and no revision is another
    hand_in(workspace, packs, "growth", GROWTH + f"{PLACES[2]},2025年1—6月,规上工业增加值增速,4\n", "六月.csv")
    run = round_(run)
    assert asked == {(PLACES[2], year) for year in YEARS}
    run = held(run)

    # what is put right tells of all returns that may still be: the others' years that are settled stay
    hand_in(workspace, packs, "energy", ENERGY + coal_of(2, "2024-11", 170), "更正.csv", "更正")
    run = round_(run)
    assert asked == {(PLACES[0], year) for year in YEARS} | {(p, y) for p in PLACES[1:] for y in YEARS[1:]}
    then, run = run, held(run)

    hand_in(workspace, packs, "energy", ENERGY + coal_of(9, "2025-06", 160), "补报.csv")
    run = round_(run)
    assert (PLACES[0], 2023) not in asked
    assert asked >= {(PLACES[1], year) for year in YEARS}
    run = held(run)
    assert len(rows_of(run, WATCH_ESTIMATES, measure="coal")) == len(LATE) - 1
    assert differences(then, run, (WATCH_MONTHS, WATCH_ESTIMATES)).keys() == {"watch_months", "watch_estimates"}

    # with the last late return of a year, other years are read of everybody: the list is made anew
    hand_in(workspace, packs, "energy", ENERGY + coal_of(1, "2023-11", 110), "补报二.csv")
    run = held(round_(run))
    assert {r["period_key"] for r in rows_of(run, WATCH_ESTIMATES)} <= {"2025-05", "2025-06"} | {
        f"{y}-{m:02d}" for y in YEARS for m in range(1, 13)
    }

    for day, by in ((date(2025, 5, 31), packs), (DAY, without_henan(packs))):
        other = round_(run, day, by)
        assert other.manifest.get("not_updated") is not None
        assert asked == every
        full = run_pipeline(workspace, by, known=other.known, as_of=day, scope=ALL)
        assert differences(other, full, WATCHING) == {}
        assert differences(other, run, WATCHING) != {}


def without_henan(packs: PackSet) -> PackSet:
    """The same packs but for the one that says what follows."""
    return PackSet([p for p in packs.packs if not p.id.startswith("henan")], catalogue=catalogue())
