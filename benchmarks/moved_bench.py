"""Why figures moved: LMDI of every month against the same month of the year before, regions × industries × months.

Invented figures, drawn from a fixed seed: energy and value added by industry. A second way of computing it, in doubles
with numpy, runs over the same figures: its time says what the exact digits cost, and the largest difference is told.
"""

from __future__ import annotations

import resource
import time
from decimal import Decimal
from typing import Any

import numpy as np

from shuangkong.dualcontrol.moved import moved
from shuangkong.dualcontrol.moved_model import Candidate, End, Whole


def measure(regions: int = 100, industries: int = 50, months: int = 120) -> dict[str, Any]:
    """CPU seconds and memory of all comparisons with the month twelve before, and of the same in doubles."""
    rng = np.random.default_rng(20260711)
    made = np.round(rng.lognormal(8, 1, (regions, industries, months)), 2)
    used = np.round(made * rng.lognormal(-1, 0.4, (regions, industries, months)), 2)
    start = time.process_time()
    effects = [
        [_effects(made[r, :, m - 12], made[r, :, m], used[r, :, m - 12], used[r, :, m]) for m in range(12, months)]
        for r in range(regions)
    ]
    exact = time.process_time() - start
    start = time.process_time()
    plain = _plain(made, used)
    doubles = time.process_time() - start
    found = np.array([[[float(e) for e in one] for one in row] for row in effects])
    done = regions * (months - 12)
    return {
        "comparisons": done, "parts": done * industries, "cpu_seconds": round(exact, 2),
        "milliseconds_a_comparison": round(1000 * exact / done, 2), "cpu_seconds_in_doubles": round(doubles, 2),
        "largest_difference_tce": float(np.abs(found - plain).max()),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def _effects(made0: Any, made1: Any, used0: Any, used1: Any) -> tuple[Decimal, ...]:
    def end(made: float, used: float) -> End:
        return End(Decimal(repr(float(made))), {"": Decimal(repr(float(used)))})

    rows = zip(made0, made1, used0, used1, strict=True)
    parts = [Candidate(str(n), end(a, c), end(b, d)) for n, (a, b, c, d) in enumerate(rows)]
    return moved("energy", Whole(), parts).effects


def _plain(made: Any, used: Any) -> Any:
    """Effects by region and month in doubles: growth, structure, intensity."""
    y0, y1, e0, e1 = made[:, :, :-12], made[:, :, 12:], used[:, :, :-12], used[:, :, 12:]
    total0, total1 = y0.sum(axis=1, keepdims=True), y1.sum(axis=1, keepdims=True)
    ratio = np.log(e1 / e0)
    weight = np.where(np.abs(ratio) < 1e-12, e0, (e1 - e0) / np.where(ratio == 0, 1, ratio))
    logs = (np.log(total1 / total0) + 0 * y0, np.log((y1 / total1) / (y0 / total0)), np.log((e1 / y1) / (e0 / y0)))
    return np.stack([(weight * x).sum(axis=1) for x in logs], axis=-1)


if __name__ == "__main__":
    print(measure(regions=4, months=36))
