"""The board (晴雨表): months across, regions down, three lamps for each; computed grades and published ones apart.

Everything here is arranged from rows of a run. A lamp has a grade or says why it has none; a grade that rests on
estimates is hollow, its ring as long as the share that was handed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from shuangkong.app.web.rows import Subject
from shuangkong.dualcontrol.api import GRADED, GRADES, STATES, TESTS, WHATS
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.kernel.periods import Period

Row = Mapping[str, Any]
#: What the first two lamps of a cell are, and what the third one may be.
FIRST = ("energy_intensity", "energy_total")
THIRD = ("coal_total", "co2_intensity", "co2_total")
#: The graded indicators that offices publish, and what each is a grade of.
PUBLISHED = {indicator: what for indicator, (what, _) in GRADED.items()}
#: How many periods are shown at once, and what else may be asked for.
SHOWN, SPANS = 12, (6, 12, 24)
RED, AMBER = 1, 2
#: Standings of a flexed total by which nothing has to be cut.
SETTLED = ("within", "exempt", "not_assessed")
#: The order in which tests of one thing are taken for its lamp: by GDP where a quarter has it, else by industry.
_TESTS = {test: n for n, test in enumerate(("quarter_gdp", "total", "both", "month_industry"))}
#: What a lamp says beside the states of the contract: published, or no row at all.
NO_ROW = Label("没有这一期的计算", "nothing computed for this period")


@dataclass(frozen=True, slots=True)
class Lamp:
    """One lamp: what it is about, its grade (1 red … 3 green) or None, and the row that it stands for.

    `others` are further grades that lie within the interval of an estimate; `streak` red months in a row. `flexed` is
    how the flexed total of the year stands, empty where none was worked out: it changes no grade.
    """

    what: str
    grade: int | None
    state: str
    row: Row | None = None
    reported: Decimal | None = None
    others: tuple[int, ...] = ()
    streak: int | None = None
    at_least: bool = False
    in_row: bool = False
    flexed: str = ""

    @property
    def hollow(self) -> bool:
        """Whether the grade rests on estimates."""
        return self.state == "estimate" and self.grade is not None

    @property
    def let_be(self) -> bool:
        """Whether it is red or amber, and by the flexed total of the year nothing has to be cut."""
        return self.grade in (RED, AMBER) and self.flexed in SETTLED

    @property
    def ring(self) -> int:
        """The share that was handed in, in whole per cent and cut, so that only all of it is a full ring."""
        return 0 if self.reported is None else int(max(Decimal(0), min(Decimal(1), self.reported)) * 100)

    @property
    def css(self) -> str:
        """The class that colours it."""
        return f"lamp-{self.grade}" if self.grade else "lamp-none"

    @property
    def label(self) -> Label:
        """Its grade in words, or why there is none."""
        if self.grade is not None:
            return GRADES[self.grade]
        return STATES.get(self.state, NO_ROW)


@dataclass(frozen=True, slots=True)
class Cell:
    """A region and period: the lamps computed here, in their order, and those published."""

    subject: Subject
    period: str
    computed: tuple[Lamp, ...]
    published: tuple[Lamp, ...]

    @property
    def href(self) -> str:
        """The page that says why."""
        return f"/board/{self.subject.id}/{self.period}"

    @property
    def bare(self) -> bool:
        """Whether there is nothing to lead to."""
        return not self.published and all(lamp.row is None for lamp in self.computed)


@dataclass(frozen=True)
class Line:
    """A region with a cell for each period."""

    subject: Subject
    cells: tuple[Cell, ...]

    @property
    def printed(self) -> bool:
        """Whether any grade of the region was published in the periods shown."""
        return any(c.published for c in self.cells)

    @property
    def computed(self) -> bool:
        """Whether anything is computed of it in the periods shown."""
        return any(x.row is not None for c in self.cells for x in c.computed)


@dataclass(frozen=True, slots=True)
class RedSquare:
    """A square with its red lamps, those computed here and those published."""

    cell: Cell
    computed: tuple[Lamp, ...]
    published: tuple[Lamp, ...]

    @property
    def lamps(self) -> tuple[Lamp, ...]:
        """All of them."""
        return (*self.computed, *self.published)

    @property
    def longest(self) -> int:
        """The most red months in a row that a lamp says."""
        return max((x.streak or 0 for x in self.lamps), default=0)


@dataclass(frozen=True)
class Board:
    """What the page shows. `periods` are keys, the oldest first; `earlier` and `later` end the windows beside it."""

    region: Subject
    third: str
    periods: tuple[str, ...]
    lines: tuple[Line, ...]
    earlier: str
    later: str
    span: int
    has_computed: bool
    has_published: bool

    @property
    def whats(self) -> tuple[str, str, str]:
        """What the three lamps are, from left to right."""
        return (*FIRST, self.third)

    @cached_property
    def newest(self) -> tuple[Cell, ...]:
        """Of each region the last period in which anything is graded."""
        found = []
        for line in self.lines:
            graded = [c for c in line.cells if any(lamp.grade for lamp in (*c.computed, *c.published))]
            found += graded[-1:]
        return tuple(found)

    @cached_property
    def red(self) -> tuple[RedSquare, ...]:
        """The red lamps of each region's last graded period, the longest streak first, then by code."""
        found = [RedSquare(c, tuple(x for x in c.computed if x.grade == RED),
                           tuple(x for x in c.published if x.grade == RED)) for c in self.newest]  # fmt: skip
        return tuple(sorted((f for f in found if f.lamps), key=lambda f: (-f.longest, f.cell.subject.code)))

    @property
    def counts(self) -> Counter[str]:
        """How many computed lamps of the last shown period have each grade, or none for want of figures."""
        last = [x for line in self.lines for x in line.cells[-1].computed] if self.periods else []
        return Counter(f"{x.grade}" if x.grade else x.state for x in last)


def standing_row(rows: Iterable[Row], method: str = "") -> Row | None:
    """The row that a lamp stands for: of the method asked for, graded before not, by GDP before industry, the worst."""
    order = sorted(
        rows,
        key=lambda r: (
            bool(method) and r["method_id"] != method, r["grade"] is None, _TESTS.get(r["test"], len(_TESTS)),
            r["grade"] or 0, r["watch_key"],
        ),
    )  # fmt: skip
    return order[0] if order else None


def lamp_of(what: str, row: Row | None, flexed: str = "") -> Lamp:
    """The lamp of a row of WATCH_MONTHS, or of none; `flexed` as in Lamp."""
    if row is None:
        return Lamp(what, None, "none")
    share = row["estimated_share"]
    reported = Decimal(1) - share if share is not None else None
    low, high = row["grade_low"], row["grade_high"]
    within = range(min(low, high), max(low, high) + 1) if low and high else ()
    others = tuple(g for g in within if g != row["grade"]) if row["grade"] is not None else ()
    counted = row["red_months"] if row["red_state"] in ("ok", "at_least") else None
    return Lamp(
        what, row["grade"], row["state"], row, reported, others, counted, row["red_state"] == "at_least",
        row["grade"] == RED and (counted or 0) > 1, flexed,
    )  # fmt: skip


def published_lamp(row: Row) -> Lamp:
    """The lamp of a grade that an office published."""
    return Lamp(PUBLISHED[row["indicator_id"]], int(row["value"]), "published", row)


def ends(key: str) -> tuple[date, int]:
    """The order of periods: by their end, of two that end together the shorter one last."""
    period = Period.parse(key)
    return period.end, -(period.end - period.start).days


def window(periods: Iterable[str], until: str, span: int) -> tuple[tuple[str, ...], str, str]:
    """So many periods up to `until`, and where the windows before and after end; empty where there is none."""
    known = sorted(set(periods), key=ends)
    last = Period.parse(until).end if until else date.max
    upto = [p for p in known if Period.parse(p).end <= last] or known[:1]
    shown = tuple(upto[-span:])
    before = upto[:-span]
    after = known[len(upto) :]
    return shown, before[-1] if before else "", after[min(span, len(after)) - 1] if after else ""


def asked_period(text: str) -> str:
    """A period of an address as far as it is one; else empty."""
    try:
        return Period.parse(text[:40]).key if text else ""
    except UserError:
        return ""


def board_of(
    region: Subject,
    subjects: Sequence[Subject],
    watched: Iterable[Row],
    published: Iterable[Row],
    *,
    third: str = THIRD[0],
    until: str = "",
    span: int = SHOWN,
    method: str = "",
    lamp: Callable[[str, Row | None], Lamp] = lamp_of,
) -> Board:
    """The board of a region and its parts.

    watched: rows of WATCH_MONTHS. published: rows of INDICATOR_VALUES with a published grade of PUBLISHED.
    Both as the reader may see them; rows of other subjects and other lamps are left out. `lamp` makes a row's lamp.
    """
    wanted = {s.id for s in subjects}
    whats = (*FIRST, third)
    by_cell: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for r in watched:
        if r["subject_id"] in wanted and r["what"] in whats:
            by_cell[r["subject_id"], r["period_key"], r["what"]].append(r)
    printed: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for r in published:
        if r["subject_id"] in wanted and r["value"] is not None and PUBLISHED[r["indicator_id"]] in _graded(whats):
            printed[r["subject_id"], r["period_key"]].append(r)
    keys, earlier, later = window([*(k[1] for k in by_cell), *(k[1] for k in printed)], until, span)

    def cell(s: Subject, key: str) -> Cell:
        lamps = tuple(lamp(w, standing_row(by_cell.get((s.id, key, w), ()), method)) for w in whats)
        order = _graded(whats)
        own = sorted((published_lamp(r) for r in printed.get((s.id, key), ())), key=lambda x: order.index(x.what))
        return Cell(s, key, lamps, tuple(own))

    lines = tuple(Line(s, _underlined([cell(s, key) for key in keys])) for s in subjects)
    return Board(region, third, keys, lines, earlier, later, span, bool(by_cell), bool(printed))


def _graded(whats: Sequence[str]) -> tuple[str, ...]:
    """What published grades stand in a cell: energy as a whole before its two sides."""
    return ("energy_control", *whats)


def _underlined(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Published red grades that stand beside another red month are in a row; computed ones say so themselves."""

    def red(at: int, what: str) -> bool:
        return 0 <= at < len(cells) and any(x.what == what and x.grade == RED for x in cells[at].published)

    def joined(at: int, lamp: Lamp) -> Lamp:
        beside = lamp.grade == RED and (red(at - 1, lamp.what) or red(at + 1, lamp.what))
        return replace(lamp, in_row=beside)

    return tuple(replace(c, published=tuple(joined(n, x) for x in c.published)) for n, c in enumerate(cells))


def named_test(test: str) -> Label:
    """The name of a test."""
    return TESTS.get(test, Label(test, test))


def what_label(what: str) -> Label:
    """The name of what is watched."""
    return WHATS.get(what, Label(what, what))
