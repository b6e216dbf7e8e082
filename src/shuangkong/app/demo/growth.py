"""The synthetic growth rates (合成增速) of the demo's regions, as an office would publish them through the year.

Above-scale industry by month from January–February on, GDP by quarter; of the year to date, at constant prices. They
end where the years of the design end. The city is the mean of its counties, weighted by the year before.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from shuangkong.app.demo.city import City
from shuangkong.app.demo.city_files import DemoFile
from shuangkong.app.demo.counties import Course, course
from shuangkong.app.demo.draws import Draws

HEAD = ("行政区划代码", "期间", "指标", "累计增速（%）")
PUBLISHER = "示范市统计局（合成）"
DOCUMENT = "示范市月度经济数据（合成）"
INDUSTRY, GDP = "规模以上工业增加值增速（不变价）", "地区生产总值增速（不变价）"
#: How far a month's rate may lie off the year's, in points, at its beginning.
_WOBBLE = Decimal("0.9")
_STEP = Decimal("0.1")
_LAST = date(2026, 1, 25)


def growth_file(city: City) -> DemoFile:
    """The rates of the years that have monthly returns and a year before them."""
    rows = list(_rows(city))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(rows)
    return DemoFile(
        "synthetic_growth.csv", "合成-各县区累计增速", "growth", "return", _LAST, len(rows),
        buffer.getvalue().encode(), PUBLISHER, DOCUMENT,
    )  # fmt: skip


def _rows(city: City) -> Iterator[tuple[str, str, str, str]]:
    design, draws = city.design, Draws(city.seed)
    courses = {c.code: course(design, c) for c in design.counties}
    for year in list(design.monthly_years)[1:]:
        for name, of, months in ((INDUSTRY, "industry", range(2, 13)), (GDP, "gdp", range(3, 13, 3))):
            for month in months:
                rates = {c: _rate(draws, c, of, years, year, month) for c, years in courses.items()}
                before = {c: _of(years[year - 1], of) for c, years in courses.items()}
                whole = sum((rates[c] * before[c] for c in rates), Decimal(0)) / sum(before.values(), Decimal(0))
                for code, rate in (*sorted(rates.items()), (design.city.code, whole)):
                    yield code, f"{year}年1—{month}月", name, f"{rate.quantize(_STEP)}"


def _rate(draws: Draws, code: str, of: str, years: dict[int, Course], year: int, month: int) -> Decimal:
    """The year's rate, with a wobble that fades towards its end."""
    whole = (_of(years[year], of) / _of(years[year - 1], of) - 1) * 100
    off = _WOBBLE * (draws.share("growth", code, of, year, month) * 2 - 1) * (12 - month) / 12
    return whole + off


def _of(one: Course, of: str) -> Decimal:
    return one.industry if of == "industry" else one.gdp
