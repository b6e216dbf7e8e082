"""The last reading of each meter: after any commits it is what a look at everything gives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from readings_made import START
from readings_stored import a_lake, put
from shuangkong.app.web.metering_last import last_readings, renewed
from shuangkong.metering.spells import MINUTE

NUMBERS = np.array([1, 2, 3, 5], dtype=np.int64)
reading = st.tuples(st.sampled_from([1, 2, 3, 4]), st.integers(1, 200), st.integers(-5, 5))


@settings(max_examples=15)
@given(st.lists(st.lists(reading, min_size=1, max_size=8), min_size=1, max_size=4))
def test_renewing_is_looking_at_everything(commits: list[list[tuple[int, int, int]]]) -> None:
    """Commit by commit, with corrections and late readings, what came last of a moment holds; strangers stay out."""
    with TemporaryDirectory() as folder:
        lake = a_lake(Path(folder))
        held = last_readings(lake, lake.clock(), NUMBERS)
        plain: dict[int, tuple[int, int]] = {}
        for rows in commits:
            # one row of a moment in a commit: which of two is the later one is the store's to say
            once = {(m, START + t * 15 * MINUTE): v for m, t, v in rows}
            put(lake, [(m, at, v * 1_000_000) for (m, at), v in once.items()])
            for (m, at), v in once.items():
                if m in NUMBERS and (m not in plain or at >= plain[m][0]):
                    plain[m] = (at, v * 1_000_000)
            held = renewed(lake, lake.clock(), held)
        at, value = held.of(NUMBERS)
        assert [(int(a), int(v)) for a, v in zip(at, value, strict=True)] == [
            plain.get(int(n), (0, 0)) for n in NUMBERS
        ]
        whole = last_readings(lake, lake.clock(), NUMBERS)
        for name in ("meter", "at", "value"):
            assert getattr(held, name).tolist() == getattr(whole, name).tolist()
