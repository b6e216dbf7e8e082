"""A short soak: kills at random moments, after which the acknowledged readings are exactly the ones found."""

from __future__ import annotations

from pathlib import Path

import pytest

from soaking import soaked


@pytest.mark.service
@pytest.mark.slow
def test_ten_kills_lose_nothing_and_double_nothing(tmp_path: Path, mqtt_url: str) -> None:
    """HTTP, HJ 212 and MQTT; the long run is `tests/soaking.py --kills 300`."""
    found = soaked(tmp_path / "ws", 10, mqtt=mqtt_url, say=lambda _: None)
    wrong = {n: found[n] for n in ("missing", "not_acknowledged", "wrong", "posts_stored_twice")}
    assert wrong == {"missing": [], "not_acknowledged": [], "wrong": [], "posts_stored_twice": 0}
    assert min(found["acknowledged"].values()) > 0
    assert found["kills_after_an_answer"] == 11
