"""What letters say (文书正文): from the case, its ground and its deadlines, in the words an office would use. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shuangkong.casework.model import BASES, KINDS, SITE_CHECK, Case, Evidence, Ground, Kind
from shuangkong.kernel.labels import Label
from shuangkong.kernel.numbers import PLACES
from shuangkong.kernel.periods import Period
from shuangkong.webkit.api import business_day, day_words

LetterKind = Literal["reminder", "talk", "stop", "suspension", "rectify", "lift"]
LETTERS: Mapping[LetterKind, Label] = {
    "reminder": Label("提醒函", "reminder"),
    "talk": Label("约谈通知", "notice of a talk"),
    "stop": Label("限批通知", "notice of a stop"),
    "suspension": Label("暂停节能审查通知", "notice of suspension"),
    "rectify": Label("整改通知", "notice of rectification"),
    "lift": Label("解除通知", "notice that lifts the measure"),
}
#: Measures that go on until a letter lifts them.
LIFTED: frozenset[Kind] = frozenset({"stop", "suspension"})
_INK = "、"
_AGAIN = "再次出现文件规定情形的，按规定办理。"


@dataclass(frozen=True, slots=True)
class Cited:
    """The document that a measure follows from: its title, number, the clause and what the clause is called."""

    title: str
    number: str
    clause: str
    heading: str
    synthetic: bool = False
    title_en: str = ""

    @property
    def english(self) -> str:
        """The same for a page in English: the title, the number as printed, the clause."""
        number = f" ({self.number})" if self.number else ""
        return f"{self.title_en or self.title}{number}, {self.clause}"

    @property
    def words(self) -> str:
        """《title》（number）第 clause “heading”."""
        number = f"（{self.number}）" if self.number else ""
        heading = f"“{self.heading}”" if self.heading and self.heading != self.clause else ""
        return f"《{self.title}》{number}{self.clause}{heading}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter before it is set: `body` are paragraphs as (kind, text), kind being head, plain or end."""

    kind: LetterKind
    title: str
    to: str
    body: tuple[tuple[str, str], ...]
    annex_title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    day: date
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter needs beside its case; `days` are the working days by step, `audit_head` the end of the log.

    `files` are those handed in: the annex of a case opened by hand lists them.
    """

    cited: Cited
    days: Mapping[str, int]
    day: date
    audit_head: str
    files: Sequence[Evidence] = ()


def letters_of(case: Case) -> tuple[LetterKind, ...]:
    """The letters that a case has: that of its measure, and the one that lifts it once it is reviewed or closed."""
    lift: tuple[LetterKind, ...] = ("lift",) if case.kind in LIFTED and case.state in ("review", "closed") else ()
    return (case.kind, *lift)


def written(case: Case, kind: LetterKind, facts: Facts) -> Letter:
    """The text of a letter of a case, with its annex of periods, grades and figures, or of the files it rests on."""
    name = case.subject_zh
    annex, head, rows = f"{name}有关指标逐期情况", ("指标", "期间", "等级或数值", "规则结论"), _rows(case.ground)
    if case.by_hand:
        annex, head, rows = f"{name}有关材料清单", ("文件", "材料", "提交日期", "SHA-256（前 16 位）"), _files(facts)
    return Letter(
        kind, _title(case, kind), f"{name}人民政府" if _region(case) else name, tuple(_body(case, kind, facts)),
        annex, head, rows, _notes(case, facts), facts.day, case.synthetic,
    )  # fmt: skip


def _files(facts: Facts) -> tuple[tuple[str, ...], ...]:
    return tuple((f.name, f.item, day_words(business_day(f.at)), f.sha256[:16]) for f in facts.files)


def _region(case: Case) -> bool:
    return len(case.subject_code) == 6


def _you(case: Case) -> str:
    return "你地" if _region(case) else "你单位"


def _title(case: Case, kind: LetterKind) -> str:
    name = case.subject_zh
    return {
        "reminder": f"关于{name}能耗双控形势的提醒函",
        "talk": f"关于约谈{name}能耗双控工作的通知",
        "stop": f"关于对{name}实行区域节能审查限批的通知",
        "suspension": f"关于暂停{name}新建项目节能审查的通知",
        "rectify": f"关于{name}限期整改的通知",
        "lift": f"关于解除对{name}{'限批' if case.kind == 'stop' else '暂停节能审查'}措施的通知",
    }[kind]


def _body(case: Case, kind: LetterKind, facts: Facts) -> list[tuple[str, str]]:
    letter = "函" if kind == "reminder" else "通知"
    if kind == "lift":
        return [
            ("plain", f"根据{facts.cited.words}，经对{_you(case)}报送的材料进行复核，现就有关事项{letter}知如下。"),
            ("head", "一、复核情况"),
            ("plain", f"{situation(case)}{_you(case)}已提交{_INK.join(case.evidence) or '有关材料'}。"),
            ("head", "二、决定"),
            ("plain", f"自本通知印发之日起，解除对{_you(case)}实行的{_measure(case.kind)}措施。{_AGAIN}"),
            ("end", "特此通知。"),
        ]  # fmt: skip
    told = "函告" if kind == "reminder" else "通知"
    return [
        ("plain", f"根据{facts.cited.words}的规定，现将有关事项{told}如下。"),
        ("head", "一、基本情况"),
        ("plain", f"{situation(case)}{'有关材料清单' if case.by_hand else '逐期等级和数值'}见附件。"),
        ("head", "二、处理意见"),
        ("plain", _decision(case, kind)),
        *([("plain", f"上述措施不适用于{case.excepted.replace('；', _INK)}。")] if case.excepted else []),
        ("head", "三、有关要求"),
        ("plain", _asks(case, facts)),
        ("end", "特此函达。" if kind == "reminder" else "特此通知。"),
    ]


def situation(case: Case) -> str:
    """What the figures say, in one sentence: which periods in a row, upon which basis, the worst figures by name.

    Of a case opened by hand: the day, the occasion, and what happened as it was written down.
    """
    g = case.ground
    if case.by_hand:
        end = "" if g.words.endswith(("。", "！", "？", ".")) else "。"
        return f"{Period.parse(g.period).zh()}，{_you(case)}出现文件规定的情形（{g.answer}）。具体情况：{g.words}{end}"
    counted = "；".join(f"{label}为{_INK.join(words)}" for label, words in _by_label(g).items() if words)
    basis = "已公布的数据" if case.basis == "published" else f"{BASES[case.basis].zh}的数据（未经公布）"
    extra = f"其中，{counted}。" if counted else ""
    return f"依据{basis}，{_you(case)}{_span(g)}达到文件规定的情形，规则结论为“{_plain(g.answer)}”{_before(g)}。{extra}"


def _same(ground: Ground) -> list[str]:
    """The periods up to the newest in which the rule says what it says in that; the others brought something else."""
    found = [ground.period]
    for a in reversed([a for a in ground.answers if a.period != ground.period]):
        if a.answer != ground.answer:
            break
        found.insert(0, a.period)
    return found


def _span(ground: Ground) -> str:
    same = _same(ground)
    return "至".join(Period.parse(p).zh() for p in dict.fromkeys((same[0], same[-1])))


def _before(ground: Ground) -> str:
    """What the rule said in the periods of the row before."""
    same = set(_same(ground))
    earlier = [a for a in ground.answers if a.period not in same and a.answer]
    told = _INK.join(f"{Period.parse(a.period).zh()}为“{_plain(a.answer)}”" for a in earlier if a.answer)
    return f"（此前{told}）" if told else ""


def _plain(answer: str) -> str:
    return {"true": "是", "false": "否"}.get(answer, answer)


def _by_label(ground: Ground) -> dict[str, list[str]]:
    """The figures of each indicator that the rule counts, as many in a row as reach up to its newest period."""
    found: dict[str, list[str]] = {}
    for label in dict.fromkeys(f.label_zh for f in ground.figures):
        mine = [f for f in ground.figures if f.label_zh == label]
        row: list[str] = []
        for f in reversed(mine):
            if not f.counts or f.value is None:
                break
            row.append(f"{Period.parse(f.period).zh()}{shown(f.word_zh, f.value, f.unit)}")
        if row:
            found[label] = row[::-1]
    return found


def shown(word: str, value: object, unit: str) -> str:
    """A grade by its word, another figure with its unit."""
    if word:
        return word
    if value is None:
        return "未公布"
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    plain = text.rstrip("0").rstrip(".") if "." in text and PLACES else text
    return plain if unit in ("1", "grade", "") else f"{plain} {unit}"


def _measure(kind: Kind) -> str:
    return {"stop": "区域节能审查限批", "suspension": "暂停节能审查"}.get(kind, KINDS[kind].zh)


def _decision(case: Case, kind: LetterKind) -> str:
    return {
        "reminder": "现予以提醒。请切实加强用能管理，分析原因，采取措施扭转不利形势。",
        "talk": f"决定对{_you(case)}有关负责同志进行约谈。约谈时间、地点另行通知；请准备书面汇报材料。",
        "stop": f"自本通知印发之日起，对{_you(case)}实行区域节能审查限批，"
        "暂缓受理和审批新增用能项目的节能报告，直至解除。",
        "suspension": f"自本通知印发之日起，暂停{_you(case)}新建项目节能审查，下一年度视情恢复。",
        "rectify": f"责成{_you(case)}限期整改，逐项明确措施、责任单位和完成时限。",
    }[kind]


def _asks(case: Case, facts: Facts) -> str:
    answer = facts.days.get("answer")
    within = f"请于收到之日起{answer}个工作日内书面回复" if answer is not None else "请及时书面回复"
    if case.state == "served" and case.deadline is not None and case.due_step == "answer":
        within = f"请于{day_words(case.deadline)}前书面回复"
    items = [i for i in case.evidence if i != SITE_CHECK]
    wanted = f"，并按要求提交{_INK.join(items)}" if items else ""
    return f"{within}{wanted}。对上述数据有异议的，请在回复中说明并附依据，我们将予以核实。"


def _rows(ground: Ground) -> tuple[tuple[str, ...], ...]:
    """Each figure with what the rule said of its period, beside those that count for it, or all where none does."""
    answers = {a.period: a.answer for a in ground.answers}
    counted = {f.period for f in ground.figures if f.counts}
    rows = [
        (f.label_zh, Period.parse(f.period).zh(), shown(f.word_zh, f.value, f.unit),
         _answer(answers.get(f.period, "") if f.counts or f.period not in counted else ""))
        for f in ground.figures
    ]  # fmt: skip
    there = {f.period for f in ground.figures}
    rows += [("—", Period.parse(p).zh(), "—", _answer(a)) for p, a in answers.items() if p not in there]
    return tuple(rows)


def _answer(answer: str | None) -> str:
    return "不能判定" if answer is None else _plain(answer) if answer else "—"


def _notes(case: Case, facts: Facts) -> tuple[str, ...]:
    g = case.ground
    number = f"督办事项第 {case.number} 号；审计链末端 {facts.audit_head}。"
    if case.by_hand:
        return (f"依据：{facts.cited.words}。", "立案方式：人工立案，依据所列材料，不是程序运算得出的结论。", number)
    return (
        f"依据：{facts.cited.words}；规则表 {g.pack_id}@{g.pack_edition} {g.slug}。",
        f"数据性质：{BASES[case.basis].zh}；运算号 {g.run_id}；结论号 {g.finding_key}。",
        number,
    )
