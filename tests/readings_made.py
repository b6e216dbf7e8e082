"""Invented batches of readings (合成) for tests."""

from __future__ import annotations

import numpy as np

from shuangkong.metering.model import NO_VALUE, Batch

START = 1_767_196_800_000_000  # 2026-01-01 00:00 in China


def batch(name: str, values: list[float | None], *, source: str = "u1", meters: tuple[str, ...] = ("E01",)) -> Batch:
    """A batch of quarter-hours, one value each, meters in turn."""
    n = len(values)
    return Batch(
        source, name, 0, meters, (np.arange(n) % len(meters)).astype(np.uint32),
        START + np.arange(n, dtype=np.int64) // len(meters) * 900_000_000,
        np.array([NO_VALUE if v is None else round(v * 1_000_000) for v in values], dtype=np.int64),
        np.zeros(n, dtype=np.uint8),
    )  # fmt: skip
