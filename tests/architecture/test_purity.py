"""Rules, models and checks calculate and do nothing else (house rule H3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from source_tree import Module, calls, imports, modules

PURE = {"rules", "model", "checks"}
SHUT = {
    "duckdb",
    "fastapi",
    "glob",
    "httpx",
    "httpx2",
    "os",
    "psycopg",
    "random",
    "requests",
    "secrets",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "subprocess",
    "tempfile",
    "time",
    "urllib",
    "uuid",
}
CLOCKS_AND_FILES = {
    "now",
    "utcnow",
    "today",
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "print",
    "input",
}


def impurities(of: Iterable[Module]) -> Iterator[str]:
    """What a pure module imports or calls that reaches outside it."""
    for one in of:
        if PURE.isdisjoint(one.name.split(".")[2:]):
            continue
        for line, name in imports(one):
            if name.split(".")[0] in SHUT:
                yield f"{one.name}:{line} imports {name}"
        for line, name in calls(one):
            if name in CLOCKS_AND_FILES:
                yield f"{one.name}:{line} calls {name}()"


def test_the_day_of_an_instant_is_chinas() -> None:
    """Until eight in the morning an instant's own date, that of UTC, is a day too early: `china_day` says the day."""
    early = re.compile(r"(?:\b|\.)(?:known|now|instant|recorded_at|clock\(\)|now\((?:UTC)?\))\.date\(\)")
    here = [m for m in modules() if m.name != "shuangkong.kernel.periods"]
    found = [f"{m.name}: {hit}" for m in here for hit in early.findall(m.text)]
    assert found == []
    assert early.search("run.known.date()")
    assert early.search("workspace.clock().date()")
    assert early.search("datetime.now(UTC).date()")


def test_rules_are_pure() -> None:
    """No module of rules, models or checks imports or calls a clock, chance, a store or the network."""
    assert list(impurities(modules())) == []


@pytest.mark.parametrize(
    "text",
    [
        "import random",
        "import time",
        "import duckdb",
        "import sqlite3",
        "from fastapi import APIRouter",
        "from urllib.request import urlopen",
        "from datetime import date\nd = date.today()",
        "import datetime as dt\nd = dt.datetime.now(dt.UTC)",
        "text = open('x')",
    ],
)
def test_an_impure_rule_is_seen(text: str) -> None:
    """Each way out of a rule is caught in rules, model and checks, and allowed in a service."""
    sample = Module("shuangkong.judgement.rules", Path("rules.py"), text)
    assert len(list(impurities([sample]))) == 1
    assert len(list(impurities([sample._replace(name="shuangkong.levers.tariff.checks")]))) == 1
    assert list(impurities([sample._replace(name="shuangkong.judgement.service")])) == []
