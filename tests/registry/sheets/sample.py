"""A small energy schema and ways to make files for it; all data here are synthetic (合成)."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import xlsxwriter

from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import PeriodKind
from shuangkong.registry.sheets.api import (
    Checked,
    Choice,
    FieldSpec,
    Reason,
    SheetSchema,
    check_rows,
    read_sheet,
    suggest_mapping,
)

REGIONS = {"甲市": "r1", "乙市": "r2", "丙市": "r3"}


def region(text: str) -> object:
    """A region's id, or the reason why there is none."""
    return REGIONS.get(text) or Reason(
        "unknown_region",
        Label(f"没有名为“{text}”的地区。", f"There is no region called “{text}”."),
        Label("请核对地区名称。", "Check the name of the region."),
    )


SCHEMA = SheetSchema(
    "energy",
    Label("能源消费", "energy"),
    (
        FieldSpec(
            "region", Label("地区", "region"), "region", ("行政区",), required=True, parse=region, example="甲市"
        ),
        FieldSpec(
            "period",
            Label("期间", "period"),
            "period",
            ("时间", "月份"),
            required=True,
            periods=(PeriodKind.YEAR, PeriodKind.MONTH),
        ),
        FieldSpec(
            "total",
            Label("能源消费量", "energy consumption"),
            "decimal",
            ("综合能源消费量",),
            required=True,
            dimension="energy_tce",
            high=Decimal("100000000"),
        ),
        FieldSpec("growth", Label("增速", "growth"), "decimal", dimension="share", negative=True),
        FieldSpec("code", Label("代码", "code"), "code"),
        FieldSpec("day", Label("填报日期", "reported on"), "date"),
        FieldSpec(
            "extent",
            Label("口径", "extent"),
            "choice",
            choices=(Choice("own", Label("本级", "own")), Choice("whole", Label("全域", "whole"))),
        ),
    ),
    key=("region", "period"),
)
HEAD = "地区,期间,能源消费量（吨标准煤）,增速（%）,代码,填报日期,口径\n"


def checked(text: str | bytes, schema: SheetSchema = SCHEMA, name: str = "合成.csv", head: str = HEAD) -> Checked:
    """Read, map as suggested and check a file; text gets the usual head."""
    data = text if isinstance(text, bytes) else (head + text).encode()
    sheet = read_sheet(data, name=name)
    mapping, _ = suggest_mapping(sheet, schema)
    return check_rows(sheet, mapping, schema)


def workbook(fill: Callable[[Any, Any], None]) -> bytes:
    """The bytes of an .xlsx whose one sheet `fill(workbook, sheet)` has written."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    fill(book, book.add_worksheet("合成"))
    book.close()
    return out.getvalue()
