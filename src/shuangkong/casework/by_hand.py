"""Cases opened by hand (人工立案): upon a clause that the house pack lists, what happened in words, and its record.

No run says anything here: after an inspection, a written result or a report that is overdue, a person does. The table
`by-hand` names clause, measure and level of the subject; a clause that is not listed opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa

from shuangkong.casework import store
from shuangkong.casework.evidence import checked, keep_file
from shuangkong.casework.grounds import BY_HAND, HOUSE, listed_rows, measure_in
from shuangkong.casework.model import KIND_OF, KINDS, RECORD, SITE_CHECK, Case, Ground, Kind, Measure, Proposed
from shuangkong.casework.rules import due_after
from shuangkong.casework.service import (
    begun,
    named_subject,
    not_oneself,
    opening_told,
    reasoned,
    with_deadline,
    write_history,
    wrong,
)
from shuangkong.engine.api import Workspace, writing_in_turn
from shuangkong.judgement.api import decided_rows, standing_editions
from shuangkong.kernel.ids import digest
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.metering.api import Calendar
from shuangkong.policy.api import NATION, Pack, PackSet
from shuangkong.registry.api import region_paths, subjects_seen
from shuangkong.webkit.api import business_day

#: What the record may be: the item under which it is handed in.
RECORDS = (RECORD, SITE_CHECK)
#: Working days that a first deadline may be set to.
MOST_DAYS = 250
_SYSTEM = Scope.system("which documents reach a subject")


@dataclass(frozen=True, slots=True)
class Upon:
    """A clause upon which a case of a kind may be opened by hand about a subject, with what it calls for."""

    pack: Pack
    clause: str
    kind: Kind
    occasion: str
    measure: Measure

    @property
    def key(self) -> str:
        """How the choice is named: pack with edition, clause, kind."""
        return f"{self.pack.key}|{self.clause}|{self.kind}"

    @property
    def label(self) -> Label:
        """The document and the clause by their titles."""
        heading = next(
            (c.title.label for c in self.pack.clauses if c.id == self.clause and c.title is not None), Label("")
        )
        title = self.pack.instrument.title.label
        return Label(
            f"《{title.zh}》{self.clause} {heading.zh}".rstrip(),
            f"{title.in_('en')}, {self.clause} {heading.en or ''}".rstrip(),
        )


@dataclass(frozen=True, slots=True)
class ByHand:
    """What somebody says who opens a case by hand: `upon` is a key of `Upon`, `day` the day of the occasion.

    `item` is one of `RECORDS`, `name` and `content` the file; `working_days` sets the first deadline, by the pack where
    it is null.
    """

    subject_id: str
    upon: str
    words: str
    day: date
    responsible: str
    why: str
    item: str
    name: str
    content: bytes
    working_days: int | None = None


def clauses_for(
    db: sa.Connection, scope: Scope, packs: PackSet, subject_id: str, at: datetime, kind: Kind | None = None
) -> list[Upon]:
    """The clauses upon which a case about a subject may be opened by hand today, as the reader may write.

    Of documents that reach the place of the subject, are in force and were not superseded. Empty outside the scope.
    """
    today = business_day(at)
    rows = subjects_seen(db, scope.for_writing(), at, day=today).to_pylist()
    subject = next((r for r in rows if r["subject_id"] == subject_id), None)
    if subject is None or not listed_rows(packs, BY_HAND, "pack", "clause", "kind"):
        return []
    level = subject["level"] if subject["kind"] == "region" else subject["kind"]
    code = subject["code"] if subject["kind"] == "region" else subject["region_code"]
    places = {NATION, *region_paths(db, _SYSTEM, at, today).get(code or "", ())}
    return _upon(packs, str(level), places, today, kind)


def _upon(packs: PackSet, level: str, places: set[str], day: date, kind: Kind | None) -> list[Upon]:
    standing = {
        p.id: p for p in standing_editions(packs, as_of=day, known=day)
        if p.instrument.region in places and p.instrument.in_force_from <= day
        and (p.instrument.in_force_to is None or day < p.instrument.in_force_to)
    }  # fmt: skip
    asked = [
        (standing[pack], clause, of) for pack, clause, word in listed_rows(packs, BY_HAND, "pack", "clause", "kind")
        if pack in standing and (of := KIND_OF.get(word)) is not None and kind in (None, of)
        and any(c.id == clause for c in standing[pack].clauses)
    ]  # fmt: skip
    if not asked:
        return []
    rows = [{"pack": p.id, "clause": c, "kind": KINDS[of].zh, "level": level} for p, c, of in asked]
    told = decided_rows(packs, HOUSE, BY_HAND, rows, day=day, known=day, where=f"{HOUSE}:{BY_HAND}")
    return [
        Upon(pack, clause, of, str(row["occasion"]), measure)
        for (pack, clause, of), row in zip(asked, told, strict=True) if (measure := measure_in(row, of)).severity > 0
    ]  # fmt: skip


def open_by_hand(workspace: Workspace, scope: Scope, given: ByHand, packs: PackSet, calendar: Calendar) -> Case:
    """Open a case by hand with its record; asking twice with the same record opens one.

    CASE-001 where the subject lies outside the scope for writing; CASE-002 without ground, day, reason or person, or
    upon a clause that is not listed; CASE-003 about the officer's own region; CASE-004 for a file that is not taken.
    """
    at = workspace.clock()
    today = business_day(at)
    _whole(given, today)
    plain = checked(given.name, given.content)
    sha256 = workspace.blobs.put(given.content)
    with writing_in_turn(workspace.engine) as db:
        named = named_subject(db, scope, given.subject_id, at)
        not_oneself(scope, given.subject_id, "open")
        upon = next((u for u in clauses_for(db, scope, packs, given.subject_id, at) if u.key == given.upon), None)
        if upon is None:
            raise wrong("clause", "no case may be opened by hand upon that clause.", "Choose a clause that is listed.")
        proposal = _proposal(given, upon, sha256, synthetic=named[1])
        if store.there(db, proposal.key):
            return store.case_seen(db, scope, at, proposal.key)
        case = begun(db, scope, proposal, named, "open", given.responsible, at)
        case = with_deadline(case, packs, calendar, today)
        if given.working_days is not None:
            due = due_after(calendar, today, given.working_days)
            case = replace(case, deadline=due.day, deadline_sure=due.sure)
        store.insert(db, case)
        told = opening_told(case) | {
            "by_hand": True, "pack": upon.pack.key, "clause": upon.clause, "ground_words": proposal.ground.words,
            "working_days": given.working_days,
        }  # fmt: skip
        case = write_history(db, case, scope.principal, "open", None, given.why, told, at)
        keep_file(db, case, scope.principal, given.item, plain, sha256, len(given.content), given.why)
        return store.case_seen(db, scope, at, case.case_id)


def _whole(given: ByHand, today: date) -> None:
    """CASE-002 where something that a case opened by hand rests on is missing."""
    reasoned(given.why)
    if not given.responsible.strip():
        raise wrong("responsible", "a case needs somebody who is responsible.", "Name a department or a person.")
    if not given.words.strip():
        raise wrong("ground_words", "what happened is not said.", "Say in words what was found, and where it stands.")
    if given.day > today:
        raise wrong("day", "the day of the occasion lies ahead.", "Name the day on which it happened or was told.")
    if given.item not in RECORDS:
        raise wrong("record", "the record is of no item that a case is opened upon.", "Choose one that is offered.")
    if given.working_days is not None and not 1 <= given.working_days <= MOST_DAYS:
        raise wrong("days", f"a first deadline is 1 to {MOST_DAYS} working days ahead.", "Name fewer working days.")


def _proposal(given: ByHand, upon: Upon, sha256: str, *, synthetic: bool) -> Proposed:
    of, day = upon.pack.instrument, given.day.isoformat()
    ground = Ground(
        given.subject_id, upon.pack.id, of.edition, "", upon.clause, "", upon.occasion, day, day, (), "", "", "stated",
        of.confidence, synthetic or of.synthetic, (), f"sha256:{sha256}", given.words.strip()[:2000],
    )  # fmt: skip
    key = digest("case by hand", given.subject_id, upon.pack.id, upon.clause, upon.kind, sha256)
    return Proposed(f"c_{key}", ground, upon.measure)


def occasions(found: Sequence[Upon], packs: PackSet) -> dict[str, Label]:
    """What each choice is called: measure, occasion, document and clause, by its key."""
    output = packs.table(HOUSE, BY_HAND).outputs[0]
    return {
        u.key: Label(
            f"{output.called(u.occasion).zh}：{u.label.zh}",
            f"{output.called(u.occasion).in_('en')}: {u.label.in_('en')}",
        )
        for u in found
    }
