"""Rules of cases (督办规则): which steps may follow which state, grounds from answers in a row, what a run changes.

Pure: tables and values in, values out. Days are counted by the calendar that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shuangkong.casework.model import ENDED, Answered, Basis, Case, Ground, GroundState, Measure, State, Step
from shuangkong.kernel.ids import digest
from shuangkong.kernel.periods import Period, PeriodKind
from shuangkong.metering.api import Calendar

#: state → steps that may be taken in it, with the state that follows; null where the state stays.
_ANY: Mapping[Step, State | None] = {
    "assign": None, "extend": None, "note": None, "evidence": None, "publish": None, "unpublish": None,
    "withdraw": "withdrawn", "adjust": "open", "keep": None,
}  # fmt: skip
_OVER: Mapping[Step, State | None] = {"reopen": "reopened", "note": None, "publish": None, "unpublish": None}
LEGAL: Mapping[State, Mapping[Step, State | None]] = {
    "open": {"serve": "served", **_ANY},
    "reopened": {"serve": "served", "submit": "review", **_ANY},
    "served": {"answer": "answered", **_ANY},
    "answered": {"accept": "rectifying", "submit": "review", **_ANY},
    "rectifying": {"submit": "review", **_ANY},
    "review": {"close": "closed", "send_back": "rectifying", **_ANY},
    "closed": _OVER,
    "withdrawn": _OVER,
}
#: What is due in each state: the key of its deadline in the pack.
DUE: Mapping[State, str] = {
    "open": "serve", "reopened": "serve", "served": "answer", "answered": "decide", "rectifying": "rectify",
    "review": "review",
}  # fmt: skip
#: Steps that a second person takes: neither who opened the case nor who handed it up for review.
FOUR_EYES: frozenset[Step] = frozenset({"close", "withdraw"})
#: What somebody may do in a case about themselves: answer it.
OWN: frozenset[Step] = frozenset({"answer", "evidence", "note"})
#: Steps that wait until somebody has decided upon a ground that is gone or weaker.
_WAITS: frozenset[Step] = frozenset({"serve", "accept", "submit", "close"})


def case_key(ground: Ground) -> str:
    """The id of the case of a ground: the same for the same subject, rule and first period in a row."""
    return f"c_{digest('case', ground.subject_id, ground.pack_id, ground.slug, ground.output, ground.since)}"


def allowed(case: Case) -> tuple[Step, ...]:
    """The steps that the state and the ground of a case leave open, whoever asks."""
    steps = LEGAL[case.state]
    changed = case.ground_state in ("undone", "lighter", "heavier", "untold")
    found = []
    for step in steps:
        if step == "adjust" and case.ground_state not in ("lighter", "heavier"):
            continue
        if step == "keep" and not changed:
            continue
        if step in _WAITS and case.ground_state in ("undone", "lighter"):
            continue
        if (step == "publish" and case.published_at is not None) or (step == "unpublish" and case.published_at is None):
            continue
        found.append(step)
    return tuple(found)


def follows(case: Case, step: Step) -> State:
    """The state after a step; KeyError for one that the state does not know: see `allowed`."""
    return LEGAL[case.state][step] or case.state


def barred(case: Case, step: Step, principal: str) -> bool:
    """Whether a second person has to take the step: four eyes (双人复核)."""
    return step in FOUR_EYES and principal in (case.opened_by, case.submitted_by)


def missing_evidence(needed: Iterable[str], there: Iterable[str]) -> tuple[str, ...]:
    """The items that are asked for and not handed in."""
    have = set(there)
    return tuple(item for item in needed if item not in have)


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of what is due; `sure` where every day up to it lies in a published calendar."""

    day: date
    sure: bool


def due_after(calendar: Calendar, start: date, working: int) -> Due:
    """The day that many working days after `start`, which is not counted."""
    found = calendar.after(start, working)
    return Due(found.day, found.sure)


def days_left(calendar: Calendar, today: date, deadline: date) -> int:
    """Working days from tomorrow up to the deadline; negative where it is over: working days since it."""
    if today == deadline:
        return 0
    first, last, sign = (today, deadline, 1) if today < deadline else (deadline, today, -1)
    return sign * sum(calendar.works(date.fromordinal(n)) for n in range(first.toordinal() + 1, last.toordinal() + 1))


def follows_on(earlier: str, later: str) -> bool:
    """Whether a period comes next after another of its kind."""
    a, b = Period.parse(earlier), Period.parse(later)
    return a.kind is b.kind and a.end == b.start


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule said of a subject in one period, as a run or a board has it; `answer` null: it could not be told."""

    subject_id: str
    pack_id: str
    pack_edition: str
    slug: str
    clause: str
    output: str
    period: str
    answer: str | None
    finding_key: str
    run_id: str
    basis: Basis
    confidence: str
    synthetic: bool

    @property
    def series(self) -> tuple[str, str, str, str]:
        """Whose answers in a row these are."""
        return (self.subject_id, self.pack_id, self.slug, self.output)


MeasureOf = Callable[[Said], Measure]


def series_of(said: Iterable[Said]) -> dict[tuple[str, str, str, str], list[Said]]:
    """Answers by subject and rule, oldest period first."""
    found: dict[tuple[str, str, str, str], list[Said]] = {}
    for one in sorted(said, key=lambda s: (s.series, Period.parse(s.period).start)):
        found.setdefault(one.series, []).append(one)
    return found


def runs_in(series: Sequence[Said], measure: MeasureOf) -> list[list[Said]]:
    """The stretches of periods that follow each other, each with a consequence; a period not told ends a stretch.

    A yearly consequence is one stretch for each year: it is decided anew each year.
    """
    found: list[list[Said]] = []
    for one in series:
        if one.answer is None or measure(one).severity == 0:
            continue
        yearly = Period.parse(one.period).kind is PeriodKind.YEAR
        if found and not yearly and follows_on(found[-1][-1].period, one.period):
            found[-1].append(one)
        else:
            found.append([one])
    return found


def ground_of(stretch: Sequence[Said]) -> Ground:
    """The ground of a stretch: what its newest period says, with the answers of all of them."""
    last = stretch[-1]
    return Ground(
        last.subject_id, last.pack_id, last.pack_edition, last.slug, last.clause, last.output, last.answer or "",
        stretch[0].period, last.period, tuple(Answered(s.period, s.answer, s.finding_key) for s in stretch),
        last.finding_key, last.run_id, last.basis, last.confidence, last.synthetic,
    )  # fmt: skip


def newest_grounds(said: Iterable[Said], measure: MeasureOf) -> list[Ground]:
    """Grounds upon which a case may be opened: stretches that reach up to the newest period of their rule."""
    found = []
    for series in series_of(said).values():
        stretches = runs_in(series, measure)
        if stretches and stretches[-1][-1].period == series[-1].period:
            found.append(ground_of(stretches[-1]))
    return found


def overlaps(case: Ground, other: Ground) -> bool:
    """Whether two grounds are of one case: the same subject and rule, and stretches that touch.

    A stretch whose beginning was revised, or that has grown, is the same case; so is one upon published grades where
    the other is upon the program's own.
    """
    if (case.subject_id, case.pack_id, case.slug) != (other.subject_id, other.pack_id, other.slug):
        return False
    if set(case.periods) & set(other.periods):
        return True
    yearly = Period.parse(case.period).kind is PeriodKind.YEAR
    return not yearly and follows_on(case.period, other.since)


def beside_hand(case: Case, found: Ground) -> bool:
    """Whether a case opened by hand is likely about what a run found: one subject, one clause, one stretch of time.

    It is under way, its day does not lie before the first period of the ground, and no ground was joined to it yet.
    """
    if not case.by_hand or case.state in ENDED or case.ground.joined is not None:
        return False
    if (case.subject_id, case.pack_id, case.clause) != (found.subject_id, found.pack_id, found.clause):
        return False
    return Period.parse(found.since).start <= date.fromisoformat(case.period)


@dataclass(frozen=True, slots=True)
class Compared:
    """How a run's answers stand to the ground of a case; `changed` are periods with the answer before and now."""

    state: GroundState
    now: Ground
    severity: int
    changed: tuple[tuple[str, str | None, str | None], ...]


def compare(case: Ground, severity: int, series: Sequence[Said], measure: MeasureOf) -> Compared | None:
    """What a run says now of the ground of a case; None where it says nothing of that subject and rule.

    undone, lighter: the period that the measure rests on no longer brings it; heavier: the row goes on and brings a
    graver measure; untold: a figure is wanting now; ended: the row does not reach the newest period.
    """
    if not series:
        return None
    now = {s.period: s for s in series}
    changed = tuple(
        (a.period, a.answer, now[a.period].answer if a.period in now else None)
        for a in case.answers if a.period not in now or now[a.period].answer != a.answer
    )  # fmt: skip
    at = now.get(case.period)
    told = at is not None and at.answer is not None
    stretch = next((s for s in runs_in(series, measure) if overlaps(case, ground_of(s))), None)
    ground = ground_of(stretch) if stretch else _without(case, at or series[-1])
    if not told:
        return Compared("untold", ground, severity, changed)
    assert at is not None
    at_severity = measure(at).severity
    if at_severity < severity:
        return Compared("undone" if at_severity == 0 else "lighter", ground, at_severity, changed)
    newest = measure(stretch[-1]).severity if stretch else 0
    if newest > severity:
        return Compared("heavier", ground, newest, changed)
    last = series[-1]
    ended = stretch is not None and stretch[-1].period != last.period and last.answer is not None
    return Compared("ended" if ended else "stands", ground, severity, changed)


def compare_joined(case: Case, severity: int, series: Sequence[Said], measure: MeasureOf) -> Compared | None:
    """What a run says now of the ground that was joined to a case opened by hand; `severity` is that of the ground.

    The measure of the case rests on its record: a ground that grows heavier counts from there on alone.
    """
    joined = case.ground.joined
    if joined is None:
        return None
    found = compare(joined, min(case.severity, severity), series, measure)
    if found is not None and found.state == "heavier" and found.severity <= case.severity:
        return replace(found, state="stands")
    return found


def _without(case: Ground, at: Said) -> Ground:
    """The ground of a case as a run has it now where nothing follows any more."""
    return replace(
        case, answer=at.answer or "", answers=(Answered(at.period, at.answer, at.finding_key),), run_id=at.run_id,
        finding_key=at.finding_key, figures=(),
    )  # fmt: skip


def after_run(case: Case, compared: Compared) -> State:
    """The state that a run leaves a case in: what was closed on a ground that has changed is looked at again.

    So is what was closed while its row goes on with the same measure, and what was withdrawn upon a ground that was
    gone or weaker and is back. A run never ends, eases or aggravates a case: it marks it, and a person decides.
    """
    changed = compared.state in ("undone", "lighter", "heavier")
    if case.state == "closed" and (changed or _goes_on(case, compared)):
        return "reopened"
    graver = compared.state == "heavier" and compared.severity > case.severity
    if case.state == "withdrawn" and (graver or _is_back(case, compared)):
        return "reopened"
    return case.state


def _goes_on(case: Case, compared: Compared) -> bool:
    """Whether a period that the case did not rest on brings the same measure again."""
    later = Period.parse(compared.now.period).start > Period.parse(case.ground.of_run.period).start
    return compared.state == "stands" and later and compared.severity >= case.severity


def _is_back(case: Case, compared: Compared) -> bool:
    """Whether what was gone, weaker or untold when a case was withdrawn has been put right again."""
    if case.ground_state in ("undone", "untold"):
        return compared.state in ("stands", "lighter")
    return case.ground_state == "lighter" and compared.state == "stands"


def over(state: State) -> bool:
    """Whether a case in this state waits for nobody."""
    return state in ENDED
