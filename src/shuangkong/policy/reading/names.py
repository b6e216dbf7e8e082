"""What a target is about (指标名称): the words before or behind its number, without time, place and verbs."""

from __future__ import annotations

import re

from shuangkong.policy.reading.times import timeless
from shuangkong.policy.reading.values import COUNTED, UNIT

TAIL = re.compile(
    r"(?:率|比例|比重|占比|量|能耗|消耗|强度|面积|能力|容量|规模|水平|排放|浓度|PUE|PUE值|值|天数|次数|覆盖|数量|长度|里程|收入|产值|投资|资金|产能|系数|指数|效率|"
    r"消费|用水|煤耗|电耗|水耗|时长|管网|总数|人数|倍数|份额|装机|增加值|幅度|增速|蓄积|盖度|改造|标准)(?:（[^）]*）)?$"
)
_LEADING = re.compile(
    r"^(?:(?:鼓励|引导|督促|支持)(?=(?:有|具备|符合)条件的)|其中|分别|并且|并|且|同时|力争|确保|全面|努力|积极|推动|推进|使|实现|到|的|基本|以及|及|和|或者|或|即|原则上|要|应|须|将|每年|年均|累计|总体|不断|进一步|"
    r"持续|加快|通过[^，]{2,20}|[，：:、“；]|20\d\d年(?:底|末|年底|年末)?前?|[“\"]?十[四五]五[”\"]?(?:期间|时期|末)?|(?:至|到)20\d\d年(?:底|末)?|前|底|末)"
)
_VERBS = (
    r"(?:达到或超过|达到|达|提高到|提高至|提升到|提升至|提升|提高|增加到|增加|增长到|增长|扩大到|扩大至|上升到|上升|稳定在|保持在|保持|维持在|控制在|控制目标为|目标为|"
    r"平均|提至|提到|升至|升到|(?:[比较])(?:历史)?(?:峰值|高峰)(?:水平|时)?|"
    r"完成|降至|降到|降低到|降低至|降低|下降到|下降至|下降|减少到|减少至|减少|削减|压减到|压减|不低于|不少于|不小于|超过|突破|不超过|不高于|不大于|高于|低于|小于|大于|"
    r"至少|优于|最高|最低|最|(?:基本|激励|约束性|预期性)目标|(?<=[低降少])基本|20\d\d年的?水平|(?:达到|完成)?(?:国家|自治区|[省市])?下达的|20\d\d年[底末]?前?|每[日天月]|(?:不低于|不少于|不高于|不超过|不得高于|不得低于|不得超过)[一-鿿]{2,10}的|约为|约|近|为|分别|平均|(?<![平人])均|都|各|[高低]于[一-鿿]{2,9}水平|再|逐年|不得|不[宜应可能会再]|严禁|禁止|避免|防止|力争|原则上|应|要|须|总体|实现|累计|合计|总计|共计|共达|年均|每年|今后|降幅|增幅|稳定|至|到|在|幅度|不得低于|不得超过|可|以|也|逐步|"
    r"(?:(?<![占配])(?<!车桩)比|较|相比|在)20\d\d年(?:水平|的基础上|基础上)?|同比|比上年|较上年|[“\"]?十[四五六]五[”\"]?(?:期间|时期)?|五年|(?:比|较)[“\"]?十三五[”\"]?(?:期)?末|高出|高|低|[≥≤><：:“，])"
)
_TRAILING = re.compile(rf"{_VERBS}$")
PLACE = re.compile(r"^(?:全省|全市|全国|全区|全县|全州|我省|我市|我区|我县|本市|本区|全系统)(?:的)?")
_WHO = re.compile(
    r"(?:市|省|区|县|州|旗|镇|乡|村|侧|企业|行业|单位|其他|其余|其中|农村|城镇|机关|流域|区域|东部|中部|西部|建筑|车辆|船舶|项目|产品|机组|锅炉|领域|部门|产业园|工业园|数据中心|基地|集群|"
    r"(?:改造|扩建|建成|投产)后|年|或|）)$"
)
ACTS = (
    "突破(?=[一-鿿])|植树|新创(?!建)|创成|获评|接入|拆除|报废|取缔|腾退|铺设|敷设|投用|配齐|新建改造|新建|新增|建成|建设|建立|创建|培育|打造|实施|开展|完成|推广|遴选|选择|推动|推进|支持|形成|认定|评选|遴选发布|发布|淘汰|改造|整治|制定|制修订|制订|布局|组织|扶持|"
    "引进|组建|设立|安排|投入|筹措|统筹|争取|实现|腾出|节约|替代|关停|退出|压减|削减|治理|修复|造林|绿化|更新|更换|配备|投放|举办|纳入|探索|试点|建造|增设|安装|回收|处置|"
    "利用|关闭|清理|减少|降低|化解|培训|培养|具备|达到|扩建|改建|迁建|公布|推出|启动|落实|新创建|再|力争|新培育|新认定|改扩建|投运|并网|供应|储备|拨付|下达|选取|投产|投用|惠及|覆盖|服务|带动|撬动"
)
# Repeated they are possessive (++): 新建改造 is also 新建 and 改造, and many such words would be tried in every way.
ACT = re.compile(rf"(?:{ACTS})")
_SHARE_VERB = re.compile(
    r"(?<!.)(?P<who>.*?)(?P<did>(?:基本|全部|全面|完成|建成|达到|具备|实现|使用|采用|开展|纳入|执行|配备|安装|符合|接入|建立|通过|获得|达成|得到|落实|成为|淘汰|参与|改造|创建|实施|建设|配建|预留|安装|推行|推广).*)$"
)
SHARED_TAIL = re.compile(
    r"((?:重点工程|主要|年|累计|综合)*(?:减排量|排放总量|排放量|排放|削减量|节能量|减碳量|发电量|用电量|用水量|用能量|保有量|销售量|销量|处理量|供应量|周转量|使用量|消费量|消费总量|用量|使用比例|综合利用率|资源化利用率|利用率|覆盖率|处理率|收集率|达标率|"
    r"回收率|处置率|普及率|普及|治理率|装机容量|装机规模|装机|产量|产能|能耗|水耗|电耗|浓度|比例|比重|占比|面积|数量|规模|能力|强度|收入|增加值|交易额|销售额|营业额|余额|煤耗|油耗|能效|效率|水平|率|量))$"
)


def trimmed(words: str) -> str:
    """Words without leading connectives and trailing verbs."""
    words = re.sub(r"20\d\d年[底末]?的$|以20\d\d年[^，]{0,10}为(?:基数|基期|基准|参照)", "", words)
    words = re.sub(r"(?<=.)[到至]20\d\d年[底末]?前?(?=.)", "", words)
    before = None
    while before != words:
        before = words
        words = _LEADING.sub("", words)
    before = None
    while before != words:
        before = words
        words = _TRAILING.sub("", words)
    return words.strip("，、：:“”；（ ")


_EFFECT = re.compile(
    "(.{2,60}?(改造)?)(?:可|将|能|预计|累计|每年|分别){0,3}(形成|产生|释放)(年?(?:节能量|节能能力|减排量|减排能力|减碳量|降碳量|节水量))$"
)


def name_of(words: str) -> tuple[str, str | None]:
    """(indicator, scope) of the words before a number; the indicator is empty where they name only a place."""
    # 占比由30%提高到40%: where it comes from is none of its name.
    words = re.sub(
        r"[由从](?:20\d\d年[底末]?的?)?[0-9][0-9.]*[^，]{0,12}?(?:提高|提升|增加|增长|上升|下降|降低|降|减少|扩大|压减)?[至到]?$",
        "",
        trimmed(words),
    )
    place = PLACE.match(words)
    scope = place[0] if place else None
    words = trimmed(words[place.end() :]) if place else words
    words = re.sub("^.*[0-9][^，]*的(?:地区|城市|企业|单位|项目|园区)(?=.{4,})", "", words)
    # 占比须高于全市平均水平: what it has to be is none of its name, what it is compared with is.
    words = re.sub("[须应要](?=(?:高于|低于|优于)[^，]{2,10}(?:水平|值|增速)$)", "", words)
    behind = _PLACE_BEHIND.match(words)
    if behind:
        words, scope = behind[1], behind[2]
    doing = re.match("[^率]{6,}?(?:力争|争取|确保)?实现([^实现]{3,}率)$", words)
    words = doing[1] if doing else words
    of = re.match(r"(.+?)(?:达到|占)([^达占]{2,18})的$", words)
    if of and not TAIL.search(words):
        whose = trimmed(re.sub("(?:一般|原则上)应?$", "", of[1]))
        # 能力达到负荷的5% is no share of it, 销量达到总量的20% is.
        return scoped(whose, scope) if whose.endswith("能力") else (re.sub("(?<![产销])量$", "", whose) + "占比", scope)
    for pattern in (
        r"^(.{2,}?)((?:能效)?(?<!未)达到[^，]{2,16}的?(?:产能)?(?:比例|比重|占比))$",
        r"^(.{2,}[车品物率构位业房筑])(使用[^，]{2,20}(?:比例|比重|占比))$",
        rf"^(.{{3,}}(?:{_WITHIN}|里))[，]?的?([^，]{{3,}}(?:比例|比重|占比|率))$",
        r"^(.{2,}[^和与、的])(单位[^，]{3,20}(?:排放|能耗|消耗|强度|水耗|电耗)(?:强度)?)$",
    ):
        found = re.match(pattern, words)
        if found:
            return found[2], found[1]
    if effect := _EFFECT.match(words):
        # 节能降碳改造形成节能量: what is done, and what comes of it.
        return (effect[2] or "") + effect[3] + effect[4], effect[1]
    renewed = re.match("(改造后)的?(.{3,})$", words)
    if renewed and has_indicator(renewed[2]):
        return renewed[2], scope or renewed[1]
    return scoped(words, scope)


KINDS = "建筑|企业|园区|用能单位|机组|数据中心|项目|行业|领域|车辆|船舶|产品|机关|锅炉|窑炉"
#: Where a word for a kind of place is only the beginning or the end of another: 市场, 市政, 超市, 县域, 城市物流.
_MARKET = "市(?![场政民容值内直级辖郊盟县]|州|区(?!域))"
_COUNTY = "(?<!郊)县(?![域级城乡内属]|区(?!域)|市)"
_DISTRICT = "区(?![域间级位内块划属县]|分|县)"
_PROVINCE = "(?<![节国])省(?![级内会份直际属煤道])"
_IN_WORDS = rf"(?<![超上门夜]){_MARKET}|{_COUNTY}|{_DISTRICT}|{_PROVINCE}"
GROUP = re.compile(
    r"(?:(?<![、，和与及])(?<!^)城市(?![群圈]|更新)|地区|区域|流域|(?<!单位)建筑|厂房|企业|园区|用能单位|机组|数据中心|项目|行业|领域|车辆|船舶|产品|机关|县城|"
    rf"(?<!城)(?:{_IN_WORDS})|(?<!城)镇(?!区)|学校|医院|锅炉|窑炉|（区）|（市）)"
    r"(?=(.{4,}|PUE|WUE)$)"
)
#: What measures without saying what: 面积占比 alone is no name.
BARE = re.compile(rf"(?:{TAIL.pattern[:-1]}|平均|总|新增|年|的)++$")
_ROSTER = re.compile(r"^(.{6,}?等(?:[0-9一二三四五六七八九十]+[种类个])?)([^的]{5,})$")
SPOT = re.compile(
    r"(?!全|各|城|本|单位|我|园|片|建成|市|县|区|乡|镇|大|中|老|新|其他|主)(?:京津冀|长三角|珠三角|粤港澳大湾区|成渝|汾渭平原|"
    r"每个(?:设区的?市|[省市县区镇])(?:[州县区]|（[市区]）)?|"
    rf"[一-鿿]{{1,5}}?(?:{_IN_WORDS}|自治区|自治州|(?<!联)盟|地区|流域|城市群|新区))(?:及周边地区|地区|核心区)?(?!域|间|级|位)"
)


#: In what a share is had, and not in 中小企业, 中水 or the name of a place.
_WITHIN = "(?<![集其、（和与及])中(?![心水小型央学医试部欧国山]|低[压产温]|高[压频]|长期|等职|转)"
#: 无害化处置率甲北地区: where something is measured, behind what is.
_PLACE_BEHIND = re.compile(
    "(.{3,}(?:率|比例|比重|占比|浓度|强度|能耗))在?((?![较高低未不在全各])[一-鿿、]{1,8}(?:地区|流域|城市群|[省市县]|(?<!园)区))$"
)
_REGIONS = re.compile("(?![其集空])(?:[一-鿿][东南西北中](?:[、和]|$))+")


def done_to(words: str) -> str:
    """What a phrase of doing is about: 推进整县屋顶光伏开发 is about 整县屋顶光伏; empty where it does nothing."""
    words = re.sub("^[^一-鿿]+", "", words)
    found = re.match(rf"(?:积极|大力|加快|滚动|持续|有序|全面|深入)*(?:{ACTS}|发展|加强|加快|开发|提升|抓好)+", words)
    if not found:
        return ""
    return re.sub(r"(?:开发|建设|改造|发展|推广|应用|工程|行动|工作|力度|步伐)+$", "", words[found.end() :])[:20]


def says_nothing(name: str) -> bool:
    """Whether a name holds a measure but not of what: 总规模, 设立总规模."""
    if re.search("造林|绿化|修复|培训|回收|^(?:腾出|节约|替代).", name):
        return False
    return bool(name) and not re.search("[A-Z]", name) and not re.sub(rf"^(?:{ACTS})+", "", BARE.sub("", name))


def scoped(words: str, scope: str | None) -> tuple[str, str | None]:
    """(indicator, scope): long names without whom they are for, and without brackets; a place stays in short ones."""
    words = re.sub(r"（[^）]*）(?!的?项目)", "", words) if len(words) > 8 else words
    roster = _ROSTER.match(words)
    if roster and has_indicator(roster[2]):
        return roster[2], roster[1]
    for found in reversed(list(GROUP.finditer(words))):
        who, what = words[: found.end()], words[found.end() :].removeprefix("的")
        if "占" in who:
            continue
        if len(who) < 6 or re.match("[中和、与及或内里]|面积", what) or not has_indicator(what):
            continue
        # What is left has to be a name of its own, the more so the more goes.
        if 3 * (len(what) - 1) < len(words) - 1 and len(what) < 6 and not re.match("[A-Z]|电能利用效率", what):
            continue
        if re.match("PUE|WUE|电能利用效率", what) or len(BARE.sub("", what)) >= 2:
            return what, (scope or "") + re.sub("^(?:累计)?(?:完成|建成|实施|实现|推动)", "", who)
    many = re.match("(.*、.*、)([^、]{6,})$", words)
    if many and len(words) > 24 and has_indicator(many[2]):
        # 利用铁路、水路、皮带廊道、新能源汽车运输大宗货物的比例: the last of a long list stands for all.
        return many[2], (scope or "") + many[1].rstrip("、")
    spot = SPOT.match(words)
    if not spot or len(words) <= spot.end() + 1:
        # 近零碳社区 is what is counted, not where.
        return words, scope
    more = re.match("(?:[、和][一-鿿]{1,6}?(?:地区|[省市县州]|区(?!域)))*", words[spot.end() :])
    return words, scope or spot[0] + (more[0] if more else "")


def is_place(words: str) -> bool:
    """Whether words only say who or where, so that what is measured was named before."""
    short = len(words) <= 2 and not re.match("节|减|煤|水|风|光|电", words)
    return short or _WHO.search(words) is not None or _REGIONS.fullmatch(words) is not None


def has_indicator(words: str) -> bool:
    """Whether the words end in something that is measured, and not only in a place or a group."""
    return bool(TAIL.search(words))


def counted(before: str, unit: str, behind: str) -> str:
    """The name of a count whose things stand behind it (建成3个试点) or before it (试点3个)."""
    things = re.sub(r"^(?:的|左右|以上|以内)+", "", behind)
    if sized := _SIZED.match(things):
        # 2台35吨燃煤锅炉改造: the size is part of the name.
        things = re.split("[，。；：（、]", things[sized.end() :])[0]
        return (sized[0] + things)[:40]
    # 接入充电桩10万台的能力: the end is one for all.
    ability = re.match("[、和及]", before) and re.match("的[^，。；、]{0,6}能力(?:[，。；）]|$)", behind)
    things = "" if ability or re.match("[、和）0-9]", things) else things
    some = re.match("[^，。；：（0-9]{3,}?等(?![级量效])([^，。；：（、0-9]{3,})", things)
    things = some[1] if some and not ACT.match(some[1]) else things
    things = re.split(r"[，。；：（]|等(?=[^级])|[、和及](?=[^、和及，。；：（]{0,12}[0-9])", things)[0]
    things = timeless(things)
    if _GRADE.fullmatch(things):
        # 3个国家级、10个省级示范基地
        more = re.match(r"[一-鿿]+[、和及][0-9]+[个家座处]([国省市县区][家级]*)([一-鿿]{2,})", behind)
        things += more[2] if more else ""
    kind = things[-2:]
    if re.fullmatch(KINDS, kind) and (
        more := re.match(rf"{things}[、和及][0-9]+[个家座处台套][一-鿿]{{0,8}}?{kind}([一-鿿]{{3,12}})", behind)
    ):
        # 20家水泥企业、15家焦化企业超低排放改造
        things += more[1]
    verb = re.search(rf"((?:{ACTS}|新)++)$", trimmed_soft(before))
    if len(things) >= 2:
        things = re.sub("^“[^”]{4,}”(?=.{4,})", "", things)
        lead = verb[1] if verb and re.search("新|完成|淘汰|改造|整治|推广|培育", verb[1]) else ""
        # 2个主营业务收入过500亿元的产业集群 are groups, whatever their size.
        things = things.rsplit("的", 1)[-1] if re.search("[0-9].*的.{2,}", things) else things
        return (lead + things)[:40]
    words = trimmed_soft(before)
    words = re.sub(r"^(?:全省|全市|全国|全区|我省|我市)", "", words)
    words = re.sub("、(?=(?:总|装机|建筑)?(?:容量|产能|规模|面积|装机|长度|里程)$)", "", words)
    roster = _LISTED.match(words)
    words = roster[1] if roster else words
    sized = re.match("[^，]*[0-9][^，的]*(?:以[上下内])?的([^的]{3,})$", words)
    words = sized[1] if sized else words
    return re.sub(
        r"^(?:投用|建成投用|提前|建立|创建|完成|开展|实施|建设|建成|打造|形成|实现|培育)(?=.{3,})", "", words
    )[-40:]


_SIZED = re.compile(
    rf"[0-9]+(?:\.[0-9]+)?(?!{COUNTED.pattern[1:-1]})(?:{UNIT.pattern})(?:级|及?以[上下])?的?(?=[一-鿿]{{2}})(?!和|及|或|以)"
)
#: Some of them, and what they all are: 甲改造、乙改造等重点项目.
_LISTED = re.compile("[^，]{6,}?等(?![级量效])(?:[0-9一二三四五六七八九十]+[种类个])?([^的、等]{3,})$")
#: A grade of things, without the things.
_GRADE = re.compile("[国省市县区部][家]?级|自治区级")


def trimmed_soft(words: str) -> str:
    """Words without leading connectives only, and without comparing words at their end."""
    before = None
    while before != words:
        before = words
        words = re.sub(
            r"^(?:其中|并|且|力争|确保|努力|积极|到|每年|全年|年内|当年|累计|分别|，|：|、|及|和|同时|全面|持续|加快|20\d\d年(?:底|末)?前?|[“]?十[四五]五[”]?(?:期间|时期)?)",
            "",
            words,
        )
        words = re.sub(
            r"(?:不少于|不低于|超过|达到|达|约|近|至少|累计|合计|总计|共计|共|分别|突破|各|均|为|在|到|，|“)$",
            "",
            words,
        )
    return words.lstrip("）").strip("，、：:“”；")


def share(behind: str) -> tuple[str, str | None] | None:
    """(indicator, scope) of 80%以上的机关建成节约型机关: what is done by that share of whom."""
    things = re.split(r"[，。；：]", re.sub(r"^(?:的)?", "", behind))[0]
    if things.startswith(("、", "和", "其中")):
        return None
    found = _SHARE_VERB.match(things)
    if not found or len(found["who"]) < 2 or len(found["did"]) < 3:
        return None
    return re.split(r"[，。；]", found["did"])[0][:24] + "比例", found["who"][:40]


_DID = re.compile(
    r"(?:基本|全部|全面)?(?:完成|建成|达到|具备|实现|使用|采用|开展|纳入|执行|配备|安装|符合|接入|建立|通过|获得|创建|实施|建设|配建)[^，。；：]{2,}"
)


def done_by(words: str, behind: str) -> tuple[str, str | None] | None:
    """(indicator, scope) of 县级机关80%以上建成节约型机关: the group stands before the share, what it does behind."""
    who = trimmed_soft(words)
    did = _DID.match(behind)
    if not did or len(who) < 2 or has_indicator(who) or PLACE.fullmatch(who):
        return None
    return re.split("[或并]", did[0])[0][:24] + "比例", who[-40:]


def measure_of(name: str) -> str:
    """The ending that says what is measured: 综合利用率 of 工业固体废物综合利用率; empty where there is none."""
    found = SHARED_TAIL.search(name)
    return found[1] if found else ""
