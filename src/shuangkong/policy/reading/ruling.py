"""Rules in sentences (规则): whom they are for, bounds on quantities, and what follows, as a grammar of phrases.

A sentence is cut at its commas. What stands before the words of the consequence are conditions; an amount is a bound
on something, a share or a rate of something, a cap, or a fixed sum, by the words around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from shuangkong.policy.reading.rule_amounts import DOWNWARD, NOT, OPS, RUN, amounts_of, ends_in, runs_in
from shuangkong.policy.reading.rule_parts import Bound, Gives, Rule
from shuangkong.policy.reading.rule_tables import choice_of
from shuangkong.policy.reading.tree import number_at
from shuangkong.policy.reading.values import Amount

GIVEN = r"给予|予以|奖励|奖补|补助|补贴|资助|扶持|支持|罚款|处以|匹配"
_PRICE = r"加价|加收|上浮|下浮|征收|收取"
_CAP = re.compile(
    r"(?:不超过|不高于|最高(?!装|高)|至多|上限为?|封顶)(?:补助|补贴|奖励|奖补|资助|给予)*(?:为|达)?(?:人民币)?$"
)
_MONEY = "额|投资|投入|费用?|资金|成本|造价|价款|价格|经费|支出|利息|租金|贷款"
_SHARE = re.compile(
    rf"(?:给予|予以|奖励|奖补|补助|补贴)(?:总额|金额|资金|标准|比例)*(?P<most>不超过|最高)?(?P<money>[^，；。、0-9]{{1,20}}?(?:{_MONEY}))的?$"
    rf"|按照?(?P<base>[^，；。按]{{1,40}}?)(?:的|(?<=[额资入费用本价款出])|(?:给予|予以)(?:不超过|最高)?)$|(?:{GIVEN})$"
)
#: A share whose base is not read, before its cap.
_SHARE_LOST = re.compile("(?:给予|奖励|奖补|补助|补贴)[^，；。]*$")
_CAP_NEXT = re.compile("^(?:的[^，。；]{0,8})?[、，](?:且|但)?(?:最高|最多|不超过|上限)")
#: Between two values of a list.
_AND = re.compile("(?:、|和|及|以及|与)(?P<own>(?:分别|给予|奖励|补助|加价|每千瓦时|最高|不超过)*)")
_PER = re.compile(
    r"每(?P<per>吨标准煤|吨标煤|吨二氧化碳|千瓦时|度电?|千瓦|兆瓦|平方米|立方米|吨|辆|台|个|户|家|张|座|份(?:[一-鿿]{0,8})|人)"
    r"(?:车|项目|证书)?(?:最高|不超过|给予|奖励|补助|补贴|加价|加收|上浮|按照?|标准为?|分别|为)*$"
)
_QUANTITY = re.compile(r"(?<!（)按照?(?:其|项目)?(?P<what>[^，；。按]{1,24}?)(?:，|给予|予以|以|每(?![年月日])|$)")
_FIXED = re.compile(
    rf"(?:{GIVEN})(?:单位|企业|服务机构|[一-鿿]{{0,8}}主体)?(?:一次性|最高|不超过|金额|分别|总额|为|、)*$"
)
_STEP_PER = re.compile(
    rf"每(?P<per>千瓦时|度电?|立方米|吨)(?:用?[电水气]量?)?(?:分别|最高|再|按照?)*(?:{_PRICE}|提高|增加|上调|加|降低|减少|下调)"
    "(?:标准|幅度|金额)?(?:为|分别|不超过|不低于)*$"
)
_STEP = re.compile(rf"(?:{_PRICE})(?:标准|幅度|比例)?(?:为|分别|每千瓦时|不超过|不低于)*$")
_LIMIT = re.compile(
    r"(?P<neg>不应|不得|不宜|不能|应不|须不|不允许|应当不|必须不)(?P<how>超过|高于|大于|多于|低于|小于|少于)$"
)
#: A negation right before a consequence is part of it: 不再实行限批.
_NO = "(?:(?:暂不|不再|不|未|无需|无须|不必)(?:实行|实施|进行|列入)?)?"
_CONSEQUENCE = re.compile(
    rf"{_NO}(?:责令|暂停|限批|约谈|通报批评|限期(?:整改|改造)|予以关闭|停工整改|取消|提醒|禁止)|不予|一律不得"
    "|免[予于]考核|不得(?!低于|高于|超过|少于|大于|小于)"
)
_ASKED = re.compile(
    r"(?P<no>暂不|不再|不|未|没有?|无需|无须|非)?(?:全部|必须|应当?(?!用)|须|纳入|安装|开展|扩展到|关停|淘汰|实行|实施|加强|参加"
    r"|推进|完成|定期|不得|配备|建立|接入|为重点|列为)"
)
#: What those are taken for whom a bound picks out: 低于60分的为未完成等级.
_DEEMED = re.compile(
    r"分?(?:（[^）]*）)?(?:的|者)?，?(?P<what>(?:(?<=[的者])|(?<=的，)|(?:评定?|确定|认定|判定|[评鉴]定|评价|视))"
    r"为[^，。；]+(?<!的))(?=[，。；]|$)"
)
#: Verbs before a bound that ask something of those whom it picks out.
_SOFT = re.compile(r"(?:基本|全面|定期|进一步)?(?:加强|推进|完成|开展|淘汰|关停|推动|将[^，]{0,14}扩展到)")
_IF = re.compile(
    r"^(?:对于?|凡是?|如果?|若|经|已|未|被|新|且|并且?|符合|满足|首次|成功|列入|年度)|(?:的|项目|企业|单位|机构|地方|地区|小区|建筑|时)$"
)
_NO_IF = re.compile(
    r"^(?:根据|鼓励|支持|推动|加强|完善|建立|落实|严格|由|单个|用于|最高|全面|排查|严把|加快|推进|通过|坚持|科学|从严|以|适时|强化)"
    r"|^按照?(?!.*(?:企业|单位|项目)$)"
)
_EXCEPT = re.compile("除外|除[^，]{2,20}外")
#: What a bound picks out: 20吨及以上的农村生活污水处理设施.
_PICKED = re.compile(
    r"^(?:的|（[^）]*）|等)*(?P<noun>[一-鿿A-Za-z“”]{2,14}?)(?=[全必应须纳安开扩关淘实加参推完定不配建接为列超周范、，。；0-9]|$)"
)
_BEFORE_CONSEQUENCE = re.compile(r"(?:的|者|地方|地区|企业|项目|单位|，|进行|依法依规|依法|一律|坚决|规定|^)$")
_STRENGTHENS = re.compile(r"(?:按有关规定|按规定|依法依规|依法|一律|坚决|，|的|进行[^，]{0,4}|实行|督促)+$")
_LEAD = re.compile(r"^(?:对于?|凡是?|如果?|若|将|把|在)")
#: Where a new rule begins once something has followed in the sentence.
_ANEW = re.compile(r"，(?=对(?!应|比|口)|凡|[^，；。]{3,40}的，)")
_COMPARES = re.compile(
    rf"(?:达到或者?超过|(?:下降|降低|提高|提升|增加|减少|降)[到至]|{NOT}?(?:达到?|超过?|突破|大于|高于|多于|低于|小于|少于)|{NOT}[满及过]|达不到|不足|不到|至少|在|为|过|约)$"
)
_LEADS = re.compile(
    r"^(?:对于?|将|把|凡|如|若|且|并|或|其中|实现|单个|最高(?!高)|定期|节能改造后|[^，]{1,8}等(?:行业|领域|企业))"
)
_VERBS = (
    "应当?(?!用)|必须|须|全部|纳入|扩展到"
    "|(?:加快|加强|推动|推进|完成|落实|执行|实行|开展|淘汰|关停)(?!率|量|值|额|度|比例|情况)"
)
_LONGEST = 30
#: What joins a further consequence to the one before it.
_JOINS = re.compile("^(?:并且?|且|同时|以及|还|由[^，]{2,12}部门|依法依规|依法|一律|坚决|按有关规定)+")
#: Whether an amount at a place of the cleaned text is a target's.
Taken = Callable[[int], bool]


def rules_in(text: str, start: int, end: int, taken: Taken = lambda place: False) -> Iterator[Rule]:
    """The rules that a sentence says, in order; amounts in `taken` places are targets and no rule's."""
    for begin, stop in _parts(text, start, end):
        rule = _rule(text, begin, stop, taken)
        if rule is not None:
            yield rule


def conditions_in(text: str, start: int, end: int, taken: Taken = lambda place: False) -> list[list[Bound]]:
    """The bounds of one condition of a list: those of which one is enough stand together."""
    number = number_at(text, start)
    start = min(end, number[3]) if number else start
    every = [a for a in amounts_of(text, start, end) if not taken(a.start)]
    found = [b for n, a in enumerate(every) if (b := _bound(text, every[n - 1].end if n else start, a, None))]
    either = re.search("或者?", text[start:end])
    return [found] if either and len(found) > 1 else [[b] for b in found]


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a sentence that are rules of their own: a new condition begins once something has followed."""
    begin = start
    for cut in _ANEW.finditer(text, start, end):
        said = text[begin : cut.start()]
        if re.search(rf"{_CONSEQUENCE.pattern}|(?:{GIVEN})[^，]*[0-9]|[0-9][^，]*(?:{GIVEN})", said):
            yield begin, cut.start()
            begin = cut.start() + 1
    yield begin, end


def _rule(text: str, start: int, end: int, taken: Taken) -> Rule | None:
    found = [a for a in amounts_of(text, start, end) if not taken(a.start)]
    rule = Rule(start, end)
    acts = _acts(text, start, end, found, rule)
    first = min((a.start for a in acts), default=None)
    if rule.limit is not None and first is not None:
        first = max(start, text.rfind("，", start, first) + 1)
    if first is None:
        first = _consequence(text, start, end)
    before = [start, *(a.end for a in found)]
    rule.bounds = [
        b for n, a in enumerate(found) if a not in acts and (b := _bound(text, before[n], a, first)) is not None
    ]
    rule.bounds += runs_in(text, start, end)
    asked = None
    if first is None:
        asked = _asked(text, start, end, found) if rule.bounds and found else None
        if asked is None:
            return None
        first = asked[0]
    _conditions(text, start, first, found, rule)
    if rule.gives:
        rule.measure = "；".join(_further(text, start, end))
    elif rule.cap is None and rule.limit is None:
        said = [asked[1] if asked else _measure(text, start, end, first)]
        said += [m for m in _further(text, first, end) if m not in said]
        rule.measure = "；".join(said)
        if not said[0] or not (rule.flags or rule.bounds):
            return None
    if _EXCEPT.search(text, start, end):
        rule.unsure.append("exception")
    return rule


def _consequence(text: str, start: int, end: int) -> int | None:
    """Where the words of a consequence begin: 约谈, and not the 提醒 of 经督促提醒仍然滞后的地方."""
    found = [m.start() for m in _CONSEQUENCE.finditer(text, start, end)]
    if not found:
        return None
    stop = text.find("，", found[0], end)
    own = [f for f in found if stop < 0 or f < stop]
    return next((f for f in own if _BEFORE_CONSEQUENCE.search(text[start:f])), own[0])


def _before(text: str, start: int, at: int) -> str:
    return text[max(start, at - 60) : at]


def _acts(text: str, start: int, end: int, found: Sequence[Amount], rule: Rule) -> list[Amount]:
    """The amounts that say what follows; they are put into the rule."""
    acts: list[Amount] = []
    for n, amount in enumerate(found):
        given: Gives | Bound | str | None = None
        if n and rule.gives and acts and acts[-1] is found[n - 1]:
            given = _listed(text, start, acts[-1], amount, rule)
        given = given or _given(text, start, end, amount, acts)
        if isinstance(given, Bound):
            rule.limit = given
        elif given == "cap":
            rule.cap = (amount.value, amount.unit)
        elif isinstance(given, Gives):
            rule.gives.append(given)
            rule.unsure += ["given_range"] if amount.high is not None else []
        else:
            continue
        acts.append(amount)
    if len(rule.gives) > 1 and "分别" in text[start : acts[-1].start] and not rule.unsure:
        rule.unsure.append("list_unlike")
    return acts


def _listed(text: str, start: int, last: Amount, amount: Amount, rule: Rule) -> Gives | None:
    """A further value of a list, 0.1元、0.3元, as the one before it; unlike its names until those are found."""
    joined = _AND.fullmatch(text, last.end, amount.start)
    (own, _, below), like = amount.unit.partition("/"), last.unit.partition("/")[0]
    if not joined or (own != like and not (own.endswith("元") and like.endswith("元"))):
        return None
    most = re.search("最高|不超过", joined["own"]) is not None
    if most and "分别" not in text[start : last.start]:
        return None
    before = rule.gives[-1]
    unit = amount.unit if below or "/" not in before.unit else f"{own}/{before.unit.partition('/')[2]}"
    rule.unsure = ["list_unlike"]
    return replace(before, value=amount.value, unit=own if before.kind == "rate" else unit)


def _given(text: str, start: int, end: int, amount: Amount, acts: Sequence[Amount]) -> Gives | Bound | str | None:
    before = _before(text, start, amount.start)
    money = amount.unit.partition("/")[0].endswith("元")
    if (limit := _limit(text, start, end, amount, before, money)) is not None:
        return limit
    if money and (step := _STEP_PER.search(before)):
        return _stepped(step[0], amount, f"{amount.unit.partition('/')[0]}/{step['per'] or '千瓦时'}")
    if money and "/" in amount.unit and (step := _STEP.search(before)):
        return _stepped(step[0], amount, amount.unit)
    if money and acts and re.search("每[户家个](?:企业|项目|单位)?(?:累计)?(?:最高|不超过)+$", before):
        return "cap"
    if money and (per := _PER.search(before) or ("/" in amount.unit or None)):
        return _rate(before, amount, per if isinstance(per, re.Match) else None)
    if (step := _STEP.search(before)) and "不受" not in before:
        return _stepped(step[0], amount, amount.unit)
    if amount.unit in ("%", "‰") and (share := _SHARE.search(before)) and re.search(GIVEN, before + amount.after[:16]):
        base = _base(share["base"] or share["money"] or "", before)
        return Gives(
            "share", amount.value / (10 if amount.unit == "‰" else 1), "%", base, at_most=share["most"] is not None
        )
    if amount.unit == "%" and _SHARE_LOST.search(before) and _CAP_NEXT.search(amount.after):
        return Gives("share", amount.value, "%")
    if not money:
        return None
    capped = _CAP.search(before)
    if capped and (acts or re.search(f"{GIVEN}|^以上", before)):
        return "cap" if acts else Gives("fixed", amount.value, amount.unit, at_most=True)
    return Gives("fixed", amount.value, amount.unit, at_most=bool(capped)) if _FIXED.search(before) else None


def _stepped(words: str, amount: Amount, unit: str) -> Gives:
    """A step of a price, downwards where its words say so."""
    value = -amount.value if re.search("下浮|降低|减少|下调", words) else amount.value
    return Gives("step", value, unit, at_most=re.search("最高|不超过", words) is not None)


def _limit(text: str, start: int, end: int, amount: Amount, before: str, money: bool) -> Bound | None:
    """A limit that has to be kept: 不应超过30cm, 须落实不少于1.2倍; no bound of whom something is given to."""
    stated = _LIMIT.search(before)
    if stated:
        op = "<=" if stated["how"] in ("超过", "高于", "大于", "多于") else ">="
        return Bound(_noun(before[: stated.start()]), op, amount.value, amount.unit)
    asks = re.search("应当?(?!用)|须|必须|实行|执行", text[start : amount.start])
    if money or not asks or re.search(GIVEN, text[start:end]):
        return None
    op = next((o for pattern, o in OPS[1:3] if pattern.search(before)), "")
    if not op and "倍" in amount.unit + amount.after[:4] and "上" in amount.behind:
        op = ">="
    return Bound(_noun(before), op, amount.value, amount.unit) if op else None


def _rate(before: str, amount: Amount, per: re.Match[str] | None) -> Gives:
    unit, _, below = amount.unit.partition("/")
    counted = (per["per"] if per else below).strip()
    named = [m["what"] for m in _QUANTITY.finditer(before)][::-1]
    named += [m["what"] for m in _QUANTITY.finditer(amount.after[:40])]
    of = [w for w in (re.sub("^(?:实现的?|实际|照|测试)|的?标准$|的$", "", n) for n in named) if w and w[0] != "每"]
    return Gives("rate", amount.value, unit, of[0] if of else "", counted, bool(_CAP.search(before)))


def _base(base: str, before: str) -> str:
    """What a share is of; 给予20% without 按…的 takes the last 按… of the sentence."""
    if base:
        # a share of a rate of interest is no sum
        return "" if base.endswith("率") else base
    said = [m["what"] for m in _QUANTITY.finditer(before)]
    return said[-1] if said else ""


def _bound(text: str, start: int, amount: Amount, first: int | None) -> Bound | None:
    """A bound on what stands before the amount, or on the size of what it picks out behind it."""
    before = _before(text, start, amount.start)
    if first is not None and amount.start > first:
        return None
    op = next((o for pattern, o in OPS if pattern.search(before)), "")
    if re.search("下|内", amount.behind) and re.search("达到?$", before):
        op = DOWNWARD.get(op, op)
    if not op and amount.high is not None:
        op = "band"
    elif not op and amount.behind:
        op = ">=" if "上" in amount.behind else "<=" if "下" in amount.behind or "内" in amount.behind else ""
    if not op and amount.after.startswith("范围内"):
        op = "<="
    if not op:
        return None
    what = _noun(before)
    picked = _PICKED.match(amount.after) if not what else None
    if picked:
        what = f"{picked['noun']}规模"
    low, high = ends_in(text, amount, len(text))
    if op != "band" and high is not None:
        op = op[0] + ("=" if high else "")
    return Bound(what, op, amount.value, amount.unit, amount.high, picked is not None, low, high)


def _noun(before: str) -> str:
    """What is measured: the words before an amount, behind the last comma, without comparing words and verbs."""
    words = re.split(r"[，；。：]", before)[-1]
    trimmed = None
    while trimmed != words:
        trimmed = words
        words = _COMPARES.sub("", words)
        words = _LEADS.sub("", words)
    words = re.split(r"、(?=[^（）]*$)", words)[-1]
    return re.split(_VERBS, words)[-1][-24:]


def _asked(text: str, start: int, end: int, found: Sequence[Amount]) -> tuple[int, str] | None:
    """Where a sentence asks something of those whom a bound picks out, and what; None where it does not."""
    last = max(found, key=lambda a: a.end)
    if deemed := _DEEMED.match(text, last.end, end):
        return deemed.start("what"), _tidy(deemed["what"])
    begin = max(start, text.rfind("，", start, last.start) + 1)
    asked = _ASKED.search(text, last.end, end)
    picked = _PICKED.match(text[last.end : end])
    comma = text.find("，", last.end, end)
    tail = re.split("[，；。]", text[last.end : end])[0]
    if tail.endswith("的"):
        # 年节能量达50吨标准煤以上的，可参照…标准给予补助: what follows has no number of its own
        later = [p for p in re.split("[，；。]", text[last.end : end])[1:] if re.search(GIVEN, p)]
        return (last.end, _tidy(later[-1])) if later else None
    if picked and _SOFT.match(text[begin : last.start]):
        own = text[begin : last.start]
        return last.end, _tidy(own.removesuffix(_noun(own)) + re.sub("^(?:范围内)?的?", "", tail))
    if asked and asked["no"] and re.match("未|没|[^，。；]*的", text[asked.start() : end]):
        return None  # 未完成改造的企业, 不实行…的单位: they say of whom it is asked, and not what
    if asked and picked and (comma < 0 or asked.start() < comma or asked.start() <= comma + 6):
        return asked.start(), _tidy(text[asked.start() : end])
    return None


def _conditions(text: str, start: int, first: int, found: Sequence[Amount], rule: Rule) -> None:
    """Flags and choices that stand before what follows."""
    at = start
    for piece in re.split("[，：]", text[start:first]):
        begin = text.find(piece, at)
        at = begin + len(piece)
        if any(begin <= a.start < at for a in found) or not _flag_like(piece):
            continue
        chosen = choice_of(rule, _words(piece))
        if chosen:
            rule.choice = chosen
        elif piece.startswith("或") and rule.flags:
            rule.flags[-1] += f"，{_words(piece)}"
        elif not RUN.search(piece):
            rule.flags.append(_words(piece))


def _flag_like(piece: str) -> bool:
    piece = re.sub("^(?:且|并且?|或)", "", piece)
    piece = piece if piece.endswith("的") else _STRENGTHENS.sub("", piece)
    if not 3 <= len(piece) <= 90 or _NO_IF.search(piece) or re.search(f"(?:给予|予以)[^的]*(?:{GIVEN})|^给予", piece):
        return False
    return _IF.search(piece) is not None


def _words(piece: str) -> str:
    words = re.sub(r"^(?:且|并且?)", "", piece.strip("，。；"))
    words = _LEAD.sub("", words)
    return _STRENGTHENS.sub("", words)


def _measure(text: str, start: int, end: int, first: int) -> str:
    """What follows: the piece of the sentence that holds the consequence, without a condition before it."""
    begin = max(start, text.rfind("，", start, first) + 1)
    return _tidy(text[first if _flag_like(text[begin:first]) else begin : end])


def _further(text: str, start: int, end: int) -> Iterator[str]:
    """Consequences beside the first, or beside a sum: 约谈负责人，暂停审批，并责令整改; each begins a piece."""
    for piece in re.split("，", text[start:end]):
        own = _JOINS.sub("", piece)
        if _CONSEQUENCE.match(own) and not own.rstrip("。；").endswith("的") and not re.search("[0-9]", own):
            yield _tidy(own)


def _tidy(words: str) -> str:
    words = re.sub("^(?:依法依规|依法|一律|坚决|按有关规定|立即|予以(?=限)|，)+", "", words)
    part = re.split("[，；。（]", words)[0].strip("“”")
    return part[:_LONGEST] if len(part) >= 2 else ""
