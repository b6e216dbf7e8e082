"""Periods (时段) that words name without years: “十四五” before what is done in it, 两年 in a plan of two years."""

from __future__ import annotations

import re

#: What is done within a period, right behind its name.
_DONE = (
    "新增|新建|新上|建成|培育|创建|推广|淘汰|压减|退出|关停|整治|改造|削减|腾出|累计|完成|形成|实施|开展|安排|投入|统筹|培训|培养|打造"
    "|更新|治理|节约|造林|下降|降低|减少|提高|提升|增长|增加"
)
#: What stands in the name of a plan or a task, not in a target.
_TASK = "任务|目标|指标|计划|方案|规划|行动|周期|期限|清单"
FIVES = {"四": 2025, "五": 2030, "六": 2035}
_SAID = re.compile("(?:期间|时期|期末|末|规划期|以来|五年|后[两二三四]年)$")
_DOES = re.compile(rf"再?(?:新增|完成|累计|(?:{_DONE})(?!区|[^，。；0-9]{{0,14}}(?:{_TASK})))")
#: 落实“十四五”淘汰…, 按照“十四五”…: its tasks, not its time.
_OF_IT = re.compile(
    '(?:完成|落实|下达|分解|纳入|实现|明确|确定|按|照|根据|结合|围绕|制定|编制|印发|助力|衔接|[的将把对和与及])[“"]?$'
)
_THEN = rf"(?:力争|要|将|再)?(?=(?:共|全[市省区县])?(?:{_DONE})(?![^，。；0-9]{{0,12}}(?:{_TASK}|一次)))"
#: So many years of a plan. Not 连续两年, 近三年, 前三年: nobody counts them from the plan.
#: Nor 投产两年内, which counts from something else.
SPAN = (
    rf"(?<![-0-9.—–~～至到、第每近去前后满隔续过足上达超逾存期于日起年头首届用])(?<!五[”\"])(?:今后|未来)?[两二三四五2-5]年间?{_THEN}"
    rf"|(?:(?<![0-9.一-鿿])|(?<=力争)|(?<=确保)|(?<=争取))[两二三四五2-5]年之?内{_THEN}"
    r"|(?<=[用过])[两二四五]年(?:左右)?的?(?:时间|努力)"
)
_SPAN = re.compile(SPAN)
_COUNTS = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5}


def is_time(text: str, start: int, end: int, stop: int) -> bool:
    """Whether a five-year plan between two places is named as a time (“十四五”期间, “十四五”压减…)."""
    if _SAID.search(text, start, end):
        return True
    return _DOES.match(text, end, stop) is not None and not _OF_IT.search(text, max(0, start - 4), start)


def fits(words: str, period: tuple[int, int] | None) -> bool:
    """Whether 两年 or 五年 is as long as the plan."""
    count = next((_COUNTS.get(sign) or int(sign) for sign in words if sign in _COUNTS or sign.isdigit()), 0)
    return period is not None and period[1] - period[0] + 1 == count


def spans_plan(text: str, place: int) -> bool:
    """Whether a time says how long the plan is, and not until when: it may also tell of the years before."""
    return text[place] not in "今未" and _SPAN.match(text, place) is not None
