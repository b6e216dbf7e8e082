"""The synthetic city's figures as the files that an energy officer hands in: Chinese heads, their units, their flaws.

Bytes depend on nothing but the city: no clock, no order of a set.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

import xlsxwriter

from shuangkong.app.demo.city import City
from shuangkong.app.demo.design import Spot
from shuangkong.app.demo.entries import DemoEntry, exact
from shuangkong.app.demo.units import DemoUnit
from shuangkong.kernel.periods import Period

Kind = Literal["return", "late", "correction"]
Book = Literal["energy", "output", "value", "grades", "growth", "projects"]
Form = Literal["gb18030.csv", "csv", "xlsx"]

#: How a role is written in the column 性质.
ROLE_WORDS = {
    "consumption": "消费",
    "feedstock": "原料用能",
    "nonfossil": "非化石能源",
    "new_renewable": "新增可再生能源",
    "major_project": "重大项目",
    "certificate": "绿色电力证书",
    "industry_consumption": "工业终端消费",
}
#: How an item of the value book is written in the column 指标.
VALUE_WORDS = {"gdp": "地区生产总值", "industry_value_added": "工业增加值"}
PRICE_BASE = "2020年不变价"

UNIT_HEAD = ("统一社会信用代码", "单位名称", "期间")
COUNTY_HEAD = ("行政区划代码", "地区名称", "期间", "范围")
#: A county's rows are a part of it, beside its key units, and add up into the city.
OWN = "本级"
ENERGY_HEAD = ("能源品种", "消费量", "计量单位")
OF_WHICH_HEAD = ("能源品种", "性质", "消费量", "计量单位")
OUTPUT_HEAD = ("产品名称", "产量", "计量单位")
VALUE_HEAD = ("指标", "数值", "计量单位", "价格基期")

_PUBLISHER = "示范市统计局（合成）"
_LAST = date(2026, 1, 20)


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file to be imported: which book it is of, when it was handed in, and its bytes.

    `kind`: return (报表), late (补报), correction (更正: each row takes the place of the same unit's, period's and
    item's earlier row). Every file is synthetic.
    """

    name: str
    title: str
    book: Book
    kind: Kind
    handed_in: date
    rows: int
    content: bytes
    publisher: str = _PUBLISHER
    document: str = "示范市能源统计报表（合成）"
    licence: str = "synthetic, Apache-2.0"

    @property
    def reason(self) -> str:
        """Why figures are put right; a return that nobody corrects needs none."""
        return "复核后更正（合成） corrected after review (synthetic)" if self.kind == "correction" else ""


def city_files(city: City) -> Iterator[DemoFile]:
    """All files in the order of their import: returns first, then what came late and what puts them right."""
    plan = _Plan(city, {u.uscc: u for u in city.units})
    yield from plan.units()
    yield from plan.counties()
    yield from plan.afterwards()


@dataclass(frozen=True, slots=True)
class _Plan:
    city: City
    by_code: dict[str, DemoUnit]

    def units(self) -> Iterator[DemoFile]:
        late, wrong = self._late(), self._to_correct()
        forms: tuple[Form, ...] = ("gb18030.csv", "csv", "csv")
        for year, form in zip(self.city.design.monthly_years, forms, strict=True):
            mine = [e for e in self._unit_entries("consumption") if e.year == year and e not in late]
            rows = (self._unit_row(e, self._as_handed_in(e, wrong), style=year) for e in mine)
            name, title = f"synthetic_energy_{year}", f"合成-重点用能单位能源消费月报-{year}年"
            yield _file(name, title, "energy", form, (*UNIT_HEAD, *ENERGY_HEAD), rows, "return", _after(year))
        roles = ("feedstock", "nonfossil", "major_project", "certificate")
        of_which = [e for e in self.city.entries if len(e.subject) == 18 and e.role in roles]
        rows = (self._unit_row(e, e.quantity, style=0, role=True) for e in of_which)
        title = "合成-重点用能单位能源消费其中项"
        yield _file("synthetic_energy_of_which", title, "energy", "csv", (*UNIT_HEAD, *OF_WHICH_HEAD), rows)
        kinds: tuple[Form, ...] = ("csv", "csv", "xlsx")
        for year, form in zip(self.city.design.monthly_years, kinds, strict=True):
            mine = [e for e in self._unit_entries("output") if e.year == year and e not in late]
            rows = (self._unit_row(e, e.quantity, style=year) for e in mine)
            name, title = f"synthetic_output_{year}", f"合成-重点用能单位产品产量月报-{year}年"
            yield _file(name, title, "output", form, (*UNIT_HEAD, *OUTPUT_HEAD), rows, "return", _after(year))

    def counties(self) -> Iterator[DemoFile]:
        codes = {c.code for c in self.city.design.counties}
        mine = [e for e in self.city.entries if e.subject in codes]
        energy = [e for e in mine if e.role != "value"]
        for name, title, length in (
            ("synthetic_county_energy_yearly", "合成-各县区能源消费年报", 4),
            ("synthetic_county_energy_monthly", "合成-各县区重点用能单位以外能源消费月报", 7),
        ):
            listed: Iterable[Sequence[str]] = (
                (*self._county(e), self._carrier(e), ROLE_WORDS[e.role], text(e.quantity), e.unit)
                for e in energy
                if len(e.period) == length
            )
            yield _file(name, title, "energy", "csv", (*COUNTY_HEAD, *OF_WHICH_HEAD), listed)
        values: Iterable[Sequence[str]] = (
            (*self._county(e), VALUE_WORDS[e.item], text(e.quantity), e.unit, PRICE_BASE)
            for e in mine
            if e.role == "value"
        )
        title = "合成-各县区地区生产总值和工业增加值（2020年不变价）"
        yield _file("synthetic_county_values", title, "value", "csv", (*COUNTY_HEAD, *VALUE_HEAD), values)

    def _county(self, entry: DemoEntry) -> tuple[str, str, str, str]:
        name = next(c.zh for c in self.city.design.counties if c.code == entry.subject)
        return entry.subject, name, Period.parse(entry.period).zh(), OWN

    def afterwards(self) -> Iterator[DemoFile]:
        flaws = self.city.design.flaws
        late = sorted(self._late(), key=lambda e: (e.role, e.item))
        for book, role, head in (("energy", "consumption", ENERGY_HEAD), ("output", "output", OUTPUT_HEAD)):
            rows = (self._unit_row(e, e.quantity, style=0) for e in late if e.role == role)
            day = flaws.late.handed_in or _LAST
            which: Book = "energy" if book == "energy" else "output"
            title = "合成-补报能源消费" if book == "energy" else "合成-补报产品产量"
            yield _file(f"synthetic_{book}_late", title, which, "csv", (*UNIT_HEAD, *head), rows, "late", day)
        wrong = self._to_correct()
        rows = (self._unit_row(e, e.quantity, style=0) for e in self.city.entries if e in wrong)
        day = flaws.corrected.handed_in or _LAST
        columns = (*UNIT_HEAD, *ENERGY_HEAD)
        yield _file(
            "synthetic_energy_correction", "合成-更正能源消费", "energy", "csv", columns, rows, "correction", day
        )

    def _unit_entries(self, role: str) -> list[DemoEntry]:
        return [e for e in self.city.entries if e.role == role and len(e.subject) == 18]

    def _at(self, spot: Spot) -> DemoUnit | None:
        return next((u for u in self.city.units if (u.county, u.place) == (spot.county, spot.unit)), None)

    def _late(self) -> set[DemoEntry]:
        spot = self.city.design.flaws.late
        unit = self._at(spot)
        found = (e for e in self.city.entries if unit and e.subject == unit.uscc and e.period == spot.month)
        return {e for e in found if e.role in ("consumption", "output")}

    def _to_correct(self) -> set[DemoEntry]:
        spot = self.city.design.flaws.corrected
        unit = self._at(spot)
        if unit is None:
            return set()
        item = next(iter(unit.industry.mix))
        key = (unit.uscc, spot.month, item, "consumption")
        return {e for e in self.city.entries if (e.subject, e.period, e.item, e.role) == key}

    def _as_handed_in(self, entry: DemoEntry, wrong: set[DemoEntry]) -> Decimal:
        factor = self.city.design.flaws.corrected.factor
        return exact(entry.quantity * factor) if entry in wrong else entry.quantity

    def _carrier(self, entry: DemoEntry) -> str:
        return self.city.data.coefficients.tce[entry.item].name

    def _unit_row(self, entry: DemoEntry, quantity: Decimal, *, style: int, role: bool = False) -> tuple[str, ...]:
        unit = self.by_code[entry.subject]
        period = Period.parse(entry.period)
        shown = period.zh() if style == self.city.design.monthly_from else period.key
        what = unit.industry.product.zh if entry.role == "output" else self._carrier(entry)
        marks = (ROLE_WORDS[entry.role],) if role else ()
        return (unit.uscc, unit.name_zh, shown, what, *marks, text(quantity), entry.unit)


def _after(year: int) -> date:
    """The day on which the returns of a year were all handed in."""
    return date(year + 1, 1, 20)


def text(quantity: Decimal) -> str:
    """A figure as people write it: no exponent, no zeros at the end."""
    shown = f"{quantity:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _file(
    name: str,
    title: str,
    book: Book,
    form: Form,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    kind: Kind = "return",
    handed_in: date = _LAST,
) -> DemoFile:
    listed = list(rows)
    if form == "xlsx":
        content, suffix = _xlsx(head, listed, title), "xlsx"
    else:
        content, suffix = _csv(head, listed, "gb18030" if form == "gb18030.csv" else "utf-8"), "csv"
    return DemoFile(f"{name}.{suffix}", title, book, kind, handed_in, len(listed), content)


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return buffer.getvalue().encode(encoding)


def _xlsx(head: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> bytes:
    """A workbook of one sheet; the figure's column holds numbers, all others text."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties({"title": title, "created": datetime(2026, 1, 20, tzinfo=UTC)})
    sheet = book.add_worksheet("合成")
    figure = head.index("产量")
    sheet.write_row(0, 0, head)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if column == figure:
                # fifteen digits survive the spreadsheet's own numbers
                sheet.write_number(number, column, float(cell))
            else:
                sheet.write_string(number, column, cell)
    book.close()
    return buffer.getvalue()
