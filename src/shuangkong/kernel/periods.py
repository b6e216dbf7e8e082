"""Periods (期间): parsed once at the edge, half open, Asia/Shanghai business days inside.

Canonical text, used as key in stored tables:

==========  ==================  =============================================
kind        text                meaning
==========  ==================  =============================================
hour        2025-03-01T05       one hour
day         2025-03-01          one business day
month       2025-03             a month
quarter     2025Q1              a quarter
half        2025H1              a half year
year        2025                a calendar year
ytd         2025YTD06           January to the end of that month (累计)
jan_feb     2025JF              January and February, published together
plan        P2021-2025          a plan's years, both included (规划期)
==========  ==================  =============================================
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shuangkong.kernel.errors import UserError

#: The zone of business days.
CHINA = ZoneInfo("Asia/Shanghai")


def china_day(instant: datetime) -> date:
    """The business day of an instant, which has a zone: the day in China on which something was known or done.

    Until eight in the morning it is a day later than the date of the same instant in UTC.
    """
    return instant.astimezone(CHINA).date()


class PeriodKind(StrEnum):
    """Kinds of business period."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    YTD = "ytd"
    JAN_FEB = "jan_feb"
    PLAN = "plan"


class Nature(StrEnum):
    """What may be done with a quantity over time: only flows add up."""

    FLOW = "flow"
    STOCK = "stock"
    RATIO = "ratio"


_PATTERNS: tuple[tuple[PeriodKind, re.Pattern[str]], ...] = (
    (PeriodKind.HOUR, re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2})")),
    (PeriodKind.DAY, re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")),
    (PeriodKind.MONTH, re.compile(r"(\d{4})-(\d{1,2})")),
    (PeriodKind.QUARTER, re.compile(r"(\d{4})Q([1-4])")),
    (PeriodKind.HALF, re.compile(r"(\d{4})H([12])")),
    (PeriodKind.YTD, re.compile(r"(\d{4})YTD(\d{1,2})")),
    (PeriodKind.JAN_FEB, re.compile(r"(\d{4})JF")),
    (PeriodKind.PLAN, re.compile(r"P(\d{4})-(\d{4})")),
    (PeriodKind.YEAR, re.compile(r"(\d{4})")),
)
_CHINESE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"), r"\1-\2-\3"),
    (re.compile(r"(\d{4})年1[-—–~至到]2月"), r"\1JF"),
    (re.compile(r"(\d{4})年1[-—–~至到](\d{1,2})月"), r"\1YTD\2"),
    (re.compile(r"(\d{4})年(\d{1,2})月"), r"\1-\2"),
    (re.compile(r"(\d{4})年第?([1-4一二三四])季度"), r"\1Q\2"),
    (re.compile(r"(\d{4})年上半年"), r"\1H1"),
    (re.compile(r"(\d{4})年下半年"), r"\1H2"),
    (re.compile(r"(\d{4})年度?"), r"\1"),
)
_DIGITS = str.maketrans("一二三四", "1234")


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open business period `[start, end)`; `hour` is set for hours only."""

    start: date
    end: date
    kind: PeriodKind
    hour: int | None = None

    @property
    def key(self) -> str:
        """Canonical text; `Period.parse(p.key) == p`."""
        s, kind = self.start, self.kind
        if kind is PeriodKind.HOUR:
            return f"{s.isoformat()}T{self.hour:02d}"
        if kind is PeriodKind.DAY:
            return s.isoformat()
        if kind is PeriodKind.MONTH:
            return f"{s.year:04d}-{s.month:02d}"
        if kind is PeriodKind.QUARTER:
            return f"{s.year:04d}Q{(s.month + 2) // 3}"
        if kind is PeriodKind.HALF:
            return f"{s.year:04d}H{1 if s.month == 1 else 2}"
        if kind is PeriodKind.YTD:
            return f"{s.year:04d}YTD{(self.end - timedelta(days=1)).month:02d}"
        if kind is PeriodKind.JAN_FEB:
            return f"{s.year:04d}JF"
        if kind is PeriodKind.PLAN:
            return f"P{s.year:04d}-{self.end.year - 1:04d}"
        return f"{s.year:04d}"

    def __str__(self) -> str:
        return self.key

    @property
    def last_day(self) -> date:
        """The last business day inside the period."""
        return self.end - timedelta(days=1)

    def contains(self, other: Period) -> bool:
        """Whether `other` lies wholly inside this period."""
        return self.start <= other.start and other.end <= self.end

    def zh(self) -> str:
        """How an official writes the period in Chinese."""
        s, kind = self.start, self.kind
        if kind is PeriodKind.HOUR:
            return f"{s.year}年{s.month}月{s.day}日{self.hour}时"
        if kind is PeriodKind.DAY:
            return f"{s.year}年{s.month}月{s.day}日"
        if kind is PeriodKind.MONTH:
            return f"{s.year}年{s.month}月"
        if kind is PeriodKind.QUARTER:
            return f"{s.year}年{'一二三四'[(s.month - 1) // 3]}季度"
        if kind is PeriodKind.HALF:
            return f"{s.year}年{'上' if s.month == 1 else '下'}半年"
        if kind is PeriodKind.YTD:
            return f"{s.year}年1—{self.last_day.month}月"
        if kind is PeriodKind.JAN_FEB:
            return f"{s.year}年1—2月"
        if kind is PeriodKind.PLAN:
            return f"{s.year}—{self.end.year - 1}年"
        return f"{s.year}年"

    @classmethod
    def year(cls, year: int) -> Period:
        """The calendar year."""
        return cls(date(year, 1, 1), date(year + 1, 1, 1), PeriodKind.YEAR)

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        """One month."""
        start = date(year, month, 1)
        return cls(start, _add_months(start, 1), PeriodKind.MONTH)

    @classmethod
    def plan(cls, first: int, last: int) -> Period:
        """A plan's years, first and last included."""
        return cls(date(first, 1, 1), date(last + 1, 1, 1), PeriodKind.PLAN)

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a period as people write it; raises PER-001 for anything else.

        Full-width digits, 2025年3月, 2025年1—6月, 2025年一季度 and 2025年上半年 are understood.
        """
        raw = unicodedata.normalize("NFKC", text).replace(" ", "").strip()
        for chinese, canonical in _CHINESE:
            match = chinese.fullmatch(raw)
            if match:
                raw = match.expand(canonical).translate(_DIGITS)
                break
        raw = raw.replace("/", "-").replace(".", "-") if "Q" not in raw else raw
        for kind, pattern in _PATTERNS:
            match = pattern.fullmatch(raw)
            if match:
                try:
                    return cls._build(kind, [int(g) for g in match.groups()])
                except ValueError:
                    break
        raise UserError(
            "PER-001",
            f"“{text}” is not a period.",
            remedy="Write 2025, 2025H1, 2025Q1, 2025-03, 2025YTD06, 2025JF, 2025-03-01 or P2021-2025.",
            case="period",
            facts={"text": text[:40]},
        )

    @classmethod
    def _build(cls, kind: PeriodKind, n: list[int]) -> Period:
        if kind is PeriodKind.HOUR:
            if n[3] > 23:
                raise ValueError("hour")
            start = date(n[0], n[1], n[2])
            return cls(start, start + timedelta(days=1), kind, n[3])
        if kind is PeriodKind.DAY:
            start = date(n[0], n[1], n[2])
            return cls(start, start + timedelta(days=1), kind)
        if kind is PeriodKind.MONTH:
            return cls.month(n[0], n[1])
        if kind is PeriodKind.QUARTER:
            start = date(n[0], 3 * n[1] - 2, 1)
            return cls(start, _add_months(start, 3), kind)
        if kind is PeriodKind.HALF:
            start = date(n[0], 6 * n[1] - 5, 1)
            return cls(start, _add_months(start, 6), kind)
        if kind is PeriodKind.YTD:
            if not 1 <= n[1] <= 12:
                raise ValueError("month")
            return cls(date(n[0], 1, 1), _add_months(date(n[0], 1, 1), n[1]), kind)
        if kind is PeriodKind.JAN_FEB:
            return cls(date(n[0], 1, 1), date(n[0], 3, 1), kind)
        if kind is PeriodKind.PLAN:
            if n[1] < n[0]:
                raise ValueError("plan")
            return cls.plan(n[0], n[1])
        return cls.year(n[0])


def parse_instant(text: str) -> datetime:
    """An aware UTC instant from ISO text; a bare date means the end of that day in China."""
    from datetime import UTC

    raw = unicodedata.normalize("NFKC", text).strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw):
            day = date.fromisoformat(raw)
            local = datetime(day.year, day.month, day.day, tzinfo=CHINA)
            return (local + timedelta(days=1) - timedelta(microseconds=1)).astimezone(UTC)
        instant = datetime.fromisoformat(raw)
    except ValueError:
        raise UserError(
            "PER-001",
            f"“{text}” is not a date or an instant.",
            remedy="Write 2025-03-01 or 2025-03-01T08:00:00+08:00.",
            case="instant",
            facts={"text": text[:40]},
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=CHINA)
    return instant.astimezone(UTC)
