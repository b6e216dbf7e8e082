"""Which amounts are targets (取舍): what a document sets is in; thresholds, sizes, prices, what stands are out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from shuangkong.policy.reading.names import ACT, done_by, has_indicator, share, trimmed
from shuangkong.policy.reading.times import time_only, timeless
from shuangkong.policy.reading.values import COUNTED, Amount

#: Money given to somebody on a condition is a rule, not a target.
_RULE = re.compile(
    r"给予|补贴|补助|奖励|奖补|扶持|资助|加价|罚款|处罚|上浮|下浮|浮动|贴息|征收|收取|费用|最高不超过|费率|税率|利率|电价|水价|加收"
)
_PAST = re.compile(
    r"已(?:经|累计|建|完成|达|实现|有|形成|创[建成]|培育|认定|获[评批得]|评[定为选]|命名|公布|入选|授牌)|(?<![比较])(?<![比较][“\"])十三五[”\"]?(?:期间|时期|以来|末)?|目前|近年来|(?<![比较])去年|(?<![比较])上年(?!度?基础)|现有(?=[0-9])|截至(?:20\d\d年|目前)|以来|全年(?:完成|实现)了"
)
_THRESHOLD_NOUN = re.compile(
    r"^(?:的)?(?:（[^）]*）)?的?[一-鿿A-Z“]*?(?:单位|企业|项目|锅炉|机组|地区|城市|用户|建筑|设施|地方|加油站|数据中心|船舶|车辆|泊位|装置|产能|炉|电机|油罐|储罐|园区|行业|用能|污染|规模|范围)"
)
_ATTRIBUTE = re.compile(
    r"(?:能耗|耗能|消费量?|能力|面积|容量|功率|人口|半径|含量|投资额?|规模|用地|销售量?|排放量|产值|收入|用量|热值|电压|里程|吨位|有机物|日处理.*|大于|小于|超过|低于|不足|高于|过)(?:达到?|为|在|大于|小于|超过|低于|高于)*$"
)
_CONDITION = re.compile(r"(?:^|，)(?:对|对于|凡|如|若|将|把|除|在)(?!.{0,4}(?:20\d\d|十四五))[^，]*$")
_FREQUENCY = re.compile(
    r"至少开展|至少组织|频次|提前(?!报废|淘汰|退出|更新|关停|完成)|连续(?!储能|放电|供[电热水气能暖]|充电|调节)|期限|时限|时间|为期|不超过\d+年|督察|反馈"
)


def is_target(text: str, start: int, end: int, part: int, group: Sequence[Amount]) -> bool:
    """Whether a group of amounts sets something."""
    first, last = group[0], group[-1]
    words = _FROM.sub("", text[part : first.start])
    sentence = text[start:end]
    if _inside(text, start, first.start, "《", "》") or _quoted(text, start, first.start):
        return False
    if first.unit.endswith("元") and re.search(_FUND, words) and not _CONDITION.search(words):
        return not _PAST.search(words)
    if not first.unit.endswith("元"):
        words = words.removesuffix("最高不超过") + ("不超过" if words.endswith("最高不超过") else "")
    if _RULE.search(words + last.after[:16].split("，")[0]) or (
        re.search("给予|补贴|补助|奖励|扶持", sentence)
        and not (COUNTED.search(first.unit) and not _CONDITION.search(words) and ACT.search(words))
        and not (_DATED.search(words) and has_indicator(trimmed(words)) and not first.unit.endswith("元"))
    ):
        return False
    if _HAVING.search(words) and not first.said and not first.behind:
        return False
    if _PAST.search(words) or _FREQUENCY.search(words[-10:]):
        return False
    if _ALLOWED.search(words) or (COUNTED.search(first.unit) and words.endswith("每")):
        # 利用率可降低至90% allows, and 每50个车位配建1台 counts by fifties: neither is to be reached.
        return False
    if _UNMET.search(words) and not re.search("确保|力争|目标|保证", words):
        # 未超过3天 tells or asks; 确保未超过 sets.
        return False
    if first.unit.endswith("倍") or first.unit == "倍":
        bound = first.comparator in ("at_least", "at_most") and not first.behind and has_indicator(trimmed(words))
        return bound or bool(re.search("替代|置换|减量|提高|达到|增长", words + last.after[:14]))
    bracket = _inside(text, start, first.start, "（", "）")
    told = first.unit == "%" and len(words) <= 12 and has_indicator(trimmed(words))
    told = told or (first.unit == "%" and words.startswith("占"))
    if bracket and not told and not first.said and not re.search("达到?|下降|提高|降低|增长|减少|控制在|力争", words):
        return False
    if bracket and re.search("含硫|含量|指|简称|以下", words):
        return False
    if re.match("的(?:[，；：]|$)", last.after):
        # 超过10%的，加价: a condition
        return False
    if first.unit.endswith("元") and re.search("扣减|扣除|核减|追回", words):
        return False
    if first.unit.endswith("元") and first.comparator == "at_most" and _EACH_CAP.search(words):
        return False
    if first.unit == "%" and _PAID_OUT.search(words):
        return False
    if (
        _STARTS.match(last.after)
        or re.search(r"[由从](?:20\d\d年[底末]?的?)?$", words)
        or re.search("巩固|成果|问题", last.after[:14].split("，")[0])
    ):
        return False
    if words.endswith(("力争", "争取")) and first.unit and not re.match("的?[一-鿿]", last.after):
        return True
    named = re.search("(?:比例|比重|占比|率)[^，]{0,4}$", words)
    if first.value < 1 and not first.unit and (named or share(last.after)):
        return not _CONDITION.search(words)
    if first.to_one:
        return bool(re.search("比|置换|替代|系数", words[-16:] + last.after[:14])) and not _CONDITION.search(words)
    if not first.unit:
        return (
            bool(
                re.search("[面积桩头重]比|PUE|电能利用效率|电能使用效率|WUE|系数|指数|比值|容积率|能效比|PM|AQI", words)
            )
            and not _narrows(last)
            and (first.said or bool(first.behind))
        )
    after = last.after
    if first.unit == "%" or first.unit == "‰":
        return _percent(words, first, after)
    if "吨级" in first.unit or first.unit.endswith("千伏"):
        return False
    if COUNTED.search(first.unit):
        return _count(words, first, after)
    return _amount(words, first, after)


#: What may be, not what is to be.
_ALLOWED = re.compile(
    "(?<![不许认])可(?:以|适当|适度|酌情|再)*(?:降低|降|放宽|下调|下浮|上浮|下放|延长|放松)[到至为]?$"
)
#: 1万吨提高到3万吨: the first is where it comes from.
_STARTS = re.compile("(?:提高|提升|增加|增长|扩大|上升|压减|减少|下降|降低|降)[到至](?:20[0-9]{2}年[底末]?的?)?[0-9]")
#: An item of a list goes on with what stood before: 建成充电站1000座、充电桩12万个.
_ITEM = re.compile(r"^[、，和及以]{0,2}(?:其中)?[一-鿿A-Za-z“”（）()·]{0,18}$")
_NO_ITEM = re.compile("对|将|把|如|若|凡|不|已|过|每|由|从|的$|年$|月$")


def past(text: str, start: int, at: int, future: int) -> bool:
    """Whether a place stands behind words for what has been (近年来, 截至…), and behind no time to come after them.

    future: where the last time to come before `at` begins, or -1."""
    spoken = [found.start() for found in _BEHIND_US.finditer(text, start, at)]
    return bool(spoken) and spoken[-1] > future


#: Where a rise or a fall begins is none: 由目前的27%提高到30%.
_FROM = re.compile(
    "[由从](?:目前|当前|现在|现有|上年|20[0-9]{2}年[底末]?)的?(?:不足|不到|约)?[0-9.]+[^，。；0-9]{0,8}?(?=提高|提升|增加|扩大|增长|上升|下降|降|压减|减)"
)
#: A goal with its year stands by itself, though the sentence began with money for somebody.
_DATED = re.compile("^(?:并)?(?:力争|确保|争取)?(?:[到至]?20[0-9]{2}年[底末]?|“?十[四五]五”?末?期?间?)")
#: What a size picks out stands right behind it.
_SIZED = re.compile("(?:及?以[上下])?(?:的|级)?(?!以上|以下|左右|以内|和|及|或|与)[一-鿿]{2}")
#: Said of a whole sentence, not only of the words before a comma.
_BEHIND_US = re.compile(
    r"(?<![比较])(?<![比较][“\"])十三五[”\"]?(?:期间|时期|以来|末)|近年来|截[至止](?=20|目前)|目前，|以来，"
)


def goes_on(text: str, before: Amount, part: int, group: Sequence[Amount]) -> bool:
    """Whether a group is one more item of the list that the last target stands in."""
    first, last = group[0], group[-1]
    between = text[before.end : first.start].removeprefix("）")
    if not before.unit and not first.unit and first.said and len(between) <= 24 and "。" not in between:
        # PUE降低到1.3以下，寒冷地区降低到1.25以下
        return not _CONDITION.search(between)
    if len(between) > 20 or not first.unit or first.unit in ("倍", "天", "小时"):
        return False
    things = re.fullmatch("[一-鿿A-Za-z“”]{2,18}(?:[、和及]|以及)", between)
    if things and COUNTED.search(before.unit) and COUNTED.search(first.unit):
        # 建设3个基地和10个园区
        return re.match("(?!的)[一-鿿“]{2}", last.after) is not None and not _NO_ITEM.search(between[:-1])
    if not between and COUNTED.search(before.unit) and not COUNTED.search(first.unit):
        # 锅炉800台1200蒸吨; the size of the things is none: 2台35吨燃煤锅炉
        return not _SIZED.match(last.after)
    things = re.fullmatch("([一-鿿A-Za-z“”]{2,14})([，、][一-鿿A-Za-z“”]{3,14})", between)
    if things and COUNTED.search(before.unit) and COUNTED.search(first.unit) and not ACT.search(before.after[:2]):
        # 遴选20家领跑者，合同能源管理项目300个以上: what stood behind the count before is its own.
        between = things[2]
    items = re.split("[、，；]", between)
    name = items[-1]
    if before.unit == first.unit and time_only(name):
        # 2024年10家、2025年12家
        return True
    if len(items) > 2 or not re.match("[、，；和及以]", between) or not _ITEM.match(name) or _NO_ITEM.search(name):
        return False
    if (
        name.count("（") > name.count("）")
        or _RULE.search(name)
        or _PAST.search(name)
        or (_HAVING.search(name) and not first.said)
        or (_ATTRIBUTE.search(name) and last.behind)
    ):
        return False
    # 接入光伏20万千瓦、充电桩3万台的能力: the list has one end for all.
    return re.match(r"[、，。；（）\n]|和|及|$|的[^，。；0-9]{0,6}能力(?=[，。；）\n]|$)", last.after) is not None


def of_which(words: str, group: Sequence[Amount], units: Collection[str]) -> bool:
    """Whether a group is a part of a total that was set before: 其中风电200万千瓦."""
    last = group[-1]
    part = re.search("其中[，：]?[0-9一-鿿“”]{1,18}$", words)
    if part is None or re.search("[0-9]", timeless(part[0])):
        return False
    return group[0].unit in units and re.match(r"[、，。；）\n]|和|及|$", last.after) is not None


def _percent(words: str, first: Amount, after: str) -> bool:
    if words.endswith("，") and share(after):
        return True
    if re.search("(?:预留|留出|留足)(?:不少于|不低于|至少|约)?$", words):
        # 预留8%的年度指标
        return not _CONDITION.search(words)
    if re.search("形成|具备|达到", words) and re.match("的[^，。]{2,8}能力", after):
        # 形成最大用电负荷5%左右的需求响应能力
        return not _CONDITION.search(words)
    if re.search("占(?!全[国省市区县球]|世界)[^，。0-9]{2,20}的$", words):
        # 占总装机的55%
        return not _narrows_words(after) and not _CONDITION.search(words)
    if not first.said and done_by(words, after):
        return not _CONDITION.search(words)
    if not trimmed(words) and first.comparator == "at_least" and share(after):
        # 不少于60%的加油站建成监控
        return True
    if re.fullmatch("(?:.*[，：])?(?:分别)?(?:完成|实施|推动|实现)", words) and re.match("的?[一-鿿]{4,}", after):
        return True
    if first.said or has_indicator(trimmed(words)):
        return not (
            _narrows_words(after)
            and re.match(
                r"的(?!(?:约束性|预期性|考核|总体|年度|基本|激励|控制)?(?:比例|比重|目标|要求|任务|指标|水平))", after
            )
            and not _share_end(words, after)
        )
    if re.match("的?节能的?[一-鿿]{0,8}?(?:设计)?(?:标准|要求)", after):
        return True
    if share(after) or after.startswith("达标") or re.match(r"的?(?:比例|比重)", after):
        return not _CONDITION.search(words)
    return words.endswith("具备") or (bool(ACT.search(words)) and not re.match("的", after))


#: What one of many may get at most, or in which parts it is paid, is a rule of money.
_EACH_CAP = re.compile(
    "(?:单个|同一个?|单户|单家|单一|每[个户家])[^，；]{0,8}?(?:企业|项目|单位|主体|园区|法人|集团|申请人|个人|机构|用户)"
)
_PAID_OUT = re.compile(
    "(?:拨付|预拨|兑付|发放|支付|预付|清算)(?:剩余|其余|余下|尾款|首[笔批期])?的?(?:[补奖][助贴励]|资金|款项?|总额|核定|的)*$"
)
#: Money set aside for all, whatever somebody may get of it.
_FUND = "(?:安排|设立|投入|筹措|统筹)[^，补奖]{0,16}(?:专项资金|资金|基金|经费)(?:不少于|不低于|共|约)?$"
#: 现有燃煤锅炉1.2万台 tells, 现有数据中心PUE不超过1.5 sets.
_HAVING = re.compile("(?:^|，)现有(?!.*(?:改造|淘汰|整治|更新|退出|提升))")
#: What has not been reached or passed.
_UNMET = re.compile("(?:未能?|没有|没)(?:超过|突破|高于|大于|多于|低于|小于|少于|达到?|满|完成|实现)(?:约)?$")


def _share_end(words: str, after: str) -> bool:
    return bool(re.match("的(?:比例|比重|目标|要求|任务|水平|尖峰|占)", after))


def _narrows(amount: Amount) -> bool:
    return _narrows_words(amount.after)


def _narrows_words(after: str) -> bool:
    """Whether what follows is a noun that the amount only picks out: 5万吨以上的企业."""
    return bool(
        re.match(
            r"的(?!(?:约束性|预期性|考核|总体|年度|基本|激励|控制)?(?:比例|比重|目标|要求|任务|指标|水平|速度|幅度|占比))[一-鿿“A-Z]",
            after,
        )
    )


def _count(words: str, first: Amount, after: str) -> bool:
    acts = ACT.search(words)
    if re.fullmatch("(?:每年|[两三四五]年|累计)*对(?:不少于|不低于|至少)?", timeless(words)):
        # 对30家重点用能单位开展节能监察
        return bool(re.match("(?!以上)[^，的]{2,}?(?:开展|实施|进行|组织|完成)", after))
    if re.match(r"(?:月|工作日|小时|部门|单位联合|试点城市已)", after):
        return False
    if first.behind in ("以下", "及以下", "及以上") and re.match("的?[一-鿿]", after) and not first.said:
        return False
    if re.search(r"(?:超过|大于|低于|不足|小于|多于)$", words) and _narrows_words(after):
        return False
    if acts or first.said:
        return not _CONDITION.search(words) or bool(acts)
    # 全省7家企业基本完成改造: the verb stands behind what is counted.
    things = re.split("[，；]", after)[0]
    if re.match("在(?!全)[^，]*$", words) and not re.search("全[省市国区县]$", words):
        # 在污染较重的100个县推进示范
        return bool(re.search("推进|开展|实施|建设|推广", things))
    return bool(re.search(r"完成|建成|实现|达到|整治|改造|投产|退出|关停|覆盖|达标|消除", things)) and not re.match(
        "的", after
    )


def _amount(words: str, first: Amount, after: str) -> bool:
    picks = re.match(r"(?:的)?(?:（[^）]*）)?(?:的)?[一-鿿“A-Z]", after) is not None and not re.match(
        r"和|及|以及|与|或|等|，", after
    )
    said = first.said or has_indicator(trimmed(words))
    if first.behind in ("及以上", "及以下", "含以上") and picks:
        return False
    if RUNS.match(after) and re.search("[一-鿿]{2}$", words) and not first.behind:
        # 某电站140万千瓦机组2025年底前全部投产
        return not _CONDITION.search(words)
    if first.behind in ("以上", "以下", "以内") and picks:
        near = re.search(r"(?:新增|增加|达到|腾出)[^，]{0,12}$", words)
        return bool(near) and first.behind == "以上" and not re.match("的", after) and not _CONDITION.search(words)
    if re.match("范围|半径|规模", after):
        return False
    if (
        picks
        and first.unit.endswith("元")
        and re.search("设立|组建|成立|发行", words)
        and re.match("的[^，。]{0,12}(?:基金|债券)", after)
    ):
        return True
    if picks and re.match("的", after):
        return False
    if picks and re.search(r"(?:(?<!不)超过|大于|小于|(?<!不)低于|不足)$", words):
        return False
    if re.search("指标(?!为|值)", after[:8]) and picks:
        return False
    if said:
        return not (_ATTRIBUTE.search(trimmed(words)) and _CONDITION.search(words) and first.behind)
    acts = re.search(rf"(?:{ACT.pattern})(?:约|近|共)?$", words) if picks else ACT.search(words)
    return acts is not None and not _CONDITION.search(words)


#: A whole set that starts to run by a day.
RUNS = re.compile(
    "机组(?:[到至]?20[0-9]{2}年[底末]?前?)?(?:力争|确保)?(?:全部|全面|全容量|建成|实现)+(?:投产|投运|投用|并网|运行)"
)


def _inside(text: str, start: int, at: int, opening: str, closing: str) -> bool:
    return text.rfind(opening, start, at) > text.rfind(closing, start, at)


def _quoted(text: str, start: int, at: int) -> bool:
    return text.rfind("“", start, at) > text.rfind("”", start, at) and at - text.rfind("“", start, at) < 16
