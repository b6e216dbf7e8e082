"""What files do to a text never changes what is read, and every place points at its words."""

from __future__ import annotations

import random
import re

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.policy.reading.clean import clean
from shuangkong.policy.reading.service import as_json, read_text

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
