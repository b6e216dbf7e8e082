"""The book of published growth rates: years to date as people write them, negative rates, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.accounting.api import REPORTED_VALUES, Origin, import_sheet
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import ensure_regions

READER = Scope.all("test")
HEAD = "行政区划代码,期间,指标名称,同比增长\n"
ORIGIN = Origin("增速.csv", "统计局（合成）", "月度数据（合成）", "synthetic", date(2025, 8, 1), synthetic=True)


@pytest.fixture(scope="module")
def packs() -> PackSet:
    """The catalogue of indicators."""
    return PackSet(p for p in builtin_packs() if p.id == "shuangkong.indicators")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with two provinces."""
    opened = Workspace.create(tmp_path / "w")
    with writing(opened.engine) as db:
        ensure_regions(db, opened.clock(), ["130000", "410000"])
    yield opened
    opened.engine.dispose()


def kept(workspace: Workspace) -> list[tuple[str, str, Decimal | None, str]]:
    """Indicator, period, value and unit of what is kept."""
    rows = workspace.lake.read(REPORTED_VALUES, workspace.clock()).to_pylist()
    return sorted((r["indicator_id"], r["period_key"], r["value"], r["unit"]) for r in rows)


def test_rates_come_in_as_reported_values_of_the_year_to_date(workspace: Workspace, packs: PackSet) -> None:
    """1—2月 is published together, 1—6月 is the year to date; a fall is negative; a synonym will do."""
    text = HEAD + (
        "130000,2025年1—2月,规上工业增加值增速,6.1\n130000,2025年1-6月,规模以上工业增加值增速,-0.4\n"
        "410000,2025年1—6月,GDP增速,5.2\n"
    )
    report = import_sheet(workspace, packs, "growth", text.encode(), ORIGIN, scope=READER)
    assert report.committed, report.refusals
    assert kept(workspace) == [
        ("gdp_growth", "2025YTD06", Decimal("5.2"), "%"),
        ("industry_value_added_growth", "2025JF", Decimal("6.1"), "%"),
        ("industry_value_added_growth", "2025YTD06", Decimal("-0.4"), "%"),
    ]


def test_a_rate_that_is_not_published_is_kept_as_such(workspace: Workspace, packs: PackSet) -> None:
    """A blank is no rate of nought."""
    report = import_sheet(workspace, packs, "growth", (HEAD + "130000,2025年1—2月,GDP增速,\n").encode(), ORIGIN,
                          scope=READER)  # fmt: skip
    assert report.committed, report.refusals
    assert kept(workspace) == [("gdp_growth", "2025JF", None, "%")]


def test_another_rate_for_the_same_months_needs_a_reason(workspace: Workspace, packs: PackSet) -> None:
    """What stands is put right with a reason alone, and the same rate again is nothing new."""
    first = (HEAD + "130000,2025年1—6月,GDP增速,5.2\n").encode()
    other = (HEAD + "130000,2025年1—6月,GDP增速,5.0\n").encode()
    assert import_sheet(workspace, packs, "growth", first, ORIGIN, scope=READER).fresh == 1
    again = import_sheet(workspace, packs, "growth", first, ORIGIN, scope=READER)
    assert (again.fresh, again.corrected, again.unchanged) == (0, 0, 1)
    with pytest.raises(UserError) as refused:
        import_sheet(workspace, packs, "growth", other, ORIGIN, scope=READER)
    assert refused.value.code == "IMP-005"


def test_what_is_no_growth_rate_of_a_region_is_refused(workspace: Workspace, packs: PackSet) -> None:
    """An indicator that is no growth, and a place that is not registered, with row and reason."""
    text = HEAD + "130000,2025年1—6月,能耗强度,5\n999999,2025年1—6月,GDP增速,5\n"
    report = import_sheet(workspace, packs, "growth", text.encode(), ORIGIN, scope=READER)
    assert not report.committed
    assert [(r.row, r.field) for r in report.refusals] == [(2, "item"), (3, "subject")]
