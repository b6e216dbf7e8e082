"""What certificates may take away where the figures behind their cap are not known: neither more, nor nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shuangkong.accounting.api import BOOK_ENTRIES, DEDUCTIONS
from shuangkong.app.pipeline import run_pipeline
from shuangkong.dualcontrol.api import FLEX_STEPS
from shuangkong.engine.api import RunRecord, Workspace, read_result
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet

#: Everything here works on the whole demo.
pytestmark = pytest.mark.slow
READER = Scope.all("test")
Row = dict[str, Any]


def blanked(workspace: Workspace, packs: PackSet, **asked: str) -> RunRecord:
    """A run after one made-up entry with these values was put right to an unknown quantity."""
    table: list[Row] = workspace.lake.read(BOOK_ENTRIES, workspace.clock()).to_pylist()
    gone = {r["corrects"] for r in table}
    old = next(
        r for r in table
        if r["confidence"] == "synthetic" and r["entry_id"] not in gone and all(r[k] == v for k, v in asked.items())
    )  # fmt: skip
    now = workspace.clock()
    blank = old | {"entry_id": "e_blank", "corrects": old["entry_id"], "quantity": None, "state": "no_quantity"}
    with workspace.lake.lease(BOOK_ENTRIES.name) as lease:
        rows = BOOK_ENTRIES.from_rows([blank | {"recorded_at": now}])
        workspace.lake.commit(BOOK_ENTRIES, rows, lease, token="b", principal="t", note="", recorded_at=now)
    return run_pipeline(
        workspace, packs, known=workspace.clock(), as_of=date(2026, 11, 20), scope=Scope.system("test")
    )  # fmt: skip


def test_half_of_a_base_year_raises_no_cap_on_certificates(demo_copy: Workspace, packs: PackSet) -> None:
    """Without one county's GDP of 2020 the cap on the city's certificates is not known, on both sides; with less below
    the line it would only have grown. The page of deductions says open, and tells no cap of nought."""
    run = blanked(demo_copy, packs, item="gdp", period_key="2020", price_base="constant:2020")
    where = "step = 'certificate' AND period_key = '2025'"
    steps = read_result(run, DEDUCTIONS, READER, None, where=where).to_pylist()
    found = [(r["side"], r["after"]) for r in steps if r["state"] == "deduction_open"]
    assert set(found) == {("total", None), ("intensity", None)}
    assert all(r["amount"] is None for r in steps if r["state"] == "deduction_open")
    flexed = read_result(run, FLEX_STEPS, READER, None, where=where).to_pylist()
    opened = [(r["amount"], r["cap"], r["needs"]) for r in flexed if r["state"] == "open"]
    assert set(opened) == {(None, None, "open:certificate")}
