"""The book of published figures: any indicator of the packs, in its own unit, of a region; and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuangkong.accounting.api import REPORTED_VALUES, Origin, import_sheet
from shuangkong.accounting.sheets import schema_of
from shuangkong.engine.api import Workspace, writing
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.registry.api import ensure_regions, sheets

READER = Scope.all("test")
HEAD = "行政区划代码,期间,指标,数值,计量单位\n"
ORIGIN = Origin("数值.csv", "统计局（合成）", "年度公报（合成）", "synthetic", date(2025, 3, 1), synthetic=True)


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


def test_figures_come_in_as_reported_values_in_the_unit_of_their_indicator(
    workspace: Workspace, packs: PackSet
) -> None:
    """32.5 thousand ten-thousand tonnes are 325 million tonnes exactly; a fall stays negative; an id will do."""
    text = HEAD + (
        "130000,2024年,能源消费总量,32500.5,万吨标准煤\n130000,2024年,单位地区生产总值能耗变动,-3.2,%\n"
        "410000,2024年,nonfossil_share,２０．１%,\n"
    )
    report = import_sheet(workspace, packs, "figures", text.encode("gb18030"), ORIGIN, scope=READER)
    assert report.committed, report.refusals
    assert kept(workspace) == [
        ("energy_per_gdp_change", "2024", Decimal("-3.2"), "%"),
        ("energy_total", "2024", Decimal(325_005_000), "tce"),
        ("nonfossil_share", "2024", Decimal("20.1"), "%"),
    ]


def test_a_figure_without_a_unit_or_with_another_is_refused(workspace: Workspace, packs: PackSet) -> None:
    """Ten thousand tonnes and tonnes are never guessed apart; kilowatt hours are no standard coal."""
    text = HEAD + "130000,2024年,能源消费总量,32500,\n410000,2024年,能源消费总量,32500,千瓦时\n"
    report = import_sheet(workspace, packs, "figures", text.encode(), ORIGIN, scope=READER)
    assert not report.committed
    assert [r.row for r in report.refusals] == [2, 3]
    assert "tce" in report.refusals[1].why.reason.zh
    assert kept(workspace) == []


def test_a_level_below_nought_is_refused_and_a_fall_is_not(workspace: Workspace, packs: PackSet) -> None:
    """Changes and increments may fall; a consumption cannot be negative."""
    text = HEAD + "130000,2024年,能源消费总量,-5,吨标准煤\n"
    report = import_sheet(workspace, packs, "figures", text.encode(), ORIGIN, scope=READER)
    assert [(r.row, r.field, r.code) for r in report.refusals] == [(2, "quantity", "below_nought")]
    text = HEAD + "130000,2024年,能源消费增量,-5,万吨标准煤\n"
    assert import_sheet(workspace, packs, "figures", text.encode(), ORIGIN, scope=READER).committed


def test_what_is_not_published_is_kept_as_such(workspace: Workspace, packs: PackSet) -> None:
    """A blank is no figure of nought."""
    text = HEAD + "130000,2024年,煤炭消费比重,,%\n"
    report = import_sheet(workspace, packs, "figures", text.encode(), ORIGIN, scope=READER)
    assert report.committed, report.refusals
    assert kept(workspace) == [("coal_share", "2024", None, "%")]


def test_another_figure_needs_a_reason_and_the_same_one_is_nothing_new(workspace: Workspace, packs: PackSet) -> None:
    """The same amount in another unit is the same figure."""
    first, same, other = (
        (HEAD + f"130000,2024年,能源消费总量,{figure}\n").encode()
        for figure in ("32500,万吨标准煤", "325000000,吨标准煤", "32600,万吨标准煤")
    )
    assert import_sheet(workspace, packs, "figures", first, ORIGIN, scope=READER).fresh == 1
    again = import_sheet(workspace, packs, "figures", same, ORIGIN, scope=READER)
    assert (again.fresh, again.corrected, again.unchanged) == (0, 0, 1)
    with pytest.raises(UserError) as refused:
        import_sheet(workspace, packs, "figures", other, ORIGIN, scope=READER)
    assert refused.value.code == "IMP-005"


def test_grades_growth_rates_streaks_and_values_have_their_own_books(packs: PackSet) -> None:
    """Each indicator of the packs is offered in one book of published values, but for counts and what needs a price."""
    offered = {
        book: {c.value for c in schema_of(book, packs).field("item").choices}
        for book in ("figures", "growth", "grades")
    }
    assert not offered["figures"] & (offered["growth"] | offered["grades"])
    left = set(packs.indicators) - set.union(*offered.values())
    assert left == {"gdp", "industry_value_added", *(i for i, one in packs.indicators.items() if one.streak)}


def test_its_template_can_be_filled_and_read_back(packs: PackSet) -> None:
    """The workbook has the heads that the reader knows, and offers the indicators and their units."""
    schema = schema_of("figures", packs)
    sheet = sheets.read_sheet(sheets.template(schema, "zh"), name="t.xlsx")
    mapping, _ = sheets.suggest_mapping(sheet, schema, [])
    assert {f.name for f in schema.fields} <= set(mapping.sources)
