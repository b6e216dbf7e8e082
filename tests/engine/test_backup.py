"""A back-up is what one moment saw; what is restored from it says the same on either store, or nothing is left."""

from __future__ import annotations

import errno
import importlib
import json
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.sample import SAMPLE, START, Clock, rows
from engine.schema import STORES
from shuangkong.engine import backup as backup_module
from shuangkong.engine import restoring as restoring_module
from shuangkong.engine.api import (
    METADATA,
    Commit,
    Head,
    Workspace,
    back_up,
    check,
    head,
    lake_commit,
    read_result,
    reading,
    record,
    restore,
    run_record,
    verify,
)
from shuangkong.engine.portable import column_kind, column_type, decode, encode
from shuangkong.judgement.api import FINDINGS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from stored.make_workspace import told

STORED = Path(__file__).parents[1] / "stored" / "v0.1.0"
READER = Scope.all("reader")
POSTGRES = pytest.param("postgresql", marks=pytest.mark.service)
for store in STORES:
    importlib.import_module(store)


@pytest.fixture(params=["sqlite", POSTGRES])
def url(request: pytest.FixtureRequest) -> str | None:
    """Where the registry database of the workspace that is backed up lies."""
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else None


@pytest.fixture
def source(url: str | None, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with three commits, each with its entry in the audit log, and an original."""
    made = Workspace.create(tmp_path / "source", url=url, clock=Clock())
    for name in "abc":
        commit(made, name)
    made.blobs.put("原件（合成）".encode())
    yield made
    made.engine.dispose()


def commit(workspace: Workspace, name: str) -> None:
    """One more commit of the sample table with its audit entry."""

    def also(db: sa.Connection, done: Commit) -> None:
        record(db, at=START, principal="p", action="lake.commit", obj=done.table, detail={"name": name})

    with workspace.lake.lease("sample") as lease:
        workspace.lake.commit(
            SAMPLE, rows(name), lease, token=name, principal="p", note="", recorded_at=START, also=also
        )


def contents(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the audit log, which grows by an entry for the back-up itself."""
    with reading(workspace.engine) as db:
        return {
            t.name: [tuple(r) for r in db.execute(sa.select(t).order_by(*t.primary_key.columns))]
            for t in METADATA.sorted_tables
            if t.name != "audit_entry"
        }


def refused(call: Callable[[], object]) -> str:
    """The message of a refusal."""
    with pytest.raises(UserError) as wrong:
        call()
    return str(wrong.value)


def again(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write the zip anew with its entries changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {n: archive.read(n) for n in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("target", ["sqlite", POSTGRES])
def test_what_is_restored_is_what_was(
    source: Workspace, target: str, tmp_path: Path, make_postgres: Callable[[], str]
) -> None:
    """Rows, lake, originals and audit log are the same on either store; then work goes on where it stopped."""
    made = back_up(source, tmp_path / "b.zip", principal="p")
    url = make_postgres() if target == "postgresql" else None
    back = restore(
        tmp_path / "b.zip", tmp_path / "back", url=url, expected=made.head, principal="p", clock=Clock()
    )  # fmt: skip
    assert contents(back) == contents(source)
    assert back.lake.read(SAMPLE, START).to_pylist() == source.lake.read(SAMPLE, START).to_pylist()
    assert (back.id, back.demo) == (source.id, source.demo)
    assert back.secret not in ("", source.secret)
    with reading(back.engine) as db:
        assert verify(db, made.head) == []
        assert head(db).sequence == made.head.sequence + 1
    commit(back, "d")
    with reading(back.engine) as db:
        assert db.execute(sa.select(sa.func.max(lake_commit.c.sequence))).scalar_one() == 4
    back.engine.dispose()


@pytest.fixture
def make_postgres(request: pytest.FixtureRequest) -> Callable[[], str]:
    """A further empty database, beside the one that the workspace may already have."""

    def make() -> str:
        import psycopg

        server = request.getfixturevalue("postgres_url")
        name = f"{server.rpartition('/')[2]}_b"
        plain = server.replace("+psycopg", "", 1)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')

        def drop() -> None:
            with psycopg.connect(f"{plain.rpartition('/')[0]}/postgres", autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

        request.addfinalizer(drop)
        return f"{server.rpartition('/')[0]}/{name}"

    return make


def test_a_workspace_with_a_run_says_the_same_after_restoring(tmp_path: Path) -> None:
    """The findings of a real run and the audit log are those of the original, hash by hash."""
    with tarfile.open(STORED / "sqlite.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    expected = json.loads((STORED / "expected.json").read_text("utf-8"))["sqlite"]
    original = Workspace.open(tmp_path / "workspace")
    made = back_up(original, tmp_path / "b.zip", principal="p")
    back = restore(tmp_path / "b.zip", tmp_path / "back", principal="p")
    found = read_result(run_record(back, READER, expected["run"]), FINDINGS, READER).to_pylist()
    assert told(found) == expected["told"]
    assert contents(back) == contents(original)
    assert made.head == Head(*expected["head"])
    assert made.left_out == []
    with reading(back.engine) as db:
        assert verify(db, made.head) == []
    original.engine.dispose()
    back.engine.dispose()


def test_a_commit_in_the_midst_is_in_it_whole_or_not_at_all(
    source: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed between two tables, and between tables and files, is not in the back-up, nor half of it."""
    lines, files = backup_module._lines, backup_module._files
    late = iter("defghijklmnopqrstuvwxyz" * 9)
    names = iter(range(1000))

    def between(*given: Any) -> Any:
        commit(source, f"{next(late)}{next(names)}")
        return lines(*given)

    def after(*given: Any) -> Any:
        commit(source, f"{next(late)}{next(names)}")
        return files(*given)

    # the first table opens the view of the transaction, so commits start with the second
    first = iter([lines])
    monkeypatch.setattr(backup_module, "_lines", lambda *given: next(first, between)(*given))
    monkeypatch.setattr(backup_module, "_files", after)
    made = back_up(source, tmp_path / "b.zip", principal="p")
    assert made.head.sequence == 3
    back = restore(tmp_path / "b.zip", tmp_path / "back", principal="p", clock=Clock())
    assert len(contents(back)["lake_commit"]) == 3
    assert sorted(r["row_id"] for r in back.lake.read(SAMPLE, START).to_pylist()) == ["a", "b", "c"]
    with reading(back.engine) as db:
        assert verify(db, made.head) == []
    back.engine.dispose()


def test_it_is_for_its_owner_alone_and_holds_no_secret(source: Workspace, tmp_path: Path) -> None:
    """Nobody else may read the file; neither the secret nor the address of the database is in it."""
    back_up(source, tmp_path / "b.zip", principal="p")
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        everything = b"".join(archive.read(n) for n in archive.namelist())
    assert source.secret.encode() not in everything
    assert b"postgresql+psycopg" not in everything
    assert [p.name for p in tmp_path.glob("*.part")] == []


def flipped(content: bytes) -> bytes:
    """The content with its last byte changed."""
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    ("where", "change", "message"),
    [
        ("lake/", "flip", "this entry was changed."),
        ("blobs/", "drop", "this entry is missing."),
        ("tables/audit_entry.jsonl", "flip", "this entry was changed."),
        ("tables/lake_commit.jsonl", "drop", "this entry is missing."),
        ("blobs/../../evil", "add", "the manifest does not name this entry."),
        ("manifest.json", "flip", "the manifest cannot be read"),
    ],
)
def test_damage_is_named_and_leaves_nothing(tmp_path: Path, where: str, change: str, message: str) -> None:
    """An entry that was changed, taken away or added is named, and the folder is not made."""
    made = Workspace.create(tmp_path / "source", clock=Clock())
    commit(made, "a")
    made.blobs.put(b"x" * 100)
    path = tmp_path / "b.zip"
    back_up(made, path, principal="p")

    def damage(entries: dict[str, bytes]) -> None:
        name = next((n for n in entries if n.startswith(where)), where)
        if change == "drop":
            del entries[name]
        else:
            entries[name] = flipped(entries.get(name, b"x"))

    again(path, damage)
    said = refused(lambda: restore(path, tmp_path / "back", principal="p"))
    assert said.startswith(f"BACKUP-001 {where}")
    assert message in said
    assert not (tmp_path / "back").exists()
    assert refused(lambda: check(path)) == said
    made.engine.dispose()


def test_a_torn_file_is_no_backup(source: Workspace, tmp_path: Path) -> None:
    """A file cut short, a file of something else and no file at all are refused with its name."""
    path = tmp_path / "b.zip"
    back_up(source, path, principal="p")
    path.write_bytes(path.read_bytes()[:-200])
    assert refused(lambda: check(path)).startswith(f"BACKUP-001 {path}: this is no back-up")
    assert refused(lambda: check(tmp_path / "none.zip")).startswith("BACKUP-001")


def test_a_swapped_byte_inside_the_zip_is_named(source: Workspace, tmp_path: Path) -> None:
    """A byte that changed on the disk breaks the sum of its entry, which is named."""
    path = tmp_path / "b.zip"
    back_up(source, path, principal="p")
    with zipfile.ZipFile(path) as archive:
        info = next(i for i in archive.infolist() if i.filename.startswith("lake/"))
    content = bytearray(path.read_bytes())
    content[info.header_offset + 30 + len(info.filename) + 60] ^= 1
    path.write_bytes(content)
    assert refused(lambda: check(path)).startswith(f"BACKUP-001 {info.filename}: this entry cannot be read")


def test_another_head_than_the_printed_one_is_refused(source: Workspace, tmp_path: Path) -> None:
    """A back-up of an earlier day is not taken for the one whose head was printed."""
    made = back_up(source, tmp_path / "b.zip", principal="p")
    other = Head(made.head.sequence, "0" * 64)
    said = refused(lambda: restore(tmp_path / "b.zip", tmp_path / "back", expected=other, principal="p"))
    assert said.startswith(f"BACKUP-001 manifest.json: its head is 3:{made.head.hash}, not the one given.")


def test_a_forged_log_is_found(tmp_path: Path) -> None:
    """Who changes an entry of the audit log and mends the manifest's hash is found by the chain."""
    import hashlib

    made = Workspace.create(tmp_path / "source", clock=Clock())
    for name in "ab":
        commit(made, name)
    path = tmp_path / "b.zip"
    back_up(made, path, principal="p")
    log = "tables/audit_entry.jsonl"

    def forge(entries: dict[str, bytes]) -> None:
        entries[log] = entries[log].replace(b'"p"', b'"q"', 1)
        manifest = json.loads(entries["manifest.json"])
        manifest["entries"][log] = hashlib.sha256(entries[log]).hexdigest()
        entries["manifest.json"] = json.dumps(manifest).encode()

    again(path, forge)
    said = refused(lambda: restore(path, tmp_path / "back", principal="p"))
    assert said.startswith(f"BACKUP-001 {log}: the audit log does not hold: entry 1 was changed.")
    assert not (tmp_path / "back").exists()
    made.engine.dispose()


class FullDisk:
    """A file that takes some bytes and then says that the disk is full."""

    def __init__(self, handle: Any, room: int) -> None:
        self.handle, self.room = handle, room

    def write(self, content: bytes) -> int:
        """Write while there is room."""
        self.room -= len(content)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self.handle.write(content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.handle, name)

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.close()


def test_a_full_disk_leaves_no_half_backup(source: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk runs full while writing, neither the file nor a part of it stays, and nothing is recorded."""
    private = backup_module._private
    monkeypatch.setattr(backup_module, "_private", lambda part: FullDisk(private(part), 3_000))
    said = refused(lambda: back_up(source, tmp_path / "b.zip", principal="p"))
    assert said.startswith(f"WS-004 {tmp_path / 'b.zip'}: No space left on device.")
    assert list(tmp_path.glob("b.zip*")) == []
    with reading(source.engine) as db:
        assert head(db).sequence == 3


@pytest.mark.parametrize("empty_folder_there", [True, False])
def test_a_full_disk_leaves_no_half_workspace(
    source: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_folder_there: bool, make_postgres: Any,
    url: str | None,
) -> None:  # fmt: skip
    """When the disk runs full while restoring, files and tables are gone again; an empty folder stays an empty one."""
    back_up(source, tmp_path / "b.zip", principal="p")
    if empty_folder_there:
        (tmp_path / "back").mkdir()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = make_postgres() if url else None
    monkeypatch.setattr(restoring_module, "_go_on_counting", full)
    said = refused(lambda: restore(tmp_path / "b.zip", tmp_path / "back", url=target, principal="p"))
    assert said.startswith(f"WS-004 {tmp_path / 'back'}: No space left on device.")
    assert (tmp_path / "back").exists() is empty_folder_there
    monkeypatch.undo()
    back = restore(tmp_path / "b.zip", tmp_path / "back", url=target, principal="p", clock=Clock())
    assert contents(back) == contents(source)
    back.engine.dispose()


def test_nothing_is_written_over(source: Workspace, tmp_path: Path) -> None:
    """A file that is there and a folder with anything in it are left alone."""
    (tmp_path / "b.zip").write_bytes(b"mine")
    assert refused(lambda: back_up(source, tmp_path / "b.zip", principal="p")).startswith("BACKUP-001")
    assert (tmp_path / "b.zip").read_bytes() == b"mine"
    back_up(source, tmp_path / "c.zip", principal="p")
    said = refused(lambda: restore(tmp_path / "c.zip", source.root, principal="p"))
    assert said == (
        f"WS-001 {source.root}: a back-up is restored into an empty folder only. Name a new or an empty folder with -w."
    )


def test_a_file_that_is_gone_stops_the_backup(source: Workspace, tmp_path: Path) -> None:
    """A commit whose file is missing or was changed makes no back-up that looks whole."""
    file = source.lake.files(SAMPLE, START)[0]
    content = file.read_bytes()
    name = f"lake/{file.relative_to(source.lake.root).as_posix()}"
    file.write_bytes(flipped(content))
    assert refused(lambda: back_up(source, tmp_path / "b.zip", principal="p")).startswith(
        f"BACKUP-001 {name}: the file is not the one that was written."
    )
    file.unlink()
    assert refused(lambda: back_up(source, tmp_path / "b.zip", principal="p")).startswith(
        f"BACKUP-001 {name}: the file is missing."
    )
    assert list(tmp_path.glob("b.zip*")) == []


def test_every_table_can_be_written_and_read_again() -> None:
    """Every column of every store has a kind, and exact decimals and instants survive."""
    for table in METADATA.sorted_tables:
        for column in table.columns:
            assert column_type(column_kind(column.type)) is not None
    for value, kind in (
        (Decimal("123456789012.000001"), "decimal:6:18"), (START, "instant"), (START.date(), "date"),
        (b"\x00\xff", "bytes"), (None, "date"), (True, "boolean"), ("量", "text"),
    ):  # fmt: skip
        assert decode(json.loads(json.dumps(encode(value))), kind) == value


def test_rows_come_after_the_rows_they_point_to() -> None:
    """Chains and rows that point ahead are put in an order that a foreign key allows."""
    given = [{"k": k, "p": p} for k, p in (("c", "b"), ("a", None), ("d", "c"), ("b", "a"), ("x", "gone"))]
    ordered = [r["k"] for r in restoring_module._ordered(iter(given), "k", "p")]
    assert ordered.index("a") < ordered.index("b") < ordered.index("c") < ordered.index("d")
    assert sorted(ordered) == ["a", "b", "c", "d", "x"]
