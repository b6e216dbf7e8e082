"""The list of cases (督办列表): filtered, sorted, paged and exported, as the reader may see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from shuangkong.app.casework import calendar
from shuangkong.app.web.consequences import consequence
from shuangkong.app.web.listings import Eyes, Listing, told_words
from shuangkong.casework.api import (
    BASES,
    GROUND_STATES,
    KINDS,
    STATES,
    Case,
    cases_select,
    days_left,
)
from shuangkong.engine.api import reading
from shuangkong.kernel.labels import Label
from shuangkong.webkit.api import (
    Choices,
    SelectSource,
    Speaker,
    TableColumn,
    TableSpec,
    Told,
    business_day,
    period_words,
)

YES = {"yes": Label("是", "yes"), "no": Label("否", "no")}
ORDERS = {
    "due": Label("先到期的在前", "due first"),
    "newest": Label("新立案的在前", "newest first"),
    "subject": Label("按地区、单位", "by subject"),
}

SPEC = TableSpec(
    "cases",
    Label("督办事项", "Cases"),
    (
        TableColumn("number", Label("编号", "No."), "number", places=0, sortable=True),
        TableColumn("subject_zh", Label("对象", "Subject"), sortable=True, by="subject_code", wrap=True),
        TableColumn("kind", Label("措施", "Measure"), filter="choice", sortable=True, by="severity"),
        TableColumn("state", Label("状态", "State"), filter="choice", sortable=True),
        TableColumn("ground_state", Label("依据", "Ground"), filter="choice"),
        TableColumn("period", Label("期间", "Period"), sortable=True),
        TableColumn("deadline", Label("期限", "Due"), "date", sortable=True, filter="range"),
        TableColumn("responsible", Label("责任人", "Responsible"), filter="contains", wrap=True),
        TableColumn("overdue", Label("逾期", "Overdue"), filter="choice", shown=False),
        TableColumn("to_decide", Label("依据待研判", "Ground to decide"), filter="choice", shown=False),
        TableColumn("active", Label("在办", "Under way"), filter="choice", shown=False),
        TableColumn("by_hand", Label("人工立案", "Opened by hand"), filter="choice", shown=False),
        TableColumn("basis", Label("数据性质", "Basis"), filter="choice", shown=False, rare=True),
        TableColumn("since", Label("自", "Since"), shown=False),
        TableColumn("subject_en", Label("对象（英文）", "subject in English"), shown=False),
        TableColumn("subject_code", Label("代码", "Code"), filter="contains", shown=False),
        TableColumn("pack_id", Label("规则包", "Pack"), shown=False),
        TableColumn("pack_edition", Label("版本", "Edition"), shown=False),
        TableColumn("slug", Label("规则表", "Table"), shown=False),
        TableColumn("clause", Label("条款", "Clause"), shown=False),
        TableColumn("answer", Label("后果", "Consequence"), shown=False),
        TableColumn("opened_at", Label("立案时间", "Opened"), "instant", sortable=True, filter="range", shown=False),
        TableColumn("updated_at", Label("最近办理", "Last step"), "instant", sortable=True, shown=False),
        TableColumn("synthetic", Label("合成", "synthetic"), "flag", shown=False),
        TableColumn("case_id", Label("事项号", "case"), shown=False),
    ),
    key=("number",),
    orders={"due": ("deadline", "-number"), "newest": ("-number",), "subject": ("subject_code", "-number")},
    default="due",
    search=("subject_zh", "subject_en", "subject_code", "answer"),
    synthetic="synthetic",
    codes=True,
)  # fmt: skip


def today_of(eyes: Eyes) -> date:
    """The day in China on which the list is asked for."""
    return business_day(eyes.workspace.clock())


def _source(eyes: Eyes, _: Choices) -> SelectSource:
    now = eyes.workspace.clock()
    with reading(eyes.workspace.engine) as db:
        chosen = cases_select(db, eyes.scope, now, today_of(eyes))
    return SelectSource(eyes.workspace.engine, chosen)


def words(eyes: Eyes) -> Mapping[str, Callable[[str], str]]:
    """What people call the values of the columns."""
    say = eyes.speaker.label

    def of(labels: Mapping[Any, Label]) -> Callable[[str], str]:
        return lambda value: say(labels[value]) if value in labels else value

    return {
        "kind": of(KINDS), "state": of(STATES), "ground_state": of(GROUND_STATES), "basis": of(BASES),
        "overdue": of(YES), "to_decide": of(YES), "active": of(YES), "by_hand": of(YES), "sort": of(ORDERS),
        "period": lambda value: period_words(value, eyes.speaker.language),
    }  # fmt: skip


def told(eyes: Eyes) -> Sequence[Told]:
    """The words of an export: those of the codes, then each consequence as people read it."""
    say, answer = eyes.speaker.label, consequence(eyes.run.packs.packs if eyes.run else ())

    def words_of(row: Any) -> str:
        return say(answer(f"{row['pack_id']}@{row['pack_edition']}", row["slug"], row["answer"]))

    asked = ("pack_id", "pack_edition", "slug", "answer")
    return (*told_words(SPEC, words(eyes), eyes.speaker), Told(say(SPEC["answer"].label), words_of, asked))


LISTING = Listing(SPEC, "cases.read", _source, words, told=told)


def left_words(speaker: Speaker, today: date, deadline: date | None, *, sure: bool = True) -> str:
    """Working days left up to a deadline, or since it; and that a day lies beyond the published calendar."""
    if deadline is None:
        return ""
    n = days_left(calendar(), today, deadline)
    late = deadline < today
    told = (
        speaker.say("cases.late", n=max(1, -n)) if late
        else speaker.say("cases.today") if deadline == today else speaker.say("cases.left", n=n)
    )  # fmt: skip
    return told if sure else f"{told} {speaker.say('cases.beyond')}"


def case_json(case: Case, today: date, *, inner: bool) -> dict[str, Any]:
    """A case as the interface gives it; what names people only for who sees it inside (`inner`)."""
    g = case.ground
    told: dict[str, Any] = {
        "case_id": case.case_id, "number": case.number, "subject_id": case.subject_id, "subject_zh": case.subject_zh,
        "subject_en": case.subject_en, "subject_code": case.subject_code, "kind": case.kind, "state": case.state,
        "overdue": case.overdue(today), "deadline": case.deadline, "deadline_sure": case.deadline_sure,
        "due_step": case.due_step, "working_days_left": days_left(calendar(), today, case.deadline)
        if case.deadline else None,
        "pack": f"{case.pack_id}@{case.pack_edition}", "table": case.slug, "clause": case.clause,
        "answer": case.answer, "answer_en": consequence(())(case.pack_id, case.slug, case.answer).en,
        "by_hand": case.by_hand, "basis": case.basis, "confidence": g.confidence, "synthetic": case.synthetic,
        "since": case.since, "period": case.period, "finding_key": g.finding_key, "run_id": g.run_id,
        "ground_state": case.ground_state, "excepted": case.excepted, "evidence_needed": list(case.evidence),
        "answers": [{"period": a.period, "answer": a.answer, "finding_key": a.finding_key} for a in g.answers],
        "figures": [
            {"indicator": f.indicator, "period": f.period, "value": f.value, "unit": f.unit, "word_zh": f.word_zh,
             "word_en": f.word_en, "confidence": f.confidence} for f in g.figures
        ],
        "href": f"/cases/{case.number}",
    }  # fmt: skip
    if (found := g.joined) is not None:
        told["joined"] = {
            "table": found.slug, "answer": found.answer,
            "answer_en": consequence(())(found.pack_id, found.slug, found.answer).en, "since": found.since,
            "period": found.period, "finding_key": found.finding_key, "run_id": found.run_id, "basis": found.basis,
        }  # fmt: skip
    if inner:
        told |= {"responsible": case.responsible, "opened_by": case.opened_by, "opened_at": case.opened_at,
                 "published_at": case.published_at, "updated_at": case.updated_at, "ground_words": g.words}  # fmt: skip
    return told
