"""The nowcast of the year's end (全年预测): months so far, and the rest as last year's rest grown like these months.

The interval adds how far the growth of the months left may lie off that of the months so far. Both are means of
months: where one month's growth lies off by σ, they lie apart by σ·√(1 ÷ so far + 1 ÷ left), least at mid-year. σ is
learned from earlier years of the same region, held to the prior of the pack. Seen from each month of a year, so that a
reader sees how the forecast moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import fsum, sqrt

from shuangkong.accounting.api import period_at
from shuangkong.dualcontrol.watch_estimating import YEAR, Error, scaled, together
from shuangkong.dualcontrol.watch_questions import Question
from shuangkong.dualcontrol.watch_rows import (
    HUNDRED,
    Facts,
    Row,
    around,
    deducted_of,
    left_of,
    published_step,
    rate,
    watch_key,
)
from shuangkong.dualcontrol.watch_sums import Key, Sums
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.numbers import quantise

_DIGITS = 50


@dataclass(frozen=True, slots=True)
class Drift:
    """Priors of the nowcast, from the packs (`watching.nowcast`).

    spread, drift: how far one month's growth lies off that of the others of its year, as a share: of the sum, and of
    value added. weight: years that this counts as. years: how many earlier years teach at most.
    """

    spread: float
    drift: float
    weight: float
    years: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """The amount of a whole year as seen from a month, its error, and how many earlier years taught it."""

    amount: Decimal
    error: Error
    shift: float
    known: Decimal
    learned: int
    spread: float


def year_rows(facts: Facts, asked: Question, prior: Drift) -> Iterator[Row]:
    """The nowcasts of a question's year, one for each month up to the last one of which anything is known."""
    w = asked.watched
    key = (w.sum, asked.method_id, asked.subject_id)
    last = facts.sums.last_of(key, asked.year, facts.last)
    if last is None:
        return
    missed = earlier_misses(facts.sums, key, asked.year, prior.years)
    for month in range(asked.year * YEAR, last + 1):
        if not w.quarterly or not (month + 1) % 3:
            newest = month == last or (w.quarterly and last - month < 3)
            yield _row(facts, asked, month, prior, missed, newest=newest)


def ahead(
    facts: Facts, key: Key, month: int, prior: Drift, missed: Sequence[Sequence[float]]
) -> tuple[Ahead | None, str | None]:
    """The year's amount from its months so far, or what is wanting for it. missed: `earlier_misses` of its year.

    N months so far, of B and R a year ago: N·(B + R) ÷ B. Relative to it the months left weigh r = R ÷ (B + R), so that
    its variance is that of N, and r² times those of B, of R, and of how far growth may lie apart.
    """
    now = facts.sums.to_date(key, month)
    if now.amount is None:
        return None, now.needs
    if month % YEAR == YEAR - 1:
        return Ahead(now.amount, now.error, now.shift, now.amount - now.estimated, 0, 0.0), None
    before = facts.sums.to_date(key, month - YEAR)
    end = facts.sums.to_date(key, month - month % YEAR - 1)
    if not before.amount or end.amount is None:
        return None, before.needs or end.needs or f"{key[0]} before 上年各月"
    with localcontext() as context:
        context.prec = _DIGITS
        whole = quantise(now.amount + (end.amount - before.amount) * now.amount / before.amount)
    variance, freedom = held(missed, month, prior)
    growing, n, b = float(end.amount / before.amount), float(now.amount), float(before.amount)
    # what the months left add for each unit of the months so far
    r = growing - 1
    base = max(end.error.variance - before.error.variance, 0.0) + (r * r) * before.error.variance
    error = together(
        scaled(now.error, growing), Error((n * r * apart(month)) ** 2 * variance, freedom),
        Error((n / b) ** 2 * base, end.error.freedom),
    )  # fmt: skip
    shift = now.shift * growing + n / b * (end.shift - before.shift - r * before.shift)
    return Ahead(whole, error, shift, now.amount - now.estimated, len(missed), sqrt(variance) * apart(month)), None


def apart(month: int) -> float:
    """How far the mean growth of months left lies off that of months so far, where that of one month lies off by 1."""
    so_far = month % YEAR + 1
    return sqrt(1 / so_far + 1 / (YEAR - so_far))


def earlier_misses(sums: Sums, key: Key, year: int, most: int) -> list[list[float]]:
    """How far the rest of each earlier year grew off its first months, seen from each month but the last, as a share.

    In units of one month's growth (÷ `apart`). The newest year first, up to one that is not known in full.
    """
    found: list[list[float]] = []
    for y in range(year - 1, year - 1 - most, -1):
        now, before = _first_months(sums, key, y), _first_months(sums, key, y - 1)
        if now is None or before is None:
            break
        sides = zip(now, before, strict=True)
        rows = [(a, now[-1] - a, b, before[-1] - b) for a, b in sides][:-1]
        if not all(x > 0 for row in rows for x in row):
            break
        found.append([(rest / rest_b / (a / b) - 1) / apart(m) for m, (a, rest, b, rest_b) in enumerate(rows)])
    return found


def _first_months(sums: Sums, key: Key, year: int) -> list[float] | None:
    """The year to date in each month of a year; None where one of them is not known."""
    amounts = [sums.to_date(key, year * YEAR + m).amount for m in range(YEAR)]
    known = [float(a) for a in amounts if a is not None]
    return known if len(known) == YEAR else None


def held(missed: Sequence[Sequence[float]], month: int, prior: Drift) -> tuple[float, float]:
    """Variance of one month's growth as seen from a month, and its degrees of freedom.

    That of all months of the earlier years is held to the prior, and that of this very month to it: what comes again
    each year at the same time (Spring Festival 春节) shows in its own months.
    """
    squares = [fsum(m * m for m in year) / len(year) for year in missed]
    pooled = (prior.weight * prior.spread**2 + _TELLS * fsum(squares)) / (prior.weight + _TELLS * len(missed))
    own = fsum(year[month % YEAR] ** 2 for year in missed)
    return (prior.weight * pooled + own) / (prior.weight + len(missed)), prior.weight + len(missed)


def _tells() -> float:
    """How many independent misses the eleven of one year are worth: (tr C)² ÷ tr C², C how they go together.

    Where months deviate independently, those seen from a and b ≥ a months correlate by √(a(12 − b) ÷ (b(12 − a))).
    """
    seen = range(1, YEAR)
    squares = (min(a, b) * (YEAR - max(a, b)) / (max(a, b) * (YEAR - min(a, b))) for a in seen for b in seen)
    return len(seen) ** 2 / fsum(squares)


_TELLS = _tells()


def _row(
    facts: Facts, asked: Question, month: int, prior: Drift, missed: Sequence[Sequence[float]], *, newest: bool
) -> Row:
    w, year = asked.watched, period_at(asked.year, "year")
    key = (w.sum, asked.method_id, asked.subject_id)
    whole, needs = ahead(facts, key, month, prior, missed)
    share, notes, short = left_of(facts, asked)
    as_of = period_at(month, "month").key
    row: Row = {
        "watch_key": watch_key("year", w.what, w.test, asked.subject_id, as_of, asked.method_id),
        "method_id": asked.method_id, "subject_id": asked.subject_id, "what": w.what, "test": w.test,
        "period_key": year.key, "period_kind": year.kind.value, "period_start": year.start, "period_end": year.end,
        "as_of_month": as_of, "newest": int(newest), "required": asked.required, "incentive": asked.incentive,
        "unit": w.unit, "pack_key": asked.pack_key, "target_slug": asked.slug, "clause": asked.clause,
        "coverage": Decimal(0), "state": "insufficient", "needs": needs, "confidence": asked.confidence,
    }  # fmt: skip
    if whole is None or share is None:
        return {**row, "needs": needs or short}
    told = {**notes, "learned_years": whole.learned, "spread": f"{whole.spread:.6f}"}
    now = facts.sums.to_date(key, month)
    found = _change(facts, asked, month, whole, prior) if w.growth else _amount(whole, share, facts.level)
    if isinstance(found, str):
        return {**row, "needs": found}
    value, low, high, sure = found
    over = month % YEAR == YEAR - 1 and not now.estimated and notes.get("assessed_year", asked.year) == asked.year
    return {
        **row, "nowcast": value, "low": low, "high": high, "needs": asked.needs,
        "state": "ok" if over else "estimate", "how": json.dumps(told, ensure_ascii=False, sort_keys=True),
        "coverage": min(quantise(whole.known / whole.amount), Decimal(1)) if whole.amount else Decimal(0),
        "confidence": least_sure(now.confidence, asked.confidence, sure),
    }  # fmt: skip


def _amount(whole: Ahead, share: Decimal, level: float) -> tuple[Decimal, Decimal, Decimal, str]:
    with localcontext() as context:
        context.prec = _DIGITS
        value = quantise(whole.amount * share)
    low, high = around(value, whole.shift * float(share), scaled(whole.error, float(share)), level)
    return value, low, high, "confirmed"


def _change(
    facts: Facts, asked: Question, month: int, whole: Ahead, prior: Drift
) -> tuple[Decimal, Decimal, Decimal, str] | str:  # fmt: skip
    """The year's change of intensity: growth so far is taken for the year's, which the months left may move."""
    w = asked.watched
    before = facts.sums.to_date((w.sum, asked.method_id, asked.subject_id), asked.year * YEAR - 1)
    growth = facts.growth.get((w.growth, asked.subject_id), {}).get(month)
    if growth is None:
        return f"{w.growth} {asked.year}YTD{month % YEAR + 1:02d}"
    if not before.amount or growth.value <= -HUNDRED:
        return before.needs or f"{w.sum} {asked.year - 1}"
    value = rate(whole.amount * deducted_of(facts, asked)[0], before.amount, growth.value)
    size, a, b = float(value + HUNDRED), float(whole.amount), float(before.amount)
    left = (YEAR - 1 - month % YEAR) / YEAR
    drift = left * apart(month) * prior.drift if left else 0.0
    relative = together(
        scaled(whole.error, 1 / a), scaled(before.error, 1 / b), Error(drift**2, prior.weight),
        published_step(facts, growth.value),
    ) if a else Error(0.0, 1e9)  # fmt: skip
    shift = size * (whole.shift / a - before.shift / b) if a else 0.0
    low, high = around(value, shift, scaled(relative, size), facts.level)
    return value, low, high, least_sure(before.confidence, growth.confidence)
