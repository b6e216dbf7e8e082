"""Warming (预热): a thread of the server makes the views of a new run before the next reader asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import Event, Thread

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from shuangkong.app.web.reading import Reader
from shuangkong.engine.api import latest_run
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope

#: Seconds between two looks for a new run.
EVERY = 3.0
_LOOK = Scope.system("look for a new run")


class Warmer:
    """Looks for a new run now and then; what it fails at, the next request does itself and reports."""

    def __init__(self, reader: Reader, every: float = EVERY) -> None:
        self._reader = reader
        self._every = every
        self._stop = Event()
        self._seen = ""
        self._thread = Thread(target=self._watch, name="warmer", daemon=True)

    def start(self) -> None:
        """Begin; the newest run at once."""
        self._thread.start()

    def stop(self) -> None:
        """Come to an end after the view in hand."""
        self._stop.set()
        self._thread.join(timeout=10)

    def look(self) -> bool:
        """Whether there was a run not seen before; its views are made then."""
        run = latest_run(self._reader.workspace, _LOOK, known=None)
        if run is None or run.run_id == self._seen:
            return False
        self._reader.renew()
        self._seen = run.run_id
        return True

    def _watch(self) -> None:
        while not self._stop.is_set():
            # a store that is locked or a run that is just being cleared away: the reader's own request will tell
            with suppress(UserError, SQLAlchemyError, OSError):
                self.look()
            self._stop.wait(self._every)


@asynccontextmanager
async def warmed(app: FastAPI) -> AsyncIterator[None]:
    """The life of a server: from start to stop a warmer stands beside it."""
    warmer = Warmer(app.state.site.reader)
    warmer.start()
    yield
    warmer.stop()
