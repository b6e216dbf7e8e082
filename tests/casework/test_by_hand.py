"""Cases opened by hand: upon a listed clause and its record, by one person, closed by another (合成)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from docx import Document

from casework.made import World, few_packs, world
from shuangkong.app.casework import drafted, hand_choices, opened_by_hand, step_on, subject_named
from shuangkong.app.catalogue import library
from shuangkong.app.web.cases_list import case_json
from shuangkong.casework.api import (
    ByHand,
    Upon,
    called,
    case_seen,
    cases_seen,
    cases_select,
    evidence_of,
    hand_in,
    occasions,
    steps_of,
)
from shuangkong.engine.api import audit_entry, reading, verify
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import builtin_packs

HENAN, KAIFENG, NATION = "410000", "410200", "000000"
PDF = b"%PDF-1.7 synthetic record"
FAILED = "carbon-assessment-2026@2026|不合格|rectify"
OVERDUE = "carbon-assessment-2026@2026|不合格|reminder"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """A workspace without any run, on Monday 1 June 2026."""
    for w in world(tmp_path, few_packs()):
        w.clock.set("2026-06-01")
        yield w


def asked(w: World, code: str = HENAN, **changes: object) -> ByHand:
    """What an officer of the nation says about the assessment of a province (合成)."""
    whole = ByHand(
        w.region(code), FAILED, "年度考核结果为不合格，见所附通报（合成）", date(2026, 5, 29), "双碳办（合成）",
        "书面通报已到（合成）", "立案依据材料", "通报.pdf", PDF,
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def choices(w: World, scope: Scope, code: str) -> dict[str, Upon]:
    """The clauses about a region, by key."""
    packs = library(workspace=w.workspace)
    return {u.key: u for u in hand_choices(w.workspace, scope, w.region(code), None, packs)}


def refused(w: World, scope: Scope, given: ByHand) -> tuple[str, str]:
    """Code and case of the refusal; and no case was made by it."""
    with pytest.raises(UserError) as caught:
        opened_by_hand(w.workspace, scope, given)
    with reading(w.workspace.engine) as db:
        assert cases_seen(db, Scope.all("test"), w.workspace.clock()) == []
    return caught.value.code, caught.value.case


def test_clauses_are_those_of_the_level_and_the_place(made: World) -> None:
    """A province has the assessment; its city has the plan of Henan, a city elsewhere none of either."""
    nation = made.officer("nation", NATION)
    assert set(choices(made, nation, HENAN)) == {FAILED, OVERDUE}
    city = choices(made, nation, KAIFENG)
    assert {(u.clause, u.kind) for u in city.values()} == {
        ("六（十八）", "reminder"), ("六（十八）", "stop"), ("六（十八）", "suspension"), ("六（十九）", "talk"),
    }  # fmt: skip
    assert choices(made, nation, "330100") == {}
    assert choices(made, made.officer("zhejiang", "330000"), KAIFENG) == {}
    words = occasions(list(choices(made, nation, HENAN).values()), library(workspace=made.workspace))
    assert words[OVERDUE].zh == "逾期未书面报告：《碳达峰碳中和综合评价考核办法》不合格 不合格的书面报告"
    assert (words[OVERDUE].en or "").startswith("the written report is overdue: Comprehensive assessment")


def test_a_clause_not_yet_in_force_opens_nothing(made: World) -> None:
    """Before 23 April 2026 the assessment is no ground."""
    made.clock.set("2026-04-22")
    assert choices(made, made.officer("nation", NATION), HENAN) == {}
    assert refused(made, made.officer("nation", NATION), asked(made, day=date(2026, 4, 20))) == ("CASE-002", "clause")


def test_the_report_within_thirty_working_days_is_reached(made: World) -> None:
    """Opened on Monday 1 June, served within 5 working days; the report is due 30 working days after it was served."""
    nation = made.officer("officer", NATION)
    case = opened_by_hand(made.workspace, nation, asked(made))
    assert (case.kind, case.state, case.by_hand, case.measure) == ("rectify", "open", True, "考核不合格整改")
    assert (case.deadline, case.due_step) == (date(2026, 6, 8), "serve")
    made.clock.set("2026-06-05")
    case = step_on(made.workspace, nation, case.case_id, "serve", why="印发整改通知（合成）")
    # 19 June is the Dragon Boat Festival
    assert (case.due_step, case.deadline, case.deadline_sure) == ("answer", date(2026, 7, 20), True)


def test_one_opens_and_another_closes(made: World) -> None:
    """The record is evidence from the first; the opener does not close; history and log say it was by hand."""
    one, two = made.officer("one", NATION), made.officer("two", NATION)
    case = opened_by_hand(made.workspace, one, asked(made, working_days=10))
    assert case.deadline == date(2026, 6, 15)
    for step in ("serve", "answer", "submit"):
        case = step_on(made.workspace, one, case.case_id, step, why="办理（合成）")  # type: ignore[arg-type]
    for item in ("书面报告", "整改报告"):
        hand_in(made.workspace, one, case.case_id, item=item, name="报告.pdf", content=PDF, why="报告（合成）")
    with pytest.raises(UserError) as alone:
        step_on(made.workspace, one, case.case_id, "close", why="自己办结")
    assert (alone.value.code, alone.value.case) == ("CASE-003", "four_eyes")
    assert step_on(made.workspace, two, case.case_id, "close", why="已整改（合成）").state == "closed"
    with reading(made.workspace.engine) as db:
        history = steps_of(db, one, made.workspace.clock(), case.case_id)
        files = evidence_of(db, one, made.workspace.clock(), case.case_id)
        actions = [r.action for r in db.execute(audit_entry.select().where(audit_entry.c.object == case.case_id))]
        assert verify(db) == []
    assert [s.step for s in history[:3]] == ["open", "evidence", "serve"]
    assert history[0].detail["by_hand"] is True
    assert history[0].detail["ground_words"] == "年度考核结果为不合格，见所附通报（合成）"
    assert actions[:2] == ["case.open", "case.evidence"]
    assert files[0].item == "立案依据材料"
    assert made.workspace.blobs.get(files[0].sha256) == PDF
    assert case.ground.document == f"sha256:{files[0].sha256}"


def test_the_same_record_opens_one_case(made: World) -> None:
    """Asking twice gives the case that is there; another record upon the same clause is another case."""
    nation = made.officer("officer", NATION)
    first = opened_by_hand(made.workspace, nation, asked(made))
    assert opened_by_hand(made.workspace, nation, asked(made, responsible="别处（合成）")) == first
    other = opened_by_hand(made.workspace, nation, asked(made, content=PDF + b" 2"))
    assert (other.number, other.case_id != first.case_id) == (first.number + 1, True)


@pytest.mark.parametrize(
    ("changes", "code", "case"),
    [
        ({"words": " "}, "CASE-002", "ground_words"),
        ({"why": ""}, "CASE-002", "why"),
        ({"responsible": ""}, "CASE-002", "responsible"),
        ({"day": date(2026, 6, 2)}, "CASE-002", "day"),
        ({"working_days": 0}, "CASE-002", "days"),
        ({"item": "其他"}, "CASE-002", "record"),
        ({"upon": "carbon-assessment-2026@2026|不合格|stop"}, "CASE-002", "clause"),
        ({"upon": "henan-two-high-2021@2021|六（十八）|stop"}, "CASE-002", "clause"),
        ({"content": b""}, "CASE-004", "size"),
        ({"name": "通报.exe"}, "CASE-004", "kind"),
    ],
)
def test_what_is_missing_is_refused(made: World, changes: dict[str, object], code: str, case: str) -> None:
    """Without ground, reason, person, record, or upon a clause that is not listed for it, nothing is opened."""
    assert refused(made, made.officer("nation", NATION), asked(made, **changes)) == (code, case)


def test_only_who_stands_above_opens_it(made: World) -> None:
    """Not the region itself, nor a neighbour, nor the public."""
    assert refused(made, made.officer("own"), asked(made)) == ("CASE-003", "own")
    assert refused(made, made.officer("zhejiang", "330000"), asked(made)) == ("CASE-001", "none")
    assert refused(made, Scope.published("public"), asked(made)) == ("CASE-001", "none")


def test_the_letter_quotes_the_record_and_says_it_was_by_hand(made: World) -> None:
    """The notice has the words, asks for the report within 30 working days, lists the file, and names no run."""
    nation = made.officer("officer", NATION)
    case = opened_by_hand(made.workspace, nation, asked(made))
    _, content = drafted(made.workspace, nation, case.case_id, None)
    document = Document(io.BytesIO(content))
    whole = "\n".join(p.text for p in document.paragraphs)
    assert "2026年5月29日，你地出现文件规定的情形（碳达峰碳中和考核不合格）。具体情况：年度考核结果为不合格" in whole
    assert "请于收到之日起30个工作日内书面回复，并按要求提交书面报告、整改报告。" in whole
    assert "立案方式：人工立案，依据所列材料，不是程序运算得出的结论。" in whole
    assert "运算号" not in whole
    rows = [[c.text for c in r.cells] for r in document.tables[0].rows]
    assert [r[:3] for r in rows] == [["文件", "材料", "提交日期"], ["通报.pdf", "立案依据材料", "2026年6月1日"]]


def test_what_happened_is_told_inside_alone(made: World) -> None:
    """Whoever sees a case from outside is told that it was opened by hand, and not what was written or by whom."""
    case = opened_by_hand(made.workspace, made.officer("officer", NATION), asked(made))
    inside, outside = (case_json(case, date(2026, 6, 1), inner=inner) for inner in (True, False))
    assert inside["ground_words"] == "年度考核结果为不合格，见所附通报（合成）"
    assert outside["by_hand"] is True
    assert outside["answer_en"] == "failed the assessment of peaking and neutrality"
    assert {"ground_words", "responsible", "opened_by"} & set(outside) == set()


def test_no_run_marks_it_and_the_list_names_it(made: World) -> None:
    """A run over grades leaves the case as it is; in the list it is the one opened by hand."""
    made.clock.set("2026-06-01")
    nation = made.officer("officer", NATION)
    upon = "henan-two-high-2021@2021|六（十八）|stop"
    case = opened_by_hand(made.workspace, nation, asked(made, KAIFENG, upon=upon))
    made.grades({KAIFENG: "ggrrrr"})
    made.judged(date(2026, 6, 1))
    with reading(made.workspace.engine) as db:
        now = case_seen(db, nation, made.workspace.clock(), case.case_id)
        listed = cases_select(db, nation, made.workspace.clock(), date(2026, 6, 1))
        rows = [(r.number, r.by_hand) for r in db.execute(listed.order_by(sa.text("number")))]
    assert (now.ground_state, now.steps) == ("stands", case.steps)
    assert rows == [(1, "yes")]


def test_a_subject_is_named_by_code_name_or_id_in_scope(made: World) -> None:
    """A code, a whole name and an id lead to the same region; outside the scope none does."""
    nation, kaifeng = made.officer("nation", NATION), made.region(KAIFENG)
    for text in (KAIFENG, "开封市", kaifeng):
        assert subject_named(made.workspace, nation, text) == kaifeng
        with pytest.raises(UserError) as unseen:
            subject_named(made.workspace, made.officer("z", "330000"), text)
        assert (unseen.value.code, unseen.value.case) == ("CASE-001", "subject")


@pytest.mark.parametrize(
    ("pack", "table", "answer", "en"),
    [
        ("henan-two-high-2021@2021", "red-months", "区域节能评估限批", "stop of the region's energy reviews"),
        ("henan-two-high-2021", "red-months", "提醒", "reminder"),
        ("henan-two-high-2021@2021", "reviews-suspended-region", "true",
         "Suspended, livelihood and infrastructure excepted"),
        ("carbon-assessment-2026@2026", "", "逾期未书面报告", "the written report is overdue"),
        ("nowhere@1", "t", "提醒", None),
    ],
)  # fmt: skip
def test_a_consequence_has_its_english_from_the_pack(pack: str, table: str, answer: str, en: str | None) -> None:
    """The words are the pack's; where none are there the consequence is shown as it is written."""
    assert called(builtin_packs(), pack, table, answer).en == en


def test_every_consequence_that_calls_for_a_measure_has_its_english() -> None:
    """Consequences, occasions and exceptions of the house pack have their English."""
    packs = builtin_packs()
    house = {t.id: t for p in packs if p.id == "shuangkong.casework" for t in p.tables}
    named = [r.when for r in house["measures"].rows if r.when]
    assert [n for n in named if called(packs, n["pack"], n["table"], n["answer"]).en is None] == []
    occasion = next(o for o in house["by-hand"].outputs if o.name == "occasion")
    said = [Label(str(r.then["occasion"])) for r in house["by-hand"].rows]
    assert [w.zh for w in said if occasion.called(w.zh).en is None] == []
    for table in (house["measures"], house["by-hand"]):
        excepted = next(o for o in table.outputs if o.name == "excepted")
        assert [r.id for r in table.rows if excepted.called(str(r.then["excepted"])).en is None] == []
