"""What an import puts right, for the audit log (更正留痕): each figure old and new, by subject, with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import record

#: Figures in one entry; a subject with more of them has several.
AT_ONCE = 100
_SAYS = ("quantity", "unit", "basis", "known_on")
_WHICH = ("book", "period_key", "item", "role", "extent", "price_base")


def record_corrections(
    connection: sa.Connection,
    corrected: Sequence[Mapping[str, Any]],
    before: Mapping[str, Mapping[str, Any]],
    *,
    import_id: str,
    reason: str,
    principal: str,
    at: datetime,
) -> None:
    """Entries `figure.correct`, in the transaction that makes the new rows visible; their object is the subject.

    corrected: rows of book_entries with `corrects`; before: the rows that they correct, by entry id.
    """
    for subject, figures in _by_subject(corrected, before):
        detail = {"import": import_id, "reason": reason, "figures": figures}
        record(connection, at=at, principal=principal, action="figure.correct", obj=subject, detail=detail)


def _by_subject(
    corrected: Sequence[Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, list[dict[str, object]]]]:
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in corrected:
        found[row["subject_id"]].append(_told(row, before[row["corrects"]]))
    for subject in sorted(found):
        for start in range(0, len(found[subject]), AT_ONCE):
            yield subject, found[subject][start : start + AT_ONCE]


def _told(row: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, object]:
    """One figure: which it is, what stood, what stands, and the uses that its return allows."""
    which = {k: row[k] for k in _WHICH if row[k] is not None}
    return {
        **which, "entry": row["entry_id"], "corrects": row["corrects"], "use": row["use"],
        "old": {k: _plain(old.get(k)) for k in _SAYS}, "new": {k: _plain(row[k]) for k in _SAYS},
    }  # fmt: skip


def _plain(value: object) -> str | None:
    return None if value is None else str(value)
