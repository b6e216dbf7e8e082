"""Amounts in sentences (数值): number, unit, what stands right before and behind, and so what is compared how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.policy.figures import number_of

_COUNTS = (
    "家次|台次|辆次|架次|艘次|车次|户次|次|家|个|座|台套|台（套）|台|套|辆|条|户|处|人次|名|人|项|艘|列|批次|批|场|株|头|只|所|件|间|幢|栋|片|组|份|吨级|期|款"
    "|支|对|孔|眼|盏|宗|口井|种|根|枪|把|张"
)
_AMOUNTS = (
    "个百分点|百分点|%|‰|千克标准油|克标准油|吨标准油|冷吨|吨标准煤|吨标煤|吨二氧化碳当量|吨二氧化碳|吨CO2|吨碳|吨|千瓦时|度电|千伏安|千伏|千瓦"
    "|兆瓦时|兆瓦|吉瓦时|吉瓦|平方米|平米|平方公里|平方千米|立方米|标准立方米|立方|公里|千米|公顷|亩|元|美元|倍|蒸吨"
    "|千克标准煤|克标准煤|千克|公斤|毫克|微克|克二氧化碳|克|标准车|标箱|重量箱|TEU|m³|㎡|m²|m2|m3|kWh|MWh|GWh|MW|GW|kW|KW"
    "|kgce|gce|tce|tCO2e|tCO2|kg|km|升|千焦|吉焦|焦|桶|层(?![面级次])|μg|mg|℃|°C|摄氏度"
)
_PER = (
    "能量因数|万人|千人|万户|百户|万辆|万元|千瓦时|万平方米|平方米|平方公里|平米|立方米|标准立方米|百公里|吨公里|人公里|公里|吨标准煤|吨标煤|吨钢|吨|小时|日|天|年|人"
    "|辆|台|月|m³|㎡|m²|m2|kWh|kW·h|t|亩|公顷|标箱|千克|标方|吉焦|GJ|升|d|a|h"
)


def _longest(words: str) -> str:
    """Alternatives with the longest first, so that 吨标准煤 is not read as 吨."""
    return "|".join(sorted(words.split("|"), key=len, reverse=True))


UNIT = re.compile(
    rf"(?:百万|千万|万亿|万|亿|千|百|兆)?(?:{_longest(f'{_AMOUNTS}|{_COUNTS}')})(?:(?:/|每)(?:{_longest(_PER)})(?:·(?:{_longest(_PER)}))*)*"
    r"(?:·年)?|(?:万|亿)(?=以|左右|，|、|。|；|$)"
)
COUNTED = re.compile(rf"^(?:万|千|百|亿)?(?:{_longest(_COUNTS)})$")
#: A number that a date, a grade, a name or a numbering holds.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9.〔#第—])(?:[0-9]+(?:\.[0-9]+)?(?:/[0-9](?![0-9]))?|翻[一两]番|[一二三四五六七八九十]{1,6}分之[一二三四五六七八九十]{1,6})(?![0-9])"
    r"|百分之[零一二三四五六七八九十百]{1,7}(?:点[零一二三四五六七八九]{1,4})?"
    rf"|(?<![第一二两三四五六七八九十百千万亿零〇])[一二两三四五六七八九十百千]{{1,9}}?(?=(?:万|亿)?(?:{_longest(f'{_AMOUNTS}|{_COUNTS}')})"
    r"|成(?:以上|以下|以内|左右|的?(?=[，。；、）]|$)))"
    r"|(?<=[近约过达到于])[一二两三四五六七八九](?=成(?![员本果品立分份效不])[一-鿿])"
    r"|(?:一半|半数)(?=以上|的)"
)
#: Numbers in words that count: 一 is an article (一个平台), 百家 and 千家 are names, a few 个 or 项 are headings.
_FEW = re.compile(r"[个项条批种类名人对期件处]")
_WORDS = "半一二两三四五六七八九十百千"
_DIGITS = "零一二三四五六七八九"
#: So many signs behind an amount say what it is.
_BEHIND = 120
_NO_VALUE = re.compile(
    r"年(?!均)|月|[日号级届时版号岁]|期(?![，。、；）以和及]|$)|G(?!W)|周年|度(?!电)|类|小时|天(?!然)|分钟|个(?:方面|重?点?领域|行业的|月|季度|工作日|层面|维度|环节|阶段|重点方向|小时|自然日|基点|"
    r"试点省|大类|门类|专项|重大)|[条项](?:措施|任务|重点任务|工作|问题|指标|规定|举措|制度|原则|要求)|[〕\]）.]|、(?![0-9])|(?<![0-9][0-9])种(?!植)|\+|×|:|：[0-9]|大(?!型|于)|[Vv]|次(?!性)|[年月]|[-—~～至][0-9]+年"
)
_NAMES = re.compile(r"PM$|CO$|SO$|NO[xX]?$|COD$|(?:GB|T|HJ|DB)[/A-Z0-9]*$|\+$|国$|专栏$|附件$|表$|VOCs$|O$|N$")
_TO_ONE = re.compile(r"：1(?![0-9.：])")
_UPPER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
#: 3万—5万吨; not 1万吨提高到3万吨, which says where it comes from.
_RANGE = re.compile(r"(?:%|(?:(?!上升|[提增扩降压缩减])[一-鿿/]){0,6}?)?[-—–~～至到](?=[0-9])")
BEHIND = re.compile(r"[（(]含[）)]|(?:及|含)?以上|及?以下|以内|之内|左右|上下")

_SOFT = (
    r"(?:约|近|将近|分别|各|均|都|幅度|率|(?:基本|激励|约束性|奋斗|预期)?目标|任务|力争|为|在|原则上|要|须|应|需|达到|达|完成|保持|实现|累计|年均|每年|再|总体|进一步|(?:国家|自治区|[省市])?下达的|不低于|不少于|不得低于|"
    r"超过|突破|高于|大于|至少|不高于|不超过)*"
)
_DOWN = re.compile(
    rf"(?:下降|降低|减少|削减|压减|缩减|降幅|下调|减排|压缩|递减|压降|少){_SOFT}$|(?:比|较)20[0-9][0-9]年(?:底|末)?(?:水平)?低$"
)
_UP = re.compile(
    rf"(?:提高|(?<!改造)提升|增长|增加|上升|增幅|增速|递增|(?<!新)增|翻番){_SOFT}$|(?:比|较)20[0-9][0-9]年(?:底|末)?(?:水平)?高出?$"
)
_MOST = re.compile(
    r"(?:降至|降到|降低到|降低至|下降到|下降至|减少到|减少至|压减到|压减至|控制在|控制到|限制在|稳定控制在|控制目标为|不超过|不高于|不大于|不得超过|不得高于|"
    r"不多于|(?<![不得])低于|(?<!不)小于|优于|压缩到|压缩至|(?<![不得])少于|小于等于|≤|<|不突破|限值为)(?:约|每[一-鿿]{1,4}|[一-鿿]{2,10}的)?$|(?:不超过|不高于|不得超过|不得高于)[一-鿿]{2,8}$"
)
_LEAST = re.compile(
    r"(?:超过|突破|不低于|不少于|不小于|高于|大于|至少|不得低于|不得少于|≥|>|超|多于|最低|下限为|不低于每年|大于等于)(?:约|[一-鿿]{2,10}的)?$|(?:不低于|不少于|不得低于|不得少于)[一-鿿]{2,8}$|至少(?:要|应|须)?(?:建成|建设|创建|完成|培育|打造|新建|新增|实施|达到|有|淘汰|改造|安排|推广|认定|遴选)$"
)
_ABOUT = re.compile(r"(?:约|近|大约|将近|约为)$")
#: 高于全省平均水平5个百分点
_BESIDE = re.compile(r"(?<![不得])(?P<way>[高低])于[一-鿿]{2,9}水平$")
_NEAR = re.compile(r"(?<!不)(?:低于|小于|少于)$")
#: A limit denied: 不宜大于 is a ceiling, 未低于 a floor, whatever stands between.
_DENIED = re.compile(
    r"(?:不|未|没有|没|不得|不应当?|不宜|不能够?|不可|不再|不会|不要|不准|不许|严禁|禁止|避免|防止|绝不|决不)"
    r"(?:再|要|得|能|被|可)?(?P<way>超过|高于|大于|多于|突破|高出|超出|低于|小于|少于|不足)(?:每年|约|[一-鿿]{2,12}的)?$"
)
_RISE = re.compile("(?:增幅|增速|增长率|涨幅|增量)$")
_FLOOR = ("低于", "小于", "少于", "不足")
#: Verbs that say a level right before the number.
LEVEL = re.compile(
    r"(?:达到或超过|达到|达|提高到|提高至|提升到|提升至|增加到|增加至|增长到|扩大到|扩大至|上升到|上升至|稳定在|稳定达到|保持在|维持在|稳定保持在|控制在|实现|"
    r"完成|降至|降到|降低到|降低至|下降到|下降至|压减到|不低于|不少于|超过|突破|不超过|不高于|不大于|高于|大于|低于|小于|至少|优于|约|近|为|目标为|控制目标为|"
    r"约为|占比|占|比例|比重|分别|均|至|到|在|保持|减少至|达成|不得低于|不得超过|建成|新增|≥|≤|≧|≦)$"
)


#: 提高到2025年的20%
_OF_YEAR = re.compile(r"20[0-9]{2}年(?:底|末)?的$")


@dataclass(slots=True)
class Amount:
    """One amount of a text: where its number begins, where number, unit and 以上 end, and what they say."""

    start: int
    end: int
    unit_end: int
    value: Decimal
    high: Decimal | None
    unit: str
    behind: str
    before: str
    after: str
    #: Whether it is so many to one (1.5:1).
    to_one: bool = False

    @property
    def comparator(self) -> str:
        """How the amount is compared: the first rule that fits."""
        before = _OF_YEAR.sub("", self.before)
        if self.unit == "翻番":
            return "increase_by"
        denied = _DENIED.search(before)
        if _DOWN.search(before):
            return "decrease_by"
        if denied and denied["way"] not in _FLOOR and _RISE.search(before[: denied.start()]):
            return "at_most"
        if _UP.search(before):
            return "increase_by"
        if denied:
            return "at_least" if denied["way"] in _FLOOR else "at_most"
        if self.high is not None:
            return "between"
        if self.behind in ("左右", "上下") and before.endswith(("控制在", "稳定控制在", "保持在")):
            return "about"
        if _MOST.search(before) or self.behind in ("以下", "及以下", "以内", "之内"):
            return "at_most"
        if _LEAST.search(before) or "以上" in self.behind:
            return "at_least"
        if self.unit.endswith(("百分点", "%")) and (beside := _BESIDE.search(before)):
            return "at_least" if beside["way"] == "高" else "at_most"
        if self.behind in ("左右", "上下") or _ABOUT.search(before):
            return "about"
        return "reach"

    @property
    def said(self) -> bool:
        """Whether a verb or a comparing word stands right before it."""
        before = _OF_YEAR.sub("", self.before)
        spoken = any(pattern.search(before) for pattern in (_DOWN, _UP, LEVEL, _DENIED))
        return spoken or self.unit == "翻番"


def amounts(text: str, start: int, end: int) -> Iterator[Amount]:
    """The amounts between two places of a cleaned text, without dates, grades, names and numbers of things."""
    at = start
    while found := _NUMBER.search(text, at, end):
        at = found.end()
        if found[0][0] == "翻":
            # To double is to rise by the whole.
            value, unit, stop = Decimal(100) if found[0][1] == "一" else Decimal(300), "翻番", at
            yield Amount(
                found.start(),
                stop,
                stop,
                value,
                None,
                unit,
                "",
                text[max(start, found.start() - 14) : found.start()],
                text[at : min(end, at + _BEHIND)],
            )
            continue
        low = _value(found[0])
        before = text[max(start, found.start() - 14) : found.start()]
        to_one = _TO_ONE.match(text, at, end)
        none = None if to_one else _NO_VALUE.match(text, at, end)
        # 优良天数达到310天 measures days; three days elsewhere are a deadline.
        timed = (
            none[0]
            if none
            and none[0] in ("天", "小时", "次")
            and (
                re.search(f"{none[0]}数[^，。；]{{0,10}}$", before)
                or re.search("(?:能力|储备)(?:达到?|不少于|不低于|为|提高到)$", before)
                or re.search(
                    "时长(?:[^，。；0-9]{0,6}|[由从][0-9.]+小时.{0,3})(?:不低于|不少于|达到?|至|到)$"
                    + ("|时长$" if text.startswith("以上", none.end()) else ""),
                    before,
                )
            )
            else ""
        )
        if none and none[0] == "）" and LEVEL.search(before):
            none = None
        if found[0] == "4.0" and before.endswith("工业"):
            continue
        if low is None or (none and not timed) or _NAMES.search(text[max(start, found.start() - 6) : found.start()]):
            continue
        if found[0][0] in _WORDS and not _counts(found[0], low, text, at, end):
            continue
        if to_one:
            at = to_one.end()
            behind = BEHIND.match(text, at, end)
            stop = behind.end() if behind else at
            after = text[stop : min(end, stop + _BEHIND)]
            yield Amount(found.start(), stop, at, low, None, "", behind[0] if behind else "", before, after, True)
            at = stop
            continue
        high, unit_from = None, at
        ranged = _RANGE.match(text, at, end)
        if ranged:
            upper = _UPPER.match(text, ranged.end(), end)
            if (
                upper
                and not _NO_VALUE.match(text, upper.end(), end)
                and (top := _value(upper[0])) is not None
                and top > low
            ):
                high, unit_from = top, upper.end()
        unit_found = UNIT.match(text, unit_from, end)
        unit_end = unit_found.end() if unit_found else unit_from
        behind = BEHIND.match(text, unit_end, end)
        stop = behind.end() if behind else unit_end
        word = behind[0] if behind else ""
        if word.startswith(("（含", "(含")) and (more := BEHIND.match(text, stop, end)):
            word, stop = "及" + more[0], more.end()
        unit = unit_found[0] if unit_found else ""
        if timed:
            unit, unit_end = timed, unit_from + len(timed)
            behind = BEHIND.match(text, unit_end, end)
            word, stop = (behind[0], behind.end()) if behind else ("", unit_end)
        elif found[0].startswith("百分之"):
            unit = "%"
        elif text.startswith("成", at) and found[0][0] in _WORDS:
            # 三成 is three tenths.
            low, unit, unit_end = low * 10, "%", at + 1
            behind = BEHIND.match(text, unit_end, end)
            word, stop = (behind[0], behind.end()) if behind else ("", unit_end)
        if not unit and word and text.startswith("倍", stop):
            # 1.2及以上倍量替代: the unit stands behind.
            unit = "倍"
        at = stop
        yield Amount(
            found.start(), stop, unit_end, low, high, unit, word,
            before, text[stop : min(end, stop + _BEHIND)],
        )  # fmt: skip


def _counts(printed: str, value: Decimal, text: str, at: int, end: int) -> bool:
    """Whether a number in Chinese words says how many."""
    if "分之" in printed or "半" in printed:
        return True
    if text.startswith("倍", at):
        return True
    if value < 2 and not text.startswith("成", at):
        return False
    if not re.search("[一二两三四五六七八九十]", printed):
        return False
    few = _FEW.match(text, at, end)
    return not (few and not text.startswith("个百分点", at) and value < 10 and not BEHIND.match(text, few.end(), end))


def _value(printed: str) -> Decimal | None:
    if "半" in printed:
        return Decimal("0.5")
    if "点" in printed:
        whole, _, tenths = printed.partition("点")
        ones = number_of(whole)
        behind = "".join(str(_DIGITS.index(digit)) for digit in tenths)
        return None if ones is None else ones + Decimal(f"0.{behind}")
    if "/" in printed:
        above, below = printed.split("/")
        return round(Decimal(above) / Decimal(below), 4) if int(below) else None
    value = number_of(printed)
    return round(value, 4) if value is not None and "分之" in printed else value
