"""A flaw (数据瑕疵): one thing a check saw in data. Collected, counted and shown; never raised."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["block", "warn", "note"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a check saw, where, and what to do; `block` stops the rows it names from being taken in."""

    code: str
    severity: Severity
    subject: str
    message: str
    evidence: dict[str, object] = field(default_factory=dict)
    remedy: str = ""
