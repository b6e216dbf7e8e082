"""Imports under way (进行中的导入): a file that was handed up, with what was chosen for it, until it is committed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.accounting.api import Origin
from shuangkong.engine.api import METADATA, UtcInstant, record
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import digest
from shuangkong.registry.api import sheets

#: One's own newest imports under way that a page lists; an older one is still reached by its address.
LISTED = 20

import_draft = sa.Table(
    "import_draft",
    METADATA,
    sa.Column("draft_id", sa.String(40), primary_key=True),
    sa.Column("principal", sa.String(120), nullable=False),
    sa.Column("book", sa.String(20), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("original", sa.String(64), nullable=False),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("sheet", sa.Text, nullable=False),
    sa.Column("header_row", sa.Integer),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("publisher", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("known_on", sa.Date, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("use", sa.Text),
    sa.Column("mapping", sa.Text),
    sa.Column("fixes", sa.Text, nullable=False),
    sa.Column("check_job", sa.String(40)),
    sa.Column("commit_job", sa.String(40)),
    sa.Column("created_at", UtcInstant, nullable=False),
    sa.Column("changed_at", UtcInstant, nullable=False),
    sa.Index(None, "principal", "changed_at"),
)


@dataclass(frozen=True, slots=True)
class Fix:
    """One cell that was put right on a page; a row that was left out has no column."""

    row: int
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ImportDraft:
    """An import under way. `original` is the file as it was handed up, `content` the same with the fixes in it."""

    draft_id: str
    principal: str
    book: str
    file_name: str
    original: str
    content: str
    sheet: str
    header_row: int | None
    rows: int
    publisher: str
    document: str
    known_on: date
    synthetic: bool
    use: str | None
    mapping: sheets.Mapping | None
    fixes: tuple[Fix, ...]
    check_job: str | None
    commit_job: str | None
    created_at: datetime
    changed_at: datetime

    @property
    def mended(self) -> bool:
        """Whether cells were put right on a page."""
        return self.content != self.original

    @property
    def called(self) -> str:
        """The name of the content: a corrected copy is a text file."""
        return f"{self.file_name.rpartition('.')[0]}（页面更正）.csv" if self.mended else self.file_name

    @property
    def chosen(self) -> str:
        """What says that file and columns are still the same; part of the keys of its jobs."""
        return digest("chosen", self.content, self.mapping.to_json() if self.mapping else "")

    def origin(self) -> Origin:
        """Where the figures come from; a corrected copy names the original and the rows, the log who did it."""
        note = self.document
        if self.mended:
            rows = "、".join(str(r) for r in sorted({f.row for f in self.fixes}))
            note = f"{note}（在页面更正第 {rows} 行；原件 {self.file_name}，SHA-256 {self.original[:12]}）"
        return Origin(self.called, self.publisher, note, "", self.known_on, synthetic=self.synthetic, use=self.use)


def add_draft(db: sa.Connection, principal: str, at: datetime, **given: Any) -> str:
    """Keep a file that was handed up; gives the id of the import."""
    draft_id = f"d_{uuid.uuid4().hex[:20]}"
    db.execute(
        import_draft.insert().values(
            draft_id=draft_id, principal=principal, fixes="[]", created_at=at, changed_at=at, content=given["original"],
            **given,
        )
    )  # fmt: skip
    detail = {"book": given["book"], "file": given["file_name"], "sha256": given["original"]}
    record(db, at=at, principal=principal, action="import.upload", obj=draft_id, detail=detail)
    return draft_id


def draft_of(db: sa.Connection, principal: str, draft_id: str, *, lock: bool = False) -> ImportDraft:
    """One's own import under way; IMP-004 in the same words for another's as for one that does not exist."""
    query = sa.select(import_draft).where(import_draft.c.draft_id == draft_id, import_draft.c.principal == principal)
    row = db.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise UserError(
            "IMP-004",
            "there is no such import, or it is not yours.",
            where=draft_id[:60],
            remedy="Open /imports for yours, or begin a new one.",
            case="none",
        )
    return _draft(row)


def drafts_of(db: sa.Connection, principal: str) -> list[ImportDraft]:
    """One's own imports under way, newest first."""
    t = import_draft
    query = sa.select(t).where(t.c.principal == principal).order_by(t.c.changed_at.desc(), t.c.draft_id).limit(LISTED)
    return [_draft(r) for r in db.execute(query).mappings()]


def draft_of_job(db: sa.Connection, principal: str, job_id: str) -> str | None:
    """The id of one's own import that a job checks or commits."""
    t = import_draft
    query = sa.select(t.c.draft_id).where(t.c.principal == principal)
    return db.execute(query.where(sa.or_(t.c.check_job == job_id, t.c.commit_job == job_id))).scalars().first()


def change_draft(db: sa.Connection, draft: ImportDraft, at: datetime, **values: Any) -> None:
    """Write what was chosen. The caller has looked at the draft in the same transaction."""
    db.execute(import_draft.update().where(import_draft.c.draft_id == draft.draft_id).values(changed_at=at, **values))


def drop_import(db: sa.Connection, draft: ImportDraft, at: datetime) -> None:
    """Give an import up; `app.upkeep.give_up` deletes its files too."""
    db.execute(import_draft.delete().where(import_draft.c.draft_id == draft.draft_id))
    record(
        db, at=at, principal=draft.principal, action="import.drop", obj=draft.draft_id, detail={"file": draft.called}
    )


def fixes_text(fixes: Sequence[Fix]) -> str:
    """Fixes as JSON."""
    return json.dumps([asdict(f) for f in fixes], ensure_ascii=False)


def _draft(row: sa.RowMapping) -> ImportDraft:
    read = {
        "mapping": sheets.Mapping.from_json(row["mapping"]) if row["mapping"] else None,
        "fixes": tuple(Fix(**f) for f in json.loads(row["fixes"])),
    }
    return ImportDraft(**{f.name: read.get(f.name, row[f.name]) for f in fields(ImportDraft)})
