"""Lists of names (并列): what each of several names is in full, with the head and the ending that they share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shuangkong.policy.reading import names

_SPOTS = re.compile(r"(.+?[、和].+?(?:区|市|地区|省|县|州|旗|盟|企业|行业|领域|城市群|流域|平原))([^市区县、和]{2,})$")


_EACH = re.compile(f"([^，。；]{{2,120}}?)分别((?:{names.ACTS}).{{3,}})$")
_SPOT = re.compile("[一-鿿]{1,6}[市区县省州旗盟]")


def places(name: str, count: int) -> list[tuple[str, str | None]] | None:
    """`count` places before one indicator: 甲市、乙市消费量 becomes 消费量 of 甲市 and 消费量 of 乙市."""
    each = _EACH.match(name)
    spots = [s for s in re.split(r"、|(?<=[区市省县州旗盟])和", each[1]) if s] if each else []
    if each and spots and all(_SPOT.fullmatch(s) for s in spots) and not names.has_indicator(each[2]):
        # 甲市、乙市分别关停机组4台、2台
        return [(each[2], spot) for spot in spots] if len(spots) == count else None
    found = _SPOTS.match(name)
    if not found or not names.has_indicator(found[2]):
        return None
    spots = [s for s in re.split(r"、|(?<=[区市省县州旗盟])和", found[1]) if s]
    fields = bool(re.search("领域|行业$", spots[-1])) and not any(names.has_indicator(s) for s in spots)
    fields = fields or (spots[-1].endswith("地区") and all(len(s) <= 4 for s in spots[:-1]))
    if len(spots) != count or not (fields or all(re.search("[区市省县州旗盟业群域原]$", s) for s in spots)):
        return None
    word = re.search("(?:领域|行业|地区)$", spots[-1])
    if word and not any(s.endswith(word[0]) or _ends_in(_THINGS, s) for s in spots[:-1]):
        # 钢铁、水泥行业 are 钢铁行业 and 水泥行业.
        spots[:-1] = [s + word[0] for s in spots[:-1]]
    return [(found[2], spot) for spot in spots]


def guessed(many: Sequence[str], words: str) -> bool:
    """Whether a name of a list was completed with so little of the last that more of it may be shared."""
    return any(name not in words and len(many[-1]) > 2 * len(name) + 2 for name in many[:-1])


def of_each(many: Sequence[str], scope: str | None) -> list[tuple[str, str | None]]:
    """(indicator, scope) of full names: where one thing is measured of several kinds, the kinds are the scopes."""
    told = [names.name_of(name) for name in many]
    if len({what for what, _ in told}) == 1 and all(
        whose and name.endswith(what) and what != name for name, (what, whose) in zip(many, told, strict=True)
    ):
        return told
    return [(name, scope) for name in many]


def listed(words: str, count: int) -> list[str] | None:
    """`count` names out of a list with a shared ending: 涂料、油墨使用比例 becomes 涂料使用比例 and 油墨使用比例."""
    # 重点工程减排量（2021—2025年累计）: the bracket says over which years.
    words = re.sub("(?<=[率量比重])（[^（）]*(?:累计|年)）$", "", names.trimmed(words))
    ways = (
        r"、",
        r"、|(?<=[一-鿿）A-Za-z0-9])和(?=[一-鿿A-Z])",
        r"、|(?<=[一-鿿）])(?:和|及(?!以[上下])|以及|与)(?=[一-鿿])",
        r"[、，]",
    )
    found = [[w for w in re.split(way, words) if w] for way in ways]
    items = next((i for i in found if len(i) == count), next((i for i in found if len(i) > count), []))
    return spread(items[-count:]) if count >= 2 and items else None


#: Whose measure it is, by the last word of a name: of one such kind a list names several before one measure.
_THINGS = re.compile(
    "建筑|住宅|厂房|房屋|企业|公司|工厂|园区|服务区|(?:用能|用水|排放|排污|事业)单位|机组|中心|项目|行业|领域|车辆|船舶|车|船|机关|机构|"
    "学校|医院|社区|小区|居民|住户|家庭|农户|设备|设施|电机|变压器|锅炉|窑炉|炉窑|电厂|电站|车站|基站|充电站|加油站|机场|港口|码头|景区|"
    "商场|商超|超市|酒店|宾馆|饭店|(?<!单位)产品"
)
_SPOTTED = re.compile("城市|县城|城镇|乡镇|镇|农村|乡村|村庄|城区|建成区|地区|区域|流域")
#: What is done or had, between whose it is and the measure: 排放 of 氨氮排放强度, 产量 of 再生铝产量占比.
_PROCESS = (
    "新增|累计|大宗货物|货物|排放|产生|产量|产值|产能|产品|销量|销售|用量|消费|消耗|使用|供应|供给|供电|供热|供暖|生产|加工|冶炼|制造|回收|处置|处理|收集|"
    "集中收集|利用|回收利用|再生|综合利用|循环利用|资源化利用|重复利用|无害化处理|无害化处置|安全处置|焚烧|填埋|清运|治理|创建|建设|改造|"
    "更新|报废更新|报废|淘汰|替代|推广|应用|开发|运输|周转|发电|用电|用水|用能|用地|取暖|清洁取暖|采暖|集中供热|节能|节水|节电|减排|降碳|脱硫|"
    "脱硝|装机|投资|安装|接入|配备|配置|达标|电气化|新能源化|智能化|数字化|数控化|资源化|减量化|无害化|面积|建筑面积|平均|综合|年均|"
    "单位产品|单位产值|单位面积|单位建筑面积|单位增加值|人均|能效标杆水平以上|标杆水平以上|能效标杆水平|标杆水平|能效基准水平以下|"
    "基准水平以下|能效|热效率"
)
_BETWEEN = re.compile(f"(?:{'|'.join(sorted(_PROCESS.split('|'), key=len, reverse=True))})$")
_LONG_WORD = max(map(len, _PROCESS.split("|")))
#: No name is longer; what is has no words in common with others.
_LONGEST = 80
#: A group word that a list has once, behind its last: 陕北、陕南地区, 钢铁、水泥行业.
_ONCE = re.compile("(?:地区|行业|领域|流域|系统)$")
#: Per what it is counted, once for several measures: 单位生产总值能源消耗和二氧化碳排放.
_PER = re.compile(
    "(?P<per>.*?(?:(?:单位|万元)(?:(?:国内|地区)?生产总值|GDP|(?:规模以上|规上)?工业增加值|增加值|产值|(?:建筑)?面积|产品|"
    "(?:运输)?周转量)|人均|亩均|吨(?:钢|铝|纸|水泥|熟料|产品)))(?P<what>[一-鿿]{2,6})"
)
_COUNTED_PER = re.compile(
    "(?:能源消耗|能源消费|综合能耗|能耗|水耗|电耗|用水|用能|用电|(?:二氧化碳|碳|(?:主要)?污染物|温室气体)排放)(?P<amount>量?)"
)
#: What is no measure before 强度 or 总量, but what is measured.
_USED = re.compile("(?:能耗|能源消费|能源消耗|煤炭消费|用水|用能|碳排放|二氧化碳排放)$")


def _parted(items: Sequence[str]) -> str:
    """What the last name of a list shares with those before it, which end in a word for whose it is like it."""
    bare, last = items[:-1], items[-1]
    if len(last) > _LONGEST:
        return ""
    for kind in (_THINGS, _SPOTTED):
        if any(names.has_indicator(b) or not _ends_in(kind, b) for b in bare):
            continue
        same = {[*kind.finditer(b)][-1][0] for b in bare}
        alike = [f.end() for f in kind.finditer(last, 1) if {f[0]} == same]
        if alike and names.has_indicator(last[alike[0] :]):
            # 公共建筑、国家机关办公建筑能耗: the word that ends them alike comes before others.
            return last[alike[0] :]
        at = 0
        while found := kind.search(last, at):
            at = found.end()
            while more := kind.match(last, at):
                at = more.end()
            if at > 1 and names.has_indicator(last[at:]):
                return last[at:]
    return ""


def is_kind(words: str) -> bool:
    """Whether words end in a kind of things or places of which something can be measured: 居住建筑, 县城."""
    return _ends_in(_THINGS, words) or _ends_in(_SPOTTED, words)


def _ends_in(pattern: re.Pattern[str], words: str) -> bool:
    return any(found.end() == len(words) for found in pattern.finditer(words))


def _ending(items: Sequence[str]) -> str:
    """The measure that ends the last name of a list, with what is done before it; empty where there is none."""
    last = items[-1]
    ending = names.SHARED_TAIL.search(last)
    if not ending:
        return ""
    start, least = ending.start(), min(2, *(len(b) for b in items[:-1]))
    while found := _BETWEEN.search(last, max(0, start - _LONG_WORD), start):
        again = (found[0], "电") if found[0] == "发电" else found[0]
        if found.start() < least or any(b.endswith(again) for b in items[:-1]):
            break
        start = found.start()
    once = _ONCE.search(last, 0, start)
    if (
        once
        and once.start() >= 2
        and all(len(b) <= 4 and (once[0] == "系统" or not _ends_in(_THINGS, b)) for b in items[:-1])
    ):
        start = once.start()
    if last[start:] in ("量", "率"):
        # 货运量, 报废率: the sign alone measures nothing.
        whole = re.search("((?!需氧)[一-鿿]{2}[量率])$", last[1:])
        return whole[1] if whole else last[start:]
    return last[start:]


def _per_head(items: Sequence[str]) -> list[str]:
    """Names with what those before them are counted per: 单位生产总值能源消耗和二氧化碳排放 are both of it."""
    full: list[str] = []
    per = ""
    for item in items:
        own, what = _PER.fullmatch(item), _COUNTED_PER.fullmatch(item)
        per = own["per"] if own else per if what else ""
        full.append(per + item if what and per and (not what["amount"] or len(items) == 2) else item)
    return full


def _told_alike(items: Sequence[str], made: Sequence[str]) -> list[str]:
    """Names with where or which the first of several kinds is: 改造后的居住建筑、公共建筑节能率."""
    if made[0] == items[0] or not _ends_in(_THINGS, items[0]):
        return list(made)
    spot = names.SPOT.match(items[0])
    where = spot[0] if spot and len(items[0]) > spot.end() + 1 and spot[0].endswith(("市", "县", "省", "州")) else ""
    which = re.match("([^、，]{2,12}的)[^的]{2,}$", items[0])
    head = which[1] if which else where
    told = [("的" in i and which) or names.SPOT.match(i) for i in items[1:]]
    return [made[0], *(full if own else head + full for own, full in zip(told, made[1:], strict=True))]


def _alike(items: Sequence[str]) -> list[str] | None:
    """Names whose last one goes on where the others end alike: 乘用车、商用车碳排放强度 are of 乘用车 and 商用车."""
    bare, last = items[:-1], items[-1]
    for i in range(1, len(last) - 3):
        rest = last[i + 1 :]
        long = i > 1 and all(len(b) > 2 and b[-2:] == last[i - 1 : i + 1] for b in bare)
        if long or all(len(b) > 1 and b[-1] == last[i] and abs(len(b) - i - 1) <= 2 for b in bare):
            told = names.has_indicator(rest) and not any(names.has_indicator(b) for b in bare)
            return [*(b + rest for b in bare), last] if told and len(rest) > 2 else None
    return None


def spread(items: Sequence[str]) -> list[str]:
    """Names with the ending of the last one put behind those that lack it, and the head of the first before all."""
    items = [names.PLACE.sub("", names.trimmed(i)) for i in items]
    items = _per_head(items)
    return _told_alike(items, _with_ending(items))


def _with_ending(items: Sequence[str]) -> list[str]:
    kinds = re.search("）([^（）]{4,})$", items[-1])
    if kinds and names.has_indicator(kinds[1]) and not any(names.has_indicator(i) for i in items[:-1]):
        # 公交车、出租车（含网约车）新能源车占比
        return [*(i + kinds[1] for i in items[:-1]), items[-1]]
    of = re.match("(.{2,}?)(占(?!比).{2,})$", items[-1])
    if of and not any("占" in i for i in items[:-1]):
        # 风电、光伏发电量占全社会用电量的比重: each has its own share of the whole.
        return [i + of[2] for i in _with_ending([*items[:-1], of[1]])]
    if shared := _parted(items):
        # 营运车辆和营运船舶单位周转量排放: what is measured follows the last of several kinds.
        return [*(i + shared for i in items[:-1]), items[-1]]
    if alike := _alike(items):
        return alike
    ending = _ending(items)
    if not ending:
        return list(items)
    made = [_completed(i, ending) for i in items[:-1]] + [items[-1]]
    first_of = re.match("(.{3,}?)[一-鿿]{2}率$", items[0])
    if first_of:
        # 系统数据上传率、准确率
        made[1:] = [first_of[1] + m if re.fullmatch("[一-鿿]{2}率", m) else m for m in made[1:]]
    head = re.match("(溶剂型|主要农作物|[三主]?[大要]?粮食作物).{2,}$", items[0])
    if head:
        made[1:] = [m if m.startswith(head[1]) else head[1] + m for m in made[1:]]
    return made


def _completed(item: str, ending: str) -> str:
    """A name of a list with the ending that it shares with the last, where it is no measure without it."""
    own = names.SHARED_TAIL.search(item)
    if ending.endswith(("强度", "总量")) and _USED.fullmatch(item):
        return item + re.sub("^(?:排放|消费|消耗)", "", ending)
    if re.search("(?:率|天数|浓度|比例|比重|占比)$", item) or (_COUNTED_PER.search(item[-6:]) and ending == "排放"):
        return item
    # 化学需氧量 ends in 量 without being a measure of its own: only endings of two signs or more count.
    return item if own and len(own[1]) > 1 and item != own[1] else item + ending
