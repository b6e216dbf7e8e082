"""A worker beside a server (随附的任务进程): it ends with the server, and is started again when it dies by itself."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shuangkong.engine.api import Workspace

LOG = logging.getLogger("shuangkong.jobs")
#: Seconds before it is started again, the first time and at most: a worker that dies at once is not started for ever.
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
_PATIENCE = 15


class Beside:
    """The worker's process of this moment."""

    def __init__(self, root: Path, first_wait: float = FIRST_WAIT) -> None:
        self._command = [sys.executable, "-m", "shuangkong.app.cli", "worker", "-w", str(root), "--beside"]
        self._wait = first_wait
        self._over = threading.Event()
        self._changing = threading.Lock()
        self._child = self._start()
        self._watcher = threading.Thread(target=self._watch, name="worker beside", daemon=True)
        self._watcher.start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.PIPE)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self._child.returncode

    def _watch(self) -> None:
        while True:
            code = self._child.wait()
            # close() waits in the lock for a start that is under way, so that none comes after it
            if self._over.wait(0):
                return
            if self._child.stdin:
                self._child.stdin.close()
            LOG.warning("the worker beside the server died (%s); another is started in %s s", code, self._wait)
            if self._over.wait(self._wait):
                return
            self._wait = min(self._wait * 2, LONGEST_WAIT)
            with self._changing:
                if self._over.is_set():
                    return
                self._child = self._start()

    def close(self) -> None:
        """Stop it: the end of its standard input is what tells it; it hands its job back."""
        with self._changing:
            self._over.set()
            child = self._child
        if child.stdin:
            child.stdin.close()
        try:
            child.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self._watcher.join(timeout=_PATIENCE)


@contextmanager
def worker_beside(workspace: Workspace, *, first_wait: float = FIRST_WAIT) -> Iterator[Beside]:
    """A worker as a child process while the block runs. It ends with this process, also when that is killed."""
    beside = Beside(workspace.root, first_wait)
    try:
        yield beside
    finally:
        beside.close()
