"""What was read of documents (读出的内容), kept beside the uploads: a text is read once, by a process of its own.

Each stands in the workspace under the SHA-256 of its text. It can be made again at any time, so back-ups leave it out;
it goes with the last document of that text.
"""

from __future__ import annotations

import os
import uuid
from functools import lru_cache
from pathlib import Path

from shuangkong.policy.api import Version, VersionDifference

FOLDER = "documents"


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / f"{name}.json"


def kept(root: Path, sha256: str) -> Version | None:
    """What was read of a text; None where nothing is kept of it, or something that an earlier edition wrote."""
    path = _path(root, sha256)
    try:
        return _opened(path, os.stat(path).st_mtime_ns)
    except (FileNotFoundError, ValueError):
        return None


@lru_cache(maxsize=24)
def _opened(path: Path, _written: int) -> Version:
    return Version.from_json(path.read_bytes())


def keep(root: Path, sha256: str, version: Version) -> None:
    """Keep what was read of a text, in the place of what was; without room it is read again when it is asked for."""
    forget(root, sha256)
    _write(_path(root, sha256), version.as_json())


def kept_difference(root: Path, old: str, new: str) -> VersionDifference | None:
    """What two texts were found to differ in; None where that is not kept."""
    try:
        return VersionDifference.from_json(_path(root, f"{old}-{new}").read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def keep_difference(root: Path, old: str, new: str, found: VersionDifference) -> None:
    """Keep what two texts differ in, until one of them is read again."""
    _write(_path(root, f"{old}-{new}"), found.as_json())


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def forget(root: Path, sha256: str) -> None:
    """Nothing is kept of a text any more, nor of what it differs in from others."""
    for path in (root / FOLDER).glob(f"*{sha256}*.json"):
        path.unlink(missing_ok=True)
