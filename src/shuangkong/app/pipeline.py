"""The one pipeline: each slice's step over one run, in slice order. A scenario is the same with an overlay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.accounting.api import Method, account, fewest, methods_of
from shuangkong.app.casework import after_run
from shuangkong.app.catalogue import catalogue
from shuangkong.dualcontrol.api import flex_totals, watch
from shuangkong.engine.api import (
    Asked,
    NotLocal,
    RunContext,
    RunKind,
    RunRecord,
    Workspace,
    begin,
    run_record,
)
from shuangkong.judgement.api import judge, judge_rules, rule_methods
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Overlay, PackSet

#: Figures that come in standard coal already (statistics at calorific value) are summed under this method. It
#: decides nothing: a target is only ever answered by the method that it names.
STATED: tuple[Method, ...] = (Method("gbt2589-2020", "calorific", "ghg-guides-2013-2015", ""),)


def run_pipeline(
    workspace: Workspace,
    packs: PackSet,
    *,
    known: datetime,
    as_of: date,
    scope: Scope,
    overlays: Sequence[Overlay] = (),
    methods: Sequence[Method] = (),
    also: Callable[[sa.Connection, RunId], None] | None = None,
    update: Asked | None = None,
    progress: Callable[[Label, int, int], None] = lambda *_: None,
) -> RunRecord:
    """Account and judge everything in scope as known at an instant; with overlays a scenario with a private sink.

    `methods` are accounting methods to compute beside those that targets name. `also` runs in the transaction that
    makes the run visible. With `update` the run updates an earlier one where it can: it computes the subjects whose
    books are not as they were, those that are named, and all regions above; else it is a full run and its manifest
    says why (`not_updated`). Its results are those of a full run in either case.
    """
    for overlay in overlays:
        packs = packs.overlay(overlay)
    kind: RunKind = "scenario" if overlays else "book"
    with begin(workspace, packs, kind=kind, known=known, as_of=as_of, scope=scope, also=also, asked=update) as run:
        used = fewest((*methods_of(packs), *rule_methods(packs), *methods))
        try:
            _steps(run, used, progress)
        except NotLocal as why:
            run.begin_anew(str(why))
            _steps(run, used, progress)
        run_id = run.run_id
    record = run_record(workspace, scope, run_id)
    after_run(workspace, record)
    return record


def _steps(run: RunContext, used: Sequence[Method], progress: Callable[[Label, int, int], None]) -> None:
    progress(Label("核算", "accounting"), 0, 2)
    account(run, used, [m for m in STATED if m not in used])
    progress(Label("判定", "judging"), 1, 2)
    judge(run, used)
    judge_rules(run, used, catalogue())
    watch(run, used)
    flex_totals(run, used)
