"""Rows of monthly watching (月度预警): change or amount of the year to date, what is required, and what it is held to.

Pure: sums, growth rates and questions in, rows out; grades are put on by the pack's tables afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from math import log, sqrt
from typing import Any

from shuangkong.accounting.api import CHANGE, period_at
from shuangkong.dualcontrol.watch_estimating import YEAR, Error, quantile, scaled, together
from shuangkong.dualcontrol.watch_questions import Question
from shuangkong.dualcontrol.watch_sums import Sums, YearToDate, rounded
from shuangkong.kernel.findings import least_sure
from shuangkong.kernel.ids import digest
from shuangkong.kernel.numbers import quantise

_DIGITS = 50
HUNDRED = Decimal(100)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Growth:
    """A reported real growth of the year to date in %, with the key of the indicator value."""

    value: Decimal
    key: str
    confidence: str


@dataclass(frozen=True)
class Facts:
    """What months are made of.

    growth: (indicator, region) → month → growth of the year to date. since: (indicator, region, method, base year,
    year) → change since the base in %. assessed: (method, region, year) → assessed ÷ gross energy. last: the last full
    month. level: of the interval. most: share of estimates up to which a figure is graded. deducted: (method, region,
    year) → energy after the deductions of intensity ÷ gross. growth_step: the step in points in which growth is
    published.
    """

    sums: Sums
    growth: Mapping[tuple[str, str], Mapping[int, Growth]]
    since: Mapping[tuple[str, str, str, int, int], Decimal]
    assessed: Mapping[tuple[str, str, int], Decimal]
    last: int
    level: float
    most: Decimal
    deducted: Mapping[tuple[str, str, int], Decimal] = field(default_factory=dict)
    growth_step: float = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure of the year to date with its interval; null with what it needs. gradable: not too much is estimated."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    growth: Decimal | None = None
    now: YearToDate | None = None
    before: YearToDate | None = None
    needs: str | None = None
    confidence: str = "confirmed"
    notes: Mapping[str, object] | None = None


def month_rows(facts: Facts, asked: Question) -> Iterator[Row]:
    """The rows of a question, one for each month of its year up to the last one of which anything is known."""
    w = asked.watched
    key = (w.sum, asked.method_id, asked.subject_id)
    last = facts.sums.last_of(key, asked.year, facts.last)
    if last is None:
        return
    for month in range(asked.year * YEAR, last + 1):
        if w.quarterly and (month + 1) % 3:
            continue
        reading = change(facts, asked, month) if w.growth else amount(facts, asked, month)
        due = None if w.growth else due_amount(facts, asked, month)
        yield row_of(facts, asked, month, reading, due)


def change(facts: Facts, asked: Question, month: int) -> Reading:
    """Change in % of energy (CO2) per real value added against the same months of the year before.

    ((E ÷ E before) ÷ (1 + g) − 1) × 100, g the reported real growth of the year to date. Of energy, what the deductions
    left of both years is taken where both are known, as the target has it; else the change is that of gross energy. The
    interval is that of the two sums and of the step in which growth is published.
    """
    w = asked.watched
    key = (w.sum, asked.method_id, asked.subject_id)
    now, before = facts.sums.to_date(key, month), facts.sums.to_date(key, month - YEAR)
    growth = facts.growth.get((w.growth, asked.subject_id), {}).get(month)
    wanting = [now.needs, before.needs]
    wanting += [] if growth else [f"{w.growth} {period_at(month, 'month').key[:4]}YTD{month % YEAR + 1:02d}"]
    needs = "; ".join(x for x in wanting if x) or None
    if now.amount is None or not before.amount or growth is None or growth.value <= -HUNDRED:
        return Reading(None, now=now, before=before, needs=needs or f"{w.sum} before 上年同期量",
                       growth=growth.value if growth else None)  # fmt: skip
    left, notes = deducted_of(facts, asked)
    value = rate(now.amount * left, before.amount, growth.value)
    sure = least_sure(now.confidence, before.confidence, growth.confidence)
    a, b = float(now.amount), float(before.amount)
    step = published_step(facts, growth.value)
    relative = together(scaled(now.error, 1 / a), scaled(before.error, 1 / b), step) if a else Error(0.0, 1e9)
    size = float(value + HUNDRED)
    shift = size * (now.shift / a - before.shift / b) if a else 0.0
    low, high = around(value, shift, scaled(relative, size), facts.level)
    return Reading(value, low, high, growth.value, now, before, confidence=sure, notes=notes)


def deducted_of(facts: Facts, asked: Question) -> tuple[Decimal, dict[str, object]]:
    """How deductions of intensity move a change: what they leave of this year ÷ what they left of the one before."""
    if asked.watched.sum != "energy":
        return Decimal(1), {}
    now, before = (
        facts.deducted.get((asked.method_id, asked.subject_id, year)) for year in (asked.year, asked.year - 1)
    )
    if now is None or not before:
        return Decimal(1), {"deductions": "gross"}
    with localcontext() as context:
        context.prec = _DIGITS
        return now / before, {"deducted_share": f"{now:f}", "deducted_share_before": f"{before:f}"}


def published_step(facts: Facts, growth: Decimal) -> Error:
    """The relative error of a rate that is published in steps: even within half a step on either side."""
    half = facts.growth_step / 2 / float(growth + HUNDRED)
    return Error(half * half / 3, 1e9)


def rate(now: Decimal, before: Decimal, growth: Decimal) -> Decimal:
    """Change in % of an amount per real output that grew by `growth` %."""
    with localcontext() as context:
        context.prec = _DIGITS
        return quantise(now / before / (1 + growth / HUNDRED) * HUNDRED - HUNDRED)


def amount(facts: Facts, asked: Question, month: int) -> Reading:
    """The amount of the year to date as it is assessed: gross, times what the deductions leave of a year's energy."""
    w = asked.watched
    now = facts.sums.to_date((w.sum, asked.method_id, asked.subject_id), month)
    share, notes, needs = left_of(facts, asked)
    needs = "; ".join(x for x in (now.needs, needs) if x) or None
    if now.amount is None or share is None:
        return Reading(None, now=now, needs=needs)
    with localcontext() as context:
        context.prec = _DIGITS
        value = quantise(now.amount * share)
    low, high = around(value, now.shift * float(share), scaled(now.error, float(share)), facts.level)
    return Reading(value, low, high, now=now, confidence=now.confidence, notes=notes)


def left_of(facts: Facts, asked: Question) -> tuple[Decimal | None, dict[str, object], str | None]:
    """What deductions leave of the energy: of the year itself where it is known, else of the year before."""
    if asked.indicator != "energy_total_assessed":
        return Decimal(1), {}, None
    for year in (asked.year, asked.year - 1):
        share = facts.assessed.get((asked.method_id, asked.subject_id, year))
        if share is not None:
            return share, {"assessed_share": f"{share:f}", "assessed_year": year}, None
    return None, {}, f"energy_total_assessed {asked.year - 1}"


def around(value: Decimal, shift: float, error: Error, level: float) -> tuple[Decimal, Decimal]:
    """The interval for the final figure: moved by what revisions are expected to add."""
    half = quantile(level, error.freedom) * sqrt(error.variance) if error.variance > 0 else 0.0
    return value + rounded(shift - half), value + rounded(shift + half)


def due_amount(facts: Facts, asked: Question, month: int) -> tuple[Decimal | None, str]:
    """What of the year's total falls to the months so far: as the year before fell, else evenly; and which it was."""
    if asked.required is None:
        return None, ""
    key = (asked.watched.sum, asked.method_id, asked.subject_id)
    end = facts.sums.to_date(key, asked.year * YEAR - 1)
    part = facts.sums.to_date(key, month - YEAR)
    if end.amount and part.amount is not None:
        with localcontext() as context:
            context.prec = _DIGITS
            return quantise(asked.required * part.amount / end.amount), "last_year"
    return quantise(asked.required * (month % YEAR + 1) / YEAR), "linear"


def progress(facts: Facts, asked: Question, month: int, value: Decimal) -> Decimal | None:
    """Done ÷ due since the plan's base year: ln(1 − r) ÷ ln(1 − R) or r ÷ R, over the share of the plan that is past.

    r is the fall since the base year: that of the last full year and the change of this year's months together. Null
    where the former is not known, or the target is a stand-in of another indicator.
    """
    if asked.whole is None or asked.base_year is None or not 0 < asked.whole < 1:
        return None
    before = Decimal(0)
    if asked.year - 1 > asked.base_year:
        at = (asked.indicator + CHANGE, asked.subject_id, asked.value_method, asked.base_year, asked.year - 1)
        known = facts.since.get(at)
        if known is None:
            return None
        before = known
    left = float((1 + before / HUNDRED) * (1 + value / HUNDRED))
    if left <= 0:
        return None
    whole = float(asked.whole)
    done = log(left) / log(1 - whole) if asked.progress == "compound" else (1 - left) / whole
    past = (YEAR * (asked.year - 1 - asked.base_year) + month % YEAR + 1) / (YEAR * asked.years)
    return rounded(done / past)


def row_of(
    facts: Facts, asked: Question, month: int, r: Reading, due: tuple[Decimal | None, str] | None
) -> Row:  # fmt: skip
    """The row of a month without its grade; `asks` is what the pack's tables are asked of it."""
    w, p = asked.watched, period_at(month, "month")
    required = asked.required if due is None else due[0]
    estimated = share_estimated(r)
    too_much = estimated is not None and estimated > facts.most
    needs = "; ".join(
        x for x in (r.needs, asked.needs, f"returns: {estimated:f} is estimated 缺报过多" if too_much else None) if x
    )
    made = estimated is not None and estimated > 0
    counted = (r.notes or {}).get("assessed_year", asked.year) != asked.year
    state = (
        "insufficient" if r.value is None or too_much
        else "not_yet" if required is None
        else "estimate" if made or counted else "ok"
    )  # fmt: skip
    now = r.now
    return {
        "watch_key": watch_key(w.what, w.test, asked.subject_id, p.key, asked.method_id),
        "method_id": asked.method_id, "subject_id": asked.subject_id, "what": w.what, "period_key": p.key,
        "period_kind": p.kind.value, "period_start": p.start, "period_end": p.end, "test": w.test, "value": r.value,
        "unit": w.unit, "low": r.low, "high": r.high, "required": required,
        "progress": _progress(facts, asked, month, r.value, required), "grade": None, "grade_low": None,
        "grade_high": None, "cutoff": None, "state": state,
        "needs": needs or None, "coverage": coverage(r), "estimated_share": estimated,
        "how": how_of(r, due), "growth": r.growth, "energy": now.amount if now else None,
        "energy_before": r.before.amount if r.before else None, "amount_unit": "tCO2" if w.carbon else "tce",
        "confidence": least_sure(r.confidence, asked.confidence), "pack_key": asked.pack_key,
        "target_slug": asked.slug, "clause": asked.clause,
        "asks": {} if state in ("insufficient", "not_yet") else asks(facts, asked, month, r, required),
    }  # fmt: skip


def asks(
    facts: Facts, asked: Question, month: int, r: Reading, required: Decimal | None
) -> dict[str, dict[str, Decimal | None]]:  # fmt: skip
    """What the pack's table is asked of the figure and of both ends of its interval."""
    found: dict[str, dict[str, Decimal | None]] = {}
    for name, value in (("value", r.value), ("low", r.low), ("high", r.high)):
        if value is None or required is None:
            continue
        done = _progress(facts, asked, month, value, required)
        found[name] = (
            {"change": value, "lag": value - required, "progress": done} if asked.watched.growth else {"used": done}
        )
    return found


def _progress(
    facts: Facts, asked: Question, month: int, value: Decimal | None, required: Decimal | None
) -> Decimal | None:  # fmt: skip
    if value is None:
        return None
    if asked.watched.growth:
        return progress(facts, asked, month, value)
    return quantise(value / required) if required else None


def watch_key(*parts: str) -> str:
    """How a row is named: a hash of figure, test, region, period and method, the same in every run."""
    return f"w_{digest('watch', *parts)}"


def share_estimated(r: Reading) -> Decimal | None:
    """The larger share that is estimated of this year's and last year's months; null where there is no amount."""
    shares = [quantise(y.estimated / y.amount) for y in (r.now, r.before) if y is not None and y.amount]
    return max(shares, default=None)


def coverage(r: Reading) -> Decimal:
    """Known ÷ due returns of the year to date, the lower of this year's and last year's."""
    return min((y.coverage for y in (r.now, r.before) if y is not None), default=Decimal(0))


def how_of(r: Reading, due: tuple[Decimal | None, str] | None) -> str | None:
    """What an estimate rests on, as JSON; null where nothing but returns speaks."""
    told: dict[str, object] = dict(r.notes or {})
    for name, y in (("now", r.now), ("before", r.before)):
        if y is not None and y.by_basis:
            told[name] = {b: {"returns": n, "amount": f"{a:f}"} for b, (n, a) in sorted(y.by_basis.items())}
    if due is not None and due[0] is not None:
        told["profile"] = due[1]
    return json.dumps(told, ensure_ascii=False, sort_keys=True) if told else None
