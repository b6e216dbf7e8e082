"""The synthetic grades of warning (合成晴雨表) of the demo counties: as published first, and one revision."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from shuangkong.accounting.api import index_of, period_at
from shuangkong.app.demo.city_files import DemoFile
from shuangkong.kernel.periods import Period

HEAD = ("行政区划代码", "期间", "等级名称", "等级")


class Revision(BaseModel):
    """A month that was published anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    county: str
    item: str
    month: str
    grade: str
    published: date


class Warnings(BaseModel):
    """Grades by county and item: a letter a month from the first one on, a hyphen where none was published."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    publisher: str
    document: str
    first: str
    published: date
    words: dict[str, str]
    items: dict[str, str]
    grades: dict[str, dict[str, str]]
    revision: Revision


@cache
def warnings() -> Warnings:
    """The grades that ship, read once."""
    text = files("shuangkong.app.demo").joinpath("synthetic", "warnings.yaml").read_text("utf-8")
    return Warnings.model_validate(yaml.safe_load(text))


def warning_files() -> Iterator[DemoFile]:
    """The grades as first published, and the month that was published anew."""
    w = warnings()
    start = index_of(Period.parse(w.first).start, "month")
    rows = [
        (county, period_at(start + n, "month").zh(), w.items[item], w.words[mark])
        for county, items in w.grades.items() for item, marks in items.items()
        for n, mark in enumerate(marks) if mark in w.words
    ]  # fmt: skip
    yield _file("synthetic_warning_grades", "合成-各县区月度预警等级", w, rows, w.published)
    r = w.revision
    again = (r.county, Period.parse(r.month).zh(), w.items[r.item], w.words[r.grade])
    yield _file("synthetic_warning_revision", "合成-更正一个月的预警等级", w, [again], r.published, corrects=True)


def _file(
    name: str, title: str, w: Warnings, rows: Iterable[Sequence[str]], day: date, *, corrects: bool = False
) -> DemoFile:
    listed = list(rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(listed)
    return DemoFile(
        f"{name}.csv", title, "grades", "correction" if corrects else "return", day, len(listed),
        buffer.getvalue().encode(), w.publisher, w.document,
    )  # fmt: skip
