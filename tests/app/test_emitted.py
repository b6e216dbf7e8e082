"""Pollutants from the outlet to the region: what counts, what is missing, the month that runs, and runs that update."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.same_runs import RESULTS, differences
from outlets_made import ALL, DAY, SINCE, Outlets
from shuangkong.accounting.api import FLAWS, INDICATOR_VALUES, METER_ENTRIES, OUTLET_MONTHS
from shuangkong.app.pipeline import run_pipeline
from shuangkong.app.web.emitted_section import Line, emitted_of
from shuangkong.app.web.reading import RunView
from shuangkong.app.web.rows import Subject
from shuangkong.engine.api import Asked, DuckDB, RunRecord, bind_rows, read_result
from shuangkong.judgement.why_metered import bind_metered, let_out, metered
from shuangkong.kernel.scope import Scope
from shuangkong.metering.compacting import compact
from shuangkong.policy.api import PackSet, builtin_packs

Row = dict[str, Any]
READER = Scope.all("test")
TABLES = (*RESULTS, METER_ENTRIES, OUTLET_MONTHS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outlets, RunRecord]]:
    """Three units with outlets: all hours of January and ten days of February; ten hours of a fault; nothing at all."""
    packs = PackSet(p for p in builtin_packs() if p.id.startswith(("hj212", "shuangkong", "gbt2589")))
    outlets = Outlets(tmp_path_factory.mktemp("outlets") / "w", packs)
    for unit in range(3):
        outlets.water(unit)
    outlets.month(0, SINCE, 41)
    outlets.month(1, SINCE, 31, bad=10)
    outlets.follow()
    yield outlets, run(outlets)
    outlets.workspace.engine.dispose()


def run(made: Outlets, of: RunRecord | None = None) -> RunRecord:
    """A run as known now, or one that updates another."""
    return run_pipeline(
        made.workspace, made.packs, known=made.workspace.clock(), as_of=DAY, scope=ALL,
        update=Asked(of) if of else None,
    )  # fmt: skip


def of(run: RunRecord, indicator: str, subject: str) -> dict[str, tuple[Decimal | None, str, Decimal]]:
    """Value, state and coverage by period."""
    rows = read_result(run, INDICATOR_VALUES, READER).to_pylist()
    return {
        r["period_key"]: (r["value"], r["state"], r["coverage"])
        for r in rows
        if r["indicator_id"] == indicator and r["subject_id"] == subject
    }


def by_unit(run: RunRecord, contract: Any, made: Outlets) -> dict[tuple[int, str], Row]:
    """Rows of a table of the run by place of the unit and month."""
    with DuckDB(threads=1) as engine:
        bind_rows(engine, "rows", contract, run.folder)
        rows = engine.run("SELECT * FROM rows").to_pylist()
    return {(made.units.index(r["subject_id"]), r["period_key"]): r for r in rows}


def test_an_outlet_reaches_its_unit(made: tuple[Outlets, RunRecord]) -> None:
    """100 m³ at 50 mg/L are 5 kg an hour: 3.72 t in 744 hours, 3.67 t where ten hours bear the mark of a fault."""
    outlets, done = made
    whole, some = (of(done, "cod_monitored", outlets.units[n])["2026-01"] for n in (0, 1))
    assert whole == (Decimal("3.720000"), "ok", Decimal(1))
    assert some == (Decimal("3.670000"), "ok", Decimal(1))
    month = by_unit(done, OUTLET_MONTHS, outlets)[1, "2026-01"]
    assert (month["quantity"], month["expected"], month["counted"], month["hours_short"]) == (3670, 744, 734, 10)
    assert month["measured"] == Decimal("0.986559")  # 734 of 744 hours
    assert of(done, "cod_monitored", outlets.units[2]) == {}


def test_what_is_registered_and_silent_is_missing_above(made: tuple[Outlets, RunRecord]) -> None:
    """The county has 7.39 t of two outlets of three: partial, two thirds covered; never 7.39 t as if that were all."""
    outlets, done = made
    rows = read_result(done, INDICATOR_VALUES, READER).to_pylist()
    found = {
        (r["value"], r["state"], r["coverage"])
        for r in rows
        if r["indicator_id"] == "cod_monitored"
        and r["period_key"] == "2026-01"
        and r["subject_id"] not in outlets.units
    }
    assert found == {(Decimal("7.390000"), "partial", Decimal("0.666667"))}


def test_a_year_stands_with_the_months_that_it_is_of(made: tuple[Outlets, RunRecord]) -> None:
    """One month of the year is over: one of one for a unit, two of three for the county; that is no year's figure."""
    outlets, done = made

    def lines(subject: str) -> tuple[Line, ...]:
        view = SimpleNamespace(
            run=done, scope=READER, seen=None, packs=outlets.packs, _once=lambda _, read: read()
        )  # fmt: skip
        found = emitted_of(cast("RunView", view), cast("Subject", SimpleNamespace(id=subject)))
        assert found is not None
        assert found.month == "2026-01"
        return found.lines

    (unit,) = lines(outlets.units[0])
    assert (unit.known, unit.due) == (1, 1)
    rows = read_result(done, INDICATOR_VALUES, READER).to_pylist()
    above = {r["subject_id"] for r in rows if r["indicator_id"] == "cod_monitored"} - set(outlets.units)
    assert {(line.known, line.due, line.year and line.year["coverage"]) for s in above for line in lines(s)} == {
        (2, 3, Decimal("0.666667")),
    }  # fmt: skip


def test_hours_left_out_are_told(made: tuple[Outlets, RunRecord]) -> None:
    """The flaw says how many hours of how many the monitoring system's rule takes out."""
    outlets, done = made
    (flaw,) = [r for r in read_result(done, FLAWS, READER).to_pylist() if r["code"] == "outlet_hours_left_out"]
    assert (flaw["subject_id"], flaw["what"], flaw["evidence"]) == (
        outlets.units[1], "pollutant|w01018", "10 ≠ 0 (744 h)",
    )  # fmt: skip


def test_the_month_that_runs_stands_beside_the_books(made: tuple[Outlets, RunRecord]) -> None:
    """Ten days of February: 1 200 kg to date, all of those hours known, marked as running and in no sum."""
    outlets, done = made
    entry = by_unit(done, METER_ENTRIES, outlets)[0, "2026-02"]
    assert (entry["stands"], entry["state"], entry["until"]) == ("running", "to_date", DAY)
    assert (entry["quantity"], entry["measured"], entry["differs"]) == (Decimal(1200), Decimal(1), False)
    assert set(of(done, "cod_monitored", outlets.units[0])) == {"2026-01", "2026"}
    assert of(done, "cod_monitored", outlets.units[0])["2026"][0] == Decimal("3.720000")


def test_why_leads_to_the_outlet_its_days_and_meters(made: tuple[Outlets, RunRecord]) -> None:
    """The entry leads to the outlet with each day's kilograms and hours, and to both meters; no mg/L·h is told."""
    outlets, done = made
    entry = by_unit(done, METER_ENTRIES, outlets)[1, "2026-01"]
    wanted = [{"entry_id": entry["entry_id"], "source_id": "meter"}]
    with DuckDB(threads=1) as engine:
        bind_metered(engine, done)
        (outlet,) = let_out(engine, outlets.workspace, done, outlets.packs, READER, wanted)
        assert metered(engine, outlets.workspace, done, READER, wanted) == []
    assert {(m["code"], m["measures"]) for m in outlet["meters"]} == {("COD", "concentration"), ("Q", "flow")}
    assert outlet["days"][0] == {"day": SINCE, "quantity": Decimal(70), "counted": 14, "left_out": 10}
    assert sum(d["quantity"] for d in outlet["days"]) == entry["quantity"] == Decimal(3670)


def test_updates_follow_readings_looks_registers_and_compaction(made: tuple[Outlets, RunRecord]) -> None:
    """Late readings, a look that comes after, a factor put right, and files made one: each update is of that unit alone
    and equals a full run at its instant.
    """
    outlets, done = made

    def touched(update: RunRecord) -> list[int]:
        assert update.manifest.get("not_updated") is None
        told = update.manifest["update"]
        assert isinstance(told, dict)
        return sorted(outlets.units.index(s) for s in told["touched"])

    outlets.month(2, SINCE, 31)
    outlets.follow(looked=False)
    late = run(outlets, done)
    assert touched(late) == [2]
    # nobody has looked: the hours are open, and an open hour does not count
    assert of(late, "cod_monitored", outlets.units[2]) == {}
    outlets.month(2, date(2026, 1, 31), 1)
    outlets.follow()
    looked = run(outlets, late)
    assert touched(looked) == [2]
    known = of(looked, "cod_monitored", outlets.units[2])["2026-01"]
    assert known[1] == "partial"
    assert known[0] is not None
    assert known[0] < Decimal("3.72")
    outlets.register(1, "Q", reason="倍率登记有误", factor=Decimal(2))
    registered = run(outlets, looked)
    assert touched(registered) == [1]
    outlets.roll_again(31)
    doubled = run(outlets, registered)
    assert touched(doubled) == [1]
    assert of(doubled, "cod_monitored", outlets.units[1])["2026-01"][0] == Decimal("7.340000")
    assert compact(outlets.workspace.lake, files=2).days > 0
    none = run(outlets, doubled)
    assert touched(none) == []
    full = run_pipeline(outlets.workspace, outlets.packs, known=none.known, as_of=DAY, scope=ALL)
    for update in (doubled, none):
        assert differences(update, full, TABLES) == {}
