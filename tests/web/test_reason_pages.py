"""Why a grade, a nowcast, an estimate, a consequence and a flexed total are as they are: page, data, command."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from shuangkong.app.cli import app
from shuangkong.app.web import board_reading as r
from shuangkong.app.web.board_told import BoardTeller
from shuangkong.app.web.factory import MESSAGES
from shuangkong.dualcontrol.api import (
    FLEX_TOTALS,
    WATCH_ESTIMATES,
    WATCH_MEASURES,
    WATCH_MONTHS,
    WATCH_YEARS,
    flex_key,
    late_key,
)
from shuangkong.engine.api import TableContract
from shuangkong.webkit.api import Speaker, read_messages
from web.clients import signed_in, visitor
from web.conftest import Pages

CITY, COUNTY, WEST = "990100", "990103", "990102"
Row = dict[str, Any]


def rows(pages: Pages, contract: TableContract, code: str = CITY) -> list[Row]:
    """Rows of a table of the demo's run about a region."""
    return pages.view._rows(contract, f"subject_id = '{pages.view.by_code[code].id}'")


def grade(pages: Pages, what: str, test: str, code: str = CITY) -> Row:
    """The newest graded month of a thing and test."""
    found = [x for x in rows(pages, WATCH_MONTHS, code) if (x["what"], x["test"]) == (what, test) and x["grade"]]
    return max(found, key=lambda x: x["period_key"])


def keys(pages: Pages) -> dict[str, str]:
    """A key of each kind of row."""
    late = max(pages.view._rows(WATCH_ESTIMATES, "amount IS NOT NULL"), key=lambda x: x["amount"])
    years = [x for x in rows(pages, WATCH_YEARS) if x["nowcast"] is not None and x["required"] is not None]
    within = [x for x in rows(pages, FLEX_TOTALS, WEST) if x["standing"] == "within" and x["control"] == "energy"]
    flexed = max(within, key=lambda x: x["period_key"])
    return {
        "month": grade(pages, "energy_intensity", "month_industry")["watch_key"],
        "both": grade(pages, "energy_control", "both")["watch_key"],
        "year": years[0]["watch_key"], "late": late_key(late), "flex": flex_key(flexed),
        "step": f"{flex_key(flexed)}_certificate", "measure": rows(pages, WATCH_MEASURES, WEST)[0]["measure_key"],
    }  # fmt: skip


def data(pages: Pages, key: str) -> Row:
    """The chain of a key as the JSON interface gives it; figures keep all their digits."""
    answer = pages.client.get(f"/api/findings/{key}")
    assert answer.status_code == 200, answer.text[:300]
    told: Row = json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)
    return told


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["month", "both", "year", "late", "flex", "step", "measure"])
def test_every_kind_of_row_has_its_page(pages: Pages, kind: str, lang: str) -> None:
    """Each opens under its key, says in one sentence what it is, and names a clause and where it goes on."""
    html = pages.get(f"/findings/{keys(pages)[kind]}", lang)
    assert '<section class="chain"' in html
    assert re.search(r"<h1>[^<]{8,}</h1>", html)
    assert 'href="/packs/' in html
    assert 'class="next"' in html or "next" in html


def test_a_grade_goes_from_cut_offs_to_files(pages: Pages) -> None:
    """Clause, cut-offs with the row that hit and their owner, parameters, months, entries, and rows of files."""
    html = pages.get(f"/findings/{keys(pages)['month']}")
    assert "/packs/demo-shifanshi@2022#clause-" in html
    assert "节能主管部门能耗双控处室负责人" in html
    assert "watching.intensity[red]" in html
    assert "watching.revision[share]" in html
    assert '<tr class="hit">' in html
    for part in ("cutoffs", "months", "parameters", "entries", "rates"):
        assert f'id="{part}"' in html
    assert re.search(r"synthetic_energy_20\d\d\.csv #\d+", html)


@pytest.mark.parametrize(
    ("what", "test"),
    [("energy_intensity", "month_industry"), ("energy_intensity", "quarter_gdp"), ("energy_total", "total")],
)
def test_known_and_estimated_months_add_up_to_the_figure(pages: Pages, what: str, test: str) -> None:
    """The months' sums and estimates give the amount of the year to date to the last digit; the entries are there."""
    row = grade(pages, what, test)
    told = data(pages, row["watch_key"])
    sides = {s["side"]: s for s in told["sums"]}
    for side, figure in (("now", row["energy"]), ("before", row["energy_before"])):
        known = sum((Decimal(m["amount"]) for m in told["months"] if m["side"] == side), Decimal(0))
        late = sum((Decimal(e["amount"]) for e in told["estimates"] if e["side"] == side), Decimal(0))
        assert (known, late) == (Decimal(sides[side]["known"]), Decimal(sides[side]["estimated"]))
        if figure is not None:
            assert known + late == figure == Decimal(sides[side]["figure"])
            assert Decimal(sides[side]["rest"]) == 0
    assert told["estimates"]
    assert len(told["months"]) == 24
    assert told["entries"]
    assert told["sources"]


def test_the_cut_offs_are_asked_what_the_row_says(pages: Pages) -> None:
    """Change, lag and progress of the row are the inputs of the table; the row that hit is the one that graded."""
    row = grade(pages, "energy_intensity", "month_industry")
    table = data(pages, row["watch_key"])["table"]
    given = {i["name"]: i["value"] for i in table["inputs"]}
    assert Decimal(given["change"]) == row["value"]
    assert Decimal(given["lag"]) == row["value"] - row["required"]
    assert Decimal(given["progress"]) == row["progress"]
    (hit,) = (x for x in table["rows"] if x["hit"])
    assert row["cutoff"].endswith(f":{hit['id']}")
    assert {p["pack"] for p in data(pages, row["watch_key"])["parameters"]} == {"shuangkong.watching@2026"}
    assert all(p["clause"] for p in data(pages, row["watch_key"])["parameters"])


def test_energy_control_rests_on_both_sides(pages: Pages) -> None:
    """The grade of both is made of those of intensity and total, each with a key that opens."""
    told = data(pages, keys(pages)["both"])
    assert {f["what"] for f in told["follows"]} == {"energy_intensity", "energy_total"}
    for f in told["follows"]:
        assert data(pages, f["key"])["row"]["grade"] == f["grade"]


def test_a_nowcast_names_its_drift_and_the_months_it_is_made_of(pages: Pages) -> None:
    """Drift parameters with clause and owner, the months so far, the whole year before, and the grade of its month."""
    told = data(pages, keys(pages)["year"])
    figures = {p["keys"][0] for p in told["parameters"] if p["id"] == "watching.nowcast"}
    assert {"spread", "weight"} <= figures
    assert [m["side"] for m in told["months"]].count("before") == 12
    (month,) = told["follows"]
    assert month["period_key"] == told["row"]["as_of_month"]


def test_an_estimate_tells_method_stratum_and_interval(pages: Pages) -> None:
    """What stands in for a late return lies inside its interval and names how it was made, from how many others."""
    told = data(pages, keys(pages)["late"])
    row = told["row"]
    assert Decimal(row["low"]) < Decimal(row["amount"]) < Decimal(row["high"])
    assert row["basis"]
    assert row["stratum"]
    assert row["responders"] > 0
    assert told["months"]
    assert told["entries"]


def test_a_flexed_total_tells_each_step_with_its_parameter(pages: Pages) -> None:
    """Each deduction has the row of a pack, returns and claims; the steps give the assessed total; gaps are named."""
    key = keys(pages)["step"]
    told = data(pages, key)
    assert told["step"] == "certificate"
    steps = {s["step"]: s for s in told["steps"]}
    for name in ("new_renewable", "feedstock", "certificate"):
        assert steps[name]["rests_on"]["id"] == "deduction.applies"
    assert any(p["id"] == "deduction.certificate_cap" for p in steps["certificate"]["beside"])
    assert steps["feedstock"]["returns"] <= steps["feedstock"]["due"]
    order = [s["step"] for s in told["steps"]]
    before = told["steps"][: order.index("assessed")]
    total = sum((Decimal(s["amount"]) for s in before if s["amount"] is not None), Decimal(0))
    assert total == Decimal(steps["assessed"]["amount"]) == Decimal(told["row"]["assessed"])
    assert {f["role"] for f in told["findings"]} >= {"total_finding"}
    assert "其余非化石能源" in pages.get(f"/findings/{key}")
    assert 'id="step-certificate" class="hit"' in pages.get(f"/findings/{key}")


def test_a_consequence_names_the_rule_and_the_published_grades(pages: Pages) -> None:
    """On published grades it leads to the finding of the rule and to the rows of the file with the grades."""
    told = data(pages, keys(pages)["measure"])
    (decided,) = told["findings"]
    assert pages.client.get(f"/findings/{decided['key']}").status_code == 200
    assert told["rates"]
    assert all(x["source_row"] for x in told["rates"])
    assert "只依据公布的数据，不涉及账目" in pages.get(f"/findings/{keys(pages)['measure']}")


@pytest.mark.parametrize(
    ("lang", "asks", "gives"),
    [("zh", "能耗双控连续红色预警月数 &gt;= 2", "提醒（合成）"), ("en", "Red months in a row on energy control &gt;= 2",
      "reminder (synthetic)")],
)  # fmt: skip
def test_rows_of_a_rule_are_told_in_the_readers_language(pages: Pages, lang: str, asks: str, gives: str) -> None:
    """Conditions by the labels of inputs and the figures of the day, what each row gives by the words of its table."""
    html = pages.get(f"/findings/{keys(pages)['measure']}", lang)
    rows_told = html[html.index('id="cutoffs"') :]
    rows_told = rows_told[: rows_told.index("</table>")]
    assert asks in rows_told
    assert f"<td>{gives}</td>" in rows_told
    assert "red_energy" not in rows_told
    assert ("提醒" in rows_told) == (lang == "zh")


def test_a_consequence_is_told_in_english_at_the_terminal(pages: Pages) -> None:
    """`why` of a consequence and `watch` say it in English; without words of any pack it stays as it is written."""
    row = rows(pages, WATCH_MEASURES, WEST)[0]
    assert row["consequence"] in ("提醒（合成）", "区域限批（合成）", "无")
    root = ["-w", str(pages.workspace.root), "--lang", "en"]
    for command in (["why", row["measure_key"]], ["watch", WEST]):
        said = CliRunner().invoke(app, [*command, *root]).output
        assert re.search(r"reminder \(synthetic\)|stop of the region \(synthetic\)|nothing", said), said
        assert row["consequence"] not in said


def test_a_consequence_of_a_pack_that_the_run_lacks_has_the_words_of_the_program(pages: Pages) -> None:
    """The packs of a run come first, then those of the program; a text that none has words for stays as written."""
    words = BoardTeller(pages.view, Speaker("en", read_messages(*MESSAGES)))
    row = {"pack_key": "henan-two-high-2021@2021", "table_id": "red-months", "consequence": "区域节能评估限批"}
    assert words.consequence(row) == "stop of the region's energy reviews"
    assert words.consequence(row | {"consequence": "约谈负责人"}) == "约谈负责人"
    assert words.consequence(row | {"consequence": None}) == ""


@pytest.mark.parametrize("key", ["w_none", "l_none", "t_none", "x_none", "w_'", "w_", "t_"])
def test_a_key_that_names_nothing_is_said(pages: Pages, key: str) -> None:
    """The answer is the one for a finding that is not there, on the page, as data and at the terminal."""
    for address in (f"/findings/{key}", f"/api/findings/{key}"):
        answer = pages.client.get(address)
        assert (answer.status_code, "RUN-002" in answer.text) == (404, True), address
    done = CliRunner().invoke(app, ["why", key, "-w", str(pages.workspace.root)])
    assert done.exit_code != 0
    assert "RUN-002" in done.output + str(done.exception)


def test_a_step_that_the_total_has_not_is_said(pages: Pages) -> None:
    """A step that is none of the total's is a key that names nothing."""
    assert pages.client.get(f"/findings/{keys(pages)['flex']}_nothing").status_code == 404


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["month", "year", "late", "step", "measure"])
def test_the_command_tells_the_same_chain(pages: Pages, kind: str, lang: str) -> None:
    """`why` prints clause or parameter, figures and files; with --json what the page shows."""
    key = keys(pages)[kind]
    words = ["why", key, "-w", str(pages.workspace.root), "--lang", lang]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output + str(done.exception)
    assert re.search("参数|条款|clause|parameter", done.output)
    assert re.search(r"(来源|source) src_", done.output)
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert told["key"] == key.removesuffix("_certificate")


def test_a_shortened_key_is_enough(pages: Pages) -> None:
    """A beginning that names one row alone is taken for its key, as with findings."""
    key = keys(pages)["month"]
    done = CliRunner().invoke(app, ["why", key[:14], "-w", str(pages.workspace.root), "--json"])
    assert json.loads(done.output)["key"] == key


def test_nobody_is_told_of_rows_out_of_scope(pages: Pages) -> None:
    """A unit's manager and who is not signed in get for the city's rows what they get for keys that are not there."""
    manager, public = signed_in(pages.app, "demo.unit"), visitor(pages.app)
    found = keys(pages)
    hidden = {kind: manager.get(f"/findings/{found[kind]}").status_code for kind in ("month", "year", "flex", "late")}
    assert set(hidden.values()) == {404}
    assert public.get(f"/findings/{found['late']}").status_code == 404
    assert public.get(f"/api/findings/{found['late']}").status_code == 404


def test_an_officer_sees_returns_of_the_own_city_alone(pages: Pages) -> None:
    """Each entry, total and estimate that the officer of the demo city is told lies in that city."""
    officer = signed_in(pages.app, f"demo.officer.{CITY}")
    told = officer.get(f"/api/findings/{keys(pages)['month']}").json()
    inside = pages.view.within(pages.view.by_code[CITY].id)
    for name in ("entries", "totals", "estimates"):
        assert {x["subject_id"] for x in told[name]} <= inside
    assert told["entries"]


def test_squares_lines_and_steps_lead_to_their_reasons(pages: Pages) -> None:
    """The reason of a square, the cockpit, the nowcasts and the deductions link each figure to its whole chain."""
    city, west = pages.view.by_code[CITY].id, pages.view.by_code[WEST].id
    row = grade(pages, "energy_intensity", "month_industry")
    assert f"/findings/{row['watch_key']}" in pages.get(f"/board/{city}/{row['period_key']}")
    cockpit = pages.get(f"/regions/{city}/dual-control")
    linked = {*re.findall(r"/findings/(w_[a-z0-9]+)", cockpit)}
    assert linked & {x["watch_key"] for x in rows(pages, WATCH_MONTHS)}
    assert linked & {x["watch_key"] for x in rows(pages, WATCH_YEARS)}
    assert re.search(r"/findings/w_", pages.get(f"/board/years?region={city}"))
    deductions = pages.get(f"/regions/{west}/deductions")
    steps = re.findall(r"/findings/(t_[a-z0-9]+_[a-z_]+)", deductions)
    assert len(steps) >= 5
    assert pages.client.get(f"/findings/{steps[0]}").status_code == 200
    assert re.search(r"/findings/x_", pages.get(f"/board?region={city}"))


def test_data_of_the_board_names_the_reason(pages: Pages) -> None:
    """Rows of the JSON interface have the address of their reason; a grade that was published alone has none."""
    city, west = pages.view.by_code[CITY].id, pages.view.by_code[WEST].id
    for name, path in (("months", "board"), ("years", "board/years")):
        listed = pages.client.get(f"/api/{path}?region={city}&size=1000").json()[name]
        assert {x["why"] for x in listed} == {
            f"/findings/{x['watch_key']}" if x["watch_key"].startswith("w_") else None for x in listed
        }
    (first, *_) = pages.client.get(f"/api/regions/{west}/deductions").json()["totals"]
    assert pages.client.get(first["why"]).status_code == 200


def test_the_same_row_has_the_same_reason_on_page_and_board(pages: Pages) -> None:
    """The sentence of the reason is that of the square."""
    row = grade(pages, "energy_total", "total")
    sentence = data(pages, row["watch_key"])["told"]["sentence"]
    assert sentence in pages.get(f"/board/{row['subject_id']}/{row['period_key']}")
    assert r.watched(pages.view, (pages.view.by_code[CITY],))
