"""The journal of readings (读数日志): records appended to segment files, durable before anybody is told so.

A segment is a head and records, each with its length and CRC-32. `append` writes a group of records and syncs them with
one call; a new segment and the folder that names it are synced before its first record is. After a crash the tail that
no answer was given for may be torn: opening cuts it off. One process writes (a lock on the folder); others may read.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from shuangkong.kernel.errors import UserError

LOG = logging.getLogger("shuangkong.metering.journal")
SEGMENT_LIMIT = 64 * 1024 * 1024
#: A record longer than this is none: a length that was never written.
RECORD_LIMIT = 256 * 1024 * 1024
_MAGIC = b"SKJRNL01"
_HEAD = struct.Struct("<8sQI")
#: A mark to find records by, the length, and the CRC of the record begun with the segment's own salt: bytes inside a
#: record that look like one do not pass for it, because their sender does not know the salt.
_RECORD = struct.Struct("<4sII")
_MARK = b"\xf5REC"
_SUFFIX = ".journal"
#: What opening cut off the end of a segment, and segments with a stretch that cannot be read: for a person to look at.
TORN, BROKEN = ".torn", ".broken"
#: Pieces of one call to the system.
_PIECES = 1000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record stands; places are in the order in which records were taken, whatever the clock says."""

    segment: int
    offset: int

    @property
    def number(self) -> int:
        """The place as one whole number, in the same order."""
        return self.segment << 32 | self.offset


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of a segment that cannot be read: bytes from `start` to `end`, and why."""

    path: Path
    start: int
    end: int
    why: str


class Journal:
    """The journal of a folder, open for writing; raises WS-003 where another process has it, WS-004 from the disk."""

    def __init__(self, folder: Path, *, limit: int = SEGMENT_LIMIT) -> None:
        self.folder = folder
        self.limit = limit
        self._file = -1
        self._lock = -1
        self._segment = 0
        self._size = 0
        self._salt = 0
        #: What opening cut off: records that were never answered for.
        self.cut: tuple[Broken, ...] = ()
        try:
            self._open()
        except OSError as wrong:
            self.close()
            raise _refused(folder, wrong) from wrong
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        made = [p for p in (self.folder, *self.folder.parents) if not p.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in made:
            _sync_folder(folder.parent)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                "WS-003", "another process takes readings for this workspace.", where=str(self.folder),
                remedy="Stop it first, or send the readings to it; nothing was written.", case="journal",
            ) from None  # fmt: skip
        paths = segments(self.folder)
        # a number is never used twice, also when every segment was stored and taken away: places and tokens rest on it
        last = os.pread(self._lock, 32, 0).decode(errors="replace").strip()
        self._segment = max(int(last) if last.isdigit() else 0, number_of(paths[-1]) if paths else 0)
        if paths:
            self.cut = _mended(paths[-1])
        self.roll()

    def append(self, records: Sequence[bytes]) -> list[Place]:
        """Write records and return where they stand, once they would survive a power cut. All of them or none."""
        if self._file < 0 or self._size >= self.limit:
            self.roll()
        if not all(0 < len(record) <= RECORD_LIMIT for record in records):
            raise ValueError("a record is empty or too long")
        start = self._size
        places, pieces = [], []
        for record in records:
            places.append(Place(self._segment, self._size))
            pieces += [_RECORD.pack(_MARK, len(record), zlib.crc32(record, self._salt)), record]
            self._size += _RECORD.size + len(record)
        try:
            _write(self._file, pieces)
            os.fdatasync(self._file)
        except OSError as wrong:
            self._give_up(start)
            raise _refused(self.folder, wrong) from wrong
        return places

    def _give_up(self, start: int) -> None:
        """Leave a segment that the disk refused; what follows goes to a new one.

        After a failed sync nobody knows which pages are on the disk, so nothing is appended behind them. The records
        that got no answer are cut off; where even that fails they are found again, as their sender sends them again.
        """
        file, self._file, self._size = self._file, -1, 0
        try:
            os.ftruncate(file, start)
            os.fdatasync(file)
        except OSError as wrong:
            LOG.warning("the end of a segment could not be cut off: %s", wrong)
        finally:
            os.close(file)

    def roll(self) -> Path | None:
        """Begin a new segment; gives the one that is whole now, or nothing where it held no record."""
        before = self.folder / _name(self._segment) if self._file >= 0 else None
        if before is not None and self._size == _HEAD.size:
            return None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        number = self._segment + 1
        path = self.folder / _name(number)
        salt = secrets.randbits(32)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                _write(file, [_HEAD.pack(_MAGIC, number, salt)])
                os.fsync(file)
                os.pwrite(self._lock, f"{number:012d}\n".encode(), 0)
                os.fsync(self._lock)
                _sync_folder(self.folder)
            except OSError:
                os.close(file)
                path.unlink(missing_ok=True)
                raise
        except OSError as wrong:
            raise _refused(self.folder, wrong) from wrong
        self._file, self._segment, self._size, self._salt = file, number, _HEAD.size, salt
        return before

    @property
    def current(self) -> Path:
        """The segment that is being written."""
        return self.folder / _name(self._segment)

    @property
    def end(self) -> Place:
        """Where the next record will stand at the earliest: all before it is durable."""
        return Place(self._segment, self._size)

    def close(self) -> None:
        """Let go of the files and the lock; what was appended is durable already."""
        for file in (self._file, self._lock):
            if file >= 0:
                os.close(file)
        self._file = self._lock = -1


def segments(folder: Path) -> list[Path]:
    """The segments of a journal, oldest first."""
    found = [p for p in folder.glob(f"*{_SUFFIX}") if p.stem.isdigit()] if folder.is_dir() else []
    return sorted(found, key=number_of)


def number_of(path: Path) -> int:
    """The number of a segment."""
    return int(path.stem)


def salt_of(path: Path) -> int:
    """The salt of a segment, or 0 where it has no head: what tells it from another journal's segment of this number."""
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    return int(_HEAD.unpack(head)[2]) if len(head) == _HEAD.size else 0


def records(path: Path, start: int = 0, end: int | None = None) -> Iterator[tuple[Place, memoryview] | Broken]:
    """The records of a segment from an offset on, and what of it cannot be read.

    Where bytes are broken in the middle, which only the disk itself can do, reading goes on at the next record whose
    CRC holds. At the end, a record that is not whole is given as broken too; a writer may be at it, `end` keeps away.
    """
    data = path.read_bytes()[:end]
    number = number_of(path)
    if len(data) < _HEAD.size or _HEAD.unpack_from(data)[:2] != (_MAGIC, number):
        yield Broken(path, 0, len(data), "no head of a segment")
        return
    salt = _HEAD.unpack_from(data)[2]
    at = max(start, _HEAD.size)
    while at < len(data):
        body = _body(data, at, salt)
        if body is not None:
            yield Place(number, at), body
            at += _RECORD.size + len(body)
            continue
        after = data.find(_MARK, at + 1)
        while after >= 0 and _body(data, after, salt) is None:
            after = data.find(_MARK, after + 1)
        after = after if after >= 0 else len(data)
        yield Broken(path, at, after, "a record is cut or was changed")
        at = after


def _body(data: bytes, at: int, salt: int) -> memoryview | None:
    """The record that begins here, or nothing."""
    if at + _RECORD.size > len(data):
        return None
    mark, length, crc = _RECORD.unpack_from(data, at)
    body = memoryview(data)[at + _RECORD.size : at + _RECORD.size + length]
    if mark != _MARK or not 0 < length <= RECORD_LIMIT or len(body) != length or zlib.crc32(body, salt) != crc:
        return None
    return body


def _mended(path: Path) -> tuple[Broken, ...]:
    """Cut off what the end of a segment holds behind its last whole record; a power cut tears nothing else.

    What is cut off is kept beside it as *.torn, for a person to look at.
    """
    broken = [r for r in records(path) if isinstance(r, Broken)]
    if not broken or broken[-1].end != path.stat().st_size or broken[-1].start < _HEAD.size:
        return tuple(broken)
    start = broken[-1].start
    _keep(path.with_name(f"{path.stem}-{start}{TORN}"), path.read_bytes()[start:])
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(file, start)
        os.fsync(file)
    finally:
        os.close(file)
    LOG.warning("cut %s bytes that no answer was given for off %s", broken[-1].end - start, path.name)
    return tuple(broken)


def _keep(path: Path, data: bytes) -> None:
    """Bytes under a name of their own, durable; a full disk keeps nothing and hinders nothing."""
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as wrong:
        path.unlink(missing_ok=True)
        LOG.warning("the torn end %s could not be kept: %s", path.name, wrong)


def _name(number: int) -> str:
    return f"{number:012d}{_SUFFIX}"


def _write(file: int, pieces: Sequence[bytes]) -> None:
    """Write all of it, however much the system takes at a time."""
    for first in range(0, len(pieces), _PIECES):
        left = [memoryview(p) for p in pieces[first : first + _PIECES]]
        while left:
            written = os.writev(file, left)
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if left:
                left[0] = left[0][written:]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(folder: Path, wrong: OSError) -> UserError:
    return UserError(
        "WS-004", f"{wrong.strerror or wrong}.", where=str(folder), case="disk",
        remedy="Make room or mend the permissions, then start again; nothing was lost.",
    )  # fmt: skip
