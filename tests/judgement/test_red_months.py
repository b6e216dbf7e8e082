"""Red months in a row (豫政办〔2021〕65号 六（十八）), decided in a run from published grades, all of them 合成."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shuangkong.accounting.api import INDICATOR_VALUES, Origin, Report, import_sheet
from shuangkong.app.catalogue import library
from shuangkong.app.explaining import explain
from shuangkong.app.pipeline import run_pipeline
from shuangkong.engine.api import RunRecord, Workspace, read_result, reading, writing
from shuangkong.judgement.api import RULE_FINDINGS, RULE_READINGS
from shuangkong.kernel.periods import Period
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import directory, ensure_regions

ALL = Scope.all("test")
HEAD = "地区代码,期间,等级名称,等级\n"
ENERGY, COAL = "能耗双控预警等级", "煤炭消费总量预警等级"
#: Grades of energy control from October 2023 on, a letter a month: green, amber, red, or - for a month without one.
MONTHS = ("2023-10", "2023-11", "2023-12", "2024-01", "2024-02", "2024-03")
WORDS = {"g": "绿", "a": "黄色", "r": "红色"}
SERIES = {
    "410100": "grgggr",  # red in March alone
    "410200": "gggarr",  # two in a row
    "410300": "gggrrr",  # three in a row
    "410400": "grrrgg",  # November to January, over the turn of the year
    "410500": "gr-rrg",  # December is missing: two at least in February
    "410600": "r-rrrr",  # November is missing: three at least in February, four at least in March
    "410700": "ggrrrr",  # revised later: February was amber
    "410800": "ggrr--",  # nothing published since January
}


def rows(series: Mapping[str, str], item: str) -> str:
    """The grades of regions as an office would send them."""
    return "".join(
        f"{code},{month},{item},{WORDS[mark]}\n"
        for code, marks in series.items() for month, mark in zip(MONTHS, marks, strict=True) if mark != "-"
    )  # fmt: skip


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The packs that ship, bound as the program binds them."""
    return library()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the regions of GB/T 2260."""
    opened = Workspace.create(tmp_path_factory.mktemp("reds") / "w")
    with writing(opened.engine) as db:
        ensure_regions(db, opened.clock())
    yield opened
    opened.engine.dispose()


def take_in(workspace: Workspace, packs: PackSet, text: str, *, day: str = "2024-04-05", reason: str = "") -> Report:
    """A file of grades, taken in."""
    origin = Origin("等级.csv", "合成", "合成通报", "", date.fromisoformat(day), synthetic=True, reason=reason)
    return import_sheet(workspace, packs, "grades", (HEAD + text).encode(), origin, scope=ALL)


def judged(workspace: Workspace, packs: PackSet, *, known: datetime | None = None) -> RunRecord:
    """A run on 10 April 2024: March is the last month that is over."""
    return run_pipeline(workspace, packs, known=known or workspace.clock(), as_of=date(2024, 4, 10), scope=ALL)


@pytest.fixture(scope="module")
def first(workspace: Workspace, packs: PackSet) -> RunRecord:
    """The run over the grades as first published; coal is green throughout in all but one region."""
    coal = dict.fromkeys(SERIES, "gggggg") | {"410100": "rrrrrr"}
    done = take_in(workspace, packs, rows(SERIES, ENERGY) + rows(coal, COAL))
    assert (done.committed, done.refusals) == (True, ())
    return judged(workspace, packs)


def told(workspace: Workspace, run: RunRecord, slug: str = "red-months") -> dict[tuple[str, str], dict[str, Any]]:
    """Findings of a table of Henan by code and month, with their readings."""
    with reading(workspace.engine) as db:
        places = directory(db, ALL, workspace.clock())
    codes = {str(places.region(code, date(2024, 3, 31))): code for code in SERIES}
    found = read_result(run, RULE_FINDINGS, ALL, where=f"slug = '{slug}' AND pack_id = 'henan-two-high-2021'")
    by_key: dict[str, dict[str, Any]] = {}
    for r in read_result(run, RULE_READINGS, ALL).to_pylist():
        by_key.setdefault(r["finding_key"], {})[r["input"]] = r
    return {
        (codes[r["subject_id"]], r["period_key"]): {**r, "readings": by_key[r["finding_key"]]}
        for r in found.to_pylist() if r["subject_id"] in codes
    }  # fmt: skip


def test_one_two_and_three_red_months(workspace: Workspace, first: RunRecord) -> None:
    """One red month brings nothing, two a reminder, three and more a stop; each month is a finding of its own."""
    found = told(workspace, first)
    hits = {month: found["410300", month]["row_hit"] for month in MONTHS}
    assert hits == {
        "2023-10": "none", "2023-11": "none", "2023-12": "none", "2024-01": "none", "2024-02": "reminder",
        "2024-03": "stop",
    }  # fmt: skip
    assert found["410200", "2024-03"]["row_hit"] == "reminder"
    march = found["410300", "2024-03"]
    assert (march["period_kind"], march["status"], march["answer"]) == ("month", "hit", "consequence=区域节能评估限批")
    assert (march["decided_for"], found["410300", "2024-02"]["decided_for"]) == (date(2024, 4, 10), date(2024, 2, 29))
    assert march["confidence"] == "synthetic"


def test_coal_is_counted_by_itself(workspace: Workspace, first: RunRecord) -> None:
    """A region green on energy control and red on coal is stopped for coal; the first month has only a lower bound."""
    found = told(workspace, first)
    assert found["410100", "2023-12"]["row_hit"] == "stop"
    october = found["410100", "2023-10"]
    assert (october["status"], october["needs"]) == ("undetermined", "red_coal")
    coal = october["readings"]["red_coal"]
    assert (coal["state"], coal["value"]) == ("at_least", 1)


def test_december_and_january_are_in_a_row(workspace: Workspace, first: RunRecord) -> None:
    """Red in November, December and January is a stop in January, and over in February."""
    found = told(workspace, first)
    assert [found["410400", m]["row_hit"] for m in ("2023-12", "2024-01", "2024-02")] == ["reminder", "stop", "none"]


def test_a_missing_month_leaves_a_lower_bound_that_may_be_enough(workspace: Workspace, first: RunRecord) -> None:
    """Behind a hole two months may be more: nothing is decided; three are enough whatever the hole was."""
    found = told(workspace, first)
    two = found["410500", "2024-02"]
    assert (two["status"], two["reason"], two["needs"]) == ("undetermined", "missing", "red_energy")
    energy = two["readings"]["red_energy"]
    assert (energy["state"], energy["value"], energy["coverage"]) == ("at_least", 2, Decimal("0.666667"))
    assert found["410500", "2024-03"]["row_hit"] == "none"
    assert ("410500", "2023-12") not in found
    three = found["410600", "2024-02"]
    assert (three["status"], three["row_hit"], three["readings"]["red_energy"]["state"]) == ("hit", "stop", "at_least")
    value = read_result(
        first, INDICATOR_VALUES, ALL, where=f"value_key = '{energy['source_key']}'"
    ).to_pylist()[0]  # fmt: skip
    assert (value["needs"], value["origin"], value["unit"]) == ("2023-12", "counted", "month")


def test_the_newest_month_without_a_grade_is_told_as_not_known(workspace: Workspace, first: RunRecord) -> None:
    """Where publishing stopped in January, March is undetermined and no nought; a region never graded is not there."""
    found = told(workspace, first)
    march = found["410800", "2024-03"]
    assert (march["status"], march["needs"]) == ("undetermined", "red_energy")
    assert (march["readings"]["red_energy"]["state"], march["readings"]["red_energy"]["value"]) == (
        "missing_periods", None,
    )  # fmt: skip
    assert {code for code, _ in found} == set(SERIES)
    everybody = read_result(first, RULE_FINDINGS, ALL, where="slug = 'red-months'").column("subject_id")
    assert len(set(everybody.to_pylist())) == len(SERIES)


def test_why_leads_to_each_month_and_its_source(workspace: Workspace, first: RunRecord) -> None:
    """From the stop in March to the three red months, the green one before, and the rows of the file."""
    row = told(workspace, first)["410300", "2024-03"]
    chain = explain(workspace, row["finding_key"], ALL)
    months = {
        (r["period_key"], int(r["value"])) for r in chain.rates if r["indicator_id"] == "energy_control_warning_grade"
    }
    assert months == {("2023-12", 3), ("2024-01", 1), ("2024-02", 1), ("2024-03", 1)}
    assert {r["source_row"] for r in chain.rates if r["indicator_id"] == "energy_control_warning_grade"} == {
        16, 17, 18, 19,
    }  # fmt: skip
    assert [s["publisher"] for s in chain.sources] == ["合成"]
    assert {r["indicator_id"] for r in chain.levels} == {"energy_control_red_months", "coal_total_red_months"}
    roles = {e["role"] for e in chain.edges}
    assert {"period counted", "period that ends it"} <= roles


def test_a_revision_undoes_a_red_month_and_the_earlier_answer_stays(
    workspace: Workspace, packs: PackSet, first: RunRecord
) -> None:
    """February revised to amber: March is one month, not four; as known before, it is a stop still."""
    before = workspace.clock()
    was = told(workspace, first)["410700", "2024-03"]
    assert was["row_hit"] == "stop"
    done = take_in(
        workspace, packs, f"410700,2024年2月,{ENERGY},黄\n", day="2024-04-08", reason="复核后更正（合成）"
    )  # fmt: skip
    assert (done.fresh, done.corrected) == (0, 1)
    now = told(workspace, judged(workspace, packs))["410700", "2024-03"]
    assert (now["row_hit"], now["readings"]["red_energy"]["value"]) == ("none", 1)
    assert now["finding_key"] == was["finding_key"]
    again = told(workspace, judged(workspace, packs, known=before))["410700", "2024-03"]
    assert (again["row_hit"], again["readings"]["red_energy"]["value"]) == ("stop", 4)


@pytest.mark.usefixtures("first")
def test_last_years_result_suspends_this_years_reviews(workspace: Workspace, packs: PackSet) -> None:
    """A target missed in 2023 suspends the reviews of 2024, decided while 2024 runs; one result may be enough."""
    text = (
        "410100,2023,能耗双控年度考核结果,未完成\n410200,2023,能耗双控年度考核结果,完成\n"
        "410200,2023,污染物总量控制年度考核结果,基本完成\n410300,2023,能耗双控年度考核结果,超额完成\n"
    )
    assert take_in(workspace, packs, text).committed
    found = told(workspace, judged(workspace, packs), "reviews-suspended-region")
    assert Period.parse("2024").key in {period for _, period in found}
    assert found["410100", "2024"]["row_hit"] == "suspended"
    assert found["410200", "2024"]["row_hit"] == "open"
    assert (found["410300", "2024"]["status"], found["410300", "2024"]["needs"]) == (
        "undetermined", "pollutants_result_last_year",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"410100,2024-03,{ENERGY},未完成\n", "wrong_grade"),
        ("410100,2024-03,能耗强度,红\n", "unknown_choice"),
        (f"410100,2024-03,{ENERGY},紫\n", "unknown_choice"),
        (f"410100,2025-03,{ENERGY},红\n410100,2025-03,{ENERGY},绿\n", "duplicate"),
    ],
)
def test_what_is_no_grade_is_refused(workspace: Workspace, packs: PackSet, text: str, code: str) -> None:
    """A word that its indicator does not know, what is no grade at all, and a month given twice are refused."""
    done = take_in(workspace, packs, text)
    assert not done.committed
    assert code in {r.why.code for r in done.refusals}


@pytest.mark.usefixtures("first")
def test_a_blank_grade_is_kept_as_not_published(workspace: Workspace, packs: PackSet, tmp_path: Path) -> None:
    """A month whose grade is left blank is taken in without a value, and counts as missing."""
    del tmp_path
    assert take_in(workspace, packs, f"411700,2024-03,{ENERGY},\n411700,2024-02,{ENERGY},红\n").committed
    run = judged(workspace, packs)
    rows = read_result(run, INDICATOR_VALUES, ALL, where="indicator_id = 'energy_control_red_months'").to_pylist()
    with reading(workspace.engine) as db:
        who = str(directory(db, ALL, workspace.clock()).region("411700", date(2024, 3, 31)))
    mine = {r["period_key"]: (r["value"], r["state"], r["needs"]) for r in rows if r["subject_id"] == who}
    assert mine == {"2024-02": (1, "at_least", "2024-01"), "2024-03": (None, "missing_periods", "2024-03")}
