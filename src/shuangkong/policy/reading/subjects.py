"""What the entries of a group of amounts are about (对象): names and scopes, with what the sentence leaves out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shuangkong.policy.reading import names
from shuangkong.policy.reading.parts import OF, part_of, share_of, short_item
from shuangkong.policy.reading.times import timeless, years_listed
from shuangkong.policy.reading.values import COUNTED, Amount

#: What was named before, by another word: 该比例达到40%.
_SAME = re.compile("(?:该|此|上述|这一|前述)(?:项|类)?(?:比例|比重|占比|指标|数值|数量|总量|规模|面积|[一-鿿]{0,2}率)")
#: Something else that is done to the same things.
_AGAIN = re.compile("(?:改造|提升|改建|扩建|更新|修复|整治|新建|维修|加固|续建){1,2}")
_RATIO = re.compile("(?:占比|比重|比例)$")


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
    group: Sequence[Amount] = ()
    units: set[str] = field(default_factory=set)
    #: What was named last with each unit.
    by_unit: dict[str, str] = field(default_factory=dict)
    #: The total that parts are being told of.
    whole_name: str = ""
    #: What is being tried out by those who are counted.
    trial: str = ""

    def of(self, unit: str) -> str:
        """What an amount with this unit goes on about."""
        return self.by_unit.get(unit) or self.name


def subjects(
    text: str, part: int, end: int, words: str, group: Sequence[Amount], said: Said, unsure: list[str]
) -> tuple[list[tuple[str, str | None]], int]:
    """Names and scopes of a group's entries, and where its quote may begin."""
    first = group[0]
    raw, words = words, timeless(words)
    if said.name and (part_named := _part(raw, words, group, said)):
        return [part_named], part
    name, scope = names.name_of(words)
    meant = (
        re.match("(?:以?用于|支持)(?:支持|开展)?([一-鿿]{2,16})", first.after) if first.unit.endswith("元") else None
    )
    if meant and re.fullmatch(f"(?:{names.ACT.pattern})*", names.trimmed_soft(words)):
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
        if listed_places := names.places(names.trimmed(words), len(group)):
            return listed_places, part
        if said.name and (parts := _parts(words, len(group))):
            return [(said.name, place) for place in parts], part
        many = names.listed(names.trimmed(words), len(group))
        if many is None and COUNTED.search(first.unit):
            name = names.counted(words, first.unit, "") or name
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
        return [(n, scope) for n in many], part
    if standard := re.match("的?节能的?([一-鿿]{0,8}?)(?:设计)?(标准|要求)", first.after):
        of = re.sub("(?:原则上|严格|全面|全部|一律|应|须|均)*(?:执行|实行|达到|落实|按照)$", "", name)
        return [
            (of + standard[1].removesuffix("设计") + ("节能设计标准" if standard[2] == "标准" else "节能要求"), scope)
        ], part
    if not first.unit and first.value < 1 and (shared := names.share(first.after)):
        return [shared], part
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
    if not name and said.name and first.said and not _things_behind(name, first):
        unsure.append("subject_elided")
        return [(said.of(first.unit), said.scope)], part
    if not names.trimmed_soft(words) and said.name and not re.match("的?[一-鿿]", first.after):
        unsure.append("subject_elided")
        return [(said.name, said.scope)], part
    if COUNTED.search(first.unit) or _things_behind(name, first):
        thing = names.counted(words, first.unit, first.after)
        who = re.fullmatch(rf"(|.{{0,9}}?[市区县省州镇位业])各?(?:{names.ACT.pattern})+", thing)
        if who and said.name and not first.unit.startswith("人") and not re.match("的?[一-鿿]", first.after):
            # 甲市建成绿色工厂30家，乙市建成20家
            unsure.append("subject_elided")
            return [(said.name, who[1] or said.scope)], part
        if said.name and re.fullmatch("[一-鿿]{1,4}[级类式型]", thing):
            # 绿色工厂150家（其中国家级50家）
            return [(said.name, thing)], part
        if (trial := _GENERAL.fullmatch(thing)) and (of := said.trial or _trial(text, part)):
            # 开展低碳试点建设，选择3个县、5个园区: each of them is one for the trial.
            said.trial = of
            return [(of + trial[1], scope)], part
        if re.fullmatch(f"(?:{names.ACT.pattern})+", thing) and not first.unit.startswith("人"):
            # 淘汰老旧货车，2025年累计淘汰2万辆
            thing += _before(text, part, "", said)
        return [(thing or _before(text, part, "", said) or said.name, scope)], part
    if (first.to_one or re.search(r"倍", first.unit)) and re.search(
        "替代|置换|减量", first.after[:14] + ("" if first.comparator in ("at_least", "at_most") else words)
    ):
        of = re.sub(r"^.*(?:项目|企业)|实行|须|应|按照?|落实|区域内|原则上|执行|实施", "", name)
        return [
            (of + ("减量" if "减量" in first.after[:8] else "") + ("替代比例" if first.to_one else "替代倍数"), None)
        ], part
    if re.search("[均都各]", words[-8:]) or ("分别" in words[-8:] and not years_listed(raw)):
        many = _both(name)
        if many:
            return [(n, scope) for n in many], part
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
        return [(said.of(first.unit), name or said.scope)], part
    return [(name, scope)], part


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


def _parts(words: str, count: int) -> list[str] | None:
    """The places of 其中甲市、乙市各下降…, where there are as many as values: what is measured was named before."""
    of = re.search("其中[，：]?(.+)$", words)
    found = re.split("[、和]", names.trimmed(of[1])) if of else []
    return found if len(found) == count and all(re.search("[市县区州盟]$", place) for place in found) else None


def _before(text: str, part: int, name: str, said: Said) -> str:
    """A name of its measure alone, with what the words before it are about: 推进光伏开发，装机规模达到… is of 光伏."""
    if text[part - 1 : part] == "（" and said.name:
        return said.name + name
    earlier = re.split("[，。；：\n]", text[max(0, part - 80) : max(0, part - 1)])
    earlier = [e for e in earlier if e and not re.fullmatch(r"(?:到|至)?20\d\d年.{0,2}|.{0,3}十[四五]五.{0,3}", e)]
    of = names.done_to(earlier[-1]) if earlier else ""
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
    return names.spread(items) if len(items) >= 2 else None
