"""Packs of power prices beside the table of tariffs that they were taken from, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shuangkong.policy.api import Dated, PackSet

Table = Callable[[str], list[dict[str, str]]]
LOW, HIGH, RATE = "lower_bound_exclusive", "upper_bound_inclusive", "surcharge_yuan_per_kwh"
#: Row of the table (source, condition) → its figures: column, parameter, key.
FIGURES: dict[tuple[str, str], list[tuple[str, str, tuple[str, ...]]]] = {
    ("发改价格〔2010〕978号", "限制类 equipment or process"): [
        (RATE, "power-price.differential", ("general", "restricted")),
        (RATE, "power-price.differential", ("cement", "restricted")),
        (RATE, "power-price.differential", ("steel", "restricted")),
    ],
    ("发改价格〔2010〕978号", "淘汰类 equipment or process"): [
        (RATE, "power-price.differential", ("general", "eliminated")),
        (RATE, "power-price.differential", ("cement", "eliminated")),
        (RATE, "power-price.differential", ("steel", "eliminated")),
    ],
    ("发改价格〔2010〕978号", "unit product energy above limit by more than 100 %"): [
        (LOW, "power-price.punitive-excess", ()),
        (RATE, "power-price.punitive", ("over-double",)),
    ],
    ("发改价格〔2010〕978号", "unit product energy above limit by up to 100 %"): [
        (HIGH, "power-price.punitive-excess", ()),
        (RATE, "power-price.punitive", ("up-to-double",)),
    ],
    ("浙价资〔2010〕275号", "above limit by up to 100 %"): [
        (HIGH, "power-price.punitive-excess", ()),
        (RATE, "power-price.zhejiang.punitive", ()),
    ],
    ("Anhui 2010 differential-tariff notice", "限制类"): [(RATE, "power-price.anhui.differential", ("restricted",))],
    ("Anhui 2010 differential-tariff notice", "淘汰类"): [(RATE, "power-price.anhui.differential", ("eliminated",))],
    ("Anhui 2010 differential-tariff notice", "淘汰类 not removed by deadline"): [
        (RATE, "power-price.anhui.differential", ("eliminated-overdue",))
    ],
    ("发改价格〔2013〕2530号 (number recalled)", "tier 1"): [
        (HIGH, "power-price.aluminium-2013.bound", ("first",)),
        (RATE, "power-price.aluminium-2013.surcharge", ("first",)),
    ],
    ("发改价格〔2013〕2530号 (number recalled)", "tier 2"): [
        (LOW, "power-price.aluminium-2013.bound", ("first",)),
        (HIGH, "power-price.aluminium-2013.bound", ("second",)),
        (RATE, "power-price.aluminium-2013.surcharge", ("second",)),
    ],
    ("发改价格〔2013〕2530号 (number recalled)", "tier 3"): [
        (RATE, "power-price.aluminium-2013.surcharge", ("third",))
    ],
    ("发改价格〔2021〕1239号", "above base level (脱硫电耗 excluded)"): [
        (LOW, "power-price.aluminium-2021.base", ()),
        (RATE, "power-price.aluminium-2021.surcharge", ()),
    ],
    ("发改价格〔2021〕1239号", "renewable share reduction"): [(LOW, "power-price.aluminium-2021.renewable-share", ())],
    ("GB 16780-2012", "existing lines: clinker"): [(HIGH, "power-price.cement.anchor", ("existing", "clinker"))],
    ("GB 16780-2012", "existing lines: cement"): [(HIGH, "power-price.cement.anchor", ("existing", "cement"))],
    ("GB 16780-2012", "existing lines: grinding"): [(HIGH, "power-price.cement.anchor", ("existing", "grinding"))],
    ("GB 16780-2012", "new lines: clinker"): [(HIGH, "power-price.cement.anchor", ("new", "clinker"))],
    ("GB 16780-2012", "new lines: cement"): [(HIGH, "power-price.cement.anchor", ("new", "cement"))],
    ("GB 16780-2012", "new lines: grinding"): [(HIGH, "power-price.cement.anchor", ("new", "grinding"))],
    ("发改价格〔2016〕2803号", "淘汰类"): [(RATE, "power-price.differential", ("steel", "eliminated"))],
    ("发改价格〔2016〕2803号", "限制类"): [(RATE, "power-price.differential", ("steel", "restricted"))],
    ("发改价格〔2016〕2803号", "overcapacity-cut task not finished in time"): [
        (RATE, "power-price.differential", ("steel", "cut-not-finished"))
    ],
    ("发改价格〔2016〕2803号", "tier 1"): [
        (HIGH, "power-price.steel.bound", ("first",)),
        (RATE, "power-price.steel.surcharge", ("first",)),
    ],
    ("发改价格〔2016〕2803号", "tier 2"): [
        (LOW, "power-price.steel.bound", ("first",)),
        (HIGH, "power-price.steel.bound", ("second",)),
        (RATE, "power-price.steel.surcharge", ("second",)),
    ],
    ("发改价格〔2016〕2803号", "tier 3"): [
        (LOW, "power-price.steel.bound", ("second",)),
        (RATE, "power-price.steel.surcharge", ("third",)),
    ],
    ("Hebei implementation", "淘汰类"): [(RATE, "power-price.hebei.steel", ())],
    ("Beijing data-centre differential tariff", "PUE above 1.35 (existing data centre)"): [
        (LOW, "power-price.beijing-2026.pue-from", ()),
        (RATE, "power-price.beijing-2026.data-centre", ()),
    ],
    ("Beijing earlier data-centre differential tariff (document not verified)", "PUE 1.4-1.8 (older scheme)"): [
        (LOW, "power-price.beijing.pue-from", ("lower",)),
        (HIGH, "power-price.beijing.pue-from", ("higher",)),
        (RATE, "power-price.beijing.data-centre", ("lower",)),
    ],
    ("Beijing earlier data-centre differential tariff (document not verified)", "PUE above 1.8 (older scheme)"): [
        (LOW, "power-price.beijing.pue-from", ("higher",)),
        (RATE, "power-price.beijing.data-centre", ("higher",)),
    ],
    ("内发改价字〔2017〕1625号", "provincial implementation exists"): [(RATE, "power-price.inner-mongolia.cement", ())],
    ("发改价格〔2016〕75号", "lines before / from the effective day of GB 16780-2012 (2013-10-01) form two cohorts"): [
        (RATE, "power-price.cement.surcharge", (product,)) for product in ("clinker", "cement", "grinding")
    ],
}  # fmt: skip
#: One rate for all years of its rule, while the base level moves.
ONE_RATE = {"power-price.aluminium-2021.surcharge"}
#: Rows whose rule has no figure in a column, and figures that the table writes into its prose.
NO_FIGURE = {
    ("发改价格〔2021〕1239号", "preferential tariffs"),
    ("发改价格〔2021〕1439号", "market-price band does not apply"),
}
IN_PROSE = {
    "power-price.aluminium-2021.step": "step of 20 kWh/t",
    "power-price.aluminium-2021.reduction": "cuts the surcharge by 1 %",
    "power-price.market-rise": "+20 % cap",
}


def in_force(packs: PackSet, name: str, key: tuple[str, ...], row: dict[str, str]) -> Dated:
    """The parameter's row on the first day of the table's row, where the day is known; else its only row."""
    known = date(2026, 11, 20)
    rows = [r for r in packs.parameters(name).rows(known) if r.key == key]
    if len(row["effective_from"]) == 10 and len(rows) > 1:
        day = date.fromisoformat(row["effective_from"])
        rows = [r for r in rows if r.covers(day)]
    (found,) = rows
    return found


@pytest.mark.shared
def test_every_tariff_of_the_table_is_in_a_pack(packs: PackSet, table: Table) -> None:
    """Each bound and rate with its digits, its confidence, its document and its days; what is empty has a state."""
    wrong: list[tuple[object, ...]] = []
    seen: set[tuple[object, ...]] = set()
    for row in table("reference/tiered_tariffs.csv"):
        place = row["source"], row["condition_zh"]
        if place in NO_FIGURE:
            continue
        for column, name, key in FIGURES[place]:
            found = in_force(packs, name, key, row)
            seen.add((name, *found.key, found.start))
            given = (Decimal(row[column]) if row[column] else None), row["confidence"]
            held = found.value, found.confidence
            if given != held or (found.value is None and found.state is None):
                wrong.append((place, column, given, held))
            if name in ONE_RATE:
                continue
            if column == RATE and len(row["effective_from"]) == 10 and found.start.isoformat() != row["effective_from"]:
                wrong.append((place, "effective_from", row["effective_from"], found.start))
            last = found.end - timedelta(days=1) if found.end else None
            if row["effective_to"] and "steel" not in name and str(last) != row["effective_to"]:
                wrong.append((place, "effective_to", row["effective_to"], last))
    assert wrong == []
    held_rows = {
        (q.id, *r.key, r.start)
        for p in packs.packs
        for q in p.parameters
        if q.id.startswith("power-price.") and q.id not in IN_PROSE
        for r in q.values
    }
    tiers_of_cement = ("power-price.differential", "cement", "restricted", date(2016, 1, 1))
    assert held_rows - seen == {tiers_of_cement}


@pytest.mark.shared
def test_figures_in_the_prose_of_the_table_are_in_the_packs(packs: PackSet, table: Table) -> None:
    """The width of a step, the cut for a percentage point and the cap of the market stand in words in the table."""
    prose = " ".join(" ".join(r.values()) for r in table("reference/tiered_tariffs.csv"))
    for name, words in IN_PROSE.items():
        (row,) = packs.parameters(name).values
        assert words in prose
        assert str(row.value) in words
        assert row.confidence == "recalled"


def test_no_price_is_certain_that_was_only_remembered(packs: PackSet) -> None:
    """A table whose rates are recalled says so in every decision; a rate without a figure has a state."""
    rows = [r for p in packs.packs if p.id.startswith("power-price-") for q in p.parameters for r in q.values]
    assert {r.state for r in rows if r.value is None} == {
        "set_by_province", "tiers_not_found", "bound_unknown", "not_found", "rate_not_found",
    }  # fmt: skip
    recalled = {p.id for p in packs.packs if p.id.startswith("power-price-") and p.instrument.confidence == "recalled"}
    assert recalled == {
        "power-price-aluminium-2021-1239", "power-price-beijing-data-centre-earlier", "power-price-market-2021-1439",
    }  # fmt: skip
