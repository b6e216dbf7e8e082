"""Rules of invented sentences (合成) become decision tables that the loader takes, each phenomenon once."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.reading.score_rules import SOURCES
from policy.reading.score_rules import rows as rows_of_packs
from shuangkong.judgement.api import decided_rows
from shuangkong.policy.api import PackSet, draft, load_files
from shuangkong.policy.reading.model import Candidate
from shuangkong.policy.reading.service import read_text

CASES = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text("utf-8"))
PLAN = "合成市“十四五”示范方案\n一、重点任务\n（一）合成工程。{}\n二、其他\n做好工作。\n"


def rules(text: str) -> list[Candidate]:
    """The candidate rules of a sentence in an invented plan."""
    return [c for c in read_text(PLAN.format(text)).candidates if c.kind == "rule"]


def asked(table: Any) -> list[list[Any]]:
    """Each input as [label, unit, choices or flag]."""
    return [[i["label"]["zh"], i.get("unit") or i.get("choices") or i["type"]] for i in table["inputs"]]


def rows(table: Any) -> list[list[Any]]:
    """Each row as [cells, outputs], formulas as they are written and numbers as numbers."""
    return [[list(r["when"].values()), {k: _plain(v) for k, v in r["then"].items()}] for r in table["rows"]]


def _plain(value: Any) -> Any:
    value = value["calc"] if isinstance(value, dict) else value
    amount = re.fullmatch(r'q\("([0-9.]+)", "([^"]+)"\)', value) if isinstance(value, str) else None
    return f"{amount[1]} {amount[2]}" if amount else value


@pytest.mark.parametrize("case", [c for c in CASES if "rows" in c or "several" in c], ids=lambda c: str(c["what"]))
def test_a_rule_becomes_its_table(case: dict[str, Any]) -> None:
    """Inputs with their units and rows with their outputs are those that the sentence says."""
    wanted = case.get("several") or [case]
    found = rules(case["text"])
    assert [asked(c.fields["table"]) for c in found] == [w["inputs"] for w in wanted]
    assert [rows(c.fields["table"]) for c in found] == [w["rows"] for w in wanted]
    if "unsure" in case:
        assert [list(c.unsure) for c in found] == [case["unsure"]]
        told = [a["zh"] for c in found for a in c.fields["table"].get("assumptions", ())]  # type: ignore[attr-defined]
        assert len(told) == len([u for u in case["unsure"] if u != "carried"])
    left = case.get("left", [])
    assert [c.fields.get("left", []) for c in found] == ([left] if "left" in case else [[] for _ in found])
    assert all(("figures_left" in c.unsure, c.confidence == "low") == (True, True) for c in found if left)


@pytest.mark.parametrize("case", [c for c in CASES if "if" in c], ids=lambda c: str(c["what"]))
def test_a_list_of_conditions_becomes_one_expression(case: dict[str, Any]) -> None:
    """All conditions of a list are joined, alternatives in brackets; what fails is said too."""
    (found,) = rules(case["text"])
    table: Any = found.fields["table"]
    assert asked(table) == case["inputs"]
    assert [r.get("if") for r in table["rows"]] == [case["if"], None]


@pytest.mark.parametrize("case", [c for c in CASES if "none" in c], ids=lambda c: str(c["what"]))
def test_a_rule_that_is_no_table_says_why(case: dict[str, Any]) -> None:
    """A rule without a table carries the reason, and little confidence."""
    (found,) = rules(case["text"])
    assert "table" not in found.fields
    assert (found.fields["no_table"], found.confidence) == (case["none"], "low")


@pytest.mark.parametrize("case", [c for c in CASES if "nothing" in c], ids=lambda c: str(c["what"]))
def test_what_is_no_rule_is_not_read_as_one(case: dict[str, Any]) -> None:
    """Targets, and numbers of things, are no rules."""
    assert rules(case["text"]) == []


def test_a_rule_stays_a_table_through_json() -> None:
    """A candidate that was kept as JSON makes the same entry of a pack: no number in it loses a digit."""
    for case in (c for c in CASES if "rows" in c):
        reading = read_text(PLAN.format(case["text"]))
        own = [c for c in reading.candidates if c.kind == "rule"]
        kept = [replace(c, fields=json.loads(json.dumps(dict(c.fields)))) for c in own]
        about = reading.documents[0]
        made = [draft(about, (), (), c, pack_id="demo.rule", known=date(2022, 1, 1)).files for c in (own, kept)]
        assert made[0] == made[1]
        assert "tables/candidates.yaml" in made[0]


def decided(text: str, **given: object) -> dict[str, Any]:
    """What the drafted table of a sentence, taken as confirmed, says of one row."""
    reading = read_text(PLAN.format(text))
    (rule,) = [c for c in reading.candidates if c.kind == "rule"]
    table: Any = rule.fields["table"]
    made = draft(
        reading.documents[0], (), (), [rule], pack_id="demo.rule", known=date(2022, 1, 1), confidence="confirmed"
    )
    packs = PackSet([load_files({n: t.encode() for n, t in made.files.items()}, origin="rule")])
    row = {i["name"]: given.get(i["label"]["zh"]) for i in table["inputs"]}
    name = packs.packs[0].tables[0].id
    day = date(2022, 6, 1)
    return decided_rows(packs, packs.packs[0].key, name, [row], day=day, known=day, where="test")[0]


@pytest.mark.parametrize(
    ("spend", "share", "grant"),
    [("50", "50", "3.5"), ("90", "100", "9"), ("150", "1000", "60"), ("49.9", "49.9", None)],
)
def test_a_drafted_table_decides(spend: str, share: str, grant: str | None) -> None:
    """Bands, shares and the cap of a drafted grant come out to the digit; the shared end belongs to the higher band."""
    text = next(c["text"] for c in CASES if "bands of one quantity" in c["what"])
    told = decided(text, 企业年度合成投入=spend, 投入额=share)
    assert told["sum"] == (Decimal(grant) if grant else None)


def test_a_candidate_table_decides_nothing() -> None:
    """As long as nobody has reviewed it, a drafted table gives no answer and says why."""
    reading = read_text(PLAN.format("对合成示范单位，给予最高不超过12万元的奖励。"))
    made = draft(reading.documents[0], (), (), reading.candidates, pack_id="demo.rule", known=date(2022, 1, 1))
    packs = PackSet([load_files({n: t.encode() for n, t in made.files.items()}, origin="rule")])
    table, day = packs.packs[0].tables[0], date(2022, 6, 1)
    given_ = [{i.name: "true" for i in table.inputs}]
    told = decided_rows(packs, packs.packs[0].key, table.id, given_, day=day, known=day, where="test")[0]
    assert (told["decided"], told["undecided"], told["most"], told["confidence"]) == (
        False, "candidate", None, "candidate",
    )  # fmt: skip


WORDS = st.text(
    "对的，。；超过以上万元吨标准煤按给予奖励最高不符合条件年月0123456789%（）每千瓦时加价连续个责令整改应须",
    max_size=60,
)


@given(text=WORDS)
@settings(deadline=None, max_examples=150)
def test_any_words_give_tables_that_load_or_none(text: str) -> None:
    """Whatever the words are, a rule either carries a table that the loader took or says why there is none."""
    for rule in rules(text):
        assert ("table" in rule.fields) != ("no_table" in rule.fields)
        assert rule.quote


@pytest.mark.shared
@pytest.mark.skipif(not SOURCES.is_dir(), reason="the documents are not on this machine")
def test_hand_made_tables_with_numbers_are_found() -> None:
    """Of the built-in packs' tables whose documents are at hand, those with money and warnings are found whole."""
    found = {(r.pack, r.table): r.found for r in rows_of_packs()}
    grants = ("grant", "grant-conditions", "award", "pv-subsidy", "storage-subsidy", "diagnosis-grant", "pv-height")
    assert {found["wenzhou-retrofit-2021", t] for t in grants} == {"whole"}
    assert found["henan-two-high-2021", "red-months"] == "whole"
    assert sum(f == "whole" for f in found.values()) >= 20


def test_years_in_a_row_without_another_figure_are_no_error() -> None:
    """连续两年 bounds a rule whose consequence may have no figure at all."""
    text = "考核办法（合成）\n第十四条 对连续两年超额完成的，次年免于现场核查。\n"
    assert [c for c in read_text(text).candidates if c.kind == "rule"] == []
