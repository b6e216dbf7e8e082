"""Documents that can be laid side by side (目标对照): packs of the workspace, and documents under review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from shuangkong.app import document_store as store
from shuangkong.app.document_store import DocumentRow
from shuangkong.app.document_values import as_target
from shuangkong.app.documents import documents_seen, seen, version_of
from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Pack, PackSet, draft, load_files
from shuangkong.webkit.api import business_day

REVIEWED = "document:"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be chosen at a level: its name in the address, its title, and whether it is under review."""

    name: str
    title: Label
    level: str
    region: str
    issued: str
    reviewed: bool


def choices(packs: PackSet, rows: Sequence[DocumentRow]) -> list[Choice]:
    """Packs with targets, newest first, and behind them the documents under review that have been read."""
    found = [
        Choice(p.key, i.title.label, i.level, i.region, i.issued.isoformat(), False)
        for p, i in ((p, p.instrument) for p in packs.packs if p.targets)
    ]
    found.sort(key=lambda c: c.issued, reverse=True)
    return [*found, *map(_reviewed, (r for r in rows if r.read_at is not None))]


def _reviewed(row: DocumentRow) -> Choice:
    return Choice(
        f"{REVIEWED}{row.document_id}", Label(row.title, row.title), level_of(row.region), row.region, "", True
    )


def level_of(region: str) -> str:
    """The level of an instrument for a region, by the noughts at the end of its code."""
    if region == "000000":
        return "nation"
    if region.endswith("0000"):
        return "province"
    return "city" if region.endswith("00") else "county"


def rows_under_review(workspace: Workspace, scope: Scope) -> list[DocumentRow]:
    """The newest version of each document under review in the scope."""
    with reading(workspace.engine) as db:
        rows = documents_seen(db, scope, workspace.clock())
    newest: dict[str, DocumentRow] = {}
    for row in rows:
        kept = newest.setdefault(row.series, row)
        newest[row.series] = row if row.version > kept.version else kept
    return list(newest.values())


def chosen_pack(workspace: Workspace, scope: Scope, name: str, packs: PackSet) -> Pack:
    """The pack of that name, or the draft of a document under review; PACK-006, READ-005 where there is none."""
    if not name.startswith(REVIEWED):
        return packs.pack(name)
    with reading(workspace.engine) as db:
        row = seen(db, scope, name.removeprefix(REVIEWED), workspace.clock())
        entries = [e for e in store.entries_of(db, row.document_id) if e.kind == "target" and e.state != "rejected"]
    documents = version_of(workspace, row).reading.documents
    most = max(documents, key=lambda d: (sum(e.part == d.number for e in entries), -d.number))
    own = [e for e in entries if e.part == most.number]
    make = partial(
        draft, most, pack_id=f"document.{row.region}", known=business_day(workspace.clock()), packs=packs,
        region=row.region, synthetic=row.synthetic,
    )  # fmt: skip
    made = make([as_target(e) for e in own], ())
    return load_files({n: t.encode() for n, t in made.files.items()}, origin=name)


def linked(packs: PackSet, found: Sequence[Choice]) -> dict[str, str]:
    """What is chosen to begin with: the newest document that carries out another with targets, and those above it."""
    names = {c.name for c in found}
    by_id = {p.id: p for p in packs.packs if p.key in names}
    for one in found:
        pack = next((p for p in packs.packs if p.key == one.name), None)
        above = [by_id[i] for i in pack.instrument.carries_out if i in by_id] if pack else []
        levels: dict[str, str] = {p.instrument.level: p.key for p in (*above, pack)} if pack else {}
        if len(levels) > 1:
            return levels
    return {}
