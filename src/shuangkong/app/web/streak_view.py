"""Streaks behind a finding (连续期数的由来): each period that was counted, the one that ends it, and those missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.accounting.api import index_of, period_at
from shuangkong.app.web.reading import Row
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period
from shuangkong.policy.api import Every, PackSet


@dataclass(frozen=True, slots=True)
class CountedPeriod:
    """One period: its figure, its word where it is a grade, whether it counts, and its row in the source."""

    key: str
    value: Decimal | None
    unit: str
    word: Label | None
    counts: bool
    row: Row | None


@dataclass(frozen=True, slots=True)
class CountedStreak:
    """A streak: what is counted, how many, whether that is a lower bound, and its periods from the first on."""

    input: str
    of: Label
    value: Decimal | None
    unit: str
    state: str
    missing: tuple[str, ...]
    periods: tuple[CountedPeriod, ...]


def missing_periods(needs: str | None) -> tuple[str, ...]:
    """The keys of the periods that a streak's `needs` names: one, or first/last."""
    if not needs:
        return ()
    first, _, last = needs.partition("/")
    start, end = Period.parse(first), Period.parse(last or first)
    every: Every = "month" if start.kind.value == "month" else "year"
    return tuple(period_at(n, every).key for n in range(index_of(start.start, every), index_of(end.start, every) + 1))


def streaks_of(packs: PackSet, readings: Sequence[Row], chain: Any) -> tuple[CountedStreak, ...]:
    """The streaks among the inputs of a finding, from what `why` found. readings, chain: see `Why`."""
    rows = {r["value_key"]: r for r in (*chain.levels, *chain.rates)}
    return tuple(_streaks(packs, readings, rows, chain.edges))


def _streaks(
    packs: PackSet, readings: Sequence[Row], rows: dict[str, Row], edges: Sequence[Row]
) -> Iterator[CountedStreak]:
    for reading in readings:
        count = rows.get(reading["source_key"] or "")
        declared = packs.indicators.get(count["indicator_id"]) if count is not None else None
        if count is None or declared is None or declared.streak is None:
            continue
        roles = {e["to_key"]: e["role"] for e in edges if e["from_key"] == count["value_key"] and e["to_key"] in rows}
        there = [_period(packs, rows[key], role) for key, role in roles.items()]
        missing = missing_periods(count["needs"])
        gaps = [CountedPeriod(key, None, "", None, False, None) for key in missing]
        of = packs.indicators.get(declared.streak.of)
        yield CountedStreak(
            reading["input"], of.label.label if of is not None else declared.label.label, count["value"], count["unit"],
            count["state"], missing, tuple(sorted([*there, *gaps], key=lambda p: p.key)),
        )  # fmt: skip


def _period(packs: PackSet, row: Row, role: str) -> CountedPeriod:
    declared = packs.indicators.get(row["indicator_id"])
    words = {g.value: g.label.label for g in declared.grades} if declared is not None else {}
    word = words.get(row["value"]) if row["value"] is not None else None
    return CountedPeriod(row["period_key"], row["value"], row["unit"], word, role == "period counted", row)
