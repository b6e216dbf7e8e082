"""Whom a rule is about in a run: those of whom the register does not say are told, and held to no row."""

from __future__ import annotations

from typing import Any

import ibis
import pyarrow as pa
import pytest

from policy.rules.test_tables import FINE, loaded
from shuangkong.engine.api import DuckDB, compile_sql
from shuangkong.judgement.api import RULE_LEFT_OUT
from shuangkong.judgement.rule_scope import inside, left_out, scope_tests

FIELDS = ("subject_id", "industry_section", "industry_code", "unit_class", "region_level")
SUBJECTS = [
    ("steel", "C", "3110", "key_unit", None),
    ("brick", "C", "3031", "", None),
    ("wide", "C", "31", "key_unit", None),
    ("nothing", None, None, "key_unit", None),
    ("neither", None, None, None, None),
    ("shop", "F", "5211", None, None),
]


def told(scope: str) -> tuple[set[str], dict[str, str]]:
    """Who is in an invented scope, and who may be, with what the register lacks."""
    pack = loaded(FINE, more=f"  scope: {scope}\n")
    entry = pack.tables[0]
    rows = {name: pa.array([s[n] for s in SUBJECTS], pa.string()) for n, name in enumerate(FIELDS)}
    t = ibis.table(dict.fromkeys(FIELDS, "string"), name="some")
    tests = scope_tests(t, entry)
    with DuckDB(threads=1) as engine:
        engine.bind("some", pa.table(rows))
        found = engine.run(compile_sql(inside(t, tests))).to_pylist()
        out: list[dict[str, Any]] = []
        if tests:
            out = engine.run(compile_sql(left_out(t, tests, pack.id, pack.edition, entry.id))).to_pylist()
    assert all(list(r) == [c.name for c in RULE_LEFT_OUT.columns] for r in out)
    return {r["subject_id"] for r in found}, {r["subject_id"]: r["fields"] for r in out}


@pytest.mark.parametrize(
    ("scope", "there", "open_"),
    [
        ("{industry: [C3110]}", {"steel"}, {"wide": "industry_code", "nothing": "industry_code",
         "neither": "industry_code"}),
        ('{industry: ["31"]}', {"steel", "wide"}, {"nothing": "industry_code", "neither": "industry_code"}),
        ("{industry: [F]}", {"shop"}, {"nothing": "industry_code", "neither": "industry_code"}),
        ("{industry: [C3110, F]}", {"steel", "shop"}, {"wide": "industry_code", "nothing": "industry_code",
         "neither": "industry_code"}),
        ("{class: key_unit}", {"steel", "wide", "nothing"}, {"brick": "unit_class", "neither": "unit_class",
         "shop": "unit_class"}),
        ("{industry: [C], class: key_unit}", {"steel", "wide"}, {"brick": "unit_class", "nothing": "industry_code",
         "neither": "industry_code, unit_class"}),
        ("{class: all}", {s[0] for s in SUBJECTS}, {}),
    ],
)  # fmt: skip
def test_who_is_in_scope_who_is_not_and_of_whom_it_is_open(scope: str, there: set[str], open_: dict[str, str]) -> None:
    """A missing or too wide industry and a missing class leave it open, unless another condition fails already."""
    assert told(scope) == (there, open_)
