"""Cases wired to runs, packs and the calendar (督办接线): what the slice needs from everything above and beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from shuangkong.accounting.api import readable_subjects
from shuangkong.app.catalogue import library
from shuangkong.app.explaining import packs_of_run
from shuangkong.casework.api import (
    HOUSE,
    ByHand,
    Case,
    Cited,
    Facts,
    Ground,
    Kind,
    Letter,
    LetterKind,
    Proposed,
    Said,
    Step,
    Taken,
    Upon,
    by_hand_beside,
    case_seen,
    cases_seen,
    clauses_for,
    evidence_of,
    file_name,
    follow_run,
    join_ground,
    letter_bytes,
    letters_of,
    open_by_hand,
    open_case,
    overlaps,
    proposed,
    said_in_run,
    take_step,
    working_days,
    written,
)
from shuangkong.dualcontrol.api import WATCH_MEASURES, WATCH_MONTHS, quiet_months
from shuangkong.engine.api import RunRecord, Workspace, head, latest_run, read_result, reading
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.api import Calendar, official
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import UNIT_NAMES, names_of, resolve, subjects_seen
from shuangkong.webkit.api import business_day

#: Whose answers in a row are told apart from those of published grades.
_WATCHED = "watched"


def beside(workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope) -> list[Said]:
    """What the warning grades that the program worked out itself bring month by month, as far as the reader may see it.

    Also that nothing follows, of regions in which something does or of which there is such a case: a month whose red
    grade was revised away is told. Where the same rule has an answer upon published grades for the month, that answer
    stands in its place.
    """
    seen = readable_subjects(workspace, run, scope)
    rows = read_result(run, WATCH_MEASURES, scope, seen, where="basis = 'computed'").to_pylist()
    with reading(workspace.engine) as db:
        cases = cases_seen(db, Scope.system("whose months are told"), workspace.clock())
        subjects = subjects_seen(db, scope, run.known, day=run.as_of).to_pylist()
    about = {r["subject_id"] for r in rows} | {c.subject_id for c in cases if c.ground.output == _WATCHED}
    if not about:
        return []
    invented = {r["subject_id"] for r in subjects if r["synthetic"]}
    quoted = ", ".join(f"'{s}'" for s in sorted(about))
    months = read_result(run, WATCH_MONTHS, scope, seen, where=f"subject_id IN ({quoted})").to_pylist()
    run_id = str(run.run_id)
    told = [
        Said(
            r["subject_id"], *_pack(r["pack_key"]), r["table_id"], r["clause"], _WATCHED, r["period_key"],
            r["consequence"], r["measure_key"], run_id, "computed", r["confidence"], r["subject_id"] in invented,
        )
        for r in rows
    ]  # fmt: skip
    told += [
        Said(
            q.subject_id, q.pack_id, q.pack_edition, q.table_id, q.clause, _WATCHED, q.period_key, q.answer, "", run_id,
            "computed", q.confidence, q.subject_id in invented,
        )
        for q in quiet_months(packs, months, rows, as_of=run.as_of, known=run.known_day)
    ]  # fmt: skip
    return _under_published(told, [s for s in said_in_run(workspace, run, packs, scope) if s.subject_id in about])


def _under_published(computed: Sequence[Said], published: Sequence[Said]) -> list[Said]:
    """Answers upon computed grades, those upon published ones in their place where there are."""
    found = {(s.series, s.period): s for s in computed}
    rules = {s.series for s in computed}
    for one in published:
        stands = replace(one, output=_WATCHED)
        if one.answer is not None and stands.series in rules:
            found[stands.series, one.period] = stands
    return list(found.values())


def _pack(key: str) -> tuple[str, str]:
    name, _, edition = key.partition("@")
    return name, edition


@cache
def calendar() -> Calendar:
    """The official calendar of working days, read once."""
    return official()


def packs_for(workspace: Workspace, run: RunRecord | None) -> PackSet:
    """The packs of a run; those of the program where there is none, or where it was made before there were cases."""
    if run is not None:
        packs = packs_of_run(workspace, run)
        if HOUSE in {p.id for p in packs.packs}:
            return packs
    return library(workspace=workspace)


def after_run(workspace: Workspace, run: RunRecord) -> list[Case]:
    """Mark the cases whose ground a book run has changed; a scenario, and a run that is not the newest, mark none."""
    if run.kind != "book":
        return []
    newest = latest_run(workspace, Scope.system("mark cases after a run"), known=None)
    if newest is None or newest.run_id != run.run_id:
        return []
    packs = packs_for(workspace, run)
    extra = beside(workspace, run, packs, Scope.system("mark cases after a run"))
    return follow_run(workspace, run, packs, calendar(), extra)


def newest(workspace: Workspace, scope: Scope) -> RunRecord:
    """The newest book run; RUN-001 where nothing was judged yet."""
    run = latest_run(workspace, scope, known=None)
    if run is None:
        raise UserError("RUN-001", "nothing was judged yet in this workspace.", remedy="Run `shuangkong judge`.",
                        case="nothing_judged")  # fmt: skip
    return run


def proposed_in(workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope) -> list[Proposed]:
    """Consequences of a run in the reader's own scope that call for a measure, whether or not there is a case."""
    own = scope.for_writing()
    found = proposed(workspace, run, packs, own, beside(workspace, run, packs, own))
    # a row whose newest month is published is proposed upon the published grades, or not at all
    return [p for p in found if p.ground.output != _WATCHED or p.ground.basis == "computed"]


def unopened(workspace: Workspace, found: Sequence[Proposed]) -> list[Proposed]:
    """Those consequences upon which nobody has opened, or declined, a case."""
    if not found:
        return []
    with reading(workspace.engine) as db:
        cases = cases_seen(db, Scope.system("which consequences have a case"), workspace.clock())
    return [p for p in found if not any(belongs(case, p) for case in cases)]


def waiting(workspace: Workspace, run: RunRecord, packs: PackSet, scope: Scope) -> list[Proposed]:
    """What may be opened: consequences of a run in the reader's own scope upon which there is no case yet."""
    return unopened(workspace, proposed_in(workspace, run, packs, scope))


def belongs(case: Case, proposal: Proposed) -> bool:
    """Whether a consequence belongs to a case: as it was opened, joined, or as the newest run has its ground."""
    grounds = (g for g in (case.ground, case.ground.joined, case.ground_now) if g is not None)
    return case.case_id == proposal.key or any(overlaps(g, proposal.ground) for g in grounds)


def hand_cases(workspace: Workspace, scope: Scope, found: Sequence[Proposed]) -> dict[str, list[Case]]:
    """The cases opened by hand that are likely about the same matter as what a run proposes, by its key."""
    if not found:
        return {}
    with reading(workspace.engine) as db:
        cases = cases_seen(db, scope.for_writing(), workspace.clock())
    beside_each = {p.key: by_hand_beside(cases, p.ground) for p in found}
    return {key: some for key, some in beside_each.items() if some}


def join_proposed(workspace: Workspace, scope: Scope, case_id: str, key: str, *, why: str) -> Case:
    """Join what the newest run proposes under a key to a case opened by hand; doing it again changes nothing."""
    run = newest(workspace, scope)
    packs = packs_for(workspace, run)
    found = next((p for p in proposed_in(workspace, run, packs, scope) if p.key == key), None)
    if found is None:
        raise unproposed(key)
    return join_ground(workspace, scope, case_id, found, why=why)


def unproposed(key: str) -> UserError:
    """What is said of a key under which the newest run proposes no case, or of which there is one."""
    return UserError(
        "CASE-001", f"the newest run proposes no case “{key[:60]}”, or it was opened already.", where="cases",
        remedy="Look in the list of cases.", case="proposal",
    )  # fmt: skip


def proposal_of(workspace: Workspace, scope: Scope, key: str) -> tuple[Proposed, PackSet]:
    """What may be opened under a key, with the packs; CASE-001 where the newest run proposes no such case."""
    run = newest(workspace, scope)
    packs = packs_for(workspace, run)
    found = next((p for p in waiting(workspace, run, packs, scope) if p.key == key), None)
    if found is None:
        raise unproposed(key)
    return found, packs


def open_proposed(
    workspace: Workspace, scope: Scope, key: str, *, responsible: str, why: str, decline: bool = False,
    apart: bool = False,
) -> Case:  # fmt: skip
    """Open (or decline) the case that the newest run proposes under a key; one that is there is given as it stands.

    CASE-002 where a case opened by hand is likely about the same matter, unless it is said that this one stands apart.
    """
    with reading(workspace.engine) as db:
        known = [c for c in cases_seen(db, scope.for_writing(), workspace.clock()) if c.case_id == key]
    if known:
        return known[0]
    found, packs = proposal_of(workspace, scope, key)
    there = hand_cases(workspace, scope, [found]).get(key, [])
    if there and not apart and not decline:
        raise UserError(
            "CASE-002", f"case {there[0].number} was opened by hand upon the same clause.", where="cases",
            remedy="Join what the run found to that case, or say that this is another matter.", case="apart",
            facts={"n": there[0].number},
        )  # fmt: skip
    return open_case(workspace, scope, found, packs, calendar(), responsible=responsible, why=why, decline=decline)


def subject_named(workspace: Workspace, scope: Scope, text: str) -> str:
    """The region or unit that somebody names by code, name or id, in their own scope; CASE-001 where there is none."""
    at, own, given = workspace.clock(), scope.for_writing(), text.strip()
    with reading(workspace.engine) as db:
        if names_of(db, [given], own, at):
            return given
        for scheme in ("gbt2260", *UNIT_NAMES):
            try:
                return str(resolve(db, own, scheme, given, business_day(at), at))
            except UserError:
                continue
    raise UserError(
        "CASE-001", f"no region or unit “{given[:60]}” is yours to see.", where="cases",
        remedy="Give its code, or its whole name.", case="subject", facts={"id": given[:60]},
    )  # fmt: skip


def hand_choices(workspace: Workspace, scope: Scope, subject_id: str, kind: Kind | None, packs: PackSet) -> list[Upon]:
    """The clauses upon which a case about a subject may be opened by hand today; those of a kind where it is named."""
    with reading(workspace.engine) as db:
        return clauses_for(db, scope, packs, subject_id, workspace.clock(), kind)


def opened_by_hand(workspace: Workspace, scope: Scope, given: ByHand) -> Case:
    """Open a case by hand by the packs as they stand now: no run is asked."""
    return open_by_hand(workspace, scope, given, library(workspace=workspace), calendar())


def step_on(
    workspace: Workspace, scope: Scope, case_id: str, step: Step, *, why: str, given: Taken | None = None
) -> Case:
    """Take a step of a case; serving its paper keeps the letter as it was drafted at that moment."""
    given = given or Taken()
    run = latest_run(workspace, scope, known=None)
    packs = packs_for(workspace, run)
    if step == "serve":
        _, content = drafted_with(workspace, scope, case_id, None, packs)
        given = Taken(given.responsible, given.deadline, given.doc_number, workspace.blobs.put(content), given.detail)
    return take_step(workspace, scope, case_id, step, packs, calendar(), why=why, given=given)


def drafted(workspace: Workspace, scope: Scope, case_id: str, kind: LetterKind | None) -> tuple[str, bytes]:
    """A letter of a case as (file name, docx); that of its measure where none is named. CASE-002 for one it has not."""
    packs = packs_for(workspace, latest_run(workspace, scope, known=None))
    return drafted_with(workspace, scope, case_id, kind, packs)


def drafted_with(
    workspace: Workspace, scope: Scope, case_id: str, kind: LetterKind | None, packs: PackSet
) -> tuple[str, bytes]:
    """The same with the packs at hand."""
    at = workspace.clock()
    with reading(workspace.engine) as db:
        case = case_seen(db, scope, at, case_id)
        files = evidence_of(db, scope, at, case.case_id) if case.by_hand else []
        end = head(db)
    wanted = kind or letters_of(case)[0]
    if wanted not in letters_of(case):
        raise UserError(
            "CASE-002", f"the case has no letter “{wanted}” now.", where=f"case {case.number}",
            remedy="Choose one of the letters on its page.", case="letter",
        )  # fmt: skip
    day = business_day(at)
    days = {s: working_days(packs, case.measure, s, day) for s in ("answer", "rectify")}
    facts = Facts(cited(packs, case), days, day, f"{end.sequence}:{end.hash[:16]}", files)
    letter: Letter = written(case, wanted, facts)
    return file_name(case, letter), letter_bytes(letter)


def cited(packs: PackSet, case: Case | Ground) -> Cited:
    """The document and clause that a case, or a ground, follows from, as far as its pack is there."""
    key = f"{case.pack_id}@{case.pack_edition}"
    # a case opened by hand may rest on a document that was not there when the newest run was made
    pack = next((p for p in (*packs.packs, *builtin_packs()) if p.key == key), None)
    if pack is None:
        return Cited(case.pack_id, case.pack_edition, case.clause, "", case.synthetic)
    clause = next((c for c in pack.clauses if c.id == case.clause), None)
    of = pack.instrument
    heading = clause.title.zh if clause is not None and clause.title is not None else ""
    return Cited(of.title.zh, of.doc_number or "", case.clause, heading, of.synthetic, of.title.en or "")
