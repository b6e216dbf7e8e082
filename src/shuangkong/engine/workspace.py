"""A workspace (工作区): one folder with settings, the registry database, the lake, runs and originals."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from alembic.util import CommandError
from sqlalchemy.engine import Engine

from shuangkong.engine.blobs import Blobs
from shuangkong.engine.database import connect, migrate
from shuangkong.engine.lake import Lake
from shuangkong.kernel.errors import UserError

FORMAT = 1
SETTINGS = "workspace.json"
SECRET = "SHUANGKONG_SECRET"
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant; the one clock of the program, handed in by the shell."""
    return datetime.now(tz=UTC)


@dataclass(frozen=True)
class Workspace:
    """An opened workspace. `secret` signs what leaves the server; empty in one that was made before 0.2.0."""

    root: Path
    id: str
    demo: bool
    engine: Engine
    lake: Lake
    blobs: Blobs
    clock: Clock
    secret: str = field(default="", repr=False)

    @classmethod
    def create(cls, root: Path, *, demo: bool = False, url: str | None = None, clock: Clock = system_clock) -> Self:
        """Make a workspace, or open the one that is there; an interrupted creation is completed.

        A folder that holds other things is left alone (WS-001).
        """
        if (root / SETTINGS).exists():
            return cls.open(root, clock=clock)
        if root.exists() and any(p.name not in _OWN for p in root.iterdir()):
            raise UserError(
                "WS-001",
                "the folder is not empty and holds no workspace.",
                where=str(root),
                remedy="Name a new or an empty folder with -w.",
            )
        try:
            for name in ("lake", "runs", "scenarios", "blobs"):
                (root / name).mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise UserError(
                "WS-004", f"{wrong.strerror}.", where=str(root), remedy="Name a folder that you may write to."
            ) from wrong
        engine = connect(url or sqlite_url(root))
        migrate(engine)
        engine.dispose()
        # the settings file comes last: where it is, the rest is complete
        write_settings(root, new_settings(uuid.uuid4().hex, demo=demo, url=url))
        return cls.open(root, clock=clock)

    @classmethod
    def open(cls, root: Path, *, clock: Clock = system_clock) -> Self:
        """Open a workspace, bringing its database up to date; raises WS-001 or WS-002."""
        settings = _settings(root)
        if settings.get("format") != FORMAT:
            raise UserError(
                "WS-002",
                f"its format is {settings.get('format')}, this version works with {FORMAT}.",
                where=str(root),
                remedy="Use the version of Shuangkong that made it, or a newer one.",
            )
        engine = connect(settings["database"] or sqlite_url(root))
        try:
            migrate(engine)
        except CommandError as wrong:
            engine.dispose()
            raise UserError(
                "WS-002", f"its database is of another version: {wrong}.", where=str(root),
                remedy="Use the version of Shuangkong that last opened it, or a newer one.",
            ) from wrong  # fmt: skip
        return cls(
            root, settings["id"], settings["demo"], engine, Lake(root / "lake", engine, clock),
            Blobs(root / "blobs"), clock, os.environ.get(SECRET) or settings.get("secret", ""),
        )  # fmt: skip

    def with_secret(self) -> Self:
        """The same workspace with a secret, which is made and kept where there was none."""
        if self.secret:
            return self
        settings = _settings(self.root) | {"secret": secrets.token_hex(32)}
        write_settings(self.root, settings)
        return replace(self, secret=settings["secret"])


_OWN = {"lake", "runs", "scenarios", "blobs", "registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"}
_OWN.add(f"{SETTINGS}.part")


def sqlite_url(root: Path) -> str:
    """Where the registry database of a workspace lies that names none."""
    return f"sqlite:///{(root / 'registry.sqlite').resolve()}"


def new_settings(identity: str, *, demo: bool, url: str | None) -> dict[str, object]:
    """Settings of a workspace with a fresh secret; `url` is left out for SQLite."""
    return {
        "format": FORMAT, "id": identity, "demo": demo, "database": url or "", "secret": secrets.token_hex(32),
    }  # fmt: skip


def write_settings(root: Path, settings: Mapping[str, object]) -> None:
    """Write the settings file whole, readable by its owner alone: it holds the secret and the database's URL."""
    part = root / f"{SETTINGS}.part"
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
            json.dump(settings, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(part, root / SETTINGS)
    except OSError as wrong:
        raise UserError(
            "WS-004", f"{wrong.strerror}.", where=str(root), remedy="Make room or mend the permissions, then try again."
        ) from wrong


def _settings(root: Path) -> dict[str, Any]:
    try:
        found = json.loads((root / SETTINGS).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            "WS-001",
            "there is no workspace in this folder.",
            where=str(root),
            remedy="Make one with `shuangkong init -w DIR` or `shuangkong demo -w DIR`.",
        ) from None
    except ValueError as wrong:
        raise UserError(
            "WS-001", f"{SETTINGS} cannot be read: {wrong}.", where=str(root), remedy="Restore it from a back-up."
        ) from wrong
    if not isinstance(found, dict):
        raise UserError(
            "WS-001", f"{SETTINGS} holds no settings.", where=str(root), remedy="Restore it from a back-up."
        )
    return found
