"""Files of every kind give their text; those that have none say so."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfWriter
from typer.testing import CliRunner

from policy.reading.made_files import LISTS, STYLES, paragraph, pdf, word
from shuangkong.kernel.errors import UserError
from shuangkong.policy.cli import policy_app
from shuangkong.policy.reading.files import MAX_BYTES, text_in, text_of
from shuangkong.policy.reading.service import as_json, read_text
from shuangkong.policy.reading.word import figure

LINE = "到2025年，合成指标达到14%。"


def code(content: bytes, name: str) -> str:
    with pytest.raises(UserError) as error:
        text_in(content, name)
    return error.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    """UTF-8 and UTF-16, with and without a mark, and GB18030 give the same text."""
    assert text_in(f"{LINE}\n".encode(encoding), "a.txt") == f"{LINE}\n"


def test_word_files_give_their_paragraphs() -> None:
    """Runs of a paragraph are put together, paragraphs kept apart."""
    runs = "<w:p><w:r><w:t>到2025年，</w:t></w:r><w:r><w:t>甲</w:t></w:r></w:p><w:p><w:r><w:t>乙</w:t></w:r></w:p>"
    assert text_in(word(runs), "a.docx") == "到2025年，甲\n乙"


def test_numbers_of_lists_stand_in_the_text_of_word_files() -> None:
    """What only the definitions of lists and styles number has its number, level by level, and starts anew below."""
    body = paragraph("要求", style="Mine") + paragraph("任务", style="Heading1") + paragraph("工业。", "1", 1)
    body += paragraph("2025年建成10家。", "1", 2) + paragraph("推广。", "1", 2) + paragraph("点", "1", 3)
    body += paragraph("建筑。", "1", 1) + paragraph("改造。", "1", 2) + paragraph("总则", "2") + paragraph("附则", "3")
    assert text_in(word(body, LISTS, STYLES), "a.docx").split("\n") == [
        "一、要求", "二、任务", "（一）工业。", "1、2025年建成10家。", "2.推广。", "点", "（二）建筑。", "1.改造。",
        "第一条总则", "第二十一条附则",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "value", "printed"),
    [
        ("chineseCounting", 10, "十"),
        ("chineseCountingThousand", 23, "二十三"),
        ("japaneseCounting", 115, "一百一十五"),
        ("chineseCounting", 103, "一百零三"),
        ("ideographDigital", 20, "二〇"),
        ("decimalEnclosedCircle", 3, "③"),
        ("ideographTraditional", 2, "乙"),
        ("upperLetter", 4, "D"),
        ("lowerRoman", 9, "ix"),
        ("decimalZero", 5, "05"),
        ("decimal", 12, "12"),
    ],
)
def test_numbers_of_lists_are_printed_in_their_form(form: str, value: int, printed: str) -> None:
    """Each form of numbering prints as Word prints it."""
    assert figure(value, form) == printed


def test_what_is_struck_out_or_stands_twice_is_not_read() -> None:
    """Deleted words are left out, words of a text box are read once, also where a file holds them in two ways."""
    more = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    box = f"<w:txbxContent>{paragraph('框内')}</w:txbxContent>"
    both = f'<m:AlternateContent xmlns:m="{more}"><m:Choice>{box}</m:Choice><m:Fallback>{box}</m:Fallback>'
    both += "</m:AlternateContent>"
    body = f"<w:p><w:r><w:t>甲</w:t></w:r><w:del><w:r><w:delText>乙</w:delText></w:r></w:del><w:r>{both}</w:r></w:p>"
    assert text_in(word(body), "a.docx") == "甲\n框内"


def test_pages_of_pdf_files_are_read_as_one_text() -> None:
    """Running headers, page numbers, breaks inside numbers and a second column leave the reading as it is."""
    head, foot = (72, 810, "合成市公报"), (290, 30, "— {} —")
    pages = [
        [(72, 770, "合成市“十四五”节能方案"), (72, 740, "一、目标"), (72, 720, "到2025年，煤炭消费量控制在3")],
        [(72, 770, "00万吨以内。"), (72, 750, "二、任务"), (72, 735, "（一）左栏。建成绿色工厂"), (72, 720, "10家。")],
        [(72, 770, "（市甲局负责）"), (310, 770, "（二）右栏。推广新能源汽"), (310, 755, "车5万辆。（市乙局负责）")],
    ]
    made = [[head, *page, (foot[0], foot[1], foot[2].format(i + 1))] for i, page in enumerate(pages)]
    found = as_json(read_text(text_in(pdf(made), "a.pdf")))
    assert [(t["clause"], t["value"], t["unit"]) for t in found["targets"]] == [
        ("一", 300, "万吨"), ("二（一）", 10, "家"), ("二（二）", 5, "万辆"),
    ]  # fmt: skip
    assert [(d["clause"], d["support"]) for d in found["duties"]] == [
        ("二（一）", ["市甲局"]),
        ("二（二）", ["市乙局"]),
    ]


def test_pages_laid_out_by_tables_are_running_text() -> None:
    """A table that only lays a page out gives its words as paragraphs; entities, open heads and scripts do no harm."""
    long = f"<p>一、目标</p><p>到2025年&nbsp;，合成指标达到14&#37;。</p><p>{'示范内容。' * 60}</p>"
    page = f"<html><head><title>x</title><body><table><tr><td>导航</td><td>{long}</td></tr></table><script>9%</script>"
    text = text_in(page.encode(), "a.html")
    assert [t["value"] for t in as_json(read_text(text))["targets"]] == [14]
    assert "x" not in text


def test_pages_give_what_a_reader_sees() -> None:
    """Scripts and heads of pages are no text; the declared encoding holds."""
    page = f"<html><head><title>x</title></head><body><script>1</script><p>{LINE}</p><div>乙</div></body></html>"
    assert text_in(page.encode(), "a.html").split() == [LINE, "乙"]
    old = f'<html><head><meta charset="gb2312"></head><body><p>{LINE}</p></body></html>'
    assert text_in(old.encode("gb18030"), "a.html").split() == [LINE]


def test_a_scan_without_text_says_so() -> None:
    """A PDF of images alone has no text."""
    held = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(held)
    assert code(held.getvalue(), "scan.pdf") == "READ-003"


@pytest.mark.parametrize("content", [b"", b"  \n\n\t", "\ufeff".encode()])
def test_empty_files_say_so(content: bytes) -> None:
    """Nothing and blanks alone have no text."""
    assert code(content, "a.txt") == "READ-003"


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 40,
        b"\x89PNG\r\n\x1a\n" + bytes(2000),
        b"%PDF-1.7 broken",
        b"PK\x03\x04 broken",
        b"\xff" * 900,
    ],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    """Binary data and broken files are refused, whatever their name says."""
    assert code(content, "a.txt") == "READ-001"


def test_a_word_file_that_is_another_archive_is_refused() -> None:
    """An archive without a document in it is refused."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as parts:
        parts.writestr("other.xml", "x")
    assert code(held.getvalue(), "a.docx") == "READ-001"


WIDE_CELL = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="%s"/></w:tcPr>%s</w:tc></w:tr></w:tbl>'
ONE_LINE = "<w:p><w:r><w:t>工业</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    "body",
    [
        WIDE_CELL % ("2000000000", ONE_LINE),
        WIDE_CELL % ("x", ONE_LINE),
        "<w:p><w:r><w:txbxContent>" * 60 + ONE_LINE + "</w:txbxContent></w:r></w:p>" * 60,
    ],
)
def test_a_hostile_word_file_blows_nothing_up(body: str) -> None:
    """A cell over two thousand million columns, a span that is no number, boxes in boxes: read once each."""
    parts = io.BytesIO()
    with zipfile.ZipFile(parts, "w") as file:
        name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        file.writestr("word/document.xml", f'<w:document xmlns:w="{name}"><w:body>{body}</w:body></w:document>')
    assert text_in(parts.getvalue(), "方案.docx").split() == ["工业"]


def test_a_file_of_fifty_megabytes_is_refused_unread(tmp_path: Path) -> None:
    """A file over the limit is refused by its size."""
    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(UserError, match="READ-002"):
        text_of(large)
    assert code(b"a" * (MAX_BYTES + 1), "a.txt") == "READ-002"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that does not exist is a user's mistake, not a fault."""
    with pytest.raises(UserError, match="READ-001"):
        text_of(tmp_path / "none.txt")


def test_the_command_prints_lists_as_json_and_lines(tmp_path: Path) -> None:
    """The command gives JSON for programs and lines for people."""
    file = tmp_path / "plan.txt"
    file.write_text(f"合成市示范方案\n一、目标\n{LINE}（市甲局负责）\n", "utf-8")
    shown = CliRunner().invoke(policy_app, ["read", str(file), "--json"])
    assert shown.exit_code == 0
    assert '"value": 14' in shown.stdout
    assert "市甲局" in CliRunner().invoke(policy_app, ["read", str(file)]).stdout


@pytest.mark.parametrize("below", ["各设区市人民政府，省政府各部门：\n", "\n各县区人民政府：\n"])
def test_the_number_below_a_title_that_fills_its_line_is_kept(below: str) -> None:
    """In a file of hard wraps a line with a document's number does not go on with the title above it."""
    title = "合成省人民政府关于印发合成省“十四五”节能工作方案的通知"
    body = "现将方案印发给你们，请认真贯彻执行，并结合实际抓好落实工\n作。"
    text = f"{title}\n合政发〔2022〕17号\n{below}{body}\n一、目标\n{LINE}\n"
    about = as_json(read_text(text))["document"]
    assert (about["title"], about["doc_number"]) == (title, "合政发〔2022〕17号")
