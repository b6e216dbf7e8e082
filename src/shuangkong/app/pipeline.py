"""The one pipeline: each slice's step over one run, in slice order. A scenario is the same with an overlay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.accounting.api import Method, account, fewest, methods_of
from shuangkong.app.catalogue import catalogue
from shuangkong.engine.api import RunKind, RunRecord, Workspace, begin, run_record
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
    progress: Callable[[Label, int, int], None] = lambda *_: None,
) -> RunRecord:
    """Account and judge everything in scope as known at an instant; with overlays a scenario with a private sink.

    `methods` are accounting methods to compute beside those that targets name. `also` runs in the transaction that
    makes the run visible.
    """
    for overlay in overlays:
        packs = packs.overlay(overlay)
    kind: RunKind = "scenario" if overlays else "book"
    with begin(workspace, packs, kind=kind, known=known, as_of=as_of, scope=scope, also=also) as run:
        used = fewest((*methods_of(packs), *rule_methods(packs), *methods))
        progress(Label("核算", "accounting"), 0, 2)
        account(run, used, [m for m in STATED if m not in used])
        progress(Label("判定", "judging"), 1, 2)
        judge(run, used)
        judge_rules(run, used, catalogue())
        run_id = run.run_id
    return run_record(workspace, scope, run_id)
