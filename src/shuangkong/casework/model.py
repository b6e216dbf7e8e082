"""What a case (督办事项) is: its ground, its state, the steps that can be taken, and the words for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from shuangkong.kernel.labels import Label

State = Literal["open", "served", "answered", "rectifying", "review", "closed", "withdrawn", "reopened"]
STATES: Mapping[State, Label] = {
    "open": Label("待送达", "opened, to be served"),
    "reopened": Label("重新办理", "reopened"),
    "served": Label("待回复", "served, to be answered"),
    "answered": Label("待研判", "answered, to be decided"),
    "rectifying": Label("整改中", "being put right"),
    "review": Label("待复核", "awaiting review"),
    "closed": Label("已办结", "closed"),
    "withdrawn": Label("已撤销", "withdrawn"),
}
#: States in which nothing more is due.
ENDED: frozenset[State] = frozenset({"closed", "withdrawn"})

Kind = Literal["reminder", "talk", "stop", "suspension", "rectify"]
KINDS: Mapping[Kind, Label] = {
    "reminder": Label("提醒", "reminder"),
    "talk": Label("约谈", "talk"),
    "stop": Label("限批", "stop"),
    "suspension": Label("暂停审查", "suspension"),
    "rectify": Label("整改", "rectification"),
}
#: What packs call the measures.
KIND_OF: Mapping[str, Kind] = {label.zh: kind for kind, label in KINDS.items()}

Step = Literal[
    "open", "decline", "serve", "answer", "accept", "submit", "send_back", "close", "withdraw", "reopen",
    "adjust", "keep", "assign", "extend", "note", "evidence", "publish", "unpublish", "ground", "join",
]  # fmt: skip
STEPS: Mapping[Step, Label] = {
    "open": Label("立案", "opened"),
    "decline": Label("不予立案", "not opened"),
    "serve": Label("送达文书", "serve the paper"),
    "answer": Label("登记回复", "record the answer"),
    "accept": Label("同意整改方案", "accept the plan"),
    "submit": Label("提交复核", "hand up for review"),
    "send_back": Label("退回整改", "send back"),
    "close": Label("办结", "close"),
    "withdraw": Label("撤销", "withdraw"),
    "reopen": Label("重新办理", "reopen"),
    "adjust": Label("按新依据调整措施", "change the measure to the new ground"),
    "keep": Label("依据有变，维持原措施", "keep the measure on the new ground"),
    "assign": Label("改派责任人", "assign to somebody else"),
    "extend": Label("调整期限", "set another deadline"),
    "note": Label("备注", "remark"),
    "evidence": Label("提交材料", "evidence handed in"),
    "publish": Label("公开", "publish"),
    "unpublish": Label("停止公开", "no longer publish"),
    "ground": Label("依据变化", "the ground has changed"),
    "join": Label("并入运算依据", "the ground of a run joined"),
}
#: How a run's answer stands to the ground that a case was opened on, the gravest first.
GroundState = Literal["undone", "lighter", "heavier", "untold", "ended", "stands"]
GROUND_STATES: Mapping[GroundState, Label] = {
    "stands": Label("依据未变", "the ground stands"),
    "ended": Label("连续已中断", "the row has ended"),
    "untold": Label("现已不能判定", "it can no longer be told"),
    "heavier": Label("应加重", "a heavier measure follows"),
    "lighter": Label("应减轻", "a lighter measure follows"),
    "undone": Label("依据已不成立", "the ground is gone"),
}
#: Those upon which a person must decide before the case goes on.
TO_DECIDE: frozenset[GroundState] = frozenset({"undone", "lighter", "heavier", "untold"})

Basis = Literal["published", "computed", "stated"]
BASES: Mapping[Basis, Label] = {
    "published": Label("公布值", "published figures"),
    "computed": Label("自行测算", "the program's own figures"),
    "stated": Label("人工立案（附材料）", "opened by hand, on the record attached"),
}
#: The item of evidence that a site was looked at.
SITE_CHECK = "现场核查记录"
#: The item of evidence that a case opened by hand rests on: a notice, a written result, a record of an inspection.
RECORD = "立案依据材料"
#: English for the items of evidence that the house pack names; an item of another pack is shown as written.
EVIDENCE: Mapping[str, Label] = {
    SITE_CHECK: Label(SITE_CHECK, "record of the on-site check"),
    "书面回复": Label("书面回复", "written reply"),
    "书面报告": Label("书面报告", "written report"),
    "整改报告": Label("整改报告", "report on what was put right"),
    "退出红色预警的月度等级": Label("退出红色预警的月度等级", "a monthly grade that is no longer red"),
    RECORD: Label(RECORD, "record that the case rests on"),
    "下一年度恢复的决定": Label("下一年度恢复的决定", "the decision to lift in the next year"),
    "其他": Label("其他", "other"),
}
OTHER = "其他"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the rule said of one period: `answer` is null where it could not be told."""

    period: str
    answer: str | None
    finding_key: str


@dataclass(frozen=True, slots=True)
class FigureSeen:
    """One figure behind the ground: value in `unit`, or a grade with its `word`; null where there is none.

    `counts` says whether it is one of those that the rule counts: a red month of a streak.
    """

    indicator: str
    label_zh: str
    label_en: str
    period: str
    value: Decimal | None
    unit: str
    word_zh: str = ""
    word_en: str = ""
    confidence: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """What a consequence calls for, by the pack: `severity` orders measures, 0 is none."""

    kind: Kind | None
    deadlines: str
    severity: int
    evidence: tuple[str, ...]
    excepted: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a case may be opened: the rule, its answers in the periods in a row, and the figures behind them.

    `since` is the first period in a row with a consequence, `period` the newest; `answers` lie between them.
    Of a case opened by hand no run said anything: `slug`, `finding_key` and `run_id` are empty, `answer` is the
    occasion, `period` the day of it, `words` say what happened, and `document` names the record by its hash; `joined`
    is what a run found upon the same matter and somebody joined to the case.
    """

    subject_id: str
    pack_id: str
    pack_edition: str
    slug: str
    clause: str
    output: str
    answer: str
    since: str
    period: str
    answers: tuple[Answered, ...]
    finding_key: str
    run_id: str
    basis: Basis
    confidence: str
    synthetic: bool
    figures: tuple[FigureSeen, ...] = ()
    document: str = ""
    words: str = ""
    joined: Ground | None = None

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods in a row."""
        return tuple(a.period for a in self.answers)

    @property
    def of_run(self) -> Ground:
        """What runs are held to: the ground itself; of a case opened by hand what was joined to it."""
        return self.joined or self

    def as_text(self) -> str:
        """The ground as it is kept: JSON, decimals as text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=str)

    @classmethod
    def of(cls, text: str) -> Ground:
        """A ground as it was kept."""
        return cls._made(json.loads(text))

    @classmethod
    def _made(cls, data: dict[str, Any]) -> Ground:
        data["joined"] = cls._made(data["joined"]) if data.get("joined") else None
        data["answers"] = tuple(Answered(**a) for a in data["answers"])
        data["figures"] = tuple(
            FigureSeen(**{**f, "value": None if f["value"] is None else Decimal(f["value"])}) for f in data["figures"]
        )
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A consequence that nobody has opened a case upon: its ground and the measure; `key` is that of the case."""

    key: str
    ground: Ground
    measure: Measure


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    case_id: str
    number: int
    subject_id: str
    subject_zh: str
    subject_en: str
    subject_code: str
    kind: Kind
    measure: str
    severity: int
    state: State
    pack_id: str
    pack_edition: str
    slug: str
    clause: str
    answer: str
    basis: Basis
    synthetic: bool
    since: str
    period: str
    ground: Ground
    ground_state: GroundState
    ground_now: Ground | None
    responsible: str
    opened_by: str
    opened_at: datetime
    submitted_by: str | None
    deadline: date | None
    deadline_sure: bool
    due_step: str | None
    evidence: tuple[str, ...]
    excepted: str
    published_at: datetime | None
    updated_at: datetime
    steps: int

    @property
    def by_hand(self) -> bool:
        """Whether somebody opened it upon a record, and no run proposed it (人工立案)."""
        return self.basis == "stated"

    @property
    def active(self) -> bool:
        """Whether something is still to be done."""
        return self.state not in ENDED

    def overdue(self, today: date) -> bool:
        """Whether the step that is due is late."""
        return self.active and self.deadline is not None and self.deadline < today


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One entry of a case's history: `detail` holds what the step changed, by name."""

    case_id: str
    number: int
    at: datetime
    principal: str
    step: Step
    before: State | None
    after: State
    why: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file handed in: `item` says for what; the bytes are the original of that SHA-256."""

    evidence_id: str
    case_id: str
    item: str
    name: str
    sha256: str
    bytes: int
    at: datetime
    principal: str


def evidence_label(item: str) -> Label:
    """An item of evidence in words."""
    return EVIDENCE.get(item, Label(item))


assert set(get_args(Step)) == set(STEPS)
