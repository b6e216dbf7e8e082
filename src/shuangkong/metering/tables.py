"""Contracts of stored readings. Every column is in the column dictionary."""

from __future__ import annotations

from shuangkong.engine.api import TableContract, instant, number, text
from shuangkong.kernel.labels import Label

_TAKEN = (
    instant("at", "时刻", "time of the reading"),
    number(
        "value", "quantity", "读数", "reading", "column:unit of the meter", nullable=True, doc="null: none was given"
    ),
    number("mark", "integer", "来源标记", "mark of the source", "1", doc="the sign's number in ASCII, 0 for none"),
    instant("received_at", "接收时刻", "received at"),
    number(
        "place", "integer", "日志位置", "place in the journal", "1", doc="later taken is larger, whatever clocks say"
    ),
    number("row", "integer", "行", "row of the post", "1"),
)

READINGS = TableContract(
    "readings",
    Label("读数", "readings"),
    (number("meter", "integer", "计量器具号", "meter", "1"), *_TAKEN),
    key=("place", "row"),
    subject=None,
    doc="Each reading as it was taken, of a registered meter; of two of one moment the larger place holds.",
)  # fmt: skip

READINGS_ASIDE = TableContract(
    "readings_aside",
    Label("待认领读数", "readings of unknown meters"),
    (text("source", "来源", "source"), text("channel", "通道", "channel"), *_TAKEN),
    key=("place", "row"),
    subject=None,
    doc="Readings whose channel no register knew when they came; taken in when it is registered.",
)

READING_POSTS = TableContract(
    "reading_posts",
    Label("读数批次", "posts of readings"),
    (
        text("source", "来源", "source"),
        text("batch", "批次号", "batch"),
        text("content", "内容摘要", "digest of the content"),
        number("key", "integer", "查重摘要", "digest to look it up by", "1", doc="of source, batch and content"),
        number("rows", "integer", "读数个数", "readings", "item"),
        number("refused", "integer", "拒收个数", "refused rows", "item"),
        text("refusals", "拒收原因", "refusals", nullable=True, doc="the first, as JSON: row, why, what it said"),
        instant("received_at", "接收时刻", "received at"),
        number("place", "integer", "日志位置", "place in the journal", "1"),
    ),
    key=("place",),
    subject=None,
    doc="Each post that was taken, once, by the day of its first reading: sent again under its id it is known here.",
)  # fmt: skip

READING_REPEATS = TableContract(
    "reading_repeats",
    Label("重复上报", "readings sent again"),
    (
        number("meter", "integer", "计量器具号", "meter", "1"),
        instant("at", "时刻", "time of the reading"),
        number("value", "quantity", "读数", "reading", "column:unit of the meter", nullable=True),
        number("mark", "integer", "来源标记", "mark of the source", "1"),
        number("place", "integer", "日志位置", "place of the one that stays", "1"),
        number("times", "integer", "重复次数", "times it was sent again", "item"),
    ),
    key=("meter", "at", "place"),
    subject=None,
    doc="Readings that compaction left out because the next one said the same: that they were sent again stays known.",
)  # fmt: skip
