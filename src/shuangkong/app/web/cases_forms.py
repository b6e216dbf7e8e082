"""Forms of a case (督办表单): one for each step, each with its reason; fields are named by their step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from shuangkong.casework.api import (
    MOST_BYTES,
    MOST_DAYS,
    OWN,
    RECORDS,
    STEPS,
    TAKEN,
    Case,
    Step,
    Taken,
    allowed,
    barred,
    evidence_label,
    items_of,
)
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Filled, FormField, FormSpec

_WHO = Label("责任部门或责任人", "Department or person responsible")
#: Steps by the right that they take.
ACT: tuple[Step, ...] = ("serve", "answer", "accept", "submit", "adjust", "keep", "assign", "extend", "note")
CLOSE: tuple[Step, ...] = ("close", "send_back", "reopen", "withdraw", "publish", "unpublish")
#: Steps that carry a case on; the others stand folded.
MAIN: frozenset[Step] = frozenset(
    {"serve", "answer", "accept", "submit", "close", "send_back", "adjust", "keep", "reopen"}
)
_HINTS: Mapping[Step, Label] = {
    "serve": Label("文书按此时的内容存档", "the letter is kept as it reads at this moment"),
    "accept": Label("认可其措施和时限，开始整改", "its measures and dates are taken; putting right begins"),
    "submit": Label("请另一人复核", "somebody else reviews it"),
    "close": Label("材料齐全后办结；限批、暂停的，另发解除通知",
                   "when the evidence is whole; a stop or suspension is lifted by a letter of its own"),
    "withdraw": Label("依据不成立或立案有误", "the ground is gone, or it was opened by mistake"),
    "adjust": Label("按最近一次运算的结论改变措施，重新送达",
                    "the measure becomes what the newest run says; its paper is served anew"),
    "keep": Label("说明为何不改变", "say why nothing changes"),
}  # fmt: skip


def step_form(step: Step) -> FormSpec:
    """The form of a step."""
    fields: list[FormField] = []
    if step == "serve":
        fields.append(FormField("serve_number", Label("发文字号（已有的填写）", "Number of the letter, if any"),
                                length=80))  # fmt: skip
    if step == "assign":
        fields.append(
            FormField("assign_who", Label("责任部门或责任人", "Department or person"), required=True, length=200)
        )
    if step == "extend":
        fields.append(FormField("extend_day", Label("新的期限（工作日）", "New deadline (a working day)"), "date",
                                required=True))  # fmt: skip
    fields.append(FormField(f"{step}_why", Label("理由", "Reason"), "textarea", required=True, length=2000,
                            hint=_HINTS.get(step)))  # fmt: skip
    return FormSpec(step, STEPS[step], tuple(fields), submit=STEPS[step])


FORMS: Mapping[Step, FormSpec] = {step: step_form(step) for step in (*ACT, *CLOSE)}
OPENING = FormSpec(
    "opening",
    Label("立案", "Open a case"),
    (
        FormField(
            "responsible", Label("责任部门或责任人", "Department or person responsible"), required=True, length=200
        ),
        FormField("why", Label("立案理由", "Reason"), "textarea", required=True, length=2000),
    ),
    submit=Label("立案", "Open the case"),
)
#: The same where a case opened by hand is likely about the same matter.
APART = replace(
    OPENING,
    fields=(
        *OPENING.fields,
        FormField("apart", Label("与已有人工立案不是同一件事，另行立案",
                                 "It is another matter than the case opened by hand: open one apart"),
                  "checkbox", required=True),
    ),
)  # fmt: skip
JOINING = FormSpec(
    "joining",
    Label("并入已有人工立案", "Join it to the case opened by hand"),
    (FormField("join_why", Label("并入的理由", "Reason"), "textarea", required=True, length=2000),),
    submit=Label("并入", "Join"),
)
DECLINING = FormSpec(
    "declining",
    Label("不予立案", "Do not open"),
    (FormField("decline_why", Label("不予立案的理由", "Reason"), "textarea", required=True, length=2000),),
    submit=Label("不予立案", "Do not open"),
)


def opening_form(beside: Sequence[Case]) -> FormSpec:
    """The form that opens a case; beside one opened by hand it has to be said that this one stands apart."""
    return APART if beside else OPENING


def by_hand_form(clauses: Mapping[str, Label]) -> FormSpec:
    """The form that opens a case by hand upon one of the clauses, by key."""
    size = f"{MOST_BYTES // 1_000_000} MB"
    kinds = "、".join(e[1:] for e in TAKEN)
    return FormSpec(
        "by_hand",
        Label("人工立案", "Open a case by hand"),
        (
            FormField("subject", Label("对象", "Subject"), "hidden", required=True),
            FormField("kind", Label("措施", "Measure"), "hidden", required=True),
            FormField("upon", Label("依据的条款", "Clause it rests on"), "choice", required=True,
                      choices=tuple(clauses.items())),
            FormField("words", Label("事实", "What happened"), "textarea", required=True, length=2000,
                      hint=Label("查到什么、见于哪份材料；会写入文书",
                                 "what was found and where it stands; the letter quotes it")),
            FormField("day", Label("事实发生或被告知的日期", "Day on which it happened or was told"), "date",
                      required=True),
            FormField("item", Label("材料种类", "Kind of record"), "choice", required=True,
                      choices=tuple((i, evidence_label(i)) for i in RECORDS)),
            FormField("file", Label("立案依据材料", "Record that it rests on"), "file", required=True,
                      kinds=tuple(TAKEN), bytes_=MOST_BYTES,
                      hint=Label(f"{kinds}；不超过 {size}", f"{kinds.replace('、', ', ')}; up to {size}")),
            FormField("responsible", _WHO, required=True, length=200),
            FormField("days", Label("送达文书的期限（工作日）", "Working days until the paper is served"), "number",
                      places=0, least=Decimal(1), most=Decimal(MOST_DAYS),
                      hint=Label("不填按规则包；自次日起按官方日历计",
                                 "by the pack if left out; counted from tomorrow by the calendar")),
            FormField("why", Label("立案理由", "Reason"), "textarea", required=True, length=2000),
        ),
        submit=Label("立案", "Open the case"),
    )  # fmt: skip


def evidence_form(case: Case) -> FormSpec:
    """The form that hands in a file for one of the items of a case."""
    items = tuple((i, evidence_label(i)) for i in items_of(case))
    kinds = "、".join(e[1:] for e in TAKEN)
    size = f"{MOST_BYTES // 1_000_000} MB"
    return FormSpec(
        "evidence",
        Label("提交材料", "Hand in evidence"),
        (
            FormField("item", Label("材料", "Item"), "choice", required=True, choices=items),
            FormField("file", Label("文件", "File"), "file", required=True, kinds=tuple(TAKEN), bytes_=MOST_BYTES,
                      hint=Label(f"{kinds}；不超过 {size}", f"{kinds.replace('、', ', ')}; up to {size}")),
            FormField("evidence_why", Label("说明", "Remark"), required=True, length=500),
        ),
        submit=Label("提交", "Hand in"),
    )  # fmt: skip


@dataclass(frozen=True)
class Offered:
    """A step that the reader may take: its form, where it goes, and whether it carries the case on."""

    step: Step
    form: Filled
    action: str
    main: bool


def offered(
    case: Case, scope: Scope, *, act: bool, close: bool, sent: Mapping[Step, Filled] | None = None
) -> tuple[list[Offered], list[Step]]:
    """The steps that this reader may take now, and those that only a second person may."""
    own = scope.kind in ("region", "unit") and scope.subject == case.subject_id
    found: list[Offered] = []
    others: list[Step] = []
    for step in allowed(case):
        right, verb = (act, "act") if step in ACT else (close, "review")
        if step == "evidence" or (own and step not in OWN):
            continue
        if barred(case, step, scope.principal):
            others.append(step)
        elif right:
            form = (sent or {}).get(step) or FORMS[step].empty()
            found.append(Offered(step, form, f"/cases/{case.number}/{verb}/{step}", step in MAIN))
    return found, others


def given_of(step: Step, values: Mapping[str, Any]) -> tuple[str, Taken]:
    """The reason of a step and what it is given."""
    day: date | None = values.get("extend_day")
    return values[f"{step}_why"], Taken(
        responsible=values.get("assign_who") or "", deadline=day, doc_number=values.get("serve_number") or ""
    )
