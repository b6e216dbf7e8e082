"""Exports hold everything that fits, exactly, under a head of notes, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from shuangkong.app.web.factory import MESSAGES
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import (
    Export,
    FileSource,
    Format,
    Speaker,
    Told,
    export_answer,
    export_csv,
    export_xlsx,
    parse_choices,
    read_messages,
    safe_cell,
)
from webkit.listed import CONTRACT, SPEC, START, folder_of, invented, second_opinion

TEXTS = read_messages(("shuangkong.webkit", "messages_tables.yaml"))
SPEAKER = Speaker("zh", TEXTS)
ROWS = invented(500)
RISKY = (
    "=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠a", "﹢1",
    "\u3000=1", "\u200b=1", "\ufeff@x", "\x1f=1",
)  # fmt: skip


def sheet(body: bytes) -> list[list[Any]]:
    """The first worksheet, as another program reads it."""
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def lines(body: bytes) -> list[list[str]]:
    """The lines of a CSV file."""
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def _body(answer: Any) -> bytes:
    return b"".join([part if isinstance(part, bytes) else part.encode() async for part in answer.body_iterator])


def answered(
    folder: Path, query: Sequence[tuple[str, str]], ending: Format, scope: Scope, seen: pa.Table | None
) -> Any:
    """An export as the page answers it: body and headers."""
    import asyncio

    source = FileSource(folder, CONTRACT, scope, seen)
    answer = export_answer(
        source, parse_choices(SPEC, query), ending, SPEAKER, file_name="things", principal="who@test", at=START,
        about=(("运算", "7"),), told=(Told("一句话", lambda row: f"={row['thing']}"),),
    )  # fmt: skip
    return asyncio.run(_body(answer)), answer.headers


@pytest.mark.parametrize("text", RISKY)
def test_no_text_begins_a_formula(text: str) -> None:
    """A text that a spreadsheet might run, however disguised, gets an apostrophe before it."""
    assert safe_cell(text) == "'" + text


@given(st.text(max_size=6))
def test_no_text_at_all_begins_a_formula(text: str) -> None:
    """Whatever the text: what is written does not begin with a sign that starts a formula."""
    assert not safe_cell(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("-1.500000"), "-1.500000"), (Decimal("1E+3"), "1000"), (-2, "-2")]
)
def test_numbers_stay_numbers(value: object, text: str) -> None:
    """A negative figure is exported as it is, never in powers of ten."""
    assert safe_cell(value) == text


def test_csv_has_everything_that_fits(tmp_path: Path) -> None:
    """All rows that fit and not a page of them, in order, exact, below notes that say what they are."""
    query = [("kind", "coal"), ("sort", "-amount")]
    body, headers = answered(folder_of(tmp_path, ROWS), query, "csv", Scope.all("t"), None)
    assert body.startswith(b"\xef\xbb\xbf")
    found = lines(body)
    at = found.index([])
    notes = dict(found[:at])
    choices = parse_choices(SPEC, query)
    wanted = second_opinion(ROWS, choices.conditions(), SPEC.order("-amount"))
    invented_rows = sum(r["synthetic"] for r in wanted)
    assert notes["内容"] == "合成之物"
    assert notes["筛选条件"] == "种类=coal"
    assert notes["行数"] == str(len(wanted))
    assert notes["合成数据"].startswith(f"{invented_rows} 行为合成")
    assert (notes["运算"], notes["导出人"]) == ("7", "who@test")
    assert notes["导出时间"] == "2025-01-01 08:00:00+08:00"
    head, rows = found[at + 1], found[at + 2 :]
    assert head == ["一句话", "编号", "主体", "名称", "种类", "数量（吨标准煤）", "到期", "所见", "合成"]
    assert [r[1] for r in rows] == [w["thing"] for w in wanted]
    assert [r[5] for r in rows] == ["" if w["amount"] is None else f"{w['amount']:.6f}" for w in wanted]
    assert all(r[0] == "'=" + r[1] for r in rows)
    assert "things.csv" in headers["content-disposition"]


def test_a_workbook_read_by_another_program_has_the_same(tmp_path: Path) -> None:
    """calamine reads numbers as numbers, days as days, texts as they are, and the file holds no formula."""
    body, _ = answered(folder_of(tmp_path, ROWS), [("sort", "thing")], "xlsx", Scope.all("t"), None)
    found = sheet(body)
    at = next(i for i, r in enumerate(found) if r[0] == "一句话")
    rows = found[at + 1 :]
    assert len(rows) == len(ROWS)
    for got, row in zip(rows, ROWS, strict=True):
        assert got[0] == f"={row['thing']}"
        assert got[3] == (row["name"] or "")
        assert got[5] == ("" if row["amount"] is None else float(row["amount"]))
        assert got[6] == ("" if row["due"] is None else row["due"])
        assert got[8] == ("是" if row["synthetic"] else "否")
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        page = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "<hyperlink" not in page


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_stays_in_its_scope(tmp_path: Path, ending: Format) -> None:
    """A neighbour's rows are neither among the rows nor in the counts of the notes."""
    scope = Scope.region("officer", SubjectId("r1"), START.date())
    body, _ = answered(folder_of(tmp_path, ROWS), [], ending, scope, pa.table({"subject_id": ["s001"]}))
    found = lines(body) if ending == "csv" else [[str(c) for c in r] for r in sheet(body)]
    own = [r for r in ROWS if r["subject_id"] == "s001"]
    text = "\n".join("\t".join(r) for r in found)
    assert ["行数", str(len(own))] in [r[:2] for r in found]
    assert all(r["thing"] in text for r in own)
    assert not any(r["thing"] in text for r in ROWS if r["subject_id"] != "s001")


def one(values: dict[str, Any], total: int = 1) -> tuple[Export, list[list[dict[str, Any]]]]:
    """An export of one row."""
    return Export(SPEC, SPEAKER, (), total), [[{**ROWS[0], **values}]]


def workbook(export: Export, rows: Any) -> bytes:
    """The bytes of a workbook."""
    with export_xlsx(export, rows) as out:
        return out.read()


@pytest.mark.parametrize(
    ("number", "cell"),
    [
        (Decimal("0.1"), 0.1),
        (Decimal("-123456789.123456"), -123456789.123456),
        (Decimal("123456789012345678.123456"), "123456789012345678.123456"),
        (Decimal("1.0000000000000001"), "1.0000000000000001"),
    ],
)
def test_no_digit_is_lost_in_a_workbook(number: Decimal, cell: object) -> None:
    """A figure that a spreadsheet would round is written as text with all its digits."""
    export, rows = one({"amount": number})
    assert sheet(workbook(export, rows))[1][4] == cell


@pytest.mark.parametrize("text", RISKY)
def test_a_workbook_writes_texts_as_texts(text: str) -> None:
    """A text that looks like a formula comes back as that text."""
    export, rows = one({"name": text})
    with zipfile.ZipFile(io.BytesIO(workbook(export, rows))) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()


def test_long_texts_are_cut_and_not_dropped() -> None:
    """A text longer than a cell holds is cut with a mark; it does not vanish."""
    export, rows = one({"name": "长" * 40_000})
    cell = sheet(workbook(export, rows))[1][2]
    assert (len(cell), cell[-1]) == (32_767, "…")


def test_more_rows_than_a_worksheet_has_are_refused() -> None:
    """Rows that do not fit on a worksheet are refused before one is written."""
    export, rows = one({}, total=1_048_576)
    with pytest.raises(UserError, match="FORM-001"):
        export_xlsx(export, rows)


def test_breaks_and_quotes_stay_in_their_cell() -> None:
    """Line ends, commas and quotes within a text do not begin another cell."""
    export, rows = one({"name": 'a,"b"\r\n=1', "due": date(2025, 3, 1)})
    found = lines(b"".join(export_csv(export, rows)))
    assert found[1][2] == 'a,"b"\r\n=1'
    assert found[1][5] == "2025-03-01"
    assert len(found) == 2


def test_texts_of_tables_are_all_there() -> None:
    """The catalogue of tables is one of the application's."""
    assert ("shuangkong.webkit", "messages_tables.yaml") in MESSAGES
