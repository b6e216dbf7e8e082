"""Charts on the server: what is drawn, the table beside it, and what cannot break out of the page."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import jinja2
import pytest

from shuangkong.webkit.api import (
    Axes,
    Chart,
    Column,
    Frame,
    Series,
    Step,
    line_chart,
    read_messages,
    stack_chart,
    waterfall,
)
from webkit.chart_samples import HOSTILE, numbers, samples

FRAME = Frame(("shuangkong.webkit",), read_messages(("shuangkong.webkit", "messages.yaml")))
KINDS = sorted(samples())


def shown(chart: Chart, language: Any = "zh") -> str:
    """A chart as it stands in a page."""
    page = '{% import "ui.html" as ui with context %}{{ ui.chart(c) }}'
    FRAME.environment.loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"one.html": page}), jinja2.PackageLoader("shuangkong.webkit")]
    )
    return FRAME.render("one.html", language, c=chart)


def spec(chart: Chart) -> dict[str, Any]:
    """What the browser is given to draw."""
    found: dict[str, Any] = json.loads(str(chart.spec))
    return found


def test_a_missing_value_is_a_gap_and_never_nought() -> None:
    """What is missing is null for the drawing, an empty figure for the export, a dash that says why for the reader."""
    chart = samples()["line"]
    reached = spec(chart)["series"][2]
    assert reached["values"] == [1.5, 3.123456789, None, 11.0, -0.5]
    assert spec(chart)["gaps"][2].startswith("未报")
    assert spec(chart)["gaps"][:2] == ["", ""]
    cell = chart.rows[2][3]
    assert (cell.text, cell.exact) == ("—", "")
    assert cell.note.startswith("未报")
    assert '<data value=""' in shown(chart)


def test_the_table_keeps_every_digit() -> None:
    """A reader sees the digits of the unit; the exact figure is in the cell and goes into the export."""
    cell = samples()["line"].rows[1][3]
    assert (cell.text, cell.exact) == ("3.12", "3.123456789")
    big = Series("b", "yearly", (Decimal("123456789012345678.000000000001"),))
    chart = line_chart(Axes(("x",), "t", "t", "t"), [big])
    assert 'value="123456789012345678.000000000001"' in shown(chart)


def test_a_small_figure_is_not_shown_as_nought() -> None:
    """Digits grow until something is seen."""
    chart = line_chart(Axes(("x",), "t", "t"), [Series("b", "yearly", numbers("0.00004"))])
    assert chart.rows[0][1].text == "0.00004"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_breaks_out_of_the_page(kind: str, language: str) -> None:
    """Hostile words end no element; the specification is read back as it was; no style or handler is inline."""
    text = shown(samples()[kind], language)
    assert "<script>alert" not in text
    scripts = re.findall(r"<script[^>]*>", text)
    assert scripts == ([] if kind == "empty" else ['<script type="application/json">'])
    assert not re.search(r"\s(style|on\w+)=", text)
    inside = "".join(re.findall(r'<script type="application/json">(.*?)</script>', text, re.S))
    assert not set(inside) & set("<>&\u2028\u2029")
    if kind == "line":
        assert HOSTILE in json.loads(inside)["series"][2]["notes"][2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_says_unit_source_and_coverage_and_has_its_table(kind: str) -> None:
    """Title, unit, source, coverage, the data and the export stand with every chart, also with an empty one."""
    chart = samples()[kind]
    text = shown(chart)
    for words in (chart.axes.title, chart.axes.unit, "来源 合成〔2026〕1号", "覆盖率 50%–100%", "数据表", "导出 CSV"):
        assert words in text
    assert text.count("<tr>") == len(chart.rows) + 1
    assert all(len(row) == len(chart.head) for row in chart.rows)
    assert "<details open>" in text
    assert re.search(r"<th scope=\"col\">", text)


def test_an_empty_chart_says_why() -> None:
    """Where nothing is known nothing is drawn: the reason stands in its place, what is typed is set apart."""
    text = shown(samples()["empty"])
    assert "没有数据：<code>shuangkong import</code>。" in text
    assert "data-engine" not in text
    told = line_chart(Axes(("a",), "t", "t"), [Series("s", "reached", (None,), notes=("未公布",))])
    assert told.empty == "未公布"


def test_links_of_points_are_in_the_table() -> None:
    """What a click on a point opens is reached with the keyboard as well, also where the figure is missing."""
    text = shown(samples()["line"])
    for key in ("a", "c", "e"):
        assert f'href="/findings/{key}"' in text


def test_statuses_have_shape_and_word() -> None:
    """The legend and the table tell each status by shape and word, never by colour alone."""
    chart = samples()["line"]
    assert chart.statuses == ("on_track", "behind", "met", "missed")
    text = shown(chart)
    for word in ("进度正常", "滞后", "达标", "未完成"):
        assert text.count(word) >= 2


def test_a_stack_without_any_part_is_a_gap_and_a_nought_is_none() -> None:
    """Only a place where no part is known is hatched; a part of nought is drawn as nought."""
    chart = spec(samples()["stack"])
    assert chart["gaps"] == ["", "", "2023 年未报", "", ""]
    assert chart["series"][0]["values"][4] == 0.0


def test_a_stack_that_lacks_a_part_that_was_due_is_marked() -> None:
    """A missing part with a reason makes the bar no whole; one that no one asked for does not."""
    parts = [Series("a", "part-coal", numbers("1", "1")), Series("b", "part-oil", (None, None), notes=("未报", ""))]
    assert spec(stack_chart(Axes(("x", "y"), "t", "t"), parts))["partial"] == ["未报", ""]


def test_a_column_of_figures_bears_the_unit() -> None:
    """Figures that are not drawn have the digits and the unit of the chart; a missing one is a dash."""
    chart = line_chart(Axes(("a", "b"), "t", "t", "吨"), [Series("s", "reached", numbers("1", "2"))],
                       columns=[Column("合计", figures=numbers("3.5", ""))])  # fmt: skip
    assert (chart.head[2].words, chart.head[2].unit) == ("合计", "吨")
    assert [r[2].exact for r in chart.rows] == ["3.5", ""]


def test_a_waterfall_runs_on_and_stops_where_nothing_is_known() -> None:
    """Each change starts where the last bar ended; after an unknown one nothing is known until the next level."""
    bars = spec(samples()["waterfall"])["bars"]
    assert [(b["from"], b["to"]) for b in bars] == [
        (0.0, 3550.25), (3550.25, 3129.75), (3129.75, 2819.75), (None, None), (0.0, 2700.0),
    ]  # fmt: skip
    steps = (Step("a", Decimal(5), True), Step("b", None), Step("c", Decimal(1)))
    after = waterfall(Axes((), "t", "t"), steps, ("x", "y"))
    assert [r[2].exact for r in after.rows] == ["5", "", ""]


def test_a_waterfall_whose_steps_are_thin_is_cut_only_where_words_say_so() -> None:
    """Steps of 2 between 100 and 101 are too thin on a scale from nought; without words for it no scale is cut."""
    steps = (
        Step("a", Decimal(100), True),
        Step("b", Decimal(2)),
        Step("c", Decimal(-1)),
        Step("d", Decimal(101), True),
    )
    axes = Axes((), "万吨", "t")
    cut = spec(waterfall(axes, steps, ("x", "y"), cut="纵轴不从零起"))
    assert (cut["y"], cut["foot"]) == ("万吨 · 纵轴不从零起", pytest.approx(100 - 2 / 3))
    assert [b["shown"] for b in cut["bars"]] == ["100", "+2", "−1", "101"]
    assert spec(waterfall(axes, steps, ("x", "y")))["foot"] is None
    wide = (Step("a", Decimal(100), True), Step("b", Decimal(-60)), Step("c", Decimal(40), True))
    assert spec(waterfall(axes, wide, ("x", "y"), cut="…"))["foot"] is None
    below = (Step("a", Decimal(1), True), Step("b", Decimal(-2)), Step("c", Decimal(-1), True))
    assert spec(waterfall(axes, below, ("x", "y"), cut="…"))["foot"] is None


def test_a_flow_of_unknown_size_is_in_the_table_alone() -> None:
    """No width would be true for what is not known; the table says that it is missing."""
    chart = samples()["sankey"]
    assert len(spec(chart)["flows"]) == 5
    assert "热力" not in spec(chart)["nodes"]
    assert chart.rows[5][2].note == "未报"


def test_a_heat_map_has_its_rows_downwards() -> None:
    """One row of the table for each row of the field, one column for each place across."""
    chart = samples()["heat"]
    assert (len(chart.rows), len(chart.head)) == (14, 25)
    assert chart.gaps
