"""Registering meters from a sheet (计量器具名录导入): checked by unit, item and channel, whole or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Plain
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from shuangkong.engine.api import Workspace, reading, record, writing_in_turn
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.ids import SubjectId
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.registry.lookups import UNIT_NAMES, Directory, directory
from shuangkong.registry.meter_model import MeterEntry, MeterPlan, MeterPlans
from shuangkong.registry.meter_rules import LONGEST_EVERY, fits, reason, unit_of_meter
from shuangkong.registry.meters import planned_meters, register_planned
from shuangkong.registry.register_reports import RegisterReport
from shuangkong.registry.sheets import api as sheets
from shuangkong.registry.snapshots import subject_ids
from shuangkong.registry.stations import station_spells

#: The source of readings that stations send.
HJ212 = "hj212"
_FIELDS = (
    "code", "name", "site", "item", "measures", "outlet", "unit", "kind", "factor", "low", "high", "modulus", "every",
    "stamp", "parents", "system", "channel", "valid_to", "first_reading", "closing_reading", "last_reading",
)  # fmt: skip
_EVERY = re.compile(r"(\d{1,4})\s*(?:分钟|分|min|minutes?)?")
_BETWEEN = re.compile(r"[、,，;；\s]+")
_KINDS = (
    ("interval", Label("期间用量", "interval"), ("区间值", "增量", "用量", "时段用量", "差值")),
    ("register", Label("表底", "register"), ("示数", "累计值", "累积值", "表码", "止码", "累积量")),
    ("rate", Label("瞬时", "rate"), ("瞬时值", "功率", "瞬时流量", "实时值")),
)
_MEASURES = (
    ("amount", Label("用量", "amount"), ("能耗", "消耗量", "产量", "数量")),
    ("flow", Label("流量", "flow"), ("排放流量", "烟气流量", "污水流量")),
    ("concentration", Label("浓度", "concentration"), ("排放浓度", "污染物浓度")),
    ("state", Label("状态", "state"), ("工况", "温度压力等", "其他")),
)
_STAMPS = (
    ("end", Label("期末", "end"), ("时段结束", "结束", "后")),
    ("start", Label("期初", "start"), ("时段开始", "开始", "前")),
)
_SOURCES = (
    ("own", Label("单位令牌", "token of the unit"), ("接口", "HTTP", "MQTT", "文件", "token")),
    (HJ212, Label("HJ 212 站点", "HJ 212 station"), ("HJ212", "HJ 212", "数采仪", "212")),
)


def meter_schema(item: Callable[[str], object], example: str = "电力") -> sheets.SheetSchema:
    """Unit, the unit's code, what is measured and how, what it comes under, and from when on the row holds.

    `item` reads energy carriers, products and pollutants, which packs name.
    """
    spec = sheets.FieldSpec
    fields = (
        spec("owner", Label("用能单位", "unit that it belongs to"), "code", required=True,
             synonyms=("统一社会信用代码", "社会信用代码", "单位代码", "单位名称", "企业名称", "USCC"),
             note=Label("统一社会信用代码，或登记过的名称、代码", "USCC, or a registered name or code")),
        spec("code", Label("器具编号", "code of the meter"), "code", required=True,
             synonyms=("计量器具编号", "仪表编号", "表号", "表计编号", "计量点编号", "测点编码", "采集点编号")),
        spec("name", Label("器具名称", "name of the meter"), "text",
             synonyms=("计量器具名称", "仪表名称", "表计名称", "计量点名称", "测点名称")),
        spec("site", Label("安装位置", "site"), "text", synonyms=("安装地点", "位置", "场所", "车间", "工序", "厂区")),
        spec("item", Label("能源品种或污染物", "energy or pollutant"), "text", parse=item, example=example,
             synonyms=("能源品种", "品种", "计量介质", "介质", "能源名称", "能源种类", "污染物", "因子", "污染因子",
                       "采集指标"),
             note=Label("能源品种或产品的名称、代码，或污染物代码如 w01018",
                        "carrier, product, or a code such as w01018")),
        _choice("measures", Label("计量对象", "what is measured"), _MEASURES, ("测量对象", "量的类别"),
                Label("用量、流量、浓度或状态；不填为用量", "amount (if left out), flow, concentration or state")),
        spec("outlet", Label("排口", "outlet"), "text", synonyms=("排放口", "排放口编号", "排污口", "监测点位"),
             note=Label("流量和浓度按排口配对", "flow and concentrations of one outlet go together")),
        spec("unit", Label("计量单位", "unit of measure"), "text", parse=_unit, example="kWh",
             synonyms=("单位（计量）", "量纲", "读数单位")),
        _choice("kind", Label("读数类型", "kind of reading"), _KINDS, ("数据类型", "采集类型", "读数方式"), None),
        _number("factor", Label("倍率", "factor"), ("综合倍率", "变比", "乘率"), "40"),
        _number("low", Label("量程下限", "lower bound"), ("下限", "量程最小值", "最小量程"), "0"),
        _number("high", Label("量程上限", "upper bound"), ("上限", "量程最大值", "最大量程"), ""),
        _number("modulus", Label("表底满度", "modulus"), ("满度值", "翻转值", "最大示数", "满码"), "1000000"),
        spec("every", Label("采集间隔（分钟）", "minutes between readings"), "text", parse=_every, example="15",
             synonyms=("采集间隔", "采集周期", "采集频率", "采集频次", "上报周期")),
        _choice("stamp", Label("时标", "time stamp"), _STAMPS, ("时标位置", "时间标识"), None),
        spec("parents", Label("上级器具编号", "meters above"), "code",
             synonyms=("上级表号", "上级计量器具", "上级编号", "父级编号", "上级"),
             note=Label("多个用顿号分开；别的单位的写 #号", "several with commas; of another unit write #number")),
        spec("system", Label("监测体系", "monitoring system"), "text", synonyms=("所属系统", "监测系统", "执行标准")),
        _choice("source", Label("接入方式", "how readings come"), _SOURCES, ("上传方式", "传输方式", "接入类型"), None),
        spec("channel", Label("通道", "channel"), "code",
             synonyms=("通道号", "数据标识", "采集编码", "上传编码", "点位编码", "channel"),
             note=Label("不填同器具编号；HJ 212 写 MN/因子-统计/命令",
                        "the code if left out; MN/factor-statistic/command")),
        spec("valid_from", Label("起始日期", "as from"), "date", required=True, example="2026-01-01",
             synonyms=("启用日期", "投用日期", "安装日期", "换表日期", "情况起始日期"),
             note=Label("本行所填情况从哪天起如此", "the day from which the row says how things are")),
        spec("valid_to", Label("停用日期", "until"), "date", synonyms=("拆除日期", "截止日期", "终止日期")),
        _number("first_reading", Label("起度", "reading at the beginning"), ("起始表底", "新表起度", "起码"), ""),
        _number("closing_reading", Label("原表止度", "last reading of the one before"), ("旧表止度", "换下表底"), ""),
        _number("last_reading", Label("停用止度", "reading at the end"), ("止度", "终止表底", "拆表底度"), ""),
    )  # fmt: skip
    label = Label("计量器具名录", "register of meters")
    return sheets.SheetSchema("meters", label, fields, key=("owner", "code", "valid_from"))


def _choice(
    name: str, label: Label, of: Sequence[tuple[str, Label, tuple[str, ...]]], synonyms: tuple[str, ...],
    note: Label | None,
) -> sheets.FieldSpec:  # fmt: skip
    choices = tuple(sheets.Choice(value, words, more) for value, words, more in of)
    return sheets.FieldSpec(name, label, "choice", synonyms=synonyms, choices=choices, note=note)


def _number(name: str, label: Label, synonyms: tuple[str, ...], example: str) -> sheets.FieldSpec:
    return sheets.FieldSpec(name, label, "decimal", synonyms=synonyms, negative=True, example=example)


def _unit(cell: str) -> object:
    # whether it goes with what is measured is seen when the row is whole
    return unit_of_meter(cell, "amount") or unit_of_meter(cell, "concentration") or cell


def _every(cell: str) -> object:
    found = _EVERY.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    minutes = int(found[1]) if found else 0
    if 1 <= minutes <= LONGEST_EVERY:
        return minutes
    return reason(
        "not_minutes", f"不是 1 至 {LONGEST_EVERY} 的整分钟数",
        f"is no whole number of minutes from 1 to {LONGEST_EVERY}",
        "按分钟填写，如 15", "write minutes, e.g. 15",
    )  # fmt: skip


#: What a sheet of meters did to the register, or would do.
MeterReport = RegisterReport[MeterPlan]
#: What is done in the transaction of a register, with its report and the SHA-256 of its file.
Also = Callable[[sa.Connection, MeterReport, str], None]


def import_meters(
    workspace: Workspace,
    content: bytes,
    schema: sheets.SheetSchema,
    *,
    name: str,
    scope: Scope,
    sheet: str | None = None,
    mapping: sheets.Mapping | None = None,
    dry_run: bool = False,
    reason: str = "",
    synthetic: bool = False,
    also: Also | None = None,
) -> MeterReport:
    """Register every meter of a sheet, or none when a row is refused; what is left empty says nothing.

    `schema` is a `meter_schema`. `also` runs in the transaction that registers them, with the report and the SHA-256
    of the file. Raises IMP-001 and IMP-002, and IMP-005 where meters are put right and no `reason` is given.
    """
    table = sheets.read_sheet(content, name=name, sheet=sheet)
    guessed, _ = sheets.suggest_mapping(table, schema)
    used = mapping or guessed
    checked = sheets.check_rows(table, used, schema)
    # looked up where it is written: two who register at once get different numbers
    with (reading if dry_run else writing_in_turn)(workspace.engine) as db:
        now = workspace.clock()
        found = _Rows(db, scope.for_writing(), now, checked)
        entries, rows = found.entries(synthetic=synthetic)
        plans = planned_meters(db, entries, now) if not found.refusals else MeterPlans((), (), ())
        refusals = [*found.refusals, *(found.refusal(rows[f.entry], f.field, f.value, f.reason) for f in plans.faults)]
        refusals.sort(key=lambda r: r.row)
        done = MeterReport(
            checked.data_rows, plans.plans, tuple(refusals), used, not refusals and not dry_run, table.sheet or ""
        )
        if done.committed:
            sha256 = workspace.blobs.put(content)
            register_planned(db, plans, now, principal=scope.principal, reason=reason)
            detail = {"file": name, "sha256": sha256, "meters": len(entries), **({"reason": reason} if reason else {})}
            record(db, at=now, principal=scope.principal, action="import.meters", obj=name[:200], detail=detail)
            if also:
                also(db, done, sha256)
    return done


class _Rows:
    """Rows of a sheet on their way to entries: units and stations are looked up among those of the writer."""

    def __init__(self, db: sa.Connection, scope: Scope, now: datetime, checked: sheets.Checked) -> None:
        self.checked = checked
        self.refusals = list(checked.refusals)
        self._places = directory(db, scope, now, UNIT_NAMES)
        self._units = subject_ids(db, scope, "unit", now) | subject_ids(db, scope, "site", now)
        self._owners: dict[tuple[str, date], SubjectId | sheets.Reason] = {}
        # whose a station is, is asked of all: a unit may not take another's channel
        everything = Scope.system("hold the channels of stations against their units")
        self._stations = {s.mn: s.subject_id for s in station_spells(db, everything, now)}

    def refusal(self, row: int, field: str, value: str, why: sheets.Reason) -> sheets.Refusal:
        """A refusal of a field of a row."""
        return sheets.Refusal(row, self.checked.letters.get(field, ""), "", field, value, why)

    def entries(self, *, synthetic: bool) -> tuple[list[MeterEntry], list[int]]:
        """An entry for each good row, and its row; what is wrong goes to the refusals."""
        made: list[MeterEntry] = []
        rows: list[int] = []
        for item in self.checked:
            v = item.values
            owner = self._owner(str(v["owner"]), v["valid_from"])  # type: ignore[arg-type] # a date field
            wrong = list(self._wrong(v, owner))
            self.refusals += [self.refusal(item.row, field, str(v[field]), why) for field, why in wrong]
            if not wrong and not isinstance(owner, sheets.Reason):
                made.append(_entry(v, owner, synthetic=synthetic))
                rows.append(item.row)
        return made, rows

    def _owner(self, text: str, day: date) -> SubjectId | sheets.Reason:
        key = (text, day)
        if key not in self._owners:
            self._owners[key] = _unit_named(self._places, self._units, text, day)
        return self._owners[key]

    def _wrong(self, v: Plain[str, Any], owner: SubjectId | sheets.Reason) -> Any:
        if isinstance(owner, sheets.Reason):
            yield "owner", owner
        for name in ("factor", "low", "high", "modulus", "first_reading", "closing_reading", "last_reading"):
            if v[name] is not None and not fits(v[name]):
                yield name, reason("too_precise", "位数过多", "has too many digits", "核对数值", "check the figure")
        if v["source"] == HJ212:
            mn = str(v["channel"] or "").partition("/")[0]
            if str(v["channel"] or "").count("/") != 2:
                yield "channel", reason(
                    "no_channel", "HJ 212 的通道须写明 MN/因子-统计/命令",
                    "a channel of HJ 212 is MN/factor-statistic/command",
                    "如 88888880000001/w01018-Avg/2051", "e.g. 88888880000001/w01018-Avg/2051",
                )  # fmt: skip
            elif self._stations.get(mn, owner) != owner:
                yield "channel", reason(
                    "not_its_station", "该 MN 的站点不属于这个单位", "the station with that MN is not this unit's",
                    "核对 MN 和单位", "check the MN and the unit",
                )  # fmt: skip


def _unit_named(places: Directory, units: frozenset[SubjectId], text: str, day: date) -> SubjectId | sheets.Reason:
    try:
        return places.unit(text, day, units)
    except UserError as wrong:
        return reason(
            "unknown_unit", f"{day.isoformat()} 没有登记这个用能单位，或名称不唯一，或不在您可登记的范围内",
            wrong.message,
            "核对统一社会信用代码；确属新单位，先登记单位名录", wrong.remedy,
        )  # fmt: skip


def _entry(v: Plain[str, Any], owner: SubjectId, *, synthetic: bool) -> MeterEntry:
    said = {k: v[k] for k in _FIELDS if v[k] not in (None, "")}
    if "parents" in said:
        names = [p for p in _BETWEEN.split(said["parents"]) if p]
        said["parents"] = tuple(int(p[1:]) if p[0] == "#" and p[1:].isdecimal() else p for p in names)
    if v["source"]:
        said["source"] = HJ212 if v["source"] == HJ212 else owner
    return MeterEntry(subject_id=owner, valid_from=v["valid_from"], synthetic=synthetic, **said)
