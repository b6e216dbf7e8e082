"""Back-ups (备份): one zip that either store can be restored from, taken while others write.

A back-up is what one transaction saw: every table of the registry database as JSON lines with exact decimals, then
the files that those rows name. Files are immutable and written before the row that names them, so they may be copied
after the transaction. Runs that are not complete, the secret and the address of the database stay behind.

Readings that are acknowledged and not stored yet stand in the journal alone. Its segments are copied *before* that
transaction: one is taken away only after a commit that the transaction then sees, so that each reading is in the copy
of the journal, in the tables, or in both, where storing again finds it done. The journal's last number is copied after
it, so that no place that a row names is ever given again.

The zip holds `manifest.json` (schema revision, head of the audit log, columns of each table, SHA-256 of each entry),
`tables/<table>.jsonl`, `lake/…`, `blobs/…`, `runs/…`, `scenarios/…` and `readings/…`.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from shuangkong import __version__
from shuangkong.engine.audit import Head, head, record
from shuangkong.engine.database import METADATA, writing
from shuangkong.engine.lake_replaced import lake_replaced
from shuangkong.engine.portable import Kind, column_kind, encode
from shuangkong.engine.schema import database_revision
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.errors import UserError

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20
#: Where a workspace gathers readings, the segments of their journal, and the file with its last number.
JOURNAL, SEGMENTS, LAST_NUMBER = "readings", "*.journal", "lock"
_BATCH = 2_000
_HISTORY = "alembic_version"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up says about itself; `left_out` names tables of the database that this program does not know."""

    format: int
    version: str
    revision: str
    made_at: str
    workspace: dict[str, Any]
    head: Head
    tables: dict[str, list[tuple[str, Kind]]]
    entries: dict[str, str]
    left_out: list[str]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    revision: str
    head: Head
    tables: dict[str, list[tuple[str, Kind]]]
    files: list[tuple[str, str]]
    runs: list[str]
    left_out: list[str]


class _Writer:
    """Entries of the zip, with the hash of each."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.entries: dict[str, str] = {}

    def file(self, name: str, path: Path, sha256: str = "") -> None:
        """Copy a file; raises BACKUP-001 where it is gone or is not what its row says."""
        try:
            with path.open("rb") as source:
                found = self._copy(name, source, packed=path.suffix != ".parquet")
        except FileNotFoundError:
            raise _unfit(name, "the file is missing.") from None
        if sha256 and found != sha256:
            raise _unfit(name, "the file is not the one that was written.")

    def passing(self, name: str, path: Path) -> None:
        """Copy a file that may be taken away, or may grow, meanwhile: as much of it as is there."""
        try:
            with path.open("rb") as source:
                self._copy(name, source, packed=True)
        except FileNotFoundError:
            return

    def lines(self, name: str, lines: Iterator[str]) -> None:
        """Write lines of text."""
        digest = hashlib.sha256()
        with self.archive.open(_info(name, packed=True), "w", force_zip64=True) as target:
            for line in lines:
                content = f"{line}\n".encode()
                digest.update(content)
                target.write(content)
        self.entries[name] = digest.hexdigest()

    def _copy(self, name: str, source: IO[bytes], *, packed: bool) -> str:
        digest = hashlib.sha256()
        with self.archive.open(_info(name, packed=packed), "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
        self.entries[name] = digest.hexdigest()
        return digest.hexdigest()


def _info(name: str, *, packed: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return info


def back_up(workspace: Workspace, target: Path, *, principal: str) -> Manifest:
    """Write a back-up and record that it was made; where anything fails there is no file under the final name."""
    if target.exists():
        raise UserError("BACKUP-001", "a file of this name is there.", where=str(target), remedy="Name a new file.")
    part = target.with_name(f"{target.name}.part")
    try:
        with _private(part) as handle:
            manifest = _write(workspace, handle)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(part, target)
    except OSError as wrong:
        raise UserError(
            "WS-004", f"{wrong.strerror or wrong}.", where=str(target), remedy="Make room or name another disk."
        ) from wrong
    finally:
        part.unlink(missing_ok=True)
    with writing(workspace.engine) as db:
        detail = {"head": asdict(manifest.head), "entries": len(manifest.entries)}
        record(db, at=workspace.clock(), principal=principal, action="backup.make", obj=target.name, detail=detail)
    return manifest


def _private(part: Path) -> IO[bytes]:
    """A new file that its owner alone may read: a back-up holds what everybody's rights keep apart."""
    part.unlink(missing_ok=True)
    return os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _write(workspace: Workspace, handle: IO[bytes]) -> Manifest:
    with zipfile.ZipFile(handle, "w", allowZip64=True) as archive:
        writer = _Writer(archive)
        journal = workspace.root / JOURNAL
        for segment in sorted(journal.glob(SEGMENTS)):
            writer.passing(f"{JOURNAL}/{segment.name}", segment)
        snapshot = _tables(workspace.engine, writer)
        writer.passing(f"{JOURNAL}/{LAST_NUMBER}", journal / LAST_NUMBER)
        _files(workspace, snapshot, writer)
        manifest = Manifest(
            FORMAT, __version__, snapshot.revision, workspace.clock().isoformat(),
            {"id": workspace.id, "demo": workspace.demo}, snapshot.head, snapshot.tables, writer.entries,
            snapshot.left_out,
        )  # fmt: skip
        archive.writestr(_info(MANIFEST, packed=True), json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    return manifest


def _tables(engine: Engine, writer: _Writer) -> _Snapshot:
    """Every table as one transaction sees it. A reader of SQLite's WAL keeps its view from the first read on."""
    stable = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**stable) as db, db.begin() as transaction:
        revision, last = database_revision(db), head(db)
        known = METADATA.sorted_tables
        there = set(sa.inspect(db).get_table_names()) - {_HISTORY}
        for table in known:
            writer.lines(f"tables/{table.name}.jsonl", _lines(db, table))
        files, runs = _named_files(db)
        transaction.rollback()
    columns = {t.name: [(c.name, column_kind(c.type)) for c in t.columns] for t in known}
    return _Snapshot(revision, last, columns, files, runs, sorted(there - {t.name for t in known}))


def _lines(db: sa.Connection, table: sa.Table) -> Iterator[str]:
    query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_BATCH)
    for row in db.execute(query):
        yield json.dumps([encode(value) for value in row], ensure_ascii=False)


def _named_files(db: sa.Connection) -> tuple[list[tuple[str, str]], list[str]]:
    """Files of the lake with their hashes, without those that were removed since, and the folders of complete runs."""
    commits, runs = METADATA.tables["lake_commit"].c, METADATA.tables["run"].c
    gone = sa.select(lake_replaced.c.sequence).where(lake_replaced.c.removed_at.is_not(None))
    kept = sa.select(commits.file, commits.sha256).where(commits.sequence.not_in(gone))
    files = [(r.file, r.sha256) for r in db.execute(kept)]
    complete = db.execute(sa.select(runs.run_id, runs.kind).where(runs.state == "complete"))
    return files, [f"{'runs' if r.kind == 'book' else 'scenarios'}/{r.run_id}" for r in complete]


def _files(workspace: Workspace, snapshot: _Snapshot, writer: _Writer) -> None:
    """What the rows name. Of originals all are taken: one that came later is named by nothing and does no harm."""
    for file, sha256 in snapshot.files:
        writer.file(f"lake/{file}", workspace.lake.root / file, sha256)
    for path in sorted(workspace.blobs.root.glob("??/*")):
        # an upload whose import is given up meanwhile goes
        if path.suffix != ".part" and path.exists():
            writer.file(f"blobs/{path.parent.name}/{path.name}", path, path.name)
    for folder in snapshot.runs:
        _run(workspace.root / folder, folder, writer)


def _run(path: Path, folder: str, writer: _Writer) -> None:
    manifest = path / "manifest.json"
    if not manifest.is_file():
        raise _unfit(folder, "the folder of this run is missing.")
    hashes = {name: t["sha256"] for name, t in json.loads(manifest.read_text("utf-8"))["tables"].items()}
    missing = sorted(name for name in hashes if not (path / f"{name}.parquet").is_file())
    if missing:
        raise _unfit(f"{folder}/{missing[0]}.parquet", "the file is missing.")
    for file in sorted(p for p in path.iterdir() if p.is_file()):
        expected = hashes.get(file.stem, "") if file.suffix == ".parquet" else ""
        writer.file(f"{folder}/{file.name}", file, expected)


def _unfit(name: str, what: str) -> UserError:
    return UserError(
        "BACKUP-001", what, where=name, remedy="No back-up was written; restore this entry from an earlier one."
    )
