"""A case from the red months to its end, as an officer would conduct it: two months a reminder, three a stop (合成)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from casework.made import COAL, ENERGY, World, few_packs, world
from shuangkong.app.casework import drafted, open_proposed, packs_for, step_on, waiting
from shuangkong.casework.api import Case, Proposed, Taken, case_seen, cases_seen, hand_in, steps_of
from shuangkong.engine.api import RunRecord, audit_entry, reading, verify, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.registry.api import publish

ZHENGZHOU, KAIFENG, LUOYANG = "410100", "410200", "410300"
PDF = b"%PDF-1.7 synthetic"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """Red in February and March 2024 in Kaifeng, December to March in Luoyang, in Zhengzhou in March alone."""
    for w in world(tmp_path, few_packs()):
        w.grades({ZHENGZHOU: "gggggr", KAIFENG: "ggggrr", LUOYANG: "ggrrrr"})
        w.grades(dict.fromkeys((ZHENGZHOU, KAIFENG, LUOYANG), "gggggg"), item=COAL)
        yield w


def offered(w: World, run: RunRecord, scope: Scope) -> dict[str, Proposed]:
    """What may be opened, by code of the region."""
    codes = {w.region(c): c for c in (ZHENGZHOU, KAIFENG, LUOYANG)}
    packs = packs_for(w.workspace, run)
    return {codes[p.ground.subject_id]: p for p in waiting(w.workspace, run, packs, scope)}


def opened(w: World, run: RunRecord, code: str, scope: Scope) -> Case:
    """The case of a region, opened."""
    key = offered(w, run, scope)[code].key
    return open_proposed(w.workspace, scope, key, responsible="节能监察处", why="连续红色预警")


def now(w: World, case: Case, scope: Scope) -> Case:
    """The case as it stands."""
    with reading(w.workspace.engine) as db:
        return case_seen(db, scope, w.workspace.clock(), case.case_id)


def test_what_a_run_proposes_nobody_has_opened(made: World) -> None:
    """One red month brings no case; two propose a reminder, four a stop; proposing alone makes no case."""
    run = made.judged()
    found = offered(made, run, made.officer("o"))
    assert {c: (p.measure.kind, p.ground.since, p.ground.period) for c, p in found.items()} == {
        KAIFENG: ("reminder", "2024-03", "2024-03"), LUOYANG: ("stop", "2024-01", "2024-03"),
    }  # fmt: skip
    assert [a.answer for a in found[LUOYANG].ground.answers] == ["提醒", "区域节能评估限批", "区域节能评估限批"]
    assert found[LUOYANG].ground.basis == "published"
    assert [f.word_zh for f in found[LUOYANG].ground.figures if f.label_zh == "能耗双控预警等级"][-4:] == ["红色"] * 4
    with reading(made.workspace.engine) as db:
        assert cases_seen(db, made.officer("o"), made.workspace.clock()) == []


def test_a_reminder_from_opening_to_its_end(made: World) -> None:
    """Wednesday 10 April: served within 3 working days, answered within 10 over May, closed by somebody else."""
    run = made.judged()
    officer, second = made.officer("officer"), made.officer("second")
    case = opened(made, run, KAIFENG, officer)
    assert (case.kind, case.state, case.deadline) == ("reminder", "open", date(2024, 4, 15))
    made.clock.set("2024-04-24")
    case = step_on(
        made.workspace, officer, case.case_id, "serve", why="印发提醒函", given=Taken(doc_number="示〔2024〕1号")
    )
    # 28 April and 11 May are worked, 1 to 5 May are off
    assert (case.state, case.deadline, case.deadline_sure) == ("served", date(2024, 5, 10), True)
    own = made.officer("kaifeng", KAIFENG)
    case = step_on(made.workspace, own, case.case_id, "answer", why="开封市已书面回复")
    case = step_on(made.workspace, officer, case.case_id, "submit", why="措施可行，提请复核")
    with pytest.raises(UserError) as alone:
        step_on(made.workspace, officer, case.case_id, "close", why="自己办结")
    assert (alone.value.code, alone.value.case) == ("CASE-003", "four_eyes")
    with pytest.raises(UserError) as wanting:
        step_on(made.workspace, second, case.case_id, "close", why="没有材料")
    assert (wanting.value.code, wanting.value.case) == ("CASE-004", "wanting")
    hand_in(made.workspace, own, case.case_id, item="书面回复", name="回复.pdf", content=PDF, why="回复原件")
    case = step_on(made.workspace, second, case.case_id, "close", why="已按要求回复")
    assert (case.state, case.deadline) == ("closed", None)
    with reading(made.workspace.engine) as db:
        history = steps_of(db, officer, made.workspace.clock(), case.case_id)
        assert [s.step for s in history] == ["open", "serve", "answer", "submit", "evidence", "close"]
        assert [s.principal for s in history] == ["officer", "officer", "kaifeng", "officer", "kaifeng", "second"]
        assert history[1].detail["doc_number"] == "示〔2024〕1号"
        actions = [r.action for r in db.execute(audit_entry.select().where(audit_entry.c.object == case.case_id))]
        assert actions == ["case.open", "case.serve", "case.answer", "case.submit", "case.evidence", "case.close"]
        assert verify(db) == []
    assert made.workspace.blobs.get(history[1].detail["letter"]).startswith(b"PK")


def test_nobody_issues_a_measure_to_their_own_region(made: World) -> None:
    """The office of the city itself opens no case about the city, and serves no paper in one."""
    run = made.judged()
    own = made.officer("kaifeng", KAIFENG)
    with pytest.raises(UserError) as refused:
        opened(made, run, KAIFENG, own)
    assert (refused.value.code, refused.value.case) == ("CASE-003", "own")
    case = opened(made, run, KAIFENG, made.officer("officer"))
    with pytest.raises(UserError) as serving:
        step_on(made.workspace, own, case.case_id, "serve", why="自己送达")
    assert serving.value.case == "own"


def test_asking_twice_opens_one_case(made: World) -> None:
    """Opening what is open already gives the case as it stands; what was declined is not proposed again."""
    run = made.judged()
    officer = made.officer("officer")
    key = offered(made, run, officer)[KAIFENG].key
    first = open_proposed(made.workspace, officer, key, responsible="甲处", why="红色")
    again = open_proposed(made.workspace, officer, key, responsible="乙处", why="再来一次")
    assert again == first
    luoyang = offered(made, run, officer)[LUOYANG].key
    gone = open_proposed(made.workspace, officer, luoyang, responsible="", why="已由省里督办", decline=True)
    assert gone.state == "withdrawn"
    assert offered(made, made.judged(), officer) == {}


def test_a_longer_row_makes_the_same_case_heavier(made: World) -> None:
    """A third red month marks the case of the reminder; a person, not the run, turns it into a stop."""
    officer = made.officer("officer")
    case = opened(made, made.judged(), KAIFENG, officer)
    case = step_on(made.workspace, officer, case.case_id, "serve", why="印发提醒函")
    made.clock.set("2024-05-08")
    made.file(f"{KAIFENG},2024-04,能耗双控预警等级,红色\n{KAIFENG},2024-04,煤炭消费总量预警等级,绿\n")
    run = made.judged(date(2024, 5, 8))
    case = now(made, case, officer)
    assert (case.kind, case.state, case.ground_state) == ("reminder", "served", "heavier")
    assert KAIFENG not in offered(made, run, officer)
    case = step_on(made.workspace, officer, case.case_id, "adjust", why="连续三个月红色")
    assert (case.kind, case.state, case.ground_state, case.period) == ("stop", "open", "stands", "2024-04")
    assert case.deadline == date(2024, 5, 11)  # a Saturday that is worked
    name, content = drafted(made.workspace, officer, case.case_id, None)
    assert "限批通知" in name
    assert content.startswith(b"PK")
    made.judged(date(2024, 5, 8))
    assert now(made, case, officer).steps == case.steps


def test_a_revision_that_undoes_a_red_month_reopens_the_case(made: World) -> None:
    """Closed on two red months; then February is published anew as amber: the case is reopened and says why."""
    officer, second = made.officer("officer"), made.officer("second")
    case = opened(made, made.judged(), KAIFENG, officer)
    for step in ("serve", "answer", "submit"):
        case = step_on(made.workspace, officer, case.case_id, step, why="办理")  # type: ignore[arg-type]
    hand_in(made.workspace, officer, case.case_id, item="书面回复", name="回复.pdf", content=PDF, why="回复")
    case = step_on(made.workspace, second, case.case_id, "close", why="办结")
    made.clock.set("2024-04-20")
    made.file(f"{KAIFENG},2024-02,能耗双控预警等级,黄色\n", reason="核实后更正")
    made.judged(date(2024, 4, 20))
    case = now(made, case, officer)
    assert (case.state, case.ground_state, case.due_step) == ("reopened", "undone", "serve")
    with reading(made.workspace.engine) as db:
        last = steps_of(db, officer, made.workspace.clock(), case.case_id)[-1]
    assert (last.step, last.principal, last.before, last.after) == ("ground", "system:casework", "closed", "reopened")
    assert last.detail["answers"] == [["2024-03", "提醒", "无"]]
    assert [(f["period"], f["was_zh"], f["now_zh"]) for f in last.detail["figures"]] == [("2024-02", "红色", "黄色")]
    with pytest.raises(UserError) as waits:
        step_on(made.workspace, officer, case.case_id, "serve", why="仍要送达")
    assert waits.value.case == "state"
    made.judged(date(2024, 4, 20))
    assert now(made, case, officer).steps == case.steps
    case = step_on(made.workspace, second, case.case_id, "withdraw", why="依据已不成立")
    assert case.state == "withdrawn"


def test_a_month_that_is_red_again_brings_a_withdrawn_case_back(made: World) -> None:
    """Withdrawn when February was amber; February is red again: the case is back, once, and nothing is proposed."""
    officer, second = made.officer("officer"), made.officer("second")
    case = opened(made, made.judged(), KAIFENG, officer)
    made.file(f"{KAIFENG},2024-02,能耗双控预警等级,黄色\n", reason="核实后更正")
    made.judged()
    step_on(made.workspace, second, case.case_id, "withdraw", why="依据已不成立")
    made.judged()
    assert now(made, case, officer).state == "withdrawn"
    made.file(f"{KAIFENG},2024-02,能耗双控预警等级,红色\n", reason="再次核实，恢复原等级")
    run = made.judged()
    back = now(made, case, officer)
    assert (back.state, back.ground_state, back.due_step) == ("reopened", "stands", "serve")
    assert KAIFENG not in offered(made, run, officer)
    made.judged()
    assert now(made, case, officer).steps == back.steps


def test_a_stop_that_was_lifted_comes_back_while_months_stay_red(made: World) -> None:
    """Closed on four red months; a fifth brings the same stop: the case is back, its row longer, and marked once."""
    officer, second = made.officer("officer"), made.officer("second")
    case = opened(made, made.judged(), LUOYANG, officer)
    for step in ("serve", "answer", "submit"):
        case = step_on(made.workspace, officer, case.case_id, step, why="办理")  # type: ignore[arg-type]
    for item in case.evidence:
        hand_in(made.workspace, officer, case.case_id, item=item, name="材料.pdf", content=PDF, why="材料")
    case = step_on(made.workspace, second, case.case_id, "close", why="办结")
    made.clock.set("2024-05-08")
    made.file(f"{LUOYANG},2024-04,{ENERGY},红色\n{LUOYANG},2024-04,{COAL},绿\n")
    run = made.judged(date(2024, 5, 8))
    back = now(made, case, officer)
    assert (back.state, back.ground_state, back.kind, back.period) == ("reopened", "stands", "stop", "2024-04")
    assert (back.due_step, back.submitted_by) == ("serve", None)
    assert LUOYANG not in offered(made, run, officer)
    made.judged(date(2024, 5, 8))
    assert now(made, case, officer).steps == back.steps


def test_what_was_kept_on_a_new_ground_is_not_marked_again(made: World) -> None:
    """A person may keep the measure; the next run over the same figures says nothing new."""
    officer = made.officer("officer")
    case = opened(made, made.judged(), LUOYANG, officer)
    made.file(f"{LUOYANG},2024-02,能耗双控预警等级,黄色\n", reason="更正")
    made.judged()
    case = now(made, case, officer)
    assert case.ground_state == "undone"
    case = step_on(made.workspace, officer, case.case_id, "keep", why="更正文件有误，已函询")
    made.judged()
    assert (now(made, case, officer).ground_state, now(made, case, officer).steps) == ("stands", case.steps)


def test_others_do_not_see_it_until_it_is_published(made: World) -> None:
    """A neighbour and the public see no case; once published, whoever sees the region's page sees it."""
    officer, second = made.officer("officer"), made.officer("second")
    case = opened(made, made.judged(), KAIFENG, officer)
    neighbour, public = made.officer("n", LUOYANG), Scope.published("public")
    for scope in (neighbour, public):
        with pytest.raises(UserError) as unseen:
            now(made, case, scope)
        assert unseen.value.code == "CASE-001"
    with writing(made.workspace.engine) as db:
        publish(db, [case.subject_id], date(2024, 1, 1), made.workspace.clock(), principal="test")  # type: ignore[list-item]
    with pytest.raises(UserError):
        now(made, case, public)
    case = step_on(made.workspace, second, case.case_id, "publish", why="依法公开")
    assert now(made, case, public).case_id == case.case_id
    with pytest.raises(UserError):
        step_on(made.workspace, public, case.case_id, "note", why="公众不能办理")
