"""What packs ask of the register (登记): a region's codes from the nation down, and which units are there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from shuangkong.engine.api import Workspace, reading
from shuangkong.kernel.scope import Scope
from shuangkong.policy.model import NATION
from shuangkong.registry import api as registry

_NATION_NAMES = frozenset((NATION, "全国", "国家", "中国", "nation", "China"))


def registered_units(codes: Iterable[str], workspace: Path) -> frozenset[str]:
    """Those of some unified social credit codes with which a unit is registered in a workspace."""
    opened = Workspace.open(workspace)
    with reading(opened.engine) as db:
        return frozenset(registry.units_of(db, Scope.all("cli"), codes, opened.clock()))


def region_path(code_or_name: str, day: date, workspace: Path | None = None) -> tuple[str, ...]:
    """Codes from the nation to the region, as its parenthood stood on `day`; raises REG-001, REG-002, REG-003.

    With a workspace also for regions registered there (development zones, the demo's invented ones).
    """
    if code_or_name in _NATION_NAMES:
        return (NATION,)
    if workspace is None:
        return registry.region_path(code_or_name, day)
    opened = Workspace.open(workspace)
    now = opened.clock()
    scope = Scope.all("cli")
    with reading(opened.engine) as db:
        subject = registry.directory(db, scope, now).region(code_or_name, day)
        seen = registry.subjects_seen(db, scope, now, day=day, kind="region")
        paths = registry.region_paths(db, scope, now, day)
    code = {r["subject_id"]: r["code"] for r in seen.to_pylist()}[subject]
    return paths[code]
