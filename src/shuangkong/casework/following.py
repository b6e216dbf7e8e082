"""Cases after a run (依据复核): what the newest run says of each ground is marked, and a person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.casework import store
from shuangkong.casework.grounds import measures_of, measuring, said_in_run, with_figures
from shuangkong.casework.model import Case, Ground
from shuangkong.casework.rules import (
    Compared,
    MeasureOf,
    Said,
    after_run,
    compare,
    compare_joined,
    over,
    series_of,
)
from shuangkong.casework.service import with_deadline, write_history
from shuangkong.engine.api import RunRecord, Workspace, reading, writing_in_turn
from shuangkong.kernel.scope import Scope
from shuangkong.metering.api import Calendar
from shuangkong.policy.api import PackSet
from shuangkong.webkit.api import business_day

_SCOPE = Scope.system("mark the cases whose ground a run has changed")
#: Who marks a case, as the history and the audit log name it.
MARKER = "system:casework"


def follow_run(
    workspace: Workspace, run: RunRecord, packs: PackSet, calendar: Calendar, extra: Sequence[Said] = ()
) -> list[Case]:
    """Mark the cases whose ground the newest book run has changed; gives those that were marked.

    Doing it again marks nothing. A scenario marks nothing: its run never comes here (ValueError). What was closed on a
    ground that has changed is reopened; nothing is ever closed, eased or aggravated here.
    """
    if run.kind != "book":
        raise ValueError("a scenario never touches a case")
    with reading(workspace.engine) as db:
        cases = store.cases_seen(db, _SCOPE, workspace.clock())
    if not cases:
        return []
    said = [*said_in_run(workspace, run, packs, _SCOPE), *extra]
    series = series_of(said)
    measure = measuring(packs, said, run.as_of)
    found: list[tuple[Case, Compared]] = []
    for case in cases:
        compared = _compared(case, series, measure, packs, run.as_of)
        if compared is not None and _news(case, compared):
            found.append((case, compared))
    grounds = with_figures(workspace, run, packs, _SCOPE, [c.now for _, c in found])
    return [
        marked
        for (case, compared), ground in zip(found, grounds, strict=True)
        if (marked := _mark(workspace, case.case_id, replace(compared, now=ground), packs, calendar)) is not None
    ]


def _compared(
    case: Case,
    series: Mapping[tuple[str, str, str, str], Sequence[Said]],
    measure: MeasureOf,
    packs: PackSet,
    day: date,
) -> Compared | None:
    """What a run says of the ground of a case; of one opened by hand, of what was joined to it."""
    g = case.ground.of_run
    said = series.get((g.subject_id, g.pack_id, g.slug, g.output), ())
    if case.ground.joined is None:
        return compare(g, case.severity, said, measure)
    asked = (g.pack_id, g.slug, g.answer)
    return compare_joined(case, measures_of(packs, [asked], day)[asked].severity, said, measure)


def _news(case: Case, compared: Compared) -> bool:
    """Whether a run says something that the case does not know yet."""
    decided = case.ground_now if case.ground_state == "stands" else None
    if decided is not None and _alike(decided, compared.now):
        return False
    if case.state == "withdrawn" and after_run(case, compared) == case.state:
        return False
    if compared.state != case.ground_state:
        return True
    if compared.state == "stands":
        return compared.now.periods != case.ground.of_run.periods
    return case.ground_now is None or not _alike(case.ground_now, compared.now)


def _alike(one: Ground, other: Ground) -> bool:
    """Whether two grounds say the same of the same periods, whichever run they are from."""
    return [(a.period, a.answer) for a in one.answers] == [(a.period, a.answer) for a in other.answers]


def _mark(workspace: Workspace, case_id: str, compared: Compared, packs: PackSet, calendar: Calendar) -> Case | None:
    at = workspace.clock()
    with writing_in_turn(workspace.engine) as db:
        case = store.case_seen(db, _SCOPE, at, case_id)
        if not _news(case, compared):
            return None
        return _marked(db, case, compared, packs, calendar, at)


def _marked(
    db: sa.Connection, case: Case, compared: Compared, packs: PackSet, calendar: Calendar, at: datetime
) -> Case:
    now, before, after = compared.now, case.state, after_run(case, compared)
    told = told_of(case, compared)
    if compared.state == "stands" and case.ground.joined is not None:
        case = replace(case, ground=replace(case.ground, joined=now), ground_state="stands", ground_now=None)
    elif compared.state == "stands":
        # the row has grown, or is told again: the case rests on what the run says, nobody has to decide anything
        case = replace(case, ground=now, ground_state="stands", ground_now=None, since=now.since, period=now.period)
    else:
        case = replace(case, ground_state=compared.state, ground_now=now)
    case = replace(case, state=after, updated_at=at)
    if over(before) and not over(after):
        case = with_deadline(replace(case, submitted_by=None), packs, calendar, business_day(at))
    why = f"依据复核：{now.run_id}"
    return write_history(db, case, MARKER, "ground", before, why, told, at)


def told_of(case: Case, compared: Compared) -> dict[str, Any]:
    """What a run changed of a ground, by name: answers period by period, and grades that were published anew."""
    before = {(f.indicator, f.period): f for f in case.ground.of_run.figures}
    figures = [
        {"label_zh": f.label_zh, "label_en": f.label_en, "period": f.period, "was_zh": was.word_zh,
         "was_en": was.word_en, "now_zh": f.word_zh, "now_en": f.word_en, "was": was.value, "now": f.value,
         "unit": f.unit}
        for f in compared.now.figures
        if (was := before.get((f.indicator, f.period))) is not None and was.value != f.value
    ]  # fmt: skip
    return {
        "ground_state": compared.state, "run": compared.now.run_id, "answer": compared.now.answer,
        "period": compared.now.period, "answers": [list(c) for c in compared.changed], "figures": figures,
    }  # fmt: skip
