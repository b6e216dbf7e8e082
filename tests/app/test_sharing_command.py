"""`shuangkong sharing` at the terminal: how each year of a decomposition closes, or that it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shuangkong.app.cli import app

PLAN = """
title: 合成方案
region: "990100"
base_year: 2025
end_year: 2030
rate: 13.5
growth: 4
energy: 200
reserve: 0
below: 6
above: 8
method: equal
parts:
  - {code: a, name: 甲（合成）, energy: 100, growth: 4, apart: 4}
  - {code: b, name: 乙（合成）, energy: 100, growth: 4, apart: 4%s}
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace."""
    root = tmp_path_factory.mktemp("sharing") / "w"
    assert CliRunner().invoke(app, ["init", "-w", str(root)]).exit_code == 0
    return root


def draft(here: Path, more: str, *words: str) -> Result:
    """A plan worked out at the terminal; `more` is said of its second part."""
    file = here.parent / "plan.yaml"
    file.write_text(PLAN % more, "utf-8")
    done = CliRunner().invoke(app, ["sharing", "draft", str(file), "-w", str(here), *words])
    assert done.exit_code == 0, done.output
    return done


def test_each_year_is_summed_and_the_clash_is_named(here: Path) -> None:
    """Two of 100 tce with 4 tce of listed projects each: 6.336 tce are missing in 2026, in either language."""
    told = draft(here, "").stdout
    assert "2026：201.968000 = 加码 0.000000 + 各对象 200.304000 + 单列 8 + 预留 —" in told
    assert "2026 年不能闭合，缺 6.336 吨标准煤" in told or "2026 年不能闭合，缺 6.336000 吨标准煤" in told
    assert "2030：210.480952 = " in told
    assert "2030 年不能闭合" not in told
    assert "2026 does not close, 6.336" in draft(here, "", "--lang", "en").stdout


def test_listed_projects_that_begin_later_are_read(here: Path) -> None:
    """A part whose listed projects count from 2030 takes nothing in 2026; the data say the rule and the year."""
    outcome = json.loads(draft(here, ", apart_from: 2030", "--json").stdout)["outcome"]
    assert outcome["year_rule"] == "listed_in_full_reserve_is_the_rest"
    assert [y["apart"] for y in outcome["years"]] == ["4", "4", "4", "4", "8"]
    assert outcome["years"][0]["missing"] == "2.336000"
