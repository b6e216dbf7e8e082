"""From what people call a region to its codes from the nation down; the one place that asks the registry."""

from __future__ import annotations

from datetime import date

from shuangkong.policy.model import NATION
from shuangkong.registry import api as registry

_NATION_NAMES = frozenset((NATION, "全国", "国家", "中国", "nation", "China"))


def region_path(code_or_name: str, day: date) -> tuple[str, ...]:
    """Codes from the nation to the region, as its parenthood stood on `day`; raises REG-001, REG-002, REG-003."""
    if code_or_name in _NATION_NAMES:
        return (NATION,)
    return registry.region_path(code_or_name, day)
