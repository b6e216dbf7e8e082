"""Contracts of what is kept of checks: flaws of readings, the quality of each meter's day; and words for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shuangkong.engine.api import Column, TableContract, day, instant, number, text
from shuangkong.kernel.flaws import Severity
from shuangkong.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class Words:
    """What a flaw or a lead is called, how heavy it is, and what to do about it."""

    label: Label
    severity: Severity
    remedy: Label


_LOOK_AT_METER = Label("现场核对表计与采集器", "look at the meter and the collector on site")
_LOOK_AT_CLOCK = Label("校时，并核对采集器时间来源", "set the clock and check where the collector has its time from")
#: Flaws of readings by code.
FLAWS: Mapping[str, Words] = {
    "no_value": Words(Label("无读数", "no value"), "warn", _LOOK_AT_METER),
    "again": Words(
        Label("重复上报，只计一次", "sent again; counted once"), "note",
        Label("无需处理；经常发生时检查重发设置", "nothing; if it is frequent, look at how the sender retries"),
    ),
    "corrected": Words(
        Label("已被后到数据更正，旧值保留", "corrected later; the older value is kept"), "note",
        Label("核对更正依据", "ask what the correction rests on"),
    ),
    "gap": Words(
        Label("缺数", "points are missing"), "warn",
        Label("补传，或按规定人工填报", "send them, or hand in by hand as the rule says"),
    ),
    "out_of_range": Words(Label("超出量程", "out of the meter's range"), "warn", _LOOK_AT_METER),
    "negative": Words(Label("负值", "negative"), "warn", Label("核对接线方向与换算", "check wiring and conversion")),
    "spike": Words(
        Label("突变", "spike"), "warn", Label("核对当时生产与表计", "check production and meter of that time")
    ),
    "flat": Words(
        Label("长时间不变", "does not change for long"), "note",
        Label("确认停机或表计卡滞", "see whether it stood still or stuck"),
    ),
    "reset": Words(
        Label("表底归零或换表，其间用量不明", "register began anew; what went through is not known"), "warn",
        Label("登记换表及前后表底", "register the change of meter with both readings"),
    ),
    "rollover": Words(
        Label("表底翻转，按量程计入", "register went on through its modulus; counted"), "note",
        Label("无需处理", "nothing"),
    ),
    "clock_ahead": Words(Label("时钟超前：读数时刻晚于接收", "clock ahead of the receiver's"), "warn", _LOOK_AT_CLOCK),
    "clock_jump": Words(Label("时钟跳变", "clock jumped"), "warn", _LOOK_AT_CLOCK),
    "clock_drift": Words(Label("时钟漂移", "clock drifts"), "warn", _LOOK_AT_CLOCK),
    "clock_off": Words(Label("时钟有固定偏差", "clock is off and keeps its pace"), "note", _LOOK_AT_CLOCK),
    "children_hour": Words(
        Label("总表与分表之和不符（小时）", "parent and sum of children differ by the hour"), "warn",
        Label("核对分表归属、倍率与时钟", "check which meters belong to it, their factors and clocks"),
    ),
    "children_day": Words(
        Label("总表与分表之和不符（日）", "parent and sum of children differ by the day"), "warn",
        Label("核对分表归属、倍率与漏计支路", "check which meters belong to it, their factors, branches without one"),
    ),
}  # fmt: skip
STATES: Mapping[str, Label] = {
    "ok": Label("合格", "meets its rule"),
    "short": Label("不合格", "does not meet its rule"),
    "missing": Label("离线，无数据", "offline, nothing is there"),
    "no_rule": Label("无考核规则", "no rule to meet"),
    "slow": Label("每日不足一点，不按日评价", "less than one point a day, not judged by the day"),
    "running": Label("当日未结束", "the day is not over"),
    "no_look": Label("尚未检查", "not looked at yet"),
}


def _share(name: str, zh: str, en: str) -> Column:
    return number(name, "quantity", zh, en, "%", nullable=True, doc="null: nothing to be a share of")


_ABOUT = (
    number("meter", "integer", "计量器具号", "meter", "1"),
    day("day", "日期", "day", doc="of China; a point at 24:00 is the day's that it closes"),
    number("look", "integer", "检查序号", "look", "1", doc="of a meter's day the rows of the largest look hold"),
)
READING_FLAWS = TableContract(
    "reading_flaws",
    Label("读数瑕疵", "flaws of readings"),
    (
        *_ABOUT,
        text("code", "代码", "code"),
        instant("at_from", "起", "from"),
        instant("at_to", "止", "to"),
        number("count", "integer", "点数", "points", "item", doc="readings with the sign; of a gap the missing ones"),
        number("first", "quantity", "首值", "first value", "column:unit of the meter", nullable=True),
        number("last", "quantity", "末值", "last value", "column:unit of the meter", nullable=True),
        number("low", "quantity", "最小值", "lowest", "column:unit of the meter", nullable=True),
        number("high", "quantity", "最大值", "highest", "column:unit of the meter", nullable=True),
        number(
            "before", "quantity", "前值", "value before", "column:unit of the meter", nullable=True,
            doc="of balances the sum of the children, beside the parent in `first`",
        ),
        number(
            "offset_us", "integer", "时间偏差", "clock offset", "1", nullable=True,
            doc="microseconds after the usual moment, or, where the clock is ahead, after arrival; the largest",
        ),
    ),
    key=("meter", "day", "look", "code", "at_from"),
    subject=None,
    doc="What checks saw at readings, runs of one kind as one span. Nothing is mended by it.",
)  # fmt: skip
METER_DAY_QUALITY = TableContract(
    "meter_day_quality",
    Label("表计日数据质量", "quality of a meter's day"),
    (
        *_ABOUT,
        text("system", "监测系统", "monitoring system", doc="empty: none is named"),
        number("expected", "integer", "应有点数", "points expected", "item"),
        number("received", "integer", "已收点数", "points received", "item", doc="points that have a value"),
        number("valid", "integer", "有效点数", "valid points", "item"),
        number("late", "integer", "迟到点数", "late points", "item"),
        number("corrected", "integer", "更正点数", "points corrected", "item"),
        number(
            "hours_valid", "integer", "有效小时数", "valid hours", "h", nullable=True, doc="null: not asked for"
        ),
        number(
            "hours_mask", "integer", "有效小时位", "which hours are valid", "1", nullable=True,
            doc="a bit for each valid hour, the lowest begins at midnight; null: not asked for, or not kept then",
        ),
        _share("completeness", "完整率", "completeness"),
        _share("validity", "有效率", "validity"),
        _share("timeliness", "及时率", "timeliness"),
        _share("steadiness", "未更正率", "share not corrected"),
        number("score", "quantity", "质量得分", "quality score", "1", nullable=True, doc="0–100; null: nothing came"),
        text("state", "状态", "state"),
        day("repair_by", "修复期限", "repair by", nullable=True, doc="where the day does not meet its rule"),
    ),
    key=("meter", "day", "look"),
    subject=None,
    version=2,
    doc="Of each meter's day on which something came: how much, how good, whether its monitoring system's rule is met. "
    "A day without a row is one on which nothing came.",
)  # fmt: skip
