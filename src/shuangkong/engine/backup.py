"""Back-ups (备份): one zip that either store can be restored from, taken while others write.

A back-up is what one transaction saw: every table of the registry database as JSON lines with exact decimals, then
the files that those rows name. Files are immutable and written before the row that names them, so they may be copied
after the transaction. Runs that are not complete, the secret and the address of the database stay behind.

The zip holds `manifest.json` (schema revision, head of the audit log, columns of each table, SHA-256 of each entry),
`tables/<table>.jsonl`, `lake/…`, `blobs/…`, `runs/…` and `scenarios/…`.
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
from shuangkong.engine.portable import Kind, column_kind, encode
from shuangkong.engine.schema import database_revision
from shuangkong.engine.workspace import Workspace
from shuangkong.kernel.errors import UserError

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20
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
        snapshot = _tables(workspace.engine, writer)
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
    """Files of the lake with their hashes, and the folders of complete runs."""
    commits, runs = METADATA.tables["lake_commit"].c, METADATA.tables["run"].c
    files = [(r.file, r.sha256) for r in db.execute(sa.select(commits.file, commits.sha256))]
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
