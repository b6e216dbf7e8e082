"""Carrying cases out (督办办理): each change with its step in the history and its audit entry, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.casework import store
from shuangkong.casework.grounds import measures_of, site_check_first, working_days
from shuangkong.casework.model import (
    KINDS,
    SITE_CHECK,
    STATES,
    STEPS,
    Case,
    Proposed,
    State,
    Step,
    StepTaken,
)
from shuangkong.casework.rules import DUE, OWN, allowed, barred, due_after, follows, missing_evidence
from shuangkong.engine.api import Workspace, record, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.metering.api import Calendar
from shuangkong.policy.api import PackSet
from shuangkong.registry.api import describe
from shuangkong.webkit.api import business_day

#: A reason, and the name of who is responsible, are no longer than this.
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step is given beside its reason: who is responsible, another deadline, what the paper bears."""

    responsible: str = ""
    deadline: date | None = None
    doc_number: str = ""
    letter: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def open_case(
    workspace: Workspace,
    scope: Scope,
    proposal: Proposed,
    packs: PackSet,
    calendar: Calendar,
    *,
    responsible: str,
    why: str,
    decline: bool = False,
) -> Case:
    """Open the case of a ground, or (`decline`) keep that it was not opened and why; gives the case.

    One that is there already is given as it stands: asking twice opens one. CASE-002 without a reason or a person;
    CASE-003 where the subject is the officer's own region; CASE-001 where it lies outside the scope for writing.
    """
    ground, measure = proposal.ground, proposal.measure
    reasoned(why)
    if measure.kind is None or (not decline and not responsible.strip()):
        raise wrong("responsible", "a case needs somebody who is responsible.", "Name a department or a person.")
    at = workspace.clock()
    with writing_in_turn(workspace.engine) as db:
        named = named_subject(db, scope, ground.subject_id, at)
        not_oneself(scope, ground.subject_id, "open")
        if store.there(db, proposal.key):
            return store.case_seen(db, scope, at, proposal.key)
        case = begun(db, scope, proposal, named, "withdrawn" if decline else "open", responsible, at)
        case = with_deadline(case, packs, calendar, business_day(at))
        store.insert(db, case)
        told = {"finding": ground.finding_key, "run": ground.run_id}
        return write_history(
            db, case, scope.principal, "decline" if decline else "open", None, why, opening_told(case) | told, at
        )


def begun(
    db: sa.Connection, scope: Scope, proposal: Proposed, named: tuple[dict[str, str], bool], state: State,
    responsible: str, at: datetime,
) -> Case:  # fmt: skip
    """A case of a ground before it is kept, without its deadline; ValueError where no measure follows."""
    ground, measure = proposal.ground, proposal.measure
    if measure.kind is None:
        raise ValueError("a case needs a measure")
    names, invented = named
    return Case(
        case_id=proposal.key, number=store.next_number(db), subject_id=ground.subject_id, **names,
        kind=measure.kind, measure=measure.deadlines, severity=measure.severity, state=state,
        pack_id=ground.pack_id, pack_edition=ground.pack_edition, slug=ground.slug, clause=ground.clause,
        answer=ground.answer, basis=ground.basis, synthetic=ground.synthetic or invented,
        since=ground.since, period=ground.period, ground=ground, ground_state="stands", ground_now=None,
        responsible=responsible.strip()[:200], opened_by=scope.principal, opened_at=at, submitted_by=None,
        deadline=None, deadline_sure=True, due_step=None, evidence=measure.evidence, excepted=measure.excepted,
        published_at=None, updated_at=at, steps=0,
    )  # fmt: skip


def opening_told(case: Case) -> dict[str, Any]:
    """What the first step of a case keeps, by name."""
    return {
        "kind": case.kind, "answer": case.answer, "period": case.period, "since": case.since,
        "responsible": case.responsible,
    }  # fmt: skip


def take_step(
    workspace: Workspace,
    scope: Scope,
    case_id: str,
    step: Step,
    packs: PackSet,
    calendar: Calendar,
    *,
    why: str,
    given: Taken | None = None,
) -> Case:
    """Take one step of a case; gives the case after it.

    CASE-001 where it is not to be seen, CASE-002 where its state does not allow the step or no reason is given,
    CASE-003 where a second person has to take it, or it is about the officer's own region; CASE-004 where evidence is
    wanting.
    """
    given = given or Taken()
    reasoned(why)
    at = workspace.clock()
    with writing_in_turn(workspace.engine) as db:
        case = store.case_seen(db, scope.for_writing(), at, case_id)
        _may(case, scope, step)
        _ready(db, case, step, packs, business_day(at))
        after = follows(case, step)
        told = _detail(case, step, given)
        case, before = _changed(case, step, after, scope.principal, given, packs, calendar, at), case
        return write_history(db, case, scope.principal, step, before.state, why, told, at)


def _may(case: Case, scope: Scope, step: Step) -> None:
    not_oneself(scope, case.subject_id, step)
    if barred(case, step, scope.principal):
        raise UserError(
            "CASE-003", f"who opened a case or handed it up cannot take “{STEPS[step].en}” alone.",
            where=f"case {case.number}", remedy="Ask a second person with the right.", case="four_eyes",
            facts={"step": STEPS[step]},
        )  # fmt: skip
    if step not in allowed(case):
        raise UserError(
            "CASE-002", f"“{STEPS[step].en}” cannot follow on “{STATES[case.state].en}”.", where=f"case {case.number}",
            remedy="See on its page which steps are open.", case="state",
            facts={"step": STEPS[step], "state": STATES[case.state]},
        )  # fmt: skip


def not_oneself(scope: Scope, subject_id: str, step: Step) -> None:
    """Nobody issues a measure to themselves: a region's own office answers its case and hands in evidence."""
    if scope.kind in ("region", "unit") and scope.subject == subject_id and step not in OWN:
        raise UserError(
            "CASE-003", "a case about your own region is conducted by the office above it.", where=step,
            remedy="You may record the answer and hand in evidence.", case="own", facts={"step": STEPS[step]},
        )  # fmt: skip


def _ready(db: sa.Connection, case: Case, step: Step, packs: PackSet, day: date) -> None:
    """CASE-004 where what a step rests on was not handed in."""
    items = [e.item for e in store.files_there(db, case.case_id)]
    if step == "serve" and SITE_CHECK not in items and site_check_first(packs, KINDS[case.kind].zh, case.basis, day):
        raise UserError(
            "CASE-004", "this case rests on figures that nobody published: the site is checked first.",
            where=f"case {case.number}", remedy=f"Hand in the record of the on-site check ({SITE_CHECK}).",
            case="site_check", facts={"item": Label(SITE_CHECK, "record of the on-site check")},
        )  # fmt: skip
    wanting = missing_evidence(case.evidence, items) if step == "close" else ()
    if wanting:
        raise UserError(
            "CASE-004", f"evidence is wanting: {', '.join(wanting)}.", where=f"case {case.number}",
            remedy="Hand it in, then close the case.", case="wanting",
            facts={"items": "、".join(wanting)},
        )  # fmt: skip


def _changed(
    case: Case,
    step: Step,
    after: State,
    principal: str,
    given: Taken,
    packs: PackSet,
    calendar: Calendar,
    at: datetime,
) -> Case:
    """The case after a step."""
    today = business_day(at)
    was = case.state
    case = replace(case, state=after, updated_at=at)
    if step == "assign":
        if not given.responsible.strip():
            raise wrong("responsible", "nobody is named.", "Name a department or a person.")
        return replace(case, responsible=given.responsible.strip()[:200])
    if step == "extend":
        if given.deadline is None or given.deadline <= today or not calendar.works(given.deadline):
            raise wrong("deadline", "the deadline is not a working day ahead.", "Name a working day after today.")
        return replace(case, deadline=given.deadline, deadline_sure=given.deadline.year in calendar.years)
    if step in ("publish", "unpublish"):
        return replace(case, published_at=at if step == "publish" else None)
    if step == "submit":
        case = replace(case, submitted_by=principal)
    if step == "reopen":
        case = replace(case, submitted_by=None)
    if step in ("keep", "adjust") and case.ground_now is not None:
        case = _on_new_ground(case, step, packs, today)
    return case if was == after and step != "adjust" else with_deadline(case, packs, calendar, today)


def _on_new_ground(case: Case, step: Step, packs: PackSet, today: date) -> Case:
    """The case resting on what the newest run says: with the same measure, or with the one that follows now."""
    ground = case.ground_now or case.ground
    if step == "keep":
        # what was decided upon stays beside it, so that a run that says the same marks nothing again
        return replace(case, ground_state="stands")
    asked = (ground.pack_id, ground.slug, ground.answer)
    measure = measures_of(packs, [asked], today)[asked]
    if measure.kind is None:
        raise wrong("ground", "no measure follows from the new ground.", "Withdraw the case, or keep its measure.")
    return replace(
        case, kind=measure.kind, measure=measure.deadlines, severity=measure.severity, evidence=measure.evidence,
        excepted=measure.excepted, ground=ground, ground_state="stands", ground_now=None, answer=ground.answer,
        since=ground.since, period=ground.period, basis=ground.basis, slug=ground.slug,
        pack_edition=ground.pack_edition, clause=ground.clause,
    )  # fmt: skip


def with_deadline(case: Case, packs: PackSet, calendar: Calendar, today: date) -> Case:
    """The case with what is due in its state and by when; nothing where it is over."""
    step = DUE.get(case.state)
    if step is None:
        return replace(case, deadline=None, deadline_sure=True, due_step=None)
    due = due_after(calendar, today, working_days(packs, case.measure, step, today))
    return replace(case, deadline=due.day, deadline_sure=due.sure, due_step=step)


def _detail(case: Case, step: Step, given: Taken) -> dict[str, Any]:
    """What a step changes, by name, as the history and the audit log keep it."""
    told: dict[str, Any] = dict(given.detail)
    if given.responsible:
        told |= {"responsible": given.responsible.strip()[:200], "responsible_before": case.responsible}
    if given.deadline is not None:
        told |= {"deadline": given.deadline, "deadline_before": case.deadline}
    if given.doc_number:
        told["doc_number"] = given.doc_number[:80]
    if given.letter:
        told["letter"] = given.letter
    if step in ("keep", "adjust") and case.ground_now is not None:
        told |= {"ground_state": case.ground_state, "run": case.ground_now.run_id, "answer": case.ground_now.answer,
                 "kind_before": case.kind, "answer_before": case.answer}  # fmt: skip
    return told


def write_history(
    db: sa.Connection, case: Case, principal: str, step: Step, before: State | None, why: str, told: Mapping[str, Any],
    at: datetime,
) -> Case:  # fmt: skip
    """Append the step to the history and the audit log, and keep the case with it."""
    why = why.strip()[:LONGEST]
    case = replace(case, steps=case.steps + 1)
    store.update(db, case)
    store.append(db, StepTaken(case.case_id, case.steps, at, principal, step, before, case.state, why, told))
    detail = {
        "case": case.number, "subject": case.subject_id, "state_before": before, "state": case.state, "why": why,
        "deadline": case.deadline, **told,
    }  # fmt: skip
    record(db, at=at, principal=principal, action=f"case.{step}", obj=case.case_id, detail=detail)
    return case


def named_subject(db: sa.Connection, scope: Scope, subject_id: str, at: datetime) -> tuple[dict[str, str], bool]:
    """The subject's names and code as of today, and whether it is an invented one.

    CASE-001 where it lies outside the scope for writing.
    """
    try:
        card = describe(db, SubjectId(subject_id), scope.for_writing(), at)
    except UserError:
        raise store.no_case(subject_id) from None
    today = business_day(at)
    held = {f.name: f.value for f in card.aliases if f.valid_from <= today < f.valid_to}
    zh = held.get("name_zh") or subject_id
    code = next((held[s] for s in ("gbt2260", "local", "uscc") if held.get(s)), "")
    return {"subject_zh": zh, "subject_en": held.get("name_en") or zh, "subject_code": code}, card.synthetic


def reasoned(why: str) -> None:
    """CASE-002 where a step has no reason."""
    if not why.strip():
        raise wrong("why", "a step needs its reason.", "Say why in one sentence.")


def wrong(case: str, message: str, remedy: str) -> UserError:
    """What is given with a step and does not hold."""
    return UserError("CASE-002", message, where=case, remedy=remedy, case=case)
