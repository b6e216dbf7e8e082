"""Months in which nothing follows (无后果的月份): told by the grades computed here, and not written down as measures.

`watch_measures` holds what follows. That a table was asked of a month and nothing followed is no row there; who goes on
from month to month (a case upon red months) has to tell it from a month that could not be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shuangkong.dualcontrol.watch_following import Asked, asked_tables
from shuangkong.dualcontrol.watch_grading import lamps_of
from shuangkong.policy.api import PackSet

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Quiet:
    """A month of a region in which a table of a pack says that nothing follows; `answer` is its word for that."""

    subject_id: str
    pack_id: str
    pack_edition: str
    table_id: str
    clause: str
    period_key: str
    answer: str
    confidence: str


def quiet_months(
    packs: PackSet, months: Sequence[Row], measures: Sequence[Row], *, as_of: date, known: date
) -> Iterator[Quiet]:
    """The months of rows of WATCH_MONTHS in which nothing follows, of regions that `measures` or the caller chose.

    A month is told where every figure that the table reads has its count of red months. Where a count is above nought
    and no row of WATCH_MEASURES stands, the table was asked and nothing followed.
    """
    there = {(r["subject_id"], r["pack_key"], r["table_id"], r["period_key"]) for r in measures}
    lamps: dict[tuple[str, str], dict[str, Row]] = {}
    for r in lamps_of([dict(r) for r in months]):
        if r.get("red_months") is not None:
            lamps.setdefault((r["subject_id"], r["period_key"]), {})[r["what"]] = r
    for one in asked_tables(packs, as_of=as_of, known=known):
        whats = set(one.inputs.values())
        for (subject, period), mine in sorted(lamps.items()):
            if whats <= set(mine) and (subject, one.pack.key, one.table.id, period) not in there:
                yield _quiet(one, subject, period, mine[min(whats)])


def _quiet(one: Asked, subject: str, period: str, row: Row) -> Quiet:
    good = one.table.outputs[0].signals.get("good", ("",))[0]
    edition = one.pack.instrument.edition
    return Quiet(
        subject, one.pack.id, edition, one.table.id, one.table.clause, period, good, row["confidence"] or "confirmed"
    )
