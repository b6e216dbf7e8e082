"""Lawful use (用途限定): a return handed in for statistics alone is not read for supervision or lending.

The Statistics Law (统计法) forbids to use what identifies a single respondent for anything but statistics. A return
may name the uses that it allows. What was computed from a unit's returns is hidden from a reader whose use one of them
does not allow; the unit's own consent opens it. Totals of regions are not hidden: they name no unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from shuangkong.engine.api import PUBLIC_ONLY, RunRecord, TableContract, Workspace, read_result, reading, text
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import USES, Scope, Use
from shuangkong.registry.api import every_subject, scope_subjects

if TYPE_CHECKING:
    import ibis.expr.types as ir

USE_LIMITS = TableContract(
    "use_limits",
    Label("用途限定", "limits of use"),
    (
        text("subject_id", "单位", "unit"),
        text("use", "不允许的用途", "use not allowed"),
    ),
    key=("subject_id", "use"),
    doc="Uses that some return of the unit does not allow; its figures are hidden from a reader with that use.",
)
#: Uses that a return can allow. Who runs the platform and the unit itself read for none of them.
LIMITABLE: tuple[Use, ...] = tuple(u for u in USES if u != "any")


def allowed_uses(written: str) -> str | None:
    """Uses as they are written into a return, by name and in order; None is no limit. ACC-001 for an unknown one."""
    named = {part.strip() for part in written.replace("，", ",").split(",") if part.strip()}
    if not named:
        return None
    if named - set(LIMITABLE):
        raise UserError(
            "ACC-001", f"{', '.join(sorted(named - set(LIMITABLE)))} is no use.", where="use",
            remedy=f"Choose among {', '.join(LIMITABLE)}.",
            case="use",
        )  # fmt: skip
    return ",".join(u for u in LIMITABLE if u in named)


def use_limits(entries: ir.Table, subjects: ir.Table) -> ir.Table:
    """Uses that a unit's returns do not allow.

    entries: book_entries as standing in the run; subjects: kind by subject_id
    result:  subject_id, use; key both
    """
    import ibis

    places = subjects.filter(subjects.kind == "region").subject_id
    limited = entries.filter(entries.use.notnull() & entries.subject_id.notin(places))
    limited = limited.select("subject_id", "use").distinct()
    parts = [
        limited.filter(~(ibis.literal(",") + limited.use + ",").contains(f",{use},"))
        .select("subject_id")
        .mutate(use=ibis.literal(use))
        for use in LIMITABLE
    ]
    return ibis.union(*parts).distinct()


def readable_subjects(workspace: Workspace, run: RunRecord, scope: Scope) -> pa.Table | None:
    """The subjects whose rows of a run the reader may see for the reader's use; None where nothing is hidden.

    Every read of a run's results asks this, not the registry alone. Which of them are seen only because their pages are
    public stands beside them: of those the engine leaves out what is confidential.
    """
    with reading(workspace.engine) as db:
        seen = scope_subjects(db, scope, run.known)
        hidden = _hidden(run, scope)
        if seen is None and not hidden:
            return None
        everyone = seen if seen is not None else every_subject(db, run.known)
        own = scope_subjects(db, scope.for_writing(), run.known)
    shown = [s for s in everyone["subject_id"].to_pylist() if s not in hidden]
    table = pa.table({"subject_id": pa.array(shown, pa.string())})
    if own is None:
        return table
    mine = frozenset(own["subject_id"].to_pylist())
    return table.append_column(PUBLIC_ONLY, pa.array([s not in mine for s in shown], pa.bool_()))


def _hidden(run: RunRecord, scope: Scope) -> frozenset[str]:
    """Units with a return that does not allow the reader's use; a consent names its use, and allows it."""
    if scope.use == "any" or scope.kind in ("system", "consented", "none"):
        return frozenset()
    rows = read_result(run, USE_LIMITS, Scope.system("find what the law hides"), where=f"use = '{scope.use}'")
    return frozenset(rows["subject_id"].to_pylist())
