"""Publishing packs (规则包发布): one person proposes a pack, a second one puts it in force in the workspace (双人复核).

A proposal keeps the pack's bytes; nothing of it is decided under before it is published. What was published stays: a
later pack of the same id and edition stands in its place from then on, and runs as known before still take the old one.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from shuangkong.engine.api import METADATA, Blobs, UtcInstant, record
from shuangkong.kernel.ids import digest
from shuangkong.kernel.labels import Label
from shuangkong.policy.loading import load_files
from shuangkong.policy.model import Pack
from shuangkong.policy.strict_yaml import MAX_BYTES
from shuangkong.policy.words import said

State = Literal["open", "published", "rejected", "withdrawn"]
STATES: dict[State, Label] = {
    "open": Label("待复核", "waiting for a second person"),
    "published": Label("已发布", "published"),
    "rejected": Label("已退回", "sent back"),
    "withdrawn": Label("已撤回", "withdrawn"),
}
#: A pack is text: a folder that unpacks to more is no pack.
MAX_FILES, MAX_TOTAL = 200, 20 * MAX_BYTES
_EPOCH = (1980, 1, 1, 0, 0, 0)

pack_proposal = sa.Table(
    "pack_proposal",
    METADATA,
    sa.Column("proposal_id", sa.String(40), primary_key=True),
    sa.Column("pack_id", sa.String(200), nullable=False),
    sa.Column("edition", sa.String(80), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("blob", sa.String(64), nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.String(120), nullable=False),
    sa.Column("proposed_at", UtcInstant, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("decided_by", sa.String(120)),
    sa.Column("decided_at", UtcInstant),
    sa.Column("decision", sa.Text),
    sa.Index("ix_pack_proposal_state_decided_at", "state", "decided_at"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed pack: what it is, who proposed it and why, and what became of it."""

    proposal_id: str
    pack_id: str
    edition: str
    region: str
    title: str
    content_hash: str
    blob: str
    because: str
    proposed_by: str
    proposed_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None

    @property
    def key(self) -> str:
        """id@edition of the pack."""
        return f"{self.pack_id}@{self.edition}"


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """The files of a pack as one archive, the same bytes for the same files."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def unpacked(content: bytes, *, origin: str) -> Mapping[str, bytes]:
    """The files of an archive, names inside the pack's folder; PACK-001 where it is none, or too large for a pack.

    An archive of one folder is read as that folder. Names that lead outside are refused by the loader, which knows
    every file that a pack can have.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [e for e in archive.infolist() if not e.is_dir()]
            if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_TOTAL:
                raise said("PACK-001", "archive_large", files=MAX_FILES, bytes=MAX_TOTAL).at(origin)
            files = {e.filename: archive.read(e) for e in entries}
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, RuntimeError, OSError, EOFError) as error:
        raise said("PACK-001", "archive").at(origin) from error
    tops = {name.split("/")[0] for name in files}
    if "instrument.yaml" not in files and len(tops) == 1:
        return {name.partition("/")[2]: data for name, data in files.items()}
    return files


def propose(
    db: sa.Connection,
    blobs: Blobs,
    pack: Pack,
    because: str,
    *,
    standing: Sequence[Pack],
    at: datetime,
    principal: str,
) -> str:
    """Keep a pack as a proposal; gives its id. PACK-007 where no reason is given, or the same pack stands or waits."""
    if not because.strip():
        raise said("PACK-007", "reason").at(pack.key)
    waiting = {p.content_hash for p in proposals(db) if p.state == "open"}
    if pack.content_hash in waiting or any(p.key == pack.key and p.content_hash == pack.content_hash for p in standing):
        raise said("PACK-007", "same").at(pack.key)
    row = {
        "pack_id": pack.id, "edition": pack.edition, "region": pack.instrument.region,
        "title": pack.instrument.title.zh, "content_hash": pack.content_hash, "blob": blobs.put(packed(pack.files)),
        "because": because.strip(), "proposed_by": principal, "proposed_at": at, "state": "open",
    }  # fmt: skip
    proposal_id = digest("pack_proposal", pack.content_hash, principal, at.isoformat())
    db.execute(pack_proposal.insert().values(proposal_id=proposal_id, **row))
    record(db, at=at, principal=principal, action="pack.propose", obj=pack.key,
           detail={"proposal": proposal_id, "content_hash": pack.content_hash, "because": because.strip()})  # fmt: skip
    return proposal_id


def decide_proposal(
    db: sa.Connection,
    proposal_id: str,
    state: Literal["published", "rejected", "withdrawn"],
    reason: str,
    *,
    at: datetime,
    principal: str,
    took_part: Collection[str] = (),
) -> Proposal:
    """Publish or reject somebody else's proposal, or withdraw the own one.

    took_part: who, besides the one who proposed it, decided what is in it, and so cannot publish it. PACK-007 where it
    waits no more or a reason is missing; PACK-008 where one person would do both parts.
    """
    found = proposal(db, proposal_id)
    if state != "published" and not reason.strip():
        raise said("PACK-007", "reason").at(found.key)
    if (found.proposed_by == principal) != (state == "withdrawn"):
        raise said("PACK-008", "second").at(found.key)
    if state == "published" and principal in took_part:
        raise said("PACK-008", "took_part").at(found.key)
    t = pack_proposal
    done = db.execute(
        t.update()
        .where(t.c.proposal_id == proposal_id, t.c.state == "open")
        .values(state=state, decided_by=principal, decided_at=at, decision=reason.strip() or None)
    )
    if done.rowcount != 1:
        raise said("PACK-007", "decided").at(found.key)
    detail = {
        "proposal": proposal_id, "content_hash": found.content_hash, "proposed_by": found.proposed_by,
        "reason": reason.strip(),
    }  # fmt: skip
    record(db, at=at, principal=principal, action=f"pack.{_VERBS[state]}", obj=found.key, detail=detail)
    return proposal(db, proposal_id)


_VERBS = {"published": "publish", "rejected": "reject", "withdrawn": "withdraw"}


def proposal(db: sa.Connection, proposal_id: str) -> Proposal:
    """A proposal by its id; PACK-006 where there is none."""
    row = db.execute(sa.select(pack_proposal).where(pack_proposal.c.proposal_id == proposal_id)).mappings().first()
    if row is None:
        raise said("PACK-006", "proposal").at(proposal_id[:80])
    return Proposal(**row)


def proposals(db: sa.Connection) -> list[Proposal]:
    """Every proposal, newest first."""
    query = sa.select(pack_proposal).order_by(pack_proposal.c.proposed_at.desc(), pack_proposal.c.proposal_id)
    return [Proposal(**row) for row in db.execute(query).mappings()]


def proposed_pack(blobs: Blobs, found: Proposal) -> Pack:
    """The pack of a proposal, read from its kept bytes."""
    return load_files(unpacked(blobs.get(found.blob), origin=found.key), origin=found.key)


def published_packs(db: sa.Connection, blobs: Blobs, known: datetime) -> tuple[Pack, ...]:
    """The packs published in the workspace up to an instant, the newest of each id and edition."""
    t = pack_proposal
    query = sa.select(t).where(t.c.state == "published", t.c.decided_at <= known)
    query = query.order_by(t.c.decided_at, t.c.proposal_id)
    newest = {p.key: p for p in (Proposal(**row) for row in db.execute(query).mappings())}
    return tuple(proposed_pack(blobs, p) for p in newest.values())


def with_published(packs: Iterable[Pack], published: Iterable[Pack]) -> tuple[Pack, ...]:
    """The packs with the published ones among them; one of the same id and edition is taken in its place."""
    return tuple(({p.key: p for p in packs} | {p.key: p for p in published}).values())
