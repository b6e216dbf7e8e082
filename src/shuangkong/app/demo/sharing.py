"""A decomposition of the demo (合成): the city's target of 2026 to 2030 among its counties, from the books of 2025."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

from shuangkong.app import sharing
from shuangkong.app.demo.city import City, region
from shuangkong.app.sharing_books import Place, from_books
from shuangkong.dualcontrol.api import plan_from
from shuangkong.engine.api import RunRecord, Workspace
from shuangkong.kernel.scope import Scope
from shuangkong.policy.api import PackSet, builtin_packs
from shuangkong.webkit.api import business_day

_FILE = "sharing.yaml"


def share_out_city(workspace: Workspace, run: RunRecord, city: City, principal: str) -> None:
    """Keep the decomposition unless it is there; its energy is that of the run, the rest is invented beside it."""
    given: dict[str, Any] = yaml.safe_load(
        resources.files("shuangkong.app.demo").joinpath("synthetic", _FILE).read_text("utf-8")
    )
    scope = Scope.all(principal)
    if any(k.title == given["title"] for k in sharing.every_seen(workspace, scope)):
        return
    d = city.design
    whole = Place(region(d.city.code), d.city.code, d.city.zh)
    parts = [Place(region(c.code), c.code, c.zh) for c in d.counties]
    found = from_books(run, scope, None, whole, parts, given["base_year"])
    own, because = given.pop("parts"), given.pop("because")
    rows = []
    for row in found.rows:
        more = own[row["code"]]
        figures = {**row["figures"], "development": more["development"], "potential": more["potential"]}
        rows.append({**row, "growth": more["growth"], "apart": more["apart"], "figures": figures})
    held = sharing.defaults(PackSet(builtin_packs()), business_day(workspace.clock()))
    plan = plan_from({
        **held, **given, "region": d.city.code, "energy": found.energy, "parts": rows, "basis": found.method,
        "synthetic": True,
    })  # fmt: skip
    sharing.save(workspace, scope, plan, because)
