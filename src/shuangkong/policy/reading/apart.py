"""Reading apart (隔离读取): a stranger's file is read by a process of its own, which may take so much and no more.

A file can be made so that unpacking it, or looking for words in it, takes hours or all the memory there is. Whoever
reads it here waits for another process: that one is ended at its bounds, and nothing of what it did is kept. A program
with one thread forks, which costs milliseconds; where other threads run, their locks would stay shut in a fork, so a
fresh interpreter reads.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from shuangkong.kernel.labels import Label
from shuangkong.policy.reading.files import bytes_of, text_in
from shuangkong.policy.reading.versions import Version, VersionDifference, difference
from shuangkong.policy.words import PolicyError, Words, said

#: A process that is stopped from outside, or waits in vain, has so many times its bound of processor time.
_PATIENCE = 20
_MEGABYTE = 1_000_000
#: How an answer begins: the bytes of a version, a user error, a text that is longer than asked for, or a bug.
_FINE, _WRONG, _LONG, _BUG = b"F", b"W", b"L", b"B"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading a file may take: seconds of a processor, memory beside the program's own, size of what is read."""

    seconds: int
    memory_mb: int
    answer_mb: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read: a file of this name, or, where it was read before, its `text`.

    number: of the one document that is wanted; signs: a longer text is not read. other: two versions are compared
    instead, and so many bytes are those of the old one.
    """

    name: str
    text: bool = False
    number: int | None = None
    signs: int | None = None
    other: int | None = None


#: A program with more addresses than this has put some by: a fork of it could grow within them, unseen by its bound.
_ROOM = 2 * 1024**3


def version_in(content: bytes, asked: Asked, bounds: Bounds | None) -> Version | None:
    """The text of a file with what it says; None where it has more signs than asked for.

    Raises READ-001 to READ-004 as reading does, and READ-002 where it takes more than its bounds. Without bounds it is
    read in this process.
    """
    if bounds is None:
        return _read(content, asked)
    kept = _done(content, asked, bounds)
    return None if kept is None else Version.from_json(kept)


def difference_in(old: Version, new: Version, name: str, bounds: Bounds) -> VersionDifference:
    """What the new version has other than the old one; READ-002 where comparing takes more than its bounds."""
    before = old.as_json()
    kept = _done(before + new.as_json(), Asked(name, other=len(before)), bounds)
    assert kept is not None
    return VersionDifference.from_json(kept)


def _done(content: bytes, asked: Asked, bounds: Bounds) -> bytes | None:
    """What the other process makes of it; None where the text is longer than asked for."""
    small = threading.active_count() == 1 and _own_memory() <= _ROOM
    answer = (_forked if small else _started)(content, asked, bounds)
    kind, rest = answer[:1], answer[1:]
    if kind == _FINE:
        return rest
    if kind == _LONG:
        return None
    if kind == _WRONG:
        raise _unpacked(rest).at(asked.name)
    if kind == _BUG:
        raise RuntimeError(f"the process that reads failed:\n{rest.decode()}")
    raise said("READ-002", "bounds", seconds=bounds.seconds, megabytes=bounds.memory_mb).at(asked.name)


def version_of_file(path: Path, bounds: Bounds | None, number: int | None = None) -> Version:
    """The text of a file with what it says, or with what one of its documents does; raises what `version_in` does."""
    found = version_in(bytes_of(path), Asked(path.name, number=number), bounds)
    assert found is not None
    return found


def _read(content: bytes, asked: Asked) -> Version | None:
    text = content.decode() if asked.text else text_in(content, asked.name)
    if asked.signs is not None and len(text) > asked.signs:
        return None
    return Version.of(text, asked.name, asked.number)


def _answer(content: bytes, asked: Asked) -> bytes:
    """What the process that reads says; nothing where its memory is used up."""
    try:
        if asked.other is not None:
            old, new = Version.from_json(content[: asked.other]), Version.from_json(content[asked.other :])
            return _FINE + difference(old, new).as_json()
        found = _read(content, asked)
        return _LONG if found is None else _FINE + found.as_json()
    except PolicyError as wrong:
        return _WRONG + _packed(wrong.words)
    except MemoryError:
        return b""
    except RecursionError:
        return _WRONG + _packed(said("READ-001", "not_text"))
    except BaseException:  # noqa: BLE001 (the edge of a process: it is raised again where the answer is read)
        return _BUG + traceback.format_exc().encode()


def _packed(words: Words) -> bytes:
    facts = {k: asdict(v) if isinstance(v, Label) else v for k, v in words.facts.items()}
    return json.dumps([words.code, words.case, facts]).encode()


def _unpacked(answer: bytes) -> Words:
    code, case, facts = json.loads(answer)
    return Words(code, case, {k: Label(**v) if isinstance(v, dict) else v for k, v in facts.items()})


def _forked(content: bytes, asked: Asked, bounds: Bounds) -> bytes:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        # nothing of this process is to be ended, flushed or told twice
        try:
            os.close(ours)
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, signal.SIG_DFL)
            _bind(bounds)
            _write(theirs, _answer(content, asked))
        finally:
            os._exit(0)
    os.close(theirs)
    try:
        return _collected(ours, bounds)
    finally:
        os.close(ours)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _started(content: bytes, asked: Asked, bounds: Bounds) -> bytes:
    command = [sys.executable, "-c", "from shuangkong.policy.reading.apart import main; main()"]
    with tempfile.TemporaryFile() as given:
        given.write(json.dumps([asdict(bounds), asdict(asked)]).encode() + b"\n" + content)
        given.seek(0)
        child = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        return _collected(child.stdout.fileno(), bounds)
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _collected(pipe: int, bounds: Bounds) -> bytes:
    """All that the process writes; nothing where it writes or waits beyond its bounds."""
    until = time.monotonic() + _PATIENCE * bounds.seconds
    parts: list[bytes] = []
    room = bounds.answer_mb * _MEGABYTE
    while room >= 0:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            break
        part = os.read(pipe, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        room -= len(part)
    return b""


def main() -> None:
    """The process that reads: what is asked comes in, the answer goes out."""
    given = sys.stdin.buffer
    bounds, asked = json.loads(given.readline())
    content = given.read()
    out = os.dup(1)
    # whatever a library prints is no part of the answer
    os.dup2(2, 1)
    _bind(Bounds(**bounds))
    _write(out, _answer(content, Asked(**asked)))


def _write(pipe: int, answer: bytes) -> None:
    with os.fdopen(pipe, "wb") as out:
        out.write(answer)


def _bind(bounds: Bounds) -> None:
    """Set the bounds of this process; a system that knows none of them has the pipe's alone."""
    try:
        import resource
    except ImportError:
        return
    memory = _own_memory() + bounds.memory_mb * _MEGABYTE
    for what, soft, hard in (
        (resource.RLIMIT_CPU, bounds.seconds, bounds.seconds + 1),
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (soft, hard))


def _own_memory() -> int:
    """Bytes of addresses that this process has before it reads."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
