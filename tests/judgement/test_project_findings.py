"""Findings of rules about projects: decided from the register, in the scope that the pack names, with their meaning."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from shuangkong.app.catalogue import catalogue
from shuangkong.app.demo.run import Loaded
from shuangkong.engine.api import Workspace, read_result, reading
from shuangkong.judgement.api import FIELDS, RULE_CHANGES, RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Pack, PackErrors, PackSet, builtin_packs, load_files
from shuangkong.registry.api import project_facts, project_fields

ALL = Scope.all("test")


@pytest.fixture(scope="module")
def facts(demo_once: tuple[Path, Loaded]) -> dict[str, dict[str, Any]]:
    """What the register says of each project of the demo on the run's day."""
    run = demo_once[1].run
    with reading(Workspace.open(demo_once[0]).engine) as db:
        return {r["subject_id"]: r for r in project_facts(db, ALL, run.known, run.as_of).to_pylist()}


@pytest.fixture(scope="module")
def found(demo_once: tuple[Path, Loaded], facts: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Findings about projects by table."""
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_result(demo_once[1].run, RULE_FINDINGS, ALL).to_pylist():
        if row["subject_id"] in facts:
            tables[row["slug"]].append(row)
    return tables


def test_a_table_is_decided_for_every_project_of_its_scope_and_for_no_other(
    found: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Entry is decided for planned and building projects; what is no two-high project is not sorted as one."""
    assert {r["subject_id"] for r in found["project-entry"]} == {
        s for s, f in facts.items() if f["stage"] in ("拟建", "在建")
    }
    assert {r["subject_id"] for r in found["two-high-project"]} == {s for s, f in facts.items() if f["two_high"]}
    assert any(f["two_high"] is None for f in facts.values())


def test_figures_flags_and_days_of_the_register_decide(found: dict[str, Any], facts: dict[str, Any]) -> None:
    """Each answer on entry is that of the register's figures by the clause, worked out again here."""
    for row in found["project-entry"]:
        f = facts[row["subject_id"]]
        above = f["over_advanced"]
        if row["status"] == "undetermined":
            assert f["two_high"] is None
            continue
        wanted = (
            "small" if f["energy_primary"] < 1000
            else "too-much" if f["two_high"] and above > 5
            else "not-replaced" if f["two_high"] and not (f["coal_replaced"] and f["swap_done"])
            else "ok"
        )  # fmt: skip
        assert row["row_hit"] == wanted
        signal = {"small": "good", "ok": "good", "too-much": "bad", "not-replaced": "warn"}[wanted]
        assert (row["signal"], row["status"]) == (signal, "hit")
    assert {"too-much", "ok"} <= {r["row_hit"] for r in found["project-entry"]}


def test_what_is_not_registered_leaves_the_answer_open_and_is_named(
    found: dict[str, Any], facts: dict[str, Any]
) -> None:
    """A flag that nobody gave is not no: the finding says which fields are missing, and means nothing yet."""
    rows = [r for r in found["project-entry"] if r["status"] == "undetermined"]
    assert rows
    assert {r["needs"] for r in rows} == {"two_high, over_advanced"}
    assert {r["signal"] for r in rows} == {None}


def test_money_is_worked_out_and_the_investment_caps_it(
    found: dict[str, Any], facts: dict[str, Any], demo_once: tuple[Path, Loaded]
) -> None:
    """The reward is 300 yuan for each tonne saved, at most a fifth of the investment, in yuan."""
    outputs = {r["finding_key"]: r for r in read_result(demo_once[1].run, RULE_OUTPUTS, ALL).to_pylist()}
    assert found["project-saving-reward"]
    for row in found["project-saving-reward"]:
        f, out = facts[row["subject_id"]], outputs[row["finding_key"]]
        most = f["investment"] * 10_000 / 5
        assert (out["value"], out["unit"]) == (min(-f["energy_change"] * 300, most), "CNY")


def test_time_since_a_day_and_the_day_itself_decide(found: dict[str, Any], facts: dict[str, Any]) -> None:
    """An opinion of more than two years ago without a start has lapsed; one with a start holds."""
    for row in found["lapse"]:
        f = facts[row["subject_id"]]
        holds = f["started"] or f["years_since_opinion"] <= 2
        assert (row["answer"], row["signal"]) == (f"holds={str(holds).lower()}", "good" if holds else "bad")
    assert {r["signal"] for r in found["lapse"]} == {"good", "bad"}


def test_readings_tell_the_registered_value_in_the_unit_of_the_table(
    found: dict[str, Any], facts: dict[str, Any], demo_once: tuple[Path, Loaded]
) -> None:
    """A figure of the register stands with the finding in the table's unit: yuan, though ten thousands are stored."""
    keys = {r["finding_key"]: r["subject_id"] for r in found["project-saving-reward"]}
    rows = [r for r in read_result(demo_once[1].run, RULE_READINGS, ALL).to_pylist() if r["finding_key"] in keys]
    for r in (r for r in rows if r["input"] == "investment"):
        stored = facts[keys[r["finding_key"]]]["investment"]
        assert (r["value"], r["unit"], r["source_kind"]) == (stored * 10_000, "CNY", "field")


def test_the_first_run_opens_every_finding_of_rules(demo_once: tuple[Path, Loaded]) -> None:
    """Against no earlier run each finding of a rule is opened, once."""
    run = demo_once[1].run
    changes = read_result(run, RULE_CHANGES, ALL).to_pylist()
    assert {c["change"] for c in changes} == {"opened"}
    assert len(changes) == read_result(run, RULE_FINDINGS, ALL).num_rows


def test_every_field_of_the_register_can_be_bound() -> None:
    """Each field of projects stands in the catalogue with its type and the unit that the register keeps it in."""
    known = catalogue()
    for one in project_fields().values():
        bound = known["field", one.name]
        assert bound is FIELDS[one.name]
        assert (bound.kind.name, bound.unit, bound.subjects) == (one.type, one.stored, frozenset({"project"}))


def _packs_of(table: str) -> tuple[Pack, ...]:
    files = dict(next(p for p in builtin_packs() if p.id == "demo-shifanshi-rules").files)
    return (load_files({**files, "tables/projects.yaml": table.encode()}, origin="test"),)


_TABLE = """- id: t
  clause: 七
  label: {{zh: 合成, en: synthetic}}
  hit: first
  scope: {{fields: {{{scope}}}}}
  inputs:
    - {{name: coal, label: {{zh: 煤, en: coal}}, field: coal, unit: t}}
  outputs:
    - {{name: verdict, label: {{zh: 处理, en: what follows}}, signals: {{bad: [{bad}]}}}}
  rows:
    - {{id: a, when: {{coal: "> 5"}}, then: {{verdict: 停}}}}
    - {{id: b, then: {{verdict: 行}}}}
"""


@pytest.mark.parametrize(
    ("scope", "bad", "said"),
    [
        ("stages: [拟建]", "停", "RULE-003"),
        ("stage: [烂尾]", "停", "never “烂尾”"),
        ("coal: ['5']", "停", "RULE-002"),
        ("stage: [拟建]", "走", "no row gives “走”"),
    ],
)
def test_a_scope_or_a_signal_that_cannot_be_is_refused_with_its_place(scope: str, bad: str, said: str) -> None:
    """An unknown field, a value it never has, a number, and a signal of a value that no row gives are refused."""
    others = [p for p in builtin_packs() if p.id != "demo-shifanshi-rules"]
    with pytest.raises(PackErrors) as refused:
        PackSet((*others, *_packs_of(_TABLE.format(scope=scope, bad=bad))), catalogue=catalogue())
    assert said in str(refused.value)
    assert "projects.yaml" in str(refused.value)


def test_the_day_decided_for_is_a_field_of_everybody() -> None:
    """A table may ask which day it is decided for; the catalogue offers it for all kinds of subjects."""
    assert FIELDS["decided_for"].subjects == {"unit", "region", "project"}
    assert FIELDS["decided_for"].kind.name == "day"
