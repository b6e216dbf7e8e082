"""Working days by the official calendar (法定工作日): holidays, and weekends worked in their stead (data/SOURCE.md)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib import resources

_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something is in time; `sure` where every day up to it is in a published calendar."""

    day: date
    sure: bool


class Calendar:
    """Days off and days worked: `listed` says of some days whether they are worked; other weekends are off."""

    def __init__(self, listed: Mapping[date, bool]) -> None:
        self._listed = dict(listed)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years of which the arrangement is published."""
        return frozenset(d.year for d in self._listed)

    def works(self, day: date) -> bool:
        """Whether a day is one of work."""
        return self._listed.get(day, day.weekday() < _SATURDAY)

    def holiday(self, day: date) -> bool:
        """Whether a day is off by a holiday; a plain weekend is none."""
        return not self._listed.get(day, True)

    def sure(self, first: date, last: date) -> bool:
        """Whether every year from one day to another is in a published arrangement: a deadline between them is sure."""
        return all(year in self.years for year in range(first.year, last.year + 1))

    def after(self, day: date, working: int) -> Deadline:
        """The working day that many after `day`, which is not counted itself, whether it is one of work or not."""
        if working < 0:
            raise ValueError(f"{working} working days: cannot be negative")
        left, at, sure = working, day, day.year in self.years
        while left:
            at += _DAY
            left -= self.works(at)
            sure = sure and at.year in self.years
        return Deadline(at, sure)


def official() -> Calendar:
    """The calendar that ships with the program."""
    text = resources.files("shuangkong.metering").joinpath("data/holidays.csv").read_text("utf-8")
    return Calendar({date.fromisoformat(r["date"]): r["kind"] == "work" for r in csv.DictReader(text.splitlines())})
