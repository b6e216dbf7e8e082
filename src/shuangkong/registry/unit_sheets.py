"""Registering units from a sheet (用能单位名录导入): checked by USCC, region and GB/T 4754, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Plain
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import Workspace, reading, record, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry import codes
from shuangkong.registry.lookups import Directory, directory
from shuangkong.registry.model import PlanEntry, UnitEntry
from shuangkong.registry.service import plan_reporting, register_units
from shuangkong.registry.sheets import api as sheets
from shuangkong.registry.store import alias
from shuangkong.registry.uscc import check_uscc

RHYTHMS = (
    sheets.Choice("month", Label("月", "monthly"), ("月报", "每月", "按月")),
    sheets.Choice("year", Label("年", "yearly"), ("年报", "每年", "按年")),
)
CLASSES = (
    sheets.Choice("key_unit", Label("重点用能单位", "key energy-using unit"), ("重点", "key", "是")),
    sheets.Choice("above_scale", Label("规模以上工业", "above-scale industry"), ("规上", "规模以上")),
    sheets.Choice("other", Label("其他", "other"), ("一般", "否")),
)

#: A unit of somewhere else is neither changed nor described: name, region and days of it stay unsaid.
_TAKEN = sheets.Reason(
    "registered_elsewhere",
    Label("该代码已登记，且不在您可登记的范围内", "the code is registered already, outside of what you may register"),
    Label(
        "核对代码；属实请由上级主管部门登记", "check the code; if it is right, ask the authority above to register it"
    ),
)
#: Values of one query; SQLite takes 32,766.
_AT_ONCE = 5_000


def unit_schema() -> sheets.SheetSchema:
    """USCC, name, region, industry with its edition, class, first day, and how often it reports."""
    spec = sheets.FieldSpec
    fields = (
        spec("uscc", Label("统一社会信用代码", "USCC"), "uscc", required=True, parse=check_uscc,
             synonyms=("社会信用代码", "信用代码", "企业代码")),
        spec("name_zh", Label("单位名称", "name"), "text", required=True, synonyms=("企业名称", "名称", "单位")),
        spec("region", Label("所在地区", "region"), "text", required=True,
             synonyms=("行政区划代码", "地区代码", "地区", "县区", "属地", "区县")),
        spec("industry", Label("行业代码", "industry code"), "text", required=True,
             synonyms=("国民经济行业代码", "行业分类代码", "GB/T 4754", "行业")),
        spec("edition", Label("行业分类版本", "edition of the industry code"), "text", required=True,
             synonyms=("行业版本", "分类版本"), note=Label("2017 或 2011", "2017 or 2011"), example="2017"),
        spec("class", Label("单位类别", "class of unit"), "choice", required=True, choices=CLASSES,
             synonyms=("类别", "是否重点用能单位", "单位类型")),
        spec("valid_from", Label("起始日期", "first day"), "date", required=True,
             synonyms=("成立日期", "纳入日期", "开始日期", "起始日"), example="2021-01-01"),
        spec("rhythm", Label("报送周期", "reports"), "choice", choices=RHYTHMS, synonyms=("报送频率", "报表周期")),
    )  # fmt: skip
    return sheets.SheetSchema("units", Label("用能单位名录", "register of units"), fields, key=("uscc",))


@dataclass(frozen=True, slots=True)
class UnitReport:
    """What a register of units did, or would do."""

    rows: int
    registered: int
    known: int
    refusals: tuple[sheets.Refusal, ...]
    mapping: sheets.Mapping
    guesses: tuple[sheets.Guess, ...]
    committed: bool
    sheet: str = ""


#: What is done in the transaction of a register, with its report and the SHA-256 of its file.
Also = Callable[[sa.Connection, UnitReport, str], None]


def import_units(
    workspace: Workspace,
    content: bytes,
    *,
    name: str,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
    also: Also | None = None,
) -> UnitReport:
    """Register every unit of a sheet, or none when a row is refused; a unit that is there already is left alone.

    `also` runs in the transaction that registers them, with the report and the SHA-256 of the file.
    Raises IMP-001 and IMP-002, and REG-004 when a unit is registered with other facts for the same days.
    """
    schema = unit_schema()
    table = sheets.read_sheet(content, name=name, sheet=sheet)
    guessed, guesses = sheets.suggest_mapping(table, schema)
    used = mapping or guessed
    checked = sheets.check_rows(table, used, schema)
    # looked up where it is written: of two who register one code at once the second is told that it is taken
    with (reading if dry_run else writing_in_turn)(workspace.engine) as db:
        now = workspace.clock()
        places = directory(db, scope.for_writing(), now)
        elsewhere = _elsewhere(db, checked, places)
        entries, refusals = _entries(checked, places, elsewhere, name)
        there = sum(("uscc", e.uscc) in places.held for e, _ in entries)
        done = UnitReport(
            checked.data_rows, len(entries) - there, there, tuple(refusals), used, guesses,
            not refusals and not dry_run, table.sheet or "",
        )  # fmt: skip
        if done.committed:
            sha256 = workspace.blobs.put(content)
            _register(db, entries, now, scope.principal, {"file": name, "sha256": sha256})
            if also:
                also(db, done, sha256)
    return done


def _register(
    db: sa.Connection,
    entries: list[tuple[UnitEntry, str | None]],
    now: datetime,
    principal: str,
    file: Plain[str, str],
) -> None:
    ids = register_units(db, [e for e, _ in entries], now, principal=principal)
    plan = [
        PlanEntry(subject, book, rhythm, entry.valid_from)
        for subject, (entry, rhythm) in zip(ids, entries, strict=True)
        if rhythm
        for book in ("energy", "output")
    ]
    plan_reporting(db, plan, now, principal=principal)
    detail = {**file, "units": len(ids)}
    record(db, at=now, principal=principal, action="import.units", obj=file["file"][:200], detail=detail)


def _elsewhere(db: sa.Connection, checked: sheets.Checked, places: Directory) -> frozenset[str]:
    """Codes of the sheet that are registered already, though not among what the reader may write."""
    given = sorted({str(code) for code in checked.columns["uscc"]} - {v for s, v in places.held if s == "uscc"})
    found: set[str] = set()
    for i in range(0, len(given), _AT_ONCE):
        query = sa.select(alias.c.value).where(alias.c.scheme == "uscc", alias.c.value.in_(given[i : i + _AT_ONCE]))
        found |= set(db.execute(query).scalars())
    return frozenset(found)


def _entries(
    checked: sheets.Checked, places: Directory, elsewhere: frozenset[str], name: str
) -> tuple[list[tuple[UnitEntry, str | None]], list[sheets.Refusal]]:
    refusals = list(checked.refusals)
    entries: list[tuple[UnitEntry, str | None]] = []
    for item in checked:
        v = item.values
        if v["uscc"] in elsewhere:
            refusals.append(
                sheets.Refusal(item.row, checked.letters.get("uscc", ""), "", "uscc", str(v["uscc"]), _TAKEN)
            )
            continue
        wrong = _wrong(v, places)
        for field, error in wrong:
            why = sheets.Reason(
                error.code.lower().replace("-", "_"),
                Label(error.message, error.message),
                Label(error.remedy, error.remedy),
            )
            column = checked.letters.get(field, "")
            refusals.append(sheets.Refusal(item.row, column, "", field, str(v[field]), why))
        if not wrong:
            entries.append((_entry(v, places, f"{name} {item.row}"), v.get("rhythm")))  # type: ignore[arg-type]
    return entries, sorted(refusals, key=lambda r: r.row)


def _wrong(v: Plain[str, Any], places: Directory) -> list[tuple[str, UserError]]:
    found = []
    day: date = v["valid_from"]
    for field, check in (
        ("region", lambda: places.region(v["region"], day)),
        ("industry", lambda: codes.industry(v["industry"], v["edition"])),
    ):
        try:
            check()
        except UserError as error:
            found.append((field, error))
    return found


def _entry(v: Plain[str, Any], places: Directory, where: str) -> UnitEntry:
    return UnitEntry(
        name_zh=v["name_zh"], lies_in=places.region(v["region"], v["valid_from"]), valid_from=v["valid_from"],
        uscc=v["uscc"], industry_code=v["industry"], industry_edition=v["edition"], unit_class=v["class"], where=where,
    )  # fmt: skip
