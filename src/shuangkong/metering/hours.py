"""Readings to hours, days, months and years (读数逐级汇总): the one definition, as expressions that any engine runs.

A reading says what went through in a stretch of time; a stretch is laid over the hours of China that it crosses; hours
times the meter's factor are rounded once, there; every level above is an exact sum. docs/design/metering.md says it in
words. `metering.tiles` does the same in arrays, and tests hold the two equal digit for digit.

What is known of the readings beforehand saves work and changes nothing: the kinds of meters among them, whether each
moment is there once, whether any stretch crosses an hour.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from shuangkong.engine.api import amount, exact_share, micros_of, whole_part
from shuangkong.metering.model import MOST, NO_VALUE, SCALE
from shuangkong.metering.rollup_tables import METER_SPELLS, STATED_READINGS
from shuangkong.metering.spells import CHINA, DAY, HOUR, Spells
from shuangkong.metering.storing import exact_column
from shuangkong.metering.tiles import LONG_TENTHS

if TYPE_CHECKING:
    import ibis.expr.types as ir

KINDS = ("interval", "rate", "register")


def newest(readings: ir.Table) -> ir.Table:
    """Of two readings of one moment the one that was taken last: the larger place, then the larger row.

    readings, result: columns of READINGS. Key of the result: meter, at.
    """
    import ibis

    last = ibis.row_number().over(
        group_by=[readings.meter, readings["at"]], order_by=[readings.place.desc(), readings.row.desc()]
    )
    return readings.mutate(turn=last).filter(lambda t: t.turn == 0).drop("turn")


def stretches(
    readings: ir.Table, spells: ir.Table, stated: ir.Table, kinds: Collection[str] = KINDS
) -> ir.Table:  # fmt: skip
    """What each reading says: meter, begin and end in microseconds, quantity, long.

    readings: READINGS, key meter and at. spells: METER_SPELLS. stated: STATED_READINGS. kinds: those that spells have.
    Readings without value and of meters without spells say nothing.
    """
    import ibis

    found = []
    for kind in (k for k in KINDS if k in kinds):
        own = spells if len(kinds) == 1 else spells.filter(spells.kind == kind)
        rows = _under(readings, own)
        if kind == "register":
            found.append(_differences(rows, own, stated))
            continue
        begin = ibis.ifelse(rows.starts, rows.at_us, rows.at_us - rows.every)
        quantity = rows.value if kind == "interval" else exact_share(rows.value, rows.every, _literal(HOUR))
        end = begin + rows.every
        found.append(rows.select(meter=rows.meter, begin=begin, end=end, quantity=quantity, long=ibis.literal(False)))
    return found[0] if len(found) == 1 else ibis.union(*(f.mutate(quantity=f.quantity.cast(_WIDE)) for f in found))


_WIDE = "decimal(38, 6)"


def _under(readings: ir.Table, spells: ir.Table) -> ir.Table:
    """Readings with value beside the spell that each is of: a reading of a change's midnight is the old one's."""
    given = readings.filter(readings.value.notnull())
    given = given.select("meter", "value", at_us=micros_of(given["at"]))
    joined = given.join(
        spells, [given.meter == spells.meter, given.at_us > spells.since, given.at_us <= spells.until]
    )  # fmt: skip
    return joined.drop("meter_right")


def _differences(rows: ir.Table, spells: ir.Table, stated: ir.Table) -> ir.Table:
    """Stretches of registers: from the reading before of the same chain to this one, where the difference is known."""
    import ibis

    said = stated.join(spells, [stated.meter == spells.meter, stated.spell == spells.spell])
    columns = ("meter", "chain", "at_us", "value", "every", "modulus")
    said = said.select(*columns, rank=ibis.literal(1))
    every = rows.select(*columns, rank=ibis.literal(0)).union(said)
    first = ibis.row_number().over(
        group_by=[every.meter, every.chain, every.at_us], order_by=[every["rank"].desc()]
    )  # fmt: skip
    shown = every.mutate(turn=first).filter(lambda t: t.turn == 0)
    over = ibis.window(group_by=[shown.meter, shown.chain], order_by=[shown.at_us])
    shown = shown.mutate(begin=shown.at_us.lag().over(over), before=shown.value.lag().over(over))
    shown = shown.filter(shown.begin.notnull()).mutate(step=lambda t: t.value.cast(_WIDE) - t.before.cast(_WIDE))
    through = shown.step + shown.modulus.cast(_WIDE)
    rolled = ((shown.step < 0) & shown.modulus.notnull() & (through >= 0) & (through < -shown.step)).fill_null(False)
    length = shown.at_us - shown.begin
    told = shown.select(
        meter=shown.meter, begin=shown.begin, end=shown.at_us, quantity=ibis.ifelse(rolled, through, shown.step),
        long=length * 10 > shown.every * LONG_TENTHS,
    )  # fmt: skip
    return told.filter(told.quantity >= 0)


def laid(given: ir.Table, *, crossing: bool = True) -> ir.Table:
    """Stretches over the hours that they cross: meter, hour (since 1970), quantity, covered (microseconds), long.

    Up to a moment a stretch has given quantity × time gone ÷ its length, rounded half away from zero; an hour gets the
    difference of two such figures, so that parts add up to the stretch. crossing: False where none crosses an hour.
    """
    import ibis

    hour = ibis.literal(HOUR, "int64")
    t = given.mutate(first=whole_part(given.begin, hour))
    columns = ("meter", "hour", "quantity", "covered", "long")
    if not crossing:
        return t.mutate(hour=t.first, covered=t.end - t.begin).select(*columns)
    t = t.mutate(last=whole_part(t.end - 1, hour))
    one = t.filter(t.first == t.last).mutate(hour=lambda x: x.first, covered=lambda x: x.end - x.begin)
    cut = t.filter(t.first < t.last)
    cut = cut.mutate(hour=ibis.range(cut.first, cut.last + 1).unnest())
    cut = cut.mutate(
        start=ibis.greatest(cut.hour * hour, cut.begin), stop=ibis.least((cut.hour + 1) * hour, cut.end),
        length=cut.end - cut.begin,
    )  # fmt: skip
    gone = exact_share(cut.quantity, cut.stop - cut.begin, cut.length)
    before = exact_share(cut.quantity, cut.start - cut.begin, cut.length)
    cut = cut.mutate(quantity=gone - before, covered=cut.stop - cut.start)
    return one.mutate(quantity=one.quantity.cast(_WIDE)).select(*columns).union(cut.select(*columns))


def hours(parts: ir.Table, spells: ir.Table, *, whole: bool = False) -> ir.Table:
    """Parts of one meter and hour together, times the factor of the hour, rounded once.

    Result: meter, hour (since 1970), quantity (null: more than a quantity may be), measured, spread (microseconds of
    the hour that short and long stretches cover). Key: meter, hour. whole: every part is a stretch as long as the
    meter's interval, none long: what is measured is then their number times that.
    """
    import ibis

    t = parts.group_by("meter", "hour")
    if whole:
        t = t.aggregate(raw=parts.quantity.sum(), number=parts.count())
    else:
        long = parts.covered.sum(where=parts.long).fill_null(0)
        t = t.aggregate(raw=parts.quantity.sum(), covered=parts.covered.sum(), spread=long)
    begins, one = t.hour * HOUR, _literal(SCALE)
    t = t.join(spells, [t.meter == spells.meter, begins >= spells.since, begins < spells.until]).drop("meter_right")
    told = ibis.ifelse(t.factor == one, t.raw.cast(_WIDE), exact_share(t.raw, t.factor, one))
    spread = _literal(0) if whole else t.spread.cast("int64")
    measured = t.number * t.every if whole else (t.covered - t.spread).cast("int64")
    return t.select(
        "meter", "hour", quantity=ibis.ifelse(told.abs() <= _most(), told, None), measured=measured, spread=spread
    )


def _most() -> ir.DecimalValue:
    from decimal import Decimal

    return amount(Decimal(MOST).scaleb(-6))


def days(found: ir.Table) -> ir.Table:
    """Hours to days of China: meter, day, quantity, measured, spread, hours. An hour that has no quantity counts for
    nothing; a day without any has none. Key: meter, day.
    """
    t = found.mutate(number=whole_part((found.hour * HOUR + CHINA).cast("int64"), _literal(DAY)))
    known = t.quantity.notnull()
    t = t.group_by("meter", "number").aggregate(
        quantity=t.quantity.sum().cast(_WIDE), measured=t.measured.sum(where=known).fill_null(0).cast("int64"),
        spread=t.spread.sum(where=known).fill_null(0).cast("int64"), hours=t.quantity.count(),
    )  # fmt: skip
    return t.select("meter", "quantity", "measured", "spread", "hours", day=_date(t.number)).relocate(
        "day", after="meter"
    )


def months(found: ir.Table) -> ir.Table:
    """Days to months, by their first day: meter, day, quantity, measured, spread, hours. Key: meter, day."""
    return _summed_days(found.mutate(day=found.day.truncate("M")))


def years(found: ir.Table) -> ir.Table:
    """Days or months to years, by their first day: meter, day, quantity, measured, spread, hours. Key: meter, day."""
    return _summed_days(found.mutate(day=found.day.truncate("Y")))


def unit_months(found: ir.Table, meters: ir.Table) -> ir.Table:
    """Months of meters to months of units by item: subject_id, item, unit, day, quantity, measured, spread, meters.

    found: months. meters: meter, subject_id, item, unit of the meters that count, key meter. Key: the first four.
    """
    t = found.join(meters, "meter")
    return t.group_by("subject_id", "item", "unit", "day").aggregate(
        quantity=t.quantity.sum(), measured=t.measured.sum().cast("int64"), spread=t.spread.sum().cast("int64"),
        meters=t.quantity.count(),
    )  # fmt: skip


def _summed_days(t: ir.Table) -> ir.Table:
    return t.group_by("meter", "day").aggregate(
        quantity=t.quantity.sum().cast(_WIDE), measured=t.measured.sum().cast("int64"),
        spread=t.spread.sum().cast("int64"), hours=t.hours.sum().cast("int64"),
    )  # fmt: skip


def _literal(value: int) -> ir.IntegerValue:
    import ibis

    found: ir.IntegerValue = ibis.literal(value, "int64")
    return found


def _date(days_since_1970: ir.IntegerValue) -> ir.DateValue:
    """A day by its number."""
    import ibis

    found: ir.DateValue = (ibis.timestamp("1970-01-01") + days_since_1970.as_interval("D")).date()
    return found


def spell_rows(spells: Spells) -> pa.Table:
    """Spells as METER_SPELLS has them; `spell` is each one's place in `Spells`."""
    kinds = np.where(spells.register, "register", np.where(spells.rate, "rate", "interval"))
    modulus = np.where(spells.modulus == 0, NO_VALUE, spells.modulus)
    return METER_SPELLS.checked(pa.table({
        "spell": np.arange(len(spells.number)), "meter": spells.number, "since": spells.since, "until": spells.until,
        "every": spells.every, "kind": pa.array(kinds.tolist(), pa.string()), "starts": spells.starts,
        "modulus": exact_column(modulus), "factor": spells.factor, "chain": spells.chain,
    }))  # fmt: skip


def stated_rows(spells: Spells) -> pa.Table:
    """What was stated of registers' changes, as STATED_READINGS has it."""
    said = spells.stated
    return STATED_READINGS.checked(pa.table({
        "spell": said.spell, "meter": spells.number[said.spell], "at_us": said.at,
        "value": exact_column(said.value),
    }))  # fmt: skip
