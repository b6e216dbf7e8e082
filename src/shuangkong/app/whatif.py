"""What-if (试算): a change file over the packs of the newest run, run beside the books and compared with them.

A scenario is known as its run is and has its own folder: it is compared with the run whose packs, day and knowledge it
shares, so that every difference comes from the change. Nothing of it enters the books; the audit log says who tried it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting.api import readable_subjects
from shuangkong.app.explaining import packs_of_run
from shuangkong.app.pipeline import run_pipeline
from shuangkong.app.unit_targets import seen_packs
from shuangkong.engine.api import (
    Clock,
    Head,
    RunRecord,
    Workspace,
    head,
    jobs,
    latest_run,
    reading,
    record,
    run_record,
    runs_list,
    verify,
)
from shuangkong.judgement.api import RULE_FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import RunId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Overlay, PackSet, Replacement, as_yaml, load_overlay

MOST = 512 * 1024


@dataclass(frozen=True)
class Tried:
    """A scenario with the run that it is compared with, and the change that was tried."""

    run: RunRecord
    base: RunRecord
    overlay: Overlay
    replaced: tuple[Replacement, ...]


def base_run(workspace: Workspace, scope: Scope) -> RunRecord:
    """The newest run; raises RUN-001 where there is none, or where it was made before rules were decided."""
    found = latest_run(workspace, scope, known=None)
    if found is None or not (found.folder / f"{RULE_FINDINGS.name}.parquet").exists():
        raise UserError(
            "RUN-001", "nothing was judged yet that a change could be compared with.", case="nothing_judged",
            remedy="Run `shuangkong judge` first.",
        )  # fmt: skip
    return found


def read_change(data: bytes, origin: str) -> Overlay:
    """A change file; raises PackErrors, RUN-003."""
    if len(data) > MOST:
        raise UserError("RUN-003", "the change file is too large.", where=origin, remedy="Split it into several.",
                        case="large")  # fmt: skip
    return load_overlay(data, origin=origin)


def try_out(
    workspace: Workspace,
    overlay: Overlay,
    *,
    principal: str,
    scope: Scope,
    progress: Callable[[Label, int, int], None] = lambda *_: None,
    also: Callable[[sa.Connection, RunId], None] | None = None,
) -> Tried:
    """Run the pipeline under the change; raises RUN-003 where it does not fit. The audit log gets who tried what."""
    base = base_run(workspace, scope)
    packs = packs_of_run(workspace, base)
    fits(workspace, scope, base, overlay)
    changed = packs.overlay(overlay)

    said = audited(workspace, [overlay], principal, base)

    def end(db: sa.Connection, run_id: RunId) -> None:
        if also is not None:
            also(db, run_id)
        said(db, run_id)

    every = replace(Scope.system(f"what-if for {principal}"), principal=principal)
    run = run_pipeline(
        workspace, packs, known=base.known, as_of=base.as_of, scope=every, overlays=[overlay], also=end,
        progress=progress,
    )  # fmt: skip
    return Tried(run, base, overlay, changed.replaced)


def fits(workspace: Workspace, scope: Scope, base: RunRecord, overlay: Overlay) -> None:
    """RUN-003 where a change does not fit what a person may see of a run's packs: targets of hidden units are not."""
    seen = readable_subjects(workspace, base, scope)
    seen_packs(workspace, packs_of_run(workspace, base), base.known, seen).overlay(overlay)


def audited(
    workspace: Workspace, overlays: Sequence[Overlay], principal: str, base: RunRecord | None = None
) -> Callable[[sa.Connection, RunId], None]:
    """What writes into the audit log, with the end of a scenario, who tried which changes."""

    def end(db: sa.Connection, run_id: RunId) -> None:
        for overlay in overlays:
            record(
                db, at=workspace.clock(), principal=principal, action="scenario.run", obj=run_id,
                detail={"name": overlay.name, "sha256": overlay.content_hash, "because": overlay.because,
                        "base": base.run_id if base is not None else None, "changes": len(overlay.changes)},
            )  # fmt: skip

    return end


def tried(workspace: Workspace, run_id: str, scope: Scope, principal: str) -> Tried:
    """A scenario by its id, for who tried it and for who may see everything; raises RUN-001."""
    run = run_record(workspace, scope, run_id)
    if run.kind != "scenario" or (run.principal != principal and not scope.unrestricted):
        raise UserError(
            "RUN-001", f"there is no complete run {run_id[:40]}.", case="none", facts={"id": run_id[:40]},
            remedy="Choose one from the list of scenarios.",
        )  # fmt: skip
    packs = packs_of_run(workspace, run)
    base = next((r for r in runs_list(workspace, scope) if (r.known, r.as_of) == (run.known, run.as_of)), None)
    if base is None or not packs.overlays:
        raise UserError("RUN-001", "the run that it was compared with is gone.", where=run_id, remedy="Try it again.",
                        case="base_gone")  # fmt: skip
    return Tried(run, base, packs.overlays[-1], packs.replaced)


def change_of(workspace: Workspace, run: RunRecord) -> Overlay | None:
    """The change of a scenario, read from what the run kept without reading its packs."""
    with zipfile.ZipFile(io.BytesIO(workspace.blobs.get(str(run.manifest["packs_blob"])))) as kept:
        names = [n for n in kept.namelist() if n.startswith("overlay:")]
        return load_overlay(kept.read(names[-1]), origin=names[-1]) if names else None


def scenarios(workspace: Workspace, scope: Scope, principal: str) -> list[RunRecord]:
    """Scenarios that were tried, newest first: one's own, and all for who may see everything."""
    found = runs_list(workspace, scope, "scenario")
    return [r for r in found if scope.unrestricted or r.principal == principal]


def proposal(workspace: Workspace, one: Tried, by: str) -> bytes:
    """The change as a file to hand on: what it replaces and why, on which packs, and where the audit log stands."""
    with reading(workspace.engine) as db:
        stands = str(head(db))
    packs = packs_of_run(workspace, one.base)
    touched = {packs.pack(c.pack).key for c in one.overlay.changes}
    data = json.loads(one.overlay.canonical(), parse_float=Decimal, parse_int=Decimal)
    data["proposal"] = {
        "by": by, "at": workspace.clock().isoformat(timespec="seconds"),
        "packs": {k: h for k, h in packs.hashes() if k in touched},
        "replaces": [
            {"entry": f"{r.pack}#{r.entry}", "field": r.field, "was": r.was, "becomes": r.becomes, "because": r.because}
            for r in one.replaced
        ],
        "audit_head": stands, "sha256": one.overlay.content_hash,
    }  # fmt: skip
    return as_yaml(data).encode()


def signed_so(workspace: Workspace, overlay: Overlay, packs: PackSet) -> list[str]:
    """What does not agree with the signature of a change file: sha256, packs, audit_head; empty where all does."""
    if overlay.proposal is None:
        return []
    given, wrong = overlay.proposal, []
    if given.sha256 != overlay.content_hash:
        wrong.append("sha256")
    hashes = dict(packs.hashes())
    if any(hashes.get(k) != h for k, h in given.packs.items()):
        wrong.append("packs")
    with reading(workspace.engine) as db:
        try:
            faults = verify(db, Head.parse(given.audit_head))
        except UserError as unread:
            faults = [str(unread)]
    return [*wrong, *(["audit_head"] if faults else [])]


def _whatif(job: jobs.JobContext, arguments: Mapping[str, Any]) -> jobs.Outcome | None:
    """Try out a change file that lies among the blobs; the scenario is visible with the end of the job."""
    workspace = job.workspace
    overlay = read_change(workspace.blobs.get(arguments["blob"]), arguments["name"])

    def end(db: sa.Connection, run_id: RunId) -> None:
        job.still_mine(db)
        job.finish_in(db, jobs.Outcome({"run": run_id, "name": overlay.name}))

    try_out(
        workspace, overlay, principal=job.job.principal, scope=job.scope, progress=job.progress, also=end
    )  # fmt: skip
    return None


def ask_whatif(db: sa.Connection, overlay: Overlay, blob: str, *, scope: Scope, clock: Clock) -> jobs.Job:
    """Ask for a scenario of a change file that was put among the blobs."""
    return jobs.enqueue(db, WHATIF, {"blob": blob, "name": overlay.name}, scope=scope, at=clock())


WHATIF = jobs.Kind("whatif", Label("情景试算", "try out a change"), _whatif, resumable=True)
