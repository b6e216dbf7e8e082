"""What a run finds upon the matter of a case opened by hand (并入人工立案): one matter stays one case.

A run proposes by itself and knows of no record; somebody says that both are about the same, and the ground that the
run found is joined to the case. The case keeps its measure; where a heavier one follows, a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shuangkong.casework import store
from shuangkong.casework.model import Case, Ground, Proposed
from shuangkong.casework.rules import beside_hand, overlaps
from shuangkong.casework.service import not_oneself, reasoned, write_history, wrong
from shuangkong.engine.api import Workspace, writing_in_turn
from shuangkong.kernel.scope import Scope


def by_hand_beside(cases: Iterable[Case], found: Ground) -> list[Case]:
    """The cases opened by hand that are likely about what a run found, the newest first."""
    return sorted((c for c in cases if beside_hand(c, found)), key=lambda c: -c.number)


def join_ground(workspace: Workspace, scope: Scope, case_id: str, proposal: Proposed, *, why: str) -> Case:
    """Join what a run found to a case opened by hand; doing it again changes nothing; gives the case.

    CASE-001 where the case is not to be seen; CASE-002 without a reason, or where the two are not about one matter;
    CASE-003 where it is about the officer's own region.
    """
    reasoned(why)
    ground, at = proposal.ground, workspace.clock()
    with writing_in_turn(workspace.engine) as db:
        case = store.case_seen(db, scope.for_writing(), at, case_id)
        not_oneself(scope, case.subject_id, "join")
        if case.ground.joined is not None and overlaps(case.ground.joined, ground):
            return case
        if not beside_hand(case, ground) or store.there(db, proposal.key):
            raise wrong(
                "join", "what the run found is not about the matter of that case, or has a case already.",
                "Look at the clause, the subject and the day of both.",
            )  # fmt: skip
        heavier = proposal.measure.severity > case.severity
        case = replace(
            case, ground=replace(case.ground, joined=ground), ground_state="heavier" if heavier else "stands",
            ground_now=ground if heavier else None, updated_at=at,
        )  # fmt: skip
        told = {
            "finding": ground.finding_key, "run": ground.run_id, "answer": ground.answer, "since": ground.since,
            "period": ground.period, "proposal": proposal.key, "ground_state": case.ground_state,
        }  # fmt: skip
        return write_history(db, case, scope.principal, "join", case.state, why, told, at)
