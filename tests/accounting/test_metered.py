"""Months of meters beside returns: one of the two counts, what is not known stays open, and a difference is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shuangkong.accounting.api import BOOK_ENTRIES, METER_MONTHS
from shuangkong.accounting.metered import chosen, flaws
from shuangkong.accounting.metered_months import entry_id
from shuangkong.accounting.tables import OUTLET_MONTHS
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.policy.api import PackSet, builtin_packs

Row = dict[str, Any]
MONTH = {
    "period_key": "2026-01", "period_kind": "month", "period_start": date(2026, 1, 1), "period_end": date(2026, 2, 1)
}  # fmt: skip
ITEM: Row = {"book": "energy", "item": "electricity", "role": "consumption", "unit": "kWh"}


def handed_in(quantity: str | None, **more: object) -> Row:
    """A return of a month's power."""
    return {
        "entry_id": "e_1", "subject_id": "s_u", **MONTH, **ITEM, "extent": "own", "source_id": "f", "source_row": 2,
        "quantity": None if quantity is None else Decimal(quantity), "state": "ok" if quantity else "no_quantity",
        "known_on": date(2026, 2, 5), "recorded_at": datetime(2026, 2, 5, tzinfo=UTC), "confidence": "confirmed",
    } | more  # fmt: skip


def metered(quantity: str, measured: str, **more: object) -> Row:
    """The same month by the unit's meters, under the rules of the packs that ship."""
    return {
        "entry_id": entry_id("s_u", "electricity", "kWh", "2026-01"), "subject_id": "s_u", **MONTH, **ITEM,
        "quantity": Decimal(quantity), "measured": Decimal(measured), "meters": 2, "silent": 0, "synthetic": False,
        "return_rank": Decimal(1), "meter_rank": Decimal(2), "known_from": Decimal("0.9"), "tolerance": Decimal(5),
    } | more  # fmt: skip


def decided(entries: list[Row], month: Row, outlets: list[Row] | None = None) -> tuple[Row, list[Row]]:
    """What becomes of a month of meters beside these returns, and the flaws of it."""
    with DuckDB(threads=1) as engine:
        engine.bind(BOOK_ENTRIES.name, BOOK_ENTRIES.from_rows(entries))
        engine.bind(METER_MONTHS.name, METER_MONTHS.from_rows([month]))
        engine.bind(OUTLET_MONTHS.name, OUTLET_MONTHS.from_rows(outlets or []))
        rows = chosen(BOOK_ENTRIES.ibis(), METER_MONTHS.ibis())
        (row,) = engine.run(compile_sql(rows)).to_pylist()
        return row, engine.run(compile_sql(flaws(rows, OUTLET_MONTHS.ibis()))).to_pylist()


@pytest.mark.parametrize(
    ("returned", "measured", "more", "stands", "state"),
    [
        ("100", "1", {}, "return", "ok"),
        ("100", "1", {"meter_rank": Decimal(0)}, "meter", "ok"),
        ("100", "0.5", {"meter_rank": Decimal(0)}, "return", "partial"),
        (None, "1", {}, "meter", "ok"),
        (None, "0.5", {}, "meter", "partial"),
        ("absent", "0.9", {}, "meter", "ok"),
        ("absent", "0.899999", {}, "meter", "partial"),
        ("absent", "1", {"meter_rank": None}, "open", "ok"),
    ],
)
def test_one_of_the_two_counts(returned: str | None, measured: str, more: Row, stands: str, state: str) -> None:
    """What is known in full goes first; between equals the order of the packs decides; without one no meter counts."""
    entries = [] if returned == "absent" else [handed_in(returned)]
    row, _ = decided(entries, metered("101", measured, **more))
    assert (row["stands"], row["state"], row["quantity"]) == (stands, state, Decimal(101))


def test_a_difference_beyond_the_tolerance_is_pointed_out() -> None:
    """Five per cent of the return: 105 of 100 is not beyond it, 105.000001 is; a part of a month tells nothing."""
    assert decided([handed_in("100")], metered("105", "1"))[1] == []
    _, (flaw,) = decided([handed_in("100")], metered("105.000001", "1"))
    assert (flaw["code"], flaw["severity"], flaw["what"]) == ("meter_and_return_differ", "warn", "energy|electricity")
    assert flaw["evidence"] == "105.000001 ≠ 100.000000"
    assert decided([handed_in("100")], metered("50", "0.5"))[1] == []


def test_a_month_known_in_part_says_so() -> None:
    """The sum stays what was measured, and the share stands beside it."""
    row, (flaw,) = decided([], metered("50", "0.5"))
    assert (row["quantity"], row["measured"], row["stands"]) == (Decimal(50), Decimal("0.5"), "meter")
    assert (flaw["code"], flaw["evidence"]) == ("meter_month_partial", "0.500000 ≠ 1")


def test_a_return_in_standard_coal_stands_beside_no_kilowatt_hours() -> None:
    """Figures in two units are not compared; which counts is decided all the same."""
    row, found = decided([handed_in("12", unit="tce", basis="calorific")], metered("900", "1"))
    assert (row["stands"], row["returned"], found) == ("return", None, [])


def test_the_rules_are_parameters_of_packs() -> None:
    """Order, least share and tolerance come from the packs that ship, with their day."""
    packs = PackSet(builtin_packs())
    day, known = date(2026, 1, 31), date(2026, 11, 21)
    assert packs.parameter("books.meter_known_from", day=day, known=known).value == Decimal("0.9")
    assert packs.parameter("books.meter_tolerance", day=day, known=known).value == Decimal(5)
    assert [r.value for r in packs.parameters("books.source_rank").rows(known)] == [1, 2]
