"""How the application is served (服务设置): names it answers to, what stands before it, how much it takes in."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Self

MEGABYTE = 1_000_000
ENVIRONMENT = "SHUANGKONG_SERVING"
METRICS_TOKEN = "SHUANGKONG_METRICS_TOKEN"


@dataclass(frozen=True, slots=True)
class Serving:
    """Settings of a server. `hosts` is None where another server embeds the application and checks names itself."""

    hosts: tuple[str, ...] | None = None
    behind_proxy: bool = False
    body_limit: int = 64 * MEGABYTE
    log_file: str = ""

    def as_text(self) -> str:
        """For the environment of further processes."""
        return json.dumps(asdict(self))

    @classmethod
    def from_environment(cls) -> Self:
        """As the first process wrote it."""
        given = json.loads(os.environ[ENVIRONMENT])
        return cls(**{**given, "hosts": None if given["hosts"] is None else tuple(given["hosts"])})


def metrics_token() -> str:
    """What opens /metrics from elsewhere; empty where it stays shut."""
    return os.environ.get(METRICS_TOKEN, "")
