"""Files of every kind become sheets with each cell in its place, or IMP-001 that says what to do."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.sheets.sample import workbook
from shuangkong.kernel.errors import UserError
from shuangkong.registry.sheets.api import BadCell, Limits, Sheet, read_sheet

SAVE_AS = "Open it in Excel or WPS and save it as .xlsx (工作簿) or CSV UTF-8, then import that file."
SAVE_CSV = "Save it again as CSV UTF-8 (in Excel: 另存为 → CSV UTF-8)."


def refused(data: bytes, name: str = "合成.csv", **options: Any) -> str:
    """The whole message with which a file is refused."""
    with pytest.raises(UserError) as caught:
        read_sheet(data, name=name, **options)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_gives_the_same_rows(encoding: str) -> None:
    """Chinese text, rare characters too, comes back the same from each encoding."""
    rows = [["地区", "消费量"], ["㐀𠮷市", "1.5"]]
    text = "\n".join(",".join(r) for r in rows)
    assert read_sheet(text.encode(encoding), name="合成.csv").rows == rows


def test_the_encoding_is_explained() -> None:
    """The notes say how the bytes were read."""
    sheet = read_sheet("地区;值\n甲;1\n".encode("gb18030"), name="合成.csv")
    assert [n.zh for n in sheet.notes] == ["按 GB18030 解码，分隔符为分号。"]
    assert [n.en for n in sheet.notes] == ["Decoded as GB18030; delimiter: semicolon."]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "IMP-001 合成.csv: the file is empty. Send the file that holds the rows."),
        (b" \r\n\n", "IMP-001 合成.csv: the file is empty. Send the file that holds the rows."),
        (b",,\n,,\n", "IMP-001 合成.csv: the sheet holds no cell with content. Choose another sheet."),
        (
            "地区,值\n".encode() + b"\xff\xff\xff",
            "IMP-001 合成.csv: the text is neither UTF-8 (broken at byte 11) nor GB18030, which breaks at byte 9. "
            + SAVE_CSV,
        ),
        (
            b"\xef\xbb\xbfa,\xb5\xd8\n",
            f"IMP-001 合成.csv: the byte-order mark says UTF-8, which breaks at byte 5. {SAVE_CSV}",
        ),
        (
            b"a,b\n1,\x002\n",
            "IMP-001 合成.csv: line 2 holds a NUL character (character 6 of the file), so this is not plain text. "
            "If it is UTF-16 without a byte-order mark or a damaged file, save it again as CSV UTF-8.",
        ),
        (
            b'a,b\n1,"2\n3,4\n',
            "IMP-001 合成.csv: line 3: the quotation marks do not close or a field is too long "
            '(unexpected end of data). Double a quotation mark inside a quoted field (""), or take the stray one out.',
        ),
        (
            b"<html><table><tr><td>1</td></tr></table></html>",
            "IMP-001 合成.csv: the content is a web page (HTML), as older systems export under the name .xls. "
            + SAVE_AS,
        ),
        (b"%PDF-1.7 x", f"IMP-001 合成.csv: the content is a PDF document. {SAVE_AS}"),
    ],
)
def test_what_is_no_table_of_text_is_refused(data: bytes, message: str) -> None:
    """Each kind of unreadable text is refused with its place and a remedy."""
    assert refused(data) == message


def test_an_extension_that_lies_is_refused() -> None:
    """A workbook called .csv and a text called .xlsx are named as what they are."""
    book = workbook(lambda _b, s: s.write(0, 0, "x"))
    assert refused(book, "合成.csv") == (
        "IMP-001 合成.csv: the name ends in .csv, but the content is an Excel workbook or an archive. "
        "Give it its right extension (.xlsx or .xls), or save it as CSV UTF-8."
    )
    assert refused(b"a,b\n1,2\n", "合成.xlsx") == (
        "IMP-001 合成.xlsx: the name ends in .xlsx, but the content is not an Excel workbook. "
        f"If it is plain text give it the extension .csv, else: {SAVE_AS}"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "、"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    """Each delimiter is found, titles above and other delimiters inside cells notwithstanding."""
    text = "合成的表\n" + "\n".join(delimiter.join(r) for r in (["地区", "值"], ['"甲,乙"', "1"], ["丙", "2"]))
    assert read_sheet(text.encode(), name="合成.txt").rows[1:] == [["地区", "值"], ["甲,乙", "1"], ["丙", "2"]]


def test_a_delimiter_that_is_given_is_used() -> None:
    """The delimiter of the caller, or of a first line sep=, overrides what would be found."""
    assert read_sheet(b"a,b;c\n", name="x.csv", delimiter=";").rows == [["a,b", "c"]]
    assert read_sheet(b"sep=;\na,b;c\n", name="x.csv").rows == [[], ["a,b", "c"]]


def test_rows_are_counted_as_people_count_them() -> None:
    """A quoted line break does not start a row, a blank line is one, and the empty end is cut."""
    sheet = read_sheet(b'a,"b\nc",,\n\n1\n,,\n\n', name="x.csv")
    assert sheet.rows == [["a", "b\nc", "", ""], [], ["1"]]
    assert sheet.width == 2
    assert sheet.place(2, 27) == "AB3"


def test_limits_are_clear(tmp_path: Path) -> None:
    """Too many bytes, rows or columns give the number and the limit."""
    path = tmp_path / "big.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(UserError) as caught:
        read_sheet(path, limits=Limits(bytes=4))
    assert str(caught.value) == (
        "IMP-001 big.csv: the file has 8 bytes, more than the 4 that are allowed. "
        "Split it into several files, or have the limit raised."
    )
    assert refused(b"a\n1\n2\n", limits=Limits(rows=2)) == (
        "IMP-001 合成.csv: line 3: the file holds more than 2 rows or 20000000 cells. "
        "Split it into several files, or have the limit raised."
    )
    assert refused(b"a,b,c\n", limits=Limits(columns=2)) == (
        "IMP-001 合成.csv: the sheet has 3 columns, more than the 2 that are allowed. "
        "Delete the columns that are not part of the return, or give the right delimiter."
    )


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A wrong path is a user error with the path."""
    path = tmp_path / "none.csv"
    with pytest.raises(UserError) as caught:
        read_sheet(path)
    assert str(caught.value) == (
        f"IMP-001 {path}: the file cannot be opened (No such file or directory). "
        "Check the path and that you may read it."
    )


def test_a_workbook_keeps_places_and_exact_numbers() -> None:
    """Cells stand where the spreadsheet shows them; 0.1 is 0.1, dates are dates, 12.5 % is 12.5%."""

    def fill(book: Any, sheet: Any) -> None:
        sheet.write("B3", 0.1)
        sheet.write("C3", 1200)
        sheet.write_datetime("D3", date(2025, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write("E3", 0.125, book.add_format({"num_format": "0.0%"}))
        sheet.write("F3", True)

    sheet = read_sheet(workbook(fill), name="合成.xlsx")
    assert sheet.rows == [[], [], [None, Decimal("0.1"), Decimal(1200), date(2025, 3, 1), "12.5%", True]]
    assert sheet.place(2, 1) == "合成!B3"


def test_errors_and_uncalculated_formulas_are_not_blank() -> None:
    """An error cell and a formula without stored result stay visible, at the edge of the sheet too."""

    def fill(_book: Any, sheet: Any) -> None:
        sheet.write("A1", "x")
        sheet.write_formula("B1", "=A9/0", None, "#DIV/0!")
        sheet.write_formula("A3", "=1+1", None, "")

    sheet = read_sheet(workbook(fill), name="合成.xlsx")
    assert sheet.rows == [["x", BadCell("#DIV/0!", "error")], [], [BadCell("=1+1", "formula")]]


def test_merged_blocks_are_filled_and_told() -> None:
    """The value of a merged block is repeated down and right, and a flaw names the blocks."""

    def fill(_book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:A2", "甲市")
        sheet.merge_range("B1:C1", "组")
        sheet.write("B2", 1)
        sheet.write("C2", 2)

    sheet = read_sheet(workbook(fill), name="合成.xlsx")
    assert sheet.rows == [["甲市", "组", "组"], ["甲市", Decimal(1), Decimal(2)]]
    assert sheet.filled == {(1, 0), (0, 2)}
    (flaw,) = sheet.flaws
    assert (flaw.code, flaw.severity, flaw.evidence) == (
        "merged_cell",
        "note",
        {"count": 2, "places": ["A1:A2", "B1:C1"]},
    )


def test_sheets_are_chosen_by_name_or_content() -> None:
    """The first visible sheet with content is read unless one is named; a wrong name lists the right ones."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("空")
        book.add_worksheet("一").write("A1", "x")
        book.add_worksheet("二").write("A1", "y")
    data = out.getvalue()
    assert (read_sheet(data, name="a.xlsx").sheet, read_sheet(data, name="a.xlsx").others) == ("一", ("空", "二"))
    assert read_sheet(data, name="a.xlsx", sheet="二").rows == [["y"]]
    assert refused(data, "a.xlsx", sheet="三") == (
        "IMP-001 a.xlsx: the workbook has no sheet “三”. Its sheets are: 空、一、二."
    )
    assert "holds no cell" in refused(data, "a.xlsx", sheet="空")


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for path, content in parts.items():
            package.writestr(path, content)
    return out.getvalue()


def test_archives_and_bombs_are_refused() -> None:
    """A ZIP that is no workbook, one that unpacks too large, and a sheet that spans too much are refused."""
    assert refused(_zip(**{"a.csv": b"1"}), "a.zip") == (
        "IMP-001 a.zip: the content is a ZIP archive without a workbook inside. "
        "Unpack it, or save the table as .xlsx or CSV UTF-8, and import that."
    )
    bomb = _zip(**{"xl/workbook.xml": b"", "xl/media/x": b"0" * 100_000})
    assert refused(bomb, "a.xlsx", limits=Limits(unpacked_bytes=50_000)) == (
        "IMP-001 a.xlsx: the workbook unpacks to 100000 bytes, more than the 50000 allowed. "
        "Delete pictures and sheets that are not part of the return and save it again."
    )

    def far(_book: Any, sheet: Any) -> None:
        sheet.write("A1", 1)
        sheet.write("XFD1048576", 1)

    assert refused(workbook(far), "a.xlsx") == (
        "IMP-001 a.xlsx: a sheet reaches to row 1048576 and spans 17179869184 cells; 1048576 rows and "
        "20000000 cells are allowed. "
        "Clear stray cells far to the right of or below the table (Ctrl+End shows the last one)."
    )


def test_a_workbook_cut_short_is_refused() -> None:
    """A truncated download is called damaged, whatever part is missing."""
    data = workbook(lambda _b, s: s.write(0, 0, "x"))
    for size in (10, len(data) // 2, len(data) - 5):
        assert refused(data[:size], "a.xlsx").startswith("IMP-001 a.xlsx: the workbook is damaged or was cut off")


BOOK = workbook(lambda _b, s: [s.write(i, j, i * j or "名") for i in range(5) for j in range(4)])


def _sheet_or_user_error(data: bytes, name: str) -> None:
    with contextlib.suppress(UserError):
        assert isinstance(read_sheet(data, name=name, limits=Limits(cells=200_000)), Sheet)


@settings(max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=100).map(lambda t: t.encode("utf-8", "replace")),
        st.text(alphabet='a1,;"\n\r\t、=', max_size=60).map(str.encode),
    ),
    st.sampled_from(["a.csv", "a.txt", "a.xlsx", "a.xls", "a", ""]),
)
def test_any_bytes_give_a_sheet_or_a_user_error(data: bytes, name: str) -> None:
    """No content of a file makes the reader fail in another way."""
    _sheet_or_user_error(data, name)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(BOOK) - 1), st.integers(0, 255)), max_size=12))
def test_any_damage_to_a_workbook_gives_a_sheet_or_a_user_error(damage: list[tuple[int, int]]) -> None:
    """Bytes changed anywhere in a workbook never make the reader crash."""
    data = bytearray(BOOK)
    for at, value in damage:
        data[at] = value
    _sheet_or_user_error(bytes(data), "a.xlsx")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(b"<>/\"'=A9 &r")), min_size=1, max_size=8))
def test_any_damage_inside_a_workbook_gives_a_sheet_or_a_user_error(damage: list[tuple[int, int]]) -> None:
    """The same for damage to the XML inside an intact package."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = bytearray(old.read(info))
            for at, value in damage:
                content[at % len(content)] = value
            new.writestr(info.filename, bytes(content))
    _sheet_or_user_error(out.getvalue(), "a.xlsx")
