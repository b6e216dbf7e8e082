"""Letters read back: the layout of GB/T 9704-2012, the words of the case, and the mark of what is invented."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from casework.test_rules import case_on, measure, said
from shuangkong.casework import rules
from shuangkong.casework.letter_words import Cited, Facts, LetterKind, letters_of, written
from shuangkong.casework.letters import file_name, letter_bytes
from shuangkong.casework.model import Case, FigureSeen
from shuangkong.webkit.api import day_words
from shuangkong.webkit.letters import MADE_UP

CITED = Cited("某省坚决遏制“两高”项目盲目发展行动方案", "某政办〔2021〕65号", "六（十八）", "严格责任考核")
FACTS = Facts(CITED, {"answer": 10, "rectify": 60}, date(2024, 4, 10), "12:abcdef")
GRADES = {"2023-12": "绿色", "2024-01": "红色", "2024-02": "红色", "2024-03": "红色"}


def stop(**changes: object) -> Case:
    """A stop upon three red months, with the grades behind it."""
    (ground,) = rules.newest_grounds(said(["无", "提醒", "限批"]), measure)
    figures = tuple(
        FigureSeen("energy", "能耗双控预警等级", "Warning grade", p, None, "grade", w, w, "confirmed", w == "红色")
        for p, w in GRADES.items()
    )  # fmt: skip
    figures = tuple(replace(f, value=Decimal(1 if f.counts else 3)) for f in figures)
    ground = replace(ground, figures=figures)
    made = case_on(
        ground, kind="stop", measure="限批", severity=3, evidence=("书面回复", "整改报告"), subject_zh="某市"
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def texts(content: bytes) -> list[str]:
    """The paragraphs of a letter, read back."""
    return [p.text for p in Document(io.BytesIO(content)).paragraphs if p.text]


def test_a_stop_says_what_it_rests_on_and_asks_for() -> None:
    """The notice cites document, number and clause, names the red months, and asks for an answer in working days."""
    letter = written(stop(), "stop", FACTS)
    found = texts(letter_bytes(letter))
    assert found[2] == "关于对某市实行区域节能审查限批的通知"
    assert found[3] == "某市人民政府："
    assert found[4].startswith(
        "根据《某省坚决遏制“两高”项目盲目发展行动方案》（某政办〔2021〕65号）六（十八）“严格责任考核”的规定"
    )
    whole = "\n".join(found)
    assert "其中，能耗双控预警等级为2024年1月红色、2024年2月红色、2024年3月红色。" in whole
    assert "2023年12月绿色" not in whole
    assert "请于收到之日起10个工作日内书面回复，并按要求提交书面回复、整改报告。" in whole
    assert "直至解除" in whole
    assert "2024年4月10日" in found
    assert any("审计链末端 12:abcdef" in p for p in found)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (["无", "提醒", "限批"], "你地2024年3月{met}“限批”（此前2024年2月为“提醒”）。"),
        (["提醒", "限批", "限批"], "你地2024年2月至2024年3月{met}“限批”（此前2024年1月为“提醒”）。"),
        (["无", "限批", "限批"], "你地2024年2月至2024年3月{met}“限批”。"),
        (["无", "无", "提醒"], "你地2024年3月{met}“提醒”。"),
    ],
)
def test_a_month_is_said_to_have_brought_what_it_brought(answers: list[str], told: str) -> None:
    """The months of a stop are those of the stop: the month of the reminder before it is told as that."""
    (ground,) = rules.newest_grounds(said(list(answers)), measure)
    found = texts(letter_bytes(written(case_on(ground, subject_code="410100"), "reminder", FACTS)))
    assert any(told.format(met="达到文件规定的情形，规则结论为") in p for p in found), found


def test_a_green_month_is_not_set_beside_a_stop() -> None:
    """Coal was green while energy brought the stop: the rule's answer stands in energy's rows alone."""
    case = stop()
    green = [
        FigureSeen("coal", "煤炭消费总量预警等级", "Coal", p, Decimal(3), "grade", "绿色", "绿色", "confirmed", False)
        for p in GRADES
    ]  # fmt: skip
    case = replace(case, ground=replace(case.ground, figures=(*case.ground.figures, *green)))
    rows = written(case, "stop", FACTS).rows
    assert {r[3] for r in rows if r[0].startswith("煤炭")} == {"—"}
    assert [r[3] for r in rows if r[0].startswith("能耗")] == ["—", "—", "提醒", "限批"]


def test_the_layout_is_that_of_the_standard() -> None:
    """A4, 37, 35, 28 and 26 mm, title in size 2, body in FangSong of size 3, 28.95 pt, two characters in."""
    document = Document(io.BytesIO(letter_bytes(written(stop(), "stop", FACTS))))
    for section in document.sections:
        sizes = (section.page_width, section.page_height, section.top_margin, section.bottom_margin,
                 section.left_margin, section.right_margin)  # fmt: skip
        wanted = (Mm(210), Mm(297), Mm(37), Mm(35), Mm(28), Mm(26))
        assert all(abs(a - b) < Mm(0.1) for a, b in zip(sizes, wanted, strict=True))
    title = next(p for p in document.paragraphs if p.text.startswith("关于对"))
    body = next(p for p in document.paragraphs if p.text.startswith("根据"))
    for paragraph, font, size in ((title, "方正小标宋简体", Pt(22)), (body, "仿宋_GB2312", Pt(16))):
        (run,) = paragraph.runs
        assert run.font.size == size
        assert run._element.rPr.rFonts.get(qn("w:eastAsia")) == font
    assert body.paragraph_format.line_spacing == Pt(28.95)
    assert body._p.pPr.ind.get(qn("w:firstLineChars")) == "200"
    assert document.settings.odd_and_even_pages_header_footer
    footers = (document.sections[0].footer, document.sections[0].even_page_footer)
    for footer in footers:
        assert "PAGE" in footer._element.xml
        assert footer.paragraphs[0].text.startswith("— ")


def test_the_parts_stand_in_the_order_of_the_schema() -> None:
    """Borders come before spacing and spacing before indents, or Word calls the file damaged."""
    content = letter_bytes(written(stop(), "stop", FACTS))
    order = ["pStyle", "keepNext", "pBdr", "spacing", "ind", "jc", "rPr", "sectPr"]
    for paragraph in Document(io.BytesIO(content)).paragraphs:
        properties = paragraph._p.pPr
        names = [c.tag.rpartition("}")[2] for c in properties] if properties is not None else []
        assert names == sorted(names, key=order.index)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert parts.testzip() is None


def test_the_annex_has_every_month_with_its_grade_and_the_answer() -> None:
    """Four grades, and what the rule said in the two months that brought a consequence; the head comes again."""
    document = Document(io.BytesIO(letter_bytes(written(stop(), "stop", FACTS))))
    rows = [[c.text for c in r.cells] for r in document.tables[0].rows]
    assert rows == [
        ["指标", "期间", "等级或数值", "规则结论"],
        ["能耗双控预警等级", "2023年12月", "绿色", "—"],
        ["能耗双控预警等级", "2024年1月", "红色", "—"],
        ["能耗双控预警等级", "2024年2月", "红色", "提醒"],
        ["能耗双控预警等级", "2024年3月", "红色", "限批"],
    ]
    assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


@pytest.mark.parametrize(
    ("kind", "title", "end"),
    [
        ("reminder", "关于某市能耗双控形势的提醒函", "特此函达。"),
        ("talk", "关于约谈某市能耗双控工作的通知", "特此通知。"),
        ("suspension", "关于暂停某市新建项目节能审查的通知", "特此通知。"),
        ("rectify", "关于某市限期整改的通知", "特此通知。"),
    ],
)  # fmt: skip
def test_each_measure_has_its_letter(kind: LetterKind, title: str, end: str) -> None:
    """Title and ending are those of the kind; what is excepted is said where there is something."""
    letter = written(stop(kind=kind, excepted="民生项目；基础设施项目"), kind, FACTS)
    assert (letter.title, letter.body[-1][1]) == (title, end)
    assert ("plain", "上述措施不适用于民生项目、基础设施项目。") in letter.body


def test_a_measure_is_lifted_by_a_letter_of_its_own_once_it_is_reviewed() -> None:
    """A stop under way has no lifting letter; in review it has one, which names what was handed in."""
    assert letters_of(stop()) == ("stop",)
    assert letters_of(stop(kind="reminder", state="review")) == ("reminder",)
    case = stop(state="review")
    assert letters_of(case) == ("stop", "lift")
    letter = written(case, "lift", FACTS)
    assert letter.title == "关于解除对某市限批措施的通知"
    assert any("你地已提交书面回复、整改报告" in text for _, text in letter.body)


def test_what_is_invented_says_so_on_each_page_and_in_its_name() -> None:
    """A letter about an invented region is marked in its head and its file name; one about a real region is not."""
    made = written(stop(), "stop", FACTS)
    document = Document(io.BytesIO(letter_bytes(made)))
    for header in (document.sections[0].header, document.sections[0].even_page_header):
        assert header.paragraphs[0].text == MADE_UP
    assert file_name(stop(), made).startswith("合成-督办0001-限批通知-")
    real = written(stop(synthetic=False), "stop", FACTS)
    assert MADE_UP not in Document(io.BytesIO(letter_bytes(real))).sections[0].header._element.xml


def test_figures_that_nobody_published_are_called_so() -> None:
    """A case upon the program's own figures says in its letter that they were not published."""
    letter = written(stop(basis="computed"), "stop", FACTS)
    assert any("依据自行测算的数据（未经公布）" in text for _, text in letter.body)


def test_a_served_letter_names_the_day() -> None:
    """Once served, the day of the answer stands in the place of the number of days, written without noughts."""
    letter = written(stop(state="served", deadline=date(2024, 5, 9), due_step="answer"), "stop", FACTS)
    assert any("请于2024年5月9日前书面回复" in text for _, text in letter.body)
    assert day_words(date(2024, 10, 1)) == "2024年10月1日"
