"""Projects of the synthetic city (合成项目): a filled sheet of the register, drawn from kinds of projects."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from shuangkong.app.demo.city import City
from shuangkong.app.demo.city_files import DemoFile
from shuangkong.app.demo.draws import Draws
from shuangkong.registry.api import project_schema, sheets

_HANDED_IN = date(2026, 1, 15)
_EDITION = "2017"
_FIRST = ("code", "name_zh", "owner", "region", "industry", "edition", "valid_from")


@cache
def _kinds() -> dict[str, Any]:
    text = (files("shuangkong.app.demo") / "synthetic" / "projects.yaml").read_text("utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def project_file(city: City) -> DemoFile:
    """The register of projects as one sheet: one of each kind in each county, owned by a unit of its industry."""
    kinds, draws = _kinds(), Draws(city.seed)
    named = list(dict.fromkeys(name for k in kinds["kinds"] for name in k["facts"]))
    schema = project_schema()
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow([sheets.head_of(schema.field(name), "zh") for name in (*_FIRST, *named)])
    rows = 0
    for county in city.design.counties:
        for place, kind in enumerate(kinds["kinds"], start=1):
            code = f"HC-{county.code}-{place:02d}"
            owners = [u.uscc for u in city.units if u.county == county.code and u.industry.code == kind["industry"]
                      and u.closed is None and u.moved_on is None]  # fmt: skip
            name = f"合成{county.zh.removesuffix('（合成）')}{kind['name']['zh']}项目"
            owner = owners[0] if owners else ""
            facts = [_drawn(kind["facts"].get(n), draws, code, n) for n in named]
            sheet.writerow([code, name, owner, county.code, kind["industry"], _EDITION, kinds["as_from"], *facts])
            rows += 1
    content = ("\ufeff" + out.getvalue()).encode()
    return DemoFile(
        "合成-示范市项目名录.csv", "项目名录（合成）", "projects", "return", _HANDED_IN, rows, content,
        document="示范市固定资产投资项目名录（合成）",
    )  # fmt: skip


def _drawn(given: Any, draws: Draws, *label: str) -> str:
    """A fact as it is, one of a list, or a figure of a band; empty where the kind says nothing."""
    if given is None:
        return ""
    if isinstance(given, list):
        return str(given[int(draws.share("project", *label) * len(given))])
    if isinstance(given, dict):
        step = Decimal(1).scaleb(-int(given["places"]))
        return str(draws.between(Decimal(given["low"]), Decimal(given["high"]), "project", *label).quantize(step))
    return str(given)
