"""Official letters in Word (公文版式): page, type and order of parts as in GB/T 9704-2012, made with python-docx.

A page of A4 with margins of 37, 35, 28 and 26 mm; the title in 小标宋 of size 二号, the text in 仿宋 of size 三号 with
22 lines to the page, headings of the first level in 黑体, first lines two characters in; page numbers in size 四号
between dashes, on the outer side. Fonts are named for East Asian text as well, so that Word takes them, and not
shipped. Issuing office, number and seal are left to the office that issues a letter. What is invented says so on each
page.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

TITLE, BODY, HEADING, NUMBER = "方正小标宋简体", "仿宋_GB2312", "黑体", "宋体"
#: Sizes of type: 二号, 三号, 四号, and small for tables and what stands under them.
SIZE_2, SIZE_3, SIZE_4, SMALL = Pt(22), Pt(16), Pt(14), Pt(12)
#: 225 mm of text in 22 lines, in points and in the twentieths of the page's grid.
PITCH, _GRID = Pt(28.95), "579"
RED = RGBColor(0xC0, 0x00, 0x00)
MADE_UP = "合成数据，仅供演示，不具效力 / synthetic, for demonstration only"
_CENTRE, _RIGHT, _LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT


class Letter:
    """One letter in the making: its parts are added from top to bottom, `content` is the file."""

    def __init__(self, title: str, *, invented: bool = False) -> None:
        self._doc: Any = Document()
        section = self._doc.sections[0]
        _page(section)
        self._doc.settings.odd_and_even_pages_header_footer = True
        style = self._doc.styles["Normal"]
        style.font.name, style.font.size = BODY, SIZE_3
        style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
        core = self._doc.core_properties
        core.title, core.author, core.comments, core.language = title, "", "", "zh-CN"
        core.subject = MADE_UP if invented else ""
        if invented:
            _mark(section)
        _numbers(section)

    def letterhead(self) -> None:
        """Room for the name of the office (发文机关标志) and the number, over the red line."""
        self._line("（发文机关标志）", font=TITLE, size=Pt(36), align=_CENTRE, pitch=Pt(60), colour=RED)
        _line_below(self._line("　　　　〔　　　　〕　　号", align=_CENTRE))
        self.blank()
        self.blank()

    def number(self, text: str) -> None:
        """The document's number (发文字号), centred above the title; left blank where the office has not given one."""
        self._line(text, align=_CENTRE)

    def title(self, text: str) -> None:
        """The title, centred, with an empty line under it."""
        self._line(text, font=TITLE, size=SIZE_2, align=_CENTRE, pitch=Pt(34))
        self.blank()

    def to(self, text: str) -> None:
        """Whom it is addressed to (主送机关), at the left edge."""
        self._line(text)

    def heading(self, text: str) -> None:
        """A heading of the first level (一、……)."""
        self._line(text, font=HEADING, indent=True)

    def paragraph(self, text: str) -> None:
        """A paragraph of the text, its first line two characters in."""
        self._line(text, indent=True)

    def blank(self) -> None:
        """An empty line."""
        self._line("")

    def note(self, text: str) -> None:
        """A small line under a table."""
        self._line(text, size=SMALL, pitch=Pt(18))

    def signed(self, issuer: str, day: str) -> None:
        """Who signs and the day (落款), at the right on one page; the seal's place stays free."""
        self.blank()
        for text, characters in ((issuer, 3), (day, 4)):
            paragraph = self._line(text, align=_RIGHT)
            paragraph.paragraph_format.right_indent = SIZE_3 * characters
            paragraph.paragraph_format.keep_with_next = characters == 3

    def annex(self, mark: str, title: str) -> None:
        """An annex on a page of its own: its mark (附件) at the left, its title centred."""
        _page(self._doc.add_section(WD_SECTION.NEW_PAGE))
        self._line(mark, font=HEADING)
        self.blank()
        self.title(title)

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], *, widths: Sequence[float] = (), numbers_from: int = 1
    ) -> None:
        """A table with a ruled grid, its head on each page that it runs on to.

        Columns of `widths` (in mm) are centred; without widths they share the page, and those from `numbers_from` on
        are set right.
        """
        table = self._doc.add_table(rows=1, cols=len(head), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = not widths
        sides = [_CENTRE if widths else _RIGHT if n >= numbers_from else _LEFT for n in range(len(head))]
        _row(table.rows[0].cells, head, HEADING, [_CENTRE] * len(head), widths)
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeated)
        for row in rows:
            _row(table.add_row().cells, row, BODY, sides, widths)
        self._line("", size=SMALL, pitch=Pt(14))

    def content(self) -> bytes:
        """The letter as a .docx file: the same for the same letter but for what the library stamps into it."""
        out = io.BytesIO()
        self._doc.save(out)
        return out.getvalue()

    def _line(
        self, text: str, *, font: str = BODY, size: Pt = SIZE_3, align: WD_ALIGN_PARAGRAPH | None = None,
        indent: bool = False, pitch: Pt = PITCH, colour: RGBColor | None = None,
    ) -> Paragraph:  # fmt: skip
        paragraph: Paragraph = self._doc.add_paragraph()
        shape = paragraph.paragraph_format
        shape.space_before = shape.space_after = Pt(0)
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, pitch
        if align is not None:
            paragraph.alignment = align
        if indent:
            # two characters of the type, as offices set it
            shape.first_line_indent = size * 2
            paragraph._p.get_or_add_pPr().get_or_add_ind().set(qn("w:firstLineChars"), "200")
        _run(paragraph, text, font, size, colour)
        return paragraph


def _page(section: Section) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    grid = OxmlElement("w:docGrid")
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), _GRID)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    section._sectPr.append(grid)


def _run(paragraph: Paragraph, text: str, font: str, size: Pt, colour: RGBColor | None = None) -> Any:
    run = paragraph.add_run(text)
    run.font.name, run.font.size = font, size
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:eastAsia", "w:hAnsi", "w:ascii", "w:cs"):
        fonts.set(qn(script), font)
    if colour is not None:
        run.font.color.rgb = colour
    return run._r


def _row(
    cells: Sequence[Any], texts: Sequence[str], font: str, sides: Sequence[WD_ALIGN_PARAGRAPH], widths: Sequence[float]
) -> None:
    for n, (cell, text, side) in enumerate(zip(cells, texts, sides, strict=True)):
        if widths:
            cell.width = Mm(widths[n])
        paragraph = cell.paragraphs[0]
        paragraph.alignment = side
        paragraph.paragraph_format.space_after = Pt(0)
        _run(paragraph, text, font, SMALL)


def _line_below(paragraph: Paragraph) -> None:
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "11"), ("color", "C00000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    properties = paragraph._p.get_or_add_pPr()
    # where the schema wants it: before the spacing, or Word calls the file damaged
    spacing = properties.find(qn("w:spacing"))
    if spacing is None:
        properties.append(borders)
    else:
        spacing.addprevious(borders)


def _mark(section: Section) -> None:
    """Each page of a letter about what is invented says so."""
    for header in (section.header, section.even_page_header):
        paragraph = header.paragraphs[0]
        paragraph.alignment = _CENTRE
        _run(paragraph, MADE_UP, HEADING, SIZE_4, RED)


def _numbers(section: Section) -> None:
    """Page numbers between dashes: to the right on odd pages, to the left on even ones, one character from the edge."""
    for footer, side in ((section.footer, _RIGHT), (section.even_page_footer, _LEFT)):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        shape = paragraph.paragraph_format
        if side == _RIGHT:
            shape.right_indent = SIZE_4
        else:
            shape.left_indent = SIZE_4
        _run(paragraph, "— ", NUMBER, SIZE_4)
        _field(paragraph, "PAGE")
        _run(paragraph, " —", NUMBER, SIZE_4)


def _field(paragraph: Paragraph, what: str) -> None:
    """A field that Word fills in, with 1 as its text until then."""
    for kind in ("begin", "code", "separate", "text", "end"):
        run = _run(paragraph, "1" if kind == "text" else "", NUMBER, SIZE_4)
        if kind == "code":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = what
            run.append(code)
        elif kind != "text":
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run.append(mark)
