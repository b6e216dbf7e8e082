"""Inputs of decision tables against the catalogue: what is unknown or of another type is named with its place."""

from __future__ import annotations

import pytest

from shuangkong.app.catalogue import catalogue, library
from shuangkong.policy.api import Pack, PackErrors, PackSet, load_files

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
CLAUSES = "- {id: 一, title: {zh: 测试}, kind: rule}\n"


def pack_with(inputs: str, more: str = "") -> Pack:
    """A pack of one table with these inputs."""
    lines = "".join(f"    - {line.strip()}\n" for line in inputs.strip().splitlines())
    table = (
        "- id: one\n  clause: 一\n  label: {zh: 测试}\n  hit: first\n  inputs:\n" + lines
        + "  outputs:\n    - {name: out, label: {zh: 结果}, type: flag}\n"
        "  rows:\n    - {id: all, then: {out: true}}\n" + more
    )  # fmt: skip
    files = {"instrument.yaml": INSTRUMENT, "clauses.yaml": CLAUSES, "tables/rules.yaml": table}
    return load_files({k: v.encode() for k, v in files.items()}, origin="packs/test")


def wrong(inputs: str, more: str = "") -> list[tuple[str, str]]:
    """Code and place of everything that the catalogue finds wrong."""
    with pytest.raises(PackErrors) as caught:
        PackSet([pack_with(inputs, more)], catalogue=catalogue())
    return [(p.code, p.where) for p in caught.value.problems]


def test_what_is_there_and_of_one_dimension_is_bound() -> None:
    """What is there and of one dimension is bound."""
    inputs = """
    {name: energy, label: {zh: 能耗}, indicator: energy_total, unit: 10k_tce}
    {name: kind, label: {zh: 大类}, field: industry_division, type: text}
    {name: coal, label: {zh: 煤}, sum: energy.coal, unit: tce}
    {name: asked, label: {zh: 问}, type: flag}
    """
    assert PackSet([pack_with(inputs)], catalogue=catalogue()).table("test.plan", "one").id == "one"


@pytest.mark.parametrize(
    ("given", "code", "key"),
    [
        ("indicator: energy_totals, unit: tce", "RULE-003", "indicator"),
        ("field: industry, type: text", "RULE-003", "field"),
        ("sum: energy.wood, unit: tce", "RULE-003", "sum"),
        ("indicator: energy_total, unit: kWh", "RULE-002", "unit"),
        ("indicator: coal_share, unit: pp", "RULE-002", "unit"),
        ("indicator: energy_total, type: flag", "RULE-002", "indicator"),
        ("field: industry_code, unit: tce", "RULE-002", "field"),
        ("field: region_level, type: text, choices: [village]", "RULE-003", "choices"),
    ],
)
def test_what_is_not_there_or_of_another_type_is_named_with_its_place(given: str, code: str, key: str) -> None:
    """What is not there or of another type is named with its place."""
    assert wrong(f"{{name: x, label: {{zh: 测}}, {given}}}") == [
        (code, f"packs/test/tables/rules.yaml:6 [0].inputs[0].{key}")
    ]


def test_the_remedy_names_what_there_is() -> None:
    """The remedy names what there is."""
    with pytest.raises(PackErrors) as caught:
        PackSet([pack_with("{name: x, label: {zh: 测}, indicator: energy_totals, unit: tce}")], catalogue=catalogue())
    assert "energy_total" in caught.value.problems[0].remedy


def test_one_name_is_bound_to_one_thing_along_a_chain() -> None:
    """One name is bound to one thing along a chain."""
    later = """
- id: two
  clause: 一
  label: {zh: 后}
  hit: first
  inputs:
    - {name: first, label: {zh: 前}, output: {table: one, output: out}}
    - {name: energy, label: {zh: 能耗}, sum: energy, unit: tce}
  outputs:
    - {name: out, label: {zh: 结果}, type: flag}
  rows:
    - {id: all, then: {out: true}}
"""
    found = wrong("{name: energy, label: {zh: 能耗}, indicator: energy_total, unit: tce}", later)
    assert found == [("RULE-003", "packs/test/tables/rules.yaml:16 [1].inputs")]


def test_without_a_catalogue_bindings_are_not_looked_at() -> None:
    """Without a catalogue bindings are not looked at."""
    assert PackSet([pack_with("{name: x, label: {zh: 测}, indicator: gone, unit: tce}")]).catalogue is None


def test_the_packs_of_the_program_bind_what_there_is() -> None:
    """The packs of the program bind what there is."""
    packs = library()
    assert packs.catalogue is catalogue()
    assert any(p.tables for p in packs.packs)
