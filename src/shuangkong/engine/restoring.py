"""Restoring a back-up (恢复): everything is checked first, then a new workspace is made from it, whole or not at all.

The database is brought to the revision that the back-up was taken at, filled, held against the head of the audit log,
and only then brought to the present revision: all in one transaction.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from shuangkong.engine.audit import Head, record, verify
from shuangkong.engine.backup import CHUNK, FORMAT, JOURNAL, MANIFEST, Manifest
from shuangkong.engine.database import connect, writing
from shuangkong.engine.portable import column_type, decode
from shuangkong.engine.schema import known_revisions, upgrade
from shuangkong.engine.workspace import Clock, Workspace, new_settings, sqlite_url, system_clock, write_settings
from shuangkong.kernel.errors import UserError

_ENTRY = re.compile(r"(tables/[a-z_0-9]+\.jsonl|(lake|blobs|runs|scenarios|readings)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+)")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_BATCH = 1_000
Row = dict[str, Any]


def check(source: Path, expected: Head | None = None) -> Manifest:
    """Read a back-up from end to end; raises BACKUP-001 naming the entry that is missing, changed or unreadable."""
    with _opened(source) as archive:
        return _checked(archive, expected)


def restore(
    source: Path, root: Path, *, url: str | None = None, expected: Head | None = None, principal: str,
    clock: Clock = system_clock,
) -> Workspace:  # fmt: skip
    """A new workspace in an empty folder, on either store; where anything fails nothing is left behind.

    `expected` is the head that was printed when the back-up was made. A database given by URL must hold no table.
    """
    with _opened(source) as archive:
        manifest = _checked(archive, expected)
        _require_empty(root)
        made = not root.exists()
        try:
            _fill(archive, manifest, root, url, principal, clock)
        except BaseException as wrong:
            _clear(root, itself=made)
            if isinstance(wrong, OSError):
                raise UserError(
                    "WS-004", f"{wrong.strerror or wrong}.", where=str(root),
                    remedy="Make room or name another disk; nothing was left behind.",
                ) from wrong  # fmt: skip
            raise
    return Workspace.open(root, clock=clock)


@contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(source)
    except OSError as wrong:
        raise _damaged(str(source), f"{wrong.strerror}.") from wrong
    except _DAMAGE as wrong:
        raise _damaged(str(source), f"this is no back-up: {wrong}.") from wrong
    with archive:
        yield archive


def _damaged(entry: str, what: str) -> UserError:
    return UserError("BACKUP-001", what, where=entry, remedy="Nothing was restored; take another copy of the back-up.")


def _checked(archive: zipfile.ZipFile, expected: Head | None) -> Manifest:
    manifest = _manifest(archive)
    names = archive.namelist()
    there = set(names) - {MANIFEST}
    for name in sorted(there ^ set(manifest.entries)) or _twice(names):
        what = "this entry is missing." if name in manifest.entries else "the manifest does not name this entry."
        raise _damaged(name, "this entry is there twice." if name in there & set(manifest.entries) else what)
    for name, sha256 in manifest.entries.items():
        if not _ENTRY.fullmatch(name) or ".." in name:
            raise _damaged(name, "a back-up has no such entry.")
        with _entry(archive, name) as entry:
            if _digest(name, entry, None) != sha256:
                raise _damaged(name, "this entry was changed.")
    for table in manifest.tables:
        if f"tables/{table}.jsonl" not in manifest.entries:
            raise _damaged(f"tables/{table}.jsonl", "this entry is missing.")
    if manifest.revision not in known_revisions():
        raise UserError(
            "WS-002", f"the back-up was made by version {manifest.version}, at revision {manifest.revision}.",
            where=archive.filename or "", remedy="Restore it with that version or a newer one.",
        )  # fmt: skip
    if expected is not None and expected != manifest.head:
        raise _damaged(MANIFEST, f"its head is {manifest.head.sequence}:{manifest.head.hash}, not the one given.")
    return manifest


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        raw = json.loads(archive.read(MANIFEST))
        if raw["format"] != FORMAT:
            raise _damaged(MANIFEST, f"its format is {raw['format']}, this version reads {FORMAT}.")
        tables = {str(n): [(str(c), str(k)) for c, k in columns] for n, columns in raw["tables"].items()}
        for columns in tables.values():
            for _, kind in columns:
                column_type(kind)
        return Manifest(**{**raw, "head": Head(**raw["head"]), "tables": tables, "entries": dict(raw["entries"])})
    except (*_DAMAGE, KeyError, ValueError, TypeError, AttributeError) as wrong:
        raise _damaged(MANIFEST, f"the manifest cannot be read: {wrong}.") from wrong


@contextmanager
def _entry(archive: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    try:
        with archive.open(name) as entry:
            yield entry
    except KeyError as wrong:
        raise _damaged(name, "this entry is missing.") from wrong
    except _DAMAGE as wrong:
        raise _damaged(name, f"this entry cannot be read: {wrong}.") from wrong


def _digest(name: str, entry: IO[bytes], target: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while chunk := entry.read(CHUNK):
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()


def _require_empty(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UserError(
            "WS-001", "a back-up is restored into an empty folder only.", where=str(root),
            remedy="Name a new or an empty folder with -w.",
        )  # fmt: skip


def _clear(root: Path, *, itself: bool) -> None:
    """Take away what was made; the folder was empty before, so all that is in it is ours."""
    if not root.is_dir():
        return
    for path in root.iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    if itself:
        root.rmdir()


def _fill(
    archive: zipfile.ZipFile, manifest: Manifest, root: Path, url: str | None, principal: str, clock: Clock
) -> None:
    for name in ("lake", "runs", "scenarios", "blobs"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, sha256 in manifest.entries.items():
        if not name.startswith("tables/"):
            _extract(archive, name, root / name, sha256)
    engine = connect(url or sqlite_url(root))
    try:
        with writing(engine) as db:
            if sa.inspect(db).get_table_names():
                raise UserError(
                    "WS-001", "this database already holds tables.", where="--database",
                    remedy="Name an empty database.",
                )  # fmt: skip
            upgrade(db, manifest.revision)
            _tables(db, archive, manifest)
            faults = verify(db, manifest.head)
            if faults:
                raise _damaged("tables/audit_entry.jsonl", f"the audit log does not hold: {faults[0]}.")
            upgrade(db)
            record(
                db, at=clock(), principal=principal, action="backup.restore", obj=manifest.workspace["id"],
                detail={"made_at": manifest.made_at, "version": manifest.version},
            )  # fmt: skip
    finally:
        engine.dispose()
    write_settings(root, new_settings(manifest.workspace["id"], demo=manifest.workspace["demo"], url=url))


def _extract(archive: zipfile.ZipFile, name: str, path: Path, sha256: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _entry(archive, name) as entry, path.open("xb") as target:
        if _digest(name, entry, target) != sha256:
            raise _damaged(name, "this entry was changed.")
        if name.startswith(f"{JOURNAL}/"):
            os.fchmod(target.fileno(), 0o600)
        target.flush()
        os.fsync(target.fileno())


def _tables(db: sa.Connection, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Fill every table, those that others point to first. What a revision put in by itself is in the back-up too."""
    inspector = sa.inspect(db)
    ordered = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name in manifest.tables]
    strange = sorted(set(manifest.tables) - set(ordered))
    if strange:
        raise _damaged(f"tables/{strange[0]}.jsonl", f"revision {manifest.revision} has no such table.")
    for name in reversed(ordered):
        db.execute(sa.delete(sa.table(name)))
    for name in ordered:
        columns = manifest.tables[name]
        table = sa.table(name, *(sa.column(c, column_type(k)) for c, k in columns))
        for batch in _batches(_ordered(_rows(archive, name, columns), *_own_reference(inspector, name))):
            db.execute(table.insert(), batch)
        _go_on_counting(db, inspector, name)


def _rows(archive: zipfile.ZipFile, name: str, columns: Sequence[tuple[str, str]]) -> Iterator[Row]:
    entry_name = f"tables/{name}.jsonl"
    with _entry(archive, entry_name) as entry:
        for line in entry:
            try:
                values = json.loads(line)
                yield {c: decode(v, k) for (c, k), v in zip(columns, values, strict=True)}
            except (ValueError, TypeError, ArithmeticError) as wrong:
                raise _damaged(entry_name, f"a row cannot be read: {wrong}.") from wrong


def _own_reference(inspector: sa.Inspector, name: str) -> tuple[str, str]:
    """Key and column of a table whose rows point to rows of the same table; empty where they do not."""
    for foreign in inspector.get_foreign_keys(name):
        if foreign["referred_table"] == name:
            return foreign["referred_columns"][0], foreign["constrained_columns"][0]
    return "", ""


def _ordered(rows: Iterator[Row], key: str, pointer: str) -> Iterator[Row]:
    """Rows so that each comes after the one it points to."""
    if not key:
        yield from rows
        return
    there: set[Any] = set()
    waiting: dict[Any, list[Row]] = {}
    for row in rows:
        if row[pointer] is not None and row[pointer] not in there:
            waiting.setdefault(row[pointer], []).append(row)
            continue
        ready = [row]
        while ready:
            one = ready.pop()
            there.add(one[key])
            yield one
            ready += waiting.pop(one[key], [])
    for left in waiting.values():
        yield from left


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _go_on_counting(db: sa.Connection, inspector: sa.Inspector, name: str) -> None:
    """PostgreSQL counts rows of a table by itself; it goes on after the highest that was restored."""
    if db.dialect.name != "postgresql":
        return
    for column in inspector.get_columns(name):
        if not str(column.get("default") or "").startswith("nextval("):
            continue
        quoted = db.dialect.identifier_preparer.quote(column["name"])
        table = db.dialect.identifier_preparer.quote(name)
        db.execute(
            sa.text(
                f"SELECT setval(pg_get_serial_sequence(:t, :c), coalesce(max({quoted}), 0) + 1, false) FROM {table}"
            ),
            {"t": table, "c": column["name"]},
        )
