"""Findings as CSV (导出): codes and words side by side, exact figures, no cell that a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Iterable

from shuangkong.app.web.rows import Finding
from shuangkong.app.web.sentences import Teller
from shuangkong.judgement.api import FINDINGS
from shuangkong.webkit.api import csv_text, status_mark

_COLUMNS = (
    "finding_key", "subject_id", "pack_id", "pack_edition", "clause", "slug", "variant", "level", "period_key", "due",
    "indicator_id", "comparator", "unit", "value", "threshold", "threshold_high", "margin", "progress", "status",
    "reason", "needs", "coverage", "confidence", "method_id", "synthetic",
)  # fmt: skip


def as_csv(rows: Iterable[Finding], tell: Teller) -> str:
    """One row per finding; the head has the column names of the dictionary, then the words."""
    language = tell.speaker.language
    words = [tell.speaker.say(f"csv.{k}") for k in ("subject", "indicator", "status", "sentence")]
    head = [f"{FINDINGS[name].label.in_(language)} {name}" for name in _COLUMNS]
    body = (
        [
            tell.who(f.subject_id), tell.indicator(f.indicator_id), status_mark(f.status).label.in_(language),
            tell.tell(f), *(getattr(f, name) for name in _COLUMNS),
        ]
        for f in rows
    )  # fmt: skip
    return csv_text([*words, *head], body)
