"""Contracts of what readings are rolled up to (汇总表), and of meters as `metering.hours` needs them.

What is stored is never changed: a later row of the same key stands in the place of the earlier, by `made`.
"""

from __future__ import annotations

from shuangkong.engine.api import Column, TableContract, day, instant, number, text
from shuangkong.kernel.labels import Label

_METER = number("meter", "integer", "计量器具号", "meter", "1")
_MADE = number(
    "made", "integer", "汇总次序", "which roll-up made it", "1", doc="of two rows of one key the larger holds"
)
_COVER = (
    number("measured", "integer", "实测时长", "measured", "us", doc="microseconds that short stretches cover"),
    number(
        "spread", "integer", "分摊时长", "spread", "us", doc="microseconds that long stretches cover: the sum is known"
    ),
)

METER_HOURS = TableContract(
    "meter_hours",
    Label("计量器具小时量", "hours of meters"),
    (
        _METER,
        instant("hour", "小时", "hour", doc="the moment that it begins"),
        number(
            "quantity", "quantity", "数量", "quantity", "column:unit of the meter", nullable=True,
            doc="null: nothing is known, as where a correction took away what stood before",
        ),
        *_COVER,
        _MADE,
    ),
    key=("meter", "hour", "made"),
    subject=None,
    doc="What went through a meter in an hour. A later row of the same meter and hour replaces the earlier.",
    group_rows=8_192,
)  # fmt: skip

METER_DAYS = TableContract(
    "meter_days",
    Label("计量器具日量", "days of meters"),
    (
        _METER,
        day("day", "日", "day of China"),
        number(
            "quantity", "amount", "数量", "quantity", "column:unit of the meter", nullable=True, doc="null: unknown"
        ),
        *_COVER,
        number("hours", "integer", "有数小时", "hours with a quantity", "hour"),
        _MADE,
    ),
    key=("meter", "day", "made"),
    subject=None,
    doc="The exact sum of a meter's hours of a day. A later row of the same meter and day replaces the earlier.",
    group_rows=4_096,
)  # fmt: skip

OUTLET_HOURS = TableContract(
    "outlet_hours",
    Label("排口小时排放量", "hours of outlets"),
    (
        text("subject_id", "主体", "subject"),
        text("outlet", "排口", "outlet"),
        text("item", "污染物", "pollutant"),
        text("unit", "单位", "unit"),
        instant("hour", "小时", "hour", doc="the moment that it begins"),
        number("quantity", "quantity", "排放量", "mass", "column:unit", nullable=True, doc="null: see `state`"),
        number("flow", "quantity", "流量", "flow", "m3", nullable=True),
        number("measured", "integer", "实测时长", "measured", "us", doc="the lesser of flow and concentration"),
        text("state", "状态", "state", doc="ok, no_flow, no_concentration, or neither"),
        text(
            "rule", "有效性", "rule",
            doc="of the monitoring system for the hour: none, met, short, or open (not looked at)",
        ),
    ),
    key=("subject_id", "outlet", "item", "hour"),
    doc="Mass of a pollutant that left an outlet in an hour: mean concentration × flow, rounded once, here.",
)  # fmt: skip

METER_SPELLS = TableContract(
    "meter_spells",
    Label("计量器具各段", "spells of meters"),
    (
        number("spell", "integer", "段号", "spell", "1"),
        _METER,
        number("since", "integer", "始", "since", "us", doc="microseconds since 1970; the first spell is since ever"),
        number("until", "integer", "止", "until", "us"),
        number("every", "integer", "间隔", "interval", "us"),
        text("kind", "方式", "kind", doc="interval, rate or register"),
        Column("starts", "flag", Label("时标为始", "time is the beginning")),
        number("modulus", "quantity", "满度", "modulus", "column:unit of the meter", nullable=True),
        number("factor", "integer", "倍率", "factor", "1", doc="in millionths"),
        number("chain", "integer", "换表次数", "changes of the register", "1"),
    ),
    key=("spell",),
    subject=None,
    doc="How readings and hours of each meter count, from when to when: an input of the roll-up.",
)  # fmt: skip

STATED_READINGS = TableContract(
    "stated_readings",
    Label("换表读数", "readings at changes"),
    (
        number("spell", "integer", "段号", "spell", "1"),
        _METER,
        number("at_us", "integer", "时刻", "moment", "us"),
        number("value", "quantity", "读数", "reading", "column:unit of the meter", nullable=True),
    ),
    key=("spell", "at_us"),
    subject=None,
    doc="What registers showed when they were changed for others: an input of the roll-up.",
)  # fmt: skip
