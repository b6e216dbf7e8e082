"""Parts and shares (其中、占比): what an amount is about that only says which part of what was named before."""

from __future__ import annotations

import re

from shuangkong.policy.reading import names

OF = re.compile("其中[，：]?")
_LEVEL = re.compile("[一-鿿]{1,4}[级类式型](?:及?以上)?")
#: A part told by what it is for: 其中用于救护的车辆.
_FOR = re.compile("(?:用于|从事|位于|属于|承担).{2,}的[一-鿿]{2,4}")
#: 服务区 and 园区 are kinds of places, 甲区 is one.
_SPOT = re.compile(
    "(?:其他|其余)?(?![一-鿿]*(?:服务|园|景|城|社|库|校|矿|港|小|灌|林|牧|郊|片|库)区)[一-鿿]{1,6}[市县省州盟旗区]"
)
_WHERE = re.compile("(?:[镇乡村侧区]|领域|农村|城市|农业|工业|乡镇|其他|其余)$")
_DOING = re.compile("(?:改造|建设|治理|整治|修复|更新)$")
_KIND = re.compile("(?:建筑|企业|园区|机组|车辆|船舶|锅炉|窑炉|机关|产品|住宅)")
_FIELD = re.compile("[一-鿿]{2,}(?:行业|产业)")
_SHORT = re.compile("[、，和及以]{0,2}[一-鿿A-Za-z“”]{1,14}")


def short_item(words: str) -> bool:
    """Whether words are the bare name of one more part: 、乙市."""
    return _SHORT.fullmatch(words) is not None and not names.ACT.match(words.lstrip("、，和及以"))


def part_of(whole: str, words: str, counted: bool) -> tuple[str, str | None] | None:
    """(indicator, scope) of a part of a whole; None where the part says for itself what it is.

    绿色工厂 and 其中国家级 make 国家级绿色工厂, 电力装机 and 其中煤电 make 煤电装机, 充电桩 and 其中甲市 those of 甲市.
    """
    item = names.trimmed(OF.split(words)[-1])
    bare = re.sub("^(?:组织开展|(?:组织)?(?:完成|实施|实现))", "", whole)
    if not whole:
        return None
    if not item:
        return whole, None
    if _LEVEL.fullmatch(item):
        bare = re.sub("^(?:新增|新培育|新认定|新创建)?(?:[国省市县区]家?级|自治区级)(?:及?以上)?", "", bare)
        return item + bare, item
    if _SPOT.fullmatch(item) or _several_places(item):
        return whole, item
    if _FOR.fullmatch(item) and names.has_indicator(whole):
        return whole, item
    doing = _DOING.search(item)
    if doing and whole.endswith(doing[0]) and not _KIND.search(item):
        # 煤电机组改造, 其中供热改造
        return bare.removesuffix(doing[0]) + item, None
    if names.has_indicator(item):
        return None
    kind = _KIND.search(whole)
    if _KIND.search(item[-3:]) and kind and len(whole) - kind.end() >= 2:
        # 既有建筑节能改造, 其中公共建筑
        return item + whole[kind.end() :], item
    if _WHERE.search(item):
        return item + bare, item
    measure = names.measure_of(whole)
    if _KIND.search(item[-3:]) and not kind and len(whole) > len(measure) + 2:
        # 节能改造面积, 其中居住建筑
        return item + whole, item
    if _FIELD.fullmatch(item) and re.fullmatch("占比|比例|比重", measure) and not _FIELD.search(whole):
        # 重点行业标杆水平以上产能占比, 其中合成氨行业: the whole measure is the part's, too.
        return whole, item
    if not counted and len(measure) >= 2:
        return item + measure, None
    return None


def _several_places(item: str) -> bool:
    """缺水的甲区、乙县 are several places, 甲区 is one."""
    spots = re.split("[、及与]|(?<=[市县州盟旗区])和", re.sub("^[一-鿿]{2,6}的", "", item))
    return len(spots) > 1 and all(re.fullmatch("[一-鿿]{1,5}[市县州盟旗区]", s) for s in spots)


def share_of(owner: str, name: str) -> str:
    """A share with whose it is: 绿色建材 and 占采购总量的 make 绿色建材占采购总量比重."""
    of = name.removesuffix("的")
    return owner + (of if re.search("(?:比重|比例|占比|份额)$", of) else of + "比重")
