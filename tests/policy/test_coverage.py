"""Coverage of clauses: what stands on each, and every way in which a figure can be left unmapped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policy.builders import pack
from shuangkong.policy.api import PackSet, coverage
from shuangkong.policy.cli import policy_app

TARGETS = """
- {slug: fall, clause: 一, indicator: energy_per_gdp, subject: {region: "990000"}, comparator: decrease_by, value: 14.5,
   unit: "%", base_year: 2020, year: 2025, horizon: year}
"""
DUTIES = """
- {slug: audit, clause: 二, label: {zh: 审核}, lead: [甲], every: {value: 5, unit: a}, due: 2026-12-31}
"""
PARAMETERS = """
- {id: test.price, clause: 三, label: {zh: 加价}, unit: CNY/kWh, values: [{value: 0.1}]}
- {id: test.small, label: {zh: 小户}, unit: 10k_tce, values: [{value: 0.5}]}
"""
TABLES = """
- id: price
  clause: 三
  label: {zh: 电价}
  hit: unique
  inputs: [{name: energy, label: {zh: 能耗}, unit: tce, at_least: 0}]
  parameters: [{name: added, id: test.price}]
  outputs: [{name: price, label: {zh: 加价}, type: number, unit: CNY/kWh}]
  rows:
    - {id: small, when: {energy: 不足5000}, then: {price: 0}}
    - {id: large, clause: 三（一）, when: {energy: 5000以上}, then: {price: {calc: added}}}
"""


def _rows(clauses: str) -> dict[str, list[str]]:
    made = pack(
        files={
            "clauses.yaml": clauses,
            "targets.yaml": TARGETS,
            "duties.yaml": DUTIES,
            "parameters/a.yaml": PARAMETERS,
            "tables/a.yaml": TABLES,
        },
        more="period: P2021-2025",
    )
    return {r.clause.id: [f.kind for f in r.faults] for r in coverage(PackSet([made]), made)}


def _clauses(figures: str) -> str:
    return f"""
- {{id: 一, title: {{zh: 目标}}, kind: target, figures: [{figures}]}}
- {{id: 二, title: {{zh: 任务}}, kind: duty}}
- {{id: 三, title: {{zh: 价格}}, kind: rule}}
- {{id: 三（一）, parent: 三, title: {{zh: 大户}}, kind: rule}}
- {{id: 四, title: {{zh: 保障}}, kind: section}}
- {{id: 四（一）, parent: 四, title: {{zh: 组织}}, kind: other, none_because: {{zh: 只写由谁开会}}}}
- {{id: 五, title: {{zh: 附则}}, kind: section}}
"""


def test_a_clause_stands_on_an_entry_or_a_reason() -> None:
    """Targets, duties, parameters, tables and single rows count; a section counts by its clauses, an empty one not."""
    assert _rows(_clauses("")) == {
        "一": [],
        "二": [],
        "三": [],
        "三（一）": [],
        "四": [],
        "四（一）": [],
        "五": ["empty"],
    }


@pytest.mark.parametrize(
    ("figure", "faults"),
    [
        ('"14.5%"', []),
        ('"14.4%"', ["no_number"]),
        ('"2025年"', []),
        ('"2020年"', []),
        ('"2019年"', ["no_number"]),
        ("{printed: 2019年, none_because: history}", []),
        ("{printed: 0.1元, ids: [test.price]}", []),
        ("{printed: 0.1元, ids: [price]}", []),
        ("{printed: 5000吨, ids: [test.small]}", []),
        ("{printed: 5000吨, ids: [price]}", []),
        ("{printed: 五年, ids: [audit]}", []),
        ("{printed: 2026年, ids: [audit]}", []),
        ("{printed: 6000吨, ids: [test.small]}", ["other_number"]),
        ("{printed: 6000吨, ids: [test.small], note: 5000 before the correction}", []),
        ("{printed: 6000吨, ids: [test.absent]}", ["no_entry"]),
        ("{printed: 14.5%, none_because: repeated, of: 九}", ["no_clause"]),
        ("{printed: 14.5%, none_because: repeated, of: 二}", []),
    ],
)
def test_a_figure_has_become_something(figure: str, faults: list[str]) -> None:
    """An entry of the clause holds it, or one that is named, in whatever unit; or a reason says why nothing follows."""
    assert _rows(_clauses(figure))["一"] == faults


def test_the_command_ends_with_two_when_something_is_unmapped(tmp_path: Path) -> None:
    """Faults are shown in the language asked for; JSON holds every clause."""
    made = pack(files={"clauses.yaml": "- {id: 一, title: {zh: 目标}, kind: rule, figures: [3家]}\n"})
    folder = tmp_path / "plan"
    folder.mkdir()
    for name, data in made.files:
        (folder / name).write_bytes(data)
    run = CliRunner().invoke(policy_app, ["clauses", "test.plan", "--packs", str(tmp_path)])
    assert run.exit_code == 2
    assert "3家：条款的条目里没有这个数" in run.stdout
    shown = CliRunner().invoke(policy_app, ["clauses", "test.plan", "--packs", str(tmp_path), "--json"])
    assert [(r["clause"], len(r["faults"])) for r in json.loads(shown.stdout)] == [("一", 2)]


def test_a_reason_given_as_one_text_is_still_read() -> None:
    """Runs keep their packs as they were, also those of earlier versions."""
    made = pack(files={"clauses.yaml": "- {id: 一, title: {zh: 目标}, kind: target, none_because: no figure}\n"})
    assert made.clauses[0].none_because is not None
    assert made.clauses[0].none_because.zh == "no figure"
