"""Which process holds something (占用者): a name that tells whether it is still there, on the machine it runs on."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid

_HOST = hashlib.sha256(f"{platform.node()}/{uuid.getnode()}".encode()).hexdigest()[:12]


def process_name() -> str:
    """This process, a new name each time: machine, number, and something of its own."""
    return f"{_HOST}:{os.getpid()}:{uuid.uuid4().hex[:16]}"


def process_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no longer there: killed, it cannot give back.

    A number that another process has taken since only makes the next one wait for the lease to run out.
    """
    host, _, rest = holder.partition(":")
    number = rest.partition(":")[0]
    if host != _HOST or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
