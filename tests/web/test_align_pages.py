"""The page of targets side by side, its workbook, and the table of tasks of a document."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import openpyxl
import pytest

from web.clients import visitor

pytestmark = pytest.mark.slow
THREE = "nation=guofa-2021-33@2021&province=guangdong-fourteenth-plan@2022&city=fuzhou-fourteenth-plan@2022"


def words(text: str) -> str:
    """The words of a page without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text)))


def test_the_page_begins_with_documents_that_carry_out_one_another(pages: Any) -> None:
    """Without a choice the newest document is shown beside the one that it carries out."""
    text = pages.get("/align")
    assert len(re.findall(r"<option[^>]* selected>", text)) >= 2
    assert "aligned" in text


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("zh", ("下降13.5%", "下降14.0%", "严于上级（多0.5个百分点）", "上级有，本级未列", "（少3个百分点）")),
        ("en", ("down 13.5% on 2020", "stricter than above (0.5 percentage points more)", "set above, missing here")),
    ],
)  # fmt: skip
def test_targets_of_three_levels_stand_side_by_side(pages: Any, lang: str, told: tuple[str, ...]) -> None:
    """Figures are shown as printed, with what is said of each lower document in words."""
    text = words(pages.get(f"/align?{THREE}", lang))
    assert [t for t in told if t not in text] == []


def test_only_what_needs_a_look_can_be_shown(pages: Any) -> None:
    """Rows that are equal or stricter everywhere are left out on request, and nothing else is."""
    whole, some = pages.get(f"/align?{THREE}"), pages.get(f"/align?{THREE}&only=attention")
    assert "非化石能源占能源消费总量比重" in whole
    rows = len(re.findall('<th scope="row"', whole)), len(re.findall('<th scope="row"', some))
    assert 0 < rows[1] < rows[0]
    assert words(some).count("上级有，本级未列") == words(whole).count("上级有，本级未列")


def test_one_document_asks_for_another(pages: Any) -> None:
    """With one document chosen the page says what is wanting."""
    assert "请至少选择两级文件" in words(pages.get("/align?nation=guofa-2021-33@2021"))


def test_an_unknown_document_is_an_error_in_words(pages: Any) -> None:
    """A name that no pack has is told with the code of the manual."""
    answer = pages.client.get("/align?nation=guofa-2021-33@2021&city=nothing@1")
    assert (answer.status_code, "PACK-006" in answer.text) == (404, True)


def test_the_public_sees_packs_and_no_document_under_review(pages: Any) -> None:
    """Who has not signed in compares packs; documents under review are not offered, and not given by their name."""
    own, anyone = pages.client.get("/align").text, visitor(pages.app)
    assert "document:" not in anyone.get("/align").text
    for name in re.findall(r'value="(document:[^"]+)"', own)[:1]:
        assert anyone.get(f"/align?nation=guofa-2021-33@2021&county={name}").status_code in (302, 303, 401, 403, 404)


def test_a_document_under_review_is_compared_as_a_candidate(pages: Any) -> None:
    """Where the demo has a document under review, its targets stand in the table, marked as candidates."""
    names = re.findall(r'<select name="(\w+)">(?:(?!</select>).)*?value="(document:[^"]+)"', pages.get("/align"), re.S)
    assert names
    level, name = names[0]
    text = words(pages.get(f"/align?nation=guofa-2021-33@2021&{level}={name}"))
    assert "候选，未经复核" in text


def test_the_workbook_is_the_page(pages: Any) -> None:
    """The download has a row for each row of the page."""
    rows = len(re.findall('<th scope="row"', pages.get(f"/align?{THREE}")))
    answer = pages.client.get(f"/align.xlsx?{THREE}")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    head = next(r for r in range(1, 20) if sheet.cell(r, 1).value == "指标")
    assert sheet.max_row - head == rows


def test_a_document_gives_its_table_of_tasks(pages: Any) -> None:
    """The page of a document leads to its table of tasks, under the document's own name."""
    text = pages.get("/packs/fuzhou-fourteenth-plan@2022")
    (link,) = re.findall(r'href="(/packs/[^"]+/tasks\.xlsx)"', text)
    answer = pages.client.get(link)
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert [s.title for s in book.worksheets] == ["任务分解表", "部门条款清单", "部门×条款"]
    assert "%E7%A6%8F%E5%B7%9E" in answer.headers["content-disposition"]
