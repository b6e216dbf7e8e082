"""What the entries of a group of amounts are about (对象): names and scopes, with what the sentence leaves out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shuangkong.policy.reading import names
from shuangkong.policy.reading.times import years_listed
from shuangkong.policy.reading.values import COUNTED, Amount

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


def subjects(
    text: str, part: int, end: int, words: str, group: Sequence[Amount], said: Said, unsure: list[str]
) -> tuple[list[tuple[str, str | None]], int]:
    """Names and scopes of a group's entries, and where its quote may begin."""
    first = group[0]
    name, scope = names.name_of(words)
    if len(group) > 1:
        if listed_places := names.places(names.trimmed(words), len(group)):
            return listed_places, part
        if said.name and (parts := _parts(words, len(group))):
            return [(said.name, place) for place in parts], part
        many = names.listed(names.trimmed(words), len(group))
        if many is None:
            unsure.append("list_unlike")
            return [(name or said.name, scope)] * len(group), part
        if scope and "、" in scope and any(n.startswith(w) for n in many for w in scope.split("、")):
            scope = None
        return [(n, scope) for n in many], part
    if re.match("的?节能(?:设计)?标准", first.after):
        of = re.sub("(?:原则上|严格|全面|全部|一律|应|须|均)*(?:执行|实行|达到|落实|按照)$", "", name)
        return [(of + "节能设计标准", scope)], part
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
        return [(said.name, said.scope)], part
    if not names.trimmed_soft(words) and said.name and not re.match("的?[一-鿿]", first.after):
        unsure.append("subject_elided")
        return [(said.name, said.scope)], part
    if COUNTED.search(first.unit) or _things_behind(name, first):
        thing = names.counted(words, first.unit, first.after)
        who = re.fullmatch(rf"(|.{{0,9}}?[市区县省州镇位业])各?(?:{names.ACT.pattern})+", thing)
        if who and said.name and not re.match("的?[一-鿿]", first.after):
            # 甲市建成绿色工厂30家，乙市建成20家
            unsure.append("subject_elided")
            return [(said.name, who[1] or said.scope)], part
        if said.name and re.fullmatch("[一-鿿]{1,4}[级类式型]", thing):
            # 绿色工厂150家（其中国家级50家）
            return [(said.name, thing)], part
        return [(thing or _before(text, part, "", said) or said.name, scope)], part
    if re.search(r"倍", first.unit) and re.search(
        "替代|置换|减量", first.after[:14] + ("" if first.comparator in ("at_least", "at_most") else words)
    ):
        of = re.sub(r"^.*(?:项目|企业)|实行|须|应|落实|区域内|原则上|执行|实施", "", name)
        return [(of + ("减量" if "减量" in first.after[:8] else "") + "替代倍数", None)], part
    if re.search("[均都各]", words[-8:]) or ("分别" in words[-8:] and not years_listed(words)):
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
    if names.says_nothing(name) and not first.unit.endswith("元") and (whole := _before(text, part, name, said)):
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
        return [(said.name, name or said.scope)], part
    return [(name, scope)], part


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
