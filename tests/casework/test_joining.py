"""What a run finds upon the matter of a case opened by hand: told on both, then joined or opened apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from casework.made import COAL, World, few_packs, world
from shuangkong.app.casework import (
    hand_cases,
    join_proposed,
    open_proposed,
    opened_by_hand,
    packs_for,
    step_on,
    waiting,
)
from shuangkong.app.web.cases_list import case_json
from shuangkong.casework.api import ByHand, Case, Proposed, beside_hand, case_seen, cases_seen, steps_of
from shuangkong.casework.model import Ground
from shuangkong.engine.api import RunRecord, audit_entry, reading, verify
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope

KAIFENG, LUOYANG = "410200", "410300"
PDF = b"%PDF-1.7 synthetic record"
PLAN = "henan-two-high-2021@2021|六（十八）|"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """Red in February and March 2024 in Kaifeng (a reminder), from December on in Luoyang (a stop)."""
    for w in world(tmp_path, few_packs()):
        w.grades({KAIFENG: "ggggrr", LUOYANG: "ggrrrr"})
        w.grades(dict.fromkeys((KAIFENG, LUOYANG), "gggggg"), item=COAL)
        yield w


def by_hand(w: World, scope: Scope, code: str, kind: str, day: date = date(2024, 4, 8)) -> Case:
    """A case that an officer opens upon a notice before anybody judges."""
    given = ByHand(
        w.region(code), PLAN + kind, "通报的红色月份（合成）", day, "节能监察处", "通报已到（合成）", "立案依据材料",
        "通报.pdf", PDF + code.encode(),
    )  # fmt: skip
    return opened_by_hand(w.workspace, scope, given)


def offered(w: World, run: RunRecord, scope: Scope) -> dict[str, Proposed]:
    """What may be opened, by code of the region."""
    codes = {w.region(c): c for c in (KAIFENG, LUOYANG)}
    found = waiting(w.workspace, run, packs_for(w.workspace, run), scope)
    return {codes[p.ground.subject_id]: p for p in found}


def now(w: World, case: Case, scope: Scope) -> Case:
    """The case as it stands."""
    with reading(w.workspace.engine) as db:
        return case_seen(db, scope, w.workspace.clock(), case.case_id)


def test_a_proposal_names_the_case_by_hand_and_opens_no_second_one_unknowingly(made: World) -> None:
    """Opening without a word is refused and makes no case; said to stand apart it is opened; declining is free."""
    officer = made.officer("o")
    case = by_hand(made, officer, KAIFENG, "reminder")
    run = made.judged()
    found = offered(made, run, officer)
    assert {
        k: [c.number for c in some] for k, some in hand_cases(made.workspace, officer, [*found.values()]).items()
    } == {found[KAIFENG].key: [case.number]}
    key = found[KAIFENG].key
    with pytest.raises(UserError) as caught:
        open_proposed(made.workspace, officer, key, responsible="监察处", why="连续红色")
    assert (caught.value.code, caught.value.case, caught.value.facts) == ("CASE-002", "apart", {"n": case.number})
    with reading(made.workspace.engine) as db:
        assert len(cases_seen(db, officer, made.workspace.clock())) == 1
    other = open_proposed(made.workspace, officer, key, responsible="监察处", why="另一件事", apart=True)
    assert (other.by_hand, other.number) == (False, case.number + 1)
    assert open_proposed(made.workspace, officer, found[LUOYANG].key, responsible="处", why="连续红色").kind == "stop"


def test_what_is_joined_is_one_case_with_its_step_and_entry(made: World) -> None:
    """The ground is kept beside the record with months and figures; it is proposed no more; twice changes nothing."""
    officer = made.officer("o")
    case = by_hand(made, officer, KAIFENG, "reminder")
    key = offered(made, made.judged(), officer)[KAIFENG].key
    joined = join_proposed(made.workspace, officer, str(case.number), key, why="同一件事（合成）")
    assert (joined.by_hand, joined.kind, joined.state, joined.ground_state) == (True, "reminder", "open", "stands")
    assert (joined.answer, joined.ground.words) == (case.answer, "通报的红色月份（合成）")
    found = joined.ground.joined
    assert found is not None
    assert (found.answer, found.periods, found.basis) == ("提醒", ("2024-03",), "published")
    assert [f.word_zh for f in found.figures if f.period in ("2024-02", "2024-03")].count("红色") == 2
    assert join_proposed(made.workspace, officer, case.case_id, key, why="再按一次").steps == joined.steps
    again = made.judged()
    assert set(offered(made, again, officer)) == {LUOYANG}
    with reading(made.workspace.engine) as db:
        history = [s.step for s in steps_of(db, officer, made.workspace.clock(), case.case_id)]
        logged = [r.action for r in db.execute(audit_entry.select().where(audit_entry.c.object == case.case_id))]
        assert verify(db) == []
    assert history.count("join") == 1
    assert logged.count("case.join") == 1
    told = case_json(joined, date(2024, 4, 10), inner=True)["joined"]
    assert (told["answer"], told["answer_en"], told["since"], told["run_id"]) == (
        "提醒", "reminder", "2024-03", found.run_id,
    )  # fmt: skip


def test_a_graver_ground_is_marked_and_a_person_decides(made: World) -> None:
    """A reminder by hand and a stop by the run: kept with a reason it is not marked again; adjusted it is a stop."""
    officer = made.officer("o")
    case = by_hand(made, officer, LUOYANG, "reminder")
    key = offered(made, made.judged(), officer)[LUOYANG].key
    marked = join_proposed(made.workspace, officer, case.case_id, key, why="同一件事（合成）")
    assert (marked.kind, marked.ground_state) == ("reminder", "heavier")
    kept = step_on(made.workspace, officer, marked.case_id, "keep", why="先提醒（合成）")
    assert (kept.kind, kept.ground_state) == ("reminder", "stands")
    made.judged()
    assert now(made, kept, officer).ground_state == "stands"
    made.grades({LUOYANG: "ggrrrrr"})
    made.grades({LUOYANG: "ggggggg"}, item=COAL)
    made.clock.set("2024-05-10")
    made.judged(date(2024, 5, 10))
    grown = now(made, kept, officer)
    assert (grown.kind, grown.ground_state) == ("reminder", "heavier")
    stopped = step_on(made.workspace, officer, kept.case_id, "adjust", why="继续恶化（合成）")
    assert (stopped.kind, stopped.state, stopped.basis, stopped.slug) == ("stop", "open", "published", "red-months")
    assert (stopped.ground_state, stopped.ground.periods[-1]) == ("stands", "2024-04")
    assert set(offered(made, made.judged(date(2024, 5, 10)), officer)) == set()


def test_a_ground_that_is_gone_is_marked_and_the_record_stays(made: World) -> None:
    """March is published anew as green: what was joined is undone, and marked so until a person decides."""
    officer = made.officer("o")
    case = by_hand(made, officer, KAIFENG, "stop")
    key = offered(made, made.judged(), officer)[KAIFENG].key
    joined = join_proposed(made.workspace, officer, case.case_id, key, why="同一件事（合成）")
    assert (joined.kind, joined.ground_state) == ("stop", "stands")
    made.grades({KAIFENG: "-----g"}, reason="更正（合成）")
    for _ in range(2):
        made.judged()
        undone = now(made, case, officer)
        assert (undone.ground_state, undone.kind, undone.by_hand) == ("undone", "stop", True)
    kept = step_on(made.workspace, officer, case.case_id, "keep", why="材料仍然成立（合成）")
    made.judged()
    assert now(made, kept, officer).ground_state == "stands"


def test_another_matter_is_not_joined(made: World) -> None:
    """Another region, a day before the first period, a case that is over: CASE-002, and nothing changes."""
    officer, second = made.officer("o"), made.officer("p")
    early = by_hand(made, officer, KAIFENG, "reminder", date(2024, 2, 28))
    away = by_hand(made, officer, LUOYANG, "stop")
    run = made.judged()
    found = offered(made, run, officer)
    assert set(hand_cases(made.workspace, officer, [*found.values()])) == {found[LUOYANG].key}
    for case in (early, away):
        with pytest.raises(UserError) as caught:
            join_proposed(made.workspace, officer, case.case_id, found[KAIFENG].key, why="并入")
        assert (caught.value.code, caught.value.case) == ("CASE-002", "join")
        assert now(made, case, officer).steps == case.steps
    with pytest.raises(UserError) as blank:
        join_proposed(made.workspace, officer, away.case_id, found[LUOYANG].key, why=" ")
    assert (blank.value.code, blank.value.case) == ("CASE-002", "why")
    over = step_on(made.workspace, second, away.case_id, "withdraw", why="立案有误（合成）")
    assert not beside_hand(over, found[LUOYANG].ground)
    assert (
        open_proposed(made.workspace, officer, found[KAIFENG].key, responsible="处", why="连续红色").kind == "reminder"
    )


def test_the_region_itself_joins_nothing(made: World) -> None:
    """A case about one's own region is conducted by the office above; who sees none joins none."""
    officer = made.officer("o")
    case = by_hand(made, officer, KAIFENG, "reminder")
    key = offered(made, made.judged(), officer)[KAIFENG].key
    for scope, code in ((made.officer("k", KAIFENG), "CASE-003"), (made.officer("l", LUOYANG), "CASE-001")):
        with pytest.raises(UserError) as caught:
            join_proposed(made.workspace, scope, case.case_id, key, why="并入")
        assert caught.value.code == code
    assert now(made, case, officer).ground.joined is None


def test_a_ground_is_kept_with_what_was_joined_to_it() -> None:
    """The text in which a ground is kept gives it back, with a joined one and without; old texts have none."""
    plain = Ground(
        "s", "p", "1", "t", "一", "", "提醒", "2024-03", "2024-03", (), "f", "r", "published", "confirmed", True
    )
    whole = replace(
        plain, slug="", answer="通报", since="2024-04-08", period="2024-04-08", basis="stated", joined=plain
    )
    assert Ground.of(whole.as_text()) == whole
    assert Ground.of(plain.as_text()) == plain
    assert Ground.of(plain.as_text().replace('"joined": null, ', "")) == plain
    assert whole.of_run == plain
    assert plain.of_run == plain
