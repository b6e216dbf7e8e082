"""The register of projects: dated facts, corrections with reasons, sheets, and who sees whose projects."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from registry.made_up import MONDAY, TUESDAY, WEDNESDAY, made_up_unit, made_up_uscc
from shuangkong.engine.api import METADATA, Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import (
    ProjectEntry,
    describe,
    ensure_regions,
    import_projects,
    project_facts,
    project_fields,
    project_id,
    project_schema,
    register_projects,
    register_unit,
    resolve,
    scope_subjects,
    sheets,
    snapshot,
    typed,
)
from shuangkong.registry.project_facts import months_between

EVERYTHING = Scope.all("test")
START = date(2025, 1, 1)


def entry(**more: object) -> ProjectEntry:
    """A synthetic project from 2025 on."""
    facts = more.pop("facts", {"stage": "拟建", "energy_calorific": "12000", "two_high": "true"})
    values: dict[str, object] = {
        "code": "HC-2025-01", "name_zh": "合成示范项目一", "lies_in": "130102", "valid_from": START,
        "industry_code": "3011", "industry_edition": "2017", "synthetic": True,
    }  # fmt: skip
    return ProjectEntry(**(values | more), facts=tuple(dict(facts).items()))  # type: ignore[arg-type, call-overload]


def put(db: sa.Connection, at: datetime, reason: str = "", **more: object) -> tuple[str, ...]:
    """Register one project; what happened to it."""
    region = resolve(db, EVERYTHING, "gbt2260", str(more.pop("region", "130102")), START, at)
    made = register_projects(db, [entry(lies_in=region, **more)], at, principal="test", reason=reason)
    return tuple(p.effect for p in made)


def facts(db: sa.Connection, known: datetime, day: date, scope: Scope = EVERYTHING) -> dict[str, object]:
    """What the register says of the one project on a day, as known."""
    rows = project_facts(db, scope, known, day).to_pylist()
    return {k: v for k, v in rows[0].items() if v is not None} if rows else {}


def test_facts_hold_from_their_day_and_what_is_said_later_ends_them(db: sa.Connection) -> None:
    """A project that begins building in June was planned until then, on each day and as known at each instant."""
    assert put(db, MONDAY) == ("new",)
    june = date(2025, 6, 1)
    building = {"stage": "在建", "energy_calorific": "12000", "two_high": "true"}
    assert put(db, TUESDAY, valid_from=june, facts=building) == ("changed",)
    assert facts(db, TUESDAY, date(2025, 5, 31))["stage"] == "拟建"
    assert facts(db, TUESDAY, june)["stage"] == "在建"
    assert facts(db, MONDAY, june)["stage"] == "拟建"
    assert facts(db, TUESDAY, june)["energy_calorific"] == Decimal("12000.000000")
    assert put(db, WEDNESDAY, valid_from=june, facts=building) == ("unchanged",)


def test_what_stands_is_put_right_only_with_a_reason_that_the_log_keeps(db: sa.Connection) -> None:
    """Another figure for the same day is IMP-005 without a reason; with one both values stay as known when."""
    put(db, MONDAY)
    right = {"stage": "拟建", "energy_calorific": "9000", "two_high": "true"}
    with pytest.raises(UserError, match="IMP-005"):
        put(db, TUESDAY, facts=right)
    assert put(db, TUESDAY, reason="填报单位核实更正", facts=right) == ("corrected",)
    assert facts(db, MONDAY, START)["energy_calorific"] == Decimal("12000.000000")
    assert facts(db, TUESDAY, START)["energy_calorific"] == Decimal("9000.000000")
    log = METADATA.tables["audit_entry"]
    told = [
        json.loads(r) for r in db.execute(sa.select(log.c.detail).where(log.c.action == "registry.correct")).scalars()
    ]
    assert [(e["reason"], e["old"], e["new"]) for e in told] == [
        ("填报单位核实更正", {"value": "12000"}, {"value": "9000"})
    ]


def test_what_is_not_said_is_not_known(db: sa.Connection) -> None:
    """Fields that nobody filled in are null, not nought, and nothing follows from them."""
    put(db, MONDAY)
    known = facts(db, MONDAY, START)
    assert "energy_primary" not in known
    assert "energy_higher" not in known
    assert known["two_high"] is True


def test_the_higher_figure_and_the_time_since_a_day_follow_from_the_facts() -> None:
    """The larger of two figures needs both; years since a day are two on the day that fills them, and more after it."""
    day = date(2027, 3, 10)
    said = {"energy_calorific": "10", "energy_primary": "25.5", "review_opinion_on": "2025-03-10"}
    made = typed(said, day)
    assert (made["energy_higher"], made["years_since_opinion"]) == (Decimal("25.500000"), Decimal("2.000000"))
    later = typed(said, date(2027, 3, 11))["years_since_opinion"]
    assert isinstance(later, Decimal)
    assert later > 2
    assert typed({"energy_calorific": "10"}, day)["energy_higher"] is None
    assert typed({"trial_on": "2027-04-01"}, day)["months_since_trial"] is None
    assert months_between(date(2024, 2, 29), date(2026, 2, 28)) < 24


def test_projects_take_no_part_in_sums_of_their_owner_and_are_its_to_see(db: sa.Connection) -> None:
    """An owner sees its project wherever it lies; in the closure it lies in its region and not in the owner."""
    ensure_regions(db, MONDAY, ["130202"])
    owner = register_unit(db, made_up_unit(1), MONDAY, principal="test")
    other = register_unit(db, made_up_unit(2), MONDAY, principal="test")
    put(db, MONDAY, owner=owner, region="130202")
    project = project_id("HC-2025-01")
    mine = scope_subjects(db, Scope.unit("test", owner), MONDAY)
    theirs = scope_subjects(db, Scope.unit("test", other), MONDAY)
    assert mine is not None
    assert theirs is not None
    assert project in mine["subject_id"].to_pylist()
    assert project not in theirs["subject_id"].to_pylist()
    assert facts(db, MONDAY, START, Scope.unit("test", owner))["owner_id"] == owner
    assert facts(db, MONDAY, START, Scope.unit("test", other)) == {}
    assert facts(db, MONDAY, START, Scope.published("public")) == {}
    closure = snapshot(db, EVERYTHING, MONDAY)["subject_closure"].to_pylist()
    above = {r["ancestor_id"] for r in closure if r["subject_id"] == project}
    assert owner not in above
    assert resolve(db, EVERYTHING, "gbt2260", "130202", START, MONDAY) in above
    assert describe(db, project, EVERYTHING, MONDAY).kind == "project"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two districts and one unit."""
    made = Workspace.create(tmp_path / "ws", clock=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC))
    with writing(made.engine) as db:
        ensure_regions(db, MONDAY, ["130102", "130202"])
        register_unit(db, made_up_unit(1), MONDAY, principal="test")
    return made


def filled(**cells: object) -> bytes:
    """The template with one row filled in."""
    book = openpyxl.load_workbook(io.BytesIO(sheets.template(project_schema())))
    page = book.worksheets[0]
    heads = [c.value for c in page[1]]
    given = {
        "项目代码": "HC-2025-09", "项目名称": "合成示范项目九", "建设地点（行政区）": "130102", "行业代码": "3011",
        "行业分类版本": "2017", "情况起始日期": "2025-01-01", **cells,
    }  # fmt: skip
    for name, value in given.items():
        at = next(i for i, h in enumerate(heads, 1) if h == name or str(h).startswith(f"{name}（"))
        page.cell(3, at, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_template_comes_back_with_every_field_and_units_are_converted(workspace: Workspace) -> None:
    """A filled sheet registers: choices, flags, days and units of all kinds; a second time it changes nothing."""
    cells = {
        "阶段": "在建", "已认定为“两高”项目": "是", "年综合能源消费量（当量值）": "1.2万吨标准煤", "总投资": 3.5,
        "单位工业增加值能耗": "2.25", "设计单耗高于强制性限额先进值的幅度": "12.5%",
        "节能审查意见印发日期": "2024-05-01",
        "项目单位统一社会信用代码": made_up_uscc(1),
    }  # fmt: skip
    content = filled(**cells)
    done = import_projects(workspace, content, name="projects.xlsx", scope=EVERYTHING, synthetic=True)
    assert done.refusals == ()
    assert (done.committed, done.count("new")) == (True, 1)
    with reading(workspace.engine) as db:
        known = facts(db, workspace.clock(), START)
    assert known["energy_calorific"] == Decimal("12000.000000")
    assert known["investment"] == Decimal("3.500000")
    assert known["energy_per_value_added"] == Decimal("2.250000")
    assert known["over_advanced"] == Decimal("12.500000")
    assert (known["stage"], known["two_high"], known["review_opinion_on"]) == ("在建", True, date(2024, 5, 1))
    # what the sheet leaves empty is not said: neither no, nor nought
    assert {"started", "adds_capacity", "coal", "review_state"}.isdisjoint(known)
    again = import_projects(workspace, content, name="projects.xlsx", scope=EVERYTHING)
    assert (again.count("unchanged"), again.writes) == (1, 0)


@pytest.mark.parametrize(
    ("cells", "field", "said"),
    [
        ({"建设地点（行政区）": "火星市"}, "region", "没有这个行政区"),
        ({"行业代码": "9999"}, "industry", "没有这个行业代码"),
        ({"阶段": "烂尾"}, "stage", "拟建、在建、存量"),
        ({"年煤炭消费量（实物量）": "很多"}, "coal", "数"),
        ({"单位工业增加值能耗": "-1"}, "energy_per_value_added", "负数"),
        ({"项目单位统一社会信用代码": made_up_uscc(7)}, "owner", "没有登记"),
    ],
)
def test_a_wrong_cell_is_refused_in_chinese_and_nothing_is_written(
    workspace: Workspace, cells: dict[str, object], field: str, said: str
) -> None:
    """Each wrong cell is named with field and reason; of the file nothing is registered."""
    done = import_projects(workspace, filled(**cells), name="p.xlsx", scope=EVERYTHING)
    assert not done.committed
    assert [r.field for r in done.refusals] == [field]
    assert said in done.refusals[0].reason("zh") + done.refusals[0].remedy("zh")
    with reading(workspace.engine) as db:
        assert facts(db, workspace.clock(), START) == {}


def test_a_code_registered_elsewhere_is_neither_changed_nor_described(workspace: Workspace) -> None:
    """Who may write in one district cannot take over a project of another by its code."""
    with reading(workspace.engine) as db:
        there = resolve(db, EVERYTHING, "gbt2260", "130202", START, workspace.clock())
    import_projects(workspace, filled(), name="p.xlsx", scope=EVERYTHING)
    done = import_projects(
        workspace, filled(**{"建设地点（行政区）": "130202"}), name="p.xlsx", scope=Scope.region("other", there, START)
    )
    assert [r.code for r in done.refusals] == ["registered_elsewhere"]


def test_every_field_has_a_label_in_both_languages_and_what_follows_names_what_is_there() -> None:
    """The list of fields is whole: labels, choices without repeats, and sources that exist."""
    fields = project_fields()
    for one in fields.values():
        assert one.label.zh
        assert one.label.en
        assert len(set(one.choices)) == len(one.choices)
        assert set(one.made[1] if one.made else ()) <= set(fields)
