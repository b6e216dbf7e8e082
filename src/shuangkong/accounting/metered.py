"""Meters in the books (计量入账): months of meters beside returns, and which of the two counts. One does, never both.

Which one is said by dated parameters of packs: an order of the two, the least share of a month that must be known for
its meters to stand as known, and how far the two may differ before somebody is asked to look. What is known in full
goes before what is known in part, and that before what is not known; the order decides between equals. A month of
which a part is not known enters as partial, with its share: never as nought, and never scaled up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shuangkong.accounting.emitted import ROLE as EMITTED
from shuangkong.accounting.metered_months import ROLE, month_rows
from shuangkong.accounting.tables import BOOK_ENTRIES, METER_ENTRIES, METER_LINKS, METER_MONTHS, OUTLET_MONTHS
from shuangkong.engine.api import RunContext, reading
from shuangkong.metering.api import Meters, meters_known
from shuangkong.policy.api import PackSet

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What a meter's entry names as its source.
SOURCE = "meter"
KNOWN, PART, NOTHING, ABSENT = 0, 1, 2, 9


def meters_of_run(run: RunContext) -> Meters:
    """The register of meters as known at the run."""
    with reading(run.workspace.engine) as db:
        return meters_known(db, run.scope, run.known)


def take_in(run: RunContext, packs: PackSet, meters: Meters) -> ir.Table:
    """Bind months of meters beside the returns that are there, choose, and publish what became of each.

    The entries of the run (`book_entries`) are then the returns that count and the months of meters that do.
    """
    subjects = None if run.update is None else run.update.subjects
    rows = month_rows(run, packs, meters, subjects)
    run.bind(METER_MONTHS, METER_MONTHS.from_rows(rows.months))
    found = run.publish(METER_ENTRIES, lambda: chosen(BOOK_ENTRIES.ibis(), METER_MONTHS.ibis()))
    run.publish(METER_LINKS, METER_LINKS.from_rows(rows.links))
    run.publish(OUTLET_MONTHS, OUTLET_MONTHS.from_rows(rows.outlets))
    run.executor.keep("returned_entries", "SELECT * FROM book_entries")
    told = {"source": SOURCE, "known_on": run.known_day.isoformat(), "at": run.known.isoformat()}
    run.executor.keep("book_entries", _COUNTED.format(**told))
    return found


#: Returns beside which the meters do not stand, and the months of meters that do.
_COUNTED = """
SELECT e.* FROM returned_entries e ANTI JOIN (SELECT * FROM meter_entries WHERE stands = 'meter') m
  ON e.subject_id = m.subject_id AND e.period_key = m.period_key AND e.book = m.book AND e.item = m.item
  AND e.role = m.role AND e.extent = 'own'
UNION ALL BY NAME
SELECT entry_id, book, subject_id, period_key, period_kind, period_start, period_end, item, role, 'own' AS extent,
  CAST(quantity AS DECIMAL(18, 6)) AS quantity, unit, state, CASE WHEN state = 'partial' THEN measured END AS measured,
  '{source}' AS source_id, CAST(0 AS BIGINT) AS source_row,
  DATE '{known_on}' AS known_on, TIMESTAMPTZ '{at}' AS recorded_at, confidence
FROM meter_entries WHERE stands = 'meter'
"""


def chosen(entries: ir.Table, months: ir.Table) -> ir.Table:
    """What becomes of each month of meters.

    entries: BOOK_ENTRIES, returns alone.  months: METER_MONTHS.
    result:  METER_ENTRIES; stands: meter, return, open where no pack says which, or running: a month that is not over
    stands beside the books and is held against no return. state: ok, partial, or to_date.
    """
    import ibis

    e = entries.filter(entries.extent == "own", entries.role.isin((ROLE, EMITTED)), entries.period_kind == "month")
    keys = ["subject_id", "period_key", "book", "item", "role"]
    r = e.group_by(keys).aggregate(
        returned=e.quantity.sum().cast("decimal(38, 6)"), returned_unit=e.unit.min(), units=e.unit.nunique(),
        rows=e.count(), known=e.quantity.count(),
    )  # fmt: skip
    t = months.left_join(r, keys)
    t = t.select(*months.columns, "returned", "returned_unit", "units", "rows", returned_known=t.known)
    measured = ibis.ifelse(t.measured >= t.known_from, KNOWN, PART)
    handed = ibis.cases(
        (t.rows.isnull(), ABSENT), (t.returned_known == 0, NOTHING), (t.returned_known < t.rows, PART), else_=KNOWN
    )
    ruled = t.return_rank.notnull() & t.meter_rank.notnull() & t.known_from.notnull()
    first = (measured < handed) | ((measured == handed) & (t.meter_rank < t.return_rank))
    t = t.mutate(
        stands=ibis.cases((t.until.notnull(), "running"), (~ruled, "open"), (first, "meter"), else_="return"),
        state=ibis.cases(
            (t.until.notnull(), "to_date"), ((t.measured >= t.known_from).coalesce(False), "ok"), else_="partial"
        ),
    )
    alike = t.until.isnull() & (t.units == 1) & (t.returned_unit == t.unit) & (measured == KNOWN) & (handed == KNOWN)
    gap = (t.quantity - t.returned).abs() * 100 > t.returned.abs() * t.tolerance
    return t.select(
        *(c.name for c in METER_ENTRIES.columns if c.name not in ("differs", "confidence", "returned")),
        returned=ibis.ifelse(t.returned_unit == t.unit, t.returned, ibis.null("decimal(38, 6)")),
        differs=(alike & gap).coalesce(False),
        confidence=ibis.ifelse(t.synthetic, "synthetic", "confirmed"),
    )


def flaws(found: ir.Table, outlets: ir.Table) -> ir.Table:
    """Flaws of months of meters. found: METER_ENTRIES.  outlets: OUTLET_MONTHS.

    Hours whose mass the rule of the monitoring system does not let count are told with how many there are.
    """
    import ibis

    def shown(t: ir.Table) -> ir.StringValue:
        return t.quantity.cast("string") + ibis.literal(" ≠ ") + t.returned.cast("string")

    def share(t: ir.Table) -> ir.StringValue:
        return t.measured.cast("string") + ibis.literal(" ≠ 1")

    parts = [
        (found.filter(found.differs), "meter_and_return_differ", "warn", shown),
        (found.filter(found.stands == "meter", found.state != "ok"), "meter_month_partial", "note", share),
        (found.filter(found.stands == "open"), "meter_not_ruled", "warn", share),
    ]
    told = ibis.union(*(
        t.select(
            "subject_id", "period_key", code=ibis.literal(code), severity=ibis.literal(severity),
            what=t.book + "|" + t.item, evidence=words(t),
        ).select("code", "severity", "subject_id", "period_key", "what", "evidence")
        for t, code, severity, words in parts
    ))  # fmt: skip
    return told.union(_left_out(outlets.semi_join(found.filter(found.stands == "meter"), "entry_id")))


def _left_out(outlets: ir.Table) -> ir.Table:
    import ibis

    t = outlets.group_by("subject_id", "period_key", "item").aggregate(
        out=(outlets.hours_short + outlets.hours_open).sum(), hours=outlets.expected.sum()
    )
    t = t.filter(t.out > 0)
    return t.select(
        code=ibis.literal("outlet_hours_left_out"), severity=ibis.literal("warn"), subject_id="subject_id",
        period_key="period_key", what=ibis.literal("pollutant|") + t.item,
        evidence=t.out.cast("string") + ibis.literal(" ≠ 0 (") + t.hours.cast("string") + ibis.literal(" h)"),
    )  # fmt: skip


def edges(links: ir.Table, found: ir.Table) -> ir.Table:
    """From the entry of a month of meters to each meter with its days. links: METER_LINKS.  found: METER_ENTRIES."""
    import ibis

    t = links.semi_join(found.filter(found.stands == "meter"), "entry_id")
    bar = ibis.literal("|")
    return t.select(
        from_kind=ibis.literal("entry"), from_key=t.entry_id, to_kind=ibis.literal("meter_days"),
        to_key=t.meter.cast("string") + bar + t.first_day.cast("string") + bar + t.last_day.cast("string"),
        role=ibis.literal("metered by"), subject_id=t.subject_id,
    )  # fmt: skip
