"""Cases upon grades that the program worked out: proposed apart, checked on site, undone by a revision (合成)."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document

from dualcontrol.test_watch_run import (
    CLAUSES,
    DAY,
    ENERGY,
    GROWTH,
    HEAD,
    INSTRUMENT,
    ISSUERS,
    PLACE,
    TARGETS,
    UNITS,
    hand_in,
    months,
    newest,
    place,
)
from registry.made_up import made_up_uscc
from shuangkong.app.casework import drafted, open_proposed, packs_for, step_on, waiting
from shuangkong.app.catalogue import catalogue
from shuangkong.app.pipeline import run_pipeline
from shuangkong.casework.api import Case, Proposed, case_seen, steps_of
from shuangkong.casework.api import hand_in as hand_in_file
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs, load_files
from shuangkong.registry.api import directory, ensure_regions, import_units

ALL, READER = Scope.system("test"), Scope.all("test")
GRADES = "地区代码,期间,等级名称,等级\n"
ITEMS = ("能耗双控预警等级", "煤炭消费总量预警等级")
PDF = b"%PDF-1.7 synthetic"


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """Factors, the cut-offs, Henan's plan with its red months, the house pack of cases, and targets made up."""
    # a total that is far away: what is red is intensity alone, which one month's growth of value added can undo
    targets = TARGETS.replace("value: 12000", "value: 999999")
    files = {"instrument.yaml": INSTRUMENT.format(id="watch-test"), "clauses.yaml": CLAUSES, "targets.yaml": targets}
    made = load_files({name: text.encode() for name, text in files.items()}, origin="watch-test")
    return PackSet([*(p for p in builtin_packs() if p.id.startswith(ISSUERS)), made], catalogue=catalogue())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, packs: PackSet) -> Workspace:
    """Coal of ten units, 10 % more each month than a year ago; growth of value added of 5 %: red from February on."""
    workspace = Workspace.create(tmp_path_factory.mktemp("computed") / "w")
    with writing(workspace.engine) as db:
        ensure_regions(db, workspace.clock(), [PLACE])
    codes = [made_up_uscc(n) for n in range(1, UNITS + 1)]
    units = HEAD + "".join(
        f"{code},第{n}水泥厂（合成）,{PLACE},3011,2017,重点用能单位,2024-01-01,月报\n" for n, code in enumerate(codes)
    )
    import_units(workspace, units.encode(), name="名录.csv", scope=READER)
    rows = [(n, m, 100 * (n + 1)) for n in range(UNITS) for m in months(1, 12, 2024)]
    rows += [(n, m, 110 * (n + 1)) for n in range(UNITS) for m in months(1, 6, 2025)]
    hand_in(workspace, packs, "energy", ENERGY + "".join(f"{codes[n]},{m},原煤,{q},吨\n" for n, m, q in rows), "一.csv")
    rates = GROWTH + "".join(f"{PLACE},2025年1—{m}月,规上工业增加值增速,5\n" for m in range(2, 7))
    hand_in(workspace, packs, "growth", rates, "增速.csv")
    run_pipeline(workspace, packs, known=workspace.clock(), as_of=DAY, scope=ALL)
    return workspace


@pytest.fixture
def own(made: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """A copy that a test may write to."""
    shutil.copytree(made.root, tmp_path / "copy")
    workspace = Workspace.open(tmp_path / "copy")
    yield workspace
    workspace.engine.dispose()


def officer(workspace: Workspace, name: str = "officer") -> Scope:
    """Somebody of the province above the county."""
    with reading(workspace.engine) as db:
        province = directory(db, ALL, workspace.clock()).region("410000", DAY)
    return Scope.region(name, province, DAY, "supervision")


def offered(workspace: Workspace) -> list[Proposed]:
    """What may be opened upon the newest run."""
    run = newest(workspace)
    return waiting(workspace, run, packs_for(workspace, run), officer(workspace))


def judged(workspace: Workspace, packs: PackSet) -> None:
    """Another run over what is known now."""
    run_pipeline(workspace, packs, known=workspace.clock(), as_of=DAY, scope=ALL)


def opened(workspace: Workspace) -> Case:
    """The case of the county."""
    (found,) = offered(workspace)
    return open_proposed(workspace, officer(workspace), found.key, responsible="监察处（合成）", why="测算为红（合成）")


def now(workspace: Workspace, case: Case) -> Case:
    """The case as it stands."""
    with reading(workspace.engine) as db:
        return case_seen(db, READER, workspace.clock(), case.case_id)


def published(workspace: Workspace, packs: PackSet, word: str, *, first: int = 4) -> None:
    """Grades that an office published of the months up to June, on energy; green on coal (合成)."""
    rows = [
        f"{PLACE},{m},{item},{w}\n" for m in months(first, 6, 2025) for item, w in zip(ITEMS, (word, "绿"), strict=True)
    ]
    hand_in(workspace, packs, "grades", GRADES + "".join(rows), "等级.csv")


def growth_of_june(workspace: Workspace, packs: PackSet) -> None:
    """Value added up to June is published anew: it grew by 40 %, so intensity fell (合成)."""
    text = f"{GROWTH}{PLACE},2025年1—6月,规上工业增加值增速,40\n"
    hand_in(workspace, packs, "growth", text, "更正.csv", reason="核实后更正")


def test_what_nobody_published_is_proposed_apart(made: Workspace) -> None:
    """Red from February on by the program's own grades: one stop from the third month, marked as computed."""
    (found,) = offered(made)
    ground = found.ground
    assert (found.measure.kind, ground.basis, ground.subject_id) == ("stop", "computed", place(made))
    assert (ground.since, ground.period, ground.answer) == ("2025-04", "2025-06", "区域节能评估限批")
    assert (ground.slug, ground.clause, ground.figures) == ("red-months", "六（十八）", ())


def test_the_site_is_checked_before_anything_but_a_reminder_is_served(own: Workspace) -> None:
    """Without a record of the check the paper is not served; the letter says that nobody published the figures."""
    case = opened(own)
    assert (case.basis, case.by_hand) == ("computed", False)
    with pytest.raises(UserError) as refused:
        step_on(own, officer(own), case.case_id, "serve", why="印发（合成）")
    assert (refused.value.code, refused.value.case) == ("CASE-004", "site_check")
    hand_in_file(
        own, officer(own), case.case_id, item="现场核查记录", name="核查.pdf", content=PDF, why="已核查（合成）"
    )
    assert step_on(own, officer(own), case.case_id, "serve", why="印发（合成）").state == "served"
    _, content = drafted(own, officer(own), case.case_id, None)
    whole = "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)
    assert "依据自行测算的数据（未经公布）" in whole


def test_published_grades_stand_in_their_place(own: Workspace, packs: PackSet) -> None:
    """Where an office published green for the newest months nothing is proposed upon the program's red ones."""
    published(own, packs, "绿")
    judged(own, packs)
    assert offered(own) == []


def test_published_red_months_are_proposed_once(own: Workspace, packs: PackSet) -> None:
    """Where both are red the case is proposed upon the published grades alone: two known months may be three."""
    published(own, packs, "红色")
    judged(own, packs)
    assert [(p.ground.basis, p.ground.since, p.ground.period) for p in offered(own)] == [
        ("published", "2025-06", "2025-06")
    ]


def test_a_published_answer_is_followed_by_a_case_upon_computed_grades(own: Workspace, packs: PackSet) -> None:
    """Opened upon computed grades; then the office publishes green: the ground is gone, and no second case proposed."""
    case = opened(own)
    published(own, packs, "绿")
    judged(own, packs)
    assert (now(own, case).ground_state, offered(own)) == ("undone", [])


def test_a_revision_that_undoes_a_red_month_marks_the_case(own: Workspace, packs: PackSet) -> None:
    """June is no longer red: the ground is gone; the same figures say nothing new, and nothing is proposed anew."""
    case = opened(own)
    growth_of_june(own, packs)
    judged(own, packs)
    marked = now(own, case)
    assert (marked.state, marked.ground_state, marked.steps) == ("open", "undone", case.steps + 1)
    with reading(own.engine) as db:
        last = steps_of(db, READER, own.clock(), case.case_id)[-1]
    assert (last.step, last.principal) == ("ground", "system:casework")
    assert ["2025-06", "区域节能评估限批", "无"] in last.detail["answers"]
    assert offered(own) == []
    judged(own, packs)
    assert now(own, case).steps == marked.steps


def test_a_revision_reopens_what_was_closed(own: Workspace, packs: PackSet) -> None:
    """Closed by a second person; then June is published anew: the case comes back."""
    case, one = opened(own), officer(own)
    items = ("现场核查记录", *case.evidence)
    for n, item in enumerate(items):
        hand_in_file(own, one, case.case_id, item=item, name=f"{n}.pdf", content=PDF, why="材料（合成）")
    for step in ("serve", "answer", "submit"):
        step_on(own, one, case.case_id, step, why="办理（合成）")  # type: ignore[arg-type]
    assert step_on(own, officer(own, "second"), case.case_id, "close", why="办结（合成）").state == "closed"
    growth_of_june(own, packs)
    judged(own, packs)
    again = now(own, case)
    assert (again.state, again.ground_state, again.due_step) == ("reopened", "undone", "serve")


def test_an_old_row_is_no_ground_once_the_newest_month_is_told(own: Workspace, packs: PackSet) -> None:
    """Months red up to May propose nothing where June is known not to be."""
    growth_of_june(own, packs)
    judged(own, packs)
    assert offered(own) == []
