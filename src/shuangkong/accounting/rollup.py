"""From entries to totals: pure expressions over tables. Sums are exact; a product is rounded once, at the entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from shuangkong.engine.api import amount, confidence_mark, confidence_rank, exact_ratio, rounded

if TYPE_CHECKING:
    import ibis.expr.types as ir

_PERIOD = ("period_key", "period_kind", "period_start", "period_end")
_WHAT = ("method_id", "measure", "unit")
#: Sums of a part (a carrier, 其中项) of a return of energy: one that is there without it says that there is none.
_OF_WHICH = (
    "electricity", "energy_feedstock", "energy_new_renewable", "energy_major_project", "energy_certificate",
    "energy_nonfossil",
)  # fmt: skip
#: Sums of one sector: a return of energy without them says nothing of that sector.
_OF_A_SECTOR = ("energy_industry", "co2_industry")


def amounts(entries: ir.Table, factors: ir.Table, areas: ir.Table) -> ir.Table:
    """Each entry in the unit of every measure that it feeds.

    entries: BOOK_ENTRIES.  areas: subject_id, area (the subject's place for factors), sector (industry or empty).
    factors: FACTORS; one row per method, measure, book, item, role, unit, year, area, basis and sector.
    result:  AMOUNTS; quantity × factor rounded by the named step; without quantity or factor null with state. A month
    of meters of which a part is not known is partial, and says what share is.
    """
    e = entries.left_join(areas, "subject_id")
    e = e.mutate(
        year=e.period_start.year().cast("int64"), area=e.area.coalesce(""), sector_of=e.sector.coalesce(""),
        stated=ibis.coalesce(e.basis, e.price_base, ibis.literal("")),
    )  # fmt: skip
    f = factors
    t = e.inner_join(
        f,
        [
            e.book == f.book, e.item == f.item, e.role == f.role, e.unit == f.entry_unit,
            e.year == f.factor_year, e.area == f.factor_area, e.stated == f.stated_basis,
            (f.sector == "") | (f.sector == e.sector_of),
        ],
    )  # fmt: skip
    state = ibis.cases(
        (t.quantity.isnull(), t.state), (t.factor.isnull(), t.factor_state), (t.measured.notnull(), "partial"),
        else_="ok",
    )  # fmt: skip
    worst = ibis.greatest(confidence_rank(t.confidence), confidence_rank(t.factor_confidence))
    return t.select(
        "entry_id", "method_id", "measure", "subject_id", *_PERIOD, "part", "extent",
        amount=rounded(t.quantity * t.factor), unit=t.measure_unit, state=state, factor_key=t.factor_key,
        confidence=confidence_mark(worst), measured=t.measured,
    )  # fmt: skip


def leaves(amounts: ir.Table) -> ir.Table:
    """One row per method, measure, subject, native period, part and extent, with the year it counts in.

    A subject that hands in both a year and its months of one part (coal, gas, …) counts once in the year: the
    yearly return stands.
    """
    a = amounts
    known = a.state.isin(("ok", "partial"))
    t = a.group_by(*_WHAT, "subject_id", *_PERIOD, "part", "extent").aggregate(
        amount=a.amount.sum(where=known),
        entries=a.entry_id.count(),
        entries_known=a.entry_id.count(where=known),
        rank=confidence_rank(a.confidence).max(),
        trouble=a.state.max(where=~known),
        measured=a.measured.coalesce(amount(1)).min(where=known).coalesce(amount(0)),
    )
    t = t.mutate(year_key=t.period_start.year().cast("string"))
    same = [*_WHAT[:2], "subject_id", "year_key", "extent", "part"]
    # a year that was handed in without a figure does not displace months that have theirs
    yearly = t.filter(t.period_kind == "year", t.entries_known > 0).select(same).distinct().mutate(has_year=True)
    j = t.left_join(yearly, same)
    j = j.select(*t.columns, has_year=j.has_year.coalesce(False))
    return j.mutate(counts_in_year=(j.period_kind == "year") | ~j.has_year).drop("has_year")


def returns(leaves: ir.Table, expected: ir.Table) -> ir.Table:
    """Which returns were due and which are fully known: the rows that coverage is counted on.

    expected: method_id, measure, unit, subject_id, period columns — one row per return that is due.
    result:   the same columns with extent, year_key, counts_in_year, due (1), have (0 or 1) and share: 1 of a return
              that is known, 0 of one that is not, and of one with months of meters the least share that is known.

    A return of energy that is not there is lacking in the sums of its parts too, of a subject that ever handed such a
    part in; so is every period with energy, due or there, without the figure of a sector that was handed in for others.
    """
    present = leaves.group_by(*_WHAT, "subject_id", *_PERIOD, "extent", "year_key").aggregate(
        have=ibis.ifelse((leaves.entries_known < leaves.entries) | (leaves.measured < amount(1)), 0, 1).min(),
        rank=leaves.rank.max(), counts_in_year=leaves.counts_in_year.any(),
        share=ibis.ifelse(leaves.entries_known < leaves.entries, amount(0), leaves.measured).min(),
    )  # fmt: skip
    keys = [*_WHAT[:2], "subject_id", "period_key"]
    gone = expected.anti_join(present, keys)
    gone = gone.mutate(extent=ibis.literal("own"))
    whose = ["method_id", "subject_id", *_PERIOD, "extent"]
    energy = gone.filter(gone.measure == "energy").select(whose)
    parts = _handed_in(leaves, _OF_WHICH).drop("period_kind").distinct()
    of_which = energy.inner_join(parts, ["method_id", "subject_id"]).select(*gone.columns)
    owed = energy.union(present.filter(present.measure == "energy").select(whose))
    # a sector's figure is looked for in the rhythm in which it comes
    sectors = owed.inner_join(_handed_in(leaves, _OF_A_SECTOR), ["method_id", "subject_id", "period_kind"])
    of_sector = sectors.select(*gone.columns).anti_join(present, keys)
    gone = gone.union(of_which, of_sector, distinct=True)
    absent = gone.mutate(
        year_key=gone.period_start.year().cast("string"),
        counts_in_year=ibis.literal(True),
        have=ibis.literal(0),
        rank=ibis.literal(0),
        share=amount(0),
    )
    columns = [*_WHAT, "subject_id", *_PERIOD, "extent", "year_key", "counts_in_year", "have", "rank", "share"]
    cast = {"have": "int64", "rank": "int64"}
    return present.select(columns).cast(cast).union(absent.select(columns).cast(cast)).mutate(due=1)


def _handed_in(leaves: ir.Table, measures: tuple[str, ...]) -> ir.Table:
    """Who ever handed in which of the measures, in which kind of period."""
    return leaves.filter(leaves.measure.isin(measures)).select(*_WHAT, "subject_id", "period_kind").distinct()


def _spread(rows: ir.Table, closure: ir.Table, *, level: str) -> ir.Table:
    """Rows under the subjects they count for: every region they lay in (subtree), or a region itself (own)."""
    if level == "own":
        # a subject with nothing in it would have the same figure twice: its own part is its subtree
        above = closure.filter(closure.depth > 0).select(subject_id="ancestor_id").distinct()
        mine = rows.filter(rows.extent == "own").semi_join(above, "subject_id")
        return mine.mutate(level=ibis.literal("own"))
    c = closure.rename(inner_id="subject_id").rename(subject_id="ancestor_id")
    inner = rows.rename(inner_id="subject_id")
    inside = inner.inner_join(
        c,
        [
            inner.inner_id == c.inner_id,
            c.valid_from < inner.period_end,
            inner.period_end <= c.valid_to,
            (inner.extent == "own") | (c.depth == 0),
        ],
    )
    return inside.select(*rows.columns).mutate(level=ibis.literal("subtree"))


def _as_year(rows: ir.Table) -> ir.Table:
    """The same rows dated by the calendar year they count in."""
    start = ibis.date(rows.year_key.cast("int64"), 1, 1)
    end = ibis.date(rows.year_key.cast("int64") + 1, 1, 1)
    rows = rows.filter(rows.counts_in_year)
    return rows.mutate(
        period_key=rows.year_key, period_kind=ibis.literal("year"), period_start=start, period_end=end
    )  # fmt: skip


def _both(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.period_kind != "year").union(_as_year(rows))


def levels(rows: ir.Table, closure: ir.Table) -> ir.Table:
    """Every row once for each subject and period that it adds to: subtree and own, native and year.

    `own` is the part of a subject with others in it that is handed in for itself; a unit has its subtree alone.
    """
    return _both(_spread(rows, closure, level="own")).union(_both(_spread(rows, closure, level="subtree")))


def return_levels(rows: ir.Table, closure: ir.Table, over: ir.Table | None = None) -> ir.Table:
    """`levels` of returns, and the figures for a whole region that no sum above takes in. rows: see `returns`.

    over: the closure up to the subjects whose sums are wanted; all by default.

    A figure for the whole (全口径) adds nothing above. Where nothing inside the region is handed in either, that
    return is one that the regions above lack: due there and not had, so that their sums are partial.
    """
    over = closure if over is None else over
    up = above(alone(rows, closure), over)
    nought = {"have": ibis.literal(0, "int64"), "share": amount(0)}
    lacking = up.mutate(extent=ibis.literal("own"), level=ibis.literal("subtree"), **nought)
    columns = [*rows.columns, "level"]
    return levels(rows, over).select(columns).union(lacking.select(columns))


def alone(rows: ir.Table, closure: ir.Table) -> ir.Table:
    """Rows for a whole region, native and by year, in whose period nothing that lies in the region has rows."""
    keys = ["method_id", "measure", "subject_id", "period_key"]
    whole = _both(rows.filter(rows.extent == "whole"))
    # few regions have such figures: the closure is cut down to them before the rows are met
    c = closure.semi_join(whole, closure.ancestor_id == whole.subject_id)
    own = rows.filter(rows.extent == "own")
    c = c.rename(inner_id="subject_id")
    inner = own.rename(inner_id="subject_id")
    inside = inner.inner_join(
        c, [inner.inner_id == c.inner_id, c.valid_from < inner.period_end, inner.period_end <= c.valid_to]
    ).rename(subject_id="ancestor_id")
    return whole.anti_join(_both(inside.select(*rows.columns)), keys)


def above(rows: ir.Table, closure: ir.Table) -> ir.Table:
    """Rows under the regions that their subject lay in at the period's end, not under the subject itself."""
    c = closure.filter(closure.depth > 0).rename(inner_id="subject_id").rename(subject_id="ancestor_id")
    inner = rows.rename(inner_id="subject_id")
    j = inner.inner_join(
        c, [inner.inner_id == c.inner_id, c.valid_from < inner.period_end, inner.period_end <= c.valid_to]
    )
    return j.select(*rows.columns)


def totals(leaf_levels: ir.Table, return_levels: ir.Table) -> ir.Table:
    """Exact sums by method, measure, subject, period, part and level, with coverage of the returns behind them.

    return_levels: see the function of that name. A figure for a whole region (extent whole) and the sum of its
    parts stand side by side only as a flaw; where both exist the whole figure is taken.
    """
    keys = [*_WHAT, "subject_id", *_PERIOD, "level"]
    rows = _prefer_whole(leaf_levels, keys)
    flags = _prefer_whole(return_levels, keys)
    sums = rows.group_by(*keys, "part").aggregate(
        amount=rows.amount.sum(), rank=rows.rank.max(), trouble=rows.trouble.max(), entries=rows.entries_known.sum()
    )
    cover = flags.group_by(*keys).aggregate(
        expected=flags.due.sum(), known=flags.have.sum(), share=flags.share.sum().cast("decimal(38, 6)")
    )
    t = sums.left_join(cover, keys)
    t = t.select(*sums.columns, "expected", "known", "share")
    share = exact_ratio(t["share"], t.expected.cast("decimal(38, 6)"))
    state = ibis.cases((t.known == t.expected, "ok"), (t.entries > 0, "partial"), else_=t.trouble.coalesce("no_data"))
    return t.select(
        *keys, "part", "amount", "expected", "known",
        total_key=total_key(t), state=state, coverage=share.coalesce(amount(0)), confidence=confidence_mark(t.rank),
    )  # fmt: skip


def unknown(
    leaf_levels: ir.Table, returns: ir.Table, closure: ir.Table, over: ir.Table | None = None
) -> ir.Table:  # fmt: skip
    """Sums that lack what the total of energy may hold: method, measure, subject, period and level.

    over: as in `return_levels`.

    A return is there whose amount is not known, or one for a whole region that no sum above takes in, while that
    region's energy is taken in. A return that is missing altogether is missing in the total of energy too.
    """
    keys = [*_WHAT, "subject_id", *_PERIOD, "level"]
    rows = _prefer_whole(leaf_levels, keys)
    there = rows.filter((rows.entries_known < rows.entries) | (rows.measured < amount(1))).select(keys)
    lone = alone(returns, closure)
    lone = lone.anti_join(lone.filter(lone.measure == "energy"), ["method_id", "subject_id", "period_key"])
    left_out = above(lone, closure if over is None else over).mutate(level=ibis.literal("subtree")).select(keys)
    whole = leaf_levels.filter(leaf_levels.extent == "whole").select(keys).distinct()
    return there.union(left_out.anti_join(whole, keys), distinct=True)


def _prefer_whole(rows: ir.Table, keys: list[str]) -> ir.Table:
    whole = rows.filter(rows.extent == "whole").select(keys).distinct()
    return rows.filter(rows.extent == "whole").union(rows.filter(rows.extent == "own").anti_join(whole, keys))


def total_key(t: ir.Table, part: str | None = None) -> ir.StringValue:
    """How a total is named: measure|part|level|subject|period|method."""
    inner = t.part if part is None else ibis.literal(part)
    bar = ibis.literal("|")
    return t.measure + bar + inner + bar + t.level + bar + t.subject_id + bar + t.period_key + bar + t.method_id
