"""Pages that say why a figure moved: figures that add up, what is named, who may see what, files, the terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal as D
from typing import Any

import pytest
from typer.testing import CliRunner

from dualcontrol.test_moved import _provinces
from shuangkong.app.cli import app as program
from web.clients import signed_in, visitor
from web.conftest import Pages


def told(pages: Pages, code: str, query: str = "", client: Any = None) -> dict[str, Any]:
    """The answer about a region as JSON."""
    answer = (client or pages.client).get(f"/api{pages.region(code)}/moved?{query}")
    assert answer.status_code == 200, answer.text[:300]
    found: dict[str, Any] = json.loads(answer.text)
    return found


def closes(found: dict[str, Any]) -> None:
    """Effects and what is not broken down sum to the change, and the parts to each effect, to the last digit."""
    rest = D(found["not_broken_down"]["effect"])
    effects = {f: D(e) for f, e in found["effects"].items()}
    assert sum(effects.values()) + rest == D(found["change"]) == D(found["after"]) - D(found["before"])
    for factor, effect in effects.items():
        assert sum(D(p["effects"][factor]) for p in found["parts"]) == effect


def total(pages: Pages, code: str, measure: str, period: str, method: str) -> D:
    """A sum of the run."""
    rows = pages.view.totals(pages.view.by_code[code], measure)
    return sum((r["amount"] for r in rows if (r["period_key"], r["method_id"]) == (period, method)), D(0))


@pytest.mark.parametrize("what", ["energy", "co2", "energy_intensity", "co2_intensity"])
def test_a_citys_change_is_taken_apart_and_adds_up(pages: Pages, what: str) -> None:
    """Each question about the demo city has an answer by counties whose figures sum exactly."""
    found = told(pages, "990100", f"what={what}&from=2021&to=2025")
    closes(found)
    assert (found["from"], found["to"], found["basis"]) == ("2021", "2025", "regions/energy/gdp/constant:2020")
    assert len(found["parts"]) == 4
    assert set(found["effects"]) >= {"structure", "intensity"}
    if what == "energy":
        assert D(found["before"]) == total(pages, "990100", "energy", "2021", found["method"])
        assert D(found["after"]) == total(pages, "990100", "energy", "2025", found["method"])


def test_the_sentence_says_the_change_that_the_chart_draws(pages: Pages) -> None:
    """The figures of the sentence, rounded, sum to the change that it gives; both languages say the same ones."""
    url = f"{pages.region('990100')}/moved?from=2024&to=2025"
    said = re.search(r"moved-said[^>]*>([^<]+)", pages.get(url))
    assert said is not None
    text = said[1].replace("\u2009", "").replace("−", "-")
    amount, *effects = (D(x) for x in re.findall(r"(?<![\d(（])[+-]?\d+\.\d\d(?!%)", text))
    assert "增加" in text
    assert sum(effects) == amount
    english = re.search(r"moved-said[^>]*>([^<]+)", pages.get(url, "en"))
    assert english is not None
    assert re.findall(r"\d+\.\d\d", english[1]) == re.findall(r"\d+\.\d\d", said[1])
    assert "Demo City" in english[1]


def test_provincial_industry_is_the_worked_example(pages: Pages) -> None:
    """2006–2014 by province: the sums of the carried files, at current prices and unofficial, and the page says so."""
    found = told(pages, "000000", "from=2006&to=2014")
    closes(found)
    (e0, _), (e1, _) = _provinces(2006), _provinces(2014)
    assert float(found["before"]) == pytest.approx(sum(e0.values()) * 10000)
    assert float(found["after"]) == pytest.approx(sum(e1.values()) * 10000)
    assert [round(float(e) / 10000) for e in found["effects"].values()] == [159424, 5459, -96826]
    assert (found["whole_is_own"], found["confidence"], len(found["parts"])) == (False, "unofficial", 30)
    assert {x["reason"] for x in found["left_out"]} == {"no_energy"}
    page = pages.get(f"{pages.region('000000')}/moved?from=2006&to=2014")
    for words in ("当年价", "平减指数", "非官方", "西藏自治区", "30 个部分之和", "不是全社会能耗"):
        assert words in page


def test_co2_of_fuels_without_a_factor_is_named_and_not_nought(pages: Pages) -> None:
    """The guide has none for raw coal, and no grid factor is named: CO2 is of the other fuels, and the page says so."""
    found = told(pages, "000000", "what=co2&from=2006&to=2014")
    closes(found)
    assert found["fuels"] == "carriers"
    assert {x["fuel"] for x in found["left_out"] if x["fuel"]} == {"raw_coal", "electricity", "heat"}
    assert all(D(0) < D(x) < D("0.5") for x in found["fuelled"])
    # factors of one guide do not change with the year: what is left is rounding
    assert abs(D(found["effects"]["factor"])) < D("0.01")
    assert "不能当作全部排放" in pages.get(f"{pages.region('000000')}/moved?what=co2&from=2006&to=2014")


def test_months_are_compared_by_the_output_of_units(pages: Pages) -> None:
    """No GDP comes by month: units by product are compared, industries sum to the whole, the rest of the city apart."""
    found = told(pages, "990100", "from=2024-12&to=2025-12")
    closes(found)
    assert found["basis"] == "units/energy/output"
    assert D(found["not_broken_down"]["before"]) > 0
    assert 100 < len(found["parts"]) <= len(found["movers"])
    page = pages.get(f"{pages.region('990100')}/moved?from=2024-12&to=2025-12")
    assert "31 黑色金属冶炼和压延加工业" in page
    assert told(pages, "990100", "what=energy_intensity&from=2024-12&to=2025-12")["needs"] == ["no_activity"]


def test_industry_and_the_rest_are_sectors_of_one_region(pages: Pages) -> None:
    """By sector: industry and what is not industry make up the city's energy and product."""
    found = told(pages, "990100", "from=2021&to=2025&basis=sectors/energy/gdp/constant:2020")
    closes(found)
    assert {p["id"] for p in found["parts"]} == {"industry", "other"}
    assert sum(D(p["after"]) for p in found["parts"]) == D(found["after"])
    assert "居民" in pages.get(
        f"{pages.region('990100')}/moved?basis=sectors/energy/gdp/constant:2020&from=2021&to=2025"
    )


def test_what_is_not_there_is_not_broken_and_says_so(pages: Pages) -> None:
    """Unknown words in an address, periods of two kinds or without figures: the newest pair, with a notice."""
    page = pages.get(f"{pages.region('990100')}/moved?what=coal&from=2024&to=2025-01&basis=x&method=y")
    assert "改为最近可比的两期" in page
    assert "改为最近可比的两期" not in pages.get(f"{pages.region('990100')}/moved")
    lone = pages.get(f"{pages.region('130100')}/moved")
    assert "数据不足，暂不能分解" in lone
    assert told(pages, "130100")["state"] == "insufficient"


def test_a_units_page_says_output_and_energy_per_product(pages: Pages) -> None:
    """A unit of one product: output and energy per product, and per tonne the intensity alone."""
    mover = told(pages, "990100", "from=2024&to=2025")["movers"][0]
    url = f"/units/{mover['unit_id']}/moved"
    found = json.loads(pages.client.get(f"/api{url}?from=2024&to=2025").text)
    closes(found)
    assert D(found["change"]) == D(mover["change_tce"])
    assert (found["basis"], D(found["effects"]["structure"])) == ("self/energy/output", 0)
    assert "单耗" in pages.get(f"{url}?from=2024&to=2025")
    assert "千克标准煤/吨" in pages.get(f"{url}?what=energy_intensity&from=2024&to=2025")
    assert f'href="{url}"' in pages.get(f"/units/{mover['unit_id']}")


def test_neighbours_and_the_public_see_no_unit(pages: Pages) -> None:
    """A unit's manager sees its own page alone; the public sees no mover, no unit, and cannot open a unit's."""
    movers = told(pages, "990100", "from=2024&to=2025")["movers"]
    anybody = visitor(pages.app)
    for ending in ("", ".csv"):
        turned = anybody.get(f"/units/{movers[0]['unit_id']}/moved{ending}", follow_redirects=False)
        assert turned.status_code in (303, 401, 403, 404)
    nation = told(pages, "000000", "from=2006&to=2014", anybody)
    assert (nation["movers"], len(nation["parts"])) == ([], 30)
    city = anybody.get(f"/api{pages.region('990100')}/moved?from=2024&to=2025")
    if city.status_code == 200:
        shown = json.loads(city.text)
        assert shown["movers"] == []
        assert not {p["id"] for p in shown["parts"]} & {m["unit_id"] for m in movers}
        assert "合成示范" not in anybody.get(f"{pages.region('990100')}/moved?basis=units/energy/output").text
    manager = signed_in(pages.app, "demo.unit")
    own = [m["unit_id"] for m in movers if manager.get(f"/units/{m['unit_id']}/moved").status_code == 200]
    assert len(own) == 1


def test_the_file_has_every_figure_with_six_places(pages: Pages) -> None:
    """The CSV holds the whole, the parts and the rest with the figures of the JSON; the xlsx is there too."""
    url, query = f"{pages.region('990100')}/moved", "from=2024-12&to=2025-12"
    found = told(pages, "990100", query)
    answer = pages.client.get(f"{url}.csv?{query}")
    lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    head = next(n for n, line in enumerate(lines) if any("part_id" in cell for cell in line))
    names = [re.search(r"\w+(?=\W*$)", cell) for cell in lines[head]]
    place = {m[0]: n for n, m in enumerate(names) if m}
    kinds = [n for n, cell in enumerate(lines[head]) if re.search(r"\bkind\b", cell)]
    rows = [line for line in lines[head + 1 :] if len(line) == len(lines[head])]
    whole = next(r for r in rows if any(r[n] == "whole" for n in kinds))
    assert whole[place["change"]] == found["change"]
    assert sum(1 for r in rows if any(r[n] == "part" for n in kinds)) == len(found["parts"])
    assert pages.client.get(f"{url}.xlsx?{query}").content[:2] == b"PK"
    assert pages.client.get(f"/units/{found['movers'][0]['unit_id']}/moved.csv").status_code == 200


def test_the_terminal_says_the_same(pages: Pages) -> None:
    """`shuangkong moved` gives the JSON of the page, a sentence, and refuses what is not there."""
    run = CliRunner()
    root = str(pages.workspace.root)
    asked = ["moved", "990100", "-w", root, "--from", "2021", "--to", "2025"]
    found = json.loads(run.invoke(program, [*asked, "--json"], catch_exceptions=False).stdout)
    same = told(pages, "990100", "from=2021&to=2025")
    assert (found["effects"], found["parts"]) == (same["effects"], same["parts"])
    words = run.invoke(program, asked, catch_exceptions=False).stdout
    assert words.startswith("示范市（合成）能源消费量2025年比2021年增加")
    wrong = run.invoke(program, ["moved", "990100", "-w", root, "--what", "coal"])
    assert "CLI-001" in str(wrong.exception)
    later = run.invoke(program, ["moved", "990100", "-w", root, "--from", "1999", "--to", "2000"])
    assert "PER-001" in str(later.exception)


def test_a_workspace_without_a_run_says_so(empty: Any) -> None:
    """Nothing was judged: the page answers with the usual words and no fault."""
    assert empty.get("/regions/s_none/moved").status_code in (400, 404)
