"""Years in sentences (年份): which year a number is for, and which year it is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shuangkong.policy.reading.periods import FIVES, SPAN, fits, is_time

#: Compared with. In 占比 and 车桩比 the sign says what is measured instead: 绿电占比2025年达到65%.
THAN = "(?:(?<![占配])(?<!车桩)比|较)"
_TIME = re.compile(
    rf"(?P<before>{THAN}|[以于自从]|相比于?|相较于?|在)?"
    r"(?P<year>20[0-9]{2})(?:[-—–~～至到](?P<to>20[0-9]{2}))?年(?!版|均|代|修订|本）|(?:不变|可比)?价)(?P<base>(?:的)?(?:水平|基础|相比|为基期|基数)|起)?"
    r"|(?P<five>[“\"]?十(?P<which>[四五六])五[”\"]?(?:期间|时期|期末|末|规划期|以来|五年|后[两二三四]年)?)"
    r"|(?P<three>(?<![近前去每续满第后])三年(?:努力|行动|时间|内|左右|累计)|(?:今后|未来)[三四五六]年|[“\"]?规划期|期末)"
    rf"|(?P<span>{SPAN})"
)
_BASE = re.compile(
    rf"(?:(?:{THAN}|相比|相较于?)(20[0-9]{{2}})年|[在以](20[0-9]{{2}})年(?=[底末]?(?:的|基础|水平|为|排放|消费|实际|总量|规模)))"
)
#: 占比2020年提高2个百分点, for 占比比2020年, where that year is before the plan.
_RUN_IN = re.compile("占比(20[0-9]{2})年[底末]?(?:累计)?(?:提高|提升|增加|上升|下降|降低|减少)")
_PREVIOUS = re.compile(r"同比|比上年|较上年|比去年|较去年|环比上年|上年度?基础")
YEARLY = re.compile(r"年均(?!浓度|值|气温|降水)|每年|逐年|年度(?=下降|降低|提高|增长)")
#: A plan of five years starts from the year before its first.
FIVE = 5


def years_at(text: str, start: int, end: int, period: tuple[int, int] | None) -> Iterator[tuple[int, int, bool]]:
    """(place, year, whether it names a five-year period) of every time phrase; not of those compared with."""
    for found in _TIME.finditer(text, start, end):
        if found["five"]:
            # 十四五 alone stands in names of plans; a time is 十四五期间.
            if is_time(text, found.start(), found.end(), end):
                yield found.start(), FIVES[found["which"]], not _TO_ITS_END.search(found["five"])
        elif found["three"]:
            if period:
                yield found.start(), period[1], False
        elif found["span"]:
            if period and fits(found["span"], period):
                yield found.start(), period[1], "五年" in found["span"] and period[1] % FIVE == 0
        elif not _compares(found, text) and not (
            period and int(found["year"]) < period[0] and _RUN_IN.match(text, found.start("year") - 2, end)
        ):
            yield found.start(), int(found["to"] or found["year"]), False


_TO_ITS_END = re.compile("末$|后.年$")


def five_alone(text: str, start: int, end: int) -> int | None:
    """The last year of a five-year plan that words name as a time without saying so (“十四五”能耗强度降低目标)."""
    found = None
    for one in _ALONE.finditer(text, start, end):
        if text.rfind("《", start, one.start()) <= text.rfind("》", start, one.start()):
            found = FIVES[one[1]]
    return found


_ALONE = re.compile(r"十([四五六])五[”\"]?+(?!规划|方案|计划|[一-鿿]{0,12}(?:规划|方案|计划|行动))")
#: 由2020年的26%提高到30%, 达到2020年的3倍: the year that a rise starts from.
_STARTS = re.compile(r"年?(?:底|末)?的?(?:[0-9一二两三四五六七八九十][0-9.]*(?:倍|%|[万亿]?吨|[万亿]?千瓦)|水平)")


def years_listed(words: str) -> list[int]:
    """The years of the last list of years in words (2023年、2024年、2025年分别…), where such a list stands there."""
    lists = list(_LISTED.finditer(words))
    if not lists:
        return []
    return [FIVES[one["which"]] if one["which"] else int(one["year"]) for one in _ONE.finditer(lists[-1][0])]


_YEAR_WORD = r"(?:20[0-9]{2}年?(?:底前?|末|前)?|[“\"]?十[四五六]五[”\"]?(?:期间|时期|末)?)"
_LISTED = re.compile(rf"{_YEAR_WORD}(?:[、和及与]{_YEAR_WORD})+")
_ONE = re.compile(r"(?P<year>20[0-9]{2})|十(?P<which>[四五六])五")


_DAY = r"(?:年?[0-9]{1,2}月(?:份|[上中下]旬)?(?:[0-9]{1,2}日)?)?(?:年?[底末])?(?:前后|前期|之?前|左右|起)?"
_WHEN = (
    rf"(?:[到至在于自从]|截至)?20\d\d(?:[-—–~至到]20\d\d)?年(?!的|(?:不变|可比)?价|水平|基础|为基|以[后前]|版|度?(?:标准|基准)){_DAY}"
    r"|(?:[到至在])?[“\"]?十[四五六]五[”\"]?(?:期间|时期|期末|末|五年|后[两二三四]年)|(?:[到至在])?(?<![一-鿿])规划期[内末]?|在规划期[内末]?"
    rf"|{SPAN}"
    r"|(?:在)?(?:未来|今后)(?:[一二三四五六七八九十0-9]{1,2}年)?(?:内|间|里)?(?=[^一-鿿]|$|每年|新[增建]|[提下增累达])|[今明后]年(?:[底末]前?)?$"
)
#: Times in the middle or at the end of a name: 绿色工厂到2025年累计…, 漏损率2024年12月底前…; not those compared with.
_TIMES = re.compile(rf"(?<![较与同以为])(?<!(?<![占配])(?<!车桩)比)(?:{_WHEN})(?:[、和及](?:{_WHEN}))*[，、]?")


def timeless(words: str) -> str:
    """Words without the times in them, where something else is left: 绿色园区2024年 becomes 绿色园区."""
    if "年" not in words and "期" not in words and "五" not in words:
        return words
    return _TIMES.sub("", words)


def time_only(words: str) -> bool:
    """Whether words are a time and nothing else."""
    return bool(words) and not timeless(words)


def years_spanned(words: str) -> list[int]:
    """Each year of the last span of years in words (2024—2026年)."""
    spans = _SPAN.findall(words)
    return list(range(int(spans[-1][0]), int(spans[-1][1]) + 1)) if spans else []


_SPAN = re.compile(r"(20\d\d)年?[-—–~至到]+(20\d\d)年")


def _compares(found: re.Match[str], text: str) -> bool:
    """Whether a year is one that something is compared with."""
    before, base = found["before"] or "", found["base"]
    if base is None and text[found.end() - 1] == "年" and (starts := _STARTS.match(text, found.end() - 1)):
        # 由2020年的15%提高到2025年的20%: the first starts, the second is the aim. 其中2024年20万千瓦 is one, too.
        ahead = before or text[found.start() - 1 : found.start()]
        told = ahead in ("由", "从") or "的" in starts[0] or starts[0].endswith("水平")
        return starts[0].endswith("倍") or (told and ahead not in ("到", "至"))
    if before in ("比", "较", "以") or before.startswith("相"):
        return True
    if base and base != "起":
        return True
    return before == "在" and re.match(r".{0,3}基础", text[found.end() : found.end() + 5]) is not None


def base_of(words: str, year: int | None) -> int | None:
    """The year that an amount is compared with, where the words say one."""
    stated = list(_BASE.finditer(words))
    if stated:
        return int(stated[-1][1] or stated[-1][2])
    if (run := _RUN_IN.search(words)) and (year is None or int(run[1]) < year):
        return int(run[1])
    if re.search(r"[比较在][“\"]?十三五[”\"]?(?:末|期末|时期末)", words):
        return 2020
    if _PREVIOUS.search(words) and year:
        return year - 1
    return None
