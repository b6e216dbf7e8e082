"""What official figures say is shown as they say it: held against the copies that lie outside the project."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from shuangkong.app.web import board_reading as r
from shuangkong.app.web.levels_section import moved_levels
from shuangkong.app.web.rows import Finding
from shuangkong.kernel.numbers import quantise
from web.conftest import Pages

DATA = Path(__file__).parents[3] / "shared" / "data" / "official-dual-control-bulletins"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the copies of the bulletins are not there")
PLAN_13, YEARS_13 = "guofa-2016-74", range(2016, 2021)
TIBET = "540000"
QINGHAI = {"西宁市": "630100", "海东市": "630200", "海北州": "632200", "海南州": "632500", "海西州": "632800"}
#: What a change of extent did to two cities of Hebei.
EXTENTS = {"130100": "不含辛集市", "130600": "不含定州市"}


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a copy."""
    return list(csv.DictReader((DATA / name).read_text("utf-8-sig").splitlines()))


def of_plan(pages: Pages, code: str, pack: str, indicator: str = "energy_per_gdp_change") -> Iterator[Finding]:
    """Findings of a document on an indicator of a region."""
    for f in pages.view.by_subject.get(pages.view.by_code[code].id, ()):
        if f.pack_id == pack and f.indicator_id == indicator and f.level == "base":
            yield f


def plain(html: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_qinghai_2019_is_judged_as_published(pages: Pages) -> None:
    """Each prefecture exceeded its fall and kept within its increase, with the figures of the notice, on its page."""
    copied = rows("qinghai_2019_assessment.csv")
    assert len(copied) == 5
    for row in copied:
        code = QINGHAI[row["region"]]
        (fall,) = of_plan(pages, code, "qinghai-dual-control-2019")
        (rise,) = of_plan(pages, code, "qinghai-dual-control-2019", "energy_total_increment")
        assert (fall.status, fall.value, fall.threshold) == (
            "met", Decimal(row["actual_intensity_drop_pct"]), Decimal(row["target_intensity_drop_pct"])
        )  # fmt: skip
        assert (rise.status, rise.value, rise.threshold) == (
            "met", Decimal(row["actual_energy_increment_10k_tce"]), Decimal(row["target_energy_increment_10k_tce"])
        )  # fmt: skip
        shown = plain(pages.get(pages.region(code)))
        assert f"下降{Decimal(row['actual_intensity_drop_pct']).normalize():f}%" in shown
        assert "达标" in shown


def test_provinces_of_the_13th_plan_are_judged_by_year(pages: Pages) -> None:
    """A yearly share is judged on the change that the bulletin of the year prints, and on no other."""
    judged = 0
    for year in YEARS_13:
        printed = {x["adcode"]: x["energy_intensity_change_pct"] for x in rows(f"national_{year}.csv")}
        for target in rows("thirteenth_plan_targets.csv"):
            found = [f for f in of_plan(pages, target["adcode"], PLAN_13)
                     if f.variant == "pace" and f.last_year == year]  # fmt: skip
            text = printed.get(target["adcode"], "")
            for f in found:
                assert f.value == (-Decimal(text) if text else None), (target["adcode"], year)
                assert f.decided == bool(text)
                judged += f.decided
    assert judged > 100


def test_provinces_of_the_13th_plan_are_judged_cumulatively(pages: Pages) -> None:
    """Five published years multiply to the whole term; where one is not in the copies the years are named."""
    changes = {
        year: {x["adcode"]: x["energy_intensity_change_pct"] for x in rows(f"national_{year}.csv")} for year in YEARS_13
    }
    whole = 0
    for target in rows("thirteenth_plan_targets.csv"):
        code = target["adcode"]
        (found,) = (f for f in of_plan(pages, code, PLAN_13) if f.variant == "plan")
        texts = [changes[y].get(code, "") for y in YEARS_13]
        if all(texts):
            with localcontext() as context:
                context.prec = 60
                product = Decimal(1)
                for text in texts:
                    product *= 1 + Decimal(text) / 100
                assert found.value == quantise((1 - product) * 100)
            assert found.decided
            whole += 1
        else:
            assert not found.decided
            assert found.value is None
            missing = [str(y) for y, text in zip(YEARS_13, texts, strict=True) if not text]
            assert found.needs is not None, code
            assert code == TIBET or all(y in found.needs for y in missing), code
    assert whole == 17


def test_hebei_cities_are_shown_from_2011_to_2015(pages: Pages) -> None:
    """Each city's change is that of its printed levels; extents and inferred names are marked, no year is filled."""
    copied = rows("hebei_cities_2011_2015.csv")
    levels = {(x["adcode"], x["year"]): x for x in copied}
    both = sorted({x["adcode"] for x in copied} - {"130000", "130181", "130682"})
    assert len(both) == 11
    for code in both:
        first, last = levels[code, "2011"], levels[code, "2015"]
        (moved,) = moved_levels(pages.view, pages.view.by_code[code])
        a, b = (Decimal(x["intensity_tce_per_10k_cny"]) for x in (first, last))
        with localcontext() as context:
            context.prec = 60
            assert moved.change.value == quantise((b - a) * 100 / a)
        assert moved.missing == (2012, 2013, 2014)
        assert moved.prices == "2010"
        inferred = last["row_label_basis"].startswith("name inferred")
        assert moved.change.confidence == ("inferred" if inferred else "confirmed")
        assert moved.change.state == ("extent_changed" if code in EXTENTS else "ok")
        shown = plain(pages.get(pages.region(code)))
        section = shown[shown.index("公布水平的变化") :]
        assert "2012、2013、2014 年没有公布逐年变动，数据不足" in section
        assert ("推断" in section) == inferred
        assert ("统计范围不同" in section) == (code in EXTENTS)
        assert EXTENTS.get(code, "") in section


@pytest.mark.parametrize("code", ["130181", "130682"])
def test_a_city_with_one_level_has_no_change(pages: Pages, code: str) -> None:
    """Xinji and Dingzhou stand in the table of 2015 alone: nothing is said of a change."""
    assert moved_levels(pages.view, pages.view.by_code[code]) == ()


def test_grades_of_the_first_half_of_2021_are_shown_as_published(pages: Pages) -> None:
    """Each province's grades stand on the board as printed; the method is insufficient and names what it needs."""
    nation = next(s for s in pages.view.subjects.values() if s.level == "nation")
    board = r.board(pages.view, nation)
    at = board.periods.index("2021H1")
    cells = {line.subject.code: line.cells[at] for line in board.lines}
    copied = rows("warning_grades_2021h1.csv")
    assert len(copied) == 30
    for row in copied:
        cell = cells[row["adcode"]]
        assert {x.what: x.grade for x in cell.published} == {
            "energy_intensity": int(row["intensity_grade"]), "energy_total": int(row["total_grade"]),
        }  # fmt: skip
        computed = [x for x in cell.computed if x.row is not None]
        assert {(x.state, x.grade) for x in computed} == {("insufficient", None)}
        assert all(x.row["needs"] for x in computed if x.row)
    html = pages.get(f"/board/{pages.view.by_code['320000'].id}/2021H1")
    assert "本年与上年同期规模以上工业能耗、增加值增速" in html


def test_a_province_shows_its_grades_of_a_half_year(pages: Pages) -> None:
    """Jiangsu's page has the first half of 2021 among its published grades, red for intensity and total."""
    shown = plain(pages.get(pages.region("320000")))
    grades = shown[shown.index("公布的预警等级") if "公布的预警等级" in shown else shown.index("2021年上半年") - 40 :]
    assert grades.count("2021年上半年 红色") == 2
