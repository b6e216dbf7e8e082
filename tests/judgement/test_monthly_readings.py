"""Rules by month over the books (逐月判定): of months, of the period before, of months in a row. All data 合成."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from shuangkong.accounting.api import INDICATOR_VALUES, Origin, import_register, import_sheet
from shuangkong.app.catalogue import catalogue
from shuangkong.app.explaining import explain
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import PUBLIC_ONLY, WITHHELD, RunRecord, Workspace, read_result, reading, writing
from shuangkong.judgement.api import RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackErrors, PackSet, builtin_packs, load_files
from shuangkong.registry.api import directory, ensure_regions

ALL = Scope.all("test")
HEAD = "地区代码,期间,能源品种,消费量,计量单位,范围\n"
UNIT = "91130182MA0000000P"
FILES = {
    "instrument.yaml": """
id: test.months
edition: "2023"
title: {zh: 逐月规则（合成）}
issuer: 合成
level: province
region: "130000"
issued: 2023-01-01
in_force_from: 2023-01-01
synthetic: true
source: {doc: 合成, place: all, known: 2023-01-01}
confidence: synthetic
""",
    "clauses.yaml": "- {id: 一, title: {zh: 逐月（合成）}, kind: rule}\n",
    "parameters/lines.yaml": """
- id: test.line
  label: {zh: 线（合成）}
  unit: kWh
  clause: 一
  values:
    - {value: 100}
    - {value: 150, from: 2024-01-01, known: 2023-06-01}
""",
    "indicators.yaml": """
- id: test.high_months
  label: {zh: 用电量连续超线月数（合成）}
  unit: month
  nature: stock
  streak: {of: electricity_total, every: month, comparator: more_than, parameter: {id: test.line}}
""",
    "tables/months.yaml": """
- id: moves
  clause: 一
  label: {zh: 用电量升降（合成）}
  hit: first
  about: region
  inputs:
    - {name: now, label: {zh: 本月}, sum: electricity, every: month, unit: kWh}
    - {name: then, label: {zh: 上月}, sum: electricity, every: month, before: 1, unit: kWh}
    - {name: last_year, label: {zh: 上年}, sum: electricity, every: year, before: 1, unit: kWh}
  outputs:
    - {name: up, label: {zh: 升}, type: flag}
    - {name: share, label: {zh: 占上年}, type: number, unit: "%"}
  rows:
    - {id: up, if: "now > then", then: {up: true, share: {calc: 'to(now / last_year, "%")'}}}
    - {id: down, then: {up: false, share: {calc: 'to(now / last_year, "%")'}}}
- id: high
  clause: 一
  label: {zh: 连续超线（合成）}
  hit: first
  inputs:
    - {name: high, label: {zh: 连续超线月数}, indicator: test.high_months, unit: month}
  outputs:
    - {name: told, label: {zh: 告知}, type: flag}
  rows:
    - {id: told, when: {high: ">= 2"}, then: {told: true}}
    - {id: not, then: {told: false}}
  about: region
""",
}  # fmt: skip


def together(files: dict[str, str]) -> PackSet:
    """The packs that ship, with these files as one more."""
    pack = load_files({n: t.encode() for n, t in files.items()}, origin="test")
    return PackSet((*builtin_packs(), pack), catalogue=catalogue())


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs that ship, with the invented rules by month."""
    return together(FILES)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the regions of GB/T 2260."""
    opened = Workspace.create(tmp_path_factory.mktemp("months") / "w")
    with writing(opened.engine) as db:
        ensure_regions(db, opened.clock())
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def run(workspace: Workspace, packs: PackSet) -> RunRecord:
    """A county's electricity: all of 2023, and January and February 2024; 120 kWh a month, 160 from December on.

    In the next county a single unit hands in for itself: its months are told to nobody who only sees the page.
    """
    months = [(2023, m, 120) for m in range(1, 12)] + [(2023, 12, 160), (2024, 1, 160), (2024, 2, 155)]
    text = HEAD + "".join(f"130181,{y}-{m:02},电力,{kwh},千瓦时,本级\n" for y, m, kwh in months)
    origin = Origin("用电.csv", "合成", "合成", "", date(2024, 3, 5), synthetic=True)
    assert import_sheet(workspace, packs, "energy", text.encode(), origin, scope=ALL).committed
    units = "统一社会信用代码,单位名称,所在地区,行业代码,行业分类版本,单位类别,起始日期\n" + (
        f"{UNIT},合成单位,130183,3011,2017,重点用能单位,2020-01-01\n"
    )
    assert import_register(workspace, units.encode(), origin, scope=ALL).refusals == ()
    head = "统一社会信用代码,期间,能源品种,消费量,计量单位\n"
    own = head + "".join(f"{UNIT},{y}-{m:02},电力,{kwh},千瓦时\n" for y, m, kwh in months)
    assert import_sheet(workspace, packs, "energy", own.encode(), origin, scope=ALL).committed
    return run_pipeline(workspace, packs, known=workspace.clock(), as_of=date(2024, 3, 10), scope=ALL)


def found(workspace: Workspace, run: RunRecord, slug: str) -> dict[str, dict[str, Any]]:
    """Findings of a table about the county, by month, with their readings."""
    with reading(workspace.engine) as db:
        who = str(directory(db, ALL, workspace.clock()).region("130181", date(2024, 2, 29)))
    rows = read_result(run, RULE_FINDINGS, ALL, where=f"slug = '{slug}' AND subject_id = '{who}'").to_pylist()
    by_key: dict[str, dict[str, Any]] = {}
    for r in read_result(run, RULE_READINGS, ALL).to_pylist():
        by_key.setdefault(r["finding_key"], {})[r["input"]] = r
    return {r["period_key"]: {**r, "readings": by_key[r["finding_key"]]} for r in rows}


def test_a_month_is_read_beside_the_one_before_and_the_year_before(workspace: Workspace, run: RunRecord) -> None:
    """January 2024 against December 2023, and as a share of the year 2023: each figure is that of its own period."""
    months = found(workspace, run, "moves")
    january, february = months["2024-01"], months["2024-02"]
    assert (january["row_hit"], february["row_hit"]) == ("down", "down")
    assert {n: int(r["value"]) for n, r in january["readings"].items()} == {"now": 160, "then": 160, "last_year": 1480}
    assert {n: int(r["value"]) for n, r in february["readings"].items()} == {"now": 155, "then": 160, "last_year": 1480}
    assert february["answer"] == "up=false; share=10.473000"
    assert (february["period_kind"], february["decided_for"]) == ("month", date(2024, 3, 10))
    assert "2023-12" not in months


def test_months_over_a_line_that_is_raised(workspace: Workspace, run: RunRecord) -> None:
    """120 kWh was over the line of 2023 and would not be over that of 2024: each month has the line of its last day."""
    months = found(workspace, run, "high")
    told = {m: (r["row_hit"], int(r["readings"]["high"]["value"])) for m, r in months.items() if m >= "2023-11"}
    assert told == {"2023-11": ("told", 11), "2023-12": ("told", 12), "2024-01": ("told", 13), "2024-02": ("told", 14)}
    assert months["2023-01"]["status"] == "undetermined"
    assert months["2023-02"]["readings"]["high"]["state"] == "at_least"
    values = read_result(run, INDICATOR_VALUES, ALL, where="indicator_id = 'test.high_months'").to_pylist()
    assert {v["needs"] for v in values} == {"2022-12"}
    assert {v["origin"] for v in values} == {"counted"}


def test_why_leads_to_the_entries_of_each_month(workspace: Workspace, run: RunRecord) -> None:
    """From fourteen months in a row to fourteen months of the books and the rows that they were handed in as."""
    chain = explain(workspace, found(workspace, run, "high")["2024-02"]["finding_key"], ALL)
    months = {r["period_key"] for r in chain.levels if r["indicator_id"] == "electricity_total"}
    assert len(months) == 14
    assert {e["source_row"] for e in chain.entries} == set(range(2, 16))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("of: electricity_total", "of: no_such", "no_such"),
        ("of: electricity_total", "of: test.high_months", "test.high_months"),
        ("parameter: {id: test.line}", "parameter: {id: test.none}", "test.none"),
        ("unit: kWh\n  clause", "unit: tce\n  clause", "tce"),
        ("unit: month\n  nature", "unit: a\n  nature", "month"),
        ("comparator: more_than, parameter: {id: test.line}", "comparator: more_than", "value"),
        ("sum: electricity, every: month, unit", "field: unit_class, every: month, unit", "every"),
        ("indicator: test.high_months, unit", "indicator: test.high_months, every: year, unit", "month"),
    ],
)
def test_a_streak_that_cannot_be_counted_is_refused_at_load(old: str, new: str, said: str) -> None:
    """What is counted must be there and be no streak itself; figure, unit and period must go with it."""
    files = {n: t.replace(old, new) for n, t in FILES.items()}
    assert files != FILES
    with pytest.raises(PackErrors) as wrong:
        together(files)
    assert said in str(wrong.value)


def test_a_month_of_units_returns_is_not_told_through_a_finding(workspace: Workspace, run: RunRecord) -> None:
    """Who sees a region only because it is public reads no finding of a month that rests on withheld returns."""
    marked = read_result(run, WITHHELD, ALL, where="kind = 'rule'").to_pylist()
    assert {m["subject_id"] for m in marked} >= {_id(workspace, "130183")}
    for contract in (RULE_FINDINGS, RULE_READINGS, RULE_OUTPUTS):
        there = read_result(run, contract, ALL, where=f"subject_id = '{_id(workspace, '130183')}'")
        assert there.num_rows > 0
        assert read_result(run, contract, ALL, _public(workspace, "130183")).num_rows == 0
        assert read_result(run, contract, ALL, _public(workspace, "130181")).num_rows > 0


def _id(workspace: Workspace, code: str) -> str:
    with reading(workspace.engine) as db:
        return str(directory(db, ALL, workspace.clock()).region(code, date(2024, 2, 29)))


def _public(workspace: Workspace, code: str) -> pa.Table:
    """The subjects that a reader sees because their page is public."""
    return pa.table({"subject_id": [_id(workspace, code)], PUBLIC_ONLY: [True]})
