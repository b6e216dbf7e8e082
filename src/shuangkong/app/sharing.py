"""Sharing out as people do it (目标分解办理): kept drafts, house defaults, large plans as jobs, and proposals.

A decomposition belongs to a region; who may see that region's documents sees it. Publishing is that of packs: one
person proposes a version, a second one puts it in force, and every later run judges by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting.api import readable_subjects
from shuangkong.app import sharing_store as store
from shuangkong.app.publishing import lies_within, propose_pack, within
from shuangkong.app.sharing_books import product_units
from shuangkong.app.sharing_pack import Facts, pack_files
from shuangkong.app.sharing_store import Kept, Version
from shuangkong.app.unit_targets import units_inside
from shuangkong.dualcontrol.api import (
    CRITERIA,
    METHODS,
    Clash,
    Outcome,
    Plan,
    outcome,
    outcome_data,
    outcome_from,
)
from shuangkong.engine.api import Workspace, jobs, latest_run, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import parse_decimal
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs, proposal
from shuangkong.webkit.api import business_day

_WORKING = Label("分解计算", "share out")
#: The program's own figures are known as soon as it runs, whatever day its clock has.
_KNOWN = date.max
#: So many parts that cannot be dealt with are named in a message.
_NAMED = 8
#: Defaults of a plan by the parameter that holds each.
_SINGLE = ("spread", "most", "below", "above", "step", "reserve", "margin", "elasticity")


def defaults(packs: PackSet, day: date) -> dict[str, Any]:
    """The house defaults of a plan in force on a day, as plain data: weights and directions by criterion, figures."""

    def held(name: str, **keys: str) -> str:
        return f"{packs.parameter(f'sharing.{name}', day=day, known=_KNOWN, **keys).value:f}"

    return {
        "weights": {c: held("weight", criterion=c) for c in CRITERIA},
        "directions": {c: held("direction", criterion=c) for c in CRITERIA}, **{n: held(n) for n in _SINGLE},
    }  # fmt: skip


def inline_parts(packs: PackSet, day: date) -> int:
    """How many parts a page works out at once; more are a job's."""
    return int(packs.parameter("sharing.inline", day=day, known=_KNOWN).value or 0)


def seen(db: sa.Connection, scope: Scope, kept_id: str, at: datetime) -> Kept:
    """A decomposition whose region lies in the scope; SHARE-002 for any other."""
    kept = store.one(db, kept_id)
    if not lies_within(db, scope, kept.region, at):
        raise store.none(kept_id)
    return kept


def every_seen(workspace: Workspace, scope: Scope) -> list[Kept]:
    """The decompositions of regions in the scope, the last changed first."""
    with reading(workspace.engine) as db:
        return [k for k in store.every(db) if lies_within(db, scope, k.region, workspace.clock())]


def version_seen(workspace: Workspace, scope: Scope, kept_id: str, number: int = 0) -> tuple[Kept, Version]:
    """A decomposition with one version, the newest if no number is given; SHARE-002."""
    with reading(workspace.engine) as db:
        kept = seen(db, scope, kept_id, workspace.clock())
        return kept, store.version(db, kept_id, number or kept.version)


def versions_seen(workspace: Workspace, scope: Scope, kept_id: str) -> list[Version]:
    """All versions, newest first; SHARE-002."""
    with reading(workspace.engine) as db:
        return store.versions(db, seen(db, scope, kept_id, workspace.clock()).decomposition_id)


def save(workspace: Workspace, scope: Scope, plan: Plan, because: str, kept_id: str = "") -> Kept:
    """Keep a plan as a new decomposition, or as the next version of one. Where it is large, a job works it out.

    SCOPE-001 where its region does not lie in the scope; SHARE-003 without a reason, or where nothing was changed.
    """
    _reason(because)
    with writing(workspace.engine) as db:
        at = workspace.clock()
        within(db, scope, plan.region, at)
        if kept_id:
            old = seen(db, scope, kept_id, at)
            if store.version(db, kept_id, old.version).plan_hash == plan.content_hash:
                raise UserError("SHARE-003", "it is the same as what is kept.", case="same",
                                remedy="Change something first.")  # fmt: skip
            if old.region != plan.region:
                within(db, scope, old.region, at)
            kept = store.add_version(db, kept_id, plan, because.strip(), at=at, principal=scope.principal)
        else:
            kept = store.add(db, plan, because.strip(), at=at, principal=scope.principal)
        if len(plan.parts) > inline_parts(PackSet(builtin_packs()), business_day(at)):
            asked = {"decomposition": kept.decomposition_id, "version": kept.version}
            job = jobs.enqueue(db, SHARE, asked, scope=scope, at=at)
            store.set_job(db, kept.decomposition_id, kept.version, job_id=job.job_id)
        return kept


def outcomes(workspace: Workspace, version: Version, plan: Plan) -> tuple[Outcome, ...] | None:
    """The plan by each method, its own first; None while a job still works it out."""
    if version.result is not None:
        kept = json.loads(workspace.blobs.get(version.result))
        return tuple(outcome_from(one) for one in kept)
    if version.job_id is not None:
        return None
    return worked_out(plan)


def worked_out(plan: Plan) -> tuple[Outcome, ...]:
    """The plan by each method, its own first."""
    return tuple(outcome(plan, m) for m in (plan.method, *(m for m in METHODS if m != plan.method)))


def propose(
    workspace: Workspace, scope: Scope, kept_id: str, number: int, facts: Facts, because: str
) -> str:  # fmt: skip
    """Propose a version as a local pack; gives the proposal's id. A second person publishes it.

    Units are named by their unified social credit codes, industries by their codes of GB/T 4754. SHARE-003 where its
    energy does not close, it waits already, its parts are units that are not registered in the region or no industries,
    or no reason is given; what `propose_pack` raises.
    """
    _reason(because)
    kept, version = version_seen(workspace, scope, kept_id, number)
    plan = version.plan
    with reading(workspace.engine) as db:
        if kept.proposal_id and proposal(db, kept.proposal_id).state == "open":
            raise UserError("SHARE-003", "it waits for a second person.", case="waiting",
                            remedy="Wait, or withdraw the proposal first.")  # fmt: skip
    found = outcomes(workspace, version, plan)
    if found is None:
        raise UserError("SHARE-003", "it is still being worked out.", case="running", remedy="Wait for its job.")
    closes(found[0])
    products = _with_product(workspace, scope, plan, facts) if plan.kind == "units" else frozenset[str]()
    files = pack_files(plan, found[0], facts, business_day(workspace.clock()), version.plan_hash, products)

    def also(db: sa.Connection, made: str, at: datetime) -> None:
        store.set_proposal(db, kept, version.version, made, at=at, principal=scope.principal)

    return propose_pack(workspace, scope, files, because, origin=kept.title, also=also)


def _with_product(workspace: Workspace, scope: Scope, plan: Plan, facts: Facts) -> frozenset[str]:
    """Units of which the newest run has the energy per product; SHARE-003 for parts that are no units of the region."""
    with reading(workspace.engine) as db:
        there = units_inside(db, scope, plan.region, [p.code for p in plan.parts], workspace.clock())
    lacking = [p.name for p in plan.parts if p.code not in there]
    if lacking:
        told = ", ".join(lacking[:_NAMED])
        raise UserError(
            "SHARE-003", f"{len(lacking)} parts are no units registered in the region: {told}.", case="units",
            facts={"n": len(lacking), "names": "、".join(lacking[:_NAMED])},
            remedy="Register them, or give their unified social credit codes.",
        )  # fmt: skip
    run = latest_run(workspace, scope, known=None)
    if run is None or not facts.per_output:
        return frozenset()
    seen = readable_subjects(workspace, run, scope)
    return product_units(run, scope, seen, there, plan.base_year, f"{facts.standard}/{facts.basis}")


def closes(found: Outcome) -> None:
    """SHARE-003 with what is missing where the base or the incentive rates do not close the energy."""
    clash = next((x for x in (found.base, found.incentive) if isinstance(x, Clash)), None)
    if clash is not None:
        raise UserError(
            "SHARE-003", f"the energy does not close: {clash.missing} tce are missing.", case="clash",
            facts={"missing": f"{clash.missing:,.0f}"}, remedy="Widen the upper bounds, or take a smaller reserve.",
        )  # fmt: skip


def facts_of(workspace: Workspace, plan: Plan, given: Mapping[str, str]) -> Facts:
    """What a person typed of the document as facts of a pack; what is left empty is made from the plan.

    Edition and basis of the accounting are those that the plan's energy was taken at; SHARE-001 for a wrong figure.
    """
    day = business_day(workspace.clock())
    standard, _, rest = plan.basis.partition("/")
    prices = plan.basis.rpartition("constant:")[2] if "constant:" in plan.basis else ""
    least = parse_decimal(given.get("min_coverage") or "1")
    if least is None or not 0 < least <= 1:
        raise UserError("SHARE-001", "the least coverage is a share above nought.", case="range", where="min_coverage",
                        facts={"where": "min_coverage", "given": given.get("min_coverage", "")[:40]},
                        remedy="Write 0.95.")  # fmt: skip
    return Facts(
        pack_id=given.get("pack_id") or f"local.sharing-{plan.region}-{plan.end_year}",
        edition=given.get("edition") or str(day.year), title=plan.title, issuer=given.get("issuer") or "—",
        level=given.get("level") or _level(plan.region), issued=day, doc_number=given.get("doc_number", ""),
        standard=standard, basis=rest.split("/")[0] if rest else "", price_base=given.get("price_base", prices),
        min_coverage=least, totals=given.get("totals", "1") != "0", per_output=given.get("per_output", "1") != "0",
        listed="counted" if given.get("listed") == "counted" else "deducted",
    )  # fmt: skip


def _level(region: str) -> str:
    """The level of the government that shares out, from the region's code."""
    if region == "000000":
        return "nation"
    return "province" if region.endswith("0000") else "city" if region.endswith("00") else "county"


def _reason(because: str) -> None:
    if not because.strip():
        raise UserError("SHARE-003", "no reason was given.", case="reason", remedy="Say why it is shared so.")


def _share(job: jobs.JobContext, arguments: Mapping[str, Any]) -> None:
    """Work out a large plan by every method; the figures become visible with the end of the job."""
    workspace = job.workspace
    _, version = version_seen(workspace, job.scope, arguments["decomposition"], int(arguments["version"]))
    plan = version.plan
    order: Sequence[Any] = (plan.method, *(m for m in METHODS if m != plan.method))
    found = []
    for n, method in enumerate(order):
        job.progress(_WORKING, n, len(order))
        found.append(outcome_data(outcome(plan, method)))
    blob = workspace.blobs.put(json.dumps(found, ensure_ascii=False).encode())

    def end(db: sa.Connection) -> jobs.Outcome:
        store.set_job(db, version.decomposition_id, version.version, result=blob)
        return jobs.Outcome({"decomposition": version.decomposition_id, "version": version.version})

    job.finish_with(end)


SHARE = jobs.Kind("share", Label("目标分解计算", "share a target out"), _share, resumable=True)
