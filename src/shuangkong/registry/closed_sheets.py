"""Closed days from a sheet (停产日名录导入): the stretches of many units, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping as Plain
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import Workspace, reading, record, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.closed_days import CLOSED_KINDS, ClosedEntry, close_days, wrong_of_closed
from shuangkong.registry.lookups import UNIT_NAMES, Directory, directory
from shuangkong.registry.sheets import api as sheets
from shuangkong.registry.snapshots import subject_ids

#: Words for days of the week as people write them, with their digits.
_WEEK = {w: str(n) for n, words in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天七7"), 1) for w in words}
_KINDS = {"shutdown": ("停工", "停产检修"), "rest": ("休息", "公休", "周休", "放假"), "maintenance": ("大修", "维修")}


def closed_schema() -> sheets.SheetSchema:
    """Unit, first and last day, why, which days of the week, and a note."""
    spec, choice = sheets.FieldSpec, sheets.Choice
    fields = (
        spec("owner", Label("用能单位", "unit"), "code", required=True,
             synonyms=("统一社会信用代码", "社会信用代码", "单位代码", "单位名称", "企业名称", "厂区")),
        spec("first", Label("起日", "first day"), "date", required=True, example="2026-02-14",
             synonyms=("开始日期", "停产日期", "停产开始", "起始日期")),
        spec("last", Label("止日", "last day"), "date", synonyms=("结束日期", "停产结束", "截止日期"),
             note=Label("含当日；不填为一天", "that day included; one day if left out")),
        spec("kind", Label("类别", "kind"), "choice", synonyms=("停产类别", "类型"),
             choices=tuple(choice(k, label, _KINDS[k]) for k, label in CLOSED_KINDS.items()),
             note=Label("不填为停产", "shut down if left out")),
        spec("weekdays", Label("每周", "days of the week"), "text", synonyms=("每周休息日", "周几", "星期"),
             note=Label("如“六日”；不填为每天", "e.g. 67 for weekends; every day if left out")),
        spec("note", Label("说明", "note"), "text", synonyms=("原因", "备注")),
    )  # fmt: skip
    label = Label("停产日和休息日名录", "register of closed days")
    return sheets.SheetSchema("closed_days", label, fields, key=("owner", "first", "kind"))


@dataclass(frozen=True, slots=True)
class ClosedReport:
    """What a sheet of closed days did, or would do; `counts` are new and unchanged stretches."""

    rows: int
    counts: Plain[str, int]
    refusals: tuple[sheets.Refusal, ...]
    committed: bool


def import_closed_days(
    workspace: Workspace, content: bytes, *, name: str, scope: Scope, sheet: str | None = None, dry_run: bool = False,
    synthetic: bool = False,
) -> ClosedReport:  # fmt: skip
    """Take in the closed days of a sheet, or none of them when a row is refused.

    Units are looked up among those that the writer may write for. Raises IMP-001 and IMP-002.
    """
    table = sheets.read_sheet(content, name=name, sheet=sheet)
    schema = closed_schema()
    mapping, _ = sheets.suggest_mapping(table, schema)
    checked = sheets.check_rows(table, mapping, schema)
    with (reading if dry_run else writing_in_turn)(workspace.engine) as db:
        now = workspace.clock()
        entries, refusals = _entries(db, workspace, scope, checked, synthetic=synthetic)
        if refusals or dry_run:
            return ClosedReport(checked.data_rows, {}, tuple(refusals), committed=False)
        sha256 = workspace.blobs.put(content)
        counts = close_days(db, entries, now, principal=scope.principal)
        detail = {"file": name, "sha256": sha256, "closed": len(entries)}
        record(db, at=now, principal=scope.principal, action="import.closed_days", obj=name[:200], detail=detail)
    return ClosedReport(checked.data_rows, counts, (), committed=True)


def _entries(
    db: sa.Connection, workspace: Workspace, scope: Scope, checked: sheets.Checked, *, synthetic: bool
) -> tuple[list[ClosedEntry], list[sheets.Refusal]]:
    """An entry for each good row, and what is refused of the others, by row."""
    now, own = workspace.clock(), scope.for_writing()
    places = directory(db, own, now, UNIT_NAMES)
    units = subject_ids(db, own, "unit", now) | subject_ids(db, own, "site", now)
    entries, refusals = [], list(checked.refusals)
    for item in checked:
        v: dict[str, Any] = dict(item.values)
        owner = _owner(places, v, units)
        wrong: list[tuple[str, sheets.Reason]] = []
        if isinstance(owner, sheets.Reason):
            wrong.append(("owner", owner))
        else:
            entry = _entry(v, owner, synthetic=synthetic)
            wrong += wrong_of_closed(entry)
            entries.append(entry)
        for field, why in wrong:
            letter = checked.letters.get(field, "")
            refusals.append(sheets.Refusal(item.row, letter, "", field, str(v.get(field) or ""), why))
    return entries, sorted(refusals, key=lambda r: r.row)


def _owner(places: Directory, v: Plain[str, Any], units: frozenset[Any]) -> str | sheets.Reason:
    try:
        return places.unit(v["owner"], v["first"], units)
    except UserError as error:
        return sheets.Reason(
            "unknown_unit",
            Label(
                f"{v['first'].isoformat()} 没有登记这个用能单位，或名称不唯一，或不在您可登记的范围内", error.message
            ),
            Label("核对统一社会信用代码；确属新单位，先登记单位名录", error.remedy),
        )


def _entry(v: Plain[str, Any], owner: str, *, synthetic: bool) -> ClosedEntry:
    return ClosedEntry(
        owner, v["first"], v["last"] or v["first"], v["kind"] or "shutdown", _weekdays(v["weekdays"] or ""),
        (v["note"] or "").strip(), synthetic,
    )  # fmt: skip


def _weekdays(text: str) -> str:
    """Days of the week as digits in their order; what cannot be read stays as it is, and is refused."""
    plain = "".join(c for c in text if c not in " 、,，;；和及周星期每")
    found = {_WEEK[c] for c in plain if c in _WEEK}
    return "".join(sorted(found)) if all(c in _WEEK for c in plain) else "?"
