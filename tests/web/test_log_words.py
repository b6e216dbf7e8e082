"""The log and the runs keep codes; their pages say them in words of both languages."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import shuangkong
from shuangkong.app.web.factory import MESSAGES
from shuangkong.app.web.log_words import LogWords, action_words, people_in, principal_words, subjects_in
from shuangkong.engine.api import audit_entry, reading, runs_list
from shuangkong.kernel.labels import Label
from shuangkong.kernel.scope import Scope
from shuangkong.webkit.api import Speaker, read_messages

TEXTS = read_messages(*MESSAGES)
ZH, EN = Speaker("zh", TEXTS), Speaker("en", TEXTS)
SOURCES = Path(shuangkong.__file__).parent
RECORDING = {"record", "_audited"}


def called(node: ast.Call) -> str:
    """The name of what is called."""
    return node.func.id if isinstance(node.func, ast.Name) else ""


def keys_of(node: ast.AST) -> set[str]:
    """The keys that are written out in a mapping."""
    keys = node.keys if isinstance(node, ast.Dict) else []
    return {k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)}


def written() -> tuple[set[str], set[str]]:
    """Actions and fields of detail that the program writes into the log, as far as they are written out."""
    actions: set[str] = set()
    fields: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and called(n) in RECORDING]
            if not calls:
                continue
            for call in calls:
                given = {k.arg: k.value for k in call.keywords}
                action = given.get("action") or (call.args[3] if len(call.args) > 3 else None)
                if isinstance(action, ast.Constant):
                    actions.add(str(action.value))
                fields |= keys_of(given["detail"]) if "detail" in given else set()
                fields |= {k for a in call.args for k in keys_of(a)}
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and any(
                    isinstance(t, ast.Name) and t.id == "detail" for t in node.targets
                ):
                    fields |= keys_of(node.value)
    return actions, fields


def test_every_action_and_field_of_the_log_has_words() -> None:
    """What the program writes into the log under a code is said in both languages."""
    actions, fields = written()
    assert len(actions) > 25
    assert len(fields) > 30
    assert sorted(a for a in actions if f"audit_action.{a.replace('.', '_')}" not in TEXTS) == []
    assert sorted(f for f in fields if f"audit_field.{f}" not in TEXTS) == []


def test_every_entry_of_the_demo_is_said_in_words(pages: Any) -> None:
    """No action, field or actor of the demo's log shows as a code."""
    with reading(pages.workspace.engine) as db:
        rows = db.execute(sa.select(audit_entry.c.action, audit_entry.c.detail, audit_entry.c.principal)).all()
    assert len(rows) > 30
    actors = {r.principal for r in rows if not r.principal.startswith("p_")}
    assert sorted(a for a in actors if principal_words(ZH, a) == a) == []
    assert sorted({r.action for r in rows if action_words(ZH, r.action) == r.action}) == []
    fields = {k for r in rows for k in json.loads(r.detail)}
    assert sorted(f for f in fields if f"audit_field.{f}" not in TEXTS) == []


def test_tables_and_steps_of_a_run_have_words(pages: Any) -> None:
    """The page of runs says each table, step and way of rounding in words."""
    runs = runs_list(pages.workspace, Scope.system("look at the runs"))
    assert runs
    for run in runs:
        codes = {f"run_table.{name}" for name in run.manifest["tables"]}
        codes |= {f"run_step.{name.replace(': ', '_').replace(' ', '_')}" for name in run.manifest["cpu_seconds"]}
        codes.add(f"run_rounding.{run.manifest['rounding']}")
        assert sorted(codes - set(TEXTS)) == []


@pytest.mark.parametrize(
    ("detail", "zh", "en"),
    [
        ({"role": "auditor", "use": "finance"}, "岗位：审计人员；用途：金融", "role: auditor; use: finance"),
        ({"old": True, "new": False}, "原：是；新：否", "old: yes; new: no"),
        ({"subject_id": "s_abcdefghijkl2345"}, "地区或单位：甲市", "region or unit: City A"),
        ({"person": "p_0123456789abcdef", "sha256": "00"}, "用户：某人", "person: 某人"),
        ({"at": "2026-11-20T18:57:59+00:00"}, "at：2026-11-21 02:57", "at: 2026-11-21 02:57"),
        ({"figures": [{"book": "energy"}, {}]}, "数字：2 条", "figures: 2"),
        ({"corrects": list("abcd")}, "被更正的一行：a、b、c 等 4 个", "row corrected: a, b, c and others, 4 in all"),
    ],
)
def test_a_detail_is_a_line_of_words(detail: dict[str, Any], zh: str, en: str) -> None:
    """Codes with a label, places, people, instants and lists are said; hashes are left out of the line."""
    names, people = {"s_abcdefghijkl2345": Label("甲市", "City A")}, {"p_0123456789abcdef": "某人"}
    text = json.dumps(detail, ensure_ascii=False)
    assert LogWords(ZH, names, people).line(text) == zh
    assert LogWords(EN, names, people).line(text) == en
    assert subjects_in([text]) <= set(names)
    assert people_in([text]) <= set(people)


@pytest.mark.parametrize(
    ("written_as", "zh"),
    [
        ("s_abcdefghijkl2345", "甲市"),
        ("201 subjects", "201 个地区或单位"),
        ("book_entries", "账目"),
        ("i_qwerty", "导入 i_qwerty"),
        ("gbt2589@2020", "gbt2589@2020"),
    ],
)
def test_an_object_says_what_kind_of_thing_it_is(written_as: str, zh: str) -> None:
    """An id stands behind the word for what it is; a name needs none."""
    assert LogWords(ZH, {"s_abcdefghijkl2345": Label("甲市", "City A")}, {}).object(written_as) == zh
