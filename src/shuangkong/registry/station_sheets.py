"""Registering stations from a sheet (站点名录导入): whole or not at all. The file is not kept, for it has passwords."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as Plain
from dataclasses import dataclass
from typing import Any

from shuangkong.engine.api import Workspace, reading, record, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.lookups import UNIT_NAMES, directory
from shuangkong.registry.sheets import api as sheets
from shuangkong.registry.snapshots import subject_ids
from shuangkong.registry.stations import EDITIONS, StationEntry, register_stations, station_spells, wrong_of_station

_BETWEEN = re.compile(r"[、,，;；]+")
_TAKEN = sheets.Reason(
    "registered_elsewhere",
    Label("该 MN 已登记，且不在您可登记的范围内", "the MN is registered already, outside of what you may register"),
    Label("核对 MN；属实请由上级主管部门登记", "check the MN; if it is right, ask the authority above to register it"),
)


def station_schema() -> sheets.SheetSchema:
    """MN, unit, password, edition, check sum, outlets, and from when on the row holds."""
    spec, choice = sheets.FieldSpec, sheets.Choice
    fields = (
        spec("mn", Label("站点 MN", "MN"), "code", required=True,
             synonyms=("MN", "MN号", "设备唯一标识", "数采仪编号", "数采仪MN号")),
        spec("owner", Label("用能单位", "unit that it belongs to"), "code",
             synonyms=("统一社会信用代码", "社会信用代码", "单位代码", "单位名称", "企业名称", "排污单位"),
             note=Label("新站点必填", "needed for a new station")),
        spec("name", Label("站点名称", "name"), "text", synonyms=("监测站点", "监控点名称", "名称")),
        spec("password", Label("口令", "password"), "code", synonyms=("密码", "访问密码", "PW", "站点口令"),
             note=Label("新站点必填，不再显示", "needed for a new station; never shown again")),
        spec("edition", Label("协议版本", "edition"), "choice", synonyms=("HJ212版本", "通讯协议", "协议"),
             choices=tuple(choice(str(e), Label(f"HJ 212-{e}"), (f"HJ212-{e}", f"{e}版")) for e in EDITIONS)),
        spec("crc", Label("校验方式", "check sum"), "choice", synonyms=("CRC", "CRC校验", "校验"),
             choices=(choice("standard", Label("标准", "standard"), ("国标", "HJ212")),
                      choice("modbus", Label("MODBUS", "MODBUS"), ("Modbus CRC16",)))),
        spec("outlets", Label("排口", "outlets"), "text", synonyms=("排放口", "排污口", "监测排口"),
             note=Label("多个用顿号分开", "several with commas")),
        spec("valid_from", Label("起始日期", "as from"), "date", required=True, example="2026-01-01",
             synonyms=("启用日期", "联网日期", "安装日期")),
        spec("valid_to", Label("停用日期", "until"), "date", synonyms=("拆除日期", "终止日期")),
    )  # fmt: skip
    return sheets.SheetSchema("stations", Label("站点名录", "register of stations"), fields, key=("mn",))


@dataclass(frozen=True, slots=True)
class StationReport:
    """What a register of stations did, or would do; `counts` are new, changed, corrected."""

    rows: int
    counts: Plain[str, int]
    refusals: tuple[sheets.Refusal, ...]
    committed: bool


def import_stations(
    workspace: Workspace, content: bytes, *, name: str, scope: Scope, sheet: str | None = None, dry_run: bool = False,
    reason: str = "", synthetic: bool = False,
) -> StationReport:  # fmt: skip
    """Register every station of a sheet, or none when a row is refused; what is left empty says nothing.

    Raises IMP-001 and IMP-002, and IMP-005 where stations are put right and no `reason` is given.
    """
    schema = station_schema()
    table = sheets.read_sheet(content, name=name, sheet=sheet)
    mapping, _ = sheets.suggest_mapping(table, schema)
    checked = sheets.check_rows(table, mapping, schema)
    with (reading if dry_run else writing_in_turn)(workspace.engine) as db:
        now, own = workspace.clock(), scope.for_writing()
        places = directory(db, own, now, UNIT_NAMES)
        units = subject_ids(db, own, "unit", now) | subject_ids(db, own, "site", now)
        held = station_spells(db, Scope.system("hold stations against their units"), now)
        mine = {s.mn for s in station_spells(db, own, now)}
        others = {s.mn for s in held} - mine
        refusals, entries = list(checked.refusals), []
        for item in checked:
            v: dict[str, Any] = dict(item.values)
            wrong: list[tuple[str, sheets.Reason]] = []
            owner = None
            if v["mn"] in others:
                wrong.append(("mn", _TAKEN))
            elif v["owner"]:
                try:
                    owner = places.unit(v["owner"], v["valid_from"], units)
                except UserError as error:
                    wrong.append(("owner", _no_unit(error, v["valid_from"].isoformat())))
            entry = _entry(v, owner, synthetic=synthetic)
            if not wrong:
                wrong = wrong_of_station(entry, [s for s in held if s.mn == entry.mn])
            for field, why in wrong:
                said = "" if field == "password" else str(v.get(field) or "")
                refusals.append(sheets.Refusal(item.row, checked.letters.get(field, ""), "", field, said, why))
            entries.append(entry)
        refusals.sort(key=lambda r: r.row)
        if refusals or dry_run:
            return StationReport(checked.data_rows, {}, tuple(refusals), committed=False)
        counts = register_stations(db, entries, now, principal=scope.principal, reason=reason)
        detail = {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "stations": len(entries)}
        record(db, at=now, principal=scope.principal, action="import.stations", obj=name[:200], detail=detail)
    return StationReport(checked.data_rows, counts, (), committed=True)


def _no_unit(error: UserError, day: str) -> sheets.Reason:
    return sheets.Reason(
        "unknown_unit",
        Label(f"{day} 没有登记这个用能单位，或名称不唯一，或不在您可登记的范围内", error.message),
        Label("核对统一社会信用代码；确属新单位，先登记单位名录", error.remedy),
    )


def _entry(v: dict[str, Any], owner: str | None, *, synthetic: bool) -> StationEntry:
    outlets = tuple(x for x in (p.strip() for p in _BETWEEN.split(v["outlets"] or "")) if x)
    return StationEntry(
        v["mn"], v["valid_from"], owner, v["name"] or None, int(v["edition"]) if v["edition"] else None,
        v["password"] or None, v["crc"], outlets or None, v["valid_to"], synthetic,
    )  # fmt: skip
