"""The cases of the demo (合成督办事项): a stop that was served, a reminder that was opened; done again adds none."""

from __future__ import annotations

from datetime import date

from shuangkong.app.casework import calendar, drafted_with, proposed_in
from shuangkong.app.demo.city import City, region
from shuangkong.casework.api import Case, Kind, Proposed, Step, Taken, cases_seen, open_case, take_step
from shuangkong.engine.api import RunRecord, Workspace, reading
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet
from shuangkong.webkit.api import person_named

WHO = "示范市节能监察部门（合成）"
#: What is done of each measure, and why.
DONE: dict[Kind, tuple[tuple[Step, str], ...]] = {
    "stop": (("open", "连续三个月以上红色预警，按细则办理（合成）"), ("serve", "印发限批通知（合成）")),
    "reminder": (("open", "连续两个月红色预警，按细则提醒（合成）"),),
}


def open_demo_cases(workspace: Workspace, packs: PackSet, run: RunRecord, city: City, day: date) -> int:
    """Open the cases of the newest run as the city's officer would; gives how many were new."""
    with reading(workspace.engine) as db:
        officer = person_named(db, f"demo.officer.{city.design.city.code}")
        if officer is None:
            return 0
        scope = Scope.region(officer.person_id, region(city.design.city.code), day, "supervision")
        there = cases_seen(db, scope, workspace.clock())
    if there:
        return 0
    made = 0
    found = proposed_in(workspace, run, packs, scope)
    for kind in DONE:
        one = next((p for p in found if p.measure.kind == kind and p.ground.basis == "published"), None)
        if one is not None:
            _carried_out(workspace, packs, scope, one, DONE[kind])
            made += 1
    return made


def _carried_out(
    workspace: Workspace, packs: PackSet, scope: Scope, one: Proposed, steps: tuple[tuple[Step, str], ...]
) -> Case:
    case = open_case(workspace, scope, one, packs, calendar(), responsible=WHO, why=steps[0][1])
    for step, why in steps[1:]:
        given = Taken()
        if step == "serve":
            _, content = drafted_with(workspace, scope, case.case_id, None, packs)
            given = Taken(letter=workspace.blobs.put(content))
        case = take_step(workspace, scope, case.case_id, step, packs, calendar(), why=why, given=given)
    return case
