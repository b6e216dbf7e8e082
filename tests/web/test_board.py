"""The board on rows made by hand: which row a lamp stands for, windows of months, streaks, what does not matter."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.app.web.board import Board, asked_period, board_of, ends, lamp_of, standing_row, window
from shuangkong.app.web.board_told import handed_in
from shuangkong.app.web.dual_control import meets, newest_nowcasts, standing, whisker
from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import WATCH_MONTHS, WATCH_YEARS
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period

CITY = Subject("s_city", "region", "prefecture", "990100", Label("合成市", "City"), "", "", "", "", True)
COUNTY = Subject("s_county", "region", "county", "990101", Label("合成县", "County"), "", "", "", "", True)


def month(period: str = "2025-03", grade: int | None = 3, **more: Any) -> dict[str, Any]:
    """A row of WATCH_MONTHS: the county's energy intensity by industry, complete and green unless said otherwise."""
    p = Period.parse(period)
    row: dict[str, Any] = dict.fromkeys(c.name for c in WATCH_MONTHS.columns)
    row |= {
        "method_id": "m1", "subject_id": COUNTY.id, "what": "energy_intensity", "test": "month_industry",
        "period_key": p.key, "period_kind": p.kind.value, "period_start": p.start, "period_end": p.end,
        "value": Decimal("-1.5"), "unit": "%", "grade": grade, "grade_low": grade, "grade_high": grade, "state": "ok",
        "estimated_share": Decimal(0), "coverage": Decimal(1), "amount_unit": "tce", "confidence": "synthetic",
        "red_state": "ok", "red_months": 0,
    } | more  # fmt: skip
    key = "|".join(str(row[k]) for k in ("subject_id", "what", "test", "method_id", "period_key"))
    return row | {"watch_key": key}


def published(period: str, grade: str, indicator: str = "energy_control_warning_grade") -> dict[str, Any]:
    """A published grade of the county."""
    return {"subject_id": COUNTY.id, "period_key": period, "indicator_id": indicator, "value": Decimal(grade),
            "confidence": "synthetic"}  # fmt: skip


def drawn(watched: list[dict[str, Any]], printed: list[dict[str, Any]] | None = None, **more: Any) -> Board:
    """The board of the city and its county."""
    return board_of(CITY, [CITY, COUNTY], watched, printed or [], **more)


def test_a_square_has_three_lamps_and_those_published() -> None:
    """Intensity red for the third month, total green, no coal; the office called the month amber."""
    board = drawn(
        [month(grade=1, red_months=3), month(what="energy_total", test="total")], [published("2025-03", "2")]
    )  # fmt: skip
    (cell,) = board.lines[1].cells
    assert [(x.what, x.grade, x.state) for x in cell.computed] == [
        ("energy_intensity", 1, "ok"), ("energy_total", 3, "ok"), ("coal_total", None, "none"),
    ]  # fmt: skip
    assert (cell.computed[0].streak, cell.computed[0].in_row) == (3, True)
    assert [(x.what, x.grade) for x in cell.published] == [("energy_control", 2)]
    assert cell.href == "/board/s_county/2025-03"
    assert board.lines[0].cells[0].bare


def test_the_quarter_by_gdp_stands_before_the_month_by_industry() -> None:
    """In March both tests speak; the lamp is that of GDP, unless only the month could be graded."""
    quarter = month(test="quarter_gdp", grade=2)
    assert standing_row([month(grade=3), quarter]) is quarter
    open_quarter = month(test="quarter_gdp", grade=None, state="insufficient", value=None)
    kept = standing_row([month(grade=3), open_quarter])
    assert kept is not None
    assert kept["test"] == "month_industry"


def test_of_two_targets_the_worse_grade_is_shown() -> None:
    """Where two rows of one test differ the lamp does not hide the red one; a method asked for comes first."""
    red, green = month(grade=1, method_id="m2"), month(grade=3)
    assert standing_row([green, red]) is red
    assert standing_row([green, red], "m1") is green


def test_a_hollow_lamp_has_a_ring_as_long_as_what_was_handed_in() -> None:
    """A third estimated: 66 of 100, cut and not rounded; amber, and red lies within the interval."""
    row = month(grade=2, state="estimate", estimated_share=Decimal("0.333"), grade_low=1, grade_high=2)
    lamp = lamp_of("energy_intensity", row)
    assert (lamp.hollow, lamp.ring, lamp.others) == (True, 66, (1,))
    nearly = lamp_of("energy_intensity", month(state="estimate", estimated_share=Decimal("0.0003")))
    assert nearly.ring == 99


def test_what_is_missing_is_no_green() -> None:
    """A month without figures has no grade, no streak and is not hollow; its lamp says insufficient."""
    row = month(grade=None, state="insufficient", value=None, estimated_share=None, red_months=2, red_state="missing")
    lamp = lamp_of("energy_intensity", row)
    assert (lamp.grade, lamp.label.en, lamp.hollow, lamp.streak, lamp.ring) == (None, "insufficient", False, None, 0)


def test_published_red_months_beside_each_other_are_underlined() -> None:
    """March and April red, June red alone after an amber May."""
    printed = [published(f"2025-0{m}", g) for m, g in ((3, "1"), (4, "1"), (5, "2"), (6, "1"))]
    cells = drawn([], printed).lines[1].cells
    assert [c.published[0].in_row for c in cells] == [True, True, False, False]


def test_twelve_periods_are_shown_and_the_windows_beside_them_named() -> None:
    """Of thirty months the last twelve; the window before ends with the eighteenth, the one after with the last."""
    keys = [f"{y}-{m:02}" for y in (2023, 2024) for m in range(1, 13)] + [f"2025-{m:02}" for m in range(1, 7)]
    shown, earlier, later = window(keys, "", 12)
    assert (shown[0], shown[-1], earlier, later) == ("2024-07", "2025-06", "2024-06", "")
    shown, earlier, later = window(keys, "2024-06", 12)
    assert (shown[0], shown[-1], earlier, later) == ("2023-07", "2024-06", "2023-06", "2025-06")


def test_a_half_year_stands_after_its_last_month() -> None:
    """Periods that end together: the shorter one comes last of none; the half year before its month."""
    assert sorted(["2021-06", "2021H1", "2021-05"], key=ends) == ["2021-05", "2021H1", "2021-06"]


def test_red_squares_are_told_by_the_longest_streak() -> None:
    """Both regions are red; the county, for three months, stands first."""
    rows = [month(grade=1, red_months=3), month(subject_id=CITY.id, grade=1, red_months=1)]
    assert [r.cell.subject.id for r in drawn(rows).red] == [COUNTY.id, CITY.id]


SEVERAL = [
    month(f"2025-0{m}", g, what=w, test=t)
    for m in (1, 2, 3)
    for w, t, g in (("energy_intensity", "month_industry", m), ("energy_total", "total", 3))
]


@given(st.permutations(SEVERAL))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]]) -> None:
    """However the rows come, the same lamps stand in the same squares."""
    assert drawn(rows).lines == drawn(sorted(rows, key=lambda r: r["watch_key"])).lines


@pytest.mark.parametrize("text", ["", "gestern", "2025-13", "'; DROP TABLE x", "2025-03-99"])
def test_a_period_of_an_address_is_one_or_none(text: str) -> None:
    """What is no period is taken for none, and a period in Chinese for what it says."""
    assert asked_period(text) == ""
    assert asked_period("2025年3月") == "2025-03"


def nowcast(**more: Any) -> dict[str, Any]:
    """A row of WATCH_YEARS: 2025 as seen from June."""
    p = Period.year(2025)
    row: dict[str, Any] = dict.fromkeys(c.name for c in WATCH_YEARS.columns)
    return row | {
        "method_id": "m1", "subject_id": COUNTY.id, "what": "energy_intensity", "test": "month_industry",
        "period_key": p.key, "period_kind": "year", "period_start": p.start, "period_end": p.end,
        "as_of_month": "2025-06", "unit": "%", "nowcast": Decimal("-2.5"), "low": Decimal("-3.5"),
        "high": Decimal("-1.5"), "required": Decimal("-3.0"), "state": "estimate", "coverage": Decimal("0.5"),
    } | more  # fmt: skip


def test_an_interval_across_the_target_decides_nothing() -> None:
    """A fall of 2.5 % between 1.5 and 3.5: open at 3.0, met at 1.2, missed at 3.8; without a target nothing."""
    asks = {"3.0": "open", "1.2": "yes", "1.5": "yes", "3.8": "no"}
    assert {k: meets(nowcast(required=Decimal(f"-{k}"))) for k in asks} == asks
    assert meets(nowcast(required=None)) == ""


def test_a_whisker_keeps_the_order_of_its_figures() -> None:
    """Low, nowcast and high stand from left to right, the target where it lies between, and nought is on the line."""
    w = whisker(nowcast())
    places = [Decimal(0), w.low, w.due, w.now, w.high, w.zero, Decimal(200)]
    known = [p for p in places if p is not None]
    assert len(known) == len(places)
    assert known == sorted(set(known))
    assert whisker(nowcast(nowcast=None, low=None, high=None, required=None)).now is None


def test_the_newest_nowcast_of_each_test_is_taken() -> None:
    """July before June, and the test by GDP beside that by industry."""
    rows = [nowcast(), nowcast(as_of_month="2025-07"), nowcast(test="quarter_gdp")]
    assert [(r["test"], r["as_of_month"]) for r in newest_nowcasts(rows)] == [
        ("month_industry", "2025-07"), ("quarter_gdp", "2025-06"),
    ]  # fmt: skip


def test_where_a_region_stands_is_its_newest_month() -> None:
    """April's amber stands for intensity, March's green is over; the total comes after intensity."""
    rows = [month("2025-04", 2), month("2025-03", 3), month("2025-04", 3, what="energy_total", test="total")]
    assert [(s.row["what"], s.row["period_key"], s.lamp.grade) for s in standing(rows)] == [
        ("energy_intensity", "2025-04", 2), ("energy_total", "2025-04", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(("share", "told"), [("0.5", "50%"), ("0.9914", "99.1%"), ("0.99996", "99.9%"), ("1", "99.9%")])
def test_what_is_partly_estimated_is_never_told_as_wholly_handed_in(share: str, told: str) -> None:
    """A tiny estimate is not rounded away beside the word for it; what is not known is a dash."""
    assert handed_in(Decimal(share)) == told
    assert handed_in(None) == "—"
