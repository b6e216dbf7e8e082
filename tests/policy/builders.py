"""Small invented packs (合成) for the tests of the policy slice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from shuangkong.policy.api import Pack, Parameter, load_files

INSTRUMENT = """
id: {id}
edition: "{edition}"
title: {{zh: 试验文件}}
issuer: 试验机关
level: {level}
region: "{region}"
issued: {start}
in_force_from: {start}
in_force_to: {end}
supersedes: [{supersedes}]
synthetic: true
source: {{doc: 试验文件, place: 全文, known: {known}}}
confidence: synthetic
{more}
"""


MANUAL = Path(__file__).parents[2] / "docs" / "design" / "packs.md"
_FILE = re.compile(r"^`([a-z/]+\.yaml)`[^\n]*\n```yaml\n(.*?)```", re.MULTILINE | re.DOTALL)


def manual_files() -> dict[str, str]:
    """The files of the complete pack in docs/design/packs.md."""
    return dict(_FILE.findall(MANUAL.read_text("utf-8")))


def day(text: str) -> date:
    """A day from year-month-day."""
    return date.fromisoformat(text)


def pack(
    name: str = "test.plan@2022",
    *,
    level: str = "province",
    region: str = "990000",
    start: str = "2022-01-01",
    end: str = "null",
    known: str = "2022-01-10",
    supersedes: str = "",
    more: str = "",
    files: Mapping[str, str] | None = None,
) -> Pack:
    """A pack with this instrument and these further files."""
    identity, edition = name.split("@")
    text = INSTRUMENT.format(
        id=identity,
        edition=edition,
        level=level,
        region=region,
        start=start,
        end=end,
        known=known,
        supersedes=f'"{supersedes}"' if supersedes else "",
        more=more,
    )
    every = {"instrument.yaml": text, **(files or {})}
    return load_files({n: t.encode() for n, t in every.items()}, origin=name)


def parameter(*rows: Mapping[str, object]) -> Parameter:
    """A parameter `test.factor` keyed by carrier with these rows; what they leave out is filled in plainly."""
    shared = {"edition": "2020", "source": {"doc": "试验标准", "place": "表1", "known": "2020-01-01"}}
    return Parameter.model_validate(
        {
            "id": "test.factor",
            "label": {"zh": "系数"},
            "unit": "kgce/kg",
            "key": ["carrier"],
            "confidence": "synthetic",
            "values": rows,
            **shared,
        }
    )
