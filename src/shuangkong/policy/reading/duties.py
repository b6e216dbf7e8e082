"""Responsibility tails (责任分工): （省A厅、B厅牵头，省C局等按职责分工负责） becomes who leads and who supports."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from shuangkong.policy.reading.clean import Clean
from shuangkong.policy.reading.model import Clause, Document, Duty
from shuangkong.policy.reading.tree import clause_of

_BODY = r"(?:政府|厅|局|委|办|部|院|行|署|会|中心|公司|集团|单位|部门|企业|处|队|社|站|馆|校|区|市|县|所|组)"
_ROLE = re.compile(
    r"(?P<lead>(?:等?(?:按|依)照?(?:各自)?(?:职责|职能)?分工)?(?:分别|共同|联合)?(?:牵头负责|负责牵头|牵头落实|牵头单位[：:]?|主办单位[：:]?|主办部门[：:]?|牵头部门[：:]?|主办[：:]|牵头))"
    r"|(?P<main>责任单位[：:]?|责任部门[：:]?|主要责任单位[：:]?)"
    r"|(?P<help>(?:配合|参与|参加|协办|协同|承办)(?:单位|部门)[：:]?|协办[：:]|等?(?:负责配合|负责协助|配合落实|配合|参与|参加|协助|(?:指导|督导|监督)(?=[，；。）]|$)))"
    r"|(?P<share>(?:等(?:有关|相关)?(?:部门|单位|地)?)?(?:按|依)照?(?:各自)?(?:职责|职能)?(?:任务)?(?:分工)?(?:共同)?(?:分别)?(?:抓好)?(?:负责|落实)(?:落实)?"
    r"|(?:等(?:有关|相关)?(?:部门|单位|地)?)?(?:按|依)照?(?:各自)?(?:职责|职能)(?:任务)?分工(?=[，；。）]|$)"
    r"|(?:等(?:有关|相关)?(?:部门|单位|地)?)?(?:分工|共同|分别|具体)?负责(?:落实|实施|推进|组织实施|具体实施)?|(?:组织|具体|分头|协同)实施|(?:等(?:有关|相关)?(?:部门|单位|地)?)?落实)"
)
_ROLED = re.compile(
    r"负责(?!人|同志|制)|牵头|(?:责任|配合|主办|承办|协办)(?:单位|部门)|职责分工|责任分工|[主协]办[：:]|组织实施$"
)
_LATER = re.compile(r"[。，；]?(?:以下|下同|后同|各县.{0,20}负责，以下)")
_HEAD = re.compile(r"(?:(?:牵头|责任|配合|主要责任|主办|协办)(?:单位|部门)|(?:责任|任务)分工(?=[：:])|由)[：:]?")
_SPLIT_AND = re.compile(r"(?<=[府厅局委办部院行署会心司团位门区])(?:和|及|以及|与|会同)(?=[^，、]{2,})")
_ONE_NAME = re.compile(r"各?(?:省辖|设区|地级以上)?[市区县旗州](?:（[^）]*）|〔[^〕]*〕)?[市区县]?")
_REST = re.compile(
    r"^(?:由|其中|并|及|和|以及|会同)|等(?:部门|单位|有关部门|相关部门|地|)?$|(?:部门|单位)?(?:分别|共同|具体|联合)$|[。；：，]$"
)
_DEADLINE = re.compile(
    r"(?:完成时限|完成时间|时限|时间要求)[：:]?([^；。）]+)"
    r"|((?:20\d\d年(?:\d{1,2}月)?(?:\d{1,2}日)?(?:底|末)?前?|(?:每年)?\d{1,2}月(?:\d{1,2}日|底|末)?前?|年底前?|持续|长期|常态化"
    r"|每年)(?:基本)?(?:完成|推进|坚持|实施|落实|开展)?)$"
)
#: A piece of a tail that begins with a time says until when, whatever is done by then: 2025年6月底前取得阶段性成效.
_UNTIL = re.compile(
    r"(?:(?<=[，；。\n])|^)(?P<when>(?:力争|确保|计划|争取)?[于在到至]?"
    r"(?:(?:20\d\d|[今明]|每|当)?年(?:\d{1,2}月(?:\d{1,2}日)?)?[底末]?前|(?:每年)?\d{1,2}月(?:[底末]|\d{1,2}日)?前"
    r"|20\d\d年(?:年?[底末]|\d{1,2}月[底末]?|[起内]|(?=全面|基本|完成|建成|取得|实现|投))))[^，；。\n]*"
)
#: Who answers, in such a piece, before their role.
_ANSWERS = re.compile(rf"{_BODY}(?:等[^，；]{{0,6}})?(?:{_ROLE.pattern})")
#: Where the first of a list leads without a word for it.
_FIRST = re.compile(
    r"[；。，]?(?:各?责任单位中)?(?:位?列|排)在?(?:第一位?|首位|第1位)的?(?:单位|部门)?(?:为|是)牵头(?:负责)?(?:单位|部门)?"
)
#: So many clauses back the one around a list is looked for.
_NEAR = 80
_OPENING, _CLOSING = "（〔【[", "）〕】]"


def duties(cleaned: Clean, document: Document) -> Iterator[Duty]:
    """The responsibility tails of a document in order."""
    text = cleaned.text
    tails = list(_tails(text, document.start, document.end))
    # Brackets with names alone are tails where a document has them throughout, or after one that says 下同.
    bare = [t for t in tails if _names_alone(_bare(text[t[0] : t[1]]))]
    bare_lists = len(bare) >= 3 and not any(_ROLED.search(text[s:e]) for s, e in tails)
    firsts = _FIRST.search(text, document.start, document.end) is not None
    for start, end in tails:
        inner = _bare(text[start:end])
        roled = _ROLED.search(inner) is not None
        if not roled and not (_names_alone(inner) and (bare_lists or _closes(text, start, end))):
            continue
        inner = re.sub("^(?:责任|任务)分工[：:]", "", inner)
        lead, support, deadlines = parse(_FIRST.sub("", inner))
        if firsts and not lead and len(support) > 1:
            lead, support = support[:1], support[1:]
        if not lead and not support:
            continue
        bare_lists = bare_lists or "下同" in inner
        first, last = cleaned.span(start, end)
        yield Duty(
            document.number, _clause(document.clauses, text, start).id, tuple(lead), tuple(support),
            cleaned.original[first:last], first, last, tuple(deadlines), "high" if roled else "medium",
            () if roled else ("role_carried",),
        )  # fmt: skip


def _bare(tail: str) -> str:
    """The words of a tail without the brackets around them; one that closes a name, as in 政府（管委会）, stays."""
    tail = tail.strip("。\n")
    while tail and tail[0] in _OPENING:
        tail = tail[1:]
    while tail and tail[-1] in _CLOSING + "。\n" and (tail[-1] in "。\n" or _depth(tail) < 0):
        tail = tail[:-1]
    return tail


#: Who answers in a bracket of names alone behind a whole paragraph.
_OFFICE = re.compile(r"(?:局|委|厅|部|办|政府|委员会|办公室|管委会|公司|中心|办事处|部门|单位|街道|乡镇)$")


def _closes(text: str, start: int, end: int) -> bool:
    """Whether a bracket of names alone ends a paragraph behind a whole sentence, as a tail does."""
    inner = text[start + 1 : end - 1]
    alone = text[start - 1 : start] in ("。", "；") and text[end : end + 1] in ("", "\n")
    return alone and all(_OFFICE.search(n) or n.startswith("各") for n in _names(inner))


def _clause(found: tuple[Clause, ...], text: str, at: int) -> Clause:
    """The clause of a tail; on a line of its own after a numbered list it is that of the clause around the list."""
    here = clause_of(found, at)
    own_line = at == 0 or text[at - 1] == "\n"
    if not own_line or here.rank < 4:
        return here
    before = found[max(0, bisect_right(found, at, key=lambda c: c.start) - _NEAR) :]
    before = before[: bisect_right(before, at, key=lambda c: c.start)]
    around = next((c for c in reversed(before) if c.rank < here.rank), here)
    items = [c for c in before if c.rank == here.rank]
    beside = [c for c in items if c.start > around.start]
    # What stands alone is judged by the items of the clauses before.
    items = beside if len(beside) > 1 else items
    after = bisect_right(found, at, key=lambda c: c.start)
    listed_on = after < len(found) and found[after].rank >= here.rank
    if listed_on or any(_ROLED.search(text[c.start : c.end]) for c in items[-4:-1]):
        return here
    return around


def _tails(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where tails stand: brackets behind a sentence, and lines that begin with the word for who is responsible."""
    at = start
    while at < end:
        if text[at] in _OPENING and (at == start or text[at - 1] not in _OPENING):
            stop = _closing(text, at, end)
            inner = text[at + 1 : stop]
            before = text[at - 1] if at > start else "\n"
            if len(inner) > 2 and (
                before in "。；！\n”）〕："
                or _HEAD.match(inner)
                or re.search("(?:负责|牵头|配合|参与|参加|落实)。?$", inner)
            ):
                yield at, min(stop + 1, end)
                at = stop + 1
                continue
        elif (at == start or text[at - 1] in "\n。；") and _HEAD.match(text, at) and text[at] != "由":
            stop = text.find("\n", at, end)
            stop = end if stop < 0 else stop
            # Roles on lines of their own, one after the other, are one tail.
            while stop < end and _HEAD.match(text, stop + 1) and text[stop + 1] != text[at]:
                more = text.find("\n", stop + 1, end)
                stop = end if more < 0 else more
            yield at, stop
            at = stop
            continue
        elif at > start and text[at - 1] == "。" and (stop := _last_sentence(text, at, end)):
            yield at, stop
            at = stop
            continue
        at += 1


#: Roles in a sentence of names and roles alone.
_SENTENCE_ROLE = re.compile(
    r"(?:等(?:有关|相关)?(?:部门|单位)?)?(?:(?:按|依)照?(?:各自)?(?:职责|职能)(?:任务)?分工)?(?:分别|共同|具体|抓好)?"
    r"(?:牵头负责|牵头落实|牵头|配合落实|配合|参与|参加|协助|负责落实|负责|落实)$"
)
_LONGEST_TAIL = 200


def _last_sentence(text: str, at: int, end: int) -> int:
    """Where the last sentence of a paragraph ends that is names and roles alone (市甲局牵头。); or 0."""
    line = text.find("\n", at, min(end, at + _LONGEST_TAIL))
    stop = line if line >= 0 else end
    if stop - at > _LONGEST_TAIL or not text[at:stop].endswith("。") or text.find("。", at, stop) != stop - 1:
        return 0
    offices = 0
    for part in re.split("[，；]", text[at : stop - 1]):
        role = _SENTENCE_ROLE.search(part)
        names = list(_names(part[: role.start()])) if role else []
        if not names or not all(re.search(rf"{_BODY}$", n) and len(n) <= 24 for n in names):
            return 0
        if any(re.search("要|应|须|会同|由|对|将", n) for n in names):
            return 0
        offices += sum(bool(_OFFICE.search(n)) and not n.startswith("各") for n in names)
    return stop if offices else 0


def _closing(text: str, at: int, end: int) -> int:
    depth = 0
    for i in range(at, min(end, at + 900)):
        if text[i] in _OPENING:
            depth += 1
        elif text[i] in _CLOSING:
            depth -= 1
            if not depth:
                return i
        elif text[i] == "\n" and depth == 1:
            return i
    return min(end, at + 900)


def _names_alone(inner: str) -> bool:
    names = list(_names(inner))
    return len(names) > 0 and all(re.search(rf"{_BODY}$", n) and len(n) <= 24 for n in names) and "。" not in inner


def parse(inner: str) -> tuple[list[str], list[str], list[str]]:
    """(lead, support, deadlines) of the words of one tail."""
    deadlines = [x for found in _DEADLINE.findall(inner) for x in found if x]
    inner = _DEADLINE.sub("", inner)
    for found in reversed([f for f in _UNTIL.finditer(inner) if not _depth(f[0])]):
        # 2024年底前市乙局配合: who answers stands behind the time.
        part = "when" if _ANSWERS.search(found[0]) else 0
        deadlines.append(found[part])
        inner = inner[: found.start(part)] + inner[found.end(part) :]
    inner = inner.strip("；，。")
    later = next((m for m in _LATER.finditer(inner) if not _depth(inner[: m.start()])), None)
    everywhere: list[str] = []
    if later:
        # 以下均需各市人民政府落实，不再列出: they answer here too.
        named = re.search(
            r"以下[^，。]{0,6}?(?:需|由|须|请)([^，。]+?)(?:负责)?(?:落实|组织实施|配合)", inner[later.start() :]
        )
        everywhere = list(_names(named[1])) if named else []
        inner = inner[: later.start()]
    lead: list[str] = []
    support: list[str] = []
    contrast = bool(re.search("(?:配合|协办|参与|参加)(?:单位|部门)", inner)) and "牵头" not in inner
    at, pending = 0, ""
    for found in _ROLE.finditer(inner):
        names = list(_names(inner[at : found.start()]))
        kind = found.lastgroup or ""
        label = found[0].endswith(("：", ":")) or bool(
            re.search("(?:单位|部门)$", found[0]) and kind in ("lead", "main", "help")
        )
        _give(lead, support, pending, names, contrast) if pending and names else None
        if label:
            pending = kind
        else:
            if not pending or not names:
                _give(lead, support, kind, names, contrast)
            pending = ""
        at = found.end()
    rest = list(_names(inner[at:]))
    _give(lead, support, pending or "share", rest, contrast)
    support.extend(n for n in everywhere if n not in support)
    return lead, [n for n in support if n not in lead], deadlines


def _depth(words: str) -> int:
    return sum((sign in _OPENING) - (sign in _CLOSING) for sign in words)


def _give(lead: list[str], support: list[str], kind: str, names: list[str], contrast: bool) -> None:
    into = lead if kind == "lead" or (kind == "main" and contrast) else support
    into.extend(n for n in names if n not in into)


def _names(words: str) -> Iterator[str]:
    """Names of bodies as printed; 各区、市政府 is one."""
    parts: list[str] = []
    for piece in _outside(words):
        parts.extend(_SPLIT_AND.split(piece))
    held = ""
    for part in parts:
        name = held + part
        held = ""
        for _ in range(3):
            name = _REST.sub("", name)
        if not name:
            continue
        if _ONE_NAME.fullmatch(name) and len(name) <= 12 and name.startswith("各") and part is not parts[-1]:
            following = parts[parts.index(part) + 1]
            if re.match(r"[市区县旗州盟](?:（[^）]*）|〔[^〕]*〕)?(?:[市区县])?(?:人民)?(?:政府|管委会)", following):
                held = name + "、"
                continue
        if 2 <= len(name) <= 40 and re.search("[一-鿿]", name):
            yield name


def _outside(words: str) -> Iterator[str]:
    depth, begun = 0, 0
    for i, sign in enumerate(words):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if depth <= 0 and sign in "、，；。,\n":
            yield words[begun:i]
            begun = i + 1
    yield words[begun:]
