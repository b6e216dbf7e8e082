"""Findings of rules: decided for every subject from the books, each with row, answer, readings and what is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shuangkong.app.catalogue import catalogue
from shuangkong.app.demo.run import Loaded
from shuangkong.app.explaining import explain, why_lines
from shuangkong.engine.api import Workspace, read_result
from shuangkong.judgement.api import RULE_FINDINGS, RULE_OUTPUTS, RULE_READINGS, bindings_of, decided_kind, why_not
from shuangkong.judgement.reaching import sittings
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import Pack, PackSet, TableEntry, builtin_packs, load_files, with_declared

ALL = Scope.all("test")
RULES = "demo-shifanshi-rules"


@pytest.fixture(scope="module")
def found(demo_once: tuple[Path, Loaded]) -> dict[str, list[dict[str, Any]]]:
    """Findings of rules of the demo, with outputs and readings, by table."""
    run = demo_once[1].run
    rows: list[dict[str, Any]] = read_result(run, RULE_FINDINGS, ALL).to_pylist()
    for name, contract in (("outputs", RULE_OUTPUTS), ("readings", RULE_READINGS)):
        by_key: dict[str, list[dict[str, Any]]] = {}
        for r in read_result(run, contract, ALL).to_pylist():
            by_key.setdefault(r["finding_key"], []).append(r)
        for row in rows:
            row[name] = {r.get("output") or r["input"]: r for r in by_key.get(row["finding_key"], [])}
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["pack_id"] == RULES:
            tables.setdefault(row["slug"], []).append(row)
    return tables


def test_every_unit_is_decided_from_its_books_and_the_bound_is_included(found: dict[str, Any]) -> None:
    """Every unit is decided from its books and the bound is included."""
    rows = [r for r in found["class"] if r["period_key"] == "2025"]
    known = [r for r in rows if r["readings"]["energy"]["state"] == "ok"]
    assert len(known) > 150
    assert {r["row_hit"] for r in known} == {"large", "key", "other"}
    for r in known:
        energy = r["readings"]["energy"]["value"]
        wanted = "large" if energy >= 50_000 else "key" if energy >= 10_000 else "other"
        assert (r["status"], r["row_hit"]) == ("hit", wanted)


def test_an_amount_of_money_is_the_product_of_parameter_and_reading_of_that_year(found: dict[str, Any]) -> None:
    """An amount of money is the product of parameter and reading of that year."""
    rate = {"2023": Decimal("0.02"), "2024": Decimal("0.02"), "2025": Decimal("0.03")}
    rows = [r for r in found["surcharge"] if r["row_hit"] == "large"]
    assert {r["period_key"] for r in rows} == set(rate)
    for r in rows:
        out = r["outputs"]["surcharge"]
        assert (out["value"], out["unit"]) == (rate[r["period_key"]] * r["readings"]["electricity"]["value"], "CNY")
        assert r["readings"]["division"]["words"] in {"25", "26", "30", "31", "32"}
        assert "demo-rules.surcharge" in r["parameters"]
        assert "demo-rules.class-from" in r["parameters"]


def test_what_only_a_person_can_give_is_no_finding_where_it_would_decide(found: dict[str, Any]) -> None:
    """What only a person can give is no finding where it would decide."""
    assert {r["row_hit"] for r in found["diagnosis"]} == {"not-large"}
    large = {r["subject_id"] for r in found["class"] if r["row_hit"] == "large" and r["period_key"] == "2025"}
    told = {r["subject_id"] for r in found["diagnosis"] if r["period_key"] == "2025"}
    assert large
    assert not large & told


def test_a_rule_that_ended_is_decided_for_its_own_years(found: dict[str, Any]) -> None:
    """A rule that ended is decided for its own years."""
    assert {r["period_key"] for r in found["first-years"]} == {"2023", "2024"}
    assert {r["decided_for"] for r in found["first-years"]} == {date(2023, 12, 31), date(2024, 12, 31)}
    assert {r["decided_for"] for r in found["class"] if r["period_key"] == "2025"} == {date(2026, 11, 20)}


def test_the_reach_is_the_region_of_the_document_and_the_levels_of_the_scope(
    found: dict[str, Any], demo_once: tuple[Path, Loaded]
) -> None:
    """The reach is the region of the document and the levels of the scope."""
    from shuangkong.engine.api import reading
    from shuangkong.registry.api import snapshot

    workspace = Workspace.open(demo_once[0])
    with reading(workspace.engine) as db:
        subjects = snapshot(db, ALL, demo_once[1].run.known, day=date(2026, 11, 20))["subjects"].to_pylist()
    codes = {s["subject_id"]: (s["code"], s["level"]) for s in subjects}
    assert {codes[r["subject_id"]][1] for r in found["lamp"]} <= {"county", "zone"}
    assert all(codes[r["subject_id"]][0].startswith("9901") for r in found["lamp"])
    assert found["lamp"]


def test_a_sum_from_part_of_the_returns_is_told_and_not_decided_on(found: dict[str, Any]) -> None:
    """A sum from part of the returns is told and not decided on."""
    partial = [r for rows in found.values() for r in rows for x in r["readings"].values() if x["state"] == "partial"]
    assert partial
    for r in (r for r in found["class"] if r["readings"]["energy"]["state"] == "partial"):
        assert (r["status"], r["reason"], r["needs"]) == ("undetermined", "missing", "energy")
        assert r["readings"]["energy"]["value"] is not None
        assert r["coverage"] < 1
    lamps = [r for r in found["lamp"] if r["readings"]["change"]["state"] == "partial"]
    assert all((r["status"] == "hit") == (r["coverage"] >= Decimal("0.99")) for r in lamps)


def test_why_walks_from_a_rule_to_the_source_rows(found: dict[str, Any], demo_once: tuple[Path, Loaded]) -> None:
    """Why walks from a rule to the source rows."""
    row = next(r for r in found["surcharge"] if r["row_hit"] == "large")
    told = explain(Workspace.open(demo_once[0]), row["finding_key"], ALL)
    assert told.clause["id"] == "二"
    assert [r["id"] for r in told.target["table"]["rows"] if r["hit"]] == ["large"]
    assert {p["name"] for p in told.target["parameters"]} == {"large_from", "key_from", "large_rate", "key_rate"}
    assert [r["input"] for r in told.readings] == ["energy", "division", "electricity"]
    assert told.entries
    assert told.sources
    assert told.levels[0]["indicator_id"] == "energy_total"
    kinds = {(e["from_kind"], e["to_kind"]) for e in told.edges}
    wanted = {("rule_finding", k) for k in ("rule", "parameter", "indicator", "total")} | {("rule", "clause")}
    assert wanted <= kinds


INSTRUMENT = """
id: test.plan
edition: "2024"
title: {zh: 测试（合成）}
issuer: 合成
level: city
region: "990100"
issued: 2024-01-01
in_force_from: 2024-01-01
synthetic: true
source: {doc: 合成, place: all, known: 2024-01-01}
confidence: synthetic
"""


def test_why_of_a_rule_is_told_at_the_terminal(found: dict[str, Any], demo_once: tuple[Path, Loaded]) -> None:
    """Subject, row, answer and inputs in a few lines, in both languages."""
    row = next(r for r in found["surcharge"] if r["row_hit"] == "large" and r["period_key"] == "2025")
    chain = explain(Workspace.open(demo_once[0]), row["finding_key"], ALL)
    zh, en = (why_lines(chain, language) for language in ("zh", "en"))
    assert " · 差别电价 · 命中" in zh[0]
    assert en[0].endswith(" · row hit")
    assert "命中行 large" in zh
    money = row["outputs"]["surcharge"]["value"].normalize()
    assert f"    → surcharge = {money:f} CNY" in zh
    assert sum(line.startswith("    ") for line in en) == 1 + len(row["readings"])


def bound(inputs: str, more: str = "") -> tuple[PackSet, Pack, TableEntry]:
    """A pack of one table with these inputs."""
    text = (
        f"- id: one\n  clause: 一\n  label: {{zh: 测试}}\n  hit: first\n{more}  inputs:\n{inputs}"
        "  outputs:\n    - {name: out, label: {zh: 结果}, type: flag}\n  rows:\n    - {id: all, then: {out: true}}\n"
    )
    files = {
        "instrument.yaml": INSTRUMENT, "tables/rules.yaml": text,
        "clauses.yaml": "- {id: 一, title: {zh: 测试}, kind: rule}\n",
    }  # fmt: skip
    packs = PackSet([load_files({k: v.encode() for k, v in files.items()}, origin="test")], catalogue=catalogue())
    return packs, packs.packs[0], packs.packs[0].tables[0]


UNIT = "    - {name: c, label: {zh: 类}, field: unit_class, type: text}\n"
BOTH = "    - {name: e, label: {zh: 能}, indicator: energy_total, unit: tce}\n"
ASKED = "    - {name: a, label: {zh: 问}, type: flag}\n"


@pytest.mark.parametrize(
    ("inputs", "more", "kind", "why"),
    [
        (UNIT, "", "unit", None),
        (UNIT + BOTH, "", "unit", None),
        (BOTH, "", None, "no_subject"),
        (BOTH, "  about: region\n", "region", None),
        (UNIT + ASKED, "", None, "asked"),
        (UNIT + ASKED, "  about: unit\n", "unit", None),
        (ASKED, "  about: unit\n", None, "asked"),
    ],
)
def test_whom_a_table_is_decided_for(inputs: str, more: str, kind: str | None, why: str | None) -> None:
    """Whom a table is decided for."""
    packs, pack, table = bound(inputs, more)
    found = bindings_of(packs, pack, table, with_declared(catalogue(), packs))
    assert (decided_kind(table, found), why_not(table, found)) == (kind, why)


def test_years_in_force_and_the_running_year_for_the_register() -> None:
    """Years in force and the running year for the register."""
    _, _, table = bound(BOTH, "  about: unit\n")
    day = date(2026, 11, 20)
    years = sittings(table, [2022, 2023, 2024], as_of=day, of_books=True)
    assert [(s.period.key, s.day, s.newest) for s in years] == [
        ("2024", date(2024, 12, 31), False), ("2025", day, True)
    ]  # fmt: skip
    assert [s.period.key for s in sittings(table, [], as_of=day, of_books=False)] == ["2026"]
    ended = table.model_copy(update={"end": date(2025, 6, 1)})
    assert [s.period.key for s in sittings(ended, [2023, 2024, 2025], as_of=day, of_books=True)] == ["2024"]
    assert sittings(ended, [], as_of=day, of_books=False) == []


def test_the_built_in_tables_are_decided_or_say_why_not() -> None:
    """The built in tables are decided or say why not."""
    packs = PackSet(builtin_packs(), catalogue=catalogue())
    known = with_declared(catalogue(), packs)
    for pack in packs.packs:
        for table in pack.tables:
            found = bindings_of(packs, pack, table, known)
            assert (decided_kind(table, found) is None) == (why_not(table, found) is not None)
