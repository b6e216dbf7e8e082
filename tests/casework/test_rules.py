"""Rules of cases by themselves: steps that follow each other, days by the calendar, grounds and what undoes them."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuangkong.casework import rules
from shuangkong.casework.model import ENDED, Case, Ground, Measure, Step
from shuangkong.casework.rules import Said
from shuangkong.kernel.periods import Period
from shuangkong.metering.api import official

HOLIDAYS = Path(__file__).parents[3] / "shared" / "data" / "china-holidays" / "china_holidays_2004_2026.csv"
CALENDAR = official()
SEVERITY = {"无": 0, "提醒": 1, "限批": 3}


def month(n: int) -> str:
    """The n-th month from January 2024 on."""
    return f"{2024 + n // 12}-{n % 12 + 1:02d}"


def said(answers: list[str | None], run: str = "r") -> list[Said]:
    """A rule's answers month by month from January 2024 on; null could not be told."""
    return [
        Said("s", "p", "1", "t", "一", "", month(n), a, f"f{n}", run, "published", "confirmed", synthetic=True)
        for n, a in enumerate(answers)
    ]


def measure(one: Said) -> Measure:
    """The measure of an answer: a reminder, a stop, or none."""
    n = SEVERITY[one.answer or "无"]
    return Measure("stop" if n == 3 else "reminder" if n else None, "m", n, (), "")


def case_on(ground: Ground, state: str = "open", **changes: object) -> Case:
    """A case of a ground, in some state."""
    at = datetime(2024, 4, 10, tzinfo=UTC)
    made = Case(
        rules.case_key(ground), 1, "s", "甲", "A", "410100", "reminder", "提醒", 1, "open", "p", "1", "t", "一",
        ground.answer, "published", True, ground.since, ground.period, ground, "stands", None, "处", "one", at,
        None, None, True, None, (), "", None, at, 1,
    )  # fmt: skip
    return replace(made, state=state, **changes)  # type: ignore[arg-type]


def test_three_working_days_over_the_spring_festival() -> None:
    """From Thursday 8 February 2024: the 9th is worked, 10 to 17 are off, Sunday the 18th is worked, then Monday."""
    due = rules.due_after(CALENDAR, date(2024, 2, 8), 3)
    assert (due.day, due.sure) == (date(2024, 2, 19), True)


def test_a_deadline_beyond_the_published_calendar_says_so() -> None:
    """Days of a year whose arrangement is not published are counted by the week alone, and marked."""
    due = rules.due_after(CALENDAR, date(2026, 12, 30), 3)
    assert due.day.year == 2027
    assert not due.sure


@pytest.mark.skipif(not HOLIDAYS.exists(), reason="the public calendar is not at hand")
def test_every_day_is_what_the_public_calendar_says() -> None:
    """Each listed day of 2004 to 2026, and 1,000 deadlines counted day by day from the public list, are the same."""
    with HOLIDAYS.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    listed = {date.fromisoformat(r["date"]): r for r in rows}
    assert len(listed) > 600

    def works(day: date) -> bool:
        row = listed.get(day)
        if row is None:
            return day.weekday() < 5
        return row["kind"] == "调休上班"

    assert [d for d in listed if works(d) != CALENDAR.works(d)] == []
    for n in range(1000):
        start = date(2004, 1, 1) + timedelta(days=n * 8)
        left, at = n % 40, start
        while left:
            at += timedelta(days=1)
            left -= works(at)
        if at.year <= 2026:
            assert rules.due_after(CALENDAR, start, n % 40).day == at


@given(st.dates(date(2010, 1, 1), date(2025, 6, 1)), st.integers(0, 60))
def test_days_left_count_back_what_a_deadline_counted(start: date, working: int) -> None:
    """On the day from which a deadline was counted exactly as many working days are left."""
    assert rules.days_left(CALENDAR, start, rules.due_after(CALENDAR, start, working).day) == working


def test_a_day_late_is_told_in_working_days() -> None:
    """Due on Friday 3 January 2025, looked at on Monday: one working day late; on the day itself none is left."""
    assert rules.days_left(CALENDAR, date(2025, 1, 6), date(2025, 1, 3)) == -1
    assert rules.days_left(CALENDAR, date(2025, 1, 3), date(2025, 1, 3)) == 0


def test_only_what_reaches_the_newest_month_is_proposed() -> None:
    """A row that ended earlier is no ground now; one that was cut by a month not told begins anew after it."""
    assert rules.newest_grounds(said(["提醒", "限批", "无"]), measure) == []
    (found,) = rules.newest_grounds(said(["提醒", None, "提醒", "限批"]), measure)
    assert (found.since, found.period, found.answer) == ("2024-03", "2024-04", "限批")
    assert rules.newest_grounds(said(["提醒", "限批", None]), measure) == []


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        (["无", "提醒"], "stands"),
        (["无", "提醒", "限批"], "heavier"),
        (["无", "提醒", "无"], "ended"),
        (["无", "无"], "undone"),
        (["无", None], "untold"),
        (["无", "提醒", "提醒"], "stands"),
    ],
)
def test_how_a_run_stands_to_a_ground(answers: list[str | None], state: str) -> None:
    """A reminder of February against what a later run says."""
    (ground,) = rules.newest_grounds(said(["无", "提醒"]), measure)
    compared = rules.compare(ground, 1, said(answers, "later"), measure)
    assert compared is not None
    assert compared.state == state


def test_a_stop_whose_month_brings_only_a_reminder_now_is_lighter() -> None:
    """The earlier red month was undone: the stop of March is a reminder now, and it is the same case."""
    (ground,) = rules.newest_grounds(said(["无", "提醒", "限批"]), measure)
    compared = rules.compare(ground, 3, said(["无", "无", "提醒"], "later"), measure)
    assert compared is not None
    assert compared.state == "lighter"
    assert compared.changed == (("2024-02", "提醒", "无"), ("2024-03", "限批", "提醒"))
    assert rules.overlaps(ground, compared.now)


@pytest.mark.parametrize(
    ("answers", "after"),
    [
        (["无", "提醒", "提醒"], "reopened"),
        (["无", "提醒"], "closed"),
        (["无", "提醒", "无"], "closed"),
        (["无", "提醒", None], "closed"),
        (["无", "提醒", "无", "提醒"], "closed"),
    ],
)
def test_what_was_closed_comes_back_where_its_row_goes_on(answers: list[str | None], after: str) -> None:
    """A reminder of February, closed: March brings it again. A new row after a break is a case of its own."""
    (ground,) = rules.newest_grounds(said(["无", "提醒"]), measure)
    compared = rules.compare(ground, 1, said(answers, "later"), measure)
    assert compared is not None
    assert rules.after_run(case_on(ground, "closed"), compared) == after


@pytest.mark.parametrize(
    ("was", "answers", "after"),
    [
        ("undone", ["无", "限批"], "reopened"),
        ("undone", ["无", "提醒"], "reopened"),
        ("undone", ["无", "无"], "withdrawn"),
        ("undone", ["无", "限批", "无"], "withdrawn"),
        ("untold", ["无", "限批"], "reopened"),
        ("untold", ["无", None], "withdrawn"),
        ("lighter", ["无", "限批"], "reopened"),
        ("lighter", ["无", "提醒"], "withdrawn"),
        ("stands", ["无", "限批"], "withdrawn"),
    ],
)
def test_what_was_withdrawn_upon_a_ground_that_is_back(was: str, answers: list[str | None], after: str) -> None:
    """A stop of February, withdrawn when a revision had undone it: the next one brings it back. A refusal stays."""
    (ground,) = rules.newest_grounds(said(["无", "限批"]), measure)
    compared = rules.compare(ground, 3, said(answers, "later"), measure)
    assert compared is not None
    assert rules.after_run(case_on(ground, "withdrawn", severity=3, ground_state=was), compared) == after


ANSWERS = st.lists(st.sampled_from(["无", "提醒", "限批", None]), min_size=1, max_size=14)


@given(ANSWERS)
def test_the_same_answers_change_nothing(answers: list[str | None]) -> None:
    """A run that says what the ground says leaves it as it stands: following twice marks nothing."""
    for ground in rules.newest_grounds(said(answers), measure):
        severity = SEVERITY[ground.answer]
        compared = rules.compare(ground, severity, said(answers, "again"), measure)
        assert compared is not None
        assert (compared.state, compared.changed) == ("stands", ())


@given(ANSWERS, ANSWERS)
def test_a_run_never_ends_or_changes_the_measure_of_a_case(before: list[str | None], after: list[str | None]) -> None:
    """Whatever a later run says, a case is marked at most: no run closes, withdraws, eases or aggravates one."""
    for ground in rules.newest_grounds(said(before), measure):
        compared = rules.compare(ground, SEVERITY[ground.answer], said(after, "later"), measure)
        for state in rules.LEGAL:
            case = case_on(ground, state)
            left = rules.after_run(case, compared) if compared is not None else state
            assert left in (state, "reopened")
            assert left == state or state in ENDED


@given(ANSWERS)
def test_grounds_are_told_alike_whatever_order_they_come_in(answers: list[str | None]) -> None:
    """Answers are sorted by period: the order in which a store gives them decides nothing."""
    rows = said(answers)
    assert rules.newest_grounds(rows[::-1], measure) == rules.newest_grounds(rows, measure)


@settings(max_examples=200)
@given(st.data())
def test_any_sequence_of_legal_steps_is_replayed_from_its_history(data: st.DataObject) -> None:
    """The states after any legal sequence follow from its steps alone, and every step stays in the history."""
    (ground,) = rules.newest_grounds(said(["提醒"]), measure)
    case, history = case_on(ground), []
    for _ in range(data.draw(st.integers(0, 25))):
        step: Step = data.draw(st.sampled_from(sorted(rules.allowed(case))))
        after = rules.follows(case, step)
        history.append((case.state, step, after))
        published = datetime(2024, 1, 1, tzinfo=UTC) if step == "publish" else case.published_at
        case = replace(case, state=after, published_at=None if step == "unpublish" else published, steps=case.steps + 1)
    state = "open"
    for before, step, after in history:
        assert before == state
        state = rules.LEGAL[before][step] or before
        assert state == after
    assert (case.state, case.steps) == (state, 1 + len(history))


def test_every_state_leads_somewhere_and_what_is_due_has_a_step() -> None:
    """No case is stuck: each state has a step out of it, and each that is not over has something due."""
    for state, steps in rules.LEGAL.items():
        assert any(after not in (None, state) for after in steps.values())
        assert (state in rules.DUE) == (state not in ENDED)


@pytest.mark.parametrize(("who", "barred"), [("one", True), ("two", True), ("three", False)])
def test_four_eyes(who: str, barred: bool) -> None:
    """Neither who opened a case nor who handed it up for review closes or withdraws it."""
    (ground,) = rules.newest_grounds(said(["提醒"]), measure)
    case = case_on(ground, "review", submitted_by="two")
    assert rules.barred(case, "close", who) is barred
    assert rules.barred(case, "withdraw", who) is barred
    assert not rules.barred(case, "note", who)


def test_a_weaker_ground_holds_up_what_would_carry_the_measure_on() -> None:
    """While the ground is gone nothing is served, handed up or closed: somebody withdraws the case or keeps it."""
    (ground,) = rules.newest_grounds(said(["提醒"]), measure)
    steps = set(rules.allowed(case_on(ground, "open", ground_state="undone")))
    assert {"withdraw", "keep"} <= steps
    assert not {"serve", "adjust"} & steps
    assert "adjust" in rules.allowed(case_on(ground, "open", ground_state="heavier"))


def test_a_ground_is_kept_and_read_back_as_it_was() -> None:
    """What a case rests on is kept as text with its decimals, and read back the same."""
    (ground,) = rules.newest_grounds(said(["提醒", "限批"]), measure)
    assert Ground.of(ground.as_text()) == ground
    assert Period.parse(ground.period).kind == "month"
