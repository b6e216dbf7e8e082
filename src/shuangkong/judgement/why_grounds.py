"""What lies below figures that are no findings (数字的出处): from values and totals down to readings and files."""

from __future__ import annotations

from collections.abc import Iterable

from shuangkong.accounting.api import readable_subjects
from shuangkong.engine.api import DuckDB, RunRecord, Workspace, reading
from shuangkong.judgement.why import Row, Walk, Why, close
from shuangkong.kernel.provenance import NodeKind
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet

#: Kinds of nodes from which a walk may start.
STARTS = (NodeKind.INDICATOR.value, NodeKind.TOTAL.value)


def grounds(
    workspace: Workspace,
    run: RunRecord,
    packs: PackSet,
    about: Row,
    nodes: Iterable[tuple[str, str]],
    scope: Scope,
    *,
    methods: Iterable[str] = (),
) -> Why:
    """The chain below some nodes (kind, key) of a run, as the reader may see it: no clause, no target, no finding.

    about: subject_id, period_key and, where its deductions are told too, indicator_id. methods: those whose amounts are
    told of the entries; those of the indicators if left out. Nodes of a kind that is neither an indicator value nor a
    total are left out, and those that the reader may not see lead nowhere.
    """
    seen = readable_subjects(workspace, run, scope)
    start = sorted({(kind, key) for kind, key in nodes if kind in STARTS})
    with reading(workspace.engine) as db, DuckDB(threads=1) as engine:
        walk = Walk(workspace, run, engine, seen)
        walk.methods = {*methods}
        result = Why({"value_key": None, **about}, {}, {}, None)
        walk.follow(result, walk.visible(start))
        close(walk, db, result, scope, packs)
    return result
