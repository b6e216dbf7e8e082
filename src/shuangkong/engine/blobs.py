"""Originals (原件) kept by SHA-256: uploads, evidence and the packs that a run used."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from shuangkong.kernel.errors import UserError


class Blobs:
    """A folder of files named by their content; the same bytes are kept once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where the bytes of a hash lie."""
        return self.root / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep bytes durably; gives their hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if path.exists():
            return sha256
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            part.replace(path)
        except OSError as wrong:
            part.unlink(missing_ok=True)
            raise UserError(
                "WS-004",
                f"{wrong.strerror or wrong}.",
                where=str(path.parent),
                remedy="Make room or mend the permissions, then start again; nothing was lost.",
                case="disk",
            ) from wrong
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes of a hash; a changed file is a bug or a broken disk, never passed on."""
        content = self.path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise RuntimeError(f"the stored original {sha256} was changed on disk")
        return content
