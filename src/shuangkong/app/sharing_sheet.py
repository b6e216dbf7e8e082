"""Sheets of a decomposition (分解基础数据表): parts in, one row each; a template; and a whole plan as YAML."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import xlsxwriter

from shuangkong.dualcontrol.api import GIVEN
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label, Language
from shuangkong.policy.api import parse_yaml
from shuangkong.registry.api import sheets

#: Columns of the sheet: field, words of the head, whether it must be there, an example (合成).
COLUMNS: tuple[tuple[str, Label, bool, str], ...] = (
    ("code", Label("代码", "Code"), True, "990101"),
    ("name", Label("名称", "Name"), False, "东丘区（合成）"),
    ("energy", Label("基期能耗（吨标准煤）", "Energy of the base year (tce)"), True, "3844000"),
    ("growth", Label("规划年均增速（%）", "Planned growth (% a year)"), True, "5.5"),
    ("output", Label("基期产出（万元）", "Output of the base year (10,000 yuan)"), False, "6200000"),
    ("low", Label("降幅下限（%）", "Lowest rate (%)"), False, ""),
    ("high", Label("降幅上限（%）", "Highest rate (%)"), False, ""),
    ("apart", Label("单列项目能耗（吨标准煤）", "Energy of listed projects (tce)"), False, "0"),
    ("apart_from", Label("单列项目计入年份（空为每年）", "Listed projects count from (empty: every year)"), False, ""),
    ("development", Label("人均产出（万元）", "Output per head (10,000 yuan)"), False, "9.8"),
    ("structure", Label("工业占比（%）", "Share of industry (%)"), False, "33.1"),
    ("potential", Label("节能潜力（%）", "Saving potential (%)"), False, "12"),
    ("past_effort", Label("前五年降幅（%）", "Fall of the five years before (%)"), False, "15.2"),
)
_SIGNS = str.maketrans("（）％", "()%")


def template(language: Language) -> bytes:
    """An empty workbook with the head of the sheet and one invented row."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("分解基础数据" if language == "zh" else "parts")
    bold = book.add_format({"bold": True, "bg_color": "#F4F7F7", "bottom": 1, "text_wrap": True})
    text = book.add_format({"num_format": "@"})
    for n, (_, label, _, example) in enumerate(COLUMNS):
        sheet.write_string(0, n, label.in_(language), bold)
        sheet.write_string(1, n, example, text)
    sheet.set_column(0, len(COLUMNS) - 1, 16)
    sheet.freeze_panes(1, 2)
    book.close()
    return out.getvalue()


def rows_of(data: bytes, name: str) -> list[dict[str, Any]]:
    """The parts of a sheet as plain data, empty cells left out. IMP-001; SHARE-001 for a head without what must be.

    The head is the first row that names the codes; rows without a code are skipped where they hold nothing at all.
    """
    sheet = sheets.read_sheet(data, name=name)
    known = {_folded(words): field for field, label, _, _ in COLUMNS for words in (label.zh, label.en or "", field)}
    for at in range(min(20, len(sheet.rows))):
        head = {j: known[f] for j, c in enumerate(sheet.rows[at]) if (f := _folded(sheets.text_of(c))) in known}
        if "code" in head.values():
            return [r for row in sheet.rows[at + 1 :] if (r := _row(row, head))]
    raise _lacking(["code"])


def _row(cells: list[Any], head: Mapping[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    figures: dict[str, str] = {}
    for j, name in head.items():
        text = sheets.text_of(cells[j]).strip() if j < len(cells) and cells[j] is not None else ""
        if not text:
            continue
        if name in GIVEN:
            figures[name] = text
        else:
            found[name] = text
    if figures:
        found["figures"] = figures
    return found


def needed(rows: list[dict[str, Any]]) -> None:
    """SHARE-001 where no row of the sheet has a column that each must have."""
    lacking = [field for field, _, must, _ in COLUMNS if must and not any(field in r for r in rows)]
    if lacking:
        raise _lacking(lacking)


def _lacking(fields: list[str]) -> UserError:
    words = {field: label for field, label, _, _ in COLUMNS}
    return UserError(
        "SHARE-001", f"the sheet lacks columns: {', '.join(fields)}.", case="sheet", where="parts",
        facts={"columns": "、".join(words[f].zh for f in fields)}, remedy="Use the head of the template.",
    )  # fmt: skip


def _folded(text: str) -> str:
    return "".join(text.translate(_SIGNS).lower().split())


def plan_file(data: bytes, name: str) -> dict[str, Any]:
    """A plan as YAML, its figures as text; raises PACK-001 and SHARE-001 for what is none."""
    parsed = parse_yaml(name, data)
    if parsed.problems:
        raise parsed.problems[0]
    if not isinstance(parsed.root, Mapping):
        raise UserError("SHARE-001", "the file is no decomposition.", case="row", where=name, facts={"where": name},
                        remedy="Begin with `title:`; docs/design/sharing.md has an example.")  # fmt: skip
    return dict(parsed.root)
