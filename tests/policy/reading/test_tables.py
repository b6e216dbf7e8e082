"""Tables in texts and files give targets and duties, cell by cell."""

from __future__ import annotations

from typing import Any

import pytest

from policy.reading.made_files import LISTS, STYLES, paragraph, pdf, table, word
from shuangkong.policy.reading.files import text_in
from shuangkong.policy.reading.service import as_json, read_text

#: Invented (合成).
HEAD = "合成省“十四五”节能示范方案\n一、总体要求\n坚持节能优先。\n二、主要目标\n主要指标如下表。\n"
ROWS = (
    ("序号", "指标", "单位", "2020年", "2025年", "属性"),
    ("1", "单位产值能耗降低", "%", "-", "[14.5]", "约束性"),
    ("2", "绿色电力消费比重", "%", "16", "≥20", "预期性"),
    ("3", "煤炭消费总量", "万吨", "5000", "4500以内", "预期性"),
    ("4", "合成浓度", "微克/立方米", "35", "完成上级下达目标", "约束性"),
)
FOUND = [
    ("二", "单位产值能耗", "decrease_by", 14.5, "%", 2020, 2025),
    ("二", "绿色电力消费比重", "at_least", 20, "%", None, 2025),
    ("二", "煤炭消费总量", "at_most", 4500, "万吨", None, 2025),
]


def targets(text: str) -> list[tuple[Any, ...]]:
    found = as_json(read_text(text))["targets"]
    assert all(text[t["start"] : t["end"]] == t["quote"] and "from_table" in t["unsure"] for t in found)
    keys = ("clause", "indicator", "comparator", "value", "unit", "base_year", "target_year")
    return [tuple(t[k] for k in keys) for t in found]


@pytest.mark.parametrize("between", ["\t", " | ", "    ", " "], ids=["tabs", "bars", "blanks", "one blank"])
def test_a_table_of_targets_is_read_whatever_parts_its_cells(between: str) -> None:
    """Rows give a target for the year to come, with the unit of their column; cells without a figure give none."""
    lines = [between.join(row) for row in ROWS]
    if between == " | ":
        lines = [f"| {line} |" for line in lines]
        lines.insert(1, "|" + " --- |" * len(ROWS[0]))
    assert targets(HEAD + "\n".join(lines) + "\n三、保障措施\n加强领导。\n") == FOUND


def test_units_stand_in_names_headers_and_captions() -> None:
    """The unit is that of the column, of the name, of the header or of the line above the table, in this order."""
    text = HEAD + "专栏1 指标（单位：万吨）\n指标\t2025年\n煤炭消费量\t850\n绿电装机（万千瓦）\t300\n"
    assert [(t[1], t[4]) for t in targets(text)] == [("煤炭消费量", "万吨"), ("绿电装机", "万千瓦")]
    assert [t[4] for t in targets(HEAD + "指标\t2023年（%）\t2025年（%）\n回收率\t80\t90\n")] == ["%", "%"]


def test_a_rate_of_each_year_and_a_rise_in_brackets_are_told_apart() -> None:
    """年均增长 is a yearly rate; the same column in brackets holds the rise of the whole period."""
    text = (
        HEAD + "指标\t2020年\t2025年\t“十四五”年均增长\n绿电占比（%）\t15\t20\t[5]\n绿电装机（万千瓦）\t10\t20\t14.9\n"
    )
    assert targets(text) == [
        ("二", "绿电占比", "reach", 20, "%", None, 2025),
        ("二", "绿电占比", "increase_by", 5, "个百分点", 2020, 2025),
        ("二", "绿电装机", "reach", 20, "万千瓦", None, 2025),
        ("二", "绿电装机（年均）", "increase_by", 14.9, "%", None, 2025),
    ]


def test_a_table_by_place_gives_each_place_its_target() -> None:
    """Rows of places under headers of measures give one target for each place and measure."""
    text = HEAD + "地区\t“十四五”能耗强度降低目标（%）\t2025年煤炭消费总量（万吨）\n甲市\t14.5\t850\n乙县\t15\t62\n"
    found = as_json(read_text(text))["targets"]
    assert [(t["scope"], t["indicator"], t["value"], t["unit"]) for t in found] == [
        ("甲市", "能耗强度", 14.5, "%"),
        ("甲市", "煤炭消费总量", 850, "万吨"),
        ("乙县", "能耗强度", 15, "%"),
        ("乙县", "煤炭消费总量", 62, "万吨"),
    ]


def test_a_table_of_duties_gives_who_answers_and_what_it_asks_for() -> None:
    """Columns of bodies give duties row by row; the tasks between them are read like sentences."""
    text = (
        "合成市重点任务分工方案\n一、任务\n序号\t重点任务\t牵头单位\t责任单位\t完成时限\n"
        "1\t淘汰落后设备500台。\t市甲局\t市乙委、各县区政府\t2024年底\n2\t建成示范园区10个。\t市丙局\t市甲局\t长期\n"
    )
    found = as_json(read_text(text))
    assert [(d["lead"], d["support"]) for d in found["duties"]] == [
        (["市甲局"], ["市乙委", "各县区政府"]),
        (["市丙局"], ["市甲局"]),
    ]
    assert [(t["indicator"], t["value"]) for t in found["targets"]] == [("淘汰落后设备", 500), ("示范园区", 10)]


def test_words_that_only_look_like_a_table_are_none() -> None:
    """A sentence that begins with 指标, or a list with years, is read as running text."""
    text = HEAD + "指标 完成情况 良好\n到2025年，示范利用率达到51%。\n"
    assert as_json(read_text(text))["targets"][0]["unsure"] == []


def test_tables_of_word_files_and_pages_are_read() -> None:
    """A table in .docx, .html and .pdf gives the same targets."""
    listed = paragraph("合成省“十四五”节能示范方案") + paragraph("总体要求", style="Mine") + paragraph("节能优先。")
    listed += paragraph("主要目标", style="Heading1") + table(ROWS)
    assert targets(text_in(word(listed, LISTS, STYLES), "a.docx")) == FOUND
    rows = "".join("<tr>" + "".join(f"<td><p>{c.replace('≥', '&ge;')}</p></td>" for c in row) + "</tr>" for row in ROWS)
    page = "<html><body><p>合成省“十四五”节能示范方案</p><p>一、总体要求</p><p>节能。</p><p>二、主要目标</p>"
    assert targets(text_in(f"{page}<table>{rows}</table></body></html>".encode(), "a.html")) == FOUND
    words = [(72, 800, "合成省“十四五”节能示范方案"), (72, 780, "一、总体要求"), (72, 760, "二、主要目标")]
    words += [
        ((40, 80, 200, 290, 370, 490)[i], 740 - 20 * n, c) for n, row in enumerate(ROWS) for i, c in enumerate(row)
    ]
    assert targets(text_in(pdf([words]), "a.pdf")) == FOUND


def test_cells_over_several_rows_and_columns_keep_the_columns_apart() -> None:
    """A cell that reaches over rows or columns leaves empty cells where it reaches."""
    page = (
        "<html><body><p>合成省“十四五”方案</p><table><tr><th>类别</th><th>指标</th><th>2020年</th><th>2025年</th></tr>"
        "<tr><td rowspan=2>能源</td><td>绿电占比（%）</td><td>15</td><td>20</td></tr>"
        "<tr><td>绿电装机（万千瓦）</td><td>100</td><td>200</td></tr></table></body></html>"
    )
    assert [t[1:5] for t in targets(text_in(page.encode(), "a.html"))] == [
        ("绿电占比", "reach", 20, "%"),
        ("绿电装机", "reach", 200, "万千瓦"),
    ]


def test_tables_by_trade_and_by_county_take_their_years_and_names() -> None:
    """A trade is whom a row is for, the earlier of two years is where things stood; a bare fall is named above."""
    trades = (
        HEAD
        + "行业 2021年标杆产能占比 2024年标杆产能占比 2024年节能量（万吨标准煤）\n甲业 17% 34% 110\n乙业 8% 24% 30\n"
    )
    trades += "责任单位：市甲局\n"
    assert [(t[1], t[3], t[4], t[6]) for t in targets(trades)] == [
        ("标杆产能占比", 34, "%", 2024),
        ("节能量", 110, "万吨标准煤", 2024),
        ("标杆产能占比", 24, "%", 2024),
        ("节能量", 30, "万吨标准煤", 2024),
    ]
    assert [d["support"] for d in as_json(read_text(trades))["duties"]] == [["市甲局"]]
    falls = HEAD + "2023年各县（区）能耗强度下降目标\n县（区） 2023年下降目标（%）\n甲区 3.3\n乙县 2.9\n"
    assert [(t[1], t[2], t[3], t[6]) for t in targets(falls)] == [
        ("能耗强度", "decrease_by", 3.3, 2023),
        ("能耗强度", "decrease_by", 2.9, 2023),
    ]


def test_a_plan_for_one_year_takes_no_other_year_over() -> None:
    """What was told of the year before says nothing of the goals of an annual plan, nor a year of the item before."""
    text = "合成市2023年节能工作要点\n2022年，全市单位产值能耗下降3.5%，取得成效。现提出以下要点。\n"
    text += "一、年度目标\n单位产值能耗下降3.1%。\n"
    found = as_json(read_text(text))["targets"]
    assert [(t["value"], t["target_year"]) for t in found] == [(3.1, 2023)]
    items = "合成市碳达峰方案\n一、任务\n1.甲事。2030年前建成示范2座。（市甲局）\n2.乙事。熟料产能压减21万吨。\n"
    found = as_json(read_text(items))["targets"]
    assert [(t["value"], t["target_year"]) for t in found] == [(2, 2030), (21, None)]


#: Invented (合成): heads of other kinds, with what each cell gives.
HEADS = {
    "years in brackets behind what they are": (
        "指标\t单位\t基准值（2020年）\t目标值（2025年）\n绿色建筑占比\t%\t77\t100\n",
        [("绿色建筑占比", None, "reach", 100, "%", None, 2025)],
    ),
    "near and far": (
        "评价指标\t现状值（2022年）\t近期目标（2025年）\t远期目标（2030年）\n再生水利用率\t21%\t30%\t40%\n",
        [("再生水利用率", None, "reach", v, "%", None, y) for v, y in ((30, 2025), (40, 2030))],
    ),
    "a total over the plan in brackets": (
        "指标\t单位\t2020年现状\t2025年目标\t“十四五”累计\n"
        "碳排放降低\t%\t—\t—\t[18]\n蓄积量\t亿立方米\t3.2\t3.5\t[0.3]\n",
        [
            ("碳排放", None, "decrease_by", 18, "%", 2020, 2025),
            ("蓄积量", None, "reach", 3.5, "亿立方米", None, 2025),
            ("蓄积量", None, "increase_by", 0.3, "亿立方米", 2020, 2025),
        ],
    ),
    "works by year": (
        "重点工程\t单位\t2023年\t2024年\n淘汰燃煤锅炉\t台\t30\t20\n",
        [("淘汰燃煤锅炉", None, "reach", v, "台", None, y) for v, y in ((30, 2023), (20, 2024))],
    ),
    "two goals by place": (
        "设区市\t能耗强度降低基本目标（%）\t激励目标（%）\n甲市\t14\t14.5\n",
        [
            ("能耗强度降低基本目标", "甲市", "decrease_by", 14, "%", 2020, 2025),
            ("能耗强度降低激励目标", "甲市", "decrease_by", 14.5, "%", 2020, 2025),
        ],
    ),
}


@pytest.mark.parametrize("kind", HEADS)
def test_heads_of_other_kinds_are_read(kind: str) -> None:
    """A head may turn year and word round, count over the plan, list works by year or leave out what a goal is for."""
    rows, wanted = HEADS[kind]
    found = as_json(read_text(HEAD + rows + "三、保障措施\n加强领导。\n"))["targets"]
    keys = ("indicator", "scope", "comparator", "value", "unit", "base_year", "target_year")
    assert [tuple(t[k] for k in keys) for t in found] == wanted
