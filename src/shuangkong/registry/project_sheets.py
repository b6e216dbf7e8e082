"""Registering projects from a sheet (项目名录导入): checked by place, industry and choices, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Plain
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import Workspace, reading, record, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import parse_decimal
from shuangkong.kernel.scope import Scope
from shuangkong.registry import codes
from shuangkong.registry.lookups import Directory, directory
from shuangkong.registry.projects import (
    NO,
    YES,
    Planned,
    ProjectEntry,
    ProjectField,
    planned,
    project_fields,
    project_id,
    register_projects,
    written,
)
from shuangkong.registry.register_reports import RegisterReport
from shuangkong.registry.sheets import api as sheets
from shuangkong.registry.store import subject as subject_table
from shuangkong.registry.uscc import check_uscc

_YES = sheets.Choice(YES, Label("是", "yes"), ("true", "有", "已", "y", "1"))
_NO = sheets.Choice(NO, Label("否", "no"), ("false", "没有", "未", "n", "0"))
_TAKEN = sheets.Reason(
    "registered_elsewhere",
    Label(
        "该项目代码已登记，且不在您可登记的范围内", "the code is registered already, outside of what you may register"
    ),
    Label(
        "核对代码；属实请由上级主管部门登记", "check the code; if it is right, ask the authority above to register it"
    ),
)
_NOT_A_FIGURE = sheets.Reason(
    "not_a_number",
    Label("不是数字", "is no number"),
    Label("按表头写明的单位填一个数，如 12.5", "give one number in the unit of the head, e.g. 12.5"),
)
_NEGATIVE = sheets.Reason(
    "negative",
    Label("不能是负数", "cannot be negative"),
    Label("核对后填不小于零的数", "check it; give a number that is not below nought"),
)
_DIGITS = Decimal("1e12")
_AT_ONCE = 5_000


def project_schema() -> sheets.SheetSchema:
    """Code, name, owner, region, industry with its edition, first day, and the fields of the register."""
    spec = sheets.FieldSpec
    fields = (
        spec("code", Label("项目代码", "project code"), "code", required=True,
             synonyms=("项目编号", "投资项目代码", "项目统一代码"),
             note=Label("投资项目在线审批监管平台的项目代码", "the code of the approval platform")),
        spec("name_zh", Label("项目名称", "project name"), "text", required=True, synonyms=("项目",)),
        spec("owner", Label("项目单位统一社会信用代码", "USCC of the owner"), "uscc", parse=check_uscc,
             synonyms=("建设单位统一社会信用代码", "项目单位信用代码"),
             note=Label("已登记的用能单位，可不填", "a registered unit; may be left out")),
        spec("region", Label("建设地点（行政区）", "region"), "text", required=True,
             synonyms=("所在地区", "建设地点", "行政区划代码", "地区", "属地")),
        spec("industry", Label("行业代码", "industry code"), "text", required=True,
             synonyms=("国民经济行业代码", "GB/T 4754", "所属行业代码")),
        spec("edition", Label("行业分类版本", "edition of the industry code"), "text", required=True,
             synonyms=("行业版本", "分类版本"), note=Label("2017 或 2011", "2017 or 2011"), example="2017"),
        spec("valid_from", Label("情况起始日期", "as from"), "date", required=True,
             synonyms=("起始日期", "数据日期", "填报日期"), example="2025-01-01",
             note=Label("本行所填情况从哪天起如此", "the day from which the row says how things are")),
        *(_spec(f) for f in project_fields().values() if f.made is None),
    )  # fmt: skip
    return sheets.SheetSchema("projects", Label("项目名录", "register of projects"), fields, key=("code",))


def _spec(one: ProjectField) -> sheets.FieldSpec:
    if one.type == "flag":
        return sheets.FieldSpec(one.name, one.label, "choice", synonyms=one.synonyms, choices=(_YES, _NO))
    if one.type == "day":
        return sheets.FieldSpec(one.name, one.label, "date", synonyms=one.synonyms)
    if one.type == "text":
        choices = tuple(sheets.Choice(c, Label(c)) for c in one.choices)
        return sheets.FieldSpec(
            one.name, one.label, "choice" if choices else "text", synonyms=one.synonyms, choices=choices
        )
    if one.dimension is not None:
        return sheets.FieldSpec(
            one.name, one.label, "decimal", synonyms=one.synonyms, dimension=one.dimension, negative=one.negative
        )
    # a unit made of two is no unit of a cell: the head says it, and the figure is taken as written
    head = Label(f"{one.label.zh}（{one.unit}）", f"{one.label.in_('en')} ({one.unit})")
    names = (one.label.zh, one.label.in_("en"), *one.synonyms)
    return sheets.FieldSpec(
        one.name, head, "text", synonyms=names, parse=lambda cell: _figure(cell, one), example="100"
    )  # fmt: skip


def _figure(cell: str, one: ProjectField) -> object:
    plain = cell.strip().removesuffix("%").removesuffix("％") if one.unit == "%" else cell
    found = parse_decimal(plain)
    if found is None or abs(found) >= _DIGITS:
        return _NOT_A_FIGURE
    return _NEGATIVE if found < 0 and not one.negative else found


#: What a sheet of projects did to the register, or would do; what is put right stands in the plans.
ProjectReport = RegisterReport[Planned]
#: What is done in the transaction of a register, with its report and the SHA-256 of its file.
Also = Callable[[sa.Connection, ProjectReport, str], None]


def import_projects(
    workspace: Workspace,
    content: bytes,
    *,
    name: str,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
    reason: str = "",
    synthetic: bool = False,
    also: Also | None = None,
) -> ProjectReport:
    """Register every project of a sheet, or none when a row is refused; what is left empty says nothing.

    `also` runs in the transaction that registers them, with the report and the SHA-256 of the file.
    Raises IMP-001 and IMP-002, and IMP-005 where facts are put right and no `reason` is given.
    """
    table = sheets.read_sheet(content, name=name, sheet=sheet)
    guessed, _ = sheets.suggest_mapping(table, project_schema())
    used = mapping or guessed
    checked = sheets.check_rows(table, used, project_schema())
    # looked up where it is written: of two who register one code at once the second is told that it is taken
    with (reading if dry_run else writing_in_turn)(workspace.engine) as db:
        now = workspace.clock()
        places = directory(db, scope.for_writing(), now)
        taken = _elsewhere(db, checked, places)
        entries, refusals = _entries(checked, places, taken, name, synthetic=synthetic)
        plans = planned(db, entries, now)
        done = ProjectReport(
            checked.data_rows, plans, tuple(refusals), used, not refusals and not dry_run, table.sheet or ""
        )
        if done.committed:
            sha256 = workspace.blobs.put(content)
            register_projects(db, entries, now, principal=scope.principal, reason=reason)
            detail = {
                "file": name,
                "sha256": sha256,
                "projects": len(entries),
                **({"reason": reason} if reason else {}),
            }
            record(db, at=now, principal=scope.principal, action="import.projects", obj=name[:200], detail=detail)
            if also:
                also(db, done, sha256)
    return done


def _elsewhere(db: sa.Connection, checked: sheets.Checked, places: Directory) -> frozenset[str]:
    """Codes of the sheet that are registered already, though not among what the reader may write."""
    mine = {h[2] for (scheme, _), held in places.held.items() if scheme == "local" for h in held}
    given = {project_id(str(code)): str(code) for code in checked.columns["code"]}
    asked = sorted(s for s in given if s not in mine)
    found: set[str] = set()
    for i in range(0, len(asked), _AT_ONCE):
        t = subject_table.c
        rows = db.execute(sa.select(t.subject_id).where(t.subject_id.in_(asked[i : i + _AT_ONCE]))).scalars()
        found |= {given[s] for s in rows}
    return frozenset(found)


def _entries(
    checked: sheets.Checked, places: Directory, taken: frozenset[str], name: str, *, synthetic: bool
) -> tuple[list[ProjectEntry], list[sheets.Refusal]]:
    refusals = list(checked.refusals)
    entries: list[ProjectEntry] = []
    for item in checked:
        v = item.values
        wrong: list[tuple[str, sheets.Reason]] = [("code", _TAKEN)] if v["code"] in taken else _wrong(v, places)
        for field, why in wrong:
            column = checked.letters.get(field, "")
            refusals.append(sheets.Refusal(item.row, column, "", field, str(v[field]), why))
        if not wrong:
            entries.append(_entry(v, places, f"{name} {item.row}", synthetic=synthetic))
    return entries, sorted(refusals, key=lambda r: r.row)


def _wrong(v: Plain[str, Any], places: Directory) -> list[tuple[str, sheets.Reason]]:
    """Fields that name what is not registered, or not the reader's to register in."""
    day = v["valid_from"]
    checks: list[tuple[str, Callable[[], object]]] = [
        ("region", lambda: places.region(v["region"], day)),
        ("industry", lambda: codes.industry(v["industry"], v["edition"])),
    ]
    if v["owner"]:
        checks.append(("owner", lambda: places.resolve("uscc", v["owner"], day)))
    found = []
    for field, check in checks:
        try:
            check()
        except UserError as error:
            zh, remedy_zh = _SAID[field]
            code = error.code.lower().replace("-", "_")
            said = Label(zh.format(day=day.isoformat(), edition=v["edition"]), error.message)
            found.append((field, sheets.Reason(code, said, Label(remedy_zh, error.remedy))))
    return found


#: What is wrong with a place, an industry or an owner, and what to do, in Chinese; the look-up says it in English.
_SAID = {
    "region": (
        "{day} 没有这个行政区，或名称不唯一，或不在您可登记的范围内",
        "填六位行政区划代码，或带上级的全称，如 河北省石家庄市",
    ),
    "industry": ("GB/T 4754-{edition} 中没有这个行业代码", "核对行业代码和版本（2017 或 2011）"),
    "owner": ("{day} 没有登记这个统一社会信用代码的用能单位，或不在您的范围内", "核对代码；确属新单位，先登记单位名录"),
}  # fmt: skip


def _entry(v: Plain[str, Any], places: Directory, where: str, *, synthetic: bool) -> ProjectEntry:
    day = v["valid_from"]
    return ProjectEntry(
        code=v["code"], name_zh=v["name_zh"], lies_in=places.region(v["region"], day), valid_from=day,
        owner=places.resolve("uscc", v["owner"], day) if v["owner"] else "", industry_code=v["industry"],
        industry_edition=v["edition"], synthetic=synthetic, where=where,
        facts=tuple(
            (f.name, written(v[f.name])) for f in project_fields().values()
            if f.made is None and v.get(f.name) is not None
        ),
    )  # fmt: skip
