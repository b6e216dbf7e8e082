"""Documents of a file (文件划分): where each begins, whether it is an instrument, and what it says of itself."""

from __future__ import annotations

import re
from dataclasses import replace

from shuangkong.policy.figures import number_of
from shuangkong.policy.reading.clean import NUMBERED, Clean
from shuangkong.policy.reading.model import Clause, Document
from shuangkong.policy.reading.tree import clauses, number_at, paragraphs

_KINDS = (
    "通知|方案|意见|办法|规划|计划|决定|条例|细则|纲要|要点|规定|公告|通告|"
    "指南|措施|行动|目录|报告|批复|规范|政策|清单|公示|函|安排|分解表|分工表|任务表|责任书|任务书"
)
_TITLE = re.compile(rf"(?=.{{6,90}}$)[^。；，：]*(?:{_KINDS})(?:[）》”]*|[（(][^（）()]{{1,24}}[）)])$")
_ARTICLE = re.compile("解读|读懂|图解|答记者问|问答|访谈|述评|专家")
_NUMBER = re.compile(r"[（(]?([一-鿿*]{1,16}[〔\[［(（][0-9*]{4}[〕\]］)）]第?[0-9*]{1,5}号)[）)]?")
_IN_WORDS = "[0-9]{1,2}|[一二三四五六七八九十]{1,3}"
_DATE = re.compile(rf"[（(]?([0-9]{{4}})年({_IN_WORDS})月({_IN_WORDS})日(?:印发)?[）)]?")
_BODY = re.compile(r"[一-鿿（）]{2,40}(?:政府|办公厅|办公室|委员会|局|厅|部|国务院|中共中央|院|行|公司|委|领导小组)")
_REGION = re.compile(
    r"((?:[一-鿿]{2,7}?(?:壮族|回族|维吾尔)?自治区|[一-鿿]{2,6}?(?:省|市|自治州|地区|盟|新区|开发区|区|县|旗)))(?!委|域|间|级|场|政)"
)
_GOAL = re.compile("目标")
_YEAR = re.compile(r"(?<![比较以于])(20[0-9]{2})(?:[-—–~至]+(20[0-9]{2}))?年(?!版|代|[0-9]{1,2}月[0-9])")
_CITED = re.compile(rf"(?:落实|按照|根据)[^。]{{0,40}}?(《[^《》]{{4,60}}(?:{_KINDS})》)")
#: A title is at most so many lines; a document before another has at least so many signs.
_LINES, _BODY_SIGNS = 3, 350


def documents(cleaned: Clean) -> tuple[Document, ...]:
    """The documents of a cleaned text in order."""
    text = cleaned.text
    starts = _starts(cleaned)
    made = []
    for i, start in enumerate(starts):
        end = starts[i + 1] if i + 1 < len(starts) else len(text)
        tree = clauses(text, start, end)
        made.append(_described(cleaned, Document(i + 1, "", start, end, clauses=tree)))
    if len(made) == 1:
        # A file of one document is read whatever it calls itself.
        made = [replace(made[0], kind="instrument")]
    return tuple(made)


def _starts(cleaned: Clean) -> list[int]:
    text = cleaned.text
    blocks = list(paragraphs(text, 0, len(text)))
    starts = [0]
    body_from = 0
    first_numbers = 0
    for i, (start, end) in enumerate(blocks):
        line = text[start:end]
        found = number_at(text, start)
        if found and found[0] == 2:
            first_numbers += 1
        if found or (start == 0):
            continue
        level = cleaned.headings.get(cleaned.places[start], 0)
        heading = level == 1 or (level > 0 and _TITLE.fullmatch(line) is not None)
        if not (
            _TITLE.fullmatch(line) or heading or (_ARTICLE.search(line[:40]) and len(line) < 50 and "。" not in line)
        ):
            continue
        if re.match("附[件表]|[0-9](?!0[0-9]{2}年)", line) or line.startswith(("-", "—")):
            continue
        begin = _title_begin(text, blocks, i, heading)
        if begin - body_from < _BODY_SIGNS:
            continue
        if level == 1 or ((first_numbers >= 2 or heading) and _follows_up(text, blocks, i)):
            starts.append(begin)
            body_from, first_numbers = begin, 0
    return starts


def _follows_up(text: str, blocks: list[tuple[int, int]], i: int) -> bool:
    """Whether a body begins anew behind a title: a first number, or words that open a document, within a few lines."""
    for start, end in blocks[i + 1 : i + 14]:
        found = number_at(text, start)
        if found and found[0] in (0, 2):
            return found[2] == 1
        if re.match("为|根据|按照|各[省市区县]|现将", text[start:end]):
            return True
    return False


def _title_begin(text: str, blocks: list[tuple[int, int]], i: int, heading: bool) -> int:
    begin = blocks[i][0]
    if heading:
        return begin
    for start, end in reversed(blocks[max(0, i - _LINES + 1) : i]):
        line = text[start:end]
        if not _part_of_title(line):
            break
        begin = start
    return begin


def _part_of_title(line: str) -> bool:
    return not (
        re.search("[，。；：]", line) or NUMBERED.match(line) or _DATE.fullmatch(line) or _NUMBER.fullmatch(line)
        or _TITLE.fullmatch(line) or len(line) > 45 or line.endswith(("）", "〕"))
    )  # fmt: skip


def _described(cleaned: Clean, document: Document) -> Document:
    text = cleaned.text
    first = next((c for c in document.clauses if c.rank), None)
    head_end = first.start if first and first.start > document.start else min(document.end, document.start + 1500)
    blocks = list(paragraphs(text, document.start, head_end))
    titles = _titles(text, blocks)
    title = titles[-1] if titles else None
    notice = titles[0] if titles else None
    signed = _signed(cleaned, blocks)
    if signed == (None, None):
        tail = [b for b in paragraphs(text, head_end, document.end) if b[1] - b[0] <= 45][-14:]
        signed = _signed(cleaned, tail)
    number = next((m[1] for s, e in blocks if (m := _NUMBER.fullmatch(text[s:e]))), None)
    issuer = signed[0] or (_from_title(notice) if notice else None)
    opening = text[document.start : document.start + 50].split("\n")[0]
    numbered = sum(c.rank == 2 for c in document.clauses)
    told = _ARTICLE.search(title or "") or _ARTICLE.search(opening)
    kind = "instrument"
    if told or (title is None and (document.start > 0 or numbered < 2)):
        kind = "summary" if numbered >= 2 and "解读" not in opening and title else "article"
    elif numbered == 0 and len(titles) >= 3:
        kind = "contents"
    cited = list(dict.fromkeys(_CITED.findall(text[document.start : head_end])))
    # 中央 and 国务院 are no place.
    region = next((r for t in (title, notice, issuer) if t and (r := _region(t))), None)
    return replace(
        document, kind=kind, title=title, doc_number=number, issuer=issuer, region=region, issued=signed[1],
        period=_period(text, document, title), carries_out=tuple(cited),
    )  # fmt: skip


def _titles(text: str, blocks: list[tuple[int, int]]) -> list[str]:
    found = []
    for i, (start, end) in enumerate(blocks):
        line = text[start:end]
        if _TITLE.fullmatch(line) and not NUMBERED.match(line) and not line.startswith("附件"):
            begin = _title_begin(text, blocks, i, False)
            # A body that signs alone on the line before is part of a notice's title, not of a plan's.
            found.append(text[begin:end].replace("\n", ""))
    # 某部门联合发布《关于…的意见》 names the document inside.
    return [re.sub(r"^[^《]{0,20}《([^《》]+)》$", r"\1", t) for t in found]


def _signed(cleaned: Clean, blocks: list[tuple[int, int]]) -> tuple[str | None, str | None]:
    """(issuer, day) signed under a notice, or the day in brackets under a title."""
    text = cleaned.text
    for i, (start, end) in enumerate(blocks):
        found = _DATE.fullmatch(text[start:end])
        if not found:
            continue
        names: list[str] = []
        for s, e in reversed(blocks[max(0, i - 6) : i]):
            line = text[s:e]
            if not _BODY.fullmatch(line) or _TITLE.fullmatch(line):
                break
            # Two bodies that sign on one line stand apart by blanks.
            parts = ["".join(p.split()) for p in re.split(r"\s{2,}|\u3000", cleaned.quote(s, e).strip()) if p.strip()]
            names[:0] = parts if len(parts) > 1 and all(_BODY.fullmatch(p) for p in parts) else [line]
        month, date = number_of(found[2]), number_of(found[3])
        day = f"{found[1]}-{int(month or 0):02}-{int(date or 0):02}"
        return "、".join(names) or None, day
    return None, None


def _from_title(notice: str) -> str | None:
    found = re.match(r"(.{2,30}?(?:政府|办公厅|办公室|委员会|局|厅|国务院|委|部))(?:关于)?(?:印发|关于)", notice)
    return found[1] if found else None


def _region(words: str) -> str | None:
    words = re.sub(r"^.*?关于(?:印发|发布)?[《〈]?", "", words) or words
    found = _REGION.match(re.sub(r"^20[0-9]{2}年度?", "", words))
    if not found or re.search("关于|国家|重点|全[国省市区]|工业|园区|开发区|自由", found[1]):
        return None
    return found[1]


def _period(text: str, document: Document, title: str | None) -> tuple[int, int] | None:
    if title:
        span = re.search(r"(20[0-9]{2})[-—–~至]+(20[0-9]{2})", title) or _SPAN.search(
            text, document.start, min(document.end, document.start + _HEAD)
        )
        if span:
            return int(span[1]), int(span[2])
        if "十四五" in title:
            return 2021, 2025
        if "十五五" in title:
            return 2026, 2030
        year = re.search(r"(20[0-9]{2})年(?:度|[^前]{0,20}(?:计划|要点|安排|行动|方案|工作))", title)
        if year and "前" not in title[year.end(0) - 2 : year.end(0) + 2]:
            return int(year[1]), int(year[1])
    years = [y for c in _goals(document.clauses) for y in _years(text[c.start : c.end])]
    if not years:
        years = _years(text[document.start : document.end])
        if not years and "十四五" not in text[document.start : document.end]:
            return None
        years = [max(y for y in years if y <= 2035)] if any(y <= 2035 for y in years) else [2025]
    return 2021, max(max(years), 2021)


#: （2024—2030年） on a line of its own below the title; and how far the head of a document reaches.
_SPAN = re.compile(r"(?m)^[（(](20[0-9]{2})年?[-—–~至]+(20[0-9]{2})年?[）)]$")
_HEAD = 400


def _goals(found: tuple[Clause, ...]) -> list[Clause]:
    goals = [c for c in found if c.rank and _GOAL.search(c.title[:20])]
    named = [c for c in goals if not re.search("总体要求和|责任|考核", c.title)] or goals
    return [c for c in found if any(c.id.startswith(g.id) for g in named[:2])]


def _years(words: str) -> list[int]:
    return [int(found[2] or found[1]) for found in _YEAR.finditer(words) if int(found[1]) >= 2021]
