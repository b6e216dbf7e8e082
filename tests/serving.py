"""Pages behind a real server in a thread of the test's process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

#: Seconds for which a server may begin and end, on a busy machine.
PATIENCE = 120.0


@contextmanager
def serving(app: Any, log_level: str = "warning") -> Iterator[str]:
    """The address of an app that is served on a port of this machine until the block ends.

    The server is handed the bound socket: a number that was free a moment ago may be another's by the time it is asked.
    """
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level=log_level))
        thread = threading.Thread(target=server.run, args=([line],), daemon=True)
        thread.start()
        end = time.monotonic() + PATIENCE
        while not server.started:
            assert thread.is_alive(), "the server ended before it began"
            assert time.monotonic() < end, "the server did not begin"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{line.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)
