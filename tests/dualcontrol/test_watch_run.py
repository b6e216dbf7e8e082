"""Watching in a run: what late returns become, what follows, the same digits as known then, updates like full runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.same_runs import differences
from registry.made_up import made_up_uscc
from shuangkong.accounting.api import INDICATOR_VALUES, Origin, import_sheet
from shuangkong.app.catalogue import catalogue
from shuangkong.app.pipeline import run_pipeline
from shuangkong.dualcontrol.api import (
    WATCH_ESTIMATES,
    WATCH_LINKS,
    WATCH_MEASURES,
    WATCH_MONTHS,
    WATCH_YEARS,
)
from shuangkong.engine.api import Asked, RunRecord, Workspace, latest_run, read_result, reading, writing
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs, load_files
from shuangkong.registry.api import directory, ensure_regions, import_units

Row = dict[str, Any]
DAY = date(2025, 6, 30)
ALL, READER = Scope.system("test"), Scope.all("test")
WATCHING = (WATCH_MONTHS, WATCH_YEARS, WATCH_MEASURES, WATCH_ESTIMATES, WATCH_LINKS)
HEAD = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期,报送周期\n"
ENERGY = "统一社会信用代码,期间,能源品种,消费量,计量单位\n"
GROWTH = "行政区划代码,期间,指标,累计增速\n"
#: Ten units in one county; the last of them has not handed in June.
UNITS = 10
PLACE, NAME = "410102", "中原区"
INSTRUMENT = """id: {id}
edition: "1"
title: {{zh: 试验（合成）}}
doc_number: 试〔2021〕1号
issuer: 试验
level: city
region: "410100"
issued: 2021-01-01
in_force_from: 2021-01-01
period: P2021-2025
source: {{doc: 试验, place: 全文, known: 2021-01-01}}
confidence: synthetic
synthetic: true
"""
CLAUSES = "- {id: 一, title: {zh: 目标}, kind: target}\n"
ACCOUNTED = "accounting: {edition: gbt2589-2020, basis: primary, guide: ghg-guides-2013-2015, grid_factor: '2023'"
TARGETS = f"""- slug: intensity
  clause: 一
  indicator: energy_per_industrial_value_added
  subject: {{region: "{PLACE}"}}
  comparator: decrease_by
  value: 14
  unit: "%"
  base_year: 2020
  horizon: plan
  method: compound
  {ACCOUNTED}, price_base: 2020}}
- slug: total
  clause: 一
  indicator: energy_total
  subject: {{region: "{PLACE}"}}
  comparator: at_most
  value: 12000
  unit: tce
  year: 2025
  horizon: year
  {ACCOUNTED}}}
- slug: coal
  clause: 一
  indicator: coal_total
  subject: {{region: "{PLACE}"}}
  comparator: at_most
  value: 99999
  unit: tce
  year: 2025
  horizon: year
  {ACCOUNTED}}}
"""
ISSUERS = ("gbt", "ghg", "grid", "shuangkong", "henan-two-high-2021")


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """Factors, the cut-offs, Henan's plan with its red months, and targets that are made up."""
    files = {"instrument.yaml": INSTRUMENT.format(id="watch-test"), "clauses.yaml": CLAUSES, "targets.yaml": TARGETS}
    made = load_files({name: text.encode() for name, text in files.items()}, origin="watch-test")
    return PackSet([*(p for p in builtin_packs() if p.id.startswith(ISSUERS)), made], catalogue=catalogue())


def months(first: int, last: int, year: int) -> list[str]:
    """Months of a year as keys."""
    return [f"{year}-{m:02d}" for m in range(first, last + 1)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, packs: PackSet) -> Workspace:
    """Coal of ten units, 10 % more each month than a year ago; growth of value added of 5 %."""
    return handed_in(tmp_path_factory.mktemp("watch") / "w", packs, "原煤")


def handed_in(folder: Path, packs: PackSet, fuel: str) -> Workspace:
    """A workspace with a run: what ten units burnt of a fuel, all but the last one's newest month."""
    workspace = Workspace.create(folder)
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), [PLACE])
    codes = [made_up_uscc(n) for n in range(1, UNITS + 1)]
    units = HEAD + "".join(
        f"{code},第{n}水泥厂（合成）,{PLACE},3011,2017,重点用能单位,2024-01-01,月报\n" for n, code in enumerate(codes)
    )
    import_units(workspace, units.encode(), name="名录.csv", scope=READER)
    rows = [(n, m, 100 * (n + 1)) for n in range(UNITS) for m in months(1, 12, 2024)]
    rows += [(n, m, 110 * (n + 1)) for n in range(UNITS) for m in months(1, 6, 2025) if (n, m) != (9, "2025-06")]
    hand_in(
        workspace, packs, "energy", ENERGY + "".join(f"{codes[n]},{m},{fuel},{q},吨\n" for n, m, q in rows), "一.csv"
    )
    rates = GROWTH + "".join(f"{PLACE},2025年1—{m}月,规上工业增加值增速,5\n" for m in range(2, 7))
    hand_in(workspace, packs, "growth", rates, "增速.csv")
    run_pipeline(workspace, packs, known=workspace.clock(), as_of=DAY, scope=ALL)
    return workspace


def hand_in(workspace: Workspace, packs: PackSet, book: str, text: str, name: str, reason: str = "") -> None:
    """A sheet that is taken in whole."""
    origin = Origin(name, "试验", "试验", "synthetic", date(2025, 6, 30), synthetic=True, reason=reason)
    report = import_sheet(workspace, packs, book, text.encode(), origin, scope=READER)
    assert report.committed, report.refusals


@pytest.fixture
def copied(made: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A copy that a test may write to."""
    shutil.copytree(made.root, tmp_path / "copy")
    workspace = Workspace.open(tmp_path / "copy")
    yield workspace
    workspace.engine.dispose()


def newest(workspace: Workspace) -> RunRecord:
    """The newest run."""
    run = latest_run(workspace, ALL, known=None)
    assert run is not None
    return run


def rows_of(run: RunRecord, contract: Any, **where: object) -> list[Row]:
    """Rows of a table whose columns have these values."""
    rows = read_result(run, contract, READER).to_pylist()
    return [r for r in rows if all(r[k] == v for k, v in where.items())]


def place(workspace: Workspace) -> str:
    """The county's subject."""
    with reading(workspace.engine) as db:
        return str(directory(db, ALL, workspace.clock()).region(PLACE, DAY))


def test_a_late_return_is_estimated_in_the_board_and_stays_out_of_the_books(made: Workspace) -> None:
    """The tenth unit's June is last year's times 1.1, beside nine that grew so; the books hold nine returns."""
    run = newest(made)
    late = rows_of(run, WATCH_ESTIMATES, measure="energy")
    assert [(r["period_key"], r["basis"], r["responders"]) for r in late] == [("2025-06", "last_year", 9)]
    june = rows_of(run, WATCH_MONTHS, what="energy_total", period_key="2025-06")[0]
    may = rows_of(run, WATCH_MONTHS, what="energy_total", period_key="2025-05")[0]
    assert (june["state"], may["state"]) == ("estimate", "ok")
    # six like months; each estimate is rounded once to six places
    assert abs(june["value"] - may["value"] / 5 * 6) < Decimal("0.0001")
    assert june["low"] < june["value"] < june["high"]
    assert june["coverage"] == Decimal("0.983333")
    same = {n: june[n] for n in ("subject_id", "method_id", "period_key")}
    book = rows_of(run, INDICATOR_VALUES, indicator_id="energy_total", **same)[0]
    assert (book["state"], book["coverage"]) == ("partial", Decimal("0.9"))
    assert book["value"] < june["value"] - may["value"]


def test_intensity_is_energy_less_real_growth_and_january_waits(made: Workspace) -> None:
    """Energy grew by 10 %, value added by 5 %: intensity rose by 4.761905 % and is red; January has no growth rate."""
    rows = rows_of(newest(made), WATCH_MONTHS, what="energy_intensity", test="month_industry")
    told = {r["period_key"]: r for r in rows}
    assert told["2025-05"]["value"] == Decimal("4.761905")
    assert (told["2025-05"]["grade"], told["2025-05"]["red_months"]) == (1, 4)
    assert told["2025-01"]["state"] == "insufficient"
    assert told["2025-01"]["needs"] == "industry_value_added_growth 2025YTD01"


def test_co2_without_a_factor_is_never_nought(made: Workspace) -> None:
    """The guide has no factor for raw coal: CO2 of every month waits for all ten returns, and no figure stands in."""
    for name, test in (("co2_intensity", "month_industry"), ("co2_total", "total")):
        rows = rows_of(newest(made), WATCH_MONTHS, what=name, test=test)
        assert {(r["state"], r["value"], r["low"], r["grade"], r["energy"]) for r in rows} == {
            ("insufficient", None, None, None, None)
        }
        measure = "co2" if name == "co2_total" else "co2_industry"
        assert all(f"{measure} {r['period_key'][:4]}-01: 10 returns 10 份报表" in r["needs"] for r in rows)


def test_co2_of_industry_is_told_by_month_and_not_graded_where_nothing_asks(tmp_path: Path, packs: PackSet) -> None:
    """All of it is coke, so CO2 per value added rose as energy did; no target asks for it; June is an estimate."""
    run = newest(handed_in(tmp_path / "w", packs, "焦炭"))
    told = {r["period_key"]: r for r in rows_of(run, WATCH_MONTHS, what="co2_intensity", test="month_industry")}
    may, june = told["2025-05"], told["2025-06"]
    assert (may["value"], may["state"], may["grade"], may["required"]) == (Decimal("4.761905"), "not_yet", None, None)
    assert may["needs"] == "a target for co2_per_industrial_value_added in 2025 2025年的目标"
    assert (may["coverage"], may["amount_unit"], may["growth"]) == (1, "tCO2", 5)
    assert "ghg-guides-2013-2015" in may["method_id"]
    assert june["low"] < june["value"] < june["high"]
    assert june["coverage"] == Decimal("0.983333")
    assert june["estimated_share"] > 0
    late = rows_of(run, WATCH_ESTIMATES, measure="co2_industry")
    assert [(r["period_key"], r["basis"], r["unit"]) for r in late] == [("2025-06", "last_year", "tCO2")]
    links = rows_of(run, WATCH_LINKS, watch_key=may["watch_key"])
    total = f"co2_industry|*|subtree|{may['subject_id']}|2025-05|{may['method_id']}"
    assert total in {r["to_key"] for r in links if (r["to_kind"], r["role"]) == ("total", "this month")}
    assert rows_of(run, WATCH_YEARS, what="co2_intensity", test="month_industry")


def test_what_follows_is_what_the_pack_says_of_these_months(made: Workspace) -> None:
    """Henan's table on grades computed here: a reminder at two months, the stop at three; marked as computed."""
    rows = rows_of(newest(made), WATCH_MEASURES, basis="computed")
    henan = {r["period_key"]: r for r in rows if r["table_id"] == "red-months"}
    assert {k: r["consequence"] for k, r in henan.items()} == {
        "2025-01": None, "2025-02": None, "2025-03": "区域节能评估限批", "2025-04": "区域节能评估限批",
        "2025-05": "区域节能评估限批", "2025-06": "区域节能评估限批",
    }  # fmt: skip
    # nothing is known of the months before: two red ones may be three
    assert henan["2025-02"]["inputs"] == '{"red_coal": "0", "red_energy": "≥ 2"}'
    assert (henan["2025-03"]["clause"], henan["2025-03"]["signal"]) == ("六（十八）", "bad")


def test_a_grade_leads_to_its_sum_growth_target_and_cut_off(made: Workspace) -> None:
    """Every link of a month leads to something that is there."""
    run = newest(made)
    may = rows_of(run, WATCH_MONTHS, what="energy_intensity", test="month_industry", period_key="2025-05")[0]
    links = {(r["role"], r["to_kind"]): r["to_key"] for r in rows_of(run, WATCH_LINKS, watch_key=may["watch_key"])}
    assert links["asks", "target"] == "watch-test@1#intensity"
    assert links["graded by", "rule"] == "shuangkong.watching@2026#table:intensity-grade"
    keys = {r["value_key"] for r in rows_of(run, INDICATOR_VALUES)}
    assert links["growth", "indicator"] in keys
    assert may["cutoff"] == "shuangkong.watching@2026#table:intensity-grade:red"


def test_the_year_will_end_above_its_limit_and_the_interval_says_so(made: Workspace) -> None:
    """The nowcast of each month, its interval, and the base target it is held against."""
    rows = rows_of(newest(made), WATCH_YEARS, what="energy_total", period_key="2025")
    assert [r["as_of_month"] for r in sorted(rows, key=lambda r: r["as_of_month"])] == months(1, 6, 2025)
    june = next(r for r in rows if r["newest"])
    assert june["required"] == Decimal(12000)
    assert june["low"] < june["nowcast"] < june["high"]
    assert june["state"] == "estimate"


def test_the_same_instant_gives_the_same_digits(copied: Workspace, packs: PackSet) -> None:
    """A later figure changes nothing of what was known before it."""
    first = newest(copied)
    late = ENERGY + f"{made_up_uscc(10)},2025-06,原煤,5000,吨\n"
    hand_in(copied, packs, "energy", late, "补报.csv")
    again = run_pipeline(copied, packs, known=first.known, as_of=DAY, scope=ALL)
    assert differences(first, again, WATCHING) == {}
    now = run_pipeline(copied, packs, known=copied.clock(), as_of=DAY, scope=ALL)
    assert rows_of(now, WATCH_ESTIMATES) == []
    june = rows_of(now, WATCH_MONTHS, what="energy_total", period_key="2025-06")[0]
    assert (june["state"], june["estimated_share"]) == ("ok", Decimal(0))


def test_an_update_gives_what_a_full_run_gives(copied: Workspace, packs: PackSet) -> None:
    """One late return comes in and one month is put right: every table of watching is that of a full run."""
    first = newest(copied)
    hand_in(copied, packs, "energy", ENERGY + f"{made_up_uscc(10)},2025-06,原煤,900,吨\n", "补报.csv")
    hand_in(copied, packs, "energy", ENERGY + f"{made_up_uscc(3)},2025-02,原煤,345,吨\n", "更正.csv", "更正")
    update = run_pipeline(copied, packs, known=copied.clock(), as_of=DAY, scope=ALL, update=Asked(first))
    full = run_pipeline(copied, packs, known=update.known, as_of=DAY, scope=ALL)
    assert differences(update, full, WATCHING) == {}
    assert differences(first, full, (WATCH_MONTHS,)) != {}


def test_without_the_pack_of_cut_offs_nothing_is_watched(copied: Workspace, packs: PackSet) -> None:
    """No cut-off, no grade: the tables are there and empty."""
    few = PackSet([p for p in packs.packs if p.id != "shuangkong.watching"], catalogue=catalogue())
    run = run_pipeline(copied, few, known=copied.clock(), as_of=DAY, scope=ALL)
    assert [read_result(run, c, READER).num_rows for c in WATCHING] == [0] * 5


def test_another_reader_sees_nothing(made: Workspace) -> None:
    """Who may see no region sees no row of watching."""
    run = newest(made)
    assert [read_result(run, c, Scope.none("test")).num_rows for c in WATCHING] == [0] * 5
