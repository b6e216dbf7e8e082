"""The shipped code lists, read once. Origin, licences and the choice of days: data/SOURCE.md."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from shuangkong.registry.model import Industry, Region


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("shuangkong.registry") / "data" / name).read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def regions() -> tuple[Region, ...]:
    """Every spell of every code, in the order of code and day."""
    found = []
    for row in _rows("regions.csv"):
        values: dict[str, Any] = dict(row)
        for name in ("valid_from", "valid_to", "possible_from", "last_listed"):
            values[name] = _day(row[name])
        found.append(Region(**values))
    return tuple(found)


@cache
def regions_by_code() -> dict[str, tuple[Region, ...]]:
    """The spells of each code, oldest first."""
    found: dict[str, list[Region]] = defaultdict(list)
    for region in regions():
        found[region.code].append(region)
    return {code: tuple(spells) for code, spells in found.items()}


@cache
def regions_by_subject() -> dict[str, tuple[Region, ...]]:
    """The spells of each place, whatever its code then, oldest first."""
    found: dict[str, list[Region]] = defaultdict(list)
    for region in regions():
        found[region.subject].append(region)
    return {subject: tuple(sorted(s, key=lambda r: r.valid_from)) for subject, s in found.items()}


@cache
def industries() -> dict[tuple[str, str], Industry]:
    """GB/T 4754 by edition ("2011", "2017") and code (A, 01, 011, 0111)."""
    values: list[dict[str, Any]] = [dict(row) for row in _rows("industries.csv")]
    return {(v["edition"], v["code"]): Industry(**v) for v in values}


@cache
def industry_successors() -> dict[str, tuple[str, ...]]:
    """2011 code -> the 2017 codes that took over some of it."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in _rows("industries_2011_2017.csv"):
        found[row["code_2011"]].append(row["code_2017"])
    return {code: tuple(later) for code, later in found.items()}
