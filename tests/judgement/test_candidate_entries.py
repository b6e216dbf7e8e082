"""What a program read and nobody reviewed decides nothing: targets, tables and parameters marked as candidates."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from judgement.test_questions import a_value, answered, asked, pack, plan
from judgement.test_rules import POLICIES, TYPES, WORDS, as_verdict, by_columns, made, node
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.api import decide
from shuangkong.policy.api import Constant, ParameterValue
from shuangkong.testkit.api import plainly

CANDIDATE = "confidence: candidate"
ROW: dict[str, Any] = {"a": Decimal(10), "b": Decimal(20), "t": "甲", "f": True}


@pytest.mark.parametrize("value", ["-20", "-1", None])
def test_a_candidate_target_is_undetermined_whatever_the_readings_say(value: str | None) -> None:
    """Met, missed or unknown as confirmed; as a candidate undetermined, and the finding says why and how sure."""
    binding = next(b for b in asked(pack(plan(accounting=CANDIDATE))) if b.variant == "plan")
    row = answered(binding, [a_value(binding, value)] if value else [])
    assert (row["status"], row["reason"], row["confidence"], row["row_hit"]) == (
        "undetermined", "candidate", "candidate", None,
    )  # fmt: skip
    sure = next(b for b in asked(pack(plan())) if b.variant == "plan")
    assert answered(sure, [a_value(sure, value)] if value else [])["status"] != "undetermined"


def test_every_question_of_a_candidate_says_what_it_waits_for() -> None:
    """The whole, the yearly pace and what is due to date all wait for a review."""
    found = asked(pack(plan(accounting=CANDIDATE)))
    assert len(found) > 5
    assert {b.reason for b in found} == {"candidate"}
    assert all(b.needs and "复核" in b.needs for b in found)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_table_with_a_candidate_row_gives_no_answer(policy: str) -> None:
    """Under every policy one row that nobody reviewed leaves the table open, as the plain reading has it."""
    then: list[Any] = [Constant("甲") if policy in ("collect", "any") else node('q("3", "tce")')] * 2
    table = made(policy, [node("a > b"), node("a <= b")], then)
    sure = as_verdict(table, by_columns(table, [ROW], None)[0])
    assert sure.decided
    rows = (table.rows[0], replace(table.rows[1], confidence="candidate"))
    table = replace(table, rows=rows)
    found = by_columns(table, [ROW], None)[0]
    assert as_verdict(table, found) == plainly(table, ROW, {"p": None})
    assert (found["decided"], found["undecided"], found["confidence"]) == (False, "candidate", "candidate")


def test_a_table_on_a_candidate_parameter_gives_no_answer() -> None:
    """A figure that nobody reviewed is no figure to decide on."""
    table = made("first", [node("a > p"), node("a <= p")], [node('q("1", "tce")'), node('q("2", "tce")')])
    arrow = pa.table({i.name: pa.array([ROW[i.name]], TYPES[i.kind.name]) for i in table.inputs})
    asked_ = ibis.table({i.name: WORDS[i.kind.name] for i in table.inputs}, name="asked")
    told = {}
    for mark in ("confirmed", "candidate"):
        answer = decide(table, asked_, {"p": ParameterValue(Decimal(5), mark)})
        with DuckDB(threads=1) as engine:
            engine.bind("asked", arrow)
            told[mark] = engine.run(compile_sql(answer)).to_pylist()[0]
    assert (told["confirmed"]["decided"], told["confirmed"]["o"]) == (True, Decimal(1))
    assert (told["candidate"]["decided"], told["candidate"]["undecided"]) == (False, "candidate")
