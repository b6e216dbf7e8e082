"""How the taking in of readings fares (接收状况): what came by which way, what waits, what was refused, as data.

The collector keeps it in `reading_consumer` under `collector`, where pages and metrics read it; /healthz says the same.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

#: Seconds over which rates are told.
WINDOW = 60.0


@dataclass(slots=True)
class Way:
    """One way in: posts and readings since the collector began, and what was refused of them."""

    posts: int = 0
    readings: int = 0
    again: int = 0
    rows_refused: int = 0
    posts_refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "posts": self.posts, "readings": self.readings, "again": self.again, "rows_refused": self.rows_refused,
            "posts_refused": self.posts_refused, "reasons": dict(self.reasons),
        }  # fmt: skip


class Tally:
    """Counts of the ways in. `time` counts seconds from anywhere."""

    def __init__(self, time: Callable[[], float] = monotonic) -> None:
        self._time = time
        self.ways: dict[str, Way] = {}
        self._marks: deque[tuple[float, int, int]] = deque()

    def taken(self, way: str, readings: int, rows_refused: int = 0, *, posts: int = 1, again: bool = False) -> None:
        """Posts that were answered; `again`: they had been taken before."""
        w = self.ways.setdefault(way, Way())
        w.posts += posts
        w.rows_refused += rows_refused
        if again:
            w.again += posts
        else:
            w.readings += readings

    def refused(self, way: str, code: str, posts: int = 1) -> None:
        """Posts that were refused, with the code of the error or flaw."""
        w = self.ways.setdefault(way, Way())
        w.posts_refused += posts
        w.reasons[code] += posts

    def rates(self) -> dict[str, float]:
        """Posts and readings a second over the last minute, or since the first asking."""
        now = self._time()
        posts = sum(w.posts for w in self.ways.values())
        readings = sum(w.readings for w in self.ways.values())
        self._marks.append((now, posts, readings))
        while len(self._marks) > 2 and now - self._marks[1][0] >= WINDOW:
            self._marks.popleft()
        then, posts_then, readings_then = self._marks[0]
        seconds = max(now - then, 1e-9)
        return {
            "posts_a_second": round((posts - posts_then) / seconds, 2),
            "readings_a_second": round((readings - readings_then) / seconds, 2),
        }

    def as_dict(self) -> dict[str, dict[str, object]]:
        """As JSON has it, by way."""
        return {name: way.as_dict() for name, way in sorted(self.ways.items())}
