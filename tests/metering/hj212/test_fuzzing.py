"""A short corpus of damaged frames, the same in every run; tools/fuzz_hj212.py goes on from there."""

from __future__ import annotations

from metering.hj212 import fuzzing


def test_damaged_frames_break_nothing() -> None:
    """Frames with bytes changed, cut, doubled and mixed: read or refused, the same however the stream is cut."""
    seen = 0
    for data in fuzzing.corpus(1500):
        fuzzing.one(data)
        seen += 1
    assert seen == 1500 + 3 * len(fuzzing.SEEDS)
