"""The why of a figure that meters gave: each meter with its days, and a way to its readings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

PARTS = [
    {"day": date(2025, 12, 1), "quantity": Decimal("10.5"), "measured": 86400, "spread": 0},
    {"day": date(2025, 12, 2), "quantity": None, "measured": 0, "spread": 0},
    {"day": date(2025, 12, 3), "quantity": Decimal("2"), "measured": 86400, "spread": 0},
]


@pytest.mark.parametrize(("language", "words"), [("zh", "背后的计量器具"), ("en", "The meters behind it")])
def test_meters_stand_under_the_entries(
    pages: Any, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:  # fmt: skip
    """Days that are known are counted and summed; one that is not is neither nought nor counted."""
    finding = next(f for f in pages.view.findings if f.value is not None)
    row = {
        "entry_id": "e1", "meter": 7, "code": "E0007", "name": "总表（合成）", "unit": "kWh",
        "subject_id": finding.subject_id, "first_day": date(2025, 12, 1), "last_day": date(2025, 12, 3), "days": PARTS,
    }  # fmt: skip
    monkeypatch.setattr("shuangkong.judgement.why.metered", lambda *_: [row])
    text = pages.get(f"/findings/{finding.finding_key}", language)
    assert words in text
    assert '<a href="/meters/7">E0007</a>' in text
    section = text.split('id="meters"')[1].split("</section>")[0]
    assert ">2</td>" in section
    assert "12.5" in section
