"""Lawful use: what a return does not allow is hidden from that use, and from no other."""

from __future__ import annotations

from decimal import Decimal

import ibis
import pyarrow as pa
import pytest

from shuangkong.accounting.api import LIMITABLE, USE_LIMITS, allowed_uses
from shuangkong.accounting.uses import use_limits
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.kernel.errors import UserError


def limits(*entries: tuple[str, str | None]) -> set[tuple[str, str]]:
    """(unit, use not allowed) of entries of units u1, u2 and region r1."""
    with DuckDB() as engine:
        rows = {
            "subject_id": [s for s, _ in entries],
            "use": pa.array([u for _, u in entries], pa.string()),
            "quantity": [Decimal(1)] * len(entries),
        }
        engine.bind("e", pa.table(rows))
        engine.bind("s", pa.table({"subject_id": ["u1", "u2", "r1"], "kind": ["unit", "unit", "region"]}))
        e = ibis.table({"subject_id": "string", "use": "string", "quantity": "decimal(18, 6)"}, name="e")
        s = ibis.table({"subject_id": "string", "kind": "string"}, name="s")
        found = USE_LIMITS.checked(engine.run(compile_sql(use_limits(e, s)))).to_pylist()
    return {(r["subject_id"], r["use"]) for r in found}


def test_a_return_without_a_limit_hides_nothing() -> None:
    """Null is no limit."""
    assert limits(("u1", None), ("u2", None)) == set()


def test_a_return_for_statistics_alone_is_closed_to_every_other_use() -> None:
    """One such return closes the unit's figures to the others; the neighbour's stay as they are."""
    assert limits(("u1", "statistics"), ("u1", None), ("u2", None)) == {
        ("u1", use) for use in LIMITABLE if use != "statistics"
    }


def test_of_several_returns_the_strictest_counts() -> None:
    """What one of them does not allow is not allowed."""
    found = limits(("u1", "statistics,assessment"), ("u1", "assessment,supervision"))
    assert found == {("u1", use) for use in LIMITABLE if use != "assessment"}


def test_figures_of_a_region_are_not_limited() -> None:
    """They name no unit."""
    assert limits(("r1", "statistics")) == set()


def test_a_use_is_told_from_one_that_holds_its_name() -> None:
    """`public` is not found inside `public_body`: such a use is refused where it is written."""
    assert allowed_uses(" supervision，statistics ") == "statistics,supervision"
    assert allowed_uses("") is None
    with pytest.raises(UserError, match="ACC-001"):
        allowed_uses("public_body")
