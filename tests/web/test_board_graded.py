"""The demo grades energy, coal and carbon: no lamp of its regions waits for a target; carbon is assessed in 2025."""

from __future__ import annotations

import json

from shuangkong.app.web import board_reading as r
from web.conftest import Pages

REGIONS = ("990100", "990101", "990102", "990103", "990104")
FIGURES = {"energy_intensity", "energy_total", "coal_total", "co2_intensity", "co2_total"}


def test_every_figure_of_the_demo_is_graded(pages: Pages) -> None:
    """At the end of 2025 the city and each county have a grade for energy, coal and carbon, intensity and total."""
    for code in REGIONS:
        rows = r.watched(pages.view, [pages.view.by_code[code]], "2025-12")
        graded = {x["what"] for x in rows if x["grade"] is not None}
        assert graded >= FIGURES, code


def test_carbon_is_assessed_from_the_day_of_the_trial(pages: Pages) -> None:
    """CO2 of 2025 is held against its total, by how much and by which document; the years before are not assessed."""
    city = pages.view.by_code["990100"].id
    html = pages.get(f"/regions/{city}/deductions?control=carbon&year=2025")
    assert "超出 7.7\u2009万吨二氧化碳" in html
    assert "/packs/demo-shifanshi-carbon@2024" in html
    told = json.loads(pages.get(f"/api/regions/{city}/deductions"))["totals"]
    standings = {(t["control"], t["period_key"]): t["standing"] for t in told}
    assert standings["carbon", "2025"] == "over"
    assert {standings["carbon", str(y)] for y in range(2020, 2025)} == {"not_assessed"}
    assert standings["energy", "2025"] != "not_assessed"
