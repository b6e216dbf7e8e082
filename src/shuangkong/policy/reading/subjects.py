"""What the entries of a group of amounts are about (对象): names and scopes, with what the sentence leaves out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shuangkong.policy.reading import listing, names
from shuangkong.policy.reading.filters import RUNS
from shuangkong.policy.reading.parts import OF, part_of, share_of, short_item
from shuangkong.policy.reading.times import timeless, years_listed
from shuangkong.policy.reading.values import COUNTED, Amount

#: What was named before, by another word: 该比例达到40%.
_SAME = re.compile("(?:该|此|上述|这一|前述)(?:项|类)?(?:比例|比重|占比|指标|数值|数量|总量|规模|面积|[一-鿿]{0,2}率)")
#: Something else that is done to the same things.
_AGAIN = re.compile("(?:改造|提升|改建|扩建|更新|修复|整治|新建|维修|加固|续建){1,2}")
_RATIO = re.compile("(?:占比|比重|比例)$")


#: Another place than the one before it.
_SOMEWHERE = re.compile("[省市县区州旗盟东南西北]$|地区|流域|关中|平原|城市群")
_SETTLED = re.compile("(?:地级及以上|设市)?(?:城市|县城|城镇|建制镇|乡镇|农村)")
#: What is no part of for whom something is: 鼓励有条件的园区, 助力完成“十四五”全区.
_URGED = re.compile(
    "^(?:鼓励|支持|引导|推动|督促|助力|完成|确保|力争|率先|在(?![运用建役产线职])|[“”]|十[四五六]五(?:期间|时期)?|后?[一两二三四五]年内?)+"
)
#: A weight in a rating, without of what.
_WEIGHT = re.compile("(?:所占|其|考核|评价|分值)?权重")
_RATED = re.compile("(?:将|把)?([^，、]{2,16}?)(?:完成情况)?(?:纳入|列入|作为)([一-鿿]{0,16}?(考核|评价))")
_SET_ASIDE = re.compile("(?:安排|设立|统筹|投入|列支)([一-鿿“”]{2,20}?(?:经费|资金|费用|基金))$")
_TOTAL = re.compile("(?:[一两二三四五]年)?(?:累计)?(总?规模|总额)")
_FUND = re.compile("(?:资金|基金|经费)$")
_SPAN = re.compile("[一两二三四五]年[内间]?|全年|年度")
_NUMBERED = re.compile("^(?:[（(]?[一二三四五六七八九十0-9]{1,3}[）)、.．]|第[一二三四五六七八九十百]+条) *")
_SPENT = re.compile("([^，]{2,24}?(?:经费|资金|费用))(?:按|由|据|从|列入|纳入|实行|采取|通过|根据)")


_THESE = re.compile(
    "(?:上述|前述)[一两二三四]?[项个]?(?:比例|占比|比率|指标|目标|数值|数据)(?:将|要|应|须|力争|争取)*分别"
)
_SINCE = re.compile("[比较]20[0-9]{2}年(?:水平)?")
#: How many names are kept that a later list may go on with.
_LATELY = 8


@dataclass(slots=True)
class Said:
    """What the sentence has said so far, for what it leaves out later."""

    name: str = ""
    scope: str | None = None
    base: int | None = None
    #: The year that the whole sentence compares with.
    whole: int | None = None
    comparator: str = ""
    year: int | None = None
    #: The years that the sentence has gone through.
    years: Sequence[int] = ()
    group: Sequence[Amount] = ()
    units: set[str] = field(default_factory=set)
    #: What was named last with each unit.
    by_unit: dict[str, str] = field(default_factory=dict)
    #: The total that parts are being told of.
    whole_name: str = ""
    #: What was named last, one after another: 上述比例分别为… goes on with them.
    lately: Sequence[tuple[str, str | None]] = ()
    #: What is being tried out by those who are counted.
    trial: str = ""

    def of(self, unit: str) -> str:
        """What an amount with this unit goes on about."""
        return self.by_unit.get(unit) or self.name

    def elsewhere(self, unit: str, place: str) -> str:
        """What an amount goes on about for another place or kind: its name without the one that it was said for."""
        name, kind = self.of(unit), place[-2:]
        spot = names.SPOT.match(name) if _SOMEWHERE.search(place) else None
        spot = _SETTLED.match(name) if _SETTLED.search(place) else spot
        # 公共建筑节能率, 居住建筑: the rate is of either.
        at = spot.end() if spot else name.find(kind, 1) + len(kind) if kind in name[1:] else 0
        bare = name[at:].removeprefix("的")
        measures = names.has_indicator(bare) or bare.endswith("权重")
        return bare if measures and len(bare) > 2 else name


def subjects(
    text: str, part: int, end: int, words: str, group: Sequence[Amount], said: Said, unsure: list[str]
) -> tuple[list[tuple[str, str | None]], int]:
    """Names and scopes of a group's entries, and where its quote may begin."""
    if len(group) > 1 and len(said.lately) >= len(group) and _THESE.search(timeless(words)):
        named, begun = list(said.lately[-len(group) :]), part
    else:
        named, begun = _named(text, part, end, words, group, said, unsure)
    named = [(name, _for_whom(name, scope)) for name, scope in named]
    said.lately = [*said.lately, *named][-_LATELY:]
    return named, begun


def _for_whom(name: str, scope: str | None) -> str | None:
    bare = re.sub("(?<![集、，])中$", "", _URGED.sub("", scope)) if scope else ""
    return bare if bare and bare != name else None


def _named(
    text: str, part: int, end: int, words: str, group: Sequence[Amount], said: Said, unsure: list[str]
) -> tuple[list[tuple[str, str | None]], int]:
    first = group[0]
    raw, words = words, timeless(words)
    if RUNS.match(first.after) and len(names.trimmed(words)) > 1:
        return [(names.trimmed(words) + "机组投产", None)], part
    if said.name and (part_named := _part(raw, words, group, said)):
        return [part_named], part
    name, scope = names.name_of(words)
    meant = (
        re.match("(?:以?用于|支持)(?:支持|开展)?([一-鿿]{2,16})", first.after) if first.unit.endswith("元") else None
    )
    if meant and re.fullmatch(f"(?:{names.ACT.pattern})*+", names.trimmed_soft(words)):
        # 每年安排5亿元用于…
        return [(meant[1] + "资金", scope)], part
    again = _AGAIN.fullmatch(names.trimmed_soft(words))
    if again and said.name and not re.match("的?[一-鿿]", first.after):
        # 新建农田300万亩、改造提升150万亩
        return [(again[0] + re.sub(f"^(?:{names.ACT.pattern})+", "", said.name), said.scope)], part
    if said.name and (_SAME.fullmatch(name) or re.fullmatch("增速|增幅|增长率", name)):
        unsure.append("subject_elided")
        return [(said.name, said.scope)], part
    if name.startswith("占") and first.unit == "%" and (owner := _owner(text, part, said)):
        return [(share_of(owner, name), None)], part
    if len(group) > 1:
        if listed_places := listing.places(names.trimmed(words), len(group)):
            return listed_places, part
        if said.name and (parts := _parts(words, group)):
            return [(said.elsewhere(first.unit, place), place) for place in parts], part
        if not name and len({a.unit for a in group}) == len(group) and any(a.unit in said.by_unit for a in group):
            # 培育企业20家、改造机组3台，到2030年分别达到50家和8台
            unsure.append("subject_elided")
            return [(said.by_unit.get(a.unit, ""), said.scope) for a in group], part
        many = listing.listed(names.trimmed(words), len(group))
        if many is None and COUNTED.search(first.unit):
            name = names.counted(words, first.unit, "") or name
            if re.fullmatch(f"(?:{names.ACT.pattern})++", name):
                # 建设能碳管理中心，2024年、2025年分别建成25家、30家
                name += re.sub("^.+(?:建设|建立|创建|打造|开展)(?=[一-鿿]{3})", "", _before(text, part, "", said))
        if many is None and {a.unit[-3:] for a in group} == {"万千瓦", "千瓦时"}:
            return [(name or said.name, scope)] * len(group), part
        if many is None and not name and group[-1].unit == "%" and (done := names.counted("", "", group[-1].after)):
            # 分别完成60%、100%的加油站改造
            return [(done, scope)] * len(group), part
        if many is None:
            unsure.append("list_unlike")
            return [(name or said.name, scope)] * len(group), part
        if scope and "、" in scope and any(n.startswith(w) for n in many for w in scope.split("、")):
            scope = None
        if listing.guessed(many, words):
            unsure.append("list_unlike")
        return listing.of_each(many, scope), part
    if standard := re.match("的?节能的?([一-鿿]{0,8}?)(?:设计)?(标准|要求)", first.after):
        of = re.sub("(?:原则上|严格|全面|全部|一律|应|须|均)*(?:执行|实行|达到|落实|按照)$", "", name)
        return [
            (of + standard[1].removesuffix("设计") + ("节能设计标准" if standard[2] == "标准" else "节能要求"), scope)
        ], part
    if not first.unit and first.value < 1 and (shared := names.share(first.after)):
        return [shared], part
    set_aside = re.match("的([一-鿿]{2,14}?)(?:用于|作为|[，。；]|$)", first.after)
    if first.unit == "%" and set_aside and re.search("(?:预留|留出|留足)(?:不少于|不低于|至少|约)?$", words):
        return [(set_aside[1] + "预留比例", scope)], part
    if first.unit == "%" and not first.said and (acted := names.done_by(words, first.after)):
        return [acted], part
    if (first.unit == "%" and first.behind and not first.said) or (
        first.unit == "%" and re.match(r"的?[一-鿿]", first.after)
    ):
        shared = names.share(first.after)
        if shared and not (names.has_indicator(name) and first.said):
            return [shared], part
        if first.after.startswith("达标"):
            return [(name + "达标率", scope)], part
    if not name and text[part - 1 : part] == "（":
        # 煤炭消费量控制在2020年水平（约800万吨）以内
        around = re.split("[，。；：\n（）]", text[max(0, part - 60) : part - 1])[-1]
        outside, where = names.name_of(around)
        if names.has_indicator(outside):
            return [(outside, where)], part
    if told := _told_before(text, part, name, first):
        unsure.append("subject_elided")
        return [told], part
    if not name and said.name and first.said and not _things_behind(name, first):
        unsure.append("subject_elided")
        return [(said.of(first.unit), said.scope)], part
    if not names.trimmed_soft(words) and said.name and not re.match("的?[一-鿿]", first.after):
        unsure.append("subject_elided")
        return [(said.name, said.scope)], part
    if COUNTED.search(first.unit) or _things_behind(name, first):
        thing = names.counted(words, first.unit, first.after)
        who = re.fullmatch(rf"(|.{{0,9}}?[市区县省州镇位业])各?(?:{names.ACT.pattern})++", thing)
        if who and said.name and not first.unit.startswith("人") and not re.match("的?[一-鿿]", first.after):
            # 甲市建成绿色工厂30家，乙市建成20家
            unsure.append("subject_elided")
            return [(said.name, who[1] or said.scope)], part
        if said.name and re.fullmatch("[一-鿿]{1,4}[级类式型]", thing):
            # 绿色工厂150家（其中国家级50家）
            return [part_of(said.name, thing, True) or (said.name, thing)], part
        if (trial := _GENERAL.fullmatch(thing)) and (of := said.trial or _trial(text, part)):
            # 开展低碳试点建设，选择3个县、5个园区: each of them is one for the trial.
            said.trial = of
            return [(of + trial[1], scope)], part
        if re.fullmatch(f"(?:{names.ACT.pattern})++", thing) and not first.unit.startswith("人"):
            # 淘汰老旧货车，2025年累计淘汰2万辆
            thing += _before(text, part, "", said)
        return [(thing or _before(text, part, "", said) or said.name, scope)], part
    if (first.to_one or re.search(r"倍", first.unit)) and re.search(
        "替代|置换|减量", first.after[:14] + ("" if first.comparator in ("at_least", "at_most") else words)
    ):
        what = re.match("(?:落实|实施|执行|实行)?([一-鿿]{3,14}?(?:减量|削减|等量)(?:替代|置换))", first.after)
        if first.to_one and what:
            # 按1.2:1落实煤炭消费减量替代
            return [(what[1] + "比例", None)], part
        of = re.sub(r"^.*(?:项目|企业)|实行|须|应|按照?|落实|区域内|原则上|执行|实施", "", name)
        return [
            (of + ("减量" if "减量" in first.after[:8] else "") + ("替代比例" if first.to_one else "替代倍数"), None)
        ], part
    # 均比2020年减少: what it is compared with stands between.
    tail = _SINCE.sub("", words)[-8:]
    if re.search("(?<![平人])均|[都各]", tail) or ("分别" in tail and not years_listed(raw)):
        if scope and scope.endswith(("、城市", "和城市", "及城市")):
            # 公交车、城市配送车: the last of the list begins with 城市.
            name, scope = scope + name, None
        many = _both(name)
        if many:
            return listing.of_each(many, scope), part
    if (
        first.unit == "%"
        and first.said
        and 2 <= len(name) <= 8
        and not names.has_indicator(name)
        and not names.is_place(name)
        and said.name
        and first.comparator not in ("decrease_by", "increase_by")
    ):
        # 综合利用率提高至75%，粉煤灰提高至95%
        unsure.append("subject_elided")
        measure = names.measure_of(said.name)
        if len(measure) > 2:
            return [(name + measure, scope)], part
        return [(said.name, name)], part
    total = _TOTAL.fullmatch(name) if first.unit.endswith("元") and _FUND.search(said.name) else None
    if total:
        # 每年安排专项资金3000万元，三年总规模不超过1亿元
        unsure.append("subject_elided")
        return [(re.sub(f"^(?:每年|{names.ACT.pattern})+", "", said.name) + total[1], scope)], part
    paid = first.unit.endswith("元") and not name.endswith("投资")
    if names.says_nothing(name) and not paid and (whole := _before(text, part, name, said)):
        return [(whole, scope)], part
    acts = name and names.ACT.match(names.trimmed_soft(words))
    if (
        said.name
        and not acts
        and not names.has_indicator(name)
        and names.is_place(name)
        and not first.unit.endswith("元")
    ):
        unsure.append("subject_elided")
        return [(said.elsewhere(first.unit, name), name or said.scope)], part
    return [(name, scope)], part


def _told_before(text: str, part: int, name: str, first: Amount) -> tuple[str, str | None] | None:
    """Of what a weight or a sum is that stands alone behind the words that say it: 将能耗强度纳入考核，权重不低于5%."""
    *begun, earlier = re.split("[，。；：\n]", text[max(0, part - 120) : max(0, part - 1)])
    earlier = _NUMBERED.sub("", earlier) if begun else ""
    if _WEIGHT.fullmatch(name) and (rated := _RATED.match(earlier)):
        return rated[1] + rated[3] + "权重", rated[2] if rated[2] != rated[3] else None
    if first.unit.endswith("元") and (not name or _SPAN.fullmatch(name)):
        spent = _SPENT.match(earlier) or _SET_ASIDE.search(earlier)
        return (names.trimmed(spent[1]), None) if spent else None
    return None


def _part(raw: str, words: str, group: Sequence[Amount], said: Said) -> tuple[str, str | None] | None:
    """What a part of a total is about, behind 其中 or going on with the parts before."""
    first = group[0]
    if OF.search(raw) and not timeless(OF.split(raw)[-1]) and re.match("(?!的)[一-鿿]{3}", first.after):
        return None
    if len(group) == 1 and OF.search(raw):
        said.whole_name = said.name
    elif len(group) > 1 or not said.whole_name or first.unit not in said.units or not short_item(words):
        said.whole_name = ""
        return None
    return part_of(said.whole_name, words, COUNTED.search(first.unit) is not None)


#: Who takes part in a trial, without a word for which.
_GENERAL = re.compile(
    "((?:[盟地]?市|县|区|县[市区]|县（市、区）|园区|开发区|企业|单位|城市|乡镇|村镇|社区|小区|学校|医院|机构|景区|项目))"
    "(?:(?:开展|先行|率先|进行)[一-鿿]{0,8})?"
)


def _trial(text: str, part: int) -> str:
    """What is being tried out, as the words right before say (组织开展碳达峰试点建设，选择…); or nothing."""
    earlier = re.split("[，。；：\n]", text[max(0, part - 60) : max(0, part - 1)])[-1]
    of = names.done_to(re.sub("^(?:组织|探索|深入|积极|鼓励|支持)+", "", earlier))
    return of if re.search("(?:试点|示范|标杆|样板)$", of) else ""


def _owner(text: str, part: int, said: Said) -> str:
    """Whose share an amount is that says only of what: what was named last, or what is done to right before."""
    earlier = re.split("[，。；：\n（]", text[max(0, part - 60) : max(0, part - 1)])[-1]
    if re.search("[0-9]", earlier):
        return said.name
    return names.done_to(earlier) or names.name_of(earlier)[0][-20:]


def _parts(words: str, group: Sequence[Amount]) -> list[str] | None:
    """The places of 其中甲市、乙市各下降… or 甲北、甲南地区分别达到…, as many as values, without a measure."""
    of = re.search("其中[，：]?(.+)$", words)
    found = re.split("[、和]", names.trimmed(of[1] if of else words))
    if len(found) != len(group) or any(names.has_indicator(f) for f in found):
        return None
    once = re.search("(?:地区|行业|领域)$", found[-1])
    if once and all(len(f) <= 4 for f in found):
        return [f.removesuffix(once[0]) + once[0] for f in found]
    if all(re.search("[市县区州盟]$", f) for f in found):
        return found
    kinds = not of and not COUNTED.search(group[0].unit) and all(listing.is_kind(f) for f in found)
    return found if kinds else None


def _before(text: str, part: int, name: str, said: Said) -> str:
    """A name of its measure alone, with what the words before it are about: 推进光伏开发，装机规模达到… is of 光伏."""
    if text[part - 1 : part] == "（" and said.name:
        return said.name + name
    earlier = re.split("[，。；：\n]", text[max(0, part - 80) : max(0, part - 1)])
    earlier = [e for e in earlier if e and not re.fullmatch(r"(?:到|至)?20\d\d年.{0,2}|.{0,3}十[四五]五.{0,3}", e)]
    of = names.done_to(_NUMBERED.sub("", earlier[-1])) if earlier else ""
    of = said.name if re.search("[0-9]", of) and said.name else of
    told = bool(earlier and said.name and re.search("[0-9]", earlier[-1]))
    if not of and told and _RATIO.search(name) and not _RATIO.search(said.name):
        # 可再生能源装机400万千瓦以上，占比约27%
        return said.name + name
    return of + name if of else ""


def _things_behind(name: str, amount: Amount) -> bool:
    """Whether what is counted or measured stands behind the amount: 5.3亿吨钢铁产能."""
    acts = re.search("(?:完成|建成|新增|实现|具备)$", amount.before)
    if amount.unit.endswith("元") and re.match("的?[一-鿿]{2,12}(?:资金|基金|贷款|债券)", amount.after):
        return True
    if amount.unit not in ("%", "倍", "") and names.says_nothing(name) and re.match("的[一-鿿]{2}", amount.after):
        # 设立总规模100亿元的基金
        return True
    if amount.unit in ("‰", "倍", "") or (amount.said and not acts) or names.has_indicator(name):
        return False
    if amount.unit == "%" and not amount.before.endswith("具备"):
        # 完成60%钢铁产能改造
        return bool(acts) and not name and re.match(r"(?!的|以)[一-鿿]{4}", amount.after) is not None
    return re.match(r"的?(?![或和及并且与])[一-鿿]{2}", amount.after) is not None


def _both(name: str) -> list[str] | None:
    items = [w for w in re.split(r"、|(?<=[一-鿿A-Za-z])(?:和|及)(?=[一-鿿A-Za-z])", name) if w]
    return listing.spread(items) if len(items) >= 2 else None
