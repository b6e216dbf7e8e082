"""Headers and cells of tables (表头与格子): what a column holds, and what a cell sets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from shuangkong.policy.reading.names import has_indicator
from shuangkong.policy.reading.values import UNIT

_NAME = re.compile(
    r"(?:主要|具体|约束性|预期性|分项|考核|评价|核心|发展|类别|控制|规划)?(?:指标|目标)(?:名称|内容|项目|项|体系)?(?:（单位）)?"
    r"|重点(?:工程|项目)|(?:工程|项目)(?:名称)?"
)
_YEAR = re.compile(
    r"(?:到|至)?(?P<year>20\d\d)(?:年度?)?(?:底|末)?(?P<what>(?:规划|预期|计划|控制)?目标值?|指标值?|数值|值|现状值?|实际值?|实绩|基期值?|基数|基准值?|完成值?|完成情况)?"
    r"(?:（(?P<unit>[^）]*)）)?"
)
#: 目标值（2025年）, 现状值（2022年）: the year stands in brackets behind what the figures are.
_TURNED = re.compile(
    r"(?P<what>现状值?|实际值?|基期值?|基准值?|基数|(?:近期|中期|远期|规划|预期|控制)?目标值?|指标值?|规划值|预期值|数值)"
    r"（(?:到|至)?(?P<year>20\d\d)年[底末]?）"
)
#: 激励目标 beside a column that names what it is for.
_SECOND = re.compile("(?:基本|激励|力争|奋斗|约束性?|预期)目标")
_BASE = re.compile("现状|实际|实绩|基期|基数|基准|完成")
_GOAL = re.compile(
    r"(?:规划|预期|计划|控制|[“\"]?十[四五]五[”\"]?)?(?:目标值?|指标值|期末目标)(?:（(?P<unit>[^）]*)）)?"
)
_YEARLY = re.compile(
    r"(?:[“\"]?十[四五]五[”\"]?)?(?:期间)?(?:年均|年均增速|年均增长|年均变化)(?:率|速度|\[累计\]|/累计)?(?:（(?P<unit>[^）]*)）)?"
)
_TOTAL = re.compile(r"(?:[“\"]?十[四五]五[”\"]?)?(?:期间)?累计(?:变化|下降|降低|增长|值)?(?:（(?P<unit>[^）]*)）)?")
_PLACE = re.compile(
    r"地区|各?(?:地市|设区市|市州|州市|盟市|市（州）|镇街|乡镇|区县|县区|市县|县市区|市|县（市、区）|区（县）)(?:名称)?|(?:县|区|市)（(?:市|区|县)(?:、(?:市|区|县))*）|行业(?:名称)?|行政区(?:域|划)?|园区(?:名称)?"
)
_UNIT_COLUMN = re.compile(r"(?:计量|数量)?单位")
_TASK = re.compile(
    r"(?:重点|主要|具体)?(?:工作)?(?:任务|内容|举措|措施|事项|要求)(?:及要求|分工|清单)?|工作任务|重点工作|任务名称"
)
_LEAD = re.compile(r"(?:牵头|主办|主要责任)(?:单位|部门)")
_MAIN = re.compile(r"责任(?:单位|部门)(?:（[^）]*）)?")
_HELP = re.compile(r"(?:配合|参与|参加|协办|协同)(?:单位|部门)")
_NOTE = re.compile(
    r"(?:指标)?(?:属性|性质|类型|类别)|备注|说明|序号|编号|领域|权重|分类|数据来源|完成时限|时限|完成时间"
)

_DOWN = re.compile(r"(?:下降|降低|减少|削减|压减|降幅)(?:率|幅度|比例|量)?(?:（[^）]*）)?$")
_UP = re.compile(r"(?:提高|提升|增长|增加|上升|增幅)(?:率|幅度|比例|量)?(?:（[^）]*）)?$")
_CELL = re.compile(
    r"(?P<open>[\[〔【［])?(?:(?:较|比)(?P<base>20\d\d)年)?(?P<way>下降|降低|减少|削减|提高|增长|增加|上升)?(?:到|至)?"
    r"(?P<how>≥|≤|≧|≦|>|<|不低于|不少于|不高于|不超过|不大于|控制在|超过|大于|小于|低于|达到|达|约)?"
    r"(?P<sign>[-－−])?(?P<value>\d+(?:,\d{3})*(?:\.\d+)?)(?:%?(?:-|—|–|~|～|至)(?P<high>\d+(?:\.\d+)?))?"
    r"(?P<unit>[^\d\]〕】］以左]{0,12}?)?(?P<behind>以上|以下|以内|左右|及以上|及以下)?(?P<close>[\]〕】］])?(?:（[^）]*）)?[*＊]?"
)
_COMPARED = {
    "≥": "at_least", "≧": "at_least", ">": "at_least", "不低于": "at_least", "不少于": "at_least", "超过": "at_least",
    "大于": "at_least", "≤": "at_most", "≦": "at_most", "<": "at_most", "不高于": "at_most", "不超过": "at_most",
    "不大于": "at_most", "小于": "at_most", "低于": "at_most", "约": "about", "以上": "at_least", "及以上": "at_least",
    "以下": "at_most", "及以下": "at_most", "以内": "at_most", "左右": "about", "控制在": "at_most",
}  # fmt: skip
_BRACKET = re.compile(r"（([^）]*)）$")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: kind, the year it is for, its unit, whether it says where things stood, its title."""

    kind: str
    year: int | None = None
    unit: str = ""
    base: bool = False
    yearly: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell sets: value, how it is compared, its unit, whether it is a total over the plan (in brackets)."""

    value: Decimal
    high: Decimal | None
    comparator: str
    unit: str
    base: int | None
    total: bool


def plain(words: str) -> str:
    """The words of a cell without blanks, in half-width signs but for brackets."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", words)).replace("(", "（").replace(")", "）")


@lru_cache(maxsize=4096)
def column(title: str) -> Column:
    """What a column with this header holds; `other` where the header is none of a table of targets or duties."""
    for kind, pattern in (
        ("unit", _UNIT_COLUMN), ("lead", _LEAD), ("main", _MAIN), ("help", _HELP), ("task", _TASK), ("note", _NOTE),
        ("name", _NAME), ("place", _PLACE),
    ):  # fmt: skip
        if pattern.fullmatch(title):
            return Column(kind, title=title)
    year = _YEAR.fullmatch(title)
    if year:
        return Column(
            "year", int(year["year"]), year["unit"] or "", bool(_BASE.search(year["what"] or "")), title=title
        )
    turned = _TURNED.fullmatch(bare := re.sub("（[%‰]）|（(?!到|至|20)[^）]*）", "", title))
    if turned:
        printed = re.search("（((?!到|至|20)[^）]*)）", title)
        base = bool(_BASE.search(turned["what"]))
        return Column("year", int(turned["year"]), printed[1] if printed else "", base, title=title)
    if _SECOND.fullmatch(bare):
        unit = _BRACKET.search(title)
        return Column("measure", None, unit[1] if unit else "", title=bare)
    for pattern, yearly in ((_GOAL, False), (_TOTAL, False), (_YEARLY, True)):
        goal = pattern.fullmatch(title)
        if goal:
            return Column("goal", None, goal["unit"] or "", False, yearly, title)
    bare = _BRACKET.sub("", title)
    stated = re.search(r"(?<![较比])(20\d\d)年?", title)
    if has_indicator(bare) or _DOWN.search(bare) or _UP.search(bare) or (bare.endswith("目标") and len(bare) > 4):
        unit = _BRACKET.search(title)
        own = re.sub(
            r"^(?:(?:到)?20\d\d年?|[“\"]?十[四五]五[”\"]?)+|(?:控制|(?<!基本)(?<!激励)(?<!奋斗)(?<!力争))目标$",
            "",
            bare,
        )
        return Column("measure", int(stated[1]) if stated else None, unit[1] if unit else "", title=own)
    return Column("other", title=title)


def said_of(words: str) -> Said | None:
    """What a cell sets; None where it holds no number or more than one thing."""
    found = _CELL.fullmatch(words)
    if not found:
        return None
    unit = found["unit"] or ""
    if unit and not UNIT.fullmatch(unit):
        return None
    value = Decimal(found["value"].replace(",", ""))
    comparator = _COMPARED.get(found["how"] or "") or _COMPARED.get(found["behind"] or "") or "reach"
    high = Decimal(found["high"]) if found["high"] else None
    if high is not None:
        comparator = "between"
    if found["way"]:
        comparator = "decrease_by" if re.match("下|降|减|削", found["way"]) else "increase_by"
    elif found["sign"]:
        comparator = "decrease_by"
    base = int(found["base"]) if found["base"] else None
    return Said(value, high, comparator, unit, base, bool(found["open"]))


def measured(name: str, unit: str, column_unit: str, caption: str, said: Said) -> tuple[str, str, str | None]:
    """(indicator, unit, comparator that the name says) of a row: 单位GDP能耗降低（%） falls by a share."""
    bracket = _BRACKET.search(name)
    own = ""
    if bracket and (UNIT.fullmatch(bracket[1]) or re.fullmatch(r"[%‰A-Za-z/μ³²]+|.*[/每].*", bracket[1])):
        own, name = bracket[1], name[: bracket.start()]
    stated = re.search(r"单位[：:]([^；。，：:\s]{1,8})", caption)
    found = said.unit or unit or own or column_unit or (stated[1].strip("）") if stated else "")
    found = "" if re.fullmatch(r"[-—–/无]*", found) else found
    way = re.sub("(?:基本|激励|力争|奋斗|约束性?|预期)目标$", "", name)
    if _DOWN.search(way):
        return name, found, "decrease_by"
    if _UP.search(way):
        return name, found, "increase_by"
    return name, found, None


def without_direction(name: str) -> str:
    """A name without the words for its direction: 单位GDP能耗降低率 is of 单位GDP能耗."""
    return _UP.sub("", _DOWN.sub("", name)) or name
