"""A workspace (工作区): one folder with settings, the registry database, the lake, runs and originals."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy.engine import Engine

from shuangkong.engine.blobs import Blobs
from shuangkong.engine.database import connect, migrate
from shuangkong.engine.lake import Lake
from shuangkong.kernel.errors import UserError

FORMAT = 1
SETTINGS = "workspace.json"
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant; the one clock of the program, handed in by the shell."""
    return datetime.now(tz=UTC)


@dataclass(frozen=True)
class Workspace:
    """An opened workspace."""

    root: Path
    id: str
    demo: bool
    engine: Engine
    lake: Lake
    blobs: Blobs
    clock: Clock

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
        settings = {"format": FORMAT, "id": uuid.uuid4().hex, "demo": demo, "database": url or ""}
        migrate(connect(url or _sqlite(root)))
        # the settings file comes last: where it is, the rest is complete
        part = root / f"{SETTINGS}.part"
        part.write_text(json.dumps(settings, indent=1), "utf-8")
        os.replace(part, root / SETTINGS)
        return cls.open(root, clock=clock)

    @classmethod
    def open(cls, root: Path, *, clock: Clock = system_clock) -> Self:
        """Open a workspace, bringing its database up to date; raises WS-001 or WS-002."""
        try:
            settings = json.loads((root / SETTINGS).read_text("utf-8"))
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
        if settings.get("format") != FORMAT:
            raise UserError(
                "WS-002",
                f"its format is {settings.get('format')}, this version works with {FORMAT}.",
                where=str(root),
                remedy="Use the version of Shuangkong that made it, or a newer one.",
            )
        engine = connect(settings["database"] or _sqlite(root))
        migrate(engine)
        return cls(
            root, settings["id"], settings["demo"], engine, Lake(root / "lake", engine, clock),
            Blobs(root / "blobs"), clock,
        )  # fmt: skip


_OWN = {"lake", "runs", "scenarios", "blobs", "registry.sqlite", "registry.sqlite-wal", "registry.sqlite-shm"}
_OWN.add(f"{SETTINGS}.part")


def _sqlite(root: Path) -> str:
    return f"sqlite:///{(root / 'registry.sqlite').resolve()}"
