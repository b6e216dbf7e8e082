"""The table of tasks (任务分解表) of invented documents (合成): who does what, until when, by which clause."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from policy.builders import pack
from shuangkong.app.cli import app
from shuangkong.policy.api import Pack
from shuangkong.policy.tasks import shares_of, tasks_json, tasks_lines, tasks_of, tasks_workbook

CLAUSES = """
- {id: 一, title: {zh: 甲工程}, kind: duty}
- {id: 二, title: {zh: 乙工程}, kind: duty}
"""
DUTIES = """
- {slug: b, clause: 二, label: {zh: 建成平台}, support: [市乙局, 市丙局], due: 2025-12-31}
- {slug: a, clause: 一, label: {zh: 完成改造}, lead: [市甲局], support: [市乙局], every: {value: 5, unit: a},
   note: 说明}
- {slug: c, clause: 二, label: {zh: 编制清单}, confidence: candidate}
"""


def plan() -> Pack:
    """A document with three duties, listed out of the order of its clauses."""
    return pack(files={"clauses.yaml": CLAUSES, "duties.yaml": DUTIES})


def sheets(language: str = "zh") -> dict[str, list[list[str]]]:
    """The cells of each sheet of the workbook."""
    book = openpyxl.load_workbook(io.BytesIO(tasks_workbook(plan(), language)))  # type: ignore[arg-type]
    return {s.title: [[str(c.value or "") for c in row] for row in s.iter_rows()] for s in book.worksheets}


def test_tasks_stand_in_the_order_of_the_clauses() -> None:
    """Tasks are numbered as the document goes, whatever the order of the file."""
    assert [(t.number, t.clause, t.task) for t in tasks_of(plan())] == [
        (1, "一", "完成改造"), (2, "二", "建成平台"), (3, "二", "编制清单"),
    ]  # fmt: skip


def test_a_department_has_each_of_its_parts() -> None:
    """Each department is listed with clause, role and time; those who answer without a lead are no supporters."""
    found = [(s.department, s.clause, s.role) for s in shares_of(tasks_of(plan()))]
    assert found == [
        ("市甲局", "一", "lead"), ("市乙局", "一", "support"), ("市乙局", "二", "answer"), ("市丙局", "二", "answer"),
    ]  # fmt: skip


def test_the_workbook_is_laid_out_as_such_tables_are() -> None:
    """Head, task, who leads, who supports, until when and from which clause stand in their columns."""
    table = sheets()["任务分解表"]
    head = next(n for n, row in enumerate(table) if row[0] == "序号")
    assert table[head] == ["序号", "任务", "牵头单位", "配合单位", "完成时限", "来源条款", "备注"]
    assert table[head + 1] == ["1", "完成改造", "市甲局", "市乙局", "每5年", "一 甲工程", "说明"]
    assert table[head + 2][2:5] == ["", "责任单位：市乙局、市丙局", "2025年12月31日前"]
    assert table[head + 3][2:5] == ["", "", "文件未写"]


def test_departments_stand_against_clauses() -> None:
    """The matrix has a row for each department and a column for each clause with somebody in it."""
    matrix = sheets()["部门×条款"]
    head = next(n for n, row in enumerate(matrix) if row[0] == "单位")
    assert matrix[head] == ["单位", "一", "二"]
    assert matrix[head + 1 :] == [["市甲局", "牵", ""], ["市乙局", "配", "责"], ["市丙局", "", "责"]]


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("合成数据", "1 项由程序读出")), ("en", ("Synthetic", "1 of 3 tasks"))]
)
def test_the_workbook_says_what_it_rests_on(language: str, words: tuple[str, str]) -> None:
    """An invented document and tasks that nobody has reviewed are said to be so on every sheet."""
    for name, rows in sheets(language).items():
        text = " ".join(c for row in rows for c in row)
        assert all(w in text for w in words), name


def test_tasks_of_nobody_are_listed() -> None:
    """A task for which the document names nobody is there, and told apart."""
    data = json.loads(json.dumps(tasks_json(plan())))
    assert data["nobody"] == ["c"]
    assert [t["due"] for t in data["tasks"]] == [None, "2025-12-31", None]
    assert any("文件未写由谁负责" in line for line in tasks_lines(plan(), "zh"))


def test_the_same_document_gives_the_same_bytes() -> None:
    """A workbook can be compared with the one made last year."""
    assert tasks_workbook(plan(), "zh") == tasks_workbook(plan(), "zh")


def test_the_command_reads_a_file(tmp_path: Path) -> None:
    """`policy duties FILE` reads who answers for what, and writes the workbook."""
    file, out = tmp_path / "合成.txt", tmp_path / "t.xlsx"
    file.write_text("合成市“十四五”方案\n一、任务\n（一）合成工程。做好工作。（市甲局牵头，市乙局配合）\n", "utf-8")
    result = CliRunner().invoke(app, ["policy", "duties", str(file), "-o", str(out), "--json", "--known", "2022-01-01"])
    data = json.loads(result.stdout)
    assert [(t["clause"], t["lead"], t["support"], t["candidate"]) for t in data["tasks"]] == [
        ("一（一）", ["市甲局"], ["市乙局"], True)
    ]
    assert out.read_bytes()[:2] == b"PK"
