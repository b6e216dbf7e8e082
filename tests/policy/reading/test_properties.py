"""What files do to a text never changes what is read, and every place points at its words."""

from __future__ import annotations

import random
import re

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.policy.reading import names
from shuangkong.policy.reading.clean import clean
from shuangkong.policy.reading.service import as_json, read_text
from shuangkong.policy.reading.targets import sentences

#: Invented (合成).
PLAN = """合成市“十四五”节能示范方案

一、主要目标

到2025年，全市单位地区生产总值能源消耗比2020年下降12.5%，甲类污染物、乙类污染物重点工程减排量分别达到1.25万吨、0.5万吨。

二、重点任务

（一）示范工程。大力推进示范工作，完善各项制度，持续提升管理水平。到2025年，建成示范园区16家，秸秆综合利用率稳定在86%以上。（市甲局、市乙局牵头，市丙局、市丁局等按职责分工负责）

（二）治理工程。深入开展治理工作，加强监督检查，到2025年，新增处理能力30.5万吨/日，其他地区收集率达到70%以上。（市戊局负责）

三、组织保障

（一）加强领导。各部门要提高认识，加强协调，抓好落实，形成工作合力。（责任单位：市甲局；配合单位：市乙局、市丙局）
"""
MARKS = ("— 12 —", "- 3 -", "第 5 页", "7", "第 2 页 共 9 页")


def read(text: str) -> tuple[list[object], list[object], object]:
    found = as_json(read_text(text))
    places = ("quote", "start", "end")
    return (
        [{k: v for k, v in t.items() if k not in places} for t in found["targets"]],
        [{k: v for k, v in d.items() if k not in places} for d in found["duties"]],
        found["document"],
    )


RIGHT = read(PLAN)


def test_the_plan_is_read_at_all() -> None:
    """The text that is spoilt below holds targets, duties and a title."""
    targets, duties, document = RIGHT
    assert (len(targets), len(duties)) == (7, 3)
    assert document["title"] == "合成市“十四五”节能示范方案"  # type: ignore[index]


def wrapped(text: str, width: int, mark: str | None, choice: random.Random) -> str:
    """The paragraphs of a text broken at a width, some breaks with a page mark."""
    out = []
    for paragraph in text.split("\n"):
        pieces = [paragraph[i : i + width] for i in range(0, len(paragraph), width)]
        for i, piece in enumerate(pieces):
            out.append(piece)
            if mark and i < len(pieces) - 1 and choice.random() < 0.3:
                out += ["", mark, ""]
    return "\n".join(out)


@settings(max_examples=60, deadline=None)
@given(width=st.integers(14, 60), mark=st.sampled_from((None, *MARKS)), seed=st.integers(0, 999))
def test_wraps_and_page_marks_change_nothing(width: int, mark: str | None, seed: int) -> None:
    """Line ends at any width, and page marks at them, leave the reading as it is."""
    assert read(wrapped(PLAN, width, mark, random.Random(seed))) == RIGHT


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 9999), blank=st.sampled_from((" ", "　", "  ", "\u200b")))
def test_blanks_change_nothing(seed: int, blank: str) -> None:
    """Blanks of any kind inside words and numbers leave the reading as it is."""
    choice = random.Random(seed)
    text = "".join(sign + (blank if sign != "\n" and choice.random() < 0.15 else "") for sign in PLAN)
    assert read(text) == RIGHT


def test_traditional_characters_change_nothing() -> None:
    """A text in traditional characters reads like one in simplified ones."""
    assert read(opencc.OpenCC("s2t").convert(PLAN)) == RIGHT


def test_width_and_brackets_change_nothing() -> None:
    """Full and half width of digits and marks read alike."""
    wide = str.maketrans("0123456789.%", "０１２３４５６７８９．％")
    assert read(PLAN.translate(wide)) == RIGHT
    assert read(PLAN.replace("（", "(").replace("）", ")").replace("，", ",").replace("；", ";")) == RIGHT


def test_markdown_changes_nothing() -> None:
    """Headings and bold of markdown leave the reading as it is."""
    marked = re.sub(r"^([一二三]、.*)$", r"## **\1**", PLAN, flags=re.MULTILINE)
    assert read(re.sub(r"^（([一二])）(.{4})。", r"**（\1）\2。**", marked, flags=re.MULTILINE)) == RIGHT


def test_pinyin_changes_nothing() -> None:
    """Pinyin behind characters leaves the reading as it is."""
    assert read(PLAN.replace("园区", "园(yuán)区qū")) == RIGHT


def test_running_headers_change_nothing() -> None:
    """A header that stands on every page leaves the reading as it is."""
    pages = PLAN.replace("\n二、", "\n合成市公报\n\n二、").replace("\n三、", "\n合成市公报\n\n三、")
    assert read("合成市公报\n" * 2 + pages) == RIGHT


@settings(max_examples=40, deadline=None)
@given(width=st.integers(14, 50), seed=st.integers(0, 99))
def test_every_place_points_at_its_words(width: int, seed: int) -> None:
    """The original from start to end is the quote, and a target's quote is short and holds a figure."""
    text = wrapped(PLAN, width, "— 3 —", random.Random(seed))
    found = as_json(read_text(text))
    assert found["targets"]
    for entry in found["targets"] + found["duties"]:
        assert text[entry["start"] : entry["end"]] == entry["quote"]
    for target in found["targets"]:
        assert len(target["quote"]) <= 60
        assert re.search(r"\d", target["quote"])


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_each_sign_keeps_its_place_whatever_the_text(text: str) -> None:
    """Any text can be cleaned, and the places only go forward."""
    cleaned = clean(text)
    assert len(cleaned.text) == len(cleaned.places)
    assert list(cleaned.places) == sorted(cleaned.places)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "到2025年",
                "，",
                "。",
                "下降",
                "14%",
                "（",
                "）",
                "〔",
                "一、",
                "\n",
                "（一）",
                "分别",
                "3家",
                "牵头",
                "1.",
                "第一条",
                "、",
            ]
        ),
        max_size=40,
    )
)
def test_pieces_of_plans_in_any_order_are_read_without_a_fault(pieces: list[str]) -> None:
    """Whatever order pieces of plans come in, places point at their words."""
    text = "合" + "".join(pieces)
    for entry in (found := as_json(read_text(text)))["targets"] + found["duties"]:
        assert text[entry["start"] : entry["end"]] == entry["quote"]


@pytest.mark.parametrize("asked", [0, 2])
def test_a_document_that_is_not_there_is_a_clear_error(asked: int) -> None:
    """Asking for a document that the file does not hold has its own code."""
    with pytest.raises(Exception, match="READ-004"):
        read_text(PLAN, asked)


def test_two_documents_of_a_file_are_told_apart() -> None:
    """Two plans in one file are two documents, and one can be read alone."""
    second = PLAN.replace("合成市“十四五”节能示范方案", "假想县“十四五”节能示范方案").replace("12.5%", "13.5%")
    text = PLAN * 1 + "\n" + "示范内容。" * 80 + "\n\n" + second
    found = as_json(read_text(text))
    assert [d["title"] for d in found["documents"]] == ["合成市“十四五”节能示范方案", "假想县“十四五”节能示范方案"]
    assert {t["document"] for t in found["targets"]} == {1, 2}
    alone = as_json(read_text(text, 2), 2)
    assert alone["document"]["region"] == "假想县"
    assert {t["document"] for t in alone["targets"]} == {2}


#: Invented (合成): what real plans have beside plain sentences.
FURTHER = """合成省碳达峰实施方案

一、主要目标

“十四五”期间，全省单位产值能耗累计下降13.5%，力争下降14%。到2025年、2030年，非化石能源消费比重分别达到18%、25%左右。甲市、乙市煤炭消费量分别控制在120万吨以内和95万吨以内。

二、重点任务

（一）示范创建。到2025年，创建绿色园区十二家、绿色工厂一百家，三分之二以上的县级机关建成节约型机关，新增分布式光伏二十万千瓦。（省甲厅会同省乙厅负责，各市、县（区）人民政府组织实施）

（二）设施更新。近年来，全省淘汰老旧设备800台，利用率达到61%。到2030年，风电、光伏、生物质发电装机分别达到500、900、60万千瓦，其中海上风电100万千瓦。

（三）统筹保障。新建数据中心PUE降到1.25以下，每年培训人员500人次以上。（省丙厅牵头，省丁局、省戊委配合）
"""
FURTHER_RIGHT = read(FURTHER)


def test_the_further_plan_is_read_at_all() -> None:
    """The second text that is spoilt holds years in lists, numbers in words, carried units and what has been."""
    targets, duties, _ = FURTHER_RIGHT
    values = [t["value"] for t in targets]  # type: ignore[index]
    assert values == [13.5, 14, 18, 25, 120, 95, 12, 100, 0.6667, 20, 500, 900, 60, 100, 1.25, 500]
    assert [d["support"] for d in duties] == [  # type: ignore[index]
        ["省甲厅", "省乙厅", "各市、县（区）人民政府"],
        ["省丁局", "省戊委"],
    ]


@settings(max_examples=60, deadline=None)
@given(width=st.integers(16, 60), mark=st.sampled_from((None, *MARKS)), seed=st.integers(0, 999))
def test_wraps_and_page_marks_change_nothing_in_what_else_plans_have(width: int, mark: str | None, seed: int) -> None:
    """Line ends and page marks leave numbers in words, lists of years and parts of totals as they are."""
    assert read(wrapped(FURTHER, width, mark, random.Random(seed))) == FURTHER_RIGHT


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 9999), blank=st.sampled_from((" ", "　", "\u200b")))
def test_blanks_change_nothing_in_what_else_plans_have(seed: int, blank: str) -> None:
    """Blanks inside words and numbers leave them as they are, too."""
    choice = random.Random(seed)
    text = "".join(sign + (blank if sign != "\n" and choice.random() < 0.12 else "") for sign in FURTHER)
    assert read(text) == FURTHER_RIGHT


def test_other_signs_for_the_same_change_nothing() -> None:
    """Traditional characters, years in words, signs of radicals and slips of recognition read alike."""
    assert read(opencc.OpenCC("s2t").convert(FURTHER)) == FURTHER_RIGHT
    for year in ("二〇二五", "二零二五", "二○二五", "二O二五", "２０２５"):
        assert read(FURTHER.replace("2025", year)) == FURTHER_RIGHT
    assert read(FURTHER.replace("二、", "⼆、").replace("（二）", "﹙ニ﹚").replace("一、", "—、")) == FURTHER_RIGHT


@settings(max_examples=40, deadline=None)
@given(width=st.integers(16, 50), seed=st.integers(0, 99))
def test_every_place_points_at_its_words_in_what_else_plans_have(width: int, seed: int) -> None:
    """Also with numbers in words, the original from start to end is the quote."""
    text = wrapped(FURTHER, width, "— 3 —", random.Random(seed))
    found = as_json(read_text(text))
    for entry in found["targets"] + found["duties"]:
        assert text[entry["start"] : entry["end"]] == entry["quote"]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 9999), between=st.sampled_from(("\t", " | ", "    ")))
def test_blanks_around_the_cells_of_a_table_change_nothing(seed: int, between: str) -> None:
    """Blanks at cells, empty lines and rules between rows leave a table of targets as it is."""
    rows = [("指标", "2020年", "2025年", "属性"), ("单位产值能耗降低（%）", "-", "[13.5]", "约束性")]
    rows += [("绿电占比（%）", "15", "20左右", "预期性"), ("煤炭消费量（万吨）", "900", "≤850", "预期性")]
    plain = (
        "合成市“十四五”方案\n一、目标\n" + "".join("\t".join(row) + "\n" for row in rows) + "二、任务\n建成园区6个。\n"
    )
    choice = random.Random(seed)
    lines = []
    for i, row in enumerate(rows):
        line = between.join(row)
        lines.append(f"| {line} |" if "|" in between else line)
        if "|" in between and i == 0:
            lines.append("|---|---|---|---|")
        lines.extend([""] * (choice.random() < 0.2))
    spoilt = "合成市“十四五”方案\n一、目标\n" + "\n".join(lines) + "\n二、任务\n建成园区6个。\n"
    assert read(spoilt)[0] == read(plain)[0]
    assert len(read(plain)[0]) == 4


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["指标", "2025年", "2020年", "\t", "\n", " | ", "单位", "牵头单位", "任务", "13.5", "[5]", "≥", "绿电（%）",
             "市甲局", "地区", "能耗降低", "一、", "十二家", "百分之五", "其中", "；"]
        ),
        max_size=50,
    )
)  # fmt: skip
def test_pieces_of_tables_in_any_order_are_read_without_a_fault(pieces: list[str]) -> None:
    """Whatever order pieces of tables come in, places point at their words."""
    text = "合" + "".join(pieces)
    for entry in (found := as_json(read_text(text)))["targets"] + found["duties"]:
        assert text[entry["start"] : entry["end"]] == entry["quote"]


@pytest.mark.parametrize("piece", ["2025-", "3%", "建成3家", "（3家“《", "3至"])
def test_a_line_without_end_is_cut(piece: str) -> None:
    """No sentence is longer than a few thousand signs: what looks back and forth in one stays quick."""
    text = piece * 4000
    assert max(end - start for start, end, _ in sentences(text, 0, len(text))) <= 2500


@pytest.mark.parametrize("words", ["2025年平均", "可", "市和", "其中2024年5%、", "“十四五”改造"])
def test_a_text_that_repeats_itself_is_not_gone_through_again_and_again(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four times the words make about four times the signs that names are looked for in, not sixteen times."""
    seen = [0]
    trimmed = names.trimmed

    def counted(text: str) -> str:
        seen[0] += len(text)
        return trimmed(text)

    monkeypatch.setattr(names, "trimmed", counted)

    def signs(times: int) -> int:
        seen[0] = 0
        read_text(f"合成市“十四五”节能示范方案\n\n一、重点任务\n到2025年，{words * times}形成节能量5万吨标准煤。\n")
        return seen[0]

    assert signs(100) <= 8 * signs(25) + 20_000


@pytest.mark.parametrize("end", ["分别建成5家、6家。", "乙企业5家。", "达到95%以上。", "形成节能量5万吨标准煤。"])
@pytest.mark.parametrize(
    "words", ["培训新建改造", "认定替代新创建", "制订新新建改造", "市和", "甲市、乙县和", "PUE值量"]
)
def test_words_that_can_be_taken_apart_in_many_ways_are_read(words: str, end: str) -> None:
    """Each text has some 200 signs; a pattern that tried every way to take it apart would not come to its end."""
    found = read_text(f"合成市“十四五”节能示范方案\n\n一、重点任务\n到2025年，{words * (200 // len(words))}{end}\n")
    assert found.documents[0].kind == "instrument"
