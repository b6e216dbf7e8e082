"""From a reviewed document to a proposed pack (提交规则包): what was accepted becomes a pack for a second person.

The pack is checked as `policy check` does; what is wrong with an entry is told at the entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.app import document_store as store
from shuangkong.app.catalogue import library
from shuangkong.app.document_store import DocumentRow, Entry
from shuangkong.app.document_values import as_candidate, as_duty, as_target
from shuangkong.app.documents import seen, version_of
from shuangkong.app.publishing import propose_pack
from shuangkong.engine.api import Workspace, reading, record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Draft, PackSet, ReadDocument, draft, indicator_names
from shuangkong.webkit.api import business_day


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person says of the pack: which document of the file, the pack's id and edition, and what it says it is."""

    part: int
    pack_id: str
    edition: str
    title: str
    doc_number: str | None
    issuer: str
    region: str
    issued: date


@dataclass(frozen=True, slots=True)
class Prepared:
    """A drafted pack of one document of a file, the entries it was made of, and why some are not in it, by entry."""

    made: Draft
    part: int
    entries: tuple[Entry, ...]
    left_out: dict[str, str]

    def entry_in(self, told: str) -> Entry | None:
        """The entry whose name in the pack a problem tells of."""
        names = [(name, e) for name, e in zip(self._names(), self.entries, strict=True) if name]
        return next((e for name, e in sorted(names, key=lambda x: -len(x[0])) if name in told), None)

    def _names(self) -> list[str | None]:
        counts: dict[str, int] = {}
        found = []
        for e in self.entries:
            kind = drafted_kind(e)
            found.append(self.made.became.get((kind, counts.get(kind, 0))))
            counts[kind] = counts.get(kind, 0) + 1
        return found


def drafted_kind(e: Entry) -> str:
    """The sequence in which an entry goes to the drafting of a pack."""
    return e.kind if e.kind in ("target", "duty") else "candidate"


def parts_of(workspace: Workspace, row: DocumentRow) -> tuple[ReadDocument, ...]:
    """The documents of a file."""
    return version_of(workspace, row).reading.documents


def prepare(
    workspace: Workspace, scope: Scope, document_id: str, facts: Facts, language: Language, packs: PackSet | None = None
) -> Prepared:
    """Draft the pack of what was accepted, corrected and added in one document of a file.

    READ-005; READ-006 where nothing was; PackErrors where the facts make no instrument.
    """
    with reading(workspace.engine) as db:
        row = seen(db, scope, document_id, workspace.clock())
        taken = _taken(db, row, facts.part)
    version = version_of(workspace, row)
    about = next((d for d in version.reading.documents if d.number == facts.part), None)
    if not taken or about is None:
        raise UserError(
            "READ-006", "nothing was accepted yet.", where=document_id, case="nothing",
            remedy="Accept, correct or add an entry first.",
        )  # fmt: skip
    about = replace(
        about, title=facts.title, doc_number=facts.doc_number, issuer=facts.issuer, issued=facts.issued.isoformat()
    )
    groups = {kind: [e for e in taken if drafted_kind(e) == kind] for kind in ("target", "duty", "candidate")}
    made = draft(
        about, [as_target(e) for e in groups["target"]], [as_duty(e) for e in groups["duty"]],
        [as_candidate(e) for e in groups["candidate"]], pack_id=facts.pack_id, edition=facts.edition,
        known=business_day(workspace.clock()), packs=packs or library(workspace=workspace), region=facts.region,
        text=version.cleaned.text, confidence="synthetic" if row.synthetic else "confirmed", synthetic=row.synthetic,
        language=language,
    )  # fmt: skip
    left_out = {groups[x.kind][x.place].entry_id: x.because for x in made.left_out}
    return Prepared(made, facts.part, tuple(taken), left_out)


def propose_document(
    workspace: Workspace, scope: Scope, document_id: str, prepared: Prepared, because: str
) -> str:  # fmt: skip
    """Propose the pack; gives the proposal's id. The document and its proposal are changed together or not at all.

    Raises what `propose_pack` does, READ-005, and READ-006 where somebody decided on the document since it was drafted.
    """
    files = {name: text.encode() for name, text in prepared.made.files.items()}

    def also(db: sa.Connection, proposal: str, at: datetime) -> None:
        row = seen(db, scope, document_id, at)
        if prepared.entries != tuple(_taken(db, row, prepared.part)):
            raise UserError(
                "READ-006", "somebody decided on it meanwhile.", where=row.file_name, case="meanwhile",
                remedy="Look at it again.",
            )  # fmt: skip
        store.change_document(db, row.document_id, proposal_id=proposal)
        within = [e for e in prepared.entries if e.entry_id not in prepared.left_out]
        detail = {
            "file": row.file_name, "proposal": proposal, "entries": len(prepared.entries),
            "left_out": len(prepared.left_out), "decided_by": sorted({e.decided_by for e in within if e.decided_by}),
        }  # fmt: skip
        record(db, at=at, principal=scope.principal, action=store.PROPOSED, obj=row.document_id, detail=detail)

    return propose_pack(workspace, scope, files, because, origin=document_id, also=also)


def _taken(db: sa.Connection, row: DocumentRow, part: int) -> list[Entry]:
    return [e for e in store.entries_of(db, row.document_id) if e.taken and e.part == part]


def indicators_of(packs: PackSet) -> Sequence[tuple[str, Label, str]]:
    """Id, name and unit of every indicator that a target can be bound to; what is computed comes first."""
    computed: dict[str, Any] = {n: b for (source, n), b in (packs.catalogue or {}).items() if source == "indicator"}
    rows = [(n, b.label, b.unit) for n, b in computed.items()]
    return rows + [(n, d.label.label, d.unit) for n, d in packs.indicators.items() if n not in computed]


def indicators_called(packs: PackSet) -> Callable[[str | None], str | None]:
    """What gives the id of the one indicator that a printed name means, or None where that is not certain."""
    names = indicator_names(packs)

    def called(printed: str | None) -> str | None:
        found = names.called(printed) if printed else None
        return found.id if found else None

    return called
