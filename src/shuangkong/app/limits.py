"""Sizes and ages that a deployment may set (可调的界限): data in `limits.yaml`, each with an environment variable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from shuangkong.kernel.errors import UserError
from shuangkong.kernel.labels import Label
from shuangkong.policy.api import ReadBounds


@dataclass(frozen=True, slots=True)
class Limit:
    """One of them: its value, the least that it may be set to, the variable that sets it, and what it is."""

    value: int
    least: int
    variable: str
    label: Label


@cache
def limits() -> Mapping[str, Limit]:
    """All of them by name, as they are delivered."""
    data = yaml.safe_load(resources.files("shuangkong.app").joinpath("limits.yaml").read_text("utf-8"))
    return {k: Limit(v["value"], v["least"], v["variable"], Label(v["zh"], v["en"])) for k, v in data.items()}


def limit(name: str) -> int:
    """What holds here: the variable where it is set, else what is delivered. Raises CLI-001 for what is no number."""
    found = limits()[name]
    given = os.environ.get(found.variable, "").strip()
    if not given:
        return found.value
    if not (given.isascii() and given.isdigit() and int(given) >= found.least):
        raise UserError(
            "CLI-001", f"“{given[:40]}” is no whole number from {found.least} on.", where=found.variable,
            remedy=f"Set {found.variable} to a number, or leave it out: it is then {found.value}.", case="limit",
            facts={"given": given[:40], "least": found.least, "variable": found.variable, "value": found.value},
        )  # fmt: skip
    return int(given)


def read_bounds() -> ReadBounds:
    """What reading one document may take."""
    return ReadBounds(limit("read_seconds"), limit("read_memory_mb"), limit("read_answer_mb"))
