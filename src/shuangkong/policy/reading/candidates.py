"""Further candidates (候选): rules with amounts or consequences, ranges, deadlines, lists, platforms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shuangkong.policy.reading.clean import Clean
from shuangkong.policy.reading.model import Candidate, Document
from shuangkong.policy.reading.targets import sentences
from shuangkong.policy.reading.times import years_at
from shuangkong.policy.reading.tree import clause_of, number_at
from shuangkong.policy.reading.values import amounts

_MONEY = re.compile(r"给予|补贴|补助|奖励|奖补|扶持|资助|加价|罚款|上浮|下浮|贴息|征收|加收|收取")
_CONSEQUENCE = re.compile(
    r"责令|暂停|不予(?:审批|备案|核准|支持)?|限批|约谈|通报批评|限期(?:整改|改造)|予以关闭|责令关闭|停工整改|一律不得|取消资格|提醒|免予考核|免于考核"
)
_IF = re.compile(
    r"(?:^|，)((?:对|对于|凡|如|若)[^，]{2,60}?)(?:，|的，|，?(?:给予|责令|暂停|实施|提醒|一律|依法|限期|按))|^([^，]{3,60}的)，"
)
_RANGE = re.compile(r"(?:是指|，指|所称|暂以[^。]+为重点|适用于|范围(?:为|包括|是)|不包括)")
_LIST = re.compile(r"(?:建立|制定|发布|编制|更新|公布|形成|建成)[^，。]{0,24}?(清单|台账|目录|名录|名单|项目库)")
_PLATFORM = re.compile(r"(?:建设|搭建|建立|构建|打造|升级改造|建成)[^，。]{0,24}?(平台|系统(?!化|性)|数据库)")
_DONE = re.compile(r"完成|建成|实现|建立|达到|淘汰|消除|纳入|退出|形成|覆盖")
_QUOTE = 120


def candidates(cleaned: Clean, document: Document) -> Iterator[Candidate]:
    """What a document asks for beside targets and duties, sentence by sentence."""
    text = cleaned.text
    last = document.period[1] if document.period else None
    for start, end, _ in sentences(text, document.start, document.end):
        number = number_at(text, start)
        start = min(end, number[3]) if number else start
        for kind, fields, unsure in _kinds(text, start, end, last):
            first, stop = cleaned.span(start, min(end, start + _QUOTE))
            yield Candidate(
                document.number, clause_of(document.clauses, start).id, kind, fields, cleaned.original[first:stop],
                first, stop, "low" if unsure else "medium", unsure,
            )  # fmt: skip


def _kinds(
    text: str, start: int, end: int, last: int | None
) -> Iterator[tuple[str, dict[str, object], tuple[str, ...]]]:
    sentence = text[start:end]
    condition = _IF.search(sentence)
    when = (condition[1] or condition[2]) if condition else None
    found = list(amounts(text, start, end))
    money, consequence = _MONEY.search(sentence), _CONSEQUENCE.search(sentence)
    if (money and found) or (consequence and when):
        said: dict[str, object] = {
            "when": when,
            "then": (money or consequence or [""])[0],
            "amounts": [
                {"printed": text[a.start : a.end], "value": str(a.value), "unit": a.unit, "comparator": a.comparator}
                for a in found
            ],
        }
        yield "rule", said, () if when else ("condition_unclear",)
    if _RANGE.search(sentence):
        yield "range", {"words": sentence[:_QUOTE]}, ("long",) if len(sentence) > _QUOTE else ()
    years = list(years_at(text, start, end, last))
    if years and not found and _DONE.search(sentence) and not years[0][2]:
        yield "deadline", {"year": years[0][1]}, ()
    for kind, pattern in (("list", _LIST), ("platform", _PLATFORM)):
        for named in pattern.finditer(sentence):
            yield kind, {"words": named[0], "what": named[1]}, ()
