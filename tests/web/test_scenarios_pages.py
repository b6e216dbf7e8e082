"""Pages of deductions and of scenarios: what they tell, who may see them, their files, and what is typed wrongly."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from shuangkong.app.scenarios import begun, place_of, read_again
from shuangkong.dualcontrol.api import FLEX_TOTALS, canonical, scenario_from, work_out
from shuangkong.engine.api import latest_run, read_result
from shuangkong.kernel.errors import UserError
from shuangkong.kernel.scope import Scope
from web.clients import visitor
from web.own import Own, own_demo, post

CITY = "990100"
ALL = Scope.all("test")


@pytest.fixture(scope="module")
def own(demo_once: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Own:
    """A copy of the demo."""
    return own_demo(demo_once, tmp_path_factory)


@pytest.fixture(scope="module")
def city(own: Own) -> str:
    """The id of the demo city."""
    return place_of(own.workspace, ALL, CITY).subject_id


def rows(own: Own, city: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Flexed totals of the city by control and year."""
    run = latest_run(own.workspace, ALL, known=None)
    assert run is not None
    found = read_result(run, FLEX_TOTALS, ALL, where=f"subject_id = '{city}'").to_pylist()
    return {(r["control"], r["period_key"]): r for r in found}


@pytest.mark.slow
def test_the_demo_city_by_hand(own: Own, city: str) -> None:
    """2025: 1,470 are stated and growth is above the 5 planned: × (100 + g) ÷ 105; the first year is not assessed."""
    found = rows(own, city)
    last = found["energy", "2025"]
    assert (last["standing"], last["raised"], f"{last['planned']:f}") == ("within", True, "14700000.000000")
    assert abs(last["allowed"] - 14700000 * (100 + last["growth"]) / 105) < 1
    assert last["assessed"] + last["margin"] == last["allowed"]
    assert found["energy", "2020"]["standing"] == "not_assessed"
    carbon = found["carbon", "2025"]  # the trial of carbon's dual control assesses 2025 alone
    assert (carbon["standing"], carbon["assessed"] + carbon["margin"]) == ("over", carbon["allowed"])
    assert found["carbon", "2024"]["standing"] == "not_assessed"
    year = found["energy", "2024"]
    assert year["base"] == found["energy", "2023"]["assessed"]
    wanted = year["base"] * (100 + year["growth"]) * (100 - year["base_fall"]) / 10000
    assert abs(year["allowed"] - wanted) < 1


@pytest.mark.slow
def test_the_page_of_deductions_tells_each_step(own: Own, city: str) -> None:
    """Total, steps, caps, documents, allowed total and what is missing stand on the page, in both languages."""
    client = own.as_("demo.officer.990100")
    page = client.get(f"/regions/{city}/deductions?lang=zh").text
    for words in ("未超", "发改环资〔2022〕803号", "绿证", "135.34", "1475.85", "已随增速上调", "其余非化石能源"):
        assert words in page, words
    english = client.get(f"/regions/{city}/deductions?lang=en&year=2022").text
    assert "within" in english
    assert "2022" in english
    assert f"/regions/{city}/deductions" in client.get(f"/regions/{city}").text


@pytest.mark.slow
def test_the_steps_go_out_as_files_and_as_json(own: Own, city: str) -> None:
    """CSV and JSON hold the same digits as the run."""
    client = own.as_("demo.officer.990100")
    data = client.get(f"/api/regions/{city}/deductions?control=energy&year=2025").json()
    (total,) = data["totals"]
    assert total["allowed"] == f"{rows(own, city)['energy', '2025']['allowed']:f}"
    assert [s["step"] for s in total["steps"]][:2] == ["total", "new_renewable"]
    text = client.get(f"/regions/{city}/deductions.csv?control=energy").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert any("certificate" in row for row in lines)
    assert client.get(f"/regions/{city}/deductions.xlsx").status_code == 200


@pytest.mark.slow
def test_evidence_is_kept_and_taken_back(own: Own, city: str) -> None:
    """A file goes to its step and comes out byte for byte; a wrong kind is refused beside the form; others see none."""
    client = own.as_("demo.officer.990100")
    page = f"/regions/{city}/deductions"
    token = client.get(page).text.split('name="form_token" value="')[1].split('"')[0]

    def send(name: str, content: bytes, step: str = "feedstock") -> Any:
        return client.post(
            f"{page}/evidence", data={"form_token": token, "year": "2025", "step": step, "note": "核算表（合成）"},
            files={"file": (name, content)}, follow_redirects=False,
        )  # fmt: skip

    assert send("a.exe", b"MZ").status_code == 400
    assert send("a.pdf", b"").status_code == 400
    assert send("a.pdf", b"%PDF", step="growth").status_code == 400
    assert send("原料用能.pdf", b"%PDF-synthetic").status_code == 303
    shown = client.get(f"{page}?lang=zh").text
    assert "原料用能.pdf" in shown
    link = next(p for p in shown.split('"') if p.endswith("/original"))
    answer = client.get(link)
    assert (answer.content, answer.headers["content-type"]) == (b"%PDF-synthetic", "application/octet-stream")
    assert visitor(own.app).get(link).content != b"%PDF-synthetic"
    assert visitor(own.app).get(link, follow_redirects=False).status_code != 200
    assert own.as_("demo.officer.990101").get(link).status_code == 404
    done = client.post(link.replace("/original", "/withdraw"), data={"form_token": token}, follow_redirects=False)
    assert done.status_code == 303
    assert "原料用能.pdf" not in client.get(page).text


@pytest.mark.slow
def test_the_public_sees_no_total_of_few_units(own: Own, city: str) -> None:
    """Who sees a region only because its page is public is told what may be published and no more."""
    answer = visitor(own.app).get(f"/api/regions/{city}/deductions")
    if answer.status_code != 200:
        return
    run = latest_run(own.workspace, ALL, known=None)
    assert run is not None
    for total in answer.json()["totals"]:
        if total["standing"] == "confidential":
            assert total["gross"] is None
            assert all(s["amount"] is None for s in total["steps"])


@pytest.mark.slow
def test_a_scenario_from_the_form_to_the_comparison(own: Own, city: str) -> None:
    """Tried in the address, saved by the form, shared, seen by a colleague, beside another, exported, taken back."""
    client = own.as_("demo.officer.990100")
    tried = client.get(f"/scenarios/new?region={CITY}&nonfossil=2&lang=zh").text
    assert "国发〔2026〕22号" in tried
    made = []
    for title, share_ in (("甲（合成）", "1"), ("乙（合成）", "2")):
        answer = post(client, "/scenarios", "/scenarios/new", region=city, title=title, because="试", nonfossil=share_)
        assert answer.status_code == 303, answer.text[:400]
        made.append(answer.headers["location"])
    page = client.get(made[0] + "?lang=zh").text
    assert "甲（合成）" in page
    assert "达峰" in page
    colleague = own.as_("demo.reviewer")
    assert colleague.get(made[0]).status_code == 404
    assert post(client, f"{made[0]}/share", made[0], shared="1").status_code == 303
    assert colleague.get(made[0]).status_code == 200
    assert post(colleague, f"{made[0]}/withdraw", "/scenarios/new").status_code == 403
    both = client.get(f"{made[0]}?with={made[1].rpartition('/')[2]}&lang=zh").text
    assert "乙（合成）" in both
    data = client.get(f"/api{made[1]}").json()
    assert data["is_a_book"] is False
    assert data["same_as_saved"] is True
    again = work_out(scenario_from(data["inputs"]))
    assert [f"{p.co2:f}" for p in again.points] == [p["co2_tco2"] for p in data["path"]]
    text = client.get(made[1] + ".csv").content.decode("utf-8-sig")
    assert data["path"][-1]["co2_tco2"].rstrip("0") in text
    assert post(client, f"{made[1]}/withdraw", made[1]).status_code == 303
    assert client.get(made[1]).status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        "growth=99",
        "growth=viel",
        "horizon=1990",
        "horizon=2999",
        "seed=-1",
        "instead=coal",
        "year=1999",
        "horizon=2030.5",
    ],
)
def test_what_cannot_be_is_told(own: Own, query: str) -> None:
    """A figure out of range, no figure, or a year without books is told in words; the form stays."""
    answer = own.as_("demo.officer.990100").get(f"/scenarios/new?region={CITY}&{query}&lang=zh")
    assert answer.status_code in (200, 400)
    assert 'role="alert"' in answer.text


@pytest.mark.slow
def test_a_scenario_is_no_book(own: Own) -> None:
    """Saving one leaves the run, the lake and every other table as they were, and it carries all that it rests on."""
    place = place_of(own.workspace, ALL, CITY)
    start = begun(place)
    assert canonical(scenario_from(canonical(start))) == canonical(start)
    goals = {g.kind: (g.year, f"{g.value:f}", g.own) for g in start.goals}
    assert goals["energy_per_gdp"] == (2030, "10", False)
    assert goals["co2_per_gdp"] == (2030, "17", False)
    assert goals["nonfossil_share"] == (2030, "25", False)
    assert goals["peak"][0] == 2030
    # the base is what the books have
    totals = json.loads(canonical(start))["base"]
    assert start.base.energy == rows(own, place.subject_id)["energy", "2025"]["gross"]
    assert start.base.co2 == rows(own, place.subject_id)["carbon", "2025"]["gross"]
    assert totals["year"] == 2025


@pytest.mark.slow
def test_nobody_else_reads_a_scenario(own: Own) -> None:
    """The demo's scenario is shared in the city; a county's officer and the public get none of it."""
    client = own.as_("demo.officer.990100")
    found = client.get("/api/scenarios").json()["scenarios"]
    shared = next(s for s in found if s["shared"])
    assert read_again(own.workspace, ALL, shared["scenario_id"]).same
    assert own.as_("demo.officer.990101").get(f"/scenarios/{shared['scenario_id']}").status_code == 404
    assert visitor(own.app).get("/scenarios", follow_redirects=False).status_code != 200
    with pytest.raises(UserError, match="RUN-001"):
        read_again(own.workspace, Scope.none("x"), shared["scenario_id"])
