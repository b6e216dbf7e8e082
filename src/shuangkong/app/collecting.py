"""`shuangkong collect` (接收): the collector, and beside it the process that stores and lets the books follow.

The child is told over its standard input up to which segment to store, and answers with one line of JSON. It ends with
the collector, also when that is killed: its input ends. Killed itself, it is started again, and nothing is lost: what
is stored is known by its tokens, and what follows by its marks.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from shuangkong.app.catalogue import library
from shuangkong.app.following import ask_update
from shuangkong.engine.api import Workspace, reading, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.metering.calendar import official
from shuangkong.metering.collecting import journal_folder
from shuangkong.metering.columns import CHINA
from shuangkong.metering.monitoring import monitoring
from shuangkong.metering.quality import look, unfinished
from shuangkong.metering.rolling import roll_up
from shuangkong.metering.rounds import Follower, Rounds, Touched
from shuangkong.policy.api import PackSet, published_packs

LOG = logging.getLogger("shuangkong.metering.collecting")
#: Seconds that the child has to end its round when the collector stops.
_PATIENCE = 120


class StoringBeside:
    """The storing process of this moment; it is started when it is needed."""

    def __init__(self, root: Path) -> None:
        self._command = [sys.executable, "-m", "shuangkong.app.cli", "collect", "-w", str(root), "--storing"]
        self._child: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        # one round at a time: who asks meanwhile waits for his turn
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="storing")

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._child.pid if self._child is not None else None

    def store(self, before: int) -> Future[Mapping[str, Any]]:
        """Have it store all segments before a number; OSError where it died over it."""
        return self._asking.submit(self._store, before)

    def _store(self, before: int) -> Mapping[str, Any]:
        child = self._running()
        if child.stdin is None or child.stdout is None:
            raise OSError("the storing process has no pipes")
        child.stdin.write(f"{before}\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise OSError(f"the storing process ended ({child.wait()}); it is started again")
        found: Mapping[str, Any] = json.loads(line)
        return found

    def _running(self) -> subprocess.Popen[str]:
        with self._turn:
            if self._child is None or self._child.poll() is not None:
                # a process group of its own: Ctrl+C is for the collector, which ends it in order
                self._child = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
                )
            return self._child

    def close(self) -> None:
        """End it after its round."""
        self._asking.shutdown(wait=True)
        child = self._child
        if child is None:
            return
        if child.stdin:
            child.stdin.close()
        try:
            child.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()


@contextmanager
def storing_beside(workspace: Workspace) -> Iterator[StoringBeside]:
    """A storing process while the block runs."""
    beside = StoringBeside(workspace.root)
    try:
        yield beside
    finally:
        beside.close()


def store_as_told(workspace: Workspace, orders: IO[str], answers: IO[str]) -> None:
    """The child: a round for each line, until there are no more."""
    rounds = Rounds(workspace, journal_folder(workspace), followers(workspace))
    for line in orders:
        try:
            done = rounds.round(int(line)).as_dict()
        except UserError as wrong:
            done = {"trouble": str(wrong)}
        answers.write(json.dumps(done, ensure_ascii=False) + "\n")
        answers.flush()


def followers(workspace: Workspace, *, books: bool = True) -> tuple[Follower, ...]:
    """Who works on what readings touch, in order: the roll-up, the flaws, and, by a job, the `books`."""
    lake, packs = workspace.lake, _Packs(workspace)

    def roll(touched: Touched) -> None:
        roll_up(lake, touched.meters, touched.keys, touched.known)

    def look_at(touched: Touched) -> None:
        rules = monitoring(packs.at(touched.known), touched.known.astimezone(CHINA).date())
        look(lake, touched.meters, rules, touched.keys, touched.known, calendar=official())

    def ask(_: Touched) -> None:
        with writing(workspace.engine) as db:
            ask_update(db, scope=Scope.system("the books follow readings"), clock=workspace.clock)

    found = (Follower("rollup", roll), Follower("quality", look_at, partial(unfinished, lake)))
    return (*found, Follower("books", ask)) if books else found


class _Packs:
    """The packs in force, loaded once and again when one was published."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._state: tuple[object, ...] | None = None
        self._packs: PackSet | None = None

    def at(self, known: datetime) -> PackSet:
        """The program's packs and those published up to an instant."""
        with reading(self._workspace.engine) as db:
            state = tuple(p.content_hash for p in published_packs(db, self._workspace.blobs, known))
        if self._packs is None or state != self._state:
            self._packs, self._state = library(workspace=self._workspace, known=known), state
        return self._packs
